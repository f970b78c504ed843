//! Why a token is refused.

use std::borrow::Cow;
use std::sync::Arc;
use std::time::Duration;

use super::credential::CredentialError;
use super::keys::KeyFailure;

/// Why a token is refused: the first check that failed, in the order in which they run.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// Longer than `limits` allow, or its header is.
    #[error("token too large")]
    TokenTooLarge,
    /// Not a compact JWS of two JSON objects.
    #[error("token malformed")]
    TokenMalformed,
    /// Its header has `crit`, and nothing that could be named there is implemented.
    #[error("critical header parameter not supported")]
    CriticalHeaderUnsupported,
    /// `iss` names no configured issuer.
    #[error("issuer not configured")]
    IssuerUnknown,
    /// The route does not take tokens of this issuer.
    #[error("issuer not allowed on this route")]
    IssuerNotAllowed,
    /// `alg` is not one of the issuer's, or not one at all.
    #[error("algorithm not allowed")]
    AlgorithmNotAllowed,
    /// `typ` is not one of the issuer's.
    #[error("token type not allowed")]
    TokenTypeNotAllowed,
    /// The issuer has no key of this `kid`.
    #[error("signing key not known")]
    KeyUnknown,
    /// The key is for other algorithms.
    #[error("signing key not suitable for the algorithm")]
    KeyUnsuitable,
    /// The issuer's keys could not be had, so that nothing can be said about the token.
    #[error("signing keys not available")]
    KeysUnavailable {
        /// When it is worth asking again.
        retry_after: Duration,
    },
    /// No key of the issuer made this signature.
    #[error("signature invalid")]
    SignatureInvalid,
    /// `exp` has passed.
    #[error("token expired")]
    TokenExpired,
    /// `nbf` or `iat` is still ahead.
    #[error("token not yet valid")]
    TokenNotYetValid,
    /// `iat` is longer ago than `max_age`.
    #[error("token too old")]
    TokenTooOld,
    /// `aud` holds none of the audiences asked for.
    #[error("audience mismatch")]
    AudienceMismatch,
    /// A claim that must be there is not; `null` counts as absent.
    #[error("claim `{0}` missing")]
    ClaimMissing(Cow<'static, str>),
    /// A claim is of a wrong type or out of range.
    #[error("claim `{0}` malformed")]
    ClaimMalformed(Cow<'static, str>),
    /// The token is bound to a sender, and that binding is not verified here.
    #[error("sender binding not verified")]
    BindingInvalid,
}

impl From<KeyFailure> for Error {
    fn from(failure: KeyFailure) -> Self {
        match failure {
            KeyFailure::Unknown => Self::KeyUnknown,
            KeyFailure::Unsuitable => Self::KeyUnsuitable,
            KeyFailure::Unavailable { retry_after } => Self::KeysUnavailable { retry_after },
        }
    }
}

/// Why nobody is behind what a request carries as its token.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(transparent)]
pub enum Unauthenticated {
    /// It is no token.
    Credential(#[from] CredentialError),
    /// It is a token, and refused.
    Token(#[from] Failure),
}

/// A refused token: why, and whose it claims to be.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{error}")]
pub struct Failure {
    /// The configured name of the issuer that the token names, whether or not it is its.
    pub issuer: Option<Arc<str>>,
    /// Why it is refused.
    pub error: Error,
}
