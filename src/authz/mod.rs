//! AUTHORIZE: may they? Given a [`Requirement`], compiled when the configuration was loaded, and a verified
//! [`Principal`], this stage hands on a [`Permit`] or a [`Denied`]; nothing else makes a permit for a caller who is held
//! to a requirement.
//!
//! What must stay true: a requirement that cannot be decided is denied as a whole. A claim that is there, but of a
//! type that the requirement cannot compare, is such a case, wherever it stands: below `not`, or beside an
//! alternative that holds. Otherwise an issuer that starts to send `"true"` for `true` would lift every ban that is
//! written as `not: { claims: { banned: true } }` (see [`Requirement`] and [`ClaimTest`]).
//!
//! Nothing here allocates for a caller who is allowed; the words of a refusal are put together when it happens.

mod challenge;
mod claim;
mod literal;
mod name;
mod permit;
mod requirement;
mod terms;
#[cfg(test)]
mod tests;

use crate::authn::Principal;

pub use challenge::is_scope_token;
pub use claim::{ClaimTerm, ClaimTest, ClaimTestError, Pattern, PatternError};
pub use literal::{Literal, LiteralError};
pub use name::{NameTest, NameTestError, Quantifier};
pub use permit::Permit;
pub use requirement::{NamedPolicy, Requirement};
pub use terms::{Term, terms};

/// Lets a caller pass who meets the requirement. The only way from a [`Principal`] to a [`Permit`].
pub fn authorize(requirement: &Requirement, principal: Principal) -> Result<Permit, Denied> {
    if requirement.holds(&principal) {
        Ok(Permit::granted(principal))
    } else {
        let scope = challenge::scope(requirement, &principal);
        Err(Denied { principal, scope })
    }
}

/// A verified caller who does not meet the requirement.
#[derive(Debug, thiserror::Error)]
#[error("the requirement is not met")]
pub struct Denied {
    /// Who was denied, for the log.
    pub principal: Principal,
    /// The value of `scope` in `WWW-Authenticate` (RFC 6750 §3): the scopes that a token needs here. Only where
    /// scopes were all that was missing.
    pub scope: Option<String>,
}
