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

use std::collections::HashSet;

use super::expression::Expression;
use super::name::{NameTest, Quantifier};
use super::requirement::Requirement;
use crate::authn::Principal;

/// The value of `scope` for a requirement that was decided, and not met, if scopes were what was missing.
/// `conditions` says what each condition answered; it is asked once for each, in the order in which they stand.
pub(super) fn scope(
    requirement: &Requirement,
    principal: &Principal,
    conditions: &mut impl FnMut(&Expression) -> bool,
) -> Option<String> {
    let mut passed_over = HashSet::new();
    collect_unwanted(requirement, false, &mut passed_over);
    // Looked up, as there may be hundreds of them in a policy and thousands in a token.
    let held: HashSet<&str> = principal.scopes().iter().collect();
    let mut names: Vec<&str> = survey(requirement, principal, &held, conditions).needed?;
    names.retain(|&name| passed_over.insert(name));
    let missing = names.iter().any(|name| !held.contains(name));
    (missing && names.iter().all(|name| is_scope_token(name))).then(|| names.join(" "))
}

/// Whether a text can be a scope (RFC 6749 §3.3, RFC 6750 §3): printable ASCII without space, quote and backslash.
/// Any other can neither stand in a space-separated claim nor be named in a challenge.
pub fn is_scope_token(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| matches!(byte, 0x21 | 0x23..=0x5b | 0x5d..=0x7e))
}

/// What there is to say of a part.
struct Survey<'a> {
    holds: bool,
    /// The scopes with which it would hold, all else being equal; none if no scopes would do.
    needed: Option<Vec<&'a str>>,
}

impl Survey<'_> {
    /// Of a part that scopes do not change.
    fn fixed(holds: bool) -> Self {
        Self { holds, needed: holds.then(Vec::new) }
    }
}

/// Every part is looked at once, however deep it stands.
fn survey<'a>(
    requirement: &'a Requirement,
    principal: &Principal,
    held: &HashSet<&str>,
    conditions: &mut impl FnMut(&Expression) -> bool,
) -> Survey<'a> {
    match requirement {
        Requirement::Authenticated => Survey::fixed(true),
        Requirement::Roles(test) => Survey::fixed(test.holds(&principal.roles())),
        Requirement::IssuerTenant(test) => Survey::fixed(test.holds(&principal.issuer_tenant())),
        Requirement::Claim(path, test) => {
            Survey::fixed(test.evaluate(path.stored(principal.claims())) == Ok(true))
        }
        Requirement::When(condition) => Survey::fixed(conditions(condition)),
        Requirement::Not(part) => Survey::fixed(!survey(part, principal, held, conditions).holds),
        Requirement::Scopes(test) => {
            Survey { holds: test.holds(&principal.scopes()), needed: needed_names(test, held) }
        }
        Requirement::Every(parts) | Requirement::AllOf(parts) => {
            let parts: Vec<_> = parts.iter().map(|part| survey(part, principal, held, conditions)).collect();
            let holds = parts.iter().all(|part| part.holds);
            let needed: Option<Vec<_>> = parts.into_iter().map(|part| part.needed).collect();
            Survey { holds, needed: needed.map(|parts| parts.concat()) }
        }
        Requirement::AnyOf(parts) => {
            let parts: Vec<_> = parts.iter().map(|part| survey(part, principal, held, conditions)).collect();
            let holds = parts.iter().any(|part| part.holds);
            // An alternative that holds needs nothing beyond what the caller has.
            let candidates =
                parts.into_iter().filter(|part| part.holds == holds).filter_map(|part| part.needed);
            let candidates: Vec<_> = candidates.take(if holds { 1 } else { usize::MAX }).collect();
            Survey { holds, needed: (!candidates.is_empty()).then(|| candidates.concat()) }
        }
        Requirement::Policy(policy) => survey(policy.requirement(), principal, held, conditions),
    }
}

fn needed_names<'a>(test: &'a NameTest, held: &HashSet<&str>) -> Option<Vec<&'a str>> {
    let mut needed = Vec::new();
    for (quantifier, names) in test.terms() {
        let mut names = names.iter().map(|name| &**name);
        match quantifier {
            Quantifier::All => needed.extend(names),
            Quantifier::Any => match names.clone().find(|name| held.contains(name)) {
                Some(name) => needed.push(name),
                None => needed.extend(names),
            },
            // A scope too many; no further one mends that.
            Quantifier::None if names.any(|name| held.contains(name)) => return None,
            Quantifier::None => {}
        }
    }
    Some(needed)
}

/// The names that a client must not be told to ask for.
fn collect_unwanted<'a>(requirement: &'a Requirement, negated: bool, into: &mut HashSet<&'a str>) {
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
        Requirement::Every(parts) | Requirement::AllOf(parts) | Requirement::AnyOf(parts) => {
            for part in parts {
                collect_unwanted(part, negated, into);
            }
        }
        Requirement::Not(part) => collect_unwanted(part, true, into),
        Requirement::Policy(policy) => collect_unwanted(policy.requirement(), negated, into),
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use serde_json::json;

    use super::*;

    #[test]
    fn a_refusal_asks_each_condition_once_however_deep_it_stands() {
        let when = |text: &str| Requirement::When(Arc::new(Expression::parse(text).unwrap()));
        let scopes = |name| Requirement::Scopes(NameTest::one(name).unwrap());
        let innermost = Requirement::AllOf(vec![when("claims.n == 0"), scopes("read")]);
        let requirement = (1..=20).fold(innermost, |inner, depth| {
            let own = when(&format!("claims.n == {depth}"));
            Requirement::AnyOf(vec![own, Requirement::AllOf(vec![inner])])
        });
        let principal = Principal::for_test("corporate", &[], &[], json!({}));
        let mut asked = Vec::new();
        let scope = scope(&requirement, &principal, &mut |condition| {
            asked.push(condition.source().to_owned());
            condition.source() == "claims.n == 0"
        });
        let written: Vec<String> = (0..=20).rev().map(|depth| format!("claims.n == {depth}")).collect();
        assert_eq!(asked, written);
        assert_eq!(scope.as_deref(), Some("read"));
    }
}
