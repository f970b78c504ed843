//! A changed configuration takes effect while requests run, or changes nothing at all.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

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
