//! What is removed leaves the metrics, and what stays keeps its counts.

use super::{edit, free_address, reload, reloads};
use crate::support::Script;
use crate::support::metrics::Metrics;
use crate::support::world::{Setup, World};

const ONE: &str = "
  - { name: first, match: { path: /first/** }, access: public, upstream: orders }
  - { name: kept, match: { path: /kept/** }, access: authenticated, upstream: orders }
";
const OTHER: &str = "
  - { name: kept, match: { path: /kept/** }, access: authenticated, upstream: orders }
  - { name: last, match: { path: /last/** }, access: authenticated, upstream: spare }
";

async fn metrics(world: &World) -> Metrics {
    world.gateway.metrics().await
}

/// As of the second scrape: the first that comes after a removal is the last that shows what was removed.
async fn gone(world: &World, label: &str, value: &str) {
    let before = of(world, label, value).await;
    eventually!(of(world, label, value).await.is_empty(), "{value} is still there: {before:?}");
}

/// The series with this value of this label.
async fn of(world: &World, label: &str, value: &str) -> Vec<String> {
    let labelled = format!("({label:?}, {value:?})");
    metrics(world).await.series().into_iter().filter(|series| series.contains(&labelled)).collect()
}

#[tokio::test]
async fn what_a_reload_removes_is_counted_no_more() {
    let setup = Setup::new().await.set("SECOND", free_address());
    setup.scratch.write("secret", "thirty-two bytes or more of a secret");
    let second = "  second: { issuer: https://second.example.com, audiences: [a], keys: { secret: { file: secret } } }\n";
    let listener = format!("  - address: {}\n", free_address());
    let name = listener.trim().trim_start_matches("- address: ").to_owned();
    let world = setup
        .start(&format!(
            "listeners:\n  - address: 127.0.0.1:0\n{listener}issuers:\n  corporate: {{ issuer: $ISSUER, audiences: [orders-api] }}\n{second}upstreams:\n  orders: {{ endpoints: [$UPSTREAM] }}\n  spare: {{ endpoints: [$UPSTREAM] }}\nroutes:{ONE}"
        ))
        .await;
    let token = world.issuer.token().sign();
    world.client.get("/first/x").send().await.assert_passed();
    world.client.get("/kept/x").bearer(&token).send().await.assert_passed();
    assert_eq!(world.client.get("/nowhere").send().await.status, 404);
    let removed = [("route", "first"), ("issuer", "second"), ("listener", name.as_str())];
    for (label, value) in &removed {
        assert!(!of(&world, label, value).await.is_empty(), "{value} before");
    }
    let (script, chunks) = Script::stream();
    world.upstream.answer_once(script);
    chunks.send(b"first ".to_vec()).await.unwrap();
    let streaming = world.client.get("/first/stream").start().await;

    edit(&world, ONE, OTHER);
    edit(&world, second, "");
    edit(&world, &listener, "");
    reload(&world).await;
    for (label, value) in &removed[1..] {
        gone(&world, label, value).await;
    }
    assert!(!of(&world, "route", "first").await.is_empty(), "something of it is still under way");
    // An answer that ends only now is of a route that is no more.
    chunks.send(b"last".to_vec()).await.unwrap();
    drop(chunks);
    let answer = crate::support::client::collect(streaming).await.unwrap();
    assert_eq!(answer.text(), "first last");
    let last = metrics(&world).await;
    assert_eq!(last.sum("jwtgate_requests_total", &[("route", "first")]), 2.0);
    gone(&world, "route", "first").await;
    let now = metrics(&world).await;
    for (route, issuer) in [("kept", "corporate"), ("none", "none")] {
        assert_eq!(
            now.sum("jwtgate_decisions_total", &[("route", route), ("issuer", issuer)]),
            1.0,
            "{route}"
        );
    }
    assert_eq!(now.sum("jwtgate_request_duration_seconds_count", &[("route", "kept")]), 1.0);
    assert_eq!(now.sum("jwtgate_jwks_fetches_total", &[("issuer", "corporate"), ("result", "success")]), 1.0);
    // What is new is counted, and what was kept goes on.
    world.client.get("/last/x").bearer(&token).send().await.assert_passed();
    world.client.get("/kept/x").bearer(&token).send().await.assert_passed();
    let now = metrics(&world).await;
    assert_eq!(now.sum("jwtgate_decisions_total", &[("route", "last")]), 1.0);
    assert_eq!(now.sum("jwtgate_upstream_duration_seconds_count", &[("upstream", "spare")]), 1.0);
    assert_eq!(now.sum("jwtgate_decisions_total", &[("route", "kept")]), 2.0);
    assert_eq!(now.sum("jwtgate_token_cache_hits_total", &[("issuer", "corporate")]), 2.0);

    // What comes back begins anew.
    edit(&world, OTHER, ONE);
    reload(&world).await;
    world.client.get("/first/x").send().await.assert_passed();
    let now = metrics(&world).await;
    assert_eq!(now.sum("jwtgate_decisions_total", &[("route", "first")]), 1.0);
    gone(&world, "route", "last").await;
    gone(&world, "upstream", "spare").await;
}

#[tokio::test]
async fn a_configuration_that_is_refused_leaves_no_series() {
    let world = World::start(&format!("routes:{ONE}")).await;
    let before = metrics(&world).await.series();
    let second = "  second: { issuer: https://second.example.com, audiences: [a] }\n";
    edit(&world, "routes:", "rutes: 1\nroutes:");
    edit(&world, "issuers:\n", &format!("issuers:\n{second}"));
    world.gateway.reload();
    eventually!(reloads(&world, "failure").await == 1.0, "never refused");
    eventually!(of(&world, "issuer", "second").await.is_empty(), "the issuer is still there");
    assert_eq!(metrics(&world).await.series(), before);
}
