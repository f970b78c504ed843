//! The attack list as tables: each token is refused for the first thing wrong with it, and never reaches the API.

mod algorithms;
mod cache;
mod claims;
mod form;

use crate::support::Issuer;
use crate::support::keypair::KeyPair;
use crate::support::world::{AUTHENTICATED, Setup, World};

const TWO_ISSUERS: &str = "
issuers:
  corporate: { issuer: $ISSUER, audiences: [orders-api] }
  partner: { issuer: $PARTNER, audiences: [orders-api] }
routes:
  - name: ours
    match: { path: /ours/** }
    access: { issuers: [corporate] }
    upstream: orders
  - name: narrow
    match: { path: /narrow/** }
    access: { audiences: [narrow-api] }
    upstream: orders
  - name: rest
    match: { path: /** }
    access: authenticated
    upstream: orders
identity: { headers: { X-User: claims.sub } }
";

/// A token, what it is, and the reasons any of which is right for it.
type Case = (String, String, &'static [&'static str]);

fn case(name: impl ToString, token: impl ToString, reasons: &'static [&'static str]) -> Case {
    (name.to_string(), token.to_string(), reasons)
}

async fn assert_all_refused(world: &World, path: &str, cases: Vec<Case>) {
    world.upstream.must_not_be_reached();
    let mut faults = Vec::new();
    for (name, token, reasons) in cases {
        let (reply, decision) = world.decide(world.client.get(path).bearer(&token)).await;
        if reply.status != 401 || !reasons.contains(&decision.reason.as_str()) {
            faults.push(format!("{name}: {} {}, expected 401 {reasons:?}", reply.status, decision.reason));
            continue;
        }
        reply.assert_invalid_token();
        assert!(!reply.text().contains(&decision.reason), "{name}: the client is told the reason");
    }
    assert!(faults.is_empty(), "{faults:#?}");
}

async fn assert_all_pass(world: &World, cases: Vec<(&str, String)>) {
    for (name, token) in cases {
        let (reply, decision) = world.decide(world.client.get("/orders").bearer(&token)).await;
        let found = (reply.status, decision.reason.as_str());
        assert_eq!(found, (200, "allowed"), "{name}: {reply:#?}");
        let seen = world.upstream.take_requests();
        assert_eq!(seen[0].header("authorization"), None, "{name}");
    }
}

/// An issuer that signs with ES256 and publishes an RSA key as well.
async fn issuer_with_rsa() -> (Issuer, KeyPair) {
    let issuer = Issuer::start().await;
    let rsa = KeyPair::generate("RS256").with_kid("rsa");
    issuer.publish(&rsa);
    (issuer, rsa)
}

#[tokio::test]
async fn a_token_of_each_algorithm_passes() {
    let issuer = Issuer::start().await;
    let keys: Vec<KeyPair> = ["RS256", "PS256", "ES256", "ES384", "EdDSA"].map(KeyPair::generate).into();
    for key in &keys {
        issuer.publish(key);
    }
    let world = Setup::with_issuer(issuer).await.start(AUTHENTICATED).await;
    let cases = keys.iter().map(|key| (key.alg, world.issuer.token().forged_with(key))).collect();
    assert_all_pass(&world, cases).await;
}
