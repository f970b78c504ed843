//! The operator's file: text in, `Settings` and `Snapshot` out.
//!
//! ```text
//! file ──source──► Node ──document──► Document ──compile──► Settings (what is listened on)
//!                                                      └──► Snapshot (what decides requests)
//! ```
//!
//! Every mistake of a file is reported at once, with its place; a configuration with a mistake never takes effect. `lint`
//! looks at what is no mistake and hardly meant, `diff` compares two files, `open` lists what needs no token: for `check`.
//! [`suite`] reads the tests of a configuration with the same reader, and compiles it without the files and keys that it
//! names.
//!
//! Stages never see the file or its types.

mod compile;
mod diff;
mod document;
mod environment;
mod lint;
mod node;
mod open;
mod problem;
mod scalar;
mod schema;
mod scheme;
mod section;
mod settings;
mod source;
pub mod suite;
mod syntax;

use std::ops::Range;
use std::path::Path;

pub use self::diff::{Change, Difference};
use self::document::Document;
pub use self::lint::Code;
use self::node::{FromNode, Node};
pub use self::open::OpenRoute;
pub use self::problem::{Position, Problem, Problems, Severity};
pub use self::schema::{schema, schema_of_tests};
pub use self::settings::{Settings, Shutdown};
pub use self::source::Environment;
use crate::listener::ListenerSpec;
use crate::proxy::Snapshot;
use crate::telemetry::metrics::Metrics;

/// A configuration that compiled.
#[derive(Debug)]
pub struct Compiled {
    /// What is listened on, and how the gateway stops.
    pub settings: Settings,
    /// What decides requests.
    pub snapshot: Snapshot,
    /// What its author should know; no errors among them.
    pub warnings: Problems,
}

/// What serves, for what did not change.
#[derive(Debug, Clone, Copy)]
pub struct Previous<'a> {
    /// What decides requests.
    pub snapshot: &'a Snapshot,
    /// Where clients connect.
    pub listeners: &'a [ListenerSpec],
}

/// Reads and compiles a configuration file. Opens the files that it names; fetches nothing and listens nowhere. What did
/// not change since `previous` is carried over: issuers with their keys and verified tokens, upstreams with their
/// connections, listeners with their certificates.
///
/// # Errors
/// Every problem of the file.
pub fn load(
    path: &Path,
    metrics: &Metrics,
    previous: Option<Previous<'_>>,
) -> Result<Compiled, Box<Problems>> {
    let mut problems = Problems::new(path, false);
    let compiled = Parsed::read(path, &mut problems).map(|parsed| {
        let compiled = compile::compile(parsed.document, base(path), metrics, previous, &mut problems);
        lint::silence(&parsed.text, &parsed.scalars, false, &mut problems);
        compiled
    });
    match compiled {
        Some((settings, snapshot)) if !problems.has_errors() => {
            Ok(Compiled { settings, snapshot, warnings: problems })
        }
        _ => Err(Box::new(problems)),
    }
}

/// The rules of a file, for a process that decides and does not listen.
#[derive(Debug)]
pub struct Rules {
    /// What decides requests.
    pub snapshot: Snapshot,
    /// The scheme of clients of the first listener, as far as that is known.
    pub scheme: Option<&'static str>,
}

/// The rules of a file; the files of its listeners may be missing.
///
/// # Errors
/// Every other problem of the file.
pub fn rules(path: &Path, metrics: &Metrics) -> Result<Rules, Box<Problems>> {
    let mut problems = Problems::new(path, false).not_listening();
    let compiled = Parsed::read(path, &mut problems).map(|parsed| {
        let scheme = parsed.document.scheme();
        let (_, snapshot) = compile::compile(parsed.document, base(path), metrics, None, &mut problems);
        lint::silence(&parsed.text, &parsed.scalars, false, &mut problems);
        Rules { snapshot, scheme }
    });
    match compiled {
        Some(rules) if !problems.has_errors() => Ok(rules),
        _ => Err(Box::new(problems)),
    }
}

/// A file as `check` has seen it.
#[derive(Debug)]
pub struct Checked {
    /// What `load` would say of it, and the lints.
    pub problems: Problems,
    /// The file, where it could be read; it compiles if there are no errors.
    parsed: Option<Parsed>,
}

/// What `load` would say of a file, and what the lints find. With `offline`, files and variables that are missing here are
/// warnings.
pub fn check(path: &Path, metrics: &Metrics, offline: bool) -> Checked {
    let mut problems = Problems::new(path, offline);
    let parsed = Parsed::read(path, &mut problems);
    if let Some(Parsed { text, scalars, node, document }) = &parsed {
        drop(compile::compile(document.clone(), base(path), metrics, None, &mut problems));
        let complete = !problems.has_errors();
        if complete {
            lint::lint(node, document, directory(path), &mut problems);
        } else {
            lint::beside_errors(document, &mut problems);
        }
        lint::silence(text, scalars, complete, &mut problems);
    }
    Checked { problems, parsed }
}

impl Checked {
    /// The routes that requests without a token pass through, in the order of the file; no such request comes to those
    /// that none reaches.
    pub fn open_routes(&self) -> Vec<OpenRoute> {
        let Some(parsed) = &self.parsed else { return Vec::new() };
        let unreached = lint::unreached(&parsed.document);
        open::routes(&parsed.node)
            .into_iter()
            .filter(|route| !unreached.contains(route.name.as_str()))
            .collect()
    }

    /// What is different in `newer`, in words; the most dangerous first.
    pub fn differences(&self, newer: &Self) -> Vec<Difference> {
        match (&self.parsed, &newer.parsed) {
            (Some(old), Some(new)) => diff::compare((&old.node, &old.document), (&new.node, &new.document)),
            _ => Vec::new(),
        }
    }
}

/// A file that was read, as far as it could be.
#[derive(Debug)]
struct Parsed {
    text: String,
    /// Where in the text scalars stand.
    scalars: Vec<Range<usize>>,
    node: Node,
    document: Document,
}

impl Parsed {
    fn read(path: &Path, problems: &mut Problems) -> Option<Self> {
        let text = source::read(path, problems)?;
        let (node, scalars) = source::parse(&text, &|name| std::env::var(name).ok(), problems)?;
        let document = Document::from_node(&node, problems)?;
        Some(Self { text, scalars, node, document })
    }
}

fn directory(path: &Path) -> &Path {
    path.parent().unwrap_or(Path::new(""))
}

/// Where the paths of a file begin.
fn base(path: &Path) -> compile::Base<'_> {
    compile::Base::at(directory(path))
}
