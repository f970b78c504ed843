//! `jwtgate check`: what `run` would say of a configuration, without running it.

use std::io::{self, Write};
use std::path::PathBuf;
use std::process::ExitCode;

use super::{SUCCESS, complain, failure, refused};
use crate::config;
use crate::telemetry::metrics::Metrics;

pub(super) fn check(files: &[PathBuf], offline: bool, strict: bool) -> ExitCode {
    let mut bad = false;
    for file in files {
        // Metrics of its own for each file: nothing is counted, and names may repeat.
        let Ok(metrics) = Metrics::new() else { return failure() };
        let problems = config::check(file, &metrics, offline);
        complain(problems.lines());
        bad |= problems.has_errors() || (strict && !problems.is_empty());
        if problems.is_empty() && writeln!(io::stdout().lock(), "{}: ok", file.display()).is_err() {
            return failure();
        }
    }
    if bad { refused() } else { SUCCESS }
}
