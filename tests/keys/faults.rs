//! One row a fault: what clients got before, during and after it, and what a gateway does that starts into it.
//!
//! `cargo test --test gateway keys::faults -- --nocapture` prints the table.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use futures_util::future::{join, join_all};

use super::TWO_ISSUERS;
use crate::support::world::{EVERY_ACCESS, Setup, World};
use crate::support::{Client, Fault, Issuer, TokenBuilder};

fn faults(trap: &str) -> Vec<(&'static str, Fault)> {
    let json = "application/json";
    let garbage: Vec<u8> = (0..4096_u32).map(|n| n.wrapping_mul(167).to_le_bytes()[0]).collect();
    vec![
        ("500", Fault::Status(500)),
        ("no answer", Fault::Silence),
        ("garbage", Fault::Document(json, garbage)),
        ("{}", Fault::Document(json, b"{}".to_vec())),
        ("no keys", Fault::Document(json, b"{\"keys\":[]}".to_vec())),
        ("HTML", Fault::Document("text/html", b"<!doctype html><title>Sign in</title>".to_vec())),
        ("HTML as JSON", Fault::Document(json, b"<!doctype html><title>Sign in</title>".to_vec())),
        ("1 GiB", Fault::Endless(1024 * 1024 * 1024)),
        ("slow drip", Fault::Drip(Duration::from_millis(250))),
        ("gzip bomb", Fault::GzipBomb),
        ("redirect", Fault::Redirect(trap.to_owned())),
        ("content type", Fault::ContentType("text/html")),
        ("10,000 keys", Fault::Keys(10_000)),
    ]
}

/// How often clients got which status.
type Statuses = BTreeMap<u16, usize>;

#[derive(Debug)]
struct Row {
    name: &'static str,
    before: Statuses,
    during: Statuses,
    after: Statuses,
    /// Fetches of the key set: before, during and after.
    fetches: [usize; 3],
    /// A key that is not there, during the fault.
    unknown_kid: u16,
    /// What an operator was told.
    reason: String,
}

#[tokio::test(flavor = "multi_thread")]
async fn no_bad_answer_costs_a_request_where_good_keys_were_there() {
    let trap = Issuer::start().await;
    let rows = faults(&trap.jwks_uri()).into_iter().map(|(name, fault)| warm(name, fault));
    println!(
        "fault | before | during | after | lost | fetches b/d/a | unknown kid | what the operator is told"
    );
    for row in join_all(rows).await {
        let Row { name, before, during, after, fetches: [b, d, a], unknown_kid, reason } = row;
        let lost: usize = [&before, &during, &after]
            .into_iter()
            .flatten()
            .filter(|row| *row.0 != 200)
            .map(|row| row.1)
            .sum();
        println!(
            "{name} | {before:?} | {during:?} | {after:?} | {lost} | {b}/{d}/{a} | {unknown_kid} | {reason}"
        );
        assert_eq!(lost, 0, "{name}: requests were lost");
        assert!(during[&200] >= 5, "{name}: hardly a request ran");
        assert_eq!(unknown_kid, 503, "{name}: a key that could not be asked for is no fault of the token's");
        assert_eq!(b, 1, "{name}: fetches before");
        assert!((1..=6).contains(&d), "{name}: {d} fetches");
    }
    assert_eq!(trap.fetches(), 0, "a redirect to another origin was followed");
}

/// A gateway that has good keys when its issuer begins to answer like this.
async fn warm(name: &'static str, fault: Fault) -> Row {
    let other = Issuer::start().await;
    let setup = Setup::new().await.set("OTHER", other.url());
    let world = setup.start(&format!("{TWO_ISSUERS}{EVERY_ACCESS}")).await;
    let until = |end: Instant| move || Instant::now() >= end;
    let before = traffic(&world.client, world.issuer.token(), "before", until(soon(300))).await;
    let first = world.issuer.fetches();

    world.issuer.fault(fault);
    let over = AtomicBool::new(false);
    let trouble = async {
        let refresh = async { world.gateway.admin().post("/issuers/corporate/refresh", "").send().await };
        let unknown = world.issuer.token().header("kid", "unknown").sign();
        let unknown = async { world.client.get("/a").bearer(&unknown).send().await };
        let (refreshed, unknown) = Box::pin(join(refresh, unknown)).await;
        assert_eq!(refreshed.status, 502, "{name}: {}", refreshed.text());
        let ready = world.gateway.admin().get("/readyz?verbose").send().await;
        assert_eq!(ready.status, 200, "{name}: once ready, it stays so");
        assert!(ready.text().contains("in a row"), "{name}: the failure is shown: {}", ready.text());
        world.client.get("/public/a").send().await.assert_passed();
        world.client.get("/a").bearer(&other.token().sign()).send().await.assert_passed();
        tokio::time::sleep(Duration::from_millis(500)).await;
        over.store(true, Ordering::Relaxed);
        (unknown.status, refreshed.text())
    };
    let running = traffic(&world.client, world.issuer.token(), "during", || over.load(Ordering::Relaxed));
    let ((unknown_kid, reason), during) = Box::pin(join(trouble, running)).await;
    let failed = world.issuer.fetches() - first;
    assert!(
        world.issuer.streamed() < 64 * 1024 * 1024,
        "{name}: {} bytes were taken",
        world.issuer.streamed()
    );

    let old = world.issuer.token();
    world.issuer.recover();
    world.issuer.rotate();
    let refreshed = world.gateway.admin().post("/issuers/corporate/refresh", "").send().await;
    assert_eq!(refreshed.status, 200, "{name}: {}", refreshed.text());
    let mut after = traffic(&world.client, old, "after", until(soon(200))).await;
    for (status, count) in traffic(&world.client, world.issuer.token(), "new", until(soon(200))).await {
        *after.entry(status).or_default() += count;
    }
    let fetches = [first, failed, world.issuer.fetches() - first - failed];
    Row { name, before, during, after, fetches, unknown_kid, reason: reason.trim().to_owned() }
}

/// A client with a token of its own for each request, so that none is answered from memory.
async fn traffic(client: &Client, token: TokenBuilder, who: &str, is_over: impl Fn() -> bool) -> Statuses {
    let mut statuses = Statuses::new();
    let mut connection = client.connect().await.unwrap();
    for number in 0.. {
        if is_over() {
            break;
        }
        let token = token.clone().subject(&format!("{who}-{number}")).sign();
        let reply = connection.send(client.get("/a").bearer(&token)).await.unwrap();
        *statuses.entry(reply.status).or_default() += 1;
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    statuses
}

fn soon(milliseconds: u64) -> Instant {
    Instant::now() + Duration::from_millis(milliseconds)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_start_into_a_bad_answer_costs_only_the_routes_of_its_issuer() {
    let trap = Issuer::start().await;
    join_all(faults(&trap.jwks_uri()).into_iter().map(|(name, fault)| cold(name, fault))).await;
    assert_eq!(trap.fetches(), 0, "a redirect to another origin was followed");
}

/// A gateway that starts while its issuer answers like this.
async fn cold(name: &'static str, fault: Fault) {
    let other = Issuer::start().await;
    let setup = Setup::new().await.set("OTHER", other.url());
    setup.issuer.fault(fault);
    let world: World = setup.start_cold(&format!("{TWO_ISSUERS}{EVERY_ACCESS}")).await;
    world.client.get("/public/a").send().await.assert_passed();
    // The keys of the other issuer come as fast as ever.
    world.client.get("/a").bearer(&other.token().sign()).send().await.assert_passed();
    let (reply, decision) = world.decide(world.client.get("/a").bearer(&world.issuer.token().sign())).await;
    assert_eq!(
        (reply.status, decision.reason.as_str(), decision.issuer.as_str()),
        (503, "keys_unavailable", "corporate"),
        "{name}: {reply:?}"
    );
    assert!(reply.header("retry-after").is_some(), "{name}: {reply:?}");
    world.issuer.recover();
    eventually!(
        world.client.get("/a").bearer(&world.issuer.token().sign()).send().await.status == 200,
        "{name}: the keys were never had"
    );
}
