//! A permit together with the identity headers that go with it.
//!
//! The last check of a decision: what cannot be sent is found here, before anything is sent, so that whoever only
//! decides finds it as well. What must stay true: the headers are those of this very permit, and nothing else makes them.

use http::{HeaderName, HeaderValue};

use super::identity::{Identity, Unsendable};
use crate::authz::Permit;
use crate::route::Captures;

/// A request that may be sent on, and whose it is said to be.
#[derive(Debug)]
pub struct Identified {
    permit: Permit,
    headers: Vec<(HeaderName, HeaderValue)>,
}

impl Identified {
    /// The headers that `identity` asks for, of the caller that the permit proves.
    pub(super) fn new(
        identity: &Identity,
        permit: Permit,
        captures: &Captures,
    ) -> Result<Self, Unidentified> {
        match identity.headers(&permit, captures) {
            Ok(headers) => Ok(Self { permit, headers }),
            Err(source) => Err(Unidentified { permit, source }),
        }
    }

    /// The permit.
    pub fn permit(&self) -> &Permit {
        &self.permit
    }

    /// The identity headers, in the order of the configuration; each name once.
    pub fn headers(&self) -> &[(HeaderName, HeaderValue)] {
        &self.headers
    }
}

/// Somebody who may pass, and of whom the upstream cannot be told: 403 `identity_unsendable`.
#[derive(Debug, thiserror::Error)]
#[error("the caller cannot be named to the upstream")]
pub struct Unidentified {
    permit: Permit,
    source: Unsendable,
}

impl Unidentified {
    /// The permit that is not used.
    pub fn permit(&self) -> &Permit {
        &self.permit
    }

    /// Which header it is.
    pub fn header(&self) -> &HeaderName {
        &self.source.header
    }
}
