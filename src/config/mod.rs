//! The operator's file: text in, `Settings` and `Snapshot` out.
//!
//! ```text
//! file ──source──► Node ──document──► Document ──compile──► Settings (a restart changes them)
//!                                                      └──► Snapshot (what decides requests)
//! ```
//!
//! Every mistake of a file is reported at once, with its place; a configuration with a mistake never takes effect.
//! Stages never see the file or its types.

mod compile;
mod document;
mod environment;
mod node;
mod problem;
mod schema;
mod section;
mod settings;
mod source;

use std::path::Path;

use self::document::Document;
use self::node::FromNode;
pub use self::problem::{Position, Problem, Problems, Severity};
pub use self::schema::schema;
pub use self::settings::{Settings, Shutdown};
pub use self::source::Environment;
use crate::proxy::Snapshot;
use crate::telemetry::metrics::Metrics;

/// A configuration that compiled.
#[derive(Debug)]
pub struct Compiled {
    /// What a restart changes.
    pub settings: Settings,
    /// What decides requests.
    pub snapshot: Snapshot,
    /// What its author should know; no errors among them.
    pub warnings: Problems,
}

/// Reads and compiles a configuration file. Opens the files that it names; fetches nothing and listens nowhere. What did
/// not change since `previous` is carried over: issuers with their keys and verified tokens, upstreams with their
/// connections.
///
/// # Errors
/// Every problem of the file.
pub fn load(path: &Path, metrics: &Metrics, previous: Option<&Snapshot>) -> Result<Compiled, Box<Problems>> {
    let (compiled, problems) = inspect(path, metrics, previous, false);
    match compiled {
        Some((settings, snapshot)) if !problems.has_errors() => {
            Ok(Compiled { settings, snapshot, warnings: problems })
        }
        _ => Err(Box::new(problems)),
    }
}

/// The rules of a file for a process that decides and does not listen: the files of its listeners may be missing.
///
/// # Errors
/// Every other problem of the file.
pub fn rules(path: &Path, metrics: &Metrics) -> Result<Snapshot, Box<Problems>> {
    let problems = Problems::new(path, false).not_listening();
    match compile(path, metrics, None, problems) {
        (Some((_, snapshot)), problems) if !problems.has_errors() => Ok(snapshot),
        (_, problems) => Err(Box::new(problems)),
    }
}

/// What `load` would say of a file. With `offline`, files and variables that are missing here are warnings.
pub fn check(path: &Path, metrics: &Metrics, offline: bool) -> Problems {
    inspect(path, metrics, None, offline).1
}

fn inspect(
    path: &Path,
    metrics: &Metrics,
    previous: Option<&Snapshot>,
    offline: bool,
) -> (Option<(Settings, Snapshot)>, Problems) {
    compile(path, metrics, previous, Problems::new(path, offline))
}

fn compile(
    path: &Path,
    metrics: &Metrics,
    previous: Option<&Snapshot>,
    mut problems: Problems,
) -> (Option<(Settings, Snapshot)>, Problems) {
    let compiled = source::read(path, &mut problems)
        .and_then(|text| source::parse(&text, &|name| std::env::var(name).ok(), &mut problems))
        .and_then(|node| Document::from_node(&node, &mut problems))
        .map(|document| {
            let directory = path.parent().unwrap_or(Path::new(""));
            compile::compile(document, directory, metrics, previous, &mut problems)
        });
    (compiled, problems)
}
