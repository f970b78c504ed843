//! Probes and metrics, on their own address and nowhere else.

use std::collections::BTreeSet;

use http::Method;

use crate::support::world::{AUTHENTICATED, EVERY_ACCESS, World};

#[tokio::test]
async fn the_probes_answer_on_the_admin_address_only() {
    let world = World::start(AUTHENTICATED).await;
    world.upstream.must_not_be_reached();
    let admin = world.gateway.admin();
    assert_eq!(admin.get("/livez").send().await.status, 200);
    assert_eq!(admin.get("/readyz").send().await.status, 200);
    let verbose = admin.get("/readyz?verbose").send().await;
    assert_eq!(verbose.status, 200);
    assert!(verbose.text().contains("corporate"), "each check is listed: {}", verbose.text());
    assert!(verbose.text().lines().count() >= 2, "{}", verbose.text());
    assert_eq!(admin.get("/nowhere").send().await.status, 404);
    assert!([404, 405].contains(&admin.post("/livez", "").send().await.status));
    for path in ["/livez", "/readyz", "/metrics"] {
        let reply = world.client.get(path).send().await;
        reply.assert_refused(401, Some("Bearer"));
    }
}

#[tokio::test]
async fn an_admin_path_is_not_decided_by_routes() {
    let world = World::start(AUTHENTICATED).await;
    let before = world.gateway.metrics().await.decisions();
    for path in ["/livez", "/readyz", "/metrics", "/orders"] {
        world.gateway.admin().get(path).send().await;
    }
    assert_eq!(world.gateway.metrics().await.decisions(), before, "probes are no requests");
    assert!(world.upstream.requests().is_empty());
}

#[tokio::test]
async fn every_metric_of_the_contract_is_there_with_its_type_and_labels() {
    let world = World::start(EVERY_ACCESS).await;
    let token = world.issuer.token().scope("orders:read").sign();
    world.client.get("/orders/1").bearer(&token).send().await.assert_passed();
    world.client.get("/orders/1").send().await;
    world.client.get("/nowhere/../x").send().await;
    let metrics = eventually!({
        let metrics = world.gateway.metrics().await;
        (metrics.sum("jwtgate_requests_total", &[]) >= 3.0).then_some(metrics)
    });
    for (name, kind, labels) in [
        ("jwtgate_requests_total", "counter", "route method status"),
        ("jwtgate_request_duration_seconds", "histogram", "route"),
        ("jwtgate_upstream_duration_seconds", "histogram", "upstream"),
        ("jwtgate_decisions_total", "counter", "route issuer reason"),
        ("jwtgate_jwks_fetches_total", "counter", "issuer result"),
        ("jwtgate_jwks_age_seconds", "gauge", "issuer"),
        ("jwtgate_jwks_keys", "gauge", "issuer"),
        ("jwtgate_token_cache_hits_total", "counter", "issuer"),
        ("jwtgate_token_cache_misses_total", "counter", "issuer"),
        ("jwtgate_connections", "gauge", "listener"),
        ("jwtgate_config_last_reload_success_timestamp_seconds", "gauge", ""),
        ("jwtgate_build_info", "gauge", "version"),
    ] {
        assert_eq!(metrics.kind(name), Some(kind), "{name} in\n{}", metrics.text());
        let sample = if kind == "histogram" { format!("{name}_count") } else { name.to_owned() };
        let labelled = metrics.labels(&sample);
        let expected: BTreeSet<&str> = labels.split_whitespace().collect();
        assert_eq!(
            labelled.iter().map(String::as_str).collect::<BTreeSet<_>>(),
            expected,
            "the labels of {name}"
        );
    }
    let requests = [("route", "read"), ("method", "GET"), ("status", "200")];
    assert_eq!(metrics.sum("jwtgate_requests_total", &requests), 1.0);
    let unauthorized = [("route", "read"), ("method", "GET"), ("status", "401")];
    assert_eq!(metrics.sum("jwtgate_requests_total", &unauthorized), 1.0);
    let ambiguous = [("route", "none"), ("issuer", "none"), ("reason", "target_ambiguous")];
    assert_eq!(metrics.sum("jwtgate_decisions_total", &ambiguous), 1.0);
    let allowed = [("route", "read"), ("issuer", "corporate"), ("reason", "allowed")];
    assert_eq!(metrics.sum("jwtgate_decisions_total", &allowed), 1.0);
    assert_eq!(metrics.sum("jwtgate_build_info", &[("version", env!("CARGO_PKG_VERSION"))]), 1.0);
    assert!(metrics.has("jwtgate_connections", &[("listener", "127.0.0.1:0")]), "its configured address");
}

#[tokio::test]
async fn a_flood_of_odd_requests_makes_no_new_series() {
    let world = World::start(EVERY_ACCESS).await;
    // One of each kind that the flood has, so that their series are there.
    let flood = async |number: usize| {
        let client = &world.client;
        let method = Method::from_bytes(format!("ODD{number}").as_bytes()).unwrap();
        client.request(method, &format!("/public/{number}")).send().await;
        client.get(&format!("/other/{number}")).send().await;
        client.get(&format!("/a//{number}")).send().await;
        let token = || world.issuer.token();
        let issuer = token().claim("iss", format!("https://issuer-{number}")).sign();
        let kid = token().header("kid", format!("kid-{number}")).sign();
        let alg = token().header("alg", format!("ALG{number}")).sign();
        for token in [issuer, kid, alg, format!("garbage{number}")] {
            client.get("/other").bearer(&token).send().await;
        }
        let host = format!("host-{number}.example");
        client.host(&host).get("/public/a").header("x-request-id", &format!("id{number}")).send().await;
    };
    flood(0).await;
    flood(1).await;
    let total = |metrics: &crate::support::metrics::Metrics| metrics.sum("jwtgate_decisions_total", &[]);
    let before = eventually!({
        let metrics = world.gateway.metrics().await;
        (total(&metrics) >= 16.0).then_some(metrics)
    });
    for number in 2..30 {
        flood(number).await;
    }
    let after = eventually!({
        let metrics = world.gateway.metrics().await;
        (total(&metrics) >= 240.0).then_some(metrics)
    });
    let (before, now): (BTreeSet<String>, BTreeSet<String>) =
        (before.series().into_iter().collect(), after.series().into_iter().collect());
    let new: Vec<_> = now.difference(&before).collect();
    // A kid that could not be asked for in time has another reason; that is a series of a fixed list, not of the flood.
    assert!(new.len() <= 2, "the flood made new series: {new:#?}");
    assert!(after.has("jwtgate_requests_total", &[("method", "_OTHER")]));
    for invented in ["ODD1", "kid-1", "issuer-1", "ALG1", "host-1", "garbage1"] {
        assert!(!after.text().contains(invented), "{invented} is a label");
    }
}

#[tokio::test]
async fn open_connections_are_counted() {
    let world = World::start(AUTHENTICATED).await;
    let open = async || world.gateway.metrics().await.sum("jwtgate_connections", &[]);
    let mut held = Vec::new();
    for _ in 0..5 {
        held.push(world.client.connect().await.unwrap());
    }
    eventually!(open().await == 5.0, "expected 5 open connections");
    drop(held);
    eventually!(open().await == 0.0, "expected no open connection");
}
