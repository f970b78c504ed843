//! Identity headers.
use http::{HeaderMap, HeaderName, HeaderValue};

use crate::authn::ClaimPath;
use crate::authz::Permit;
use crate::route::Captures;

/// A route's identity rules.
#[derive(Debug, Default)]
pub struct Identity {
    headers: Vec<(IdentityName, IdentityValue, Format)>,
    forward_token: bool,
}

impl Identity {
    /// From its rules.
    pub fn new(headers: Vec<(IdentityName, IdentityValue, Format)>, forward_token: bool) -> Self {
        Self { headers, forward_token }
    }
    /// Whether the credential is passed on.
    pub fn forward_token(&self) -> bool {
        self.forward_token
    }
    /// Sets the identity headers.
    pub fn render(&self, permit: &Permit, _: &Captures, out: &mut HeaderMap) -> Result<(), Unsendable> {
        for (name, value, Format::Text) in &self.headers {
            let IdentityValue::Claim(path) = value;
            if let Some(text) = permit.principal().and_then(|p| path.find(p.claims())?.as_str()) {
                out.insert(name.0.clone(), HeaderValue::from_str(text).map_err(|_| Unsendable)?);
            }
        }
        Ok(())
    }
}

/// A name.
#[derive(Debug, Clone)]
pub struct IdentityName(HeaderName);
impl IdentityName {
    /// From text.
    pub fn parse(text: &str) -> Result<Self, IdentityNameError> {
        text.parse().map(Self).map_err(|_| IdentityNameError)
    }
}
/// Not a name.
#[derive(Debug, thiserror::Error)]
#[error("not a name")]
pub struct IdentityNameError;
/// A value.
#[derive(Debug)]
pub enum IdentityValue {
    /// A claim.
    Claim(ClaimPath),
}
/// A format.
#[derive(Debug)]
pub enum Format {
    /// As is.
    Text,
}
/// Cannot be sent.
#[derive(Debug, thiserror::Error)]
#[error("cannot be sent")]
pub struct Unsendable;
