//! Issuers that say themselves where their keys are.

use super::scripted::{Jwk, Script, Scripted, set};
use super::*;

const DOCUMENT: &str = "/.well-known/openid-configuration";

fn document(issuer: &str, jwks_uri: &str) -> Script {
    Script::Json(format!(r#"{{"issuer":"{issuer}","jwks_uri":"{jwks_uri}","scopes_supported":["openid"]}}"#))
}

/// An issuer that serves this key, and says where.
async fn issuer_of(jwk: &Jwk) -> Scripted {
    let issuer = Scripted::with(&[jwk]).await;
    issuer.script(DOCUMENT, document(&issuer.url("/"), &issuer.url("/jwks")));
    issuer
}

fn discovered(issuer: &Scripted, fixture: Fixture) -> Started {
    fixture.start(KeySource::Discovery, &issuer.url("/"))
}

#[tokio::test]
async fn the_keys_are_where_the_issuer_says() {
    let issuer = issuer_of(&Jwk::new("a")).await;
    let started = discovered(&issuer, Fixture::new());
    assert!(started.has("a").await);
    assert_eq!((issuer.fetches(DOCUMENT), issuer.fetches("/jwks")), (1, 1));
}

#[tokio::test]
async fn a_document_of_another_issuer_is_not_believed() {
    let issuer = Scripted::with(&[&Jwk::new("a")]).await;
    // Without the trailing slash that the configuration has.
    issuer.script(DOCUMENT, document(&issuer.url(""), &issuer.url("/jwks")));
    let started = discovered(&issuer, Fixture::new());
    assert!(is_unavailable(started.select("a").await));
    assert_eq!(issuer.fetches("/jwks"), 0);
    assert!(started.keys.describe().contains("of the issuer"), "{}", started.keys.describe());
}

#[tokio::test]
async fn a_jwks_uri_that_may_not_be_fetched_from_is_not() {
    for uri in ["http://192.0.2.1/jwks", "file:///etc/passwd", "https://169.254.169.254/", "/jwks"] {
        let issuer = Scripted::with(&[&Jwk::new("a")]).await;
        issuer.script(DOCUMENT, document(&issuer.url("/"), uri));
        let started = discovered(&issuer, Fixture::new());
        assert!(is_unavailable(started.select("a").await), "{uri}");
        assert!(started.keys.describe().contains("may not be fetched from"), "{}", started.keys.describe());
    }
}

#[tokio::test]
async fn keys_that_move_are_followed_and_only_to_a_good_set() {
    let (a, b) = (Jwk::new("a"), Jwk::new("b"));
    let issuer = issuer_of(&a).await;
    let started = discovered(&issuer, Fixture::new());
    assert!(started.has("a").await);

    issuer.script("/moved", Script::Json("{}".to_owned()));
    issuer.script(DOCUMENT, document(&issuer.url("/"), &issuer.url("/moved")));
    tokio::time::sleep(Duration::from_millis(150)).await;
    started.keys.refresh_now().await.unwrap();
    eventually("the new place is tried", || issuer.fetches("/moved") > 0).await;
    assert!(started.has("a").await && issuer.fetches("/moved") > 0);

    issuer.script("/moved", Script::Json(set(&[&b])));
    tokio::time::sleep(Duration::from_millis(150)).await;
    started.keys.refresh_now().await.unwrap();
    eventually("the move", || started.holds("b") && !started.holds("a")).await;
    let at_the_old_place = issuer.fetches("/jwks");
    started.keys.refresh_now().await.unwrap();
    assert_eq!(issuer.fetches("/jwks"), at_the_old_place);
}

#[tokio::test]
async fn discovery_that_fails_later_costs_nothing() {
    let (a, b) = (Jwk::new("a"), Jwk::new("b"));
    let issuer = issuer_of(&a).await;
    let started = discovered(&issuer, Fixture::new());
    assert!(started.has("a").await);
    issuer.script(DOCUMENT, Script::Hangup);
    tokio::time::sleep(Duration::from_millis(150)).await;
    issuer.serve_keys(&[&a, &b]);
    assert!(started.has("b").await);
    assert_eq!(started.metrics.fetch_failure.get(), 0);
}

#[tokio::test]
async fn a_place_that_begins_to_fail_is_looked_up_anew_at_once() {
    let (a, b) = (Jwk::new("a"), Jwk::new("b"));
    let issuer = issuer_of(&a).await;
    let mut fixture = Fixture::new();
    fixture.options.refresh_min = Duration::from_mins(1);
    let started = discovered(&issuer, fixture);
    assert!(started.has("a").await);
    issuer.script("/jwks", Script::Hangup);
    issuer.script("/moved", Script::Json(set(&[&b])));
    issuer.script(DOCUMENT, document(&issuer.url("/"), &issuer.url("/moved")));
    assert!(started.has("b").await);
    assert_eq!(issuer.fetches(DOCUMENT), 2);
}

#[tokio::test]
async fn a_move_is_seen_by_who_misses_a_key_and_by_an_operator_though_the_old_place_answers() {
    for by_operator in [false, true] {
        let (a, b) = (Jwk::new("a"), Jwk::new("b"));
        let issuer = issuer_of(&a).await;
        let mut fixture = Fixture::new();
        fixture.options.refresh_min = Duration::from_mins(1);
        let started = discovered(&issuer, fixture);
        assert!(started.has("a").await);
        issuer.script("/moved", Script::Json(set(&[&b])));
        issuer.script(DOCUMENT, document(&issuer.url("/"), &issuer.url("/moved")));
        if by_operator {
            started.keys.refresh_now().await.unwrap();
            assert!(started.holds("b") && !started.holds("a"), "dead when the refresh has answered");
        } else {
            // Whoever asks, but not each time that somebody asks.
            let since = Instant::now();
            while !started.has("b").await {
                assert!(since.elapsed() < Duration::from_secs(30), "never found");
            }
        }
        assert_eq!(issuer.fetches(DOCUMENT), 2);
    }
}

#[tokio::test]
async fn nobody_waits_for_discovery_while_the_keys_can_be_asked_for() {
    let (a, b, c) = (Jwk::new("a"), Jwk::new("b"), Jwk::new("c"));
    let issuer = issuer_of(&a).await;
    let mut fixture = Fixture::new();
    fixture.options.timeout = Duration::from_secs(5);
    fixture.timing.request_patience = Duration::from_secs(10);
    let started = discovered(&issuer, fixture);
    assert!(started.has("a").await);
    issuer.script(DOCUMENT, Script::Silence);
    tokio::time::sleep(Duration::from_millis(150)).await;
    for jwk in [("b", &b), ("c", &c)] {
        issuer.serve_keys(&[jwk.1]);
        let begun = Instant::now();
        assert!(started.has(jwk.0).await);
        assert!(begun.elapsed() < Duration::from_secs(4), "{:?}", begun.elapsed());
    }
    assert!(issuer.fetches(DOCUMENT) >= 2, "discovery was under way");
}
