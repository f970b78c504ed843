//! The attack list as tables: each token is refused for the first thing wrong with it, and never reaches the API.

use std::time::Duration;

use serde_json::json;

use crate::support::keypair::{KeyPair, base64url};
use crate::support::token::now;
use crate::support::world::{AUTHENTICATED, Setup, World};
use crate::support::{Issuer, TokenBuilder};

const TWO_ISSUERS: &str = "
issuers:
  corporate: { issuer: $ISSUER, audiences: [orders-api] }
  partner: { issuer: $PARTNER, audiences: [orders-api] }
routes:
  - name: ours
    match: { path: /ours/** }
    access: { issuers: [corporate] }
    upstream: orders
  - name: narrow
    match: { path: /narrow/** }
    access: { audiences: [narrow-api] }
    upstream: orders
  - name: rest
    match: { path: /** }
    access: authenticated
    upstream: orders
identity: { headers: { X-User: claims.sub } }
";

/// A token, what it is, and the reasons any of which is right for it.
type Case = (String, String, &'static [&'static str]);

fn case(name: impl ToString, token: impl ToString, reasons: &'static [&'static str]) -> Case {
    (name.to_string(), token.to_string(), reasons)
}

async fn assert_all_refused(world: &World, path: &str, cases: Vec<Case>) {
    world.upstream.must_not_be_reached();
    for (name, token, reasons) in cases {
        let (reply, decision) = world.decide(world.client.get(path).bearer(&token)).await;
        assert!(reasons.contains(&decision.reason.as_str()), "{name}: {decision:?}, expected {reasons:?}");
        assert_eq!(reply.status, 401, "{name}: {decision:?}");
        reply.assert_invalid_token();
        assert!(!reply.text().contains(&decision.reason), "{name}: the client is told the reason");
    }
}

async fn assert_all_pass(world: &World, cases: Vec<(&str, String)>) {
    for (name, token) in cases {
        let (reply, decision) = world.decide(world.client.get("/orders").bearer(&token)).await;
        assert_eq!((reply.status, decision.reason.as_str()), (200, "allowed"), "{name}");
        let seen = world.upstream.take_requests();
        assert_eq!(seen[0].header("authorization"), None, "{name}");
    }
}

/// An issuer that signs with ES256 and publishes an RSA key as well.
async fn issuer_with_rsa() -> (Issuer, KeyPair) {
    let issuer = Issuer::start().await;
    let rsa = KeyPair::generate("RS256").with_kid("rsa");
    issuer.publish(&rsa);
    (issuer, rsa)
}

#[tokio::test]
async fn a_token_of_each_algorithm_passes() {
    let issuer = Issuer::start().await;
    let keys: Vec<KeyPair> = ["RS256", "PS256", "ES256", "ES384", "EdDSA"].map(KeyPair::generate).into();
    keys.iter().for_each(|key| issuer.publish(key));
    let world = Setup::with_issuer(issuer).await.start(AUTHENTICATED).await;
    let cases = keys.iter().map(|key| (key.alg, world.issuer.token().forged_with(key))).collect();
    assert_all_pass(&world, cases).await;
}

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
    for odd in ["", "es256", "ES256K", "ES512", "RS1", "HS256", "PBES2-HS256+A128KW", "RSA-OAEP", "dir"] {
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
async fn a_token_that_is_no_compact_jws_is_malformed() {
    let world = World::start(AUTHENTICATED).await;
    let token = || world.issuer.token();
    let good = token().sign();
    let parts: Vec<&str> = good.split('.').collect();
    let (header, payload, signature) = (parts[0], parts[1], parts[2]);
    let own = world.issuer.key();
    let raw_header = |json: &str| token().raw_header(json.as_bytes()).sign();
    let raw_payload = |json: &str| token().raw_payload(json.as_bytes()).sign();
    let kid = &own.kid;
    let twice = format!(r#"{{"alg":"none","alg":"ES256","kid":"{kid}"}}"#);
    let mut cases: Vec<(&str, String)> = vec![
        ("a word", "word".into()),
        ("two parts", format!("{header}.{payload}")),
        ("four parts", format!("{good}.")),
        ("five parts, as a JWE has", format!("{header}.{payload}.{signature}.{payload}.{signature}")),
        ("no header", format!(".{payload}.{signature}")),
        ("no payload", format!("{header}..{signature}")),
        ("dots", ".".repeat(8000)),
        ("a dot before", format!(".{good}")),
        ("padding", format!("{good}==")),
        ("standard alphabet", format!("{header}.{payload}.{}", signature.replace(['-', '_'], "+") + "+/")),
        ("trailing bits", non_canonical(&good)),
        ("header no JSON", raw_header("alg=ES256")),
        ("header a list", raw_header("[]")),
        ("header a string", raw_header("\"ES256\"")),
        (
            "header with a byte order mark",
            raw_header(&format!("\u{feff}{{\"alg\":\"ES256\",\"kid\":\"{kid}\"}}")),
        ),
        ("header twice", raw_header(&format!("{{\"alg\":\"ES256\",\"kid\":\"{kid}\"}}{{}}"))),
        ("alg twice in the header", raw_header(&twice)),
        ("payload no JSON", raw_payload("sub=alice")),
        ("payload a list", raw_payload("[]")),
        ("payload null", raw_payload("null")),
        ("payload a token", raw_payload(&format!("\"{good}\""))),
        ("payload twice", raw_payload(&format!("{}{{}}", token().claims_json()))),
        ("payload cut", raw_payload(&token().claims_json()[..40])),
    ];
    let invalid = token().raw_payload(b"{\"iss\":\"\xff\"}".to_vec()).sign();
    cases.push(("payload not UTF-8", invalid));
    let deep = format!("{{\"a\":{}{}}}", "[".repeat(5000), "]".repeat(5000));
    cases.push(("payload 5,000 deep", raw_payload(&deep)));
    cases.push((
        "header 1,000 deep",
        raw_header(&format!("{{\"a\":{}{}}}", "[".repeat(1000), "]".repeat(1000))),
    ));
    let cases = cases.into_iter().map(|(name, token)| case(name, token, &["token_malformed"])).collect();
    assert_all_refused(&world, "/", cases).await;
}

/// The same signature bytes in another spelling: the unused low bits of the last symbol set.
fn non_canonical(token: &str) -> String {
    const ALPHABET: &str = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    let last = token.chars().last().unwrap();
    let value = ALPHABET.find(last).unwrap();
    assert_eq!(value % 16, 0, "64 bytes leave four bits unused");
    format!("{}{}", &token[..token.len() - 1], ALPHABET.chars().nth(value + 1).unwrap())
}

#[tokio::test]
async fn a_member_that_comes_twice_is_refused() {
    let world = World::start(AUTHENTICATED).await;
    let claims = world.issuer.token().claims_json();
    let inner = claims.trim_start_matches('{');
    let cases = [
        "\"exp\":99999999999",
        "\"iss\":\"https://evil.example\"",
        "\"sub\":\"mallory\"",
        "\"role\":1,\"role\":2",
    ];
    let cases = cases.map(|twice| {
        let token = world.issuer.token().raw_payload(format!("{{{twice},{inner}")).sign();
        case(twice, token, &["token_malformed", "claim_malformed", "issuer_unknown"])
    });
    assert_all_refused(&world, "/", cases.into()).await;
}

#[tokio::test]
async fn a_critical_header_is_never_ignored() {
    let world = World::start(AUTHENTICATED).await;
    let token = || world.issuer.token();
    let cases = [
        json!(["exp"]),
        json!([]),
        json!(["unknown"]),
        json!(["b64"]),
        json!(["alg"]),
        json!([1]),
        json!("exp"),
        json!({}),
        json!(false),
    ]
    .map(|crit| {
        let name = format!("crit {crit}");
        let token = token().header("crit", crit).header("b64", false).header("exp", 1).sign();
        case(name, token, &["critical_header_unsupported", "token_malformed"])
    });
    assert_all_refused(&world, "/", cases.into()).await;
    let listed = token().header("crit", json!(["urn:x"])).header("urn:x", 1).sign();
    let listed = vec![case("a well-formed crit", listed, &["critical_header_unsupported"])];
    assert_all_refused(&world, "/", listed).await;
}

#[tokio::test]
async fn a_token_of_another_type_is_no_access_token() {
    let world = World::start(AUTHENTICATED).await;
    let token = |typ: &str| world.issuer.token().header("typ", typ).sign();
    let spellings = ["JWT", "jwt", "at+jwt", "AT+JWT", "application/at+jwt", "application/JWT"];
    assert_all_pass(&world, spellings.iter().map(|&typ| (typ, token(typ))).collect()).await;
    assert_all_pass(&world, vec![("no typ", world.issuer.token().without_header("typ").sign())]).await;
    let others =
        ["logout+jwt", "dpop+jwt", "id+jwt", "secevent+jwt", "JOSE", "", "text/jwt", "at+jwt;x", "x/at+jwt"];
    let mut cases: Vec<Case> =
        others.iter().map(|typ| case(typ, token(typ), &["token_type_not_allowed"])).collect();
    let number = world.issuer.token().header("typ", 1).sign();
    cases.push(case("typ a number", number, &["token_type_not_allowed", "token_malformed"]));
    assert_all_refused(&world, "/", cases).await;
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

#[tokio::test]
async fn times_are_checked_with_the_skew_and_by_type() {
    let world = World::start(AUTHENTICATED).await;
    let token = || world.issuer.token();
    let seconds = Duration::from_secs;
    let cases = vec![
        ("expired within the skew", token().expired_by(seconds(10)).sign()),
        ("not before, within the skew", token().claim("nbf", now() + 10).sign()),
        ("issued ahead, within the skew", token().claim("iat", now() + 10).sign()),
        ("no iat", token().without("iat").sign()),
        ("nbf null", token().claim("nbf", json!(null)).sign()),
        ("exp with a fraction", token().claim("exp", json!(now() as f64 + 300.5)).sign()),
    ];
    assert_all_pass(&world, cases).await;

    let mut cases = vec![
        case("expired", token().expired_by(seconds(40)).sign(), &["token_expired"]),
        case("expired long ago", token().claim("iat", 1).claim("exp", 2).sign(), &["token_expired"]),
        case("exp zero", token().claim("exp", 0).sign(), &["token_expired"]),
        case("exp negative", token().claim("exp", -1).sign(), &["token_expired", "claim_malformed"]),
        case("not yet", token().claim("nbf", now() + 60).sign(), &["token_not_yet_valid"]),
        case("issued in the future", token().claim("iat", now() + 60).sign(), &["token_not_yet_valid"]),
        case("no exp", token().without("exp").sign(), &["claim_missing"]),
        case("exp null", token().claim("exp", json!(null)).sign(), &["claim_missing"]),
    ];
    for name in ["exp", "nbf", "iat"] {
        for wrong in [json!("9999999999"), json!([1]), json!({}), json!(true), json!("")] {
            let title = format!("{name} {wrong}");
            cases.push(case(title, token().claim(name, wrong).sign(), &["claim_malformed"]));
        }
        let huge = token().claims_json().replacen('{', &format!("{{\"{name}\":1e400,"), 1);
        let huge = match name {
            "nbf" => huge,
            _ => format!("{{\"iss\":\"{}\",\"aud\":\"orders-api\",\"{name}\":1e400}}", world.issuer.url()),
        };
        let token = token().raw_payload(huge).sign();
        cases.push(case(
            format!("{name} 1e400"),
            token,
            &["token_malformed", "claim_malformed", "claim_missing", "token_not_yet_valid"],
        ));
    }
    for huge in ["9223372036854775807", "9223372036854775808", "18446744073709551616", "1e19", "1e300"] {
        for name in ["nbf", "iat"] {
            let claims =
                token().without("iat").claims_json().replacen('{', &format!("{{\"{name}\":{huge},"), 1);
            let token = token().raw_payload(claims).sign();
            cases.push(case(format!("{name} {huge}"), token, &["token_not_yet_valid", "claim_malformed"]));
        }
    }
    assert_all_refused(&world, "/", cases).await;
}

#[tokio::test]
async fn issuer_and_audience_are_required_and_compared_exactly() {
    let world = World::start(AUTHENTICATED).await;
    let token = || world.issuer.token();
    let url = world.issuer.url().to_owned();
    let cases = vec![
        ("one audience in a list", token().audience(json!(["orders-api"])).sign()),
        ("ours among others", token().audience(json!(["other", "orders-api"])).sign()),
    ];
    assert_all_pass(&world, cases).await;
    let mut cases = vec![
        case("no iss", token().without("iss").sign(), &["claim_missing"]),
        case("iss null", token().claim("iss", json!(null)).sign(), &["claim_missing"]),
        case("no aud", token().without("aud").sign(), &["claim_missing"]),
        case("aud null", token().audience(json!(null)).sign(), &["claim_missing"]),
        case("aud an empty list", token().audience(json!([])).sign(), &["audience_mismatch"]),
    ];
    for other in [
        format!("{url}/"),
        url.to_uppercase(),
        format!(" {url}"),
        String::new(),
        "https://evil.example".into(),
    ] {
        let token = token().claim("iss", other.as_str()).sign();
        cases.push(case(format!("iss {other:?}"), token, &["issuer_unknown"]));
    }
    for wrong in [json!([url]), json!({ "iss": url }), json!(1), json!(true)] {
        cases.push(case(format!("iss {wrong}"), token().claim("iss", wrong).sign(), &["claim_malformed"]));
    }
    for other in [
        json!("other"),
        json!(""),
        json!("Orders-API"),
        json!("orders-api "),
        json!(["other", ""]),
        json!("orders"),
    ] {
        cases.push(case(format!("aud {other}"), token().audience(other).sign(), &["audience_mismatch"]));
    }
    for wrong in
        [json!({}), json!(1), json!(true), json!(["orders-api", 1]), json!([["orders-api"]]), json!([null])]
    {
        cases.push(case(format!("aud {wrong}"), token().audience(wrong).sign(), &["claim_malformed"]));
    }
    assert_all_refused(&world, "/", cases).await;
}

#[tokio::test]
async fn a_route_may_narrow_issuers_and_audiences() {
    let partner = Issuer::start().await;
    let world = Setup::new().await.set("PARTNER", partner.url()).start(TWO_ISSUERS).await;
    let ours = world.issuer.token();
    world.client.get("/ours/a").bearer(&ours.sign()).send().await.assert_passed();
    let narrow = ours.clone().audience(json!(["orders-api", "narrow-api"])).sign();
    world.client.get("/narrow/a").bearer(&narrow).send().await.assert_passed();
    world.client.get("/a").bearer(&ours.sign()).send().await.assert_passed();
    world.upstream.take_requests();
    let forged = partner.token().signed_with(&KeyPair::generate("ES256"));
    let cases = vec![
        case("the partner's", partner.token().sign(), &["issuer_not_allowed"]),
        case(
            "the partner's, expired",
            partner.token().expired_by(Duration::from_secs(600)).sign(),
            &["issuer_not_allowed"],
        ),
        case("the partner's, forged", forged, &["issuer_not_allowed"]),
        case("nobody's", ours.clone().claim("iss", "https://nobody").sign(), &["issuer_unknown"]),
    ];
    assert_all_refused(&world, "/ours/a", cases).await;
    let cases = vec![
        case("without the route's audience", ours.sign(), &["audience_mismatch"]),
        case("with the route's alone", ours.audience("narrow-api").sign(), &["audience_mismatch"]),
    ];
    assert_all_refused(&world, "/narrow/a", cases).await;
}

#[tokio::test]
async fn required_claims_roles_scopes_and_age_are_checked() {
    let world = World::start(
        "
issuers:
  corporate:
    issuer: $ISSUER
    audiences: [orders-api]
    max_age: 1h
    required_claims: [sub, org.tenant]
    roles: realm_access.roles
routes:
  - { name: rest, match: { path: /** }, access: authenticated, upstream: orders }
",
    )
    .await;
    let token = || world.issuer.token().claim("org", json!({ "tenant": "acme" }));
    let roles = |value: serde_json::Value| token().claim("realm_access", json!({ "roles": value })).sign();
    let cases = vec![
        ("all there", token().sign()),
        ("roles a list", roles(json!(["a", "b"]))),
        ("roles a string", roles(json!("a"))),
        ("roles null", roles(json!(null))),
        ("roles an empty list", roles(json!([]))),
        ("scope a list", token().claim("scope", json!(["a"])).sign()),
        ("scope null", token().claim("scope", json!(null)).sign()),
        ("top-level roles are nobody's", token().claim("roles", 5).sign()),
        ("cnf null", token().claim("cnf", json!(null)).sign()),
    ];
    assert_all_pass(&world, cases).await;
    let old = token().claim("iat", now() - 7200);
    let mut cases = vec![
        case("no sub", token().without("sub").sign(), &["claim_missing"]),
        case("sub null", token().claim("sub", json!(null)).sign(), &["claim_missing"]),
        case("no tenant", token().claim("org", json!({})).sign(), &["claim_missing"]),
        case("org a string", token().claim("org", "acme").sign(), &["claim_missing", "claim_malformed"]),
        case("too old", old.sign(), &["token_too_old"]),
        case("no iat where age counts", token().without("iat").sign(), &["claim_missing", "token_too_old"]),
        case("bound to a key", token().claim("cnf", json!({ "jkt": "x" })).sign(), &["binding_invalid"]),
        case(
            "bound to a certificate",
            token().claim("cnf", json!({ "x5t#S256": "x" })).sign(),
            &["binding_invalid"],
        ),
        case("bound to nothing", token().claim("cnf", json!({})).sign(), &["binding_invalid"]),
    ];
    for wrong in [json!(5), json!({}), json!([1]), json!(["a", null]), json!(true)] {
        cases.push(case(format!("roles {wrong}"), roles(wrong.clone()), &["claim_malformed"]));
        cases.push(case(
            format!("scope {wrong}"),
            token().claim("scope", wrong).sign(),
            &["claim_malformed"],
        ));
    }
    assert_all_refused(&world, "/", cases).await;
}

#[tokio::test]
async fn the_first_check_that_fails_is_the_reason() {
    let partner = Issuer::start().await;
    let world = Setup::new().await.set("PARTNER", partner.url()).start(TWO_ISSUERS).await;
    let late = Duration::from_secs(600);
    let token = || world.issuer.token();
    let everything = |token: TokenBuilder| token.expired_by(late).audience("other").claim("nbf", now() + 600);
    let crit = json!(["x"]);
    let cases = vec![
        case("form before crit", "a.b.c", &["token_malformed"]),
        case(
            "crit before iss",
            token().header("crit", crit).claim("iss", "x").sign(),
            &["critical_header_unsupported"],
        ),
        case(
            "iss before alg",
            token().claim("iss", "x").header("alg", "none").unsigned(),
            &["issuer_unknown"],
        ),
        case(
            "the route's issuers before alg",
            partner.token().header("alg", "none").unsigned(),
            &["issuer_not_allowed"],
        ),
        case(
            "alg before typ",
            token().header("alg", "HS256").header("typ", "x").sign(),
            &["algorithm_not_allowed"],
        ),
        case(
            "typ before key",
            token().header("typ", "x").header("kid", "x").sign(),
            &["token_type_not_allowed"],
        ),
        case("key before exp", everything(token()).header("kid", "x").sign(), &["key_unknown"]),
        case("signature before exp", everything(token()).signed_with(&partner.key()), &["signature_invalid"]),
        case("exp before nbf", everything(token()).sign(), &["token_expired"]),
        case(
            "nbf before aud",
            token().claim("nbf", now() + 600).audience("other").sign(),
            &["token_not_yet_valid"],
        ),
        case(
            "aud before cnf",
            token().audience("other").claim("cnf", json!({})).sign(),
            &["audience_mismatch"],
        ),
    ];
    assert_all_refused(&world, "/ours/a", cases).await;
}

#[tokio::test]
async fn a_token_that_is_too_large_is_refused_before_it_is_read() {
    let world = World::start(AUTHENTICATED).await;
    let token = world.issuer.token().claim("x", "x".repeat(14_000)).sign();
    let just = world.issuer.token().claim("x", "x".repeat(11_000)).sign();
    assert!(token.len() > 16 * 1024 && just.len() < 16 * 1024);
    assert_all_pass(&world, vec![("just small enough", just)]).await;
    let cases = vec![
        case("17 KiB", token, &["token_too_large"]),
        case("20 KiB of one letter", "a".repeat(20 * 1024), &["token_too_large"]),
    ];
    assert_all_refused(&world, "/", cases).await;
}

#[tokio::test]
async fn a_cached_token_is_still_checked_for_each_route_and_each_moment() {
    let issuers = TWO_ISSUERS.replace("issuer: $ISSUER, ", "issuer: $ISSUER, clock_skew: 0s, ");
    let world = Setup::new().await.set("PARTNER", "https://partner.example").start_cold(&issuers).await;
    let token = world.issuer.token().expires_in(Duration::from_secs(3)).sign();
    eventually!(world.client.get("/a").bearer(&token).send().await.status == 200);
    // The same token, verified and cached, on a route that wants another audience.
    world.assert_reason(world.client.get("/narrow/a").bearer(&token), "audience_mismatch").await;
    assert_eq!(world.client.get("/ours/a").bearer(&token).send().await.status, 200);
    let expired = eventually!({
        let reply = world.client.get("/a").bearer(&token).send().await;
        (reply.status != 200).then_some(reply)
    });
    expired.assert_invalid_token();
    assert_eq!(
        world.gateway.metrics().await.sum("jwtgate_decisions_total", &[("reason", "token_expired")]),
        1.0
    );
}

#[tokio::test]
async fn concurrent_tokens_keep_their_own_identity() {
    let world = World::start(AUTHENTICATED).await;
    let requests = (0..200).map(|number| {
        // Three tokens with one subject each, interleaved with others of the same prefix.
        let name = format!("user-{}", number % 70);
        let token = world.issuer.token().subject(&name).sign();
        let client = world.client.clone();
        async move { client.get(&format!("/u/{name}")).bearer(&token).send().await.status }
    });
    let statuses = futures_util::future::join_all(requests).await;
    assert!(statuses.iter().all(|status| *status == 200), "{statuses:?}");
    for seen in world.upstream.requests() {
        assert_eq!(Some(seen.target().trim_start_matches("/u/")), seen.header("x-user"));
    }
}

#[tokio::test]
async fn a_token_seen_again_is_found_in_the_cache() {
    let world = World::start(AUTHENTICATED).await;
    let token = world.issuer.token().sign();
    for _ in 0..10 {
        world.client.get("/").bearer(&token).send().await.assert_passed();
    }
    let metrics = world.gateway.metrics().await;
    let of = |name| metrics.sum(name, &[("issuer", "corporate")]);
    assert_eq!(of("jwtgate_token_cache_misses_total"), 1.0);
    assert_eq!(of("jwtgate_token_cache_hits_total"), 9.0);
    // A forged one with the same header and payload is not the one in the cache.
    let (body, _) = token.rsplit_once('.').unwrap();
    let forged = format!("{body}.{}", base64url([7; 64]));
    world.assert_reason(world.client.get("/").bearer(&forged), "signature_invalid").await;
}
