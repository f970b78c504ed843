//! Verdicts for whoever reads them at a terminal: nothing but the failures and the sum.

use std::path::Path;

use super::verdict::Verdict;

/// The lines of a failed test; none of one that passed.
pub(super) fn failure(file: &Path, verdict: &Verdict) -> Vec<String> {
    if !verdict.has_failed() {
        return Vec::new();
    }
    let head =
        format!("{}:{}:{}: FAILED: {}", file.display(), verdict.at.line, verdict.at.column, verdict.name);
    let mismatches = verdict.mismatches.iter().map(|mismatch| format!("  {mismatch}"));
    let steps = verdict.steps.iter().map(|step| format!("    {step}"));
    [head].into_iter().chain(mismatches).chain(steps).collect()
}

/// The last line.
pub(super) fn sum(passed: usize, failed: usize) -> String {
    format!("{passed} passed, {failed} failed")
}
