//! A verified caller.
use std::sync::Arc;

use serde_json::{Map, Value};

/// A verified caller: proof that a token passed every check of its issuer. Only this module's folder makes one.
#[derive(Debug, Clone)]
pub struct Principal {
    verified: Arc<Verified>,
}

/// What a verified token says.
#[derive(Debug)]
pub(super) struct Verified {
    pub(super) issuer: Arc<str>,
    pub(super) roles: Vec<String>,
    pub(super) scopes: Vec<String>,
    pub(super) claims: Map<String, Value>,
}

impl Principal {
    /// The configured name of the token's issuer.
    pub fn issuer(&self) -> &Arc<str> {
        &self.verified.issuer
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
    /// A caller for the unit tests of later stages.
    #[cfg(test)]
    pub(crate) fn for_test(issuer: &str, roles: &[&str], scopes: &[&str], claims: Value) -> Self {
        let Value::Object(claims) = claims else { panic!("claims are an object") };
        let owned = |names: &[&str]| names.iter().map(|&name| name.to_owned()).collect();
        Self {
            verified: Arc::new(Verified {
                issuer: issuer.into(),
                roles: owned(roles),
                scopes: owned(scopes),
                claims,
            }),
        }
    }
}
