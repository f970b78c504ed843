//! The claims of a token whose signature is good.

#![no_main]

use jwtgate::authn::SentToken;
use jwtgate_fuzz::{AUDIENCE, ISSUER, NOW, SKEW, signed, verify};
use libfuzzer_sys::fuzz_target;
use serde_json::Value;

fuzz_target!(|input: &[u8]| {
    let token = signed(br#"{"alg":"HS256","typ":"at+jwt"}"#, input);
    let Ok(caller) = verify(SentToken::new(token.as_bytes())) else { return };
    // what must be true of everything that passes, by another reader of JSON
    let claims: Value = serde_json::from_slice(input).expect("JSON");
    assert_eq!(Value::Object(caller.claims().to_map()), claims);
    assert_eq!(claims["iss"], ISSUER);
    assert!(!input.contains(&0));
    match &claims["aud"] {
        Value::String(audience) => assert_eq!(audience, AUDIENCE),
        Value::Array(audiences) => {
            assert!(audiences.iter().all(Value::is_string));
            assert!(audiences.iter().any(|audience| audience == AUDIENCE));
        }
        other => panic!("`aud` is {other}"),
    }
    let time = |name: &str| match &claims[name] {
        Value::Null => None,
        Value::Number(number) => number.as_f64(),
        other => panic!("`{name}` is {other}"),
    };
    assert!(time("exp").expect("`exp`") > (NOW - SKEW) as f64);
    assert!(time("nbf").is_none_or(|begin| begin <= (NOW + SKEW) as f64));
    assert!(time("iat").is_none_or(|issued| issued <= (NOW + SKEW) as f64));
    assert!(claims["cnf"].is_null());
    for name in ["sub", "jti"] {
        assert!(claims[name].is_null() || claims[name].is_string(), "`{name}`");
    }
    assert_eq!(caller.subject(), claims["sub"].as_str());
    let roles = claims.get("realm_access.roles").unwrap_or(&claims["realm_access"]["roles"]);
    let count = roles.as_array().map_or(usize::from(!roles.is_null()), Vec::len);
    assert_eq!(caller.roles().len(), count);
    assert!(depth(&claims) <= 16);
});

fn depth(value: &Value) -> usize {
    match value {
        Value::Array(values) => 1 + values.iter().map(depth).max().unwrap_or_default(),
        Value::Object(members) => 1 + members.values().map(depth).max().unwrap_or_default(),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => 0,
    }
}
