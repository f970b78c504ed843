//! How a gateway starts while an issuer is down, as `on_start` says.

use super::with_keys;
use crate::support::Gateway;
use crate::support::world::{AUTHENTICATED, Setup};

#[tokio::test]
async fn degrade_is_ready_at_once() {
    let setup = Setup::new().await;
    setup.issuer.fail_with(503);
    // `start` waits for readiness, for less time than `require` would take.
    let world = setup.start(&with_keys("{ on_start: degrade }", AUTHENTICATED)).await;
    let token = world.issuer.token().sign();
    world.client.get("/").bearer(&token).send().await.assert_refused(503, None);
    world.issuer.recover();
    eventually!(world.client.get("/").bearer(&token).send().await.status == 200);
}

#[tokio::test]
async fn last_known_good_serves_at_once_after_a_restart_during_an_outage() {
    let setup = Setup::new().await;
    std::fs::create_dir(setup.scratch.path().join("state")).unwrap();
    let yaml = with_keys("{ on_start: last_known_good, state_dir: state }", AUTHENTICATED);
    let world = setup.start(&yaml).await;
    let known = world.issuer.token();
    world.client.get("/").bearer(&known.sign()).send().await.assert_passed();
    let kept = world.scratch.path().join("state/corporate.keys.json");
    eventually!(kept.exists(), "the keys were not kept");
    world.issuer.fail_with(500);
    let restarted = Gateway::start(&world.scratch.path().join("jwtgate.yaml")).await;
    let client = crate::support::Client::new(restarted.listener(0));
    client.get("/").bearer(&known.clone().subject("bob").sign()).send().await.assert_passed();
    // And never what somebody has changed.
    drop(restarted);
    let text = std::fs::read_to_string(&kept).unwrap();
    std::fs::write(&kept, text.replace(&world.issuer.key().kid, "another")).unwrap();
    let restarted = Gateway::try_start(&world.scratch.path().join("jwtgate.yaml")).await.unwrap();
    let client = crate::support::Client::new(restarted.listener(0));
    client.get("/").bearer(&known.sign()).send().await.assert_refused(503, None);
}
