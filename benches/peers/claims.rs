//! The token of the comparison: 15 claims, about 1 KiB with an RS256 signature, as identity providers issue them.

use serde_json::{Map, Value, json};

use crate::keypair::{KeyPair, base64url};
use crate::token::now;

pub const ISSUER: &str = "https://id.example.com/realms/main";

/// Long enough for the longest run.
const LIFETIME: i64 = 6 * 3600;

/// The claims that every check passes; `number` makes each token another one.
pub fn right(number: usize) -> Map<String, Value> {
    let now = now();
    let claims = json!({
        "iss": ISSUER, "sub": "alice", "aud": "orders-api", "exp": now + LIFETIME, "nbf": now - 60, "iat": now - 60,
        "jti": format!("01959f2a-6c1e-7f3c-9c55-{number:012x}"), "client_id": "storefront",
        "scope": "openid profile orders:read orders:write", "tenant": "acme",
        "roles": ["clerk", "auditor", "offline_access"], "email": "alice@example.com", "email_verified": true,
        "preferred_username": "alice", "sid": "f0c1b6de-4d4e-4f0f-8a7a-5a4a3d2c1b0a",
    });
    let Value::Object(claims) = claims else { unreachable!() };
    claims
}

/// The same with one claim changed.
pub fn with(claim: &str, value: Value) -> Map<String, Value> {
    let mut claims = right(0);
    claims.insert(claim.to_owned(), value);
    claims
}

/// Claims that each miss one check, by the name of the check.
pub fn wrong() -> Vec<(&'static str, Map<String, Value>)> {
    vec![
        ("expired", with("exp", json!(now() - 3600))),
        ("of another audience", with("aud", json!("billing-api"))),
        ("of another issuer", with("iss", json!("https://id.example.org/realms/main"))),
        ("without the role", with("roles", json!(["auditor", "offline_access"]))),
    ]
}

/// Header and payload, which is what gets signed.
pub fn message(key: &KeyPair, claims: &Map<String, Value>) -> String {
    let header = json!({ "alg": key.alg, "typ": "JWT", "kid": key.kid });
    format!("{}.{}", base64url(header.to_string()), base64url(Value::from(claims.clone()).to_string()))
}

pub fn signed(key: &KeyPair, claims: &Map<String, Value>) -> String {
    let message = message(key, claims);
    let signature = key.sign(message.as_bytes());
    format!("{message}.{}", base64url(signature))
}
