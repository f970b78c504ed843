//! Keys come, change, grow old and go.

use super::scripted::{Jwk, Script, Scripted};
use super::*;

#[tokio::test]
async fn an_issuer_that_comes_up_late_is_found() {
    let address = {
        let gone = Scripted::start().await;
        gone.address()
    };
    let source = KeySource::JwksUri(format!("http://{address}/jwks"));
    let started = Fixture::new().start(source, "https://id.example.com");
    assert!(!started.keys.is_ready(Instant::now()));
    eventually("a failure", || started.metrics.fetch_failure.get() >= 2).await;
    assert!(is_unavailable(started.select("a").await));
    assert!(!started.keys.is_ready(Instant::now()), "not before it has waited");
    assert!(started.keys.is_ready(Instant::now() + Duration::from_secs(1)), "and not for ever");
    assert!(started.keys.describe().starts_with("no keys yet"), "{}", started.keys.describe());

    let issuer = Scripted::listen(address).await;
    issuer.serve_keys(&[&Jwk::new("a")]);
    eventually("keys", || started.holds("a")).await;
    assert!(started.has("a").await);
    assert!(started.keys.is_ready(Instant::now()));
}

#[tokio::test]
async fn the_first_answer_is_waited_for_and_later_ones_are_not() {
    let issuer = Scripted::with(&[&Jwk::new("a")]).await;
    let started = Fixture::new().at(&issuer);
    assert!(started.has("a").await, "asked before the first answer");

    issuer.script("/jwks", Script::Silence);
    let mut fixture = Fixture::new();
    fixture.options.timeout = Duration::from_millis(100);
    fixture.timing.request_patience = Duration::from_secs(10);
    let started = fixture.at(&issuer);
    assert!(is_unavailable(started.select("a").await));
    let begun = Instant::now();
    assert!(is_unavailable(started.select("a").await));
    assert!(begun.elapsed() < Duration::from_secs(5), "waited for an issuer that is known to be down");
}

#[tokio::test]
async fn pauses_grow_while_there_are_no_keys() {
    let issuer = Scripted::start().await;
    issuer.script("/jwks", Script::Hangup);
    let mut fixture = Fixture::new();
    fixture.timing.retry_first = Duration::from_millis(40);
    fixture.timing.retry_most = Duration::from_millis(320);
    let started = fixture.at(&issuer);
    let begun = Instant::now();
    let flood = async {
        for _ in 0..200 {
            assert!(is_unavailable(started.select("a").await));
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    flood.await;
    // 40 + 80 + 160 + 320 + 320 ms …, halved at the most: requests must not make it more. A busy machine has more time.
    let most = 4 + begun.elapsed().as_millis() / 160;
    let fetches = issuer.fetches("/jwks");
    assert!(fetches >= 3 && u128::try_from(fetches).unwrap() <= most, "{fetches}, and {most} at the most");
}

#[tokio::test]
async fn degrade_is_ready_at_once_and_require_is_not() {
    let issuer = Scripted::start().await;
    issuer.script("/jwks", Script::Silence);
    let mut fixture = Fixture::new();
    fixture.options.on_start = super::super::OnStart::Degrade;
    assert!(fixture.at(&issuer).keys.is_ready(Instant::now()));
    assert!(!Fixture::new().at(&issuer).keys.is_ready(Instant::now()));
    let idle = Fixture::new().make(KeySource::JwksUri(issuer.url("/jwks")), "https://id.example.com");
    assert!(!idle.keys.is_ready(Instant::now() + Duration::from_hours(1)), "never started");
}

#[tokio::test]
async fn generation_grows_when_a_key_goes_and_not_when_one_comes() {
    let (a, b, other_a) = (Jwk::new("a"), Jwk::new("b"), Jwk::new("a"));
    let issuer = Scripted::with(&[&a]).await;
    let started = Fixture::new().at(&issuer);
    assert!(started.has("a").await);
    let generation = started.keys.generation();

    issuer.serve_keys(&[&a, &b]);
    started.keys.refresh_now().await.unwrap();
    assert!(started.has("b").await);
    assert_eq!(started.keys.generation(), generation, "a key was only added");

    issuer.serve_keys(&[&b]);
    started.keys.refresh_now().await.unwrap();
    assert!(!started.has("a").await);
    assert_eq!(started.keys.generation(), generation + 1, "a key was withdrawn");

    issuer.serve_keys(&[&a, &b]);
    started.keys.refresh_now().await.unwrap();
    assert_eq!(started.keys.generation(), generation + 1);
    issuer.serve_keys(&[&other_a, &b]);
    started.keys.refresh_now().await.unwrap();
    assert_eq!(started.keys.generation(), generation + 2, "a key was replaced under its name");
}

#[tokio::test]
async fn keys_are_refreshed_before_they_are_old_and_nobody_waits() {
    let (a, b) = (Jwk::new("a"), Jwk::new("b"));
    let issuer = Scripted::start().await;
    let fresh_for_a_second = "content-type: application/json\r\ncache-control: max-age=1\r\n";
    issuer.script("/jwks", scripted::answer("200 OK", fresh_for_a_second, &scripted::set(&[&a])));
    let begun = Instant::now();
    let mut fixture = Fixture::new();
    fixture.options.timeout = Duration::from_secs(2);
    let started = fixture.at(&issuer);
    assert!(started.has("a").await);
    issuer.script("/jwks", Script::Json(scripted::set(&[&b])));
    eventually("refresh", || started.holds("b")).await;
    let after = begun.elapsed();
    assert!(after > Duration::from_millis(700) && after < Duration::from_secs(4), "{after:?}");

    issuer.script("/jwks", Script::Silence);
    let in_flight = Arc::clone(&started.keys);
    let refresh = tokio::spawn(async move { in_flight.refresh_now().await });
    eventually("a fetch", || issuer.fetches("/jwks") == 3).await;
    assert!(started.has("b").await);
    assert!(!refresh.is_finished(), "it was waited for");
    assert!(refresh.await.unwrap().is_err());
}

#[tokio::test]
async fn keys_are_trusted_for_max_stale_and_no_longer() {
    let issuer = Scripted::with(&[&Jwk::new("a")]).await;
    let mut fixture = Fixture::new();
    fixture.options.max_stale = Duration::from_millis(600);
    let started = fixture.at(&issuer);
    assert!(started.has("a").await);
    issuer.script("/jwks", Script::Hangup);
    let (begun, generation) = (Instant::now(), started.keys.generation());
    eventually("expiry", || !started.holds("a")).await;
    let after = begun.elapsed();
    assert!(after > Duration::from_millis(300) && after < Duration::from_secs(4), "{after:?}");
    assert!(is_unavailable(started.select("a").await));
    eventually("generation", || started.keys.generation() > generation).await;
    assert_eq!(started.metrics.keys.get(), 0);
    assert!(started.keys.is_ready(Instant::now()), "the loss of keys does not unready");
    assert!(started.keys.describe().contains("no longer trusted"), "{}", started.keys.describe());

    issuer.serve_keys(&[&Jwk::new("a")]);
    eventually("keys", || started.holds("a")).await;
}

#[tokio::test]
async fn the_same_answer_after_expiry_brings_the_keys_back() {
    let key = Jwk::new("a");
    let issuer = Scripted::start().await;
    let tagged = "content-type: application/json\r\netag: \"v1\"\r\n";
    issuer.script("/jwks", scripted::answer("200 OK", tagged, &scripted::set(&[&key])));
    let mut fixture = Fixture::new();
    fixture.options.max_stale = Duration::from_millis(300);
    let started = fixture.at(&issuer);
    assert!(started.has("a").await);
    issuer.script("/jwks", Script::Hangup);
    eventually("expiry", || !started.holds("a")).await;
    tokio::time::sleep(Duration::from_millis(50)).await;
    issuer.script("/jwks", scripted::answer("200 OK", tagged, &scripted::set(&[&key])));
    eventually("keys", || started.holds("a")).await;
}

#[tokio::test]
async fn dropping_the_keys_stops_the_task() {
    let issuer = Scripted::with(&[&Jwk::new("a")]).await;
    issuer.script("/jwks", Script::Hangup);
    let started = Fixture::new().at(&issuer);
    started.keys.start();
    eventually("a fetch", || issuer.fetches("/jwks") > 0).await;
    drop(started);
    tokio::time::sleep(Duration::from_millis(50)).await;
    let fetches = issuer.fetches("/jwks");
    tokio::time::sleep(Duration::from_millis(400)).await;
    assert_eq!(issuer.fetches("/jwks"), fetches);
}

#[tokio::test]
async fn one_issuer_in_trouble_costs_another_nothing() {
    let (ill, well) = (Scripted::start().await, Scripted::with(&[&Jwk::new("a")]).await);
    ill.script("/jwks", Script::Silence);
    let mut fixture = Fixture::new();
    fixture.options.timeout = Duration::from_secs(2);
    fixture.timing.request_patience = Duration::from_secs(2);
    let (in_trouble, fine) = (fixture.at(&ill), Fixture::new().at(&well));
    assert!(fine.has("a").await);
    let stuck = Arc::clone(&in_trouble.keys);
    let stuck = tokio::spawn(async move { stuck.select(Some("a"), Algorithm::Es256).await.is_err() });
    for _ in 0..500 {
        assert!(fine.has("a").await);
        tokio::task::yield_now().await;
    }
    assert!(!stuck.is_finished(), "the one waited for the other");
    assert!(stuck.await.unwrap());
}

#[tokio::test]
async fn metrics_follow_the_keys() {
    let issuer = Scripted::with(&[&Jwk::new("a"), &Jwk::new("b")]).await;
    let started = Fixture::new().at(&issuer);
    assert!(started.has("a").await);
    assert!(!started.has("invented").await);
    started.keys.publish_metrics();
    let metrics = &started.metrics;
    assert_eq!(metrics.keys.get(), 2);
    assert_eq!(metrics.unknown_kid.get(), 1);
    assert!(metrics.fetch_success.get() >= 2);
    assert_eq!(metrics.fetch_duration.get_sample_count(), metrics.fetch_success.get());
    assert!(metrics.age.get() > 0.0 && metrics.age.get() < 2.0);
    let now = super::super::shared::wall_clock().duration_since(std::time::UNIX_EPOCH).unwrap().as_secs_f64();
    assert!(metrics.next_refresh.get() > now && metrics.next_refresh.get() < now + 61.0);
}
