//! Keys that are not there: invented ones, and new ones among them.

use super::scripted::{Jwk, Script, Scripted};
use super::*;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_flood_of_invented_kids_is_two_fetches_and_hides_no_rotation() {
    let (a, b) = (Jwk::new("a"), Jwk::new("b"));
    let issuer = Scripted::with(&[&a]).await;
    let mut fixture = Fixture::new();
    fixture.timing.demand_interval = Duration::from_secs(2);
    fixture.timing.request_patience = Duration::from_secs(5);
    let started = fixture.at(&issuer);
    assert!(started.has("a").await);
    // Just after a fetch: the next may not begin for two seconds.
    let begun = Instant::now();
    let mut waiting = tokio::task::JoinSet::new();
    for n in 0..2_000 {
        let keys = Arc::clone(&started.keys);
        waiting
            .spawn(async move { keys.select(Some(&format!("invented-{n}")), Algorithm::Es256).await.err() });
    }
    // Those who find no place are answered before the next fetch. Nobody has asked for them: their tokens may be good.
    for _ in 0..2_000 - 1_024 {
        let outcome = waiting.join_next().await.unwrap().unwrap();
        assert!(matches!(outcome, Some(KeyFailure::Unavailable { .. })), "{outcome:?}");
    }
    assert_eq!(issuer.fetches("/jwks"), 1);

    issuer.serve_keys(&[&a, &b]);
    while let Some(outcome) = waiting.join_next().await {
        assert_eq!(outcome.unwrap(), Some(KeyFailure::Unknown));
    }
    let after = begun.elapsed();
    assert!(after > Duration::from_millis(1_800) && after < Duration::from_secs(10), "{after:?}");
    assert!(started.holds("b"), "the rotation was picked up");
    assert_eq!(issuer.fetches("/jwks"), 2);
    assert_eq!(started.metrics.unknown_kid.get(), 2_000);
}

#[tokio::test]
async fn a_new_key_is_had_by_the_first_who_asks() {
    let (a, b) = (Jwk::new("a"), Jwk::new("b"));
    let issuer = Scripted::with(&[&a]).await;
    let started = Fixture::new().at(&issuer);
    assert!(started.has("a").await);
    issuer.serve_keys(&[&b]);
    let all = (0..50).map(|_| started.has("b"));
    assert!(futures_util::future::join_all(all).await.into_iter().all(|found| found));
    tokio::time::sleep(Duration::from_millis(450)).await;
    assert_eq!(issuer.fetches("/jwks"), 2, "one fetch for all, and none left over");
}

#[tokio::test]
async fn what_is_known_to_be_unknown_is_answered_at_once_until_the_next_fetch() {
    let (a, late) = (Jwk::new("a"), Jwk::new("late"));
    let issuer = Scripted::with(&[&a]).await;
    let mut fixture = Fixture::new();
    fixture.timing.demand_interval = Duration::from_secs(2);
    let started = fixture.at(&issuer);
    assert_eq!(started.select("late").await, Err(KeyFailure::Unknown));
    let fetches = issuer.fetches("/jwks");
    let begun = Instant::now();
    for _ in 0..100 {
        assert_eq!(started.select("late").await, Err(KeyFailure::Unknown));
    }
    assert_eq!(issuer.fetches("/jwks"), fetches, "it was waited for the next fetch");

    issuer.serve_keys(&[&a, &late]);
    eventually("the window is over", || begun.elapsed() > Duration::from_millis(2_100)).await;
    assert!(started.has("late").await, "asked anew, and found by the one who asks");
}

#[tokio::test]
async fn an_unknown_kid_is_the_tokens_fault_only_if_the_issuer_answers() {
    let issuer = Scripted::with(&[&Jwk::new("a")]).await;
    let mut fixture = Fixture::new();
    fixture.timing.demand_interval = Duration::from_millis(50);
    let started = fixture.at(&issuer);
    assert_eq!(started.select("b").await, Err(KeyFailure::Unknown));
    issuer.script("/jwks", Script::Hangup);
    tokio::time::sleep(Duration::from_millis(60)).await;
    let Err(KeyFailure::Unavailable { retry_after }) = started.select("b").await else { panic!("answered") };
    assert!(retry_after >= Duration::from_secs(1));
    assert!(is_unavailable(started.select("b").await), "remembered as what it was");
    assert!(started.has("a").await);
}

#[tokio::test]
async fn waiting_has_a_deadline() {
    let issuer = Scripted::with(&[&Jwk::new("a")]).await;
    let mut fixture = Fixture::new();
    fixture.options.timeout = Duration::from_secs(5);
    fixture.timing.request_patience = Duration::from_millis(300);
    let started = fixture.at(&issuer);
    assert!(started.has("a").await);
    issuer.script("/jwks", Script::Silence);
    let begun = Instant::now();
    assert!(is_unavailable(started.select("b").await));
    let after = begun.elapsed();
    assert!(after > Duration::from_millis(250) && after < Duration::from_secs(4), "{after:?}");
}

#[tokio::test]
async fn a_token_without_kid_that_fits_no_key_asks_too() {
    let a = Jwk::new("a");
    let issuer = Scripted::with(&[&a]).await;
    let started = Fixture::new().at(&issuer);
    assert!(started.keys.select(None, Algorithm::Es256).await.is_ok());
    let before = issuer.fetches("/jwks");
    assert_eq!(started.keys.select(None, Algorithm::Rs256).await.err(), Some(KeyFailure::Unsuitable));
    assert_eq!(issuer.fetches("/jwks"), before + 1);
    assert_eq!(started.keys.select(Some("a"), Algorithm::Rs256).await.err(), Some(KeyFailure::Unsuitable));
    assert_eq!(issuer.fetches("/jwks"), before + 1, "a known kid of another type is answered at once");
    eventually("it is a reason to ask nevertheless", || issuer.fetches("/jwks") == before + 2).await;
}
