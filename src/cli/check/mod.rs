//! `jwtgate check`: what `run` would say of a configuration, without running it, and what the lints find.

mod diff;
mod json;
mod open_routes;
mod sarif;

use std::io::{self, Write};
use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Args, ValueEnum};

use super::{SUCCESS, complain, failure, refused};
use crate::config::{self, Checked, Problems};
use crate::telemetry::metrics::Metrics;

/// The arguments of `check`.
#[derive(Debug, Args)]
pub(super) struct Arguments {
    /// Files and variables that are missing here are warnings.
    #[arg(long)]
    offline: bool,
    /// Warnings refuse a file too; with `--diff`, so does what opens a route or lets more callers in.
    #[arg(long)]
    strict: bool,
    /// How to say it.
    #[arg(long, value_enum, default_value_t = Format::Text)]
    format: Format,
    /// Print the routes that requests without a token pass through, and nothing else.
    #[arg(long)]
    open_routes: bool,
    /// Say in words what is different in NEW: which routes opened, closed or changed, and whom policies decide differently.
    #[arg(long, num_args = 2, value_names = ["OLD", "NEW"], conflicts_with_all = ["files", "open_routes"])]
    diff: Vec<PathBuf>,
    /// The configuration files.
    #[arg(required_unless_present = "diff", value_name = "FILE")]
    files: Vec<PathBuf>,
}

/// How findings are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Format {
    /// A line each, on standard error.
    Text,
    /// An array of objects, on standard output.
    Json,
    /// SARIF 2.1.0, on standard output: what code hosts show beside the lines of a change.
    Sarif,
}

pub(super) fn check(arguments: &Arguments) -> ExitCode {
    let &Arguments { offline, strict, format, open_routes, .. } = arguments;
    if format == Format::Sarif && (open_routes || !arguments.diff.is_empty()) {
        complain(["jwtgate: SARIF is for findings; give --format json to --open-routes and --diff"]);
        return refused();
    }
    let files = if arguments.diff.is_empty() { &arguments.files } else { &arguments.diff };
    let mut checked: Vec<Checked> = Vec::with_capacity(files.len());
    for file in files {
        // Metrics of its own for each file: nothing is counted, and names may repeat.
        let Ok(metrics) = Metrics::new() else { return failure() };
        checked.push(config::check(file, &metrics, offline));
    }
    let bad = checked.iter().any(|checked| checked.problems.has_errors());
    if open_routes || !arguments.diff.is_empty() {
        if bad {
            for checked in &checked {
                complain(checked.problems.errors());
            }
            return refused();
        }
        return match checked.as_slice() {
            [old, new] if !open_routes => diff::print(&old.differences(new), format == Format::Json, strict),
            _ => open_routes::print(&checked, format == Format::Json),
        };
    }
    let problems: Vec<&Problems> = checked.iter().map(|checked| &checked.problems).collect();
    let printed = match format {
        Format::Text => text(&problems),
        Format::Json => print(&json::findings(&problems)),
        Format::Sarif => print(&sarif::document(&problems)),
    };
    let bad = bad || (strict && problems.iter().any(|problems| !problems.is_empty()));
    match printed {
        Err(_) => failure(),
        Ok(()) if bad => refused(),
        Ok(()) => SUCCESS,
    }
}

/// A line for each finding, and one for each file without any.
fn text(problems: &[&Problems]) -> io::Result<()> {
    for problems in problems {
        complain(problems.lines());
        if problems.is_empty() {
            writeln!(io::stdout().lock(), "{}: ok", problems.file().display())?;
        }
    }
    Ok(())
}

/// One JSON document on standard output.
fn print(document: &serde_json::Value) -> io::Result<()> {
    let mut stdout = io::stdout().lock();
    writeln!(stdout, "{document:#}")?;
    stdout.flush()
}
