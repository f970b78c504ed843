//! Where keys come from, and what happens when they do not come.

mod faults;
mod operators;
mod replaced;
mod samples;
mod starts;
mod storms;
mod tenants;

use std::time::{Duration, Instant};

use serde_json::json;

use crate::support::keypair::KeyPair;
use crate::support::world::{AUTHENTICATED, EVERY_ACCESS, Setup, World};
use crate::support::{Binary, Gateway, Issuer};

/// Two issuers, `corporate` and `other`.
const TWO_ISSUERS: &str = "
issuers:
  corporate: { issuer: $ISSUER, audiences: [orders-api] }
  other: { issuer: $OTHER, audiences: [orders-api] }
";

/// The issuer `corporate` with these lines under `keys`.
fn with_keys(keys: &str, rest: &str) -> String {
    format!(
        "issuers:\n  corporate:\n    issuer: $ISSUER\n    audiences: [orders-api]\n    keys: {keys}\n{rest}"
    )
}

#[tokio::test]
async fn discovery_finds_the_keys_whether_said_or_not() {
    for keys in ["{ discovery: {} }", ""] {
        let yaml = if keys.is_empty() { AUTHENTICATED.to_owned() } else { with_keys(keys, AUTHENTICATED) };
        let world = World::start(&yaml).await;
        let token = world.issuer.token().sign();
        world.client.get("/").bearer(&token).send().await.assert_passed();
        assert_eq!((world.issuer.discoveries(), world.issuer.fetches()), (1, 1));
    }
}

#[tokio::test]
async fn a_key_set_may_be_named_directly_with_a_credential_for_it() {
    let setup = Setup::new().await;
    let uri = setup.issuer.jwks_uri();
    setup.scratch.write("fetch-token", "let-me-in\n");
    let world = setup
        .set("JWKS", uri)
        .start(&with_keys("{ jwks_uri: $JWKS, bearer_token_file: fetch-token }", AUTHENTICATED))
        .await;
    let token = world.issuer.token().sign();
    world.client.get("/").bearer(&token).send().await.assert_passed();
    assert_eq!((world.issuer.discoveries(), world.issuer.fetches()), (0, 1));
    assert_eq!(world.issuer.last_authorization().as_deref(), Some("Bearer let-me-in"));
}

#[tokio::test]
async fn a_jwks_file_serves_each_key_that_is_usable() {
    let setup = Setup::new().await;
    let (rsa, pss) = (KeyPair::generate("RS256"), KeyPair::generate("PS256"));
    let broken = json!({ "kty": "RSA", "kid": "broken", "n": "!!", "e": "AQAB" });
    let keys =
        json!({ "keys": [broken, { "kty": "unheard of" }, rsa.jwk(), pss.jwk(), setup.issuer.key().jwk()] });
    setup.scratch.write("keys/jwks.json", keys.to_string());
    let world = setup.start(&with_keys("{ jwks_file: keys/jwks.json }", AUTHENTICATED)).await;
    for key in [world.issuer.key(), rsa, pss] {
        let token = world.issuer.token().forged_with(&key);
        world.client.get("/").bearer(&token).send().await.assert_passed();
    }
    assert_eq!(world.issuer.fetches() + world.issuer.discoveries(), 0, "nothing is fetched");
}

#[tokio::test]
async fn a_pem_file_serves_tokens_with_and_without_a_kid() {
    for alg in ["RS256", "ES256", "ES384", "EdDSA"] {
        let setup = Setup::with_issuer(Issuer::with_key(KeyPair::generate(alg)).await).await;
        setup.scratch.write("keys/public.pem", setup.issuer.key().public_pem());
        let world = setup.start(&with_keys("{ pem_file: keys/public.pem }", AUTHENTICATED)).await;
        let token = world.issuer.token().without_header("kid").sign();
        world.client.get("/").bearer(&token).send().await.assert_passed();
        // A PEM has no place for a key id: the one that the issuer writes into its tokens cannot be compared.
        let token = world.issuer.token().sign();
        world.client.get("/").bearer(&token).send().await.assert_passed();
        let forged = world.issuer.token().signed_with(&KeyPair::generate(alg));
        world.assert_reason(world.client.get("/").bearer(&forged), "signature_invalid").await;
    }
}

#[tokio::test]
async fn a_secret_verifies_hs256_and_one_newline_is_cut() {
    for newline in ["", "\n"] {
        let secret = KeyPair::hmac("HS256", b"a secret of more than thirty-two bytes");
        let setup = Setup::with_issuer(Issuer::with_key(secret.clone()).await).await;
        setup.scratch.write("secrets/hs256", [secret.secret(), newline.as_bytes()].concat());
        let world = setup.start(&with_keys("{ secret: { file: secrets/hs256 } }", AUTHENTICATED)).await;
        let token = world.issuer.token().without_header("kid").sign();
        world.client.get("/").bearer(&token).send().await.assert_passed();
        let hs512 = world.issuer.token().header("alg", "HS512").signed_with(&secret.with_alg("HS512"));
        world.assert_reason(world.client.get("/").bearer(&hs512), "algorithm_not_allowed").await;
        let rsa = world.issuer.token().forged_with(&KeyPair::generate("ES256"));
        world.assert_reason(world.client.get("/").bearer(&rsa), "algorithm_not_allowed").await;
    }
}

#[tokio::test]
async fn a_secret_may_come_from_the_environment() {
    // A variable that every test run has, and that no test need set.
    let path = std::env::var("PATH").unwrap();
    assert!(path.len() >= 32, "PATH is too short to be a secret: {path}");
    let issuer = Issuer::with_key(KeyPair::hmac("HS256", path.as_bytes())).await;
    let setup = Setup::with_issuer(issuer).await;
    let world = setup.start(&with_keys("{ secret: { env: PATH } }", AUTHENTICATED)).await;
    world.client.get("/").bearer(&world.issuer.token().sign()).send().await.assert_passed();
}

#[tokio::test]
async fn a_key_in_place_of_a_secret_is_refused_and_not_shown() {
    let setup = Setup::new().await;
    let rsa = KeyPair::generate("RS256");
    let set = json!({ "keys": [rsa.jwk()] }).to_string();
    for (text, part) in [(rsa.public_pem(), "MII"), (set, "AQAB")] {
        setup.scratch.write("secrets/hs256", &text);
        let config = setup.write(&with_keys("{ secret: { file: secrets/hs256 } }", AUTHENTICATED));
        let run = Binary::finish(["check", config.to_str().unwrap()]).await;
        assert_eq!(run.code(), Some(2), "{}", run.said());
        assert!(run.said().contains("in place of a secret"), "{}", run.said());
        assert!(text.contains(part) && !run.said().contains(part), "{}", run.said());
    }
}

#[tokio::test]
async fn a_secret_shorter_than_its_hash_is_named_and_not_shown() {
    let setup = Setup::new().await;
    setup.scratch.write("secrets/hs256", "short-and-sweet\n");
    let config = setup.write(&with_keys("{ secret: { file: secrets/hs256 } }", AUTHENTICATED));
    let error = Gateway::try_start(&config).await.unwrap_err();
    assert!(error.contains("hs256") || error.contains("secret"), "{error}");
    assert!(!error.contains("short-and-sweet"), "{error}");
}

#[tokio::test]
async fn an_issuer_that_is_down_at_the_start_costs_only_its_own_routes() {
    let other = Issuer::start().await;
    let setup = Setup::new().await.set("OTHER", other.url());
    setup.issuer.fail_with(503);
    let world = setup.start_cold(&format!("{TWO_ISSUERS}{EVERY_ACCESS}")).await;
    let ready = world.gateway.admin().get("/readyz").send().await;
    assert_eq!(ready.status, 503, "not ready without the keys of every issuer: {}", ready.text());
    world.client.get("/public/a").send().await.assert_passed();
    world.client.get("/optional/a").send().await.assert_passed();
    eventually!(
        world.client.get("/a").bearer(&other.token().sign()).send().await.status == 200,
        "one bad issuer blocks another"
    );
    world.upstream.take_requests();

    let token = world.issuer.token().sign();
    let (reply, decision) = world.decide(world.client.get("/a").bearer(&token)).await;
    reply.assert_refused(503, None);
    assert_eq!((decision.reason.as_str(), decision.issuer.as_str()), ("keys_unavailable", "corporate"));
    let retry_after: u64 = reply.header("retry-after").expect("Retry-After").parse().expect("seconds");
    assert!((1..=60).contains(&retry_after), "{retry_after}");
    // Never a pass: not for a token that nobody signed either.
    let unsigned = world.issuer.token().signed_with(&KeyPair::generate("ES256"));
    assert_eq!(world.client.get("/a").bearer(&unsigned).send().await.status, 503);
    assert!(world.upstream.requests().is_empty());

    world.issuer.recover();
    eventually!(
        world.client.get("/a").bearer(&token).send().await.status == 200,
        "the keys were never fetched again"
    );
    eventually!(world.gateway.admin().get("/readyz").send().await.status == 200);
}

#[tokio::test]
async fn an_outage_later_costs_nothing() {
    let world = World::start(AUTHENTICATED).await;
    world.issuer.fail_with(500);
    let known = world.issuer.token().sign();
    world.client.get("/").bearer(&known).send().await.assert_passed();
    // A kid that could not be asked for is no fault of the token's.
    let (reply, decision) =
        world.decide(world.client.get("/").bearer(&world.issuer.token().header("kid", "new").sign())).await;
    assert_eq!((reply.status, decision.reason.as_str()), (503, "keys_unavailable"));
    assert!(reply.header("retry-after").is_some());
    world.client.get("/").bearer(&world.issuer.token().subject("bob").sign()).send().await.assert_passed();
    assert_eq!(world.gateway.admin().get("/readyz").send().await.status, 200, "once ready, it stays so");
}

#[tokio::test]
async fn a_rotation_while_requests_run_loses_none() {
    let world = World::start(AUTHENTICATED).await;
    let steady = {
        let (client, old) = (world.client.clone(), world.issuer.token());
        tokio::spawn(async move {
            let (until, mut sent) = (Instant::now() + Duration::from_secs(4), 0);
            while Instant::now() < until {
                let token = old.clone().subject(&format!("user-{sent}")).sign();
                let reply = client.get("/old").bearer(&token).send().await;
                assert_eq!(
                    reply.status, 200,
                    "a token of the old key was refused after {sent} requests: {reply:?}"
                );
                sent += 1;
                tokio::time::sleep(Duration::from_millis(2)).await;
            }
            sent
        })
    };
    for _ in 0..2 {
        world.issuer.rotate();
        let rotated = Instant::now();
        eventually!(
            world.client.get("/new").bearer(&world.issuer.token().sign()).send().await.status == 200,
            "the new key was never picked up"
        );
        assert!(rotated.elapsed() < Duration::from_secs(4), "picked up only after {:?}", rotated.elapsed());
        for number in 0..50 {
            let token = world.issuer.token().subject(&format!("new-{number}")).sign();
            world.client.get("/new").bearer(&token).send().await.assert_passed();
        }
    }
    let sent = steady.await.unwrap();
    assert!(sent > 50, "only {sent} requests ran");
}

#[tokio::test]
async fn a_withdrawn_key_dies_with_the_next_fetch_in_the_cache_too() {
    let world = World::start(AUTHENTICATED).await;
    let old = world.issuer.token().sign();
    world.client.get("/").bearer(&old).send().await.assert_passed();
    let new = world.issuer.rotate();
    world.issuer.publish_only(vec![new.jwk()]);
    eventually!(world.client.get("/").bearer(&world.issuer.token().sign()).send().await.status == 200);
    let (reply, decision) = world.decide(world.client.get("/").bearer(&old)).await;
    assert_eq!((reply.status, decision.reason.as_str()), (401, "key_unknown"));
}

#[tokio::test]
async fn invented_kids_are_no_storm() {
    let world = World::start(AUTHENTICATED).await;
    let started = Instant::now();
    let before = world.issuer.fetches();
    let invented = (0..300).map(|number| {
        let token = world.issuer.token().header("kid", format!("invented-{number}")).sign();
        let client = world.client.clone();
        async move { client.get("/").bearer(&token).send().await.status }
    });
    let statuses = futures_util::future::join_all(invented).await;
    assert!(statuses.iter().all(|status| [401, 503].contains(status)), "{statuses:?}");
    let fetches = world.issuer.fetches() - before;
    let allowed = 2 + usize::try_from(started.elapsed().as_secs()).unwrap();
    assert!(fetches <= allowed, "{fetches} fetches for 300 invented kids in {:?}", started.elapsed());
    world.client.get("/").bearer(&world.issuer.token().sign()).send().await.assert_passed();
}

#[tokio::test]
async fn one_fetch_serves_all_who_wait() {
    let setup = Setup::new().await;
    setup.issuer.delay(Duration::from_millis(300));
    let world = setup.start_cold(AUTHENTICATED).await;
    let requests = (0..50).map(|number| {
        let token = world.issuer.token().subject(&format!("user-{number}")).sign();
        let client = world.client.clone();
        async move { client.get("/").bearer(&token).send().await.status }
    });
    let statuses = futures_util::future::join_all(requests).await;
    assert!(statuses.iter().all(|status| [200, 503].contains(status)), "{statuses:?}");
    eventually!(world.gateway.admin().get("/readyz").send().await.status == 200);
    assert_eq!((world.issuer.discoveries(), world.issuer.fetches()), (1, 1));
}

#[tokio::test]
async fn a_discovery_document_of_another_issuer_is_not_believed() {
    let setup = Setup::new().await;
    let document = json!({ "issuer": "https://evil.example", "jwks_uri": setup.issuer.jwks_uri() });
    setup.issuer.serve_discovery(document);
    let world = setup.start_cold(AUTHENTICATED).await;
    eventually!(world.issuer.discoveries() > 0);
    let reply = world.client.get("/").bearer(&world.issuer.token().sign()).send().await;
    assert_eq!(reply.status, 503, "{reply:?}");
    assert_eq!(world.issuer.fetches(), 0, "its jwks_uri was followed");
}

#[tokio::test]
async fn what_is_no_key_of_ours_is_never_taken_from_a_remote_set() {
    let setup = Setup::new().await;
    let secret = KeyPair::generate("HS256").with_kid("secret");
    let encryption = KeyPair::generate("ES256").with_kid("encryption");
    let mut enc = encryption.jwk();
    enc["use"] = json!("enc");
    let nothing = json!({ "kty": "oct", "kid": "nothing", "k": "" });
    let mut bare = KeyPair::generate("RS256").with_kid("bare").jwk();
    bare.as_object_mut().unwrap().remove("alg");
    setup.issuer.publish_only(vec![setup.issuer.key().jwk(), secret.jwk(), enc, nothing, bare]);
    let world = setup.start(AUTHENTICATED).await;
    world.client.get("/").bearer(&world.issuer.token().sign()).send().await.assert_passed();
    world.upstream.take_requests();
    world.upstream.must_not_be_reached();
    let token = || world.issuer.token();
    let empty = KeyPair::hmac("HS256", b"");
    for (name, token) in [
        ("a remote secret", token().forged_with(&secret)),
        ("an encryption key", token().forged_with(&encryption)),
        ("an empty secret", token().forged_with(&empty.clone().with_kid("nothing"))),
        ("an RSA key without alg as an empty secret", token().forged_with(&empty.with_kid("bare"))),
    ] {
        let reply = world.client.get("/").bearer(&token).send().await;
        assert_eq!(reply.status, 401, "{name}");
    }
}

#[tokio::test]
async fn an_answer_that_is_no_key_set_replaces_nothing() {
    let world = World::start(AUTHENTICATED).await;
    let known = world.issuer.token();
    let absurdities =
        ["", "{}", "{\"keys\":[]}", "<html>", "null", "[]", "{\"keys\":[{\"kty\":\"oct\",\"k\":\"AA\"}]}"];
    for (number, absurd) in absurdities.into_iter().enumerate() {
        world.issuer.serve_keys(absurd);
        let reply = world.gateway.admin().post("/issuers/corporate/refresh", "").send().await;
        assert_eq!(reply.status, 502, "{absurd}: {reply:?}");
        let token = known.clone().subject(&format!("after-{number}")).sign();
        world.client.get("/").bearer(&token).send().await.assert_passed();
    }
}

#[tokio::test]
async fn the_keys_are_in_the_metrics() {
    let world = World::start(AUTHENTICATED).await;
    let metrics = world.gateway.metrics().await;
    let of = [("issuer", "corporate")];
    assert_eq!(metrics.sum("jwtgate_jwks_keys", &of), 1.0);
    let success = [("issuer", "corporate"), ("result", "success")];
    assert_eq!(metrics.sum("jwtgate_jwks_fetches_total", &success), 1.0);
    assert!(metrics.sum("jwtgate_jwks_age_seconds", &of) < 60.0);
    world.issuer.fail_with(500);
    world.client.get("/").bearer(&world.issuer.token().header("kid", "new").sign()).send().await;
    let failure = [("issuer", "corporate"), ("result", "failure")];
    eventually!(world.gateway.metrics().await.sum("jwtgate_jwks_fetches_total", &failure) >= 1.0);
}
