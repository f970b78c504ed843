//! What it costs to load a configuration of 300 lines, the one under `config/examples`: for the first time, and again
//! while it serves. A hundred reloads a second are bearable as long as one takes a few milliseconds.

#![expect(clippy::expect_used, reason = "a bench that cannot be set up has nothing to measure")]

use std::hint::black_box;

use divan::Bencher;
use jwtgate::config::{self, Previous};
use jwtgate::telemetry::metrics::Metrics;

fn main() {
    divan::main();
}

#[divan::bench(args = [false, true])]
fn load(bencher: Bencher<'_, '_>, again: bool) {
    let directory = tempfile::tempdir().expect("a directory");
    let path = directory.path().join("jwtgate.yaml");
    // The certificate is no part of the example.
    let text = include_str!("../config/examples/shop.yaml");
    let text: String = text.split_inclusive('\n').filter(|line| !line.trim().starts_with("tls:")).collect();
    std::fs::write(&path, text).expect("a file");
    let metrics = Metrics::new().expect("metrics");
    let served = config::load(&path, &metrics, None).expect("the example is right");
    let previous = Previous { snapshot: &served.snapshot, listeners: &served.settings.listeners };
    bencher.bench_local(|| {
        let previous = again.then_some(previous);
        config::load(black_box(&path), &metrics, previous).expect("the example is right")
    });
}
