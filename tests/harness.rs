//! The harness tells the truth: its tokens verify, its upstream records what was sent, its client sends what it is told.

use std::collections::HashSet;

use jsonwebtoken::{Algorithm, DecodingKey, Validation};
use serde_json::Value;

use crate::support::client::full;
use crate::support::{Client, Issuer, KeyPair, Pki, Script, Upstream};

#[tokio::test]
async fn a_token_of_each_algorithm_verifies_with_a_library_that_is_not_ours() {
    for (name, algorithm) in [
        ("RS256", Algorithm::RS256),
        ("PS256", Algorithm::PS256),
        ("ES256", Algorithm::ES256),
        ("ES384", Algorithm::ES384),
        ("EdDSA", Algorithm::EdDSA),
        ("HS256", Algorithm::HS256),
    ] {
        let issuer = Issuer::with_key(KeyPair::generate(name)).await;
        let token = issuer.token().subject("alice").sign();
        let key = match algorithm {
            Algorithm::HS256 => DecodingKey::from_secret(issuer.key().secret()),
            _ => DecodingKey::from_jwk(&serde_json::from_value(issuer.key().jwk()).unwrap()).unwrap(),
        };
        let mut validation = Validation::new(algorithm);
        validation.set_audience(&["orders-api"]);
        let verified = jsonwebtoken::decode::<Value>(&token, &key, &validation);
        assert_eq!(verified.unwrap().claims["sub"], "alice", "{name}");
        for bad in [issuer.token().tampered(), issuer.token().unsigned()] {
            assert!(jsonwebtoken::decode::<Value>(&bad, &key, &validation).is_err(), "{name}");
        }
    }
}

#[tokio::test]
async fn the_issuer_serves_discovery_and_its_published_keys() {
    let issuer = Issuer::start().await;
    let old = issuer.key().kid;
    let new = issuer.rotate().kid;
    let address = issuer.url().trim_start_matches("http://").parse().unwrap();
    let keys: Value =
        serde_json::from_slice(&Client::new(address).get("/jwks.json").send().await.body).unwrap();
    let kids: HashSet<_> = keys["keys"].as_array().unwrap().iter().map(|key| key["kid"].clone()).collect();
    assert_eq!(kids, HashSet::from([old.into(), new.into()]));
    issuer.fail_with(503);
    assert_eq!(Client::new(address).get("/jwks.json").send().await.status, 503);
    assert_eq!((issuer.fetches(), issuer.discoveries()), (2, 0));
}

#[tokio::test]
async fn the_upstream_records_every_byte_of_a_request() {
    let upstream = Upstream::start().await;
    let reply = Client::new(upstream.address())
        .post("/a%2Fb?x=%zz", "hello")
        .header("x-one", "1")
        .header("X-One", "2")
        .send()
        .await;
    assert_eq!((reply.status, reply.text().as_str()), (200, "ok"));
    let seen = upstream.only_request();
    assert_eq!((seen.method(), seen.target()), ("POST", "/a%2Fb?x=%zz"));
    assert_eq!(seen.head.values("x-one"), ["1", "2"]);
    assert_eq!(seen.spelled_like("X_ONE").len(), 2);
    assert_eq!(seen.body.bytes, b"hello");
}

#[tokio::test]
async fn the_upstream_speaks_tls_with_the_tests_own_authority() {
    let pki = Pki::new();
    let upstream = Upstream::start_tls(pki.server_config(&["localhost"])).await;
    let client = Client::new(upstream.address()).tls(&pki.client_config(None));
    assert_eq!(client.get("/").send().await.status, 200);
    let stranger = Client::new(upstream.address()).tls(&Pki::new().client_config(None));
    assert!(stranger.get("/").try_send().await.is_err());
}

#[tokio::test]
async fn the_upstream_plays_its_scripts() {
    let upstream = Upstream::start().await;
    let client = Client::new(upstream.address());
    upstream.answer_once(Script::Trailers { body: "hi", trailers: &[("x-sum", "1")] });
    let reply = client.get("/").send().await;
    assert_eq!(reply.trailers.unwrap()["x-sum"], "1");
    upstream.answer_once(Script::Echo);
    assert_eq!(client.request(http::Method::POST, "/").body(full("again")).send().await.text(), "again");
    for broken in [Script::Reset, Script::Close, Script::Raw(b"nonsense\r\n\r\n".to_vec())] {
        upstream.answer_once(broken);
        assert!(client.get("/").try_send().await.is_err());
    }
}

#[tokio::test]
#[should_panic(expected = "the upstream must not be reached")]
async fn an_upstream_that_must_not_be_reached_fails_the_test() {
    let upstream = Upstream::start().await;
    upstream.must_not_be_reached();
    Client::new(upstream.address()).get("/").send().await;
}
