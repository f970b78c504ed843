//! The proof of authorization.

use crate::authn::Principal;

/// Proof that a request may reach an upstream. Private, not `Clone`, consumed by `Forward::send`.
#[derive(Debug)]
pub struct Permit {
    principal: Option<Principal>,
}

impl Permit {
    /// For a route whose `access` is `public`, and for nothing else: only `proxy::decide` may call it.
    pub fn public() -> Self {
        Self { principal: None }
    }
    /// For a request without a token on a route whose `access` is `optional`: only `proxy::decide` may call it.
    pub fn anonymous() -> Self {
        Self { principal: None }
    }
    /// For a request that a route with `enforcement: observe` lets pass although it would be refused; `principal` is who
    /// was verified nevertheless. Only `proxy::decide` may call it.
    pub fn observed(principal: Option<Principal>) -> Self {
        Self { principal }
    }
    /// For a caller who met the requirement.
    pub(super) fn granted(principal: Principal) -> Self {
        Self { principal: Some(principal) }
    }
    /// The verified caller, where there is one.
    pub fn principal(&self) -> Option<&Principal> {
        self.principal.as_ref()
    }
}
