//! What a requirement would say of a caller whom nobody has verified: for comparing requirements by example.
//!
//! A [`Hypothesis`] is no [`crate::authn::Principal`] and never becomes one, so that it opens nothing. It is decided like a
//! principal of the same roles, scopes, tenant and claims.

use super::claim::Incomparable;
#[cfg(doc)]
use super::expression::Expression;
use super::requirement::Requirement;
use crate::authn::json::Document;

/// A caller that is only thought of.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Hypothesis {
    /// Its roles.
    pub roles: Vec<String>,
    /// Its scopes.
    pub scopes: Vec<String>,
    /// Which of its issuer's tenants it is of.
    pub tenant: Option<String>,
    /// The other claims of its token.
    pub claims: Document,
    /// The parts of conditions ([`Expression::alternatives`]) that hold of it and its request.
    pub conditions: Vec<String>,
}

impl Requirement {
    /// Whether such a caller would meet it. What cannot be decided is not met.
    pub fn would_hold(&self, caller: &Hypothesis) -> bool {
        self.suppose(caller) == Ok(true)
    }

    fn suppose(&self, caller: &Hypothesis) -> Result<bool, Incomparable> {
        match self {
            Self::Authenticated => Ok(true),
            Self::Roles(test) => Ok(test.holds(|name| caller.roles.iter().any(|held| held == name))),
            Self::Scopes(test) => Ok(test.holds(|name| caller.scopes.iter().any(|held| held == name))),
            Self::IssuerTenant(test) => Ok(test.holds(|name| caller.tenant.as_deref() == Some(name))),
            Self::Claim(path, test) => test.evaluate(path.stored(caller.claims.members())),
            Self::When(condition) => {
                let all_hold =
                    |parts: &Vec<String>| parts.iter().all(|part| caller.conditions.contains(part));
                Ok(condition.alternatives().iter().any(all_hold))
            }
            Self::AllOf(parts) | Self::AnyOf(parts) if parts.is_empty() => Err(Incomparable),
            // Every part is asked: one that cannot be compared denies the whole.
            Self::AllOf(parts) => {
                parts.iter().try_fold(true, |holds, part| Ok(part.suppose(caller)? && holds))
            }
            Self::AnyOf(parts) => {
                parts.iter().try_fold(false, |holds, part| Ok(part.suppose(caller)? || holds))
            }
            Self::Not(part) => part.suppose(caller).map(|holds| !holds),
            Self::Policy(policy) => policy.requirement().suppose(caller),
        }
    }
}
