//! Rules that decide nothing: a candidate beside the rule in force, and routes that only observe.

use serde_json::json;

use crate::support::reply::INSUFFICIENT;
use crate::support::world::{Setup, World};
use crate::support::{Binary, Client};

const RULES: &str = "
routes:
  - name: candidate
    match: { path: /candidate/** }
    access: { require: { roles: clerk }, candidate: { roles: admin } }
    upstream: orders
  - name: observed
    match: { path: '/observed/{id}', methods: [GET] }
    access: { require: { roles: clerk }, audiences: [orders-api], enforcement: observe }
    upstream: orders
  - name: both
    match: { path: /both/** }
    access: { require: { roles: clerk }, candidate: { roles: admin }, enforcement: observe }
    upstream: orders
  - name: handed-on
    match: { path: /handed-on/** }
    access: { require: { roles: clerk }, enforcement: observe }
    upstream: orders
    identity: { headers: { X-User: claims.sub, X-Nick: claims.nick }, forward_token: true }
identity:
  headers:
    X-User: claims.sub
    X-Nick: claims.nick
";

async fn shadow(world: &World, route: &str, reason: &str) -> f64 {
    let labels = [("route", route), ("reason", reason)];
    world.gateway.metrics().await.sum("jwtgate_shadow_decisions_total", &labels)
}

#[tokio::test]
async fn a_candidate_is_counted_and_decides_nothing() {
    let world = World::start(RULES).await;
    assert!(
        world
            .gateway
            .metrics()
            .await
            .has("jwtgate_shadow_decisions_total", &[("route", "candidate"), ("reason", "policy_denied")]),
        "each verdict is counted from 0"
    );
    let (mut allowed, mut denied) = (0.0, 0.0);
    for (roles, status, candidate) in [
        (&["clerk", "admin"][..], 200, true),
        (&["clerk"], 200, false),
        (&["admin"], 403, true),
        (&[], 403, false),
    ] {
        let token = world.issuer.token().roles(roles).sign();
        let (reply, decision) = world.decide(world.client.get("/candidate/a").bearer(&token)).await;
        assert_eq!(reply.status, status, "{roles:?}");
        assert_eq!(decision.reason, if status == 200 { "allowed" } else { "policy_denied" }, "{roles:?}");
        if status == 403 {
            reply.assert_refused(403, Some(INSUFFICIENT));
        }
        if candidate {
            allowed += 1.0;
        } else {
            denied += 1.0;
        }
        let counted = (
            shadow(&world, "candidate", "allowed").await,
            shadow(&world, "candidate", "policy_denied").await,
        );
        assert_eq!(counted, (allowed, denied), "{roles:?}");
    }
    // Of callers who are nobody, a requirement has nothing to say.
    world.assert_reason(world.client.get("/candidate/a"), "token_missing").await;
    let forged = world.issuer.token().roles(&["admin"]).tampered();
    world.assert_reason(world.client.get("/candidate/a").bearer(&forged), "signature_invalid").await;
    let total =
        world.gateway.metrics().await.sum("jwtgate_shadow_decisions_total", &[("route", "candidate")]);
    assert_eq!(total, 4.0);
    assert_eq!(world.upstream.take_requests().len(), 2);
}

#[tokio::test]
async fn a_route_that_observes_lets_everybody_pass_and_says_what_it_thought() {
    let world = World::start(RULES).await;
    let token = world.issuer.token().claim("nick", "al");
    let clerk = token.clone().roles(&["clerk"]);
    let alice = Some("alice");
    for (bearers, reason, user) in [
        (vec![clerk.sign()], "allowed", alice),
        (vec![token.sign()], "policy_denied", alice),
        (vec![clerk.clone().claim("nick", json!([1])).sign()], "identity_unsendable", None),
        (vec![], "token_missing", None),
        (vec![clerk.tampered()], "signature_invalid", None),
        (vec![clerk.clone().claim("exp", 1).sign()], "token_expired", None),
        (vec![clerk.clone().audience("billing-api").sign()], "audience_mismatch", None),
        (vec![clerk.clone().claim("iss", "https://other.example.com").sign()], "issuer_unknown", None),
        (vec![clerk.clone().header("kid", "another").sign()], "key_unknown", None),
        (vec!["a b".to_owned()], "credential_malformed", None),
        (vec![clerk.sign(), clerk.sign()], "credential_ambiguous", None),
    ] {
        let request = world.client.get("/observed/42").header("x-user", "forged");
        let request = bearers.iter().fold(request, |request, token| request.bearer(token));
        let before = shadow(&world, "observed", reason).await;
        let (reply, decision) = world.decide(request).await;
        reply.assert_passed();
        assert_eq!(decision.reason, reason);
        assert_eq!(shadow(&world, "observed", reason).await, before + 1.0, "{reason}");
        let seen = world.upstream.take_requests().remove(0);
        assert_eq!(seen.header("x-user"), user, "{reason}");
        assert_eq!(seen.header("x-nick"), user.map(|_| "al"), "{reason}");
        assert_eq!(seen.header("authorization"), None, "{reason}");
    }
}

#[tokio::test]
async fn what_is_no_question_of_who_is_refused_all_the_same() {
    let world = World::start(RULES).await;
    world.upstream.must_not_be_reached();
    for (request, status, reason) in [
        (world.client.get("/observed//42"), 400, "target_ambiguous"),
        (world.client.post("/observed/42", "x"), 405, "method_not_allowed"),
        (world.client.get("/elsewhere"), 404, "route_not_found"),
    ] {
        assert_eq!(world.assert_reason(request, reason).await.status, status, "{reason}");
    }
    assert_eq!(world.gateway.metrics().await.sum("jwtgate_shadow_decisions_total", &[]), 0.0);
}

#[tokio::test]
async fn the_credential_of_a_verified_caller_alone_is_handed_on() {
    let world = World::start(RULES).await;
    let token = world.issuer.token();
    for (token, handed_on) in [
        (token.sign(), true),
        (token.tampered(), false),
        (token.clone().claim("nick", json!([1])).sign(), false),
    ] {
        world.client.get("/handed-on/a").bearer(&token).send().await.assert_passed();
        let seen = world.upstream.take_requests().remove(0);
        assert_eq!(seen.header("authorization").is_some(), handed_on);
        assert_eq!(seen.header("x-user").is_some(), handed_on);
    }
}

#[tokio::test]
async fn keys_that_cannot_be_had_keep_nobody_out() {
    let setup = Setup::new().await;
    setup.issuer.fail_with(503);
    let world = setup.start_cold(RULES).await;
    let token = world.issuer.token().roles(&["clerk"]).sign();
    let (reply, decision) = world.decide(world.client.get("/observed/1").bearer(&token)).await;
    reply.assert_passed();
    assert_eq!(decision.reason, "keys_unavailable");
    assert_eq!(world.upstream.only_request().header("x-user"), None);
}

#[tokio::test]
async fn beside_a_candidate_what_is_observed_is_the_reason_and_the_candidate_the_shadow() {
    let world = World::start(RULES).await;
    let admin = world.issuer.token().roles(&["admin"]).sign();
    let request = world.client.get("/both/a").bearer(&admin);
    world.assert_reason(request, "policy_denied").await.assert_passed();
    assert_eq!(shadow(&world, "both", "allowed").await, 1.0);
    world.assert_reason(world.client.get("/both/a"), "token_missing").await.assert_passed();
    assert_eq!(shadow(&world, "both", "token_missing").await, 1.0);
    assert_eq!(
        world.gateway.metrics().await.sum("jwtgate_shadow_decisions_total", &[("route", "both")]),
        2.0
    );
}

#[tokio::test]
async fn a_reload_ends_it() {
    let world = World::start(RULES).await;
    world.client.get("/observed/1").send().await.assert_passed();
    let file = world.scratch.path().join("jwtgate.yaml");
    let text = std::fs::read_to_string(&file).unwrap();
    std::fs::write(&file, text.replace(", enforcement: observe", "")).unwrap();
    eventually!(world.client.get("/observed/1").send().await.status == 401, "the change never took effect");
}

#[tokio::test]
async fn the_access_log_has_what_would_have_been() {
    let setup = Setup::new().await;
    let mut binary = setup.run(RULES).await;
    let client: Client = binary.client().await;
    let token = setup.issuer.token().roles(&["clerk"]).sign();
    client.get("/observed/1").header("x-request-id", "observed").send().await.assert_passed();
    client
        .get("/candidate/1")
        .header("x-request-id", "candidate")
        .bearer(&token)
        .send()
        .await
        .assert_passed();
    for (id, reason, shadow) in
        [("observed", "token_missing", "token_missing"), ("candidate", "allowed", "policy_denied")]
    {
        let line = eventually!(
            binary.stdout().into_iter().find(|line| line.contains(&format!("\"request_id\":\"{id}\""))),
            "no line for {id}"
        );
        let line: serde_json::Value = serde_json::from_str(&line).unwrap();
        let found = (&line["auth.decision"], &line["auth.reason"], &line["auth.shadow.reason"]);
        assert_eq!(found, (&json!("allow"), &json!(reason), &json!(shadow)), "{line}");
    }
}

#[tokio::test]
async fn check_warns_of_a_route_that_observes() {
    let setup = Setup::new().await;
    let file = setup.write(RULES);
    let run = Binary::finish(["check".as_ref(), file.as_os_str()]).await;
    assert_eq!(run.code(), Some(0), "{}", run.said());
    let warned = run.said().lines().filter(|line| line.contains("only observes")).count();
    assert_eq!(warned, 3, "{}", run.said());
    let strict = Binary::finish(["check".as_ref(), "--strict".as_ref(), file.as_os_str()]).await;
    assert_eq!(strict.code(), Some(2));
}
