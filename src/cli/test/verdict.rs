//! One test: what was expected beside what was found.

use std::time::Duration;

use crate::config::Position;
use crate::config::suite::Expectation;
use crate::telemetry::Decision;

/// What became of a request.
#[derive(Debug, Clone)]
pub(super) struct Outcome {
    pub(super) decision: Decision,
    pub(super) status: u16,
    pub(super) reason: String,
    pub(super) route: Option<String>,
    pub(super) subject: Option<String>,
    /// Whether it was a preflight, which says nothing about who may pass.
    pub(super) is_preflight: bool,
    /// The identity headers that would be sent.
    pub(super) headers: Vec<(String, String)>,
    /// Each part of the requirement, and of the candidate, on which its decision hung, and whether that was met.
    pub(super) parts: Vec<(Part, bool)>,
    /// What the token says of where it comes from; none where there is no token of a known issuer.
    pub(super) token: Option<Token>,
}

/// Where a token comes from, verified or not.
#[derive(Debug, Clone)]
pub(super) struct Token {
    /// The configured name of its issuer.
    pub(super) issuer: String,
    /// Its `aud`.
    pub(super) audiences: Vec<String>,
}

/// A part of a requirement: whose, and the way to it from the root.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) struct Part {
    pub(super) of: Owner,
    pub(super) way: Vec<usize>,
}

/// What has a requirement.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) enum Owner {
    Route(String),
    Policy(String),
    /// The candidate of this route.
    Candidate(String),
}

/// A test that has run.
#[derive(Debug)]
pub(super) struct Verdict {
    pub(super) name: String,
    pub(super) at: Position,
    /// What is not as it should be; the test has failed if there is any.
    pub(super) mismatches: Vec<Mismatch>,
    /// Of a test that has failed: the decision with every step, a line each.
    pub(super) steps: Vec<String>,
    pub(super) took: Duration,
}

impl Verdict {
    pub(super) fn has_failed(&self) -> bool {
        !self.mismatches.is_empty()
    }
}

/// One thing that is not as expected.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Mismatch {
    pub(super) what: String,
    pub(super) expected: String,
    pub(super) found: String,
}

impl std::fmt::Display for Mismatch {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "{}: expected {}, found {}", self.what, self.expected, self.found)
    }
}

/// What of `expect` the outcome is not.
pub(super) fn mismatches(expect: &Expectation, outcome: &Outcome) -> Vec<Mismatch> {
    let mut found = Vec::new();
    let mut compare = |what: &str, expected: Option<String>, is: String| {
        if let Some(expected) = expected.filter(|expected| *expected != is) {
            found.push(Mismatch { what: what.to_owned(), expected, found: is });
        }
    };
    let decision = |decision| match decision {
        Decision::Allow => "allow".to_owned(),
        Decision::Deny => "deny".to_owned(),
    };
    compare("decision", expect.decision.map(decision), decision(outcome.decision));
    compare("status", expect.status.map(|status| status.to_string()), outcome.status.to_string());
    compare("reason", expect.reason.clone(), outcome.reason.clone());
    compare("route", expect.route.as_ref().map(|route| shown(route.as_ref())), shown(outcome.route.as_ref()));
    compare(
        "subject",
        expect.subject.as_ref().map(|subject| shown(subject.as_ref())),
        shown(outcome.subject.as_ref()),
    );
    for (name, value) in &expect.headers {
        let is = outcome.headers.iter().find(|(sent, _)| sent.eq_ignore_ascii_case(name));
        compare(&format!("header {name}"), Some(shown(value.as_ref())), shown(is.map(|(_, value)| value)));
    }
    found
}

fn shown(value: Option<&String>) -> String {
    value.map_or_else(|| "none".to_owned(), |value| format!("`{}`", value.escape_debug()))
}
