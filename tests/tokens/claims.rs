//! What a token claims: times, issuer, audience and the rest, each by type, and in the order of the checks.

use std::time::Duration;

use serde_json::json;

use super::{TWO_ISSUERS, assert_all_pass, assert_all_refused, case};
use crate::support::keypair::KeyPair;
use crate::support::token::now;
use crate::support::world::{AUTHENTICATED, Setup, World};
use crate::support::{Issuer, TokenBuilder};

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
        ("exp with a fraction", token().claim("exp", json!(4_102_444_800.5)).sign()),
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
        case("nbf null", token().claim("nbf", json!(null)).sign(), &["claim_malformed"]),
        case("iat null", token().claim("iat", json!(null)).sign(), &["claim_malformed"]),
        case("exp null", token().claim("exp", json!(null)).sign(), &["claim_malformed"]),
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
        case("iss null", token().claim("iss", json!(null)).sign(), &["claim_malformed"]),
        case("no aud", token().without("aud").sign(), &["claim_missing"]),
        case("aud null", token().audience(json!(null)).sign(), &["claim_malformed"]),
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
            partner.token().expired_by(Duration::from_mins(10)).sign(),
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
    ];
    assert_all_pass(&world, cases).await;
    let old = token().claim("iat", now() - 7200);
    let mut cases = vec![
        case("no sub", token().without("sub").sign(), &["claim_missing"]),
        case("sub null", token().claim("sub", json!(null)).sign(), &["claim_malformed"]),
        case("jti null", token().claim("jti", json!(null)).sign(), &["claim_malformed"]),
        case("tenant null", token().claim("org", json!({ "tenant": null })).sign(), &["claim_missing"]),
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
    let late = Duration::from_mins(10);
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

/// A number is compared as it was written, to the last bit, and is sent on as the same.
#[tokio::test]
async fn doubles_are_what_was_written() {
    let setup = Setup::new().await;
    let world = setup
        .start(
            "
routes:
  - name: equal
    match: { path: /equal }
    access: { require: { claims: { n: 1795414761.9705935, big: 9007199254740993.0 } } }
    identity: { headers: { X-N: claims.n, X-Json: { from: claims.all, format: json } } }
    upstream: orders
  - name: unequal
    match: { path: /none }
    access: { require: { claims: { n: { none: [1795414761.9705935] } } } }
    upstream: orders
  - name: condition
    match: { path: /condition }
    access: { require: { when: claims.n == 1795414761.9705935 } }
    upstream: orders
",
        )
        .await;
    let n = "1795414761.9705935";
    let more = format!("{{\"n\":{n},\"big\":9007199254740993.0,\"all\":[{n},0.1],");
    let token =
        world.issuer.token().raw_payload(world.issuer.token().claims_json().replacen('{', &more, 1)).sign();
    for (path, reason) in [("/equal", "allowed"), ("/none", "policy_denied"), ("/condition", "allowed")] {
        world.assert_reason(world.client.get(path).bearer(&token), reason).await;
    }
    let sent = world.upstream.take_requests();
    assert_eq!(
        (sent[0].header("x-n"), sent[0].header("x-json")),
        (Some(n), Some("[1795414761.9705935,0.1]"))
    );
}
