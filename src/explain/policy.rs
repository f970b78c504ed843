//! The parts of a requirement, each held against the caller by itself.

use serde_json::Value;

use super::check::Check;
use super::facts::Facts;
use super::mentioned;
use super::shown;
use super::step::{Outcome, Step};
use crate::authn::Principal;
use crate::authz::{self, RequestFacts, Requirement, Spared};
use crate::proxy::Protection;

/// A step for each part of what the route asks of a caller, and for its candidate and each part of that.
pub(super) fn terms(facts: &Facts<'_>, protection: &Protection, principal: &Principal) -> Vec<Step> {
    let (Ok(target), Some((.., route))) = (&facts.target, facts.route) else { return Vec::new() };
    let hidden = route.forward().hidden(&facts.head.headers);
    let (captures, headers, now) = (&facts.captures, &facts.head.headers, facts.now);
    let request = RequestFacts { target, captures, headers, hidden: &hidden, now };
    let each = |name: &str, requirement: &Requirement| {
        let terms = authz::terms(name, requirement, principal, &request);
        let of_term = |term: authz::Term| {
            let is_when = term.path.rsplit('.').next() == Some("when");
            let is_told = is_when && !term.holds;
            let values = is_told.then(|| mentioned::values(&term.expected, principal, captures)).flatten();
            step(term, values)
        };
        terms.into_iter().map(of_term).collect::<Vec<Step>>()
    };
    let mut steps = each("policy", &protection.requirement);
    if let Some(candidate) = &protection.candidate {
        steps.push(self::candidate(candidate, principal, &request));
        steps.extend(each(CANDIDATE, candidate));
    }
    steps
}

const CANDIDATE: &str = "candidate";

/// `values`: what a condition that is not true names.
fn step(term: authz::Term, values: Option<String>) -> Step {
    let undecided =
        term.undecided.map(|why| format!("{why}, which denies the whole requirement, under `not` too"));
    Step {
        check: Check::Term(term.path),
        outcome: match term.spared {
            _ if term.holds => Outcome::Pass,
            Some(_) => Outcome::Skip,
            None => Outcome::Fail,
        },
        expected: Some(term.expected),
        found: match &term.found {
            // Why a condition has no answer is nobody's string.
            Some(Value::String(why)) if !term.is_of_claim => Some(shown::text(why)),
            Some(found) => Some(shown::value(found)),
            None => term.is_of_claim.then(|| "absent".to_owned()),
        },
        note: term.spared.map(|spared| match spared {
            Spared::AsWanted => "as wanted",
            Spared::NotNeeded => "not needed",
        }),
        hint: {
            let said: Vec<String> = [undecided, values, term.advice].into_iter().flatten().collect();
            (!said.is_empty()).then(|| said.join("; "))
        },
    }
}

fn candidate(candidate: &Requirement, principal: &Principal, request: &RequestFacts<'_>) -> Step {
    let holds = candidate.holds(principal, request);
    Step {
        check: Check::Term(CANDIDATE.to_owned()),
        outcome: if holds { Outcome::Pass } else { Outcome::Fail },
        expected: Some("the candidate is met; it decides nothing".to_owned()),
        found: Some(if holds { "it is met" } else { "it is not met" }.to_owned()),
        note: None,
        hint: None,
    }
}
