//! Which tokens a route takes, before any policy.

use std::sync::Arc;

/// Which of the verified tokens a route takes.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Admission {
    /// The configured names of the issuers; None: all.
    pub issuers: Option<Vec<Arc<str>>>,
    /// Narrows the issuers' own audiences; None: it does not.
    pub audiences: Option<Vec<String>>,
}

impl Admission {
    pub(super) fn takes(&self, issuer: &str) -> bool {
        self.issuers.as_ref().is_none_or(|issuers| issuers.iter().any(|name| **name == *issuer))
    }
}
