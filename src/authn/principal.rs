//! A verified caller.

use std::sync::Arc;

use serde_json::{Map, Value};

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
    pub(super) tenant: Option<String>,
    pub(super) roles: Vec<String>,
    pub(super) scopes: Vec<String>,
    pub(super) claims: Map<String, Value>,
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

    /// Which of its issuer's tenants the token is of, as a list of none or one; from `iss` alone.
    pub fn issuer_tenant(&self) -> &[String] {
        self.verified.tenant.as_slice()
    }

    /// The claim `sub`, where it is a string.
    pub fn subject(&self) -> Option<&str> {
        self.verified.claims.get("sub").and_then(Value::as_str)
    }

    /// The roles, from where the issuer puts them.
    pub fn roles(&self) -> &[String] {
        &self.verified.roles
    }

    /// The scopes, from where the issuer puts them.
    pub fn scopes(&self) -> &[String] {
        &self.verified.scopes
    }

    /// All claims of the token.
    pub fn claims(&self) -> &Map<String, Value> {
        &self.verified.claims
    }

    /// The same, of a tenant.
    #[cfg(test)]
    pub(crate) fn of_tenant(self, tenant: &str) -> Self {
        let verified = self.verified;
        let Ok(mut verified) = Arc::try_unwrap(verified) else { panic!("a caller of nobody else's") };
        verified.tenant = Some(tenant.to_owned());
        Self::new(Arc::new(verified))
    }

    /// A caller for the unit tests of later stages.
    #[cfg(test)]
    pub(crate) fn for_test(issuer: &str, roles: &[&str], scopes: &[&str], claims: Value) -> Self {
        let Value::Object(claims) = claims else { panic!("claims are an object") };
        let owned = |names: &[&str]| names.iter().map(|&name| name.to_owned()).collect();
        let (roles, scopes) = (owned(roles), owned(scopes));
        Self::new(Arc::new(Verified {
            issuer: issuer.into(),
            tenant: None,
            roles,
            scopes,
            claims,
            validity: Validity::endless(),
        }))
    }
}

impl Verified {
    /// About how many bytes it takes on the heap: what allocators and trees add is counted in, rounded up, so that a
    /// bound on the sum is a bound on memory.
    pub(super) fn size(&self) -> usize {
        let names = |names: &[String]| names.iter().map(|name| ALLOCATION + name.capacity()).sum::<usize>();
        size_of::<Self>()
            + names(self.tenant.as_slice())
            + names(&self.roles)
            + names(&self.scopes)
            + members_size(&self.claims)
    }
}

fn members_size(members: &Map<String, Value>) -> usize {
    // a node of the tree has room for 11 members and is at least half full, but for the only one
    let nodes = members.len() / 6 + usize::from(!members.is_empty());
    let node = 11 * (size_of::<String>() + size_of::<Value>()) + ALLOCATION;
    let heap = |(name, value): (&String, &Value)| ALLOCATION + name.capacity() + value_size(value);
    nodes * node + members.iter().map(heap).sum::<usize>()
}

fn value_size(value: &Value) -> usize {
    match value {
        Value::Null | Value::Bool(_) | Value::Number(_) => 0,
        Value::String(text) => ALLOCATION + text.capacity(),
        Value::Array(values) => {
            ALLOCATION + values.capacity() * size_of::<Value>() + values.iter().map(value_size).sum::<usize>()
        }
        Value::Object(members) => members_size(members),
    }
}

/// What an allocation costs beside its bytes: the allocator's header and its rounding up.
const ALLOCATION: usize = 24;
