//! What would have been: the answer of a route that only observes, were it enforced, and that of a candidate.
//!
//! Given what was decided and found on the way; both follow from that and from nothing else.

use serde::Serialize;

use super::Decision;
use super::facts::Facts;
use super::step::{self, Passed};
use crate::proxy::{Enforcement, Rejection};
use crate::telemetry::Findings;

/// An answer that no client gets.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Shadow {
    /// Whether the request would be sent on.
    pub decision: Decision,
    /// What the client would get; 200 on allow.
    pub status: u16,
    /// The reason code.
    pub reason: &'static str,
}

/// That of the route, were it enforced; none where it is.
pub(super) fn observed(facts: &Facts<'_>, decided: &step::Decision<'_>) -> Option<Shadow> {
    let protection = facts.protection()?;
    let Ok(Passed::Sent(decided)) = decided else { return None };
    (protection.enforcement == Enforcement::Observe).then(|| match &decided.observed {
        Some(rejection) => Shadow::refused(rejection),
        None => Shadow { decision: Decision::Allow, status: 200, reason: decided.reason },
    })
}

/// That of the candidate; none where there is none, or no verified caller to hold against it.
pub(super) fn candidate(
    facts: &Facts<'_>,
    decided: &step::Decision<'_>,
    findings: &Findings,
) -> Option<Shadow> {
    facts.protection()?.candidate.as_ref()?;
    step::principal(decided)?;
    // Of a verified caller the candidate speaks first, and the first word counts.
    let reason = findings.shadow()?;
    let holds = reason == ALLOWED;
    let (decision, status) = if holds { (Decision::Allow, 200) } else { (Decision::Deny, 403) };
    Some(Shadow { decision, status, reason })
}

impl Shadow {
    fn refused(rejection: &Rejection) -> Self {
        Self { decision: Decision::Deny, status: rejection.status().as_u16(), reason: rejection.reason() }
    }
}

const ALLOWED: &str = "allowed";
