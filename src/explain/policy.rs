//! The parts of a requirement, each held against the caller by itself.

use super::check::Check;
use super::shown;
use super::step::{Outcome, Step};
use crate::authn::Principal;
use crate::authz::{self, Requirement};
use crate::proxy::Protection;

/// A step for each part of what the route asks of a caller, and one for its candidate.
pub(super) fn terms(protection: &Protection, principal: &Principal) -> Vec<Step> {
    let mut steps: Vec<Step> =
        authz::terms(&protection.requirement, principal).into_iter().map(step).collect();
    steps.extend(protection.candidate.as_ref().map(|candidate| self::candidate(candidate, principal)));
    steps
}

fn step(term: authz::Term) -> Step {
    let hint = "the claim is of a type that cannot be compared with this, which denies the whole requirement, under `not` too";
    Step {
        check: Check::Term(term.path),
        outcome: if term.holds { Outcome::Pass } else { Outcome::Fail },
        expected: Some(term.expected),
        found: (!term.found.is_null())
            .then(|| shown::value(&term.found))
            .or(term.is_of_claim.then(|| "absent".to_owned())),
        hint: term.incomparable.then(|| hint.to_owned()),
    }
}

fn candidate(candidate: &Requirement, principal: &Principal) -> Step {
    let holds = candidate.holds(principal);
    Step {
        check: Check::Term("candidate".to_owned()),
        outcome: if holds { Outcome::Pass } else { Outcome::Fail },
        expected: Some("the candidate is met; it decides nothing".to_owned()),
        found: Some(if holds { "it is met" } else { "it is not met" }.to_owned()),
        hint: None,
    }
}
