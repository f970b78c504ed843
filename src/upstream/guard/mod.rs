//! The headers that clients may not send.
//!
//! Given every identity header that the configuration names anywhere, and the `remove` patterns of a route, says of a
//! header of a request whether it goes. It goes in every spelling that some application server takes for the same
//! name: CGI, WSGI and Rack turn each byte that is no letter and no digit into `_`, others compare without case, so
//! `X_Auth.User` arrives as `X-Auth-User` there (CVE-2025-64484, CVE-2026-33433, CVE-2026-54763).
//!
//! What must stay true: the check knows no longest name, so that no name is too long to be caught, and allocates
//! nothing. It runs for every header of every request, and for trailers, which servers may merge with the headers.

mod folded;
mod overrides;
mod pattern;
mod reserved;
#[cfg(test)]
mod tests;

use http::HeaderName;

use folded::FoldedNames;

pub(super) use folded::same;
pub use overrides::{Override, OverrideError};
pub(super) use pattern::Removals;
pub use pattern::{NamePattern, NamePatternError};
pub(super) use reserved::Reserved;

/// Every identity header of the whole configuration: none of them may come from a client, on any route.
#[derive(Debug)]
pub struct Guard {
    names: FoldedNames,
}

impl Guard {
    /// From the names of the identity headers of all routes, and of the section for all routes, used or not.
    pub fn new<'a>(names: impl Iterator<Item = &'a HeaderName>) -> Self {
        Self { names: FoldedNames::new(names.map(|name| name.as_str().as_bytes())) }
    }

    /// Whether a header of this name must not come from a client.
    pub fn removes(&self, name: &HeaderName) -> bool {
        self.names.contains(name)
    }
}
