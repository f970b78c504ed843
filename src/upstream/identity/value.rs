//! Where the value of an identity header comes from.

use std::sync::Arc;

use crate::authn::json::Json;
use crate::authn::{ClaimPath, Names, Principal};

/// The source of an identity header.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum IdentityValue {
    /// `claims.PATH`: a claim of the token.
    Claim(ClaimPath),
    /// `roles`: the caller's roles, a list.
    Roles,
    /// `scopes`: the caller's scopes, a list.
    Scopes,
    /// `issuer`: the configured name of the token's issuer.
    Issuer,
    /// `issuer_tenant`: which of its issuer's tenants the token is of.
    IssuerTenant,
    /// `path.NAME`: the segment that the route's path captured.
    Capture(Arc<str>),
}

impl IdentityValue {
    /// From the value below `identity.headers`, or that of `from`.
    pub fn parse(text: &str) -> Result<Self, IdentityValueError> {
        let unknown = || IdentityValueError(text.to_owned());
        match text.split_once('.') {
            Some(("claims", path)) => ClaimPath::parse(path).map(Self::Claim).map_err(|_| unknown()),
            Some(("path", name)) if !name.is_empty() => Ok(Self::Capture(name.into())),
            Some(_) => Err(unknown()),
            None => match text {
                "roles" => Ok(Self::Roles),
                "scopes" => Ok(Self::Scopes),
                "issuer" => Ok(Self::Issuer),
                "issuer_tenant" => Ok(Self::IssuerTenant),
                _ => Err(unknown()),
            },
        }
    }

    /// From a list of steps, of which the first is `claims`; the others may hold dots.
    pub fn from_steps(steps: &[String]) -> Result<Self, IdentityValueError> {
        let unknown = || IdentityValueError(steps.join(", "));
        match steps.split_first() {
            Some((first, rest)) if first == "claims" => {
                ClaimPath::from_steps(rest).map(Self::Claim).map_err(|_| unknown())
            }
            _ => Err(unknown()),
        }
    }

    /// What it is for this caller, or nothing.
    pub(super) fn of<'a>(
        &self,
        principal: &'a Principal,
        capture: impl Fn(&str) -> Option<&'a str>,
    ) -> Option<Source<'a>> {
        match self {
            Self::Claim(path) => path.find(principal.claims()).map(Source::Claim),
            Self::Roles => Some(Source::Names(principal.roles())),
            Self::Scopes => Some(Source::Names(principal.scopes())),
            Self::Issuer => Some(Source::Text(principal.issuer())),
            Self::IssuerTenant => principal.issuer_tenant().map(Source::Text),
            Self::Capture(name) => capture(name).map(Source::Text),
        }
    }
}

/// A value before it is put into its format.
#[derive(Debug, Clone, Copy)]
pub(super) enum Source<'a> {
    Claim(Json<'a>),
    Names(Names<'a>),
    Text(&'a str),
}

/// No source of an identity header.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "`{0}` is no identity value; use `claims.PATH`, `roles`, `scopes`, `issuer`, `issuer_tenant` or `path.NAME`"
)]
pub struct IdentityValueError(String);
