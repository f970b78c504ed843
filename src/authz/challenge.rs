//! The `scope` of a refusal (RFC 6750 §3): what to tell a client whose token would do, were its scopes others.
//!
//! Given a requirement that was not met, hands on the scopes that a token needs to meet it, those it already has
//! included, because a client asks its authorization server for a whole set. It says nothing unless scopes were all
//! that was missing: a client that lacks a role, too, would fetch a new token in vain.
//!
//! - `all` and a single name give their names; `any` that is not met gives all of its names: asking for one too many
//!   is harmless (RFC 6749 §3.3 lets the server grant fewer), but the one we picked might be one it never grants.
//! - `all_of` joins its parts; `any_of` joins those alternatives that scopes alone can meet.
//! - A name below `none` or `not` is never given, not even when it is asked for elsewhere.
//! - Only characters of a scope-token: if a name holds others, nothing is said.

use super::facts::RequestFacts;
use super::name::{NameTest, Quantifier};
use super::requirement::Requirement;
use crate::authn::Principal;

/// The value of `scope` for this refusal, if scopes were what was missing.
pub(super) fn scope(
    requirement: &Requirement,
    principal: &Principal,
    facts: &RequestFacts<'_>,
) -> Option<String> {
    // What cannot be decided is not mended by scopes.
    requirement.evaluate(principal, facts, true).ok()?;
    let mut unwanted = Vec::new();
    collect_unwanted(requirement, false, &mut unwanted);
    let mut names: Vec<&str> = Vec::new();
    for name in needed(requirement, principal, facts)? {
        if !names.contains(&name) && !unwanted.contains(&name) {
            names.push(name);
        }
    }
    let missing = names.iter().any(|&name| !has(principal, name));
    (missing && names.iter().all(|name| is_scope_token(name))).then(|| names.join(" "))
}

/// Whether a text can be a scope (RFC 6749 §3.3, RFC 6750 §3): printable ASCII without space, quote and backslash.
/// Any other can neither stand in a space-separated claim nor be named in a challenge.
pub fn is_scope_token(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| matches!(byte, 0x21 | 0x23..=0x5b | 0x5d..=0x7e))
}

/// The scopes with which it would hold, all else being equal; none if no scopes would do.
fn needed<'a>(
    requirement: &'a Requirement,
    principal: &Principal,
    facts: &RequestFacts<'_>,
) -> Option<Vec<&'a str>> {
    match requirement {
        Requirement::Authenticated
        | Requirement::Roles(_)
        | Requirement::IssuerTenant(_)
        | Requirement::Claim(..)
        | Requirement::When(_)
        | Requirement::Not(_) => requirement.holds(principal, facts).then(Vec::new),
        Requirement::Scopes(test) => needed_names(test, principal),
        Requirement::AllOf(parts) => {
            let parts: Option<Vec<_>> = parts.iter().map(|part| needed(part, principal, facts)).collect();
            parts.map(|parts| parts.concat())
        }
        Requirement::AnyOf(parts) => {
            let met = parts.iter().find(|part| part.holds(principal, facts));
            let candidates = met.map_or(parts.as_slice(), std::slice::from_ref);
            let parts: Vec<_> = candidates.iter().filter_map(|part| needed(part, principal, facts)).collect();
            (!parts.is_empty()).then(|| parts.concat())
        }
        Requirement::Policy(policy) => needed(policy.requirement(), principal, facts),
    }
}

fn needed_names<'a>(test: &'a NameTest, principal: &Principal) -> Option<Vec<&'a str>> {
    let mut needed = Vec::new();
    for (quantifier, names) in test.terms() {
        let mut names = names.iter().map(|name| &**name);
        match quantifier {
            Quantifier::All => needed.extend(names),
            Quantifier::Any => match names.clone().find(|name| has(principal, name)) {
                Some(held) => needed.push(held),
                None => needed.extend(names),
            },
            // A scope too many; no further one mends that.
            Quantifier::None if names.any(|name| has(principal, name)) => return None,
            Quantifier::None => {}
        }
    }
    Some(needed)
}

/// The names that a client must not be told to ask for.
fn collect_unwanted<'a>(requirement: &'a Requirement, negated: bool, into: &mut Vec<&'a str>) {
    match requirement {
        Requirement::Authenticated
        | Requirement::Roles(_)
        | Requirement::IssuerTenant(_)
        | Requirement::Claim(..)
        | Requirement::When(_) => {}
        Requirement::Scopes(test) => {
            for (_, names) in
                test.terms().filter(|(quantifier, _)| negated || *quantifier == Quantifier::None)
            {
                into.extend(names.iter().map(|name| &**name));
            }
        }
        Requirement::AllOf(parts) | Requirement::AnyOf(parts) => {
            for part in parts {
                collect_unwanted(part, negated, into);
            }
        }
        Requirement::Not(part) => collect_unwanted(part, true, into),
        Requirement::Policy(policy) => collect_unwanted(policy.requirement(), negated, into),
    }
}

fn has(principal: &Principal, scope: &str) -> bool {
    principal.scopes().iter().any(|held| held == scope)
}
