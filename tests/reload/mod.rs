//! A changed configuration takes effect while requests run, or changes nothing at all.

mod files;
mod listeners;
mod outage;
mod series;
mod storm;

use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use crate::support::Client;
use crate::support::world::{EVERY_ACCESS, Setup, World};

fn file(world: &World) -> PathBuf {
    world.scratch.path().join("jwtgate.yaml")
}

fn edit(world: &World, from: &str, to: &str) {
    let text = std::fs::read_to_string(file(world)).unwrap();
    assert!(text.contains(from), "{text}");
    std::fs::write(file(world), text.replace(from, to)).unwrap();
}

/// An address that nobody listens on.
fn free_address() -> SocketAddr {
    std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap()
}

/// Reloads, and waits until that has succeeded.
async fn reload(world: &World) {
    let before = reloads(world, "success").await;
    world.gateway.reload();
    eventually!(reloads(world, "success").await > before, "never reloaded");
}

async fn reloads(world: &World, result: &str) -> f64 {
    world.gateway.metrics().await.sum("jwtgate_config_reloads_total", &[("result", result)])
}

#[tokio::test]
async fn a_changed_rule_takes_effect_and_no_request_is_lost() {
    let world = World::start(EVERY_ACCESS).await;
    let token = world.issuer.token().sign();
    world.client.get("/public/a").send().await.assert_passed();
    assert_eq!((reloads(&world, "success").await, reloads(&world, "failure").await), (0.0, 0.0));
    let running = Arc::new(AtomicBool::new(true));
    let load = tokio::spawn({
        let (client, token, running) = (world.client.clone(), token.clone(), Arc::clone(&running));
        async move {
            let (mut connection, mut sent) = (client.connect().await.unwrap(), 0);
            while running.load(Ordering::Relaxed) {
                let reply = connection.send(client.get("/authenticated/a").bearer(&token)).await.unwrap();
                assert_eq!(reply.status, 200, "{reply:?}");
                sent += 1;
            }
            sent
        }
    });
    edit(&world, "access: public", "access: authenticated");
    eventually!(world.client.get("/public/a").send().await.status == 401, "the change never took effect");
    edit(&world, "access: authenticated", "access: public");
    eventually!(world.client.get("/public/a").send().await.status == 200, "the change was never taken back");
    running.store(false, Ordering::Relaxed);
    assert!(load.await.unwrap() > 10);
    assert_eq!(reloads(&world, "success").await, 2.0);
    assert_eq!(world.issuer.fetches(), 1, "an unchanged issuer keeps its keys");
    let last = world.gateway.metrics().await.sum("jwtgate_config_last_reload_success_timestamp_seconds", &[]);
    assert!(last > 1.7e9, "{last}");
}

#[tokio::test]
async fn a_broken_file_changes_nothing_and_is_counted() {
    let world = World::start(EVERY_ACCESS).await;
    let whole = std::fs::read_to_string(file(&world)).unwrap();
    edit(&world, "access: public", "access: publik");
    eventually!(reloads(&world, "failure").await == 1.0, "the mistake was never noticed");
    world.client.get("/public/a").send().await.assert_passed();
    std::fs::remove_file(file(&world)).unwrap();
    std::fs::write(file(&world), whole.replace("access: public", "access: authenticated")).unwrap();
    eventually!(
        world.client.get("/public/a").send().await.status == 401,
        "the mended file never took effect"
    );
    assert_eq!((reloads(&world, "success").await, reloads(&world, "failure").await), (1.0, 1.0));
}

#[tokio::test]
async fn a_file_that_is_gone_is_told_and_counted_once() {
    let setup = Setup::new().await;
    let mut binary = setup.run(EVERY_ACCESS).await;
    let (client, admin) = (binary.client().await, Client::new(binary.admin().await));
    let counted = async |result: &str| {
        let text = admin.get("/metrics").send().await.text();
        crate::support::metrics::Metrics::parse(&text)
            .sum("jwtgate_config_reloads_total", &[("result", result)])
    };
    let path = setup.scratch.path().join("jwtgate.yaml");
    let whole = std::fs::read_to_string(&path).unwrap();
    std::fs::remove_file(&path).unwrap();
    eventually!(counted("failure").await == 1.0, "nobody noticed");
    let told = |line: &String| line.contains("ERROR") && line.contains("jwtgate.yaml");
    eventually!(binary.stderr().iter().any(told), "{:#?}", binary.stderr());
    client.get("/public/a").send().await.assert_passed();
    // Back again, it is as good as changed; until then, each look finds the same.
    std::fs::write(&path, whole).unwrap();
    eventually!(counted("success").await == 1.0, "nobody noticed that it is back");
    assert_eq!(counted("failure").await, 1.0);
    assert_eq!(binary.stderr().iter().filter(|line| told(line)).count(), 1, "{:#?}", binary.stderr());
}

#[tokio::test]
async fn an_issuer_that_is_down_keeps_its_keys_when_its_section_changes() {
    let world = World::start(EVERY_ACCESS).await;
    let token = world.issuer.token().sign();
    world.client.get("/authenticated/a").bearer(&token).send().await.assert_passed();
    world.issuer.fail_with(503);
    edit(&world, "audiences: [orders-api]", "audiences: [orders-api, billing-api]");
    eventually!(reloads(&world, "success").await == 1.0, "never reloaded");
    world.client.get("/authenticated/a").bearer(&token).send().await.assert_passed();
    let billing = world.issuer.token().audience("billing-api").sign();
    world.client.get("/authenticated/a").bearer(&billing).send().await.assert_passed();
}

/// What was verified before is no reason to take what would be refused now.
#[tokio::test]
async fn a_lower_limit_is_for_tokens_that_were_verified_before_too() {
    let yaml = format!("limits: {{ token: 4KiB, token_header: 1KiB }}\n{EVERY_ACCESS}");
    let world = World::start(&yaml).await;
    let token = |name: &str| world.issuer.token().subject(name).header("note", "x".repeat(300)).sign();
    let known = token("known");
    let (short, small) =
        ("limits: { token: 4KiB, token_header: 256B }", "limits: { token: 256B, token_header: 1KiB }");
    let wide = "limits: { token: 4KiB, token_header: 1KiB }";
    let get = |token: &str| world.client.get("/authenticated/a").bearer(token);
    for limits in [short, small] {
        for _ in 0..3 {
            get(&known).send().await.assert_passed();
        }
        edit(&world, wide, limits);
        reload(&world).await;
        world.assert_reason(get(&known), "token_too_large").await;
        world.assert_reason(get(&token(limits)), "token_too_large").await;
        edit(&world, limits, wide);
        reload(&world).await;
    }
    assert_eq!(world.issuer.fetches(), 1, "the keys have no limits");
    // Wider bounds forget nothing.
    get(&known).send().await.assert_passed();
    let before = hits(&world).await;
    edit(&world, wide, "limits: { token_header: 2KiB }");
    reload(&world).await;
    get(&known).send().await.assert_passed();
    assert_eq!(hits(&world).await, before + 1.0);
}

async fn hits(world: &World) -> f64 {
    world.gateway.metrics().await.sum("jwtgate_token_cache_hits_total", &[])
}

#[tokio::test]
async fn sighup_reloads() {
    let setup = Setup::new().await;
    let mut binary = setup.run(EVERY_ACCESS).await;
    let (client, admin) = (binary.client().await, Client::new(binary.admin().await));
    client.get("/public/a").send().await.assert_passed();
    binary.signal("HUP");
    eventually!(
        admin
            .get("/metrics")
            .send()
            .await
            .text()
            .contains("jwtgate_config_reloads_total{result=\"success\"} 1"),
        "{:?}",
        binary.stderr()
    );
    client.get("/public/a").send().await.assert_passed();
}

#[tokio::test]
async fn every_problem_of_a_refused_file_is_logged_with_its_place() {
    let setup = Setup::new().await;
    let mut binary = setup.run(EVERY_ACCESS).await;
    let client = binary.client().await;
    let right = std::fs::read_to_string(setup.scratch.path().join("jwtgate.yaml")).unwrap();
    let wrong = right.replace("access: public", "access: publik").replace("orders:read", "") + "one: 1\n";
    let file = setup.scratch.write("jwtgate.yaml", wrong);
    binary.signal("HUP");
    let problems = eventually!({
        let said = binary.stderr();
        let place = format!("{}:", file.display());
        let found: Vec<String> = said.into_iter().filter(|line| line.contains(&place)).collect();
        (found.len() >= 3).then_some(found)
    });
    for problem in ["publik", "one", "empty"] {
        assert!(
            problems.iter().any(|line| line.contains(problem) && line.contains("ERROR")),
            "{problems:#?}"
        );
    }
    client.get("/public/a").send().await.assert_passed();
}

#[tokio::test]
async fn a_request_sees_one_configuration_from_its_start_to_its_end() {
    let world = World::start(EVERY_ACCESS).await;
    world.client.get("/authenticated/a").bearer(&world.issuer.token().sign()).send().await.assert_passed();
    // The next token's key has to be asked for, which takes a while: time for a reload in the middle of a request.
    world.issuer.rotate();
    world.issuer.delay(Duration::from_secs(2));
    let token = world.issuer.token().sign();
    let slow = tokio::spawn(world.client.get("/authenticated/slow").bearer(&token).send());
    eventually!(
        world.gateway.metrics().await.sum("jwtgate_unknown_kid_total", &[]) == 1.0,
        "the key was never missed"
    );
    edit(&world, "X-User: claims.sub", "X-Person: claims.sub");
    edit(&world, "name: rest", "name: other");
    reload(&world).await;
    assert!(!slow.is_finished(), "the reload came too late to prove anything");
    slow.await.unwrap().assert_passed();
    world.client.get("/authenticated/new").bearer(&token).send().await.assert_passed();
    let seen = world.upstream.requests();
    let headers = |path: &str| {
        let request = seen.iter().find(|request| request.target() == path).unwrap();
        (request.header("x-user").map(str::to_owned), request.header("x-person").map(str::to_owned))
    };
    assert_eq!(headers("/authenticated/slow"), (Some("alice".to_owned()), None));
    assert_eq!(headers("/authenticated/new"), (None, Some("alice".to_owned())));
    let metrics = world.gateway.metrics().await;
    assert_eq!(metrics.sum("jwtgate_decisions_total", &[("route", "rest"), ("reason", "allowed")]), 2.0);
    assert_eq!(metrics.sum("jwtgate_decisions_total", &[("route", "other"), ("reason", "allowed")]), 1.0);
}
