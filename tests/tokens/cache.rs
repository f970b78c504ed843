//! Verified tokens are remembered, and nothing but their verification is.

use std::time::Duration;

use super::TWO_ISSUERS;
use crate::support::keypair::base64url;
use crate::support::world::{AUTHENTICATED, Setup, World};

#[tokio::test]
async fn a_cached_token_is_still_checked_for_each_route_and_each_moment() {
    let issuers = TWO_ISSUERS.replace("issuer: $ISSUER, ", "issuer: $ISSUER, clock_skew: 0s, ");
    let world = Setup::new().await.set("PARTNER", "https://partner.example").start_cold(&issuers).await;
    let token = world.issuer.token().expires_in(Duration::from_secs(3)).sign();
    eventually!(world.client.get("/a").bearer(&token).send().await.status == 200);
    // The same token, verified and cached, on a route that wants another audience.
    world.assert_reason(world.client.get("/narrow/a").bearer(&token), "audience_mismatch").await;
    assert_eq!(world.client.get("/ours/a").bearer(&token).send().await.status, 200);
    let expired = eventually!({
        let reply = world.client.get("/a").bearer(&token).send().await;
        (reply.status != 200).then_some(reply)
    });
    expired.assert_invalid_token();
    assert_eq!(
        world.gateway.metrics().await.sum("jwtgate_decisions_total", &[("reason", "token_expired")]),
        1.0
    );
}

#[tokio::test]
async fn concurrent_tokens_keep_their_own_identity() {
    let world = World::start(AUTHENTICATED).await;
    let requests = (0..200).map(|number| {
        // Three tokens with one subject each, interleaved with others of the same prefix.
        let name = format!("user-{}", number % 70);
        let token = world.issuer.token().subject(&name).sign();
        let client = world.client.clone();
        async move { client.get(&format!("/u/{name}")).bearer(&token).send().await.status }
    });
    let statuses = futures_util::future::join_all(requests).await;
    assert!(statuses.iter().all(|status| *status == 200), "{statuses:?}");
    for seen in world.upstream.requests() {
        assert_eq!(Some(seen.target().trim_start_matches("/u/")), seen.header("x-user"));
    }
}

#[tokio::test]
async fn a_token_seen_again_is_found_in_the_cache() {
    let world = World::start(AUTHENTICATED).await;
    let token = world.issuer.token().sign();
    for _ in 0..10 {
        world.client.get("/").bearer(&token).send().await.assert_passed();
    }
    let metrics = world.gateway.metrics().await;
    let of = |name| metrics.sum(name, &[("issuer", "corporate")]);
    assert_eq!(of("jwtgate_token_cache_misses_total"), 1.0);
    assert_eq!(of("jwtgate_token_cache_hits_total"), 9.0);
    // A forged one with the same header and payload is not the one in the cache.
    let (body, _) = token.rsplit_once('.').unwrap();
    let forged = format!("{body}.{}", base64url([7; 64]));
    world.assert_reason(world.client.get("/").bearer(&forged), "signature_invalid").await;
}
