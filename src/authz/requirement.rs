//! What a route asks of a caller: the tree that `require` compiles to, and its evaluation.
//!
//! Evaluation knows three answers: it holds, it does not, or it cannot be decided because a claim is there but of a
//! type that its test cannot compare, or a `when` has no answer. The third is not a value to reckon with but the end of the evaluation: it denies
//! the requirement as a whole, so neither `not` nor an alternative that holds can turn it into a yes. Hence every
//! test on a claim and every `when` is looked at, even where its branch no longer matters; roles and scopes, which cannot be
//! incomparable (a malformed list of them fails the token before), are skipped there.

use std::slice;
use std::sync::Arc;

use super::claim::ClaimTest;
use super::expression::{Expression, Fault};
use super::facts::RequestFacts;
use super::name::{NameTest, Quantifier};
use crate::authn::{ClaimPath, Principal};

/// A condition on a verified caller, compiled.
#[derive(Debug)]
pub enum Requirement {
    /// Nothing beyond a valid token.
    Authenticated,
    /// The caller's roles.
    Roles(NameTest),
    /// The caller's scopes.
    Scopes(NameTest),
    /// Which of its issuer's tenants the caller is of.
    IssuerTenant(NameTest),
    /// One claim of the token.
    Claim(ClaimPath, ClaimTest),
    /// A condition on the caller and the request.
    When(Arc<Expression>),
    /// Each of them, with no word for that: the entries of a map, the names of a list. Empty, it denies as `AllOf` does.
    Every(Vec<Self>),
    /// Each of them, as `all_of` says. An empty list denies, whatever stands around it.
    AllOf(Vec<Self>),
    /// At least one of them. An empty list denies, whatever stands around it.
    AnyOf(Vec<Self>),
    /// The opposite.
    Not(Box<Self>),
    /// A named policy, shared by those who name it.
    Policy(Arc<NamedPolicy>),
}

impl Requirement {
    /// A requirement under a name, to be shared: clone the `Arc` into [`Requirement::Policy`].
    pub fn policy(name: impl Into<Arc<str>>, requirement: Self) -> Arc<NamedPolicy> {
        Arc::new(NamedPolicy { name: name.into(), requirement })
    }

    /// Whether the caller meets it. What cannot be decided is not met.
    pub fn holds(&self, principal: &Principal, facts: &RequestFacts<'_>) -> bool {
        self.evaluate(principal, facts, true) == Ok(true)
    }

    /// The requirements that it is made of, one level down; a named policy is made of its own.
    pub fn parts(&self) -> &[Self] {
        match self {
            Self::Every(parts) | Self::AllOf(parts) | Self::AnyOf(parts) => parts,
            Self::Not(part) => slice::from_ref(part),
            Self::Policy(policy) => slice::from_ref(&policy.requirement),
            Self::Authenticated
            | Self::Roles(_)
            | Self::Scopes(_)
            | Self::IssuerTenant(_)
            | Self::Claim(..)
            | Self::When(_) => &[],
        }
    }

    /// Whether it holds for callers of tenants that it names, and for no others.
    pub fn names_tenants(&self) -> bool {
        match self {
            Self::Authenticated | Self::Roles(_) | Self::Scopes(_) | Self::Claim(..) | Self::Not(_) => false,
            Self::IssuerTenant(test) => test.terms().any(|(quantifier, _)| quantifier != Quantifier::None),
            Self::When(expression) => expression.names_tenants(),
            Self::Every(parts) | Self::AllOf(parts) => parts.iter().any(Self::names_tenants),
            Self::AnyOf(parts) => parts.iter().all(Self::names_tenants),
            Self::Policy(policy) => policy.requirement.names_tenants(),
        }
    }

    /// The captures that its conditions name, with the named policy in which each stands, if in one.
    pub fn captures(&self) -> Vec<(&str, Option<&str>)> {
        self.conditions()
            .into_iter()
            .flat_map(|(condition, policy)| {
                condition.captures().iter().map(move |name| (name.as_str(), policy))
            })
            .collect()
    }

    /// The headers that its conditions name, with the named policy in which each stands, if in one.
    pub fn headers(&self) -> Vec<(&str, Option<&str>)> {
        self.conditions()
            .into_iter()
            .flat_map(|(condition, policy)| {
                condition.headers().iter().map(move |name| (name.as_str(), policy))
            })
            .collect()
    }

    /// Whether one of its conditions asks for headers whose names it does not say.
    pub fn computes_headers(&self) -> bool {
        self.conditions().iter().any(|(condition, _)| condition.computes_headers())
    }

    /// Whether one of its conditions looks at the method of the request.
    pub fn asks_for_method(&self) -> bool {
        self.conditions().into_iter().any(|(condition, _)| condition.asks_for_method())
    }

    /// Its conditions, with the named policy in which each stands, if in one.
    fn conditions(&self) -> Vec<(&Expression, Option<&str>)> {
        let mut conditions = Vec::new();
        self.collect_conditions(None, &mut conditions);
        conditions
    }

    fn collect_conditions<'a>(
        &'a self,
        policy: Option<&'a str>,
        into: &mut Vec<(&'a Expression, Option<&'a str>)>,
    ) {
        if let Self::When(condition) = self {
            into.push((condition, policy));
        }
        let inner = if let Self::Policy(named) = self { Some(&*named.name) } else { policy };
        for part in self.parts() {
            part.collect_conditions(inner, into);
        }
    }

    /// `open`: whether the answer still matters; where it does not, only comparability does.
    pub(super) fn evaluate(
        &self,
        principal: &Principal,
        facts: &RequestFacts<'_>,
        open: bool,
    ) -> Result<bool, Undecided> {
        self.decide(principal, open, &mut |condition| condition.evaluate(principal, facts))
    }

    /// The same, with something else to ask of each condition: each is asked once, in the order in which they stand.
    pub(super) fn decide(
        &self,
        principal: &Principal,
        open: bool,
        conditions: &mut impl FnMut(&Expression) -> Result<bool, Fault>,
    ) -> Result<bool, Undecided> {
        match self {
            Self::Authenticated => Ok(true),
            Self::Roles(test) => Ok(open && test.holds(&principal.roles())),
            Self::Scopes(test) => Ok(open && test.holds(&principal.scopes())),
            Self::IssuerTenant(test) => Ok(open && test.holds(&principal.issuer_tenant())),
            Self::Claim(path, test) => {
                test.evaluate(path.stored(principal.claims())).map_err(|_| Undecided::Incomparable)
            }
            Self::When(expression) => conditions(expression).map_err(Undecided::Fault),
            // Configuration refuses empty lists; should one get here, `all` of nothing must not open the door.
            Self::Every(parts) | Self::AllOf(parts) | Self::AnyOf(parts) if parts.is_empty() => {
                Err(Undecided::Empty)
            }
            Self::Every(parts) | Self::AllOf(parts) => {
                let mut holds = true;
                for part in parts {
                    holds &= part.decide(principal, open && holds, conditions)?;
                }
                Ok(holds)
            }
            Self::AnyOf(parts) => {
                let mut holds = false;
                for part in parts {
                    holds |= part.decide(principal, open && !holds, conditions)?;
                }
                Ok(holds)
            }
            Self::Not(part) => part.decide(principal, open, conditions).map(|holds| !holds),
            Self::Policy(policy) => policy.requirement.decide(principal, open, conditions),
        }
    }
}

/// Why a requirement is neither met nor not met.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Undecided {
    /// A claim is there, but of a type that its test knows nothing about.
    Incomparable,
    /// A condition has no answer.
    Fault(Fault),
    /// A list of requirements has none.
    Empty,
}

/// An entry of `policies`.
#[derive(Debug)]
pub struct NamedPolicy {
    name: Arc<str>,
    requirement: Requirement,
}

impl NamedPolicy {
    /// Its name in the configuration.
    pub fn name(&self) -> &Arc<str> {
        &self.name
    }

    /// What it asks.
    pub fn requirement(&self) -> &Requirement {
        &self.requirement
    }
}
