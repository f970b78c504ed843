//! Headers that conditions look at: what is decided on is what the upstream gets.

use serde_json::{Value, json};

use crate::support::Binary;
use crate::support::raw::exchange;
use crate::support::upstream::Recorded;
use crate::support::world::{Setup, World};

const CONFIGURATION: &str = r#"
policies:
  own-tenant: { when: "request.headers['x-tenant'] == [claims.tenant]" }
routes:
  - name: tenant
    match: { path: /tenant/** }
    access: { require: [own-tenant] }
    upstream: orders
  - name: named
    match: { path: /named/** }
    access: { require: { when: "request.headers[claims.header] == [claims.tenant]" } }
    upstream: orders
  - name: free
    match: { path: /free/** }
    access: { require: { when: "!('x-debug' in request.headers) && !has(request.headers.debug)" } }
    upstream: orders
  - name: candidate
    match: { path: /candidate/** }
    access: { issuers: [corporate], candidate: own-tenant }
    upstream: orders
"#;

fn token(world: &World) -> String {
    let claims = json!({ "tenant": "acme", "header": "x-tenant" });
    let claims = claims.as_object().unwrap().iter();
    claims.fold(world.issuer.token(), |token, (name, value)| token.claim(name, value.clone())).sign()
}

/// What the upstream got, if the request was sent on.
async fn ask(world: &World, path: &str, fields: &[(&str, &str)]) -> (u16, Option<Recorded>) {
    let mut request = world.client.get(path).bearer(&token(world));
    for (name, value) in fields {
        request = request.header(name, value);
    }
    let status = request.send().await.status;
    (status, world.upstream.take_requests().pop())
}

#[tokio::test]
async fn the_upstream_gets_the_spelling_that_was_looked_at_and_no_other() {
    let world = World::start(CONFIGURATION).await;
    for other in ["X_Tenant", "x.tenant", "X-tenant_"] {
        let (status, seen) = ask(&world, "/tenant/x", &[(other, "other"), ("X-Tenant", "acme")]).await;
        let seen = seen.unwrap();
        let alike = seen.spelled_like("x-tenant");
        assert_eq!((status, alike.as_slice()), (200, &[("x-tenant", "acme")][..]), "{other}");
        // Another name is another header.
        assert_eq!(seen.header("x-tenant_").is_some(), other == "X-tenant_");
    }
    for fields in [&[("X_Tenant", "acme")][..], &[("X-Tenant", "other"), ("X_Tenant", "acme")]] {
        assert_eq!(ask(&world, "/tenant/x", fields).await.0, 403, "{fields:?}");
    }
    let (status, seen) = ask(&world, "/free/x", &[("X_Debug", "1")]).await;
    assert_eq!((status, seen.unwrap().spelled_like("x-debug").as_slice()), (200, &[][..]));
    // Where nothing is decided by it, it is none of the gateway's business.
    for path in ["/free/x", "/candidate/x"] {
        let (status, seen) = ask(&world, path, &[("X_Tenant", "a"), ("X-Tenant", "b")]).await;
        assert_eq!((status, seen.unwrap().spelled_like("x-tenant").len()), (200, 2), "{path}");
    }
}

#[tokio::test]
async fn a_name_that_is_computed_must_be_the_only_spelling() {
    let world = World::start(CONFIGURATION).await;
    assert_eq!(ask(&world, "/named/x", &[("X-Tenant", "acme"), ("X-Tenants", "b")]).await.0, 200);
    for other in ["X_Tenant", "x.tenant"] {
        let (status, seen) = ask(&world, "/named/x", &[("X-Tenant", "acme"), (other, "b")]).await;
        assert!(status == 403 && seen.is_none(), "{other}");
    }
}

/// What is counted of a candidate is what it would decide in place of the requirement.
#[tokio::test]
async fn a_candidate_sees_the_headers_that_a_requirement_would() {
    let world = World::start(CONFIGURATION).await;
    let count = async |reason: &str| {
        let labels = [("route", "candidate"), ("reason", reason)];
        world.gateway.metrics().await.sum("jwtgate_shadow_decisions_total", &labels)
    };
    let (mut allowed, mut denied) = (0.0, 0.0);
    for (fields, holds) in [
        (&[("X-Tenant", "acme")][..], true),
        (&[("X-Tenant", "acme"), ("X_Tenant", "other")], true),
        (&[("x.tenant", "other"), ("X-Tenant", "acme")], true),
        (&[("X_Tenant", "acme")], false),
        (&[("X-Tenant", "other"), ("X_Tenant", "acme")], false),
        (&[("X-Tenant", "acme"), ("Connection", "x-tenant")], false),
    ] {
        let (status, _) = ask(&world, "/tenant/x", fields).await;
        assert_eq!(status, if holds { 200 } else { 403 }, "{fields:?}");
        let (status, seen) = ask(&world, "/candidate/x", fields).await;
        assert!(status == 200 && seen.is_some(), "{fields:?}");
        if holds {
            allowed += 1.0;
        } else {
            denied += 1.0;
        }
        assert_eq!((count("allowed").await, count("policy_denied").await), (allowed, denied), "{fields:?}");
    }
}

#[tokio::test]
async fn connection_takes_nothing_away_that_was_decided_on() {
    let world = World::start(CONFIGURATION).await;
    for option in ["x-tenant", "close, X-TENANT", "keep-alive,x-other , x-tenant"] {
        for path in ["/tenant/x", "/named/x"] {
            let (status, seen) = ask(&world, path, &[("X-Tenant", "acme"), ("Connection", option)]).await;
            assert!(status == 403 && seen.is_none(), "{option} on {path}: {status}");
        }
    }
    let (status, seen) = ask(&world, "/tenant/x", &[("X-Tenant", "acme"), ("Connection", "x_tenant")]).await;
    assert_eq!((status, seen.unwrap().header("x-tenant")), (200, Some("acme")));
    // What the upstream does not get is not there.
    let (status, seen) = ask(&world, "/free/x", &[("X-Debug", "1"), ("Connection", "x-debug")]).await;
    assert_eq!((status, seen.unwrap().spelled_like("x-debug").as_slice()), (200, &[][..]));
    assert_eq!(ask(&world, "/free/x", &[("X-Debug", "1")]).await.0, 403);
}

#[tokio::test]
async fn a_trailer_adds_nothing_to_what_was_looked_at() {
    let world = World::start(CONFIGURATION).await;
    let request = format!(
        "POST /tenant/x HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer {}\r\nX-Tenant: acme\r\nTransfer-Encoding: chunked\r\nTrailer: X-Tenant, X_Tenant, X-Sum\r\n\r\n2\r\nhi\r\n0\r\nX-Tenant: other\r\nX_Tenant: other\r\nX-Sum: 1\r\n\r\n",
        token(&world)
    );
    assert_eq!(exchange(world.gateway.listener(0), request).await.unwrap().head.status(), 200);
    let seen = world.upstream.only_request();
    assert_eq!(seen.header("x-tenant"), Some("acme"));
    let trailers: Vec<String> = seen.body.trailers.iter().map(|(name, _)| name.to_lowercase()).collect();
    assert_eq!(trailers, ["x-sum"]);
}

#[tokio::test]
async fn explain_decides_on_what_would_be_sent() {
    let setup = Setup::new().await;
    let config = setup.write(CONFIGURATION).display().to_string();
    let token = setup.issuer.token().claim("tenant", "acme").claim("header", "x-tenant").sign();
    for (path, fields, reason, said) in [
        ("/tenant/x", &["X-Tenant: acme", "X_Tenant: other"][..], "allowed", ""),
        ("/tenant/x", &["X-Tenant: acme", "Connection: x-tenant"], "policy_denied", "no such key"),
        ("/named/x", &["X-Tenant: acme", "X_Tenant: other"], "policy_denied", "in another spelling"),
    ] {
        let given = ["explain", "--config", &config, "--method", "GET", "--path", path, "--token", &token];
        let fields = fields.iter().flat_map(|field| ["--header", field]);
        let run = Binary::finish(given.into_iter().chain(fields).chain(["--format", "json"])).await;
        let told: Value = serde_json::from_str(&run.stdout).unwrap();
        assert_eq!(told["reason"], reason, "{}", run.said());
        assert!(run.stdout.contains(said), "{}", run.said());
    }
}

#[tokio::test]
async fn two_spellings_of_a_header_are_a_mistake() {
    let setup = Setup::new().await;
    let file = setup.write(
        r#"
policies:
  one: { when: "'x-tenant' in request.headers" }
routes:
  - name: both
    match: { path: / }
    access: { require: { all_of: [one, { when: "has(request.headers.x_tenant)" }] } }
    upstream: orders
"#,
    );
    let run = Binary::finish(["check", file.to_str().unwrap()]).await;
    assert_eq!(run.code(), Some(2), "{}", run.said());
    assert!(
        run.said().contains(
            "`x-tenant` and `x_tenant`, for both of which `when` asks here, are one to many servers"
        ),
        "{}",
        run.said()
    );
}
