//! A reload while the identity provider is down: what it confirmed before serves on under the new settings.

use std::time::Duration;

use super::{edit, reload, reloads};
use crate::support::Issuer;
use crate::support::keypair::KeyPair;
use crate::support::world::{AUTHENTICATED, Setup, World};

/// An issuer whose section can be edited line by line.
const SECTION: &str = "
issuers:
  corporate:
    issuer: $ISSUER
    audiences: [orders-api]
    algorithms: [ES256]
    keys:
      jwks_uri: $JWKS
      max_stale: 24h
";

async fn start() -> World {
    let setup = Setup::new().await;
    let uri = setup.issuer.jwks_uri();
    setup.scratch.write("fetch-token", "let-me-in\n");
    std::fs::create_dir(setup.scratch.path().join("state")).unwrap();
    setup.set("JWKS", uri).start(&format!("{SECTION}{AUTHENTICATED}")).await
}

/// The status for a token that no cache remembers.
async fn status(world: &World) -> u16 {
    world.client.get("/").bearer(&world.issuer.token().sign()).send().await.status
}

#[tokio::test(flavor = "multi_thread")]
async fn good_keys_outlive_a_change_of_every_setting_but_their_place() {
    let settings = [
        ("algorithms: [ES256]", "algorithms: [RS256, ES256]"),
        ("max_stale: 24h", "max_stale: 12h"),
        ("max_stale: 24h", "refresh: { max: 30m }"),
        ("max_stale: 24h", "on_start: degrade"),
        ("max_stale: 24h", "on_start: last_known_good\n      state_dir: state"),
        ("max_stale: 24h", "bearer_token_file: fetch-token"),
        ("max_stale: 24h", "allow_http: true"),
        ("max_stale: 24h", "proxy: http://127.0.0.1:9"),
        ("  corporate:", "  renamed:"),
    ];
    let tries = settings.map(|(from, to)| async move {
        let world = start().await;
        assert_eq!(status(&world).await, 200, "{to}");
        world.issuer.fail_with(500);
        let fetches = world.issuer.fetches();
        edit(&world, from, to);
        let reloaded = async || {
            assert_eq!(status(&world).await, 200, "{to}: during the reload");
            assert_eq!(reloads(&world, "failure").await, 0.0, "{to}");
            reloads(&world, "success").await > 0.0
        };
        eventually!(reloaded().await, "{to}: never reloaded");
        eventually!(world.issuer.fetches() > fetches, "{to}: nobody asked");
        assert_eq!(status(&world).await, 200, "{to}: after the reload");
        world.issuer.recover();
        let new = world.issuer.rotate();
        world.issuer.publish_only(vec![new.jwk()]);
        eventually!(status(&world).await == 200, "{to}: the issuer is back and nobody asks");
    });
    futures_util::future::join_all(tries).await;
}

#[tokio::test]
async fn a_reload_makes_no_key_younger() {
    let world = start().await;
    assert_eq!(status(&world).await, 200);
    world.issuer.fail_with(500);
    tokio::time::sleep(Duration::from_secs(1)).await;
    edit(&world, "max_stale: 24h", "max_stale: 4s");
    reload(&world).await;
    // Reloads that go on and on: the keys die nevertheless.
    for skew in 1..=20 {
        if status(&world).await == 503 {
            return;
        }
        let file = super::file(&world);
        let text = std::fs::read_to_string(&file).unwrap();
        let lines = text.lines().filter(|line| !line.contains("refresh:"));
        let text: String = lines.map(|line| format!("{line}\n")).collect();
        let refresh = format!("      refresh: {{ max: {skew}m }}\n      max_stale: 4s\n");
        std::fs::write(&file, text.replace("      max_stale: 4s\n", &refresh)).unwrap();
        world.gateway.reload();
        tokio::time::sleep(Duration::from_millis(400)).await;
    }
    panic!("the keys outlived max_stale");
}

#[tokio::test]
async fn another_place_waits_until_it_has_keys_and_the_old_ones_serve() {
    let world = start().await;
    assert_eq!(status(&world).await, 200);
    let elsewhere = Issuer::with_key(world.issuer.key()).await;
    elsewhere.fail_with(500);
    edit(
        &world,
        &format!("jwks_uri: {}", world.issuer.jwks_uri()),
        &format!("jwks_uri: {}", elsewhere.jwks_uri()),
    );
    eventually!(reloads(&world, "failure").await > 0.0, "nobody was told");
    assert_eq!(status(&world).await, 200, "a right token was refused because of a reload");
    assert_eq!((reloads(&world, "success").await, reloads(&world, "failure").await), (0.0, 1.0));
    let metrics = world.gateway.metrics().await;
    assert_eq!(metrics.sum("jwtgate_jwks_keys", &[("issuer", "corporate")]), 1.0);
    elsewhere.recover();
    eventually!(reloads(&world, "success").await > 0.0, "the keys came, and the configuration did not");
    assert_eq!(status(&world).await, 200);
    assert_eq!(reloads(&world, "failure").await, 1.0, "told once");
}

#[tokio::test]
async fn keys_that_serve_no_new_algorithm_are_not_inherited() {
    let world = start().await;
    assert_eq!(status(&world).await, 200);
    let old = world.issuer.token().sign();
    world.issuer.fail_with(500);
    edit(&world, "algorithms: [ES256]", "algorithms: [RS256]");
    eventually!(reloads(&world, "failure").await > 0.0, "nobody was told");
    world.client.get("/").bearer(&old).send().await.assert_passed();
    world.issuer.recover();
    world.issuer.publish(&KeyPair::generate("RS256"));
    eventually!(reloads(&world, "success").await > 0.0, "never reloaded");
    assert_eq!(status(&world).await, 401, "ES256 is no longer allowed");
}

#[tokio::test]
async fn degrade_does_not_wait_for_another_place() {
    let world = start().await;
    assert_eq!(status(&world).await, 200);
    let elsewhere = Issuer::with_key(world.issuer.key()).await;
    elsewhere.fail_with(500);
    let place = format!("jwks_uri: {}\n      on_start: degrade", elsewhere.jwks_uri());
    edit(&world, &format!("jwks_uri: {}", world.issuer.jwks_uri()), &place);
    eventually!(reloads(&world, "success").await > 0.0, "never reloaded");
    assert_eq!(status(&world).await, 503);
    elsewhere.recover();
    eventually!(status(&world).await == 200);
}
