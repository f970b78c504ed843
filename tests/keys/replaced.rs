//! Keys that are replaced without a new id, and forged tokens that look like it.

use std::time::{Duration, Instant};

use serde_json::json;

use crate::support::TokenBuilder;
use crate::support::keypair::KeyPair;
use crate::support::world::{AUTHENTICATED, World};

/// Requests may make the issuer be asked again.
async fn slot() {
    tokio::time::sleep(Duration::from_millis(2100)).await;
}

#[tokio::test]
async fn a_key_replaced_under_its_id_costs_no_request() {
    let world = World::start(AUTHENTICATED).await;
    let old = world.issuer.token().sign();
    world.client.get("/").bearer(&old).send().await.assert_passed();
    slot().await;
    world.issuer.replace();
    for number in 0..5 {
        let new = world.issuer.token().subject(&format!("user-{number}")).sign();
        world.client.get("/").bearer(&new).send().await.assert_passed();
    }
    assert_eq!(world.issuer.fetches(), 2);
    world.assert_reason(world.client.get("/").bearer(&old), "signature_invalid").await;
}

#[tokio::test]
async fn a_key_without_an_id_is_replaced_like_any_other() {
    let world = World::start(AUTHENTICATED).await;
    let publish = |key: &KeyPair| {
        let mut jwk = key.jwk();
        jwk.as_object_mut().unwrap().remove("kid");
        world.issuer.publish_only(vec![jwk]);
    };
    let token = |key: &KeyPair| TokenBuilder::new(world.issuer.url(), key).without_header("kid").sign();
    let [one, other] = [KeyPair::generate("ES256"), KeyPair::generate("ES256")];
    publish(&one);
    eventually!(world.client.get("/").bearer(&token(&one)).send().await.status == 200);
    slot().await;
    publish(&other);
    world.client.get("/").bearer(&token(&other)).send().await.assert_passed();
    world.assert_reason(world.client.get("/").bearer(&token(&one)), "signature_invalid").await;
}

#[tokio::test]
async fn a_key_replaced_by_one_of_another_algorithm_costs_no_request() {
    let world = World::start(AUTHENTICATED).await;
    world.client.get("/").bearer(&world.issuer.token().sign()).send().await.assert_passed();
    slot().await;
    let new = KeyPair::generate("EdDSA").with_kid(&world.issuer.key().kid);
    world.issuer.publish_only(vec![new.jwk()]);
    let token = TokenBuilder::new(world.issuer.url(), &new).sign();
    world.client.get("/").bearer(&token).send().await.assert_passed();
}

#[tokio::test]
async fn a_key_replaced_right_after_a_fetch_is_had_within_its_slot() {
    let world = World::start(AUTHENTICATED).await;
    world.client.get("/").bearer(&world.issuer.token().header("kid", "unknown").sign()).send().await;
    world.issuer.replace();
    let replaced = Instant::now();
    let new = world.issuer.token().sign();
    eventually!(world.client.get("/").bearer(&new).send().await.status == 200, "the new key was never had");
    assert!(replaced.elapsed() < Duration::from_secs(4), "had only after {:?}", replaced.elapsed());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_flood_of_forged_tokens_is_a_few_fetches_and_costs_no_right_request() {
    let seconds = std::env::var("JWTGATE_FLOOD_SECONDS").ok().and_then(|seconds| seconds.parse().ok());
    let length = Duration::from_secs(seconds.unwrap_or(5));
    let world = World::start(AUTHENTICATED).await;
    slot().await;
    let before = world.issuer.fetches();
    let begun = Instant::now();
    let forgers = (0..20).map(|forger| {
        let (client, token) = (world.client.clone(), world.issuer.token());
        tokio::spawn(async move {
            let foreign = KeyPair::generate("ES256");
            let mut connection = client.connect().await.unwrap();
            let mut sent = 0;
            while begun.elapsed() < length {
                sent += 1;
                let token = token.clone().subject(&format!("forger-{forger}-{sent}")).signed_with(&foreign);
                let reply = connection.send(client.get("/").bearer(&token)).await.unwrap();
                assert_eq!(reply.status, 401, "{reply:?}");
            }
            sent
        })
    });
    let forgers: Vec<_> = forgers.collect();
    let mut right = 0;
    while begun.elapsed() < length {
        right += 1;
        let token = world.issuer.token().subject(&format!("user-{right}")).sign();
        world.client.get("/").bearer(&token).send().await.assert_passed();
    }
    let mut forged = 0;
    for forger in forgers {
        forged += forger.await.unwrap();
    }
    let fetches = world.issuer.fetches() - before;
    println!("{forged} forged tokens in {length:?}: {fetches} fetches; {right} right ones, none lost");
    assert!(forged > 500 && right > 20, "{forged} forged, {right} right");
    // At 0, 2, 6 and 14 s, and then one each 10 s.
    let seconds = usize::try_from(begun.elapsed().as_secs()).unwrap();
    let allowed =
        1 + [2, 6, 14].into_iter().filter(|&at| seconds >= at).count() + seconds.saturating_sub(14) / 10;
    assert!(fetches <= allowed, "{fetches} fetches in {:?}, {allowed} allowed", begun.elapsed());
    // And it hides no rotation.
    world.issuer.rotate();
    slot().await;
    world.client.get("/").bearer(&world.issuer.token().sign()).send().await.assert_passed();
}

#[tokio::test]
async fn a_key_that_says_it_is_of_another_issuer_signs_for_nobody() {
    let world = World::start(AUTHENTICATED).await;
    let [own, foreign] = [KeyPair::generate("ES256"), KeyPair::generate("ES256")];
    let said = |key: &KeyPair, issuer: &str| {
        let mut jwk = key.jwk();
        jwk["issuer"] = json!(issuer);
        jwk
    };
    let keys = vec![said(&own, world.issuer.url()), said(&foreign, "https://other.example.com")];
    world.issuer.publish_only(keys);
    let token = |key: &KeyPair| TokenBuilder::new(world.issuer.url(), key).sign();
    eventually!(world.client.get("/").bearer(&token(&own)).send().await.status == 200);
    world.assert_reason(world.client.get("/").bearer(&token(&foreign)), "key_unknown").await;
}
