//! A verified caller.

use std::sync::Arc;

#[cfg(test)]
use serde_json::Value;

use super::json::{Document, Json, Object, Span, Word};
use super::names::Names;
use super::validity::Validity;

/// A verified caller: proof that a token passed every check of its issuer. Only this module's folder makes one.
#[derive(Debug, Clone)]
pub struct Principal {
    verified: Arc<Verified>,
}

/// What a verified token says.
#[derive(Debug)]
pub(super) struct Verified {
    pub(super) issuer: Arc<str>,
    pub(super) claims: Document,
    /// Where the roles stand in the claims, then the scopes.
    pub(super) names: Box<[Word]>,
    /// How many of the names are roles.
    pub(super) roles: usize,
    /// Where the tenant stands in the claims.
    pub(super) tenant: Option<Span>,
    pub(super) validity: Validity,
}

impl Principal {
    pub(super) fn new(verified: Arc<Verified>) -> Self {
        Self { verified }
    }

    /// The configured name of the token's issuer.
    pub fn issuer(&self) -> &Arc<str> {
        &self.verified.issuer
    }

    /// Which of its issuer's tenants the token is of; from `iss` alone.
    pub fn issuer_tenant(&self) -> Option<&str> {
        self.verified.tenant.map(|tenant| self.verified.claims.text(tenant))
    }

    /// The claim `sub`, where it is a string.
    pub fn subject(&self) -> Option<&str> {
        self.claims().get("sub").and_then(Json::as_str)
    }

    /// The roles, from where the issuer puts them.
    pub fn roles(&self) -> Names<'_> {
        let Verified { claims, names, roles, .. } = &*self.verified;
        Names::new(claims, names.get(..*roles).unwrap_or_default())
    }

    /// The scopes, from where the issuer puts them.
    pub fn scopes(&self) -> Names<'_> {
        let Verified { claims, names, roles, .. } = &*self.verified;
        Names::new(claims, names.get(*roles..).unwrap_or_default())
    }

    /// All claims of the token.
    pub fn claims(&self) -> Object<'_> {
        self.verified.claims.members()
    }

    /// The same, of a tenant.
    #[cfg(test)]
    pub(crate) fn of_tenant(self, tenant: &str) -> Self {
        let Ok(mut verified) = Arc::try_unwrap(self.verified) else { panic!("a caller of nobody else's") };
        verified.tenant = Some(verified.claims.append(tenant).place());
        Self::new(Arc::new(verified))
    }

    /// A caller for the unit tests of later stages.
    #[cfg(test)]
    pub(crate) fn for_test(issuer: &str, roles: &[&str], scopes: &[&str], claims: Value) -> Self {
        let Value::Object(claims) = claims else { panic!("claims are an object") };
        let mut claims = Document::of(&claims).unwrap();
        let names = roles.iter().chain(scopes).map(|name| claims.append(name)).collect();
        Self::new(Arc::new(Verified {
            issuer: issuer.into(),
            claims,
            names,
            roles: roles.len(),
            tenant: None,
            validity: Validity::endless(),
        }))
    }
}

impl Verified {
    /// About how many bytes it takes on the heap, rounded up: what the allocator adds is counted in, so that a bound on
    /// the sum is a bound on memory.
    pub(super) fn size(&self) -> usize {
        let own = size_of::<Self>() + 2 * size_of::<usize>();
        let allocations = self.claims.sizes().into_iter().chain([own, size_of_val(&*self.names)]);
        allocations.map(|bytes| bytes + ALLOCATION).sum()
    }
}

/// What an allocation costs beside its bytes: the allocator's header and its rounding up.
const ALLOCATION: usize = 24;
