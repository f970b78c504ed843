//! How a gateway starts while an issuer is down, as `on_start` says.

use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use serde_json::json;

use super::with_keys;
use crate::support::world::{AUTHENTICATED, EVERY_ACCESS, Setup};
use crate::support::{Binary, Client, Gateway};

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
    let client = Client::new(restarted.listener(0));
    client.get("/").bearer(&known.clone().subject("bob").sign()).send().await.assert_passed();
    // And never what somebody has changed.
    drop(restarted);
    let text = std::fs::read_to_string(&kept).unwrap();
    std::fs::write(&kept, text.replace(&world.issuer.key().kid, "another")).unwrap();
    let restarted = Gateway::try_start(&world.scratch.path().join("jwtgate.yaml")).await.unwrap();
    let client = Client::new(restarted.listener(0));
    client.get("/").bearer(&known.sign()).send().await.assert_refused(503, None);
}

#[tokio::test]
async fn keys_that_somebody_else_could_have_put_there_serve_no_restart() {
    let setup = Setup::new().await;
    let state = setup.scratch.path().join("state");
    std::fs::create_dir(&state).unwrap();
    let yaml = with_keys("{ on_start: last_known_good, state_dir: state }", AUTHENTICATED);
    let gateway = setup.run(&yaml).await;
    eventually!(state.join("corporate.keys.json").exists(), "the keys were not kept");
    drop(gateway);
    setup.issuer.fail_with(500);
    let mode = |path: &Path, mode: u32| {
        std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode)).unwrap();
    };
    // A volume with fsGroup, one for everybody, and one that is fine again.
    for (directory, file, status, said) in [
        (0o2775, 0o660, 200, "Starting with the last known keys"),
        (0o777, 0o600, 503, "state may be written by everybody (mode 0777)"),
        (0o755, 0o666, 503, "corporate.keys.json may be written by everybody (mode 0666)"),
        (0o755, 0o600, 200, "Starting with the last known keys"),
    ] {
        mode(&state, directory);
        mode(&state.join("corporate.keys.json"), file);
        let mut gateway = Binary::run_cold(&setup.scratch.path().join("jwtgate.yaml"));
        let token = setup.issuer.token().sign();
        assert_eq!(gateway.client().await.get("/").bearer(&token).send().await.status, status, "{said}");
        assert!(gateway.stderr().iter().any(|line| line.contains(said)), "{said}: {:#?}", gateway.stderr());
    }
}

#[tokio::test]
async fn a_start_with_an_emptied_key_file_is_as_an_emptied_one_at_run_time() {
    let setup = Setup::new().await;
    setup.scratch.write("jwks.json", r#"{"keys":[]}"#);
    let yaml = with_keys("{ jwks_file: jwks.json }", EVERY_ACCESS);
    let config = setup.write(&yaml);
    let checked = Binary::finish(["check", config.to_str().unwrap()]).await;
    assert_eq!(checked.code(), Some(0), "{}", checked.said());
    assert!(checked.said().contains("[no-usable-key]"), "{}", checked.said());
    let mut gateway = setup.run(&yaml).await;
    let (client, admin) = (gateway.client().await, Client::new(gateway.admin().await));
    let token = setup.issuer.token().sign();
    assert_eq!(client.get("/a").bearer(&token).send().await.status, 401);
    client.get("/public/a").send().await.assert_passed();
    let ready = admin.get("/readyz?verbose").send().await;
    assert_eq!(ready.status, 200, "{}", ready.text());
    assert!(ready.text().contains("issuer corporate: no usable keys in the file"), "{}", ready.text());
    let withdrawn = |gateway: &Binary| {
        gateway.stderr().iter().filter(|line| line.contains("all keys of the issuer are withdrawn")).count()
    };
    assert_eq!(withdrawn(&gateway), 1, "{:#?}", gateway.stderr());
    setup.scratch.replace("jwks.json", json!({ "keys": [setup.issuer.key().jwk()] }).to_string());
    eventually!(client.get("/a").bearer(&token).send().await.status == 200, "the keys were never taken");
    assert_eq!(withdrawn(&gateway), 1, "said once");
}
