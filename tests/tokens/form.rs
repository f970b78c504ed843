//! The form of a token: compact, strict, of the right type and size, with nothing critical that we do not know.

use serde_json::json;

use super::{Case, assert_all_pass, assert_all_refused, case};
use crate::support::world::{AUTHENTICATED, World};

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
        ("a NUL in a claim", raw_payload(&token().claim("x", "a\u{0}b").claims_json())),
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
