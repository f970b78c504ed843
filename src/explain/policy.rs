//! The parts of a requirement, each held against the caller by itself.

use serde_json::Value;

use super::check::Check;
use super::facts::Facts;
use super::mentioned;
use super::shown;
use super::step::{Outcome, Step};
use crate::authn::Principal;
use crate::authz::{self, RequestFacts, Requirement};
use crate::proxy::Protection;

/// A step for each part of what the route asks of a caller, and one for its candidate.
pub(super) fn terms(facts: &Facts<'_>, protection: &Protection, principal: &Principal) -> Vec<Step> {
    let (Ok(target), Some((.., route))) = (&facts.target, facts.route) else { return Vec::new() };
    let hidden = route.forward().hidden(&facts.head.headers);
    let (captures, headers, now) = (&facts.captures, &facts.head.headers, facts.now);
    let request = RequestFacts { target, captures, headers, hidden: &hidden, now };
    let terms = authz::terms(&protection.requirement, principal, &request);
    let candidate = protection.candidate.as_ref();
    let candidate = candidate.map(|candidate| self::candidate(candidate, principal, &request));
    let step = |term: authz::Term| {
        let is_false =
            !term.holds && term.undecided.is_none() && term.path.rsplit('.').next() == Some("when");
        let values = is_false.then(|| mentioned::values(&term.expected, principal, captures)).flatten();
        let step = step(term);
        Step { hint: step.hint.or(values), ..step }
    };
    terms.into_iter().map(step).chain(candidate).collect()
}

fn step(term: authz::Term) -> Step {
    Step {
        check: Check::Term(term.path),
        outcome: if term.holds { Outcome::Pass } else { Outcome::Fail },
        expected: Some(term.expected),
        found: match &term.found {
            // Why a condition has no answer is nobody's string.
            Some(Value::String(why)) if !term.is_of_claim => Some(shown::text(why)),
            Some(found) => Some(shown::value(found)),
            None => term.is_of_claim.then(|| "absent".to_owned()),
        },
        hint: term.undecided.map(|why| format!("{why}, which denies the whole requirement, under `not` too")),
    }
}

fn candidate(candidate: &Requirement, principal: &Principal, request: &RequestFacts<'_>) -> Step {
    let holds = candidate.holds(principal, request);
    Step {
        check: Check::Term("candidate".to_owned()),
        outcome: if holds { Outcome::Pass } else { Outcome::Fail },
        expected: Some("the candidate is met; it decides nothing".to_owned()),
        found: Some(if holds { "it is met" } else { "it is not met" }.to_owned()),
        hint: None,
    }
}
