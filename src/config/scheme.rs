//! The scheme that clients use, for who decides requests that came by no listener.

use super::document::Document;

impl Document {
    /// That of the first listener: `https` if it does TLS; without TLS it is not known, because a proxy before it may.
    pub(super) fn scheme(&self) -> Option<&'static str> {
        let first = self.listeners.as_ref()?.value.first()?;
        first.tls.as_ref().map(|_| "https")
    }
}
