//! What operators can do about keys, and what they see of them.

use std::time::{Duration, Instant};

use futures_util::future::join_all;

use super::with_keys;
use crate::support::token::now;
use crate::support::world::{AUTHENTICATED, Setup, World};
use crate::support::{Client, Reply};

async fn refresh(world: &World) -> Reply {
    world.gateway.admin().post("/issuers/corporate/refresh", "").send().await
}

#[tokio::test]
async fn an_emergency_rotation_takes_effect_when_the_operator_says_so() {
    let world = World::start(AUTHENTICATED).await;
    let old = world.issuer.token().sign();
    world.client.get("/").bearer(&old).send().await.assert_passed();
    let new = world.issuer.rotate();
    world.issuer.publish_only(vec![new.jwk()]);
    world.client.get("/").bearer(&old).send().await.assert_passed();
    let reply = refresh(&world).await;
    assert_eq!(reply.status, 200, "{reply:?}");
    assert_eq!(
        reply.text(),
        format!("refreshed: 1 keys, confirmed 0s ago, next fetch in {}s\n", due(&reply))
    );
    let (reply, decision) = world.decide(world.client.get("/").bearer(&old)).await;
    assert_eq!((reply.status, decision.reason.as_str()), (401, "key_unknown"));
    world.client.get("/").bearer(&world.issuer.token().sign()).send().await.assert_passed();
}

/// The number before the last `s`.
fn due(reply: &Reply) -> u64 {
    let text = reply.text();
    let number = text.trim_end().trim_end_matches('s').rsplit(' ').next();
    number.and_then(|number| number.parse().ok()).unwrap_or_else(|| panic!("{text}"))
}

#[tokio::test]
async fn a_withdrawn_key_dies_without_anybody_asking_after_refresh_max() {
    let yaml = with_keys("{ refresh: { min: 1s, max: 1s } }", AUTHENTICATED);
    let world = World::start(&yaml).await;
    let old = world.issuer.token().sign();
    world.client.get("/").bearer(&old).send().await.assert_passed();
    let new = world.issuer.rotate();
    world.issuer.publish_only(vec![new.jwk()]);
    // The old token alone, which is remembered and makes nobody ask.
    eventually!(world.client.get("/").bearer(&old).send().await.status == 401, "the old key never died");
}

#[tokio::test]
async fn a_refresh_that_fails_says_why_and_costs_nothing() {
    let world = World::start(AUTHENTICATED).await;
    world.issuer.fail_with(500);
    let reply = refresh(&world).await;
    assert_eq!(reply.status, 502, "{reply:?}");
    assert!(reply.text().contains("500"), "{}", reply.text());
    let token = world.issuer.token().subject("bob").sign();
    world.client.get("/").bearer(&token).send().await.assert_passed();
    world.issuer.recover();
    assert_eq!(refresh(&world).await.status, 200);
}

#[tokio::test]
async fn refreshes_that_come_together_are_one_fetch() {
    let world = World::start(AUTHENTICATED).await;
    world.issuer.delay(Duration::from_millis(200));
    let before = world.issuer.fetches();
    let replies = join_all((0..30).map(|_| refresh(&world))).await;
    assert!(replies.iter().all(|reply| reply.status == 200), "{replies:?}");
    // One that was under way when others came, and one that they share.
    let fetches = world.issuer.fetches() - before;
    assert!(fetches <= 3, "{fetches} fetches");
}

/// However fast the issuer answers: those that come while one is under way share the next, and not each its own.
#[tokio::test]
async fn refreshes_that_come_together_are_two_fetches_of_a_fast_issuer() {
    let world = World::start(AUTHENTICATED).await;
    for _ in 0..3 {
        let (before, begun) = (world.issuer.fetches(), Instant::now());
        let replies = join_all((0..40).map(|_| refresh(&world))).await;
        assert!(replies.iter().all(|reply| reply.status == 200), "{replies:?}");
        let (fetches, took) = (world.issuer.fetches() - before, begun.elapsed());
        let most = 2 + usize::try_from(took.as_millis() / 250).unwrap();
        assert!(fetches <= most, "{fetches} fetches in {took:?}");
    }
}

#[tokio::test]
async fn a_refresh_is_a_post_of_a_known_name_and_of_no_web_page() {
    let world = World::start(AUTHENTICATED).await;
    let admin: Client = world.gateway.admin();
    let before = world.issuer.fetches();
    for path in
        ["/issuers/nobody/refresh", "/issuers//refresh", "/issuers/corporate", "/issuers/a%zz/refresh"]
    {
        let status = admin.post(path, "").send().await.status;
        assert!([404, 405].contains(&status), "{path}: {status}");
    }
    let get = admin.get("/issuers/corporate/refresh").send().await;
    assert_eq!((get.status, get.header("allow")), (405, Some("POST")));
    let page = admin.post("/issuers/corporate/refresh", "").header("origin", "http://evil.example");
    assert_eq!(page.send().await.status, 403);
    assert_eq!(world.issuer.fetches(), before);
    world.client.post("/issuers/corporate/refresh", "").send().await.assert_refused(401, Some("Bearer"));
    // A name may need an escape, and may have one that it does not need.
    assert_eq!(admin.post("/issuers/corpor%61te/refresh", "").send().await.status, 200);
}

#[tokio::test]
async fn keys_in_a_file_are_read_when_the_operator_says_so() {
    let setup = Setup::new().await;
    setup.scratch.write("jwks.json", serde_json::json!({ "keys": [setup.issuer.key().jwk()] }).to_string());
    let world = setup.start(&with_keys("{ jwks_file: jwks.json }", AUTHENTICATED)).await;
    let old = world.issuer.token().sign();
    world.client.get("/").bearer(&old).send().await.assert_passed();
    let new = world.issuer.rotate();
    world.scratch.replace("jwks.json", serde_json::json!({ "keys": [new.jwk()] }).to_string());
    assert_eq!(refresh(&world).await.status, 200);
    world.client.get("/").bearer(&world.issuer.token().sign()).send().await.assert_passed();
    assert_eq!(world.client.get("/").bearer(&old).send().await.status, 401);
    world.scratch.replace("jwks.json", "{}");
    assert_eq!(refresh(&world).await.status, 502);
    world.client.get("/").bearer(&world.issuer.token().subject("bob").sign()).send().await.assert_passed();
}

#[tokio::test]
async fn refreshes_are_in_the_metrics() {
    let world = World::start(AUTHENTICATED).await;
    world.client.get("/").bearer(&world.issuer.token().header("kid", "unknown").sign()).send().await;
    let of = [("issuer", "corporate")];
    let metrics = world.gateway.metrics().await;
    for (name, kind) in [
        ("jwtgate_jwks_next_refresh_timestamp_seconds", "gauge"),
        ("jwtgate_jwks_fetch_duration_seconds", "histogram"),
        ("jwtgate_unknown_kid_total", "counter"),
    ] {
        assert_eq!(metrics.kind(name), Some(kind), "{name}");
    }
    #[expect(
        clippy::as_conversions,
        clippy::cast_precision_loss,
        reason = "seconds of this century are exact"
    )]
    let now = now() as f64;
    let due = metrics.sum("jwtgate_jwks_next_refresh_timestamp_seconds", &of) - now;
    assert!((25.0..3600.0).contains(&due), "due in {due} s");
    let fetches = metrics.sum("jwtgate_jwks_fetches_total", &of);
    assert_eq!(metrics.sum("jwtgate_jwks_fetch_duration_seconds_count", &of), fetches);
    assert_eq!(metrics.labels("jwtgate_unknown_kid_total"), ["issuer"]);
    assert_eq!(metrics.sum("jwtgate_unknown_kid_total", &of), 1.0);
}

#[tokio::test]
async fn a_rotation_is_one_line_in_the_log() {
    let setup = Setup::new().await;
    let mut gateway = setup.run(AUTHENTICATED).await;
    let (client, admin) = (gateway.client().await, Client::new(gateway.admin().await));
    let (old, new) = (setup.issuer.key(), setup.issuer.rotate());
    setup.issuer.publish_only(vec![new.jwk()]);
    assert_eq!(admin.post("/issuers/corporate/refresh", "").send().await.status, 200);
    for number in 0..20 {
        let token = setup.issuer.token().subject(&format!("user-{number}")).sign();
        client.get("/").bearer(&token).send().await.assert_passed();
    }
    assert_eq!(admin.post("/issuers/corporate/refresh", "").send().await.status, 200);
    let started = Instant::now();
    let lines = eventually!({
        let changed = |line: &String| line.contains("Keys of the issuer changed");
        let lines: Vec<_> = gateway.stderr().into_iter().filter(changed).collect();
        (lines.len() >= 2).then_some(lines)
    });
    assert_eq!(lines.len(), 2, "one for the first keys and one for the change: {lines:#?} after {started:?}");
    for word in ["corporate", &format!("added={}", new.kid), "kept=0", &format!("withdrawn={}", old.kid)] {
        assert!(lines[1].contains(word), "{word} in {}", lines[1]);
    }
}

#[tokio::test]
async fn the_age_of_a_file_is_that_of_its_last_good_reading() {
    let setup = Setup::new().await;
    let good = serde_json::json!({ "keys": [setup.issuer.key().jwk()] }).to_string();
    setup.scratch.write("jwks.json", &good);
    let world = setup.start(&with_keys("{ jwks_file: jwks.json }", AUTHENTICATED)).await;
    let of = [("issuer", "corporate")];
    let age = async || world.gateway.metrics().await.sum("jwtgate_jwks_age_seconds", &of);
    let ready = async || world.gateway.admin().get("/readyz?verbose").send().await.text();
    tokio::time::sleep(Duration::from_secs(3)).await;
    eventually!(age().await < 2.0, "a file that is read twice a second is not old");
    assert!(ready().await.contains("issuer corporate: 1 keys, confirmed"), "{}", ready().await);
    world.scratch.replace("jwks.json", "{");
    eventually!(age().await > 3.0, "a broken file does not grow old");
    assert!(ready().await.contains("jwks.json cannot be used"), "{}", ready().await);
    assert_eq!(world.gateway.metrics().await.sum("jwtgate_jwks_keys", &of), 1.0, "the good keys stand");
    world.scratch.replace("jwks.json", good);
    eventually!(age().await < 2.0, "a mended file stays old");
    assert!(!ready().await.contains("cannot"), "{}", ready().await);
}
