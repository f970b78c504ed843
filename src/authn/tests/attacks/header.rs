//! Headers that want something of the gateway: `crit`, `alg`, `typ`, keys to fetch [3, 9].

use serde_json::{Value, json};

use super::super::fixture::*;
use super::{Case, refused};
use crate::authn::Error::{
    AlgorithmNotAllowed, CriticalHeaderUnsupported, SignatureInvalid, TokenMalformed, TokenTypeNotAllowed,
};

pub(super) fn cases() -> Vec<Case> {
    [critical(), algorithms(), types(), contents(), brought_keys()].into_iter().flatten().collect()
}

fn critical() -> Vec<Case> {
    let with_crit = |crit: Value, more: Value| {
        token(
            with(with(json!({"alg": "ES256", "kid": "p256"}), more), json!({"crit": crit})),
            claims(),
            &SIGNERS.p256,
        )
    };
    let mut cases: Vec<_> = [
        (
            "an extension",
            json!(["http://example.com/UNDEFINED"]),
            json!({"http://example.com/UNDEFINED": true}),
        ),
        ("an extension that is not there", json!(["bork"]), json!({})),
        ("`b64`, false", json!(["b64"]), json!({"b64": false})),
        ("`b64`, true", json!(["b64"]), json!({"b64": true})),
        ("a registered name", json!(["exp"]), json!({"exp": 1})),
        ("`alg`", json!(["alg"]), json!({})),
        ("nothing", json!([]), json!({})),
        ("an empty name", json!([""]), json!({})),
        ("a name twice", json!(["a", "a"]), json!({"a": 1})),
        ("a number", json!([1]), json!({})),
        ("a string in place of an array", json!("b64"), json!({})),
        ("an object in place of an array", json!({}), json!({})),
        ("false", json!(false), json!({})),
        ("zero", json!(0), json!({})),
    ]
    .map(|(what, crit, more)| {
        refused(format!("`crit` with {what} [9]"), CriticalHeaderUnsupported, with_crit(crit, more))
    })
    .into();
    let null = r#"{"alg":"ES256","kid":"p256","crit":null}"#;
    cases.push(refused("`crit` null [9]", CriticalHeaderUnsupported, token(null, claims(), &SIGNERS.p256)));
    let unknown = with(claims(), json!({"iss": "https://nobody.example.com"}));
    let header = json!({"alg": "none", "crit": ["x"]});
    cases.push(refused(
        "`crit` comes before `iss` and `alg`",
        CriticalHeaderUnsupported,
        token(header, unknown, &SIGNERS.p256),
    ));
    cases
}

fn algorithms() -> Vec<Case> {
    let mut cases = Vec::new();
    for name in ["none", "None", "NONE", "nOnE", "none ", " none", "", "null", "undefined"] {
        let header = b64(json!({"alg": name}).to_string().as_bytes());
        let payload = b64(claims().to_string().as_bytes());
        let what = format!("`alg` {name:?} [3]");
        cases.push(refused(
            format!("{what}, no signature"),
            AlgorithmNotAllowed,
            format!("{header}.{payload}."),
        ));
        cases.push(refused(
            format!("{what}, signed"),
            AlgorithmNotAllowed,
            signed(&header, &payload, "ES256", &SIGNERS.p256),
        ));
    }
    for name in [
        "es256",
        "ES-256",
        "ES256 ",
        "ES256\u{200b}",
        "ES256K",
        "RS1",
        "HS1",
        "Ed25519",
        "Ed448",
        "eddsa",
        "A128KW",
        "dir",
        "RSA-OAEP",
        "PBES2-HS256+A128KW",
        "ECDH-ES",
        "ML-DSA-44",
        "SHA256withECDSA",
        "ＥＳ256",
    ] {
        let header = json!({"alg": name, "kid": "p256", "p2c": 2_147_483_647_u32});
        cases.push(refused(
            format!("`alg` {name:?}"),
            AlgorithmNotAllowed,
            token(header, claims(), &SIGNERS.p256),
        ));
    }
    for (name, signer) in [("RS256", &SIGNERS.rsa), ("ES256", &SIGNERS.p256), ("HS256", &SIGNERS.secret)] {
        let payload = with(claims(), json!({"iss": STRICT}));
        let what = format!("{name}, which the issuer does not use");
        cases.push(refused(what, AlgorithmNotAllowed, token(json!({"alg": name}), payload, signer)));
    }
    for (name, signer) in [("RS256", &SIGNERS.rsa), ("EdDSA", &SIGNERS.ed)] {
        let payload = with(claims(), json!({"iss": SECRET}));
        let what = format!("{name} for an issuer with a secret");
        cases.push(refused(what, AlgorithmNotAllowed, token(json!({"alg": name}), payload, signer)));
    }
    cases
}

fn types() -> Vec<Case> {
    let mut cases = Vec::new();
    for typ in [
        "logout+jwt",
        "dpop+jwt",
        "id_token+jwt",
        "secevent+jwt",
        "JOSE",
        "JOSE+JSON",
        "",
        "absent",
        "JW",
        "JWTx",
        "jwt ",
        "application/logout+jwt",
        "text/jwt",
        "application/x/jwt",
        "application/",
        "at+jwt;v=1",
        "at jwt",
    ] {
        let header = json!({"alg": "ES256", "kid": "p256", "typ": typ});
        cases.push(refused(
            format!("`typ` {typ:?}"),
            TokenTypeNotAllowed,
            token(header, claims(), &SIGNERS.p256),
        ));
    }
    let strict = with(claims(), json!({"iss": STRICT, "tenant": {"id": "a"}}));
    for header in [
        json!({"alg": "EdDSA"}),
        json!({"alg": "EdDSA", "typ": "JWT"}),
        json!({"alg": "EdDSA", "typ": "application/jwt"}),
    ] {
        let what = format!("{header} for an issuer of at+jwt alone");
        cases.push(refused(what, TokenTypeNotAllowed, token(header, strict.clone(), &SIGNERS.strict)));
    }
    cases
}

/// RFC 7519 §5.2: the payload is then a token itself, and its claims are not these.
fn contents() -> Vec<Case> {
    [
        json!("JWT"),
        json!("jwt"),
        json!("jWt"),
        json!("application/jwt"),
        json!("Application/JWT"),
        json!(null),
        json!(1),
        json!(["JWT"]),
        json!({}),
    ]
    .map(|content| {
        let header = json!({"alg": "ES256", "kid": "p256", "cty": content});
        refused(format!("`cty` {content}"), TokenMalformed, token(header, claims(), &SIGNERS.p256))
    })
    .into()
}

/// A token that brings the key it was signed with must not be believed.
fn brought_keys() -> Vec<Case> {
    let foreign = &SIGNERS.foreign_p256;
    let jwk = foreign.jwk("p256");
    [
        ("jwk", jwk.clone()),
        ("jwk", with(jwk.clone(), json!({"kid": "other"}))),
        ("jku", json!("https://evil.example.com/jwks.json")),
        ("jku", json!(format!("{CORP}@evil.example.com/jwks.json"))),
        ("jku", json!("data:application/json,{}")),
        ("x5u", json!("https://evil.example.com/chain.pem")),
        ("x5u", json!("file:///etc/passwd")),
        ("x5c", json!([b64(&foreign.spki())])),
        ("x5t", json!("AAAA")),
        ("x5t#S256", json!("AAAA")),
        ("keys", json!([jwk])),
    ]
    .map(|(name, value)| {
        let header = with(json!({"alg": "ES256", "kid": "p256"}), json!({name: value}));
        refused(
            format!("a key of its own in `{name}`: {value}"),
            SignatureInvalid,
            token(header, claims(), foreign),
        )
    })
    .into()
}
