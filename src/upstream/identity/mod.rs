//! Who is calling, told to the upstream: a route's identity headers.
//!
//! Given a permit and the captures of the path, writes the headers that the route names, each from its source in its
//! format. What is absent, or an empty list, sets no header. What cannot arrive unchanged in its format refuses the
//! request ([`Unsendable`]), because an upstream that misreads who is calling is worse than one that is not called.
//! Without a verified caller (public routes, anonymous requests) nothing is written, captures neither: upstreams take
//! these headers for verified, and on such a route nobody has compared `path.tenant` with anything.
//!
//! What must stay true: the client's own headers of these names are gone before (see [`super::Guard`] and
//! [`Identity::removes`]), and what is written here is written last.

mod format;
mod name;
mod value;
#[cfg(test)]
mod tests;

use http::{HeaderName, HeaderValue};

use super::guard::{NamePattern, Override, Removals};
use crate::authz::Permit;
use crate::route::Captures;

pub use format::Format;
pub use name::{IdentityName, IdentityNameError};
pub use value::{IdentityValue, IdentityValueError};

/// A route's identity rules, compiled.
#[derive(Debug)]
pub struct Identity {
    headers: Box<[(IdentityName, IdentityValue, Format)]>,
    forward_token: bool,
    removals: Removals,
}

impl Identity {
    /// From the section `identity` that holds for the route. The names must not clash ([`IdentityName::clashes`]).
    pub fn new(
        headers: Vec<(IdentityName, IdentityValue, Format)>,
        forward_token: bool,
        remove: Vec<NamePattern>,
        allow: &[Override],
    ) -> Self {
        Self { headers: headers.into(), forward_token, removals: Removals::new(remove, allow) }
    }

    /// The names that it sets, for [`super::Guard::new`].
    pub fn names(&self) -> impl Iterator<Item = &IdentityName> {
        self.headers.iter().map(|(name, ..)| name)
    }

    /// Whether the credential goes on to the upstream.
    pub fn forwards_token(&self) -> bool {
        self.forward_token
    }

    /// Whether the route removes a header of this name from what the client sent, beside the identity headers.
    pub fn removes(&self, name: &HeaderName) -> bool {
        self.removals.contains(name)
    }

    /// The headers of this caller, each name once.
    pub(super) fn headers(
        &self,
        permit: &Permit,
        captures: &Captures,
    ) -> Result<Vec<(HeaderName, HeaderValue)>, Unsendable> {
        self.headers_with(permit, |name| captures.value(name))
    }

    fn headers_with<'a>(
        &'a self,
        permit: &'a Permit,
        capture: impl Fn(&str) -> Option<&'a str>,
    ) -> Result<Vec<(HeaderName, HeaderValue)>, Unsendable> {
        let Some(principal) = permit.principal() else { return Ok(Vec::new()) };
        let mut out = Vec::with_capacity(self.headers.len());
        for (name, value, format) in &self.headers {
            let Some(source) = value.of(principal, &capture) else { continue };
            match format.encode(source) {
                Ok(Some(encoded)) => out.push((name.header().clone(), encoded)),
                Ok(None) => {}
                Err(_) => return Err(Unsendable { header: name.header().clone() }),
            }
        }
        Ok(out)
    }
}

impl Default for Identity {
    /// No identity headers, no token; overriding headers are removed.
    fn default() -> Self {
        Self::new(Vec::new(), false, Vec::new(), &[])
    }
}

/// An identity header whose value cannot be sent in its format: the request is refused (`identity_unsendable`).
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the value of the identity header {header} cannot be sent in its format")]
pub struct Unsendable {
    /// Which header. The value belongs in no message.
    pub header: HeaderName,
}
