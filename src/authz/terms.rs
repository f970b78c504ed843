//! The parts of a requirement, one by one, for people who ask why it was not met.
//!
//! Each part is held against the caller by the same evaluation that decides the whole. A part that cannot be compared
//! denies the whole, and says so; so does a condition without an answer.

use serde_json::Value;

use super::claim::ClaimTerm;
use super::expression::Fault;
use super::facts::RequestFacts;
use super::name::NameTest;
use super::requirement::{Requirement, Undecided};
use crate::authn::Principal;
use crate::authn::json::Json;

/// One part of a requirement, and how it went.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Term {
    /// Where it stands in the file, as `policy.any_of.1.roles`.
    pub path: String,
    /// Whether it holds, by itself: what stands below `not` should not.
    pub holds: bool,
    /// Where it does not hold, and that refuses nobody: why not.
    pub spared: Option<Spared>,
    /// What it asks for.
    pub expected: String,
    /// What the caller has: a claim as it is written, which may be `null`; None where it has none, and for parts of parts.
    pub found: Option<Value>,
    /// Whether it asks for something of the token, and not for other parts.
    pub is_of_claim: bool,
    /// Why it neither holds nor fails, so that the whole requirement is denied.
    pub undecided: Option<String>,
    /// What to write in place of a condition that has no answer, where that can be told.
    pub advice: Option<String>,
}

/// Why nobody is refused for a part that does not hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Spared {
    /// It stands below `not`.
    AsWanted,
    /// Another one of `any_of` holds.
    NotNeeded,
}

/// Every part of the requirement, each before its own parts; `name` begins their paths.
pub fn terms(
    name: &str,
    requirement: &Requirement,
    principal: &Principal,
    facts: &RequestFacts<'_>,
) -> Vec<Term> {
    let mut walk = Walk { principal, facts, terms: Vec::new() };
    walk.part(requirement, name, Stand { wanted: true, settled: false });
    walk.terms
}

struct Walk<'a> {
    principal: &'a Principal,
    facts: &'a RequestFacts<'a>,
    terms: Vec<Term>,
}

/// What becomes of a part that does not hold.
#[derive(Clone, Copy)]
struct Stand {
    /// It should hold: it stands below no `not`, or below an even number of them.
    wanted: bool,
    /// Another alternative holds.
    settled: bool,
}

impl Walk<'_> {
    fn part(&mut self, requirement: &Requirement, path: &str, stand: Stand) {
        let principal = self.principal;
        let evaluated = requirement.evaluate(principal, self.facts, true);
        let is_of_claim =
            !matches!(requirement, Requirement::AnyOf(_) | Requirement::Not(_) | Requirement::When(_));
        let is_leaf = is_of_claim || matches!(requirement, Requirement::When(_));
        let spared = match evaluated {
            Ok(false) if !stand.wanted => Some(Spared::AsWanted),
            Ok(false) if stand.settled => Some(Spared::NotNeeded),
            Ok(_) | Err(_) => None,
        };
        let mut term = |path: String, expected: String, found: Option<Value>| {
            let undecided = evaluated.err().filter(|_| is_leaf).map(why);
            let advice = evaluated.err().and_then(|undecided| advice(undecided, requirement, principal));
            let holds = evaluated == Ok(true);
            self.terms.push(Term { path, holds, spared, expected, found, is_of_claim, undecided, advice });
        };
        match requirement {
            Requirement::Authenticated => {}
            Requirement::Roles(test) => {
                term(format!("{path}.roles"), names(test), Some(list(principal.roles().iter())));
            }
            Requirement::Scopes(test) => {
                term(format!("{path}.scopes"), names(test), Some(list(principal.scopes().iter())));
            }
            Requirement::IssuerTenant(test) => {
                term(format!("{path}.issuer_tenant"), names(test), Some(list(principal.issuer_tenant())));
            }
            Requirement::Claim(claim, test) => {
                let found = claim.find_written(principal.claims()).map(Json::to_value);
                let asked: Vec<String> = test.terms().iter().map(claim_term).collect();
                term(format!("{path}.claims.{claim}"), asked.join(", and "), found);
            }
            Requirement::When(condition) => {
                let expected = condition.source().to_owned();
                let found = evaluated.map_or_else(|undecided| Value::String(why(undecided)), Value::Bool);
                term(format!("{path}.when"), expected, Some(found));
            }
            Requirement::Every(parts) => {
                for part in parts {
                    self.part(part, path, stand);
                }
            }
            Requirement::AllOf(parts) => self.each(parts, &format!("{path}.all_of"), stand),
            Requirement::AnyOf(parts) => {
                let path = format!("{path}.any_of");
                term(path.clone(), format!("one of {}", parts.len()), None);
                let holds = |part: &Requirement| part.holds(principal, self.facts);
                let settled = stand.settled || (stand.wanted && parts.iter().any(holds));
                self.each(parts, &path, Stand { settled, ..stand });
            }
            Requirement::Not(part) => {
                let path = format!("{path}.not");
                term(path.clone(), "what follows does not hold".to_owned(), None);
                self.part(part, &path, Stand { wanted: !stand.wanted, ..stand });
            }
            Requirement::Policy(policy) => {
                self.part(policy.requirement(), &format!("{path}.{}", policy.name()), stand);
            }
        }
    }

    fn each(&mut self, parts: &[Requirement], path: &str, stand: Stand) {
        for (index, part) in parts.iter().enumerate() {
            self.part(part, &format!("{path}.{}", index + 1), stand);
        }
    }
}

fn why(undecided: Undecided) -> String {
    match undecided {
        Undecided::Incomparable => "the claim is of a type that cannot be compared with this".to_owned(),
        Undecided::Fault(fault) => format!("the condition has no answer: {fault}"),
        Undecided::Empty => "the list of requirements is empty".to_owned(),
    }
}

/// What the language makes of a time and a number surprises whoever writes for tokens, which count seconds.
fn advice(undecided: Undecided, requirement: &Requirement, principal: &Principal) -> Option<String> {
    let (Undecided::Fault(Fault::NoSuchOverload), Requirement::When(condition)) = (undecided, requirement)
    else {
        return None;
    };
    let claim = *condition.numbers_beside_times(principal).first()?;
    Some(format!(
        "`{claim}` is a number in this token, and stands beside a time: write `timestamp({claim})` for seconds since 1970"
    ))
}

fn names(test: &NameTest) -> String {
    let quoted =
        |names: &[Box<str>]| names.iter().map(|name| format!("{name:?}")).collect::<Vec<_>>().join(", ");
    let terms = test.terms().map(|(quantifier, names)| format!("{quantifier} of {}", quoted(names)));
    terms.collect::<Vec<_>>().join(", and ")
}

fn list<'n>(names: impl IntoIterator<Item = &'n str>) -> Value {
    names.into_iter().collect()
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
