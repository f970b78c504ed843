//! Keys that are replaced under their ids, and forged tokens that look like it.

use super::super::VerificationKey;
use super::scripted::{Jwk, Script, Scripted, answer, set};
use super::*;

async fn keys(started: &Started, kid: Option<&str>) -> Vec<Arc<VerificationKey>> {
    started.keys.select(kid, Algorithm::Es256).await.unwrap()
}

/// Long enough after the last fetch for the next.
async fn pass(interval: u32) {
    tokio::time::sleep(Duration::from_millis(210) * interval).await;
}

#[tokio::test]
async fn a_key_replaced_under_its_id_is_had_by_the_first_who_asks() {
    let with_id = |jwk: &Jwk| set(&[jwk]);
    let without = |jwk: &Jwk| set(&[jwk]).replace(r#""kid":"a","#, "");
    let [one, other] = [Jwk::new("a"), Jwk::new("a")];
    for (kid, before, after) in [
        (Some("a"), with_id(&one), with_id(&other)),
        (None, without(&one), without(&other)),
        (None, without(&one), set(&[&one, &other]).replace(r#""kid":"a","#, "")),
    ] {
        let issuer = Scripted::start().await;
        issuer.script("/jwks", Script::Json(before));
        let started = Fixture::new().at(&issuer);
        let tried = keys(&started, kid).await;
        pass(1).await;
        issuer.script("/jwks", Script::Json(after));
        let all = (0..50).map(|_| started.keys.reconsider(kid, Algorithm::Es256, &tried));
        assert!(
            futures_util::future::join_all(all).await.into_iter().all(|found| found == Ok(true)),
            "{kid:?}"
        );
        assert_eq!(issuer.fetches("/jwks"), 2, "{kid:?}: one fetch for all");
        let now = keys(&started, kid).await;
        assert!(now.iter().any(|key| tried.iter().all(|old| old.identity() != key.identity())), "{kid:?}");
        // A token of the old set that comes late need not ask.
        assert_eq!(started.keys.reconsider(kid, Algorithm::Es256, &tried).await, Ok(true));
        pass(2).await;
        assert_eq!(issuer.fetches("/jwks"), 2, "{kid:?}: none left over");
    }
}

#[tokio::test]
async fn who_doubts_while_the_answer_is_on_its_way_asks_no_second_time() {
    let issuer = Scripted::with(&[&Jwk::new("a")]).await;
    let mut fixture = Fixture::new();
    fixture.options.timeout = Duration::from_secs(5);
    fixture.timing.request_patience = Duration::from_secs(5);
    let started = fixture.at(&issuer);
    let tried = keys(&started, Some("a")).await;
    pass(1).await;
    let body = set(&[&Jwk::new("a")]);
    let length = body.len() + 1;
    let head = format!(
        "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: {length}\r\n\r\n{body}"
    );
    issuer.script("/jwks", Script::Drip { head: head.into(), chunk: 1, pause: Duration::from_millis(150) });
    let doubt = || started.keys.reconsider(Some("a"), Algorithm::Es256, &tried);
    let late = async {
        eventually("a fetch", || issuer.fetches("/jwks") == 2).await;
        doubt().await
    };
    assert_eq!(futures_util::future::join(doubt(), late).await, (Ok(true), Ok(true)));
    pass(3).await;
    assert_eq!(issuer.fetches("/jwks"), 2);
}

#[tokio::test]
async fn a_key_replaced_by_one_of_another_type_is_had_too() {
    let issuer = Scripted::with(&[&Jwk::new("a")]).await;
    let started = Fixture::new().at(&issuer);
    assert!(started.has("a").await);
    pass(1).await;
    let ed25519 = r#"{"keys":[{"kty":"OKP","crv":"Ed25519","kid":"a","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}]}"#;
    issuer.script("/jwks", Script::Json(ed25519.to_owned()));
    assert!(started.keys.select(Some("a"), Algorithm::EdDsa).await.is_ok());
    assert_eq!(started.keys.select(Some("a"), Algorithm::Es256).await.err(), Some(KeyFailure::Unsuitable));
}

#[tokio::test]
async fn forged_tokens_are_fetches_with_growing_pauses_and_wait_for_one_answer_at_the_most() {
    let (a, b) = (Jwk::new("a"), Jwk::new("b"));
    let issuer = Scripted::with(&[&a]).await;
    let mut fixture = Fixture::new();
    fixture.options.refresh_min = Duration::from_mins(1);
    let started = fixture.at(&issuer);
    let tried = keys(&started, Some("a")).await;
    let forged = || started.keys.reconsider(Some("a"), Algorithm::Es256, &tried);
    assert_eq!(forged().await, Ok(false));
    eventually("a slot that is to come is used", || issuer.fetches("/jwks") == 2).await;
    let (begun, mut answered) = (Instant::now(), 0);
    while begun.elapsed() < Duration::from_secs(2) {
        assert_eq!(forged().await, Ok(false));
        assert!(started.has("a").await);
        answered += 1;
        tokio::time::sleep(Duration::from_millis(2)).await;
    }
    assert!(answered > 20, "forged tokens waited: {answered} answered");
    // After 0.2, 0.6, 1.4, 3 s …
    let fetches = issuer.fetches("/jwks") - 2;
    let passed = begun.elapsed().as_millis();
    let allowed = (1..10).take_while(|&n| 200 * (2_u128.pow(n) - 1) <= passed + 100).count();
    assert!((1..=allowed).contains(&fetches), "{fetches} fetches in {passed} ms, {allowed} allowed");

    // A missing key does not wait for that pause, and what it brings ends it.
    issuer.serve_keys(&[&a, &b]);
    assert!(started.has("b").await);
    let other = Jwk::new("a");
    issuer.serve_keys(&[&other, &b]);
    pass(1).await;
    assert_eq!(forged().await, Ok(true), "believed again");
}

#[tokio::test]
async fn a_signature_that_no_key_verifies_costs_nothing_while_the_issuer_is_down_or_stalls() {
    let issuer = Scripted::with(&[&Jwk::new("a")]).await;
    let mut fixture = Fixture::new();
    fixture.timing.waiters = 2;
    fixture.options.timeout = Duration::from_secs(5);
    let started = fixture.at(&issuer);
    let tried = keys(&started, Some("a")).await;
    let forged = || started.keys.reconsider(Some("a"), Algorithm::Es256, &tried);
    pass(1).await;
    issuer.script("/jwks", Script::Silence);
    let begun = Instant::now();
    let (two, rest) = (futures_util::future::join(forged(), forged()), async {
        tokio::time::sleep(Duration::from_millis(50)).await;
        // What it was asked for is on its way, and may be another key under this id.
        let crowded = forged().await;
        assert!(matches!(crowded, Err(KeyFailure::Unavailable { .. })), "{crowded:?}");
        begun.elapsed()
    });
    let (outcomes, rest) = futures_util::future::join(two, rest).await;
    assert_eq!(outcomes, (Ok(false), Ok(false)));
    assert!(rest < Duration::from_secs(1), "who finds no place does not wait: {rest:?}");
    assert!(begun.elapsed() < Duration::from_secs(4), "waiting has a deadline");
    assert!(started.has("a").await);
    issuer.script("/jwks", Script::Hangup);
    assert_eq!(forged().await, Ok(false));
    assert!(started.has("a").await);
}

#[tokio::test]
async fn a_file_is_not_asked() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("jwks.json");
    std::fs::write(&path, set(&[&Jwk::new("a")])).unwrap();
    let started = Fixture::new().start(KeySource::JwksFile(path), "https://id.example.com");
    let tried = keys(&started, Some("a")).await;
    assert_eq!(started.keys.reconsider(Some("a"), Algorithm::Es256, &tried).await, Ok(false));
}

#[tokio::test]
async fn an_issuer_that_asks_to_be_left_alone_is() {
    for (status, after) in [("503 Service Unavailable", "2"), ("429 Too Many Requests", "2")] {
        let issuer = Scripted::with(&[&Jwk::new("a")]).await;
        let started = Fixture::new().at(&issuer);
        assert!(started.has("a").await);
        issuer.script("/jwks", answer(status, &format!("retry-after: {after}\r\n"), ""));
        assert!(started.keys.refresh_now().await.is_err());
        let (begun, fetches) = (Instant::now(), issuer.fetches("/jwks"));
        let Err(KeyFailure::Unavailable { retry_after }) = started.select("b").await else {
            panic!("answered")
        };
        assert!(retry_after <= Duration::from_secs(3), "{retry_after:?}");
        // The request waits 1.5 s, and no fetch comes before 2 s.
        assert!(begun.elapsed() < Duration::from_secs(1), "waited for nothing");
        while begun.elapsed() < Duration::from_millis(1800) {
            assert!(started.has("a").await);
            let now = issuer.fetches("/jwks");
            if begun.elapsed() < Duration::from_millis(1900) {
                assert_eq!(now, fetches, "{status}: asked too early");
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        eventually("another try", || issuer.fetches("/jwks") > fetches).await;
        // But an operator knows better.
        let fetches = issuer.fetches("/jwks");
        assert!(started.keys.refresh_now().await.is_err());
        assert!(issuer.fetches("/jwks") > fetches);
    }
}

#[tokio::test]
async fn an_issuer_without_keys_that_asks_for_a_long_pause_gets_a_bounded_one() {
    let issuer = Scripted::start().await;
    issuer.script("/jwks", answer("503 Service Unavailable", "retry-after: 86400\r\n", ""));
    let started = Fixture::new().at(&issuer);
    let Err(KeyFailure::Unavailable { retry_after }) = started.select("a").await else { panic!("answered") };
    assert!(
        retry_after > Duration::from_secs(25) && retry_after <= Duration::from_secs(30),
        "{retry_after:?}"
    );
    issuer.serve_keys(&[&Jwk::new("a")]);
    started.keys.refresh_now().await.unwrap();
    assert!(started.has("a").await);
}

#[tokio::test]
async fn who_could_be_answered_before_the_pause_is_over_waits() {
    let issuer = Scripted::with(&[&Jwk::new("a")]).await;
    let mut fixture = Fixture::new();
    fixture.timing.request_patience = Duration::from_secs(5);
    let started = fixture.at(&issuer);
    assert!(started.has("a").await);
    issuer.script("/jwks", answer("503 Service Unavailable", "retry-after: 1\r\n", ""));
    assert!(started.keys.refresh_now().await.is_err());
    issuer.serve_keys(&[&Jwk::new("b")]);
    assert!(started.has("b").await, "had after the pause, by the one who asks");
}
