//! The headers that clients may not send.
//!
//! Given every identity header that the configuration names anywhere, and the `remove` patterns of a route, says of a
//! header of a request whether it goes. It goes in every spelling that some application server takes for the same
//! name: CGI, WSGI and Rack turn each byte that is no letter and no digit into `_`, others compare without case, so
//! `X_Auth.User` arrives as `X-Auth-User` there (CVE-2025-64484, CVE-2026-33433, CVE-2026-54763).
//!
//! What must stay true: the check knows no longest name, so that no name is too long to be caught, and allocates
//! nothing. It runs for every header of every request, and for trailers, which servers may merge with the headers.
//! The places of credentials are taken out beside them ([`concealed`]), and on a route whose conditions look at a header
//! its other spellings ([`watched`]).

mod concealed;
mod folded;
mod overrides;
mod pattern;
mod reserved;
#[cfg(test)]
mod tests;
mod watched;

use http::HeaderName;

use crate::authn::Credentials;

use concealed::Concealed;
use folded::FoldedNames;

pub(super) use concealed::{keeps_authorization, keeps_header};
pub(super) use folded::same;
pub use overrides::{Override, OverrideError};
pub(super) use pattern::Removals;
pub use pattern::{NamePattern, NamePatternError};
pub(super) use reserved::Reserved;
pub use watched::Watched;

/// What must not go from a client to an upstream, on any route: every identity header of the whole configuration, and
/// every place of a credential.
#[derive(Debug)]
pub struct Guard {
    names: FoldedNames,
    concealed: Concealed,
}

impl Guard {
    /// From the names of the identity headers of all routes, and of the section for all routes, used or not.
    pub fn new<'a>(names: impl Iterator<Item = &'a HeaderName>) -> Self {
        let names = FoldedNames::new(names.map(|name| name.as_str().as_bytes()));
        Self { names, concealed: Concealed::default() }
    }

    /// The same, with the places of the credentials of all routes.
    #[must_use]
    pub fn concealing<'a>(self, credentials: impl Iterator<Item = &'a Credentials>) -> Self {
        Self { concealed: Concealed::new(credentials), ..self }
    }

    /// Whether a header of this name must not come from a client.
    pub fn removes(&self, name: &HeaderName) -> bool {
        self.names.contains(name) || self.concealed.removes(name)
    }

    pub(super) fn concealed(&self) -> &Concealed {
        &self.concealed
    }

    /// Why a header cannot hold a credential or an identity: the second half of a sentence that begins with its name.
    pub fn reserved(name: &HeaderName) -> Option<&'static str> {
        Reserved::of(name.as_str().as_bytes()).map(Reserved::why)
    }

    /// Whether an upstream may take both names for one.
    pub fn is_one(one: &HeaderName, other: &HeaderName) -> bool {
        same(one.as_str().as_bytes(), other.as_str().as_bytes())
    }
}
