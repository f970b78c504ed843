//! Many at once: gateways that start together, invented keys without end, an issuer in trouble beside one that is not.
//!
//! `JWTGATE_FLOOD_SECONDS=10 cargo test --test gateway keys::storms -- --nocapture` prints the counts of a long flood.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use futures_util::future::join_all;
use http::Request;
use http_body_util::{BodyExt as _, Empty};
use hyper_util::rt::{TokioExecutor, TokioIo};
use tokio::net::TcpStream;
use tokio::sync::Semaphore;

use super::TWO_ISSUERS;
use crate::support::keypair::base64url;
use crate::support::world::{AUTHENTICATED, EVERY_ACCESS, Setup, World};
use crate::support::{Client, Fault, Gateway, Issuer, TokenBuilder};

#[tokio::test(flavor = "multi_thread")]
async fn fifty_gateways_that_start_together_are_fifty_fetches() {
    const GATEWAYS: usize = 50;
    let setup = Setup::new().await;
    let config = setup.write(AUTHENTICATED);
    let gateways = join_all((0..GATEWAYS).map(|_| Gateway::start(&config))).await;
    assert_eq!((setup.issuer.discoveries(), setup.issuer.fetches()), (GATEWAYS, GATEWAYS));
    // A rotation is one more each, though five clients come to each with a token of the new key.
    let new = setup.issuer.rotate();
    let token = TokenBuilder::new(setup.issuer.url(), &new);
    for number in 0..5 {
        let token = token.clone().subject(&format!("user-{number}")).sign();
        let all =
            gateways.iter().map(|gateway| Client::new(gateway.listener(0)).get("/").bearer(&token).send());
        for reply in join_all(all).await {
            reply.assert_passed();
        }
    }
    assert_eq!((setup.issuer.discoveries(), setup.issuer.fetches()), (GATEWAYS, 2 * GATEWAYS));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_flood_of_invented_kids_is_a_fetch_every_two_seconds_and_hides_no_rotation() {
    let seconds = std::env::var("JWTGATE_FLOOD_SECONDS").ok().and_then(|seconds| seconds.parse().ok());
    let length = Duration::from_secs(seconds.unwrap_or(3));
    let world = World::start(AUTHENTICATED).await;
    let before = world.issuer.fetches();
    let started = Instant::now();
    let flood = Flood::start(&world).await;
    tokio::time::sleep(Duration::from_millis(500)).await;

    let known = world.issuer.token();
    let rotated = Instant::now();
    world.issuer.rotate();
    let new = world.issuer.token();
    let mut picked_up = None;
    let (mut number, mut lost) = (0, 0);
    while started.elapsed() < length || picked_up.is_none() {
        number += 1;
        let old = known.clone().subject(&format!("old-{number}")).sign();
        lost += usize::from(world.client.get("/").bearer(&old).send().await.status != 200);
        let new = new.clone().subject(&format!("new-{number}")).sign();
        if picked_up.is_none() && world.client.get("/").bearer(&new).send().await.status == 200 {
            picked_up = Some(rotated.elapsed());
        }
        assert!(started.elapsed() < length + Duration::from_secs(10), "the rotation was never picked up");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    let (answered, elapsed) = (flood.stop(), started.elapsed());
    let fetches = world.issuer.fetches() - before;
    println!(
        "{answered} invented kids answered in {elapsed:?}: {fetches} fetches, rotation picked up after {:?}, \
         {number} requests with known keys, {lost} lost",
        picked_up.unwrap()
    );
    assert_eq!(lost, 0, "a flood cost requests whose keys were there");
    let allowed = 2 + usize::try_from(elapsed.as_secs()).unwrap() / 2;
    assert!(fetches <= allowed, "{fetches} fetches in {elapsed:?}, {allowed} allowed");
    assert!(answered > 1000, "only {answered} were answered: that was no flood");
    let discoveries = world.issuer.discoveries() - 1;
    let allowed = usize::try_from(elapsed.as_secs()).unwrap() / 30;
    assert!(discoveries <= allowed, "{discoveries} discoveries in {elapsed:?}, {allowed} allowed");
}

/// Up to 10,000 tokens a second, each with a kid of its own, over HTTP/2.
struct Flood {
    over: Arc<AtomicBool>,
    answered: Arc<AtomicUsize>,
}

impl Flood {
    async fn start(world: &World) -> Self {
        let flood = Self { over: Arc::default(), answered: Arc::default() };
        let token = world.issuer.token().message();
        let payload = token.split_once('.').unwrap().1;
        let rest: Arc<str> = format!("{payload}.{}", base64url([7; 64])).into();
        let (rate, sent) = (Arc::new(Semaphore::new(0)), Arc::new(AtomicUsize::new(0)));
        for _ in 0..20 {
            let stream = TcpStream::connect(world.gateway.listener(0)).await.unwrap();
            let (sender, connection) =
                hyper::client::conn::http2::handshake(TokioExecutor::new(), TokioIo::new(stream))
                    .await
                    .unwrap();
            tokio::spawn(connection);
            for _ in 0..100 {
                let (mut sender, rest, rate) = (sender.clone(), Arc::clone(&rest), Arc::clone(&rate));
                let (sent, answered) = (Arc::clone(&sent), Arc::clone(&flood.answered));
                let over = Arc::clone(&flood.over);
                tokio::spawn(async move {
                    while !over.load(Ordering::Relaxed) {
                        rate.acquire().await.unwrap().forget();
                        let number = sent.fetch_add(1, Ordering::Relaxed);
                        let header = format!(r#"{{"alg":"ES256","typ":"JWT","kid":"invented-{number}"}}"#);
                        let request = Request::get("http://api.example.com/")
                            .header("authorization", format!("Bearer {}.{rest}", base64url(header)))
                            .body(Empty::<bytes::Bytes>::new())
                            .unwrap();
                        let Ok(response) = sender.send_request(request).await else { break };
                        assert!([401, 503].contains(&response.status().as_u16()), "{response:?}");
                        let _read = response.into_body().collect().await;
                        answered.fetch_add(1, Ordering::Relaxed);
                    }
                });
            }
        }
        let over = Arc::clone(&flood.over);
        tokio::spawn(async move {
            let mut tick = tokio::time::interval(Duration::from_millis(10));
            while !over.load(Ordering::Relaxed) {
                tick.tick().await;
                // What could not be sent in time is not caught up with.
                rate.add_permits(100_usize.saturating_sub(rate.available_permits()));
            }
        });
        flood
    }

    /// How many were answered.
    fn stop(self) -> usize {
        self.over.store(true, Ordering::Relaxed);
        self.answered.load(Ordering::Relaxed)
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_issuer_in_trouble_slows_no_other() {
    let other = Issuer::start().await;
    let setup = Setup::new().await.set("OTHER", other.url());
    let world = setup.start(&format!("{TWO_ISSUERS}{EVERY_ACCESS}")).await;
    let healthy = durations(&world, other.token(), "healthy").await;
    world.issuer.fault(Fault::Silence);
    let over = Arc::new(AtomicBool::new(false));
    for number in 0..50 {
        let (client, token, over) = (world.client.clone(), world.issuer.token(), Arc::clone(&over));
        tokio::spawn(async move {
            while !over.load(Ordering::Relaxed) {
                let token = token.clone().header("kid", format!("unknown-{number}")).sign();
                let _answer = client.get("/a").bearer(&token).try_send().await;
                tokio::time::sleep(Duration::from_millis(250)).await;
            }
        });
    }
    eventually!(world.issuer.fetches() >= 2, "nobody asked for the unknown keys");
    let troubled = durations(&world, other.token(), "troubled").await;
    over.store(true, Ordering::Relaxed);
    let median = |of: &[Duration]| of[of.len() / 2];
    println!(
        "healthy: {} requests, median {:?}; beside an issuer in trouble: {} requests, median {:?}",
        healthy.len(),
        median(&healthy),
        troubled.len(),
        median(&troubled)
    );
    // Whoever waited for the other issuer would wait for seconds; a busy machine is slower by milliseconds.
    let most = 5 * median(&healthy) + Duration::from_millis(100);
    assert!(median(&troubled) < most, "{:?}, then {:?}", median(&healthy), median(&troubled));
}

/// How long requests with new tokens of this issuer take, one after the other for a while; sorted.
async fn durations(world: &World, token: TokenBuilder, who: &str) -> Vec<Duration> {
    let mut connection = world.client.connect().await.unwrap();
    let (until, mut durations) = (Instant::now() + Duration::from_millis(1500), Vec::new());
    while Instant::now() < until {
        let token = token.clone().subject(&format!("{who}-{}", durations.len())).sign();
        let begun = Instant::now();
        connection.send(world.client.get("/a").bearer(&token)).await.unwrap().assert_passed();
        durations.push(begun.elapsed());
    }
    durations.sort_unstable();
    durations
}
