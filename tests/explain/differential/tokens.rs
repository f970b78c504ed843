//! Tokens, good ones and one for each thing that may be wrong.

use serde_json::{Value, json};

use crate::support::{Issuer, KeyPair};

pub(super) fn tokens(corporate: &Issuer, partner: &Issuer) -> Vec<String> {
    let token = corporate.token();
    let with = |name: &str, value: Value| token.clone().claim(name, value).sign();
    let header = |name: &str, value: Value| token.clone().header(name, value).sign();
    let full = token
        .clone()
        .roles(&["clerk", "x"])
        .scope("orders:read a")
        .claim("tenant", "acme")
        .claim("email", "a@b");
    let full = full.claim("realm_access", json!({ "roles": ["admin"] })).claim("scp", json!(["orders:read"]));
    let full = full.claim("address", json!({ "city": "Ulm" }));
    let now = crate::support::token::now();
    let jwe = format!("{}.a.b.c.{}", "eyJhbGciOiJSU0EtT0FFUCIsImVuYyI6IkEyNTZHQ00ifQ", "d".repeat(40));
    let mut all = vec![
        full.sign(),
        full.clone().header("typ", "at+jwt").sign(),
        full.clone().claim("level", 5).sign(),
        full.clone().claim("level", json!({ "a": 5 })).sign(),
        full.clone().claim("tenant", json!(["acme", "b"])).sign(),
        full.clone().claim("tenant", 7).sign(),
        full.clone().claim("tenant", "a\r\nx-user: root").sign(),
        full.clone().roles(&["clerk", "a,b"]).sign(),
        full.clone().audience("billing-api").sign(),
        full.clone().audience(json!(["billing-api", "orders-api"])).sign(),
        full.clone().claim("iat", now - 7_200).sign(),
        full.clone().without("iat").sign(),
        full.clone().without("sub").sign(),
        full.tampered(),
        full.unsigned(),
        token.sign(),
        token.clone().audience("else").sign(),
        token.clone().audience(json!([])).sign(),
        token.clone().without("aud").sign(),
        token.clone().without("exp").sign(),
        token.clone().without("iss").sign(),
        header("kid", json!("unknown")),
        header("kid", json!(partner.key().kid)),
        header("kid", json!(7)),
        header("typ", json!("logout+jwt")),
        header("crit", json!(["x"])),
        header("alg", json!("none")),
        header("alg", json!("RS256")),
        token.clone().forged_with(&KeyPair::hmac("HS256", b"0123456789abcdef0123456789abcdef")),
        token.clone().raw_payload("[]").sign(),
        token.clone().raw_payload("{\"a\":1,\"a\":2}").sign(),
        with("iss", json!(7)),
        with("iss", json!(format!("{}/", corporate.url()))),
        with("iss", json!("http://127.0.0.1:1")),
        with("iss", json!(partner.url())),
        with("exp", json!(now - 94)),
        with("exp", json!("tomorrow")),
        with("exp", json!(now * 1000)),
        with("nbf", json!(now + 3_600)),
        with("iat", json!(now + 3_600)),
        with("aud", json!(7)),
        with("sub", json!(7)),
        with("jti", json!(7)),
        with("roles", json!(7)),
        with("cnf", json!({ "jkt": "x" })),
        with("filler", json!("x".repeat(20_000))),
        partner.token().roles(&["admin"]).claim("tenant", "acme").sign(),
        partner.token().tampered(),
        jwe,
        "b64.part".to_owned(),
        "opaque-1f0c2a5d9b3e4f60".to_owned(),
        "a.b.c".to_owned(),
        format!("{}=", full.sign()),
    ];
    // The good ones more often, so that requirements and identities are reached.
    for _ in 0..12 {
        all.push(full.sign());
        all.push(full.clone().header("typ", "at+jwt").sign());
    }
    all
}
