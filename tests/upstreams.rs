//! The API behind: several endpoints, TLS, and every way to fail.

use std::time::{Duration, Instant};

use crate::support::metrics::Metrics;
use crate::support::world::{Setup, World};
use crate::support::{Pki, Script, Upstream};

const OPEN: &str = "
routes:
  - { name: open, match: { path: /** }, access: public, upstream: orders }
";

fn upstreams(rest: &str) -> String {
    format!("upstreams:\n  orders:\n{rest}{OPEN}")
}

/// An address at which nobody listens: bound to be sure that it is free, and released.
fn nobody() -> String {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    format!("http://{}", listener.local_addr().unwrap())
}

#[tokio::test]
async fn an_upstream_that_breaks_is_502_and_counted_once() {
    let world = World::start(OPEN).await;
    for (name, script) in [
        ("reset", Script::Reset),
        ("closed", Script::Close),
        ("garbage", Script::Raw(b"not http at all\r\n\r\n".to_vec())),
        ("half a head", Script::Raw(b"HTTP/1.1 200 OK\r\nContent-Le".to_vec())),
        (
            "two lengths",
            Script::Raw(b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab".to_vec()),
        ),
    ] {
        world.upstream.answer(script);
        let (reply, decision) = world.decide(world.client.post("/a", "x")).await;
        assert_eq!((reply.status, decision.reason.as_str()), (502, "upstream_unavailable"), "{name}");
        assert_eq!(decision.route, "open");
        reply.assert_refused(502, None);
        assert!(!reply.text().contains("127.0.0.1"), "the upstream's address is nobody's business");
    }
}

#[tokio::test]
async fn an_upstream_that_refuses_is_502() {
    let setup = Setup::new().await.set("NOBODY", nobody());
    let world = setup.start(&upstreams("    endpoints: [$NOBODY]\n")).await;
    let reply = world.assert_reason(world.client.get("/a"), "upstream_unavailable").await;
    reply.assert_refused(502, None);
}

#[tokio::test]
async fn an_upstream_that_is_silent_is_504_at_the_timeout() {
    let rest = "    endpoints: [$UPSTREAM]\n    timeouts: { connect: 1s, response: 300ms }\n";
    let world = World::start(&upstreams(rest)).await;
    world.upstream.answer(Script::Silence);
    let started = Instant::now();
    let (reply, decision) = world.decide(world.client.get("/a")).await;
    let took = started.elapsed();
    reply.assert_refused(504, None);
    assert_eq!(decision.reason, "upstream_timeout");
    assert!(took > Duration::from_millis(290) && took < Duration::from_secs(5), "{took:?}");
    eventually!(world.upstream.hangups() == 1, "the timed-out request was left running");

    world.upstream.answer(Script::Slow(Duration::from_millis(100), Box::new(Script::ok())));
    world.client.get("/a").send().await.assert_passed();
}

#[tokio::test]
async fn the_timeout_is_for_the_head_and_not_for_the_body() {
    let rest = "    endpoints: [$UPSTREAM]\n    timeouts: { connect: 1s, response: 300ms }\n";
    let world = World::start(&upstreams(rest)).await;
    let (script, chunks) = Script::stream();
    world.upstream.answer(script);
    let reply = tokio::spawn(world.client.get("/events").send());
    for _ in 0..4 {
        tokio::time::sleep(Duration::from_millis(150)).await;
        chunks.send(b"tick".to_vec()).await.unwrap();
    }
    drop(chunks);
    assert_eq!(reply.await.unwrap().text(), "tick".repeat(4));
}

#[tokio::test]
async fn an_endpoint_that_refuses_is_passed_over() {
    let setup = Setup::new().await.set("NOBODY", nobody());
    let world = setup.start(&upstreams("    endpoints: [$NOBODY, $UPSTREAM]\n")).await;
    for number in 0..20 {
        world.client.post(&format!("/{number}"), "body").send().await.assert_passed();
    }
    assert_eq!(world.upstream.requests().len(), 20);
}

#[tokio::test]
async fn endpoints_share_the_requests() {
    let other = Upstream::start().await;
    let setup = Setup::new().await.set("OTHER", format!("http://{}", other.address()));
    let world = setup.start(&upstreams("    endpoints: [$UPSTREAM, $OTHER]\n")).await;
    for _ in 0..40 {
        world.client.get("/").send().await.assert_passed();
    }
    let (one, two) = (world.upstream.requests().len(), other.requests().len());
    assert!(one + two == 40 && one >= 10 && two >= 10, "{one} and {two}");
}

#[tokio::test]
async fn a_request_that_may_have_been_done_is_not_done_again() {
    let other = Upstream::start().await;
    let setup = Setup::new().await.set("OTHER", format!("http://{}", other.address()));
    let world = setup.start(&upstreams("    endpoints: [$UPSTREAM, $OTHER]\n")).await;
    world.upstream.answer(Script::Close);
    other.answer(Script::Close);
    for number in 0..10 {
        let reply = world.client.post(&format!("/pay/{number}"), "once").send().await;
        assert_eq!(reply.status, 502);
        let done = world.upstream.take_requests().len() + other.take_requests().len();
        assert_eq!(done, 1, "POST number {number} was delivered {done} times");
    }
}

#[tokio::test]
async fn connections_are_pooled_and_a_dead_one_costs_no_request() {
    let world = World::start(OPEN).await;
    for _ in 0..10 {
        world.client.get("/").send().await.assert_passed();
    }
    assert!(world.upstream.connections() <= 2, "{} connections", world.upstream.connections());
    // An upstream that ends each connection after one answer, without a word of warning.
    world.upstream.answer(Script::Raw(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok".to_vec()));
    for _ in 0..20 {
        world.client.get("/").send().await.assert_passed();
    }
}

#[tokio::test]
async fn an_https_upstream_is_verified_with_its_own_authority_and_name() {
    let pki = Pki::new();
    let secure = Upstream::start_tls(pki.server_config(&["orders.internal"])).await;
    let setup = Setup::new().await.set("SECURE", format!("https://{}", secure.address()));
    setup.scratch.write("upstream-ca.pem", pki.ca_pem());
    setup.scratch.write("other-ca.pem", Pki::new().ca_pem());
    let world = setup
        .start(
            "
upstreams:
  right: { endpoints: [$SECURE], tls: { ca: upstream-ca.pem, server_name: orders.internal } }
  wrong-name: { endpoints: [$SECURE], tls: { ca: upstream-ca.pem, server_name: other.internal } }
  no-name: { endpoints: [$SECURE], tls: { ca: upstream-ca.pem } }
  wrong-ca: { endpoints: [$SECURE], tls: { ca: other-ca.pem, server_name: orders.internal } }
  no-ca: { endpoints: [$SECURE], tls: { server_name: orders.internal } }
routes:
  - { name: right, match: { path: /right }, access: public, upstream: right }
  - { name: wrong-name, match: { path: /wrong-name }, access: public, upstream: wrong-name }
  - { name: no-name, match: { path: /no-name }, access: public, upstream: no-name }
  - { name: wrong-ca, match: { path: /wrong-ca }, access: public, upstream: wrong-ca }
  - { name: no-ca, match: { path: /no-ca }, access: public, upstream: no-ca }
",
        )
        .await;
    world.client.get("/right").send().await.assert_passed();
    assert_eq!(secure.take_requests()[0].header("host"), Some("api.example.com"), "the client's Host");
    secure.must_not_be_reached();
    for path in ["/wrong-name", "/no-name", "/wrong-ca", "/no-ca"] {
        let reply = world.assert_reason(world.client.get(path), "upstream_unavailable").await;
        reply.assert_refused(502, None);
    }
}

#[tokio::test]
async fn a_private_authority_serves_bodies_too() {
    let pki = Pki::new();
    let secure = Upstream::start_tls(pki.server_config(&["127.0.0.1"])).await;
    secure.answer(Script::Echo);
    let setup = Setup::new().await.set("SECURE", format!("https://{}", secure.address()));
    setup.scratch.write("upstream-ca.pem", pki.ca_pem());
    let world = setup.start(&upstreams("    endpoints: [$SECURE]\n    tls: { ca: upstream-ca.pem }\n")).await;
    let body = vec![b'y'; 2 * 1024 * 1024];
    let reply = world.client.post("/", body.clone()).send().await;
    assert!(reply.body == body, "{} bytes came back with {}", reply.body.len(), reply.status);
}

#[tokio::test]
async fn the_time_of_the_upstream_is_measured() {
    let world = World::start(OPEN).await;
    world.upstream.answer(Script::Slow(Duration::from_millis(120), Box::new(Script::ok())));
    world.client.get("/").send().await.assert_passed();
    let metrics: Metrics = eventually!({
        let metrics = world.gateway.metrics().await;
        (metrics.sum("jwtgate_upstream_duration_seconds_count", &[("upstream", "orders")]) == 1.0)
            .then_some(metrics)
    });
    let seconds = metrics.sum("jwtgate_upstream_duration_seconds_sum", &[("upstream", "orders")]);
    assert!((0.11..5.0).contains(&seconds), "{seconds}");
}

#[tokio::test]
async fn an_upstream_that_does_not_let_us_connect_in_time_is_504() {
    // Takes the connection and says nothing: no TLS handshake ever ends.
    let silent = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let setup = Setup::new().await.set("SILENT", silent.local_addr().unwrap());
    let world = setup
        .start(
            "
upstreams:
  silent: { endpoints: ['https://$SILENT'], timeouts: { connect: 200ms } }
routes:
  - { name: silent, match: { path: /** }, access: public, upstream: silent }
",
        )
        .await;
    let reply = world.assert_reason(world.client.get("/a"), "upstream_timeout").await;
    assert_eq!(reply.status, 504);
}
