//! Headers with which a client makes an upstream see another path or method than the one that was authorized.
//!
//! Frameworks obey them without being asked (`X-Original-URL` and `X-Rewrite-URL` in ASP.NET and Symfony,
//! `X-HTTP-Method-Override` and its kin in Rails, Express and others), so a request for `GET /public` becomes
//! `DELETE /admin` behind the gate. They go, in every spelling, unless a route's `identity.allow` lists them; then they pass in that
//! spelling alone.

use std::fmt;

use http::HeaderName;

use super::folded::same;

/// A header that overrides what the request line says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Override {
    /// `X-Original-URL`
    OriginalUrl,
    /// `X-Rewrite-URL`
    RewriteUrl,
    /// `X-HTTP-Method-Override`
    HttpMethodOverride,
    /// `X-Method-Override`
    MethodOverride,
    /// `X-HTTP-Method`
    HttpMethod,
}

impl Override {
    /// All there are.
    pub const ALL: [Self; 5] = [
        Self::OriginalUrl,
        Self::RewriteUrl,
        Self::HttpMethodOverride,
        Self::MethodOverride,
        Self::HttpMethod,
    ];

    /// From an entry of `identity.allow`, in upper or lower case. No other header can be allowed there.
    pub fn parse(name: &str) -> Result<Self, OverrideError> {
        let found = Self::ALL.into_iter().find(|known| known.name().eq_ignore_ascii_case(name));
        found.ok_or_else(|| OverrideError(name.to_owned()))
    }

    /// The name, as it is usually written.
    pub fn name(self) -> &'static str {
        match self {
            Self::OriginalUrl => "X-Original-URL",
            Self::RewriteUrl => "X-Rewrite-URL",
            Self::HttpMethodOverride => "X-HTTP-Method-Override",
            Self::MethodOverride => "X-Method-Override",
            Self::HttpMethod => "X-HTTP-Method",
        }
    }

    /// Whether a header of this name may make an upstream see another method than the request's.
    pub fn is_of_method(name: &HeaderName) -> bool {
        match Self::spelled(name.as_str().as_bytes()) {
            Some(Self::HttpMethodOverride | Self::MethodOverride | Self::HttpMethod) => true,
            Some(Self::OriginalUrl | Self::RewriteUrl) | None => false,
        }
    }

    /// Whether this is a spelling of its name other than its own; case makes none.
    pub(super) fn is_disguised_as(self, name: &HeaderName) -> bool {
        let name = name.as_str().as_bytes();
        same(self.name().as_bytes(), name) && !self.name().as_bytes().eq_ignore_ascii_case(name)
    }

    /// The one of which this is a spelling.
    pub(in crate::upstream) fn spelled(name: &[u8]) -> Option<Self> {
        Self::ALL.into_iter().find(|known| same(known.name().as_bytes(), name))
    }
}

impl fmt::Display for Override {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// A header that `allow` cannot list, because nothing would remove it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "`{0}` cannot be allowed; only headers that override the path or method can: X-Original-URL, X-Rewrite-URL, \
     X-HTTP-Method-Override, X-Method-Override, X-HTTP-Method"
)]
pub struct OverrideError(String);
