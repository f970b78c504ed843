//! The checks, in the order in which they run, and which of them a refusal is of.

use std::fmt;

use serde::{Serialize, Serializer};

/// One check of a request.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Check {
    /// The request target has one meaning.
    Target,
    /// A route has its host and path.
    Route,
    /// The route takes its method.
    Method,
    /// It carries one credential, or none where none is needed.
    Credential,
    /// The token is not too large.
    Size,
    /// The token is a compact JWS of two JSON objects.
    Form,
    /// Its header asks for nothing that is not understood.
    Critical,
    /// Its `iss` is a configured issuer's.
    Issuer,
    /// The route takes tokens of this issuer.
    RouteIssuers,
    /// Its `alg` is one of the issuer's.
    Algorithm,
    /// Its `typ` is one of the issuer's.
    Type,
    /// The issuer has a key for it.
    Key,
    /// That key has made its signature.
    Signature,
    /// `exp` is ahead.
    Expiry,
    /// `nbf` has come.
    NotBefore,
    /// `iat` has come.
    IssuedAt,
    /// `iat` is not too long ago.
    MaxAge,
    /// `aud` holds one of the audiences.
    Audience,
    /// Required claims are there, and claims have the types that they must have.
    RequiredClaims,
    /// It is not bound to a sender.
    Binding,
    /// The requirement is met.
    Policy,
    /// A part of the requirement.
    Term(String),
    /// The upstream can be told who calls.
    Identity,
}

impl Check {
    /// Those that a request goes through, in order; the terms of a policy come after it.
    pub(super) const ALL: [Self; 22] = [
        Self::Target,
        Self::Route,
        Self::Method,
        Self::Credential,
        Self::Size,
        Self::Form,
        Self::Critical,
        Self::Issuer,
        Self::RouteIssuers,
        Self::Algorithm,
        Self::Type,
        Self::Key,
        Self::Signature,
        Self::Expiry,
        Self::NotBefore,
        Self::IssuedAt,
        Self::MaxAge,
        Self::Audience,
        Self::RequiredClaims,
        Self::Binding,
        Self::Policy,
        Self::Identity,
    ];

    /// Its name, stable.
    pub fn name(&self) -> &str {
        match self {
            Self::Target => "target",
            Self::Route => "route",
            Self::Method => "method",
            Self::Credential => "credential",
            Self::Size => "size",
            Self::Form => "form",
            Self::Critical => "crit",
            Self::Issuer => "iss",
            Self::RouteIssuers => "issuers",
            Self::Algorithm => "alg",
            Self::Type => "typ",
            Self::Key => "key",
            Self::Signature => "signature",
            Self::Expiry => "exp",
            Self::NotBefore => "nbf",
            Self::IssuedAt => "iat",
            Self::MaxAge => "max_age",
            Self::Audience => "aud",
            Self::RequiredClaims => "required_claims",
            Self::Binding => "cnf",
            Self::Policy => "policy",
            Self::Term(path) => path,
            Self::Identity => "identity",
        }
    }
}

impl fmt::Display for Check {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl Serialize for Check {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.name())
    }
}
