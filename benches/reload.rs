//! What it costs to load a configuration: for the first time, again while it serves, and again with one line changed.
//!
//! Three sizes: five routes, the forty of `config/examples/shop.yaml`, and a thousand. Those of five and of a thousand, and
//! forty of the same kind, have conditions of their own, which are what takes the longest to compile. Reloads carry over what
//! did not change, so that a hundred of them a second leave time for requests: all that a change of one line should cost is
//! to read the file again. Reading the file and its checks are part of each load; writing it is not.

#![expect(clippy::expect_used, reason = "a bench that cannot be set up has nothing to measure")]

use std::fmt;
use std::hint::black_box;
use std::path::PathBuf;

use divan::Bencher;
use jwtgate::config::{self, Compiled, Previous};
use jwtgate::telemetry::metrics::Metrics;
use tempfile::TempDir;

fn main() {
    divan::main();
}

const FILES: [File; 4] = [File::Generated(5), File::Shop, File::Generated(40), File::Generated(1_000)];

/// As when the gateway starts.
#[divan::bench(args = FILES, sample_size = 1)]
fn first(bencher: Bencher<'_, '_>, file: File) {
    let place = Place::new();
    place.write(&file.text(0));
    bencher.bench_local(|| place.load(None));
}

/// On a SIGHUP that nothing was changed for.
#[divan::bench(args = FILES, sample_size = 1)]
fn unchanged(bencher: Bencher<'_, '_>, file: File) {
    let place = Place::new();
    place.write(&file.text(0));
    let mut served = place.load(None);
    bencher.bench_local(|| {
        let next = place.load(Some(&served));
        std::mem::replace(&mut served, next)
    });
}

/// One line is another than the time before.
#[divan::bench(args = FILES, sample_size = 1)]
fn changed(bencher: Bencher<'_, '_>, file: File) {
    let place = Place::new();
    place.write(&file.text(0));
    let (mut served, mut changes) = (place.load(None), 0);
    bencher
        .with_inputs(|| {
            changes += 1;
            place.write(&file.text(changes));
        })
        .bench_local_values(|()| {
            let next = place.load(Some(&served));
            std::mem::replace(&mut served, next)
        });
}

/// A configuration to load.
#[derive(Clone, Copy)]
enum File {
    /// The example, which has few conditions.
    Shop,
    /// So many routes, each with a condition of its own.
    Generated(usize),
}

impl File {
    /// Its text; one line differs by the number.
    fn text(self, change: usize) -> String {
        match self {
            Self::Shop => shop(change),
            Self::Generated(routes) => generated(routes, change),
        }
    }
}

impl fmt::Display for File {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Shop => formatter.write_str("shop.yaml"),
            Self::Generated(routes) => write!(formatter, "{routes} routes"),
        }
    }
}

fn shop(change: usize) -> String {
    let text = include_str!("../config/examples/shop.yaml");
    // The certificate is no part of the example.
    let text: String = text.split_inclusive('\n').filter(|line| !line.trim().starts_with("tls:")).collect();
    let changed = text.replace("none: [suspended]", &format!("none: [suspended, suspended-{change}]"));
    assert_ne!(text, changed, "a line of the example is changed");
    changed
}

fn generated(routes: usize, change: usize) -> String {
    let mut text = format!(
        "listeners: [{{ address: 127.0.0.1:0 }}]
issuers:
  corporate: {{ issuer: https://id.example.com, audiences: [orders-api] }}
upstreams:
  orders: {{ endpoints: [http://127.0.0.1:3000] }}
identity: {{ headers: {{ X-User: claims.sub }} }}
policies:
  employee: {{ claims: {{ level: {change} }} }}
routes:
"
    );
    text.extend((0..routes).map(|route| {
        format!(
            "  - name: route-{route}
    match: {{ path: '/service-{route}/orders/{{id}}' }}
    access: {{ require: {{ all_of: [employee], when: claims.sub == path.id || \"admin-{route}\" in roles }} }}
    upstream: orders
"
        )
    }));
    text
}

/// Where the file lies, and who counts what its routes do.
struct Place {
    _directory: TempDir,
    path: PathBuf,
    metrics: Metrics,
}

impl Place {
    fn new() -> Self {
        let directory = tempfile::tempdir().expect("a directory");
        let path = directory.path().join("jwtgate.yaml");
        Self { _directory: directory, path, metrics: Metrics::new().expect("metrics") }
    }

    fn write(&self, text: &str) {
        std::fs::write(&self.path, text).expect("a file");
    }

    fn load(&self, served: Option<&Compiled>) -> Compiled {
        let previous = served
            .map(|served| Previous { snapshot: &served.snapshot, listeners: &served.settings.listeners });
        config::load(black_box(&self.path), &self.metrics, previous).expect("the file is right")
    }
}
