//! Tests that cannot run on this machine: left out where a developer may, and visibly; a failure where none may be missing.

use std::io::Write as _;

/// Says that a test is left out for want of `needs`; fails in CI, and where `JWTGATE_TEST_REQUIRE_ALL` is set.
pub fn left_out(what: &str, needs: &str) {
    let set = |name: &str| std::env::var(name).is_ok_and(|value| !value.is_empty() && value != "0");
    let required = std::env::var("CI").is_ok_and(|value| value == "true") || set("JWTGATE_TEST_REQUIRE_ALL");
    assert!(!required, "{what}: nothing may be left out here, and this is missing: {needs}");
    say(what, needs);
}

/// Says that a test is left out because this machine's kernel or rights do not allow it; nothing can be installed for that.
pub fn impossible_here(what: &str, needs: &str) {
    say(what, needs);
}

/// Past the test runner, which shows the output of passed tests to nobody.
fn say(what: &str, needs: &str) {
    writeln!(std::io::stderr(), "left out: {what}; it needs {needs}").expect("standard error");
}
