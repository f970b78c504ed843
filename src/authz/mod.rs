//! AUTHORIZE: may they? Given a [`Requirement`], compiled when the configuration was loaded, and a verified
//! [`Principal`], this stage hands on a [`Permit`] or a [`Denied`]; nothing else makes a permit for a caller who is held
//! to a requirement.
//!
//! What must stay true: a requirement that cannot be decided is denied as a whole. A claim that is there, but of a
//! type that the requirement cannot compare, is such a case, wherever it stands: below `not`, or beside an
//! alternative that holds. Otherwise an issuer that starts to send `"true"` for `true` would lift every ban that is
//! written as `not: { claims: { banned: true } }` (see [`Requirement`] and [`ClaimTest`]).
//!
//! A condition (`when`) that has no answer is another.
//!
//! Nothing here allocates for a caller who is allowed, but for conditions that make values and long lists of which a caller
//! needs `all`; the words of a refusal are put together when it happens.

mod answers;
mod automaton;
mod challenge;
mod claim;
mod decisive;
mod ends;
#[expect(
    clippy::wildcard_enum_match_arm,
    reason = "an operator is made for the types that it names, and a new one must not become one of them by itself"
)]
mod expression;
mod facts;
mod listed;
mod literal;
mod name;
mod pattern;
mod permit;
mod possible;
mod requirement;
mod terms;
#[cfg(test)]
mod tests;
mod written;

use crate::authn::Principal;

use answers::Answers;
pub use challenge::is_scope_token;
pub use claim::{ClaimTerm, ClaimTest, ClaimTestError};
pub use decisive::{Decisive, decisive};
pub use ends::{Open, open_ends};
pub use expression::{Expression, Fault, Mistake, Mistakes, Outline};
pub use facts::RequestFacts;
pub use literal::{Literal, LiteralError, Literals};
pub use name::{NameTest, NameTestError, Quantifier};
pub use pattern::{Pattern, PatternError};
pub use permit::Permit;
pub use possible::{Impossible, impossible};
pub use requirement::{NamedPolicy, Requirement};
pub use terms::{Spared, Term, terms};

/// Lets a caller pass who meets the requirement. The only way from a [`Principal`] to a [`Permit`].
pub fn authorize(
    requirement: &Requirement,
    principal: Principal,
    facts: &RequestFacts<'_>,
) -> Result<Permit, Denied> {
    let mut answers = Answers::default();
    let mut ask = |condition: &Expression| answers.note(condition.evaluate(&principal, facts));
    match requirement.decide(&principal, true, &mut ask) {
        Ok(true) => Ok(Permit::granted(principal)),
        // What cannot be decided is not mended by scopes.
        Err(_) => Err(Denied { principal, scope: None }),
        Ok(false) => {
            let mut replay = answers.replay();
            let mut again = |condition: &Expression| {
                replay().unwrap_or_else(|| condition.evaluate(&principal, facts) == Ok(true))
            };
            let scope = challenge::scope(requirement, &principal, &mut again);
            Err(Denied { principal, scope })
        }
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
