//! Keys that are not the issuer's, and keys in the place of others [1, 2].

use serde_json::json;

use super::super::fixture::*;
use super::{Case, refused};
use crate::authn::Error::{self, AlgorithmNotAllowed, KeyUnknown, KeyUnsuitable, SignatureInvalid};

pub(super) fn cases() -> Vec<Case> {
    [confusion(), kids(), substitution()].into_iter().flatten().collect()
}

/// The public key as an HMAC secret, in every encoding that a server might hold it in [1], and no secret at all [2].
fn confusion() -> Vec<Case> {
    let mut cases = Vec::new();
    for (kid, signer) in [("rsa", &SIGNERS.rsa), ("p256", &SIGNERS.p256), ("ed", &SIGNERS.ed)] {
        let pem_text = pem("PUBLIC KEY", &signer.spki());
        let jwk = signer.jwk(kid).to_string();
        let mut secrets: Vec<(&str, Vec<u8>)> = vec![
            ("SPKI PEM", pem_text.clone().into()),
            ("SPKI PEM without its last newline", pem_text.trim_end().into()),
            ("SPKI PEM after a newline", format!("\n{pem_text}").into()),
            ("SPKI PEM with CRLF", pem_text.replace('\n', "\r\n").into()),
            ("SPKI DER", signer.spki()),
            ("SPKI in base64url", b64(&signer.spki()).into()),
            ("JWK", jwk.clone().into()),
            ("JWK set", format!("{{\"keys\":[{jwk}]}}").into()),
            ("`kid`", kid.into()),
            ("nothing", vec![]),
            ("a byte", vec![1]),
        ];
        if kid == "rsa" {
            let (n, e) = signer.rsa_numbers();
            secrets.extend([
                ("PKCS#1 PEM", pem("RSA PUBLIC KEY", &signer.pkcs1()).into()),
                ("PKCS#1 PEM after a space", format!(" {}", pem("RSA PUBLIC KEY", &signer.pkcs1())).into()),
                ("PKCS#1 DER", signer.pkcs1()),
                ("modulus", n.clone()),
                ("modulus in base64url", b64(&n).into()),
                ("exponent", e),
            ]);
        }
        for (form, secret) in secrets {
            for name in ["HS256", "HS384", "HS512"] {
                let mac = Signer::Secret(secret.clone());
                let header = json!({"alg": name, "kid": kid});
                let what = format!("{name} with the public key `{kid}` as {form} [1]");
                cases.push(refused(what.clone(), AlgorithmNotAllowed, token(&header, claims(), &mac)));
                let payload = with(claims(), json!({"iss": MIXED}));
                let what = format!("{what}, where the issuer's list is mixed");
                cases.push(refused(what, KeyUnsuitable, token(&header, payload, &mac)));
            }
        }
    }
    let mixed = with(claims(), json!({"iss": MIXED}));
    let empty = Signer::Secret(vec![]);
    cases.push(refused(
        "HS256 with no secret and no `kid` [2]",
        KeyUnsuitable,
        token(json!({"alg": "HS256"}), mixed, &empty),
    ));
    for (name, secret) in [("HS256", vec![]), ("HS256", vec![7; 32]), ("HS512", b"secret".to_vec())] {
        let what = format!("{name} with another secret of {} bytes", secret.len());
        let payload = with(claims(), json!({"iss": SECRET}));
        cases.push(refused(
            what,
            SignatureInvalid,
            token(json!({"alg": name}), payload, &Signer::Secret(secret)),
        ));
    }
    cases
}

fn kids() -> Vec<Case> {
    let signer = &SIGNERS.p256;
    let mut cases: Vec<_> = [
        "",
        "P256",
        "p256 ",
        " p256",
        "p25",
        "p2566",
        "../p256",
        "p256/../ed",
        "' OR 1=1 --",
        "; cat /etc/passwd",
        "later",
        "strict",
        "/dev/null",
        "https://evil.example.com/",
        "p256\n",
        "%p256",
        "*",
        "\u{ff50}256",
    ]
    .map(|kid| {
        let header = json!({"alg": "ES256", "kid": kid});
        refused(format!("`kid` {kid:?}"), KeyUnknown, token(header, claims(), signer))
    })
    .into();
    // what fits the algorithm of the header, not what fits the key that made the signature, is asked for
    for (kid, name) in [
        ("rsa", "ES256"),
        ("p256", "RS256"),
        ("p256", "PS256"),
        ("p256", "ES384"),
        ("p256", "ES512"),
        ("p256", "EdDSA"),
        ("p384", "ES256"),
        ("p521", "ES384"),
        ("ed", "ES256"),
        ("ed", "RS256"),
        ("rsa", "EdDSA"),
        ("ps256", "RS256"),
        ("ps256", "PS384"),
        ("ps256", "RS512"),
    ] {
        let header = json!({"alg": name, "kid": kid});
        cases.push(refused(
            format!("{name} with the key `{kid}`"),
            KeyUnsuitable,
            token(header, claims(), signer),
        ));
    }
    cases
}

fn substitution() -> Vec<Case> {
    let signers = &*SIGNERS;
    let mut cases = Vec::new();
    let mut wrong = |what: &str, error: Error, header, payload, signer| {
        cases.push(refused(what, error, token(header, payload, signer)));
    };
    let es256 = || json!({"alg": "ES256", "kid": "p256"});
    wrong("a foreign P-256 key", SignatureInvalid, es256(), claims(), &signers.foreign_p256);
    wrong(
        "a foreign P-256 key, no `kid`",
        SignatureInvalid,
        json!({"alg": "ES256"}),
        claims(),
        &signers.foreign_p256,
    );
    wrong(
        "a foreign RSA key",
        SignatureInvalid,
        json!({"alg": "RS256", "kid": "rsa"}),
        claims(),
        &signers.foreign_rsa,
    );
    wrong(
        "a foreign RSA key, PSS",
        SignatureInvalid,
        json!({"alg": "PS256", "kid": "rsa"}),
        claims(),
        &signers.foreign_rsa,
    );
    wrong(
        "a foreign Ed25519 key",
        SignatureInvalid,
        json!({"alg": "EdDSA", "kid": "ed"}),
        claims(),
        &signers.foreign_ed,
    );
    wrong("a P-384 key for ES256", SignatureInvalid, es256(), claims(), &signers.p384);
    wrong(
        "a P-256 key for ES384",
        SignatureInvalid,
        json!({"alg": "ES384", "kid": "p384"}),
        claims(),
        &signers.p256,
    );
    wrong(
        "a P-384 key for ES512",
        SignatureInvalid,
        json!({"alg": "ES512", "kid": "p521"}),
        claims(),
        &signers.p384,
    );
    wrong("an Ed25519 key for ES256", SignatureInvalid, es256(), claims(), &signers.ed);
    let strict = with(claims(), json!({"iss": STRICT, "tenant": {"id": "a"}}));
    let at_jwt = json!({"alg": "EdDSA", "typ": "at+jwt"});
    wrong("another issuer's key", SignatureInvalid, at_jwt.clone(), strict.clone(), &signers.ed);
    wrong(
        "another issuer's key, by its `kid`",
        KeyUnknown,
        with(at_jwt, json!({"kid": "ed"})),
        strict,
        &signers.ed,
    );
    let of_strict = json!({"alg": "EdDSA", "kid": "strict"});
    wrong("a token of `corp` signed by `strict`", KeyUnknown, of_strict, claims(), &signers.strict);
    let es384_on_p256 = json!({"alg": "EdDSA"});
    wrong("`strict`'s key for `corp`, no `kid`", SignatureInvalid, es384_on_p256, claims(), &signers.strict);
    for (said, done) in [
        ("RS256", "PS256"),
        ("PS256", "RS256"),
        ("RS256", "RS384"),
        ("RS384", "RS512"),
        ("RS512", "RS256"),
        ("PS256", "PS384"),
        ("PS384", "PS512"),
        ("PS512", "PS256"),
        ("PS384", "RS384"),
    ] {
        let header = b64(json!({"alg": said, "kid": "rsa"}).to_string().as_bytes());
        let payload = b64(claims().to_string().as_bytes());
        let what = format!("{said} in the header, {done} in the signature");
        cases.push(refused(what, SignatureInvalid, signed(&header, &payload, done, &signers.rsa)));
    }
    for (said, done) in [("HS256", "HS384"), ("HS384", "HS256"), ("HS512", "HS256")] {
        let header = b64(json!({"alg": said}).to_string().as_bytes());
        let payload = b64(with(claims(), json!({"iss": SECRET})).to_string().as_bytes());
        let what = format!("{said} in the header, {done} in the signature");
        cases.push(refused(what, SignatureInvalid, signed(&header, &payload, done, &signers.secret)));
    }
    cases
}
