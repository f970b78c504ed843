//! Tokens: right ones in one line, wrong ones with control over every byte.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use serde_json::{Map, Value, json};

use super::keypair::{KeyPair, base64url};

/// Seconds since the epoch.
#[expect(clippy::disallowed_methods, reason = "the tests' one look at the clock")]
pub fn now() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).expect("a clock after 1970");
    i64::try_from(since.as_secs()).expect("a clock before the year 292 billion")
}

/// A token in the making. Starts as one that every check passes: of the issuer, for `orders-api`, for alice, made
/// now, good for five minutes.
#[derive(Debug, Clone)]
pub struct TokenBuilder {
    header: Map<String, Value>,
    claims: Map<String, Value>,
    raw_header: Option<Vec<u8>>,
    raw_payload: Option<Vec<u8>>,
    key: KeyPair,
}

impl TokenBuilder {
    pub fn new(issuer: &str, key: &KeyPair) -> Self {
        let header = json!({ "alg": key.alg, "typ": "JWT", "kid": key.kid });
        let claims = json!({
            "iss": issuer, "aud": "orders-api", "sub": "alice", "iat": now(), "exp": now() + 300,
        });
        let (Value::Object(header), Value::Object(claims)) = (header, claims) else { unreachable!() };
        Self { header, claims, raw_header: None, raw_payload: None, key: key.clone() }
    }

    pub fn subject(self, subject: &str) -> Self {
        self.claim("sub", subject)
    }

    /// The claim `scope`, separated by spaces.
    pub fn scope(self, scope: &str) -> Self {
        self.claim("scope", scope)
    }

    /// The claim `roles`.
    pub fn roles(self, roles: &[&str]) -> Self {
        self.claim("roles", json!(roles))
    }

    pub fn audience(self, audience: impl Into<Value>) -> Self {
        self.claim("aud", audience)
    }

    pub fn expires_in(self, lifetime: Duration) -> Self {
        let seconds = i64::try_from(lifetime.as_secs()).expect("a lifetime");
        self.claim("exp", now() + seconds)
    }

    pub fn expired_by(self, past: Duration) -> Self {
        let seconds = i64::try_from(past.as_secs()).expect("a lifetime");
        self.claim("iat", now() - seconds - 60).claim("exp", now() - seconds)
    }

    pub fn claim(mut self, name: &str, value: impl Into<Value>) -> Self {
        self.claims.insert(name.to_owned(), value.into());
        self
    }

    pub fn without(mut self, claim: &str) -> Self {
        self.claims.remove(claim);
        self
    }

    pub fn header(mut self, name: &str, value: impl Into<Value>) -> Self {
        self.header.insert(name.to_owned(), value.into());
        self
    }

    pub fn without_header(mut self, name: &str) -> Self {
        self.header.remove(name);
        self
    }

    /// The header, byte for byte, in place of what was built.
    pub fn raw_header(mut self, json: impl Into<Vec<u8>>) -> Self {
        self.raw_header = Some(json.into());
        self
    }

    /// The payload, byte for byte, in place of what was built.
    pub fn raw_payload(mut self, json: impl Into<Vec<u8>>) -> Self {
        self.raw_payload = Some(json.into());
        self
    }

    /// The claims as they are now, for payloads made from them by hand.
    pub fn claims_json(&self) -> String {
        Value::Object(self.claims.clone()).to_string()
    }

    /// Signed by the issuer's key.
    pub fn sign(&self) -> String {
        self.signed_with(&self.key)
    }

    /// Signed by any key; the header stays as it was built.
    pub fn signed_with(&self, key: &KeyPair) -> String {
        let message = self.message();
        let signature = key.sign(message.as_bytes());
        format!("{message}.{}", base64url(signature))
    }

    /// Signed by any key, with that key's `alg` and `kid` in the header.
    pub fn forged_with(self, key: &KeyPair) -> String {
        self.header("alg", key.alg).header("kid", key.kid.as_str()).signed_with(key)
    }

    /// Signed, and the subject then changed to another.
    pub fn tampered(&self) -> String {
        let signed = self.sign();
        let other = self.clone().subject("mallory").message();
        let signature = signed.rsplit_once('.').expect("three parts").1;
        format!("{other}.{signature}")
    }

    /// With an empty signature.
    pub fn unsigned(&self) -> String {
        format!("{}.", self.message())
    }

    /// Header and payload, with the dot between them: what is signed.
    pub fn message(&self) -> String {
        let header =
            self.raw_header.clone().unwrap_or_else(|| Value::Object(self.header.clone()).to_string().into());
        let payload =
            self.raw_payload.clone().unwrap_or_else(|| Value::Object(self.claims.clone()).to_string().into());
        format!("{}.{}", base64url(header), base64url(payload))
    }
}
