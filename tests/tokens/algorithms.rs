//! Keys and signatures: which key, which algorithm, and a signature of exactly that.

use serde_json::json;

use super::{Case, TWO_ISSUERS, assert_all_pass, assert_all_refused, case, issuer_with_rsa};
use crate::support::Issuer;
use crate::support::keypair::{KeyPair, base64url};
use crate::support::world::{AUTHENTICATED, Setup};

#[tokio::test]
async fn the_public_key_is_no_secret() {
    let (issuer, rsa) = issuer_with_rsa().await;
    let ec = issuer.key();
    let world = Setup::with_issuer(issuer).await.start(AUTHENTICATED).await;
    let mut secrets: Vec<(&str, Vec<u8>)> = vec![
        ("nothing", Vec::new()),
        ("one zero byte", vec![0]),
        ("PKCS#1 PEM", rsa.pkcs1_pem().into()),
        ("JWK", rsa.jwk().to_string().into()),
        ("modulus", rsa.jwk()["n"].as_str().unwrap().into()),
        ("EC JWK", ec.jwk().to_string().into()),
    ];
    for key in [&rsa, &ec] {
        let pem = key.public_pem();
        secrets.push(("SPKI PEM", pem.clone().into()));
        secrets.push(("SPKI PEM without the last newline", pem.trim_end().into()));
        secrets.push(("SPKI PEM after a space", format!(" {pem}").into()));
        secrets.push(("SPKI PEM after a newline", format!("\n{pem}").into()));
        secrets.push(("SPKI PEM with CRLF", pem.replace('\n', "\r\n").into()));
        secrets.push(("SPKI DER", key.spki_der()));
    }
    let mut cases = Vec::new();
    for (name, secret) in &secrets {
        for alg in ["HS256", "HS384", "HS512"] {
            for kid in ["rsa", &ec.kid] {
                let token = world.issuer.token().forged_with(&KeyPair::hmac(alg, secret).with_kid(kid));
                cases.push(case(format!("{alg} with {name}, kid {kid}"), token, &["algorithm_not_allowed"]));
            }
        }
    }
    assert_all_refused(&world, "/", cases).await;
}

#[tokio::test]
async fn the_algorithm_is_the_keys_own_affair() {
    let (issuer, rsa) = issuer_with_rsa().await;
    let world = Setup::with_issuer(issuer).await.start(AUTHENTICATED).await;
    let token = || world.issuer.token();
    let mut cases = Vec::new();
    for none in ["none", "None", "NONE", "nOnE", "none "] {
        cases.push(case(none, token().header("alg", none).unsigned(), &["algorithm_not_allowed"]));
        cases.push(case(
            format!("{none}, signed"),
            token().header("alg", none).sign(),
            &["algorithm_not_allowed"],
        ));
        let bare = token().header("alg", none).without_header("kid").unsigned();
        cases.push(case(format!("{none}, no kid"), bare, &["algorithm_not_allowed"]));
    }
    for odd in ["", "es256", "ES256K", "RS1", "HS256", "PBES2-HS256+A128KW", "RSA-OAEP", "dir"] {
        cases.push(case(
            format!("alg {odd:?}"),
            token().header("alg", odd).sign(),
            &["algorithm_not_allowed"],
        ));
    }
    let missing = token().without_header("alg").sign();
    cases.push(case("no alg", missing, &["token_malformed", "algorithm_not_allowed"]));
    for wrong in [json!(null), json!(5), json!(["ES256"]), json!({}), json!(true)] {
        let name = format!("alg {wrong}");
        cases.push(case(
            name,
            token().header("alg", wrong).sign(),
            &["token_malformed", "algorithm_not_allowed"],
        ));
    }
    for (alg, kid) in
        [("ES256", "rsa"), ("ES384", "rsa"), ("EdDSA", "rsa"), ("PS256", "rsa"), ("RS512", "rsa")]
    {
        let confused = token().header("alg", alg).header("kid", kid).sign();
        cases.push(case(format!("{alg} of an RS256 key"), confused, &["key_unsuitable"]));
    }
    let pss = token().header("kid", "rsa").header("alg", "PS256").signed_with(&rsa.clone().with_alg("PS256"));
    cases.push(case("PS256 by a key that says RS256", pss, &["key_unsuitable"]));
    let confused = token().header("alg", "RS256").sign();
    cases.push(case("RS256 of an EC key", confused, &["key_unsuitable"]));
    let es384 = token().header("alg", "ES384").sign();
    cases.push(case("ES384 of a P-256 key", es384, &["key_unsuitable"]));
    assert_all_refused(&world, "/", cases).await;
}

#[tokio::test]
async fn a_key_is_looked_up_by_kid_in_its_own_issuer_only() {
    let partner = Issuer::start().await;
    let shared = KeyPair::generate("ES256").with_kid("shared");
    let stranger = KeyPair::generate("ES256");
    partner.publish(&shared);
    let setup = Setup::new().await;
    setup.issuer.publish(&KeyPair::generate("ES256").with_kid("shared"));
    let world = setup.set("PARTNER", partner.url()).start(TWO_ISSUERS).await;
    let token = || world.issuer.token();
    let own = world.issuer.key();
    let embedded = token().header("jwk", stranger.jwk()).header("jku", partner.jwks_uri());
    let x5u = token().header("x5u", partner.jwks_uri()).header("x5c", json!(["MIIB"]));
    let cases = vec![
        case("a kid of nobody", token().header("kid", "nobody").sign(), &["key_unknown"]),
        case("a kid of the partner", token().forged_with(&partner.key()), &["key_unknown"]),
        case("the same kid, the partner's key", token().forged_with(&shared), &["signature_invalid"]),
        case("our kid, a stranger's key", token().signed_with(&stranger), &["signature_invalid"]),
        case(
            "no kid, a stranger's key",
            token().without_header("kid").signed_with(&stranger),
            &["signature_invalid"],
        ),
        case("a key of its own", embedded.clone().forged_with(&stranger), &["key_unknown"]),
        case("a key of its own under our kid", embedded.signed_with(&stranger), &["signature_invalid"]),
        case("a certificate of its own", x5u.forged_with(&stranger), &["key_unknown"]),
        case("kid a path", token().header("kid", "../../etc/passwd").sign(), &["key_unknown"]),
        case("kid empty", token().header("kid", "").sign(), &["key_unknown", "token_malformed"]),
        case("kid a number", token().header("kid", 5).sign(), &["token_malformed"]),
        case("kid a list", token().header("kid", json!([own.kid])).sign(), &["token_malformed"]),
    ];
    let unnamed = token().without_header("kid").sign();
    assert_all_pass(&world, vec![("no kid", unnamed), ("the partner's own", partner.token().sign())]).await;
    assert_all_refused(&world, "/", cases).await;
    assert_eq!(partner.fetches(), 1, "what a token names is never fetched");
}

#[tokio::test]
async fn a_signature_of_a_wrong_shape_is_invalid() {
    let (issuer, rsa) = issuer_with_rsa().await;
    let world = Setup::with_issuer(issuer).await.start(AUTHENTICATED).await;
    let token = || world.issuer.token();
    let signed = |signature: &[u8]| format!("{}.{}", token().message(), base64url(signature));
    let right = world.issuer.key().sign(token().message().as_bytes());
    let order = [
        0xff, 0xff, 0xff, 0xff, 0, 0, 0, 0, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xbc, 0xe6, 0xfa,
        0xad, 0xa7, 0x17, 0x9e, 0x84, 0xf3, 0xb9, 0xca, 0xc2, 0xfc, 0x63, 0x25, 0x51,
    ];
    let mut forms: Vec<(&str, String)> = vec![
        ("r and s zero", signed(&[0; 64])),
        ("r and s the order", signed(&[order, order].concat())),
        ("r zero", signed(&[&[0; 32][..], &right[32..]].concat())),
        ("cut", signed(&right[..63])),
        ("one byte more", signed(&[&right[..], &[0]].concat())),
        ("DER", signed(&[&[0x30, 0x44, 0x02, 0x20][..], &right[..32], &[0x02, 0x20], &right[32..]].concat())),
        ("tampered", token().tampered()),
        ("a byte", signed(&[1])),
    ];
    let by_rsa = token().header("alg", "RS256").header("kid", "rsa");
    forms.push(("RSA tampered", {
        let signature = base64url(rsa.sign(by_rsa.message().as_bytes()));
        format!("{}.{signature}", by_rsa.clone().subject("mallory").message())
    }));
    forms.push(("RSA zero", format!("{}.{}", by_rsa.message(), base64url([0; 256]))));
    forms.push(("PSS where PKCS#1 is said", by_rsa.signed_with(&rsa.clone().with_alg("PS256"))));
    forms.push(("SHA-512 where SHA-256 is said", by_rsa.signed_with(&rsa.with_alg("RS512"))));
    let mut cases: Vec<Case> =
        forms.into_iter().map(|(name, token)| case(name, token, &["signature_invalid"])).collect();
    cases.push(case("no signature", token().unsigned(), &["signature_invalid", "token_malformed"]));
    assert_all_refused(&world, "/", cases).await;
}
