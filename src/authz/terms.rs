//! The parts of a requirement, one by one, for people who ask why it was not met.
//!
//! Each part is held against the caller by the same evaluation that decides the whole. A part that cannot be compared
//! denies the whole, and says so.

use serde_json::Value;

use super::claim::ClaimTerm;
use super::name::NameTest;
use super::requirement::Requirement;
use crate::authn::Principal;

/// One part of a requirement, and how it went.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Term {
    /// Where it stands, as `policy.any_of.1.roles`.
    pub path: String,
    /// Whether it holds, by itself: what stands below `not` should not.
    pub holds: bool,
    /// What it asks for.
    pub expected: String,
    /// What the caller has.
    pub found: Value,
    /// Whether it asks for something of the token, and not for other parts.
    pub is_of_claim: bool,
    /// The claim is there and cannot be compared, so that the whole requirement is denied.
    pub incomparable: bool,
}

/// Every part of the requirement, each before its own parts.
pub fn terms(requirement: &Requirement, principal: &Principal) -> Vec<Term> {
    let mut terms = Vec::new();
    collect(requirement, principal, "policy", &mut terms);
    terms
}

fn collect(requirement: &Requirement, principal: &Principal, path: &str, into: &mut Vec<Term>) {
    let evaluated = requirement.evaluate(principal, true);
    let is_of_claim = !matches!(requirement, Requirement::AnyOf(_) | Requirement::Not(_));
    let mut term = |path: String, expected: String, found: Value| {
        let (holds, incomparable) = (evaluated == Ok(true), is_of_claim && evaluated.is_err());
        into.push(Term { path, holds, expected, found, is_of_claim, incomparable });
    };
    match requirement {
        Requirement::Authenticated => {}
        Requirement::Roles(test) => term(format!("{path}.roles"), names(test), list(principal.roles())),
        Requirement::Scopes(test) => term(format!("{path}.scopes"), names(test), list(principal.scopes())),
        Requirement::IssuerTenant(test) => {
            term(format!("{path}.issuer_tenant"), names(test), list(principal.issuer_tenant()));
        }
        Requirement::Claim(claim, test) => {
            let found = claim.find(principal.claims()).cloned().unwrap_or_default();
            let asked: Vec<String> = test.terms().iter().map(claim_term).collect();
            term(format!("{path}.claims.{claim}"), asked.join(", and "), found);
        }
        Requirement::AllOf(parts) => {
            for (index, part) in parts.iter().enumerate() {
                collect(part, principal, &part_path(path, "all_of", index, part), into);
            }
        }
        Requirement::AnyOf(parts) => {
            term(format!("{path}.any_of"), format!("one of {}", parts.len()), Value::Null);
            for (index, part) in parts.iter().enumerate() {
                collect(part, principal, &part_path(path, "any_of", index, part), into);
            }
        }
        Requirement::Not(part) => {
            let path = format!("{path}.not");
            term(path.clone(), "what follows does not hold".to_owned(), Value::Null);
            collect(part, principal, &path, into);
        }
        Requirement::Policy(policy) => {
            collect(policy.requirement(), principal, &format!("{path}.{}", policy.name()), into);
        }
    }
}

/// A part of its own name needs no number.
fn part_path(path: &str, kind: &str, index: usize, part: &Requirement) -> String {
    match (kind, part) {
        (
            "all_of",
            Requirement::Roles(_) | Requirement::Scopes(_) | Requirement::Claim(..) | Requirement::Policy(_),
        ) => path.to_owned(),
        _ => format!("{path}.{kind}.{}", index + 1),
    }
}

fn names(test: &NameTest) -> String {
    let terms = test.terms().map(|(quantifier, names)| format!("{quantifier} of {}", names.join(", ")));
    terms.collect::<Vec<_>>().join(", and ")
}

fn list(names: &[String]) -> Value {
    Value::from(names.to_vec())
}

fn claim_term(term: &ClaimTerm) -> String {
    match term {
        ClaimTerm::Values(quantifier, values) => {
            let values: Vec<String> = values.iter().map(ToString::to_string).collect();
            format!("{quantifier} of {}", values.join(", "))
        }
        ClaimTerm::Exists(true) => "is there".to_owned(),
        ClaimTerm::Exists(false) => "is not there".to_owned(),
        ClaimTerm::Matches(pattern) => format!("matches {pattern}"),
    }
}
