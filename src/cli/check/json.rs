//! Findings as JSON: an array of objects, one for each finding that is not silenced.

use serde_json::{Value, json};

use crate::config::{Problem, Problems, Severity};

pub(super) fn findings(files: &[&Problems]) -> Value {
    let mut findings = Vec::new();
    for problems in files {
        for problem in problems.all().into_iter().filter(|problem| problem.silenced().is_none()) {
            findings.push(json!({
                "file": problems.file().display().to_string(),
                "line": problem.at().line,
                "column": problem.at().column,
                "severity": severity(problem),
                "code": rule(problem),
                "message": problem.message(),
            }));
        }
    }
    Value::Array(findings)
}

/// `error` or `warning`.
pub(super) fn severity(problem: &Problem) -> &'static str {
    match problem.severity() {
        Severity::Error => "error",
        Severity::Warning => "warning",
    }
}

/// The name of the lint; errors are of one kind.
pub(super) fn rule(problem: &Problem) -> &'static str {
    problem.code().map_or(INVALID, |code| code.name())
}

/// The kind of all errors.
pub(super) const INVALID: &str = "invalid-configuration";
