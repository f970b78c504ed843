//! Every way to say no, and what the client and the operator are told of it.
//!
//! Each stage has its own error; here they meet. The three mappings below are exhaustive on purpose: a new error does not
//! compile until somebody has decided its status, its reason and its challenge.

use std::time::Duration;

use http::StatusCode;

use crate::authn::{self, CredentialError, Principal};
use crate::authz::Denied;
use crate::listener::Refusal;
use crate::route::Ambiguous;
use crate::upstream::{self, Unidentified};

/// Why a request is answered by the gateway itself.
#[derive(Debug, thiserror::Error)]
pub enum Rejection {
    /// The target can be read in more than one way.
    #[error("the request target is ambiguous")]
    Target(#[source] Ambiguous),
    /// No route has the host and path.
    #[error("no route matches")]
    RouteNotFound,
    /// A route has the host and path, but none takes the method.
    #[error("the route does not take the method")]
    MethodNotAllowed {
        /// The methods that are taken, as the field `Allow` lists them.
        allow: String,
    },
    /// The credential cannot be told.
    #[error("the credential cannot be read")]
    Credential(CredentialError),
    /// A cookie is the credential, and another site may have caused the request.
    #[error("the request may come from another site")]
    CrossSite,
    /// There is no token, and the route needs one.
    #[error("no token")]
    TokenMissing,
    /// The token does not prove who the caller is.
    #[error("the token is not accepted")]
    Token(#[source] authn::Error),
    /// The caller is known and not allowed.
    #[error("the policy is not met")]
    Policy(Denied),
    /// The caller is allowed, and the upstream cannot be told who it is.
    #[error("the identity cannot be sent")]
    Identity(#[source] Unidentified),
    /// The request could not be carried.
    #[error("the request could not be forwarded")]
    Upstream(#[source] upstream::Error),
    /// The HTTP parser rejected the message and has answered it.
    #[error("the message is not HTTP")]
    Parser(Refusal),
}

impl Rejection {
    /// The status of the answer.
    pub fn status(&self) -> StatusCode {
        match self {
            Self::Target(_)
            | Self::Credential(_)
            | Self::Upstream(upstream::Error::RequestMalformed(_) | upstream::Error::ClientClosed(_))
            | Self::Parser(Refusal::RequestMalformed) => StatusCode::BAD_REQUEST,
            Self::RouteNotFound => StatusCode::NOT_FOUND,
            Self::MethodNotAllowed { .. } => StatusCode::METHOD_NOT_ALLOWED,
            Self::Token(authn::Error::KeysUnavailable { .. }) => StatusCode::SERVICE_UNAVAILABLE,
            Self::TokenMissing | Self::Token(_) => StatusCode::UNAUTHORIZED,
            Self::CrossSite | Self::Policy(_) | Self::Identity(_) => StatusCode::FORBIDDEN,
            Self::Upstream(upstream::Error::Unavailable(_)) => StatusCode::BAD_GATEWAY,
            Self::Upstream(upstream::Error::TimedOut) => StatusCode::GATEWAY_TIMEOUT,
            Self::Parser(Refusal::HeaderTooLarge) => StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE,
            Self::Parser(Refusal::RequestTimeout) | Self::Upstream(upstream::Error::RequestTimedOut) => {
                StatusCode::REQUEST_TIMEOUT
            }
        }
    }

    /// The status as it is recorded: none where nobody is there to get an answer.
    pub fn recorded_status(&self) -> Option<StatusCode> {
        let gone = matches!(self, Self::Upstream(upstream::Error::ClientClosed(_)));
        (!gone).then(|| self.status())
    }

    /// The reason code: one stable word, the same in the log and the metrics.
    pub fn reason(&self) -> &'static str {
        match self {
            Self::Target(_) => "target_ambiguous",
            Self::RouteNotFound => "route_not_found",
            Self::MethodNotAllowed { .. } => "method_not_allowed",
            Self::Credential(CredentialError::Malformed) => "credential_malformed",
            Self::Credential(CredentialError::Ambiguous) => "credential_ambiguous",
            Self::CrossSite => "cross_site",
            Self::TokenMissing => "token_missing",
            Self::Token(error) => token_reason(error),
            Self::Policy(_) => POLICY_DENIED,
            Self::Identity(_) => "identity_unsendable",
            Self::Upstream(upstream::Error::Unavailable(_)) => "upstream_unavailable",
            Self::Upstream(upstream::Error::TimedOut) => "upstream_timeout",
            Self::Upstream(upstream::Error::ClientClosed(_)) => "client_closed",
            Self::Parser(Refusal::RequestMalformed)
            | Self::Upstream(upstream::Error::RequestMalformed(_)) => "request_malformed",
            Self::Parser(Refusal::HeaderTooLarge) => "header_too_large",
            Self::Parser(Refusal::RequestTimeout) | Self::Upstream(upstream::Error::RequestTimedOut) => {
                "request_timeout"
            }
        }
    }

    /// The challenge of the answer (RFC 6750 §3), where the credential is what is wrong.
    pub fn challenge(&self) -> Option<String> {
        match self {
            Self::TokenMissing => Some("Bearer".to_owned()),
            Self::Credential(_) => Some(r#"Bearer error="invalid_request""#.to_owned()),
            Self::Token(error) if !matches!(error, authn::Error::KeysUnavailable { .. }) => {
                Some(r#"Bearer error="invalid_token""#.to_owned())
            }
            Self::Policy(Denied { scope: None, .. }) => {
                Some(r#"Bearer error="insufficient_scope""#.to_owned())
            }
            Self::Policy(Denied { scope: Some(scope), .. }) => {
                Some(format!(r#"Bearer error="insufficient_scope", scope="{scope}""#))
            }
            Self::Token(_)
            | Self::CrossSite
            | Self::Identity(_)
            | Self::Target(_)
            | Self::RouteNotFound
            | Self::MethodNotAllowed { .. }
            | Self::Upstream(_)
            | Self::Parser(_) => None,
        }
    }

    /// The caller, where it was verified and refused all the same.
    pub fn principal(&self) -> Option<&Principal> {
        match self {
            Self::Policy(denied) => Some(&denied.principal),
            Self::Identity(unidentified) => unidentified.permit().principal(),
            Self::Target(_)
            | Self::RouteNotFound
            | Self::MethodNotAllowed { .. }
            | Self::Credential(_)
            | Self::CrossSite
            | Self::TokenMissing
            | Self::Token(_)
            | Self::Upstream(_)
            | Self::Parser(_) => None,
        }
    }

    /// When the client may try again.
    pub fn retry_after(&self) -> Option<Duration> {
        if let Self::Token(authn::Error::KeysUnavailable { retry_after }) = self {
            Some(*retry_after)
        } else {
            None
        }
    }

    /// Whether the request had been allowed when it failed.
    pub fn was_allowed(&self) -> bool {
        matches!(
            self,
            Self::Upstream(
                upstream::Error::Unavailable(_)
                    | upstream::Error::TimedOut
                    | upstream::Error::ClientClosed(_)
            )
        )
    }
}

fn token_reason(error: &authn::Error) -> &'static str {
    match error {
        authn::Error::TokenTooLarge => "token_too_large",
        authn::Error::TokenMalformed => "token_malformed",
        authn::Error::CriticalHeaderUnsupported => "critical_header_unsupported",
        authn::Error::IssuerUnknown => "issuer_unknown",
        authn::Error::IssuerNotAllowed => "issuer_not_allowed",
        authn::Error::AlgorithmNotAllowed => "algorithm_not_allowed",
        authn::Error::TokenTypeNotAllowed => "token_type_not_allowed",
        authn::Error::KeyUnknown => "key_unknown",
        authn::Error::KeyUnsuitable => "key_unsuitable",
        authn::Error::KeysUnavailable { .. } => "keys_unavailable",
        authn::Error::SignatureInvalid => "signature_invalid",
        authn::Error::TokenExpired => "token_expired",
        authn::Error::TokenNotYetValid => "token_not_yet_valid",
        authn::Error::TokenTooOld => "token_too_old",
        authn::Error::AudienceMismatch => "audience_mismatch",
        authn::Error::ClaimMissing(_) => "claim_missing",
        authn::Error::ClaimMalformed(_) => "claim_malformed",
        authn::Error::BindingInvalid => "binding_invalid",
    }
}

/// The reason of a caller who does not meet a requirement.
pub(super) const POLICY_DENIED: &str = "policy_denied";

/// The reasons for which a route may refuse a request once it was chosen, and `allowed`: what a route with `enforcement:
/// observe` counts, each from 0.
pub(super) const OBSERVED: &[&str] = &[
    "allowed",
    "credential_malformed",
    "credential_ambiguous",
    "cross_site",
    "token_missing",
    "token_too_large",
    "token_malformed",
    "critical_header_unsupported",
    "issuer_unknown",
    "issuer_not_allowed",
    "algorithm_not_allowed",
    "token_type_not_allowed",
    "key_unknown",
    "key_unsuitable",
    "keys_unavailable",
    "signature_invalid",
    "token_expired",
    "token_not_yet_valid",
    "token_too_old",
    "audience_mismatch",
    "claim_missing",
    "claim_malformed",
    "binding_invalid",
    POLICY_DENIED,
    "identity_unsendable",
];
