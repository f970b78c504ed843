//! What the API is told of the client and the connection, and who is believed.

use http::Method;

use crate::support::raw::exchange;
use crate::support::upstream::Recorded;
use crate::support::world::World;
use crate::support::{Reply, Script};

const OPEN: &str = "
routes:
  - { name: open, match: { path: /** }, access: public, upstream: orders }
";

const BEHIND_A_PROXY: &str = "
listeners:
  - address: 127.0.0.1:0
    trusted_proxies: [127.0.0.0/8, 10.0.0.0/8]
";

async fn seen(world: &World, headers: &str) -> (Reply, Recorded) {
    let request = world.client.get("/a");
    let request = headers.lines().fold(request, |request, line| {
        let (name, value) = line.trim().split_once(": ").unwrap();
        request.header(name, value)
    });
    let reply = request.send().await;
    reply.assert_passed();
    (reply, world.upstream.take_requests().remove(0))
}

#[tokio::test]
async fn forwarding_headers_of_a_stranger_are_replaced() {
    let world = World::start(OPEN).await;
    for forged in [
        "x-unrelated: 1",
        "x-forwarded-for: 203.0.113.7\nx-forwarded-proto: https\nx-forwarded-host: evil.example",
        "X-Forwarded-For: 203.0.113.7\nX-Forwarded-For: 10.0.0.1\nx_forwarded_for: 1.1.1.1\nx_forwarded_proto: https",
        "forwarded: for=203.0.113.7;proto=https;host=evil.example",
    ] {
        let (_, request) = seen(&world, forged).await;
        assert_eq!(request.header("x-forwarded-for"), Some("127.0.0.1"), "{forged}");
        assert_eq!(request.header("x-forwarded-proto"), Some("http"), "{forged}");
        assert_eq!(request.header("x-forwarded-host"), Some("api.example.com"), "{forged}");
        assert_eq!(request.header("host"), Some("api.example.com"), "{forged}");
        for value in ["203.0.113.7", "evil.example", "1.1.1.1"] {
            assert!(!format!("{:?}", request.head).contains(value), "{forged}: {request:#?}");
        }
    }
}

#[tokio::test]
async fn forwarding_headers_of_a_trusted_proxy_are_extended() {
    let world = World::start(&format!("{BEHIND_A_PROXY}{OPEN}")).await;
    let proxied = "x-forwarded-for: 203.0.113.7, 10.1.2.3\nx-forwarded-proto: https\nx-forwarded-host: shop.example.com";
    let (_, request) = seen(&world, proxied).await;
    assert_eq!(request.header("x-forwarded-for"), Some("203.0.113.7, 10.1.2.3, 127.0.0.1"));
    assert_eq!(request.header("x-forwarded-proto"), Some("https"));
    assert_eq!(request.header("x-forwarded-host"), Some("shop.example.com"));
    let (_, request) = seen(&world, "x-plain: 1").await;
    assert_eq!(request.header("x-forwarded-for"), Some("127.0.0.1"));
    assert_eq!(request.header("x-forwarded-proto"), Some("http"));
}

#[tokio::test]
async fn a_forwarding_header_decides_no_route() {
    let world = World::start(
        "
routes:
  - { name: inside, match: { hosts: [inside.example], path: /** }, access: public, upstream: orders }
  - { name: rest, match: { path: /** }, access: authenticated, upstream: orders }
",
    )
    .await;
    world.upstream.must_not_be_reached();
    for (name, value) in [
        ("x-forwarded-host", "inside.example"),
        ("forwarded", "host=inside.example"),
        ("x-host", "inside.example"),
        ("x-original-url", "http://inside.example/"),
        ("x-forwarded-uri", "/public"),
        ("x-forwarded-prefix", "/public"),
    ] {
        let reply = world.client.get("/a").header(name, value).send().await;
        reply.assert_refused(401, Some("Bearer"));
    }
}

#[tokio::test]
async fn a_well_formed_request_id_is_kept_and_another_replaced() {
    let world = World::start(OPEN).await;
    let (reply, request) = seen(&world, "x-request-id: abc-123_DEF.4").await;
    assert_eq!(
        (reply.request_id(), request.header("x-request-id")),
        ("abc-123_DEF.4", Some("abc-123_DEF.4"))
    );
    let long = "a".repeat(4000);
    for bad in [
        "x-unrelated: 1",
        "x-request-id: a b",
        "x-request-id: a\"b",
        "x-request-id: <script>",
        &format!("x-request-id: {long}"),
    ] {
        let (reply, request) = seen(&world, bad).await;
        let id = reply.request_id();
        assert_eq!(request.header("x-request-id"), Some(id), "{bad}");
        assert_is_uuid_v7(id);
    }
    let one = seen(&world, "x-a: 1").await.0.request_id().to_owned();
    assert_ne!(one, seen(&world, "x-a: 1").await.0.request_id());
}

fn assert_is_uuid_v7(id: &str) {
    let lengths: Vec<usize> = id.split('-').map(str::len).collect();
    assert_eq!(lengths, [8, 4, 4, 4, 12], "{id}");
    assert!(id.chars().all(|c| c == '-' || c.is_ascii_hexdigit()) && id.as_bytes()[14] == b'7', "{id}");
}

#[tokio::test]
async fn every_answer_carries_one_request_id_of_ours() {
    let world = World::start(
        "
routes:
  - { name: closed, match: { path: /closed }, access: authenticated, upstream: orders }
  - { name: open, match: { path: /open, methods: [GET] }, access: public, upstream: orders }
",
    )
    .await;
    world.upstream.answer(Script::with_header("x-request-id", "the upstream's own"));
    for (path, status) in [("/open", 200), ("/closed", 401), ("/nowhere", 404)] {
        let reply = world.client.get(path).header("x-request-id", "mine").send().await;
        assert_eq!((reply.status, reply.request_id()), (status, "mine"), "{path}");
    }
    let bad =
        exchange(world.gateway.listener(0), "GET //open HTTP/1.1\r\nHost: a\r\nX-Request-Id: mine\r\n\r\n");
    assert_eq!(bad.await.unwrap().head.header("x-request-id"), Some("mine"));
}

#[tokio::test]
async fn the_trace_goes_on_or_begins() {
    let world = World::start(OPEN).await;
    let (_, request) = seen(&world, "x-a: 1").await;
    let fresh = request.header("traceparent").unwrap().to_owned();
    let parts: Vec<usize> = fresh.split('-').map(str::len).collect();
    assert_eq!(parts, [2, 32, 16, 2], "{fresh}");
    assert!(fresh.starts_with("00-") && !fresh.contains(&"0".repeat(32)), "{fresh}");

    let trace = "4bf92f3577b34da6a3ce929d0e0e4736";
    let (_, request) =
        seen(&world, &format!("traceparent: 00-{trace}-00f067aa0ba902b7-01\ntracestate: a=1")).await;
    let continued = request.header("traceparent").unwrap();
    assert!(continued.starts_with(&format!("00-{trace}-")) && continued.ends_with("-01"), "{continued}");
    assert_eq!(request.header("tracestate"), Some("a=1"));

    for bad in [
        "00-00000000000000000000000000000000-00f067aa0ba902b7-01".to_owned(),
        format!("00-{trace}-0000000000000000-01"),
        format!("ff-{trace}-00f067aa0ba902b7-01"),
        format!("00-{}-00f067aa0ba902b7-01", trace.to_uppercase()),
        "nonsense".to_owned(),
    ] {
        let (_, request) = seen(&world, &format!("traceparent: {bad}")).await;
        let replaced = request.header("traceparent").unwrap();
        assert!(replaced.starts_with("00-") && replaced.len() == 55, "{bad}: {replaced}");
        assert!(!replaced.contains(trace) && !replaced.contains(&"0".repeat(32)), "{bad}: {replaced}");
    }
}

#[tokio::test]
async fn hop_by_hop_headers_of_the_answer_end_here() {
    let world = World::start(OPEN).await;
    let answer = "HTTP/1.1 200 OK\r\nConnection: close, x-drop\r\nX-Drop: 1\r\nKeep-Alive: timeout=5\r\nProxy-Connection: close\r\nX-Keep: 1\r\nSet-Cookie: a=1\r\nSet-Cookie: b=2\r\nContent-Length: 2\r\n\r\nok";
    world.upstream.answer(Script::Raw(answer.into()));
    let reply = world.client.get("/a").send().await;
    assert_eq!((reply.status, reply.text().as_str(), reply.header("x-keep")), (200, "ok", Some("1")));
    for name in ["x-drop", "keep-alive", "proxy-connection"] {
        assert_eq!(reply.header(name), None, "{name}");
    }
    assert_eq!(reply.headers.get_all("set-cookie").iter().count(), 2);
}

/// Equal lengths are one length (RFC 9110 §8.6); what is none is passed on to nobody, also where no body follows.
#[tokio::test]
async fn the_answer_has_one_length_or_is_none() {
    let world = World::start(OPEN).await;
    for (status, lengths, expected) in [
        ("200 OK", &["2, 2"][..], Some("2")),
        ("200 OK", &["2", "2"], Some("2")),
        ("200 OK", &["2,2", "2"], Some("2")),
        ("304 Not Modified", &["2, 2"], Some("2")),
        ("304 Not Modified", &["2, 3"], None),
        ("304 Not Modified", &["+2"], None),
        ("304 Not Modified", &["2", "two"], None),
        ("200 OK", &["2, 3"], None),
        ("200 OK", &["2,"], None),
    ] {
        let fields: String = lengths.iter().map(|length| format!("Content-Length: {length}\r\n")).collect();
        let body = if status.starts_with("200") { "ok" } else { "" };
        for method in [Method::GET, Method::HEAD] {
            let body = if method == Method::HEAD { "" } else { body };
            let answer = format!("HTTP/1.1 {status}\r\n{fields}Connection: close\r\n\r\n{body}");
            world.upstream.answer_once(Script::Raw(answer.into()));
            let reply = world.client.request(method.clone(), "/a").send().await;
            let found: Vec<_> = reply.headers.get_all("content-length").iter().collect();
            match expected {
                Some(length) => {
                    assert_eq!(reply.status, status[..3].parse::<u16>().unwrap(), "{method} {lengths:?}");
                    // That of what was not modified is left out.
                    let is_left_out = found.is_empty() && status.starts_with("304");
                    assert!(found == [length] || is_left_out, "{method} {status} {lengths:?}: {found:?}");
                    assert_eq!(reply.text(), body, "{method} {status} {lengths:?}");
                }
                None => assert_eq!(reply.status, 502, "{method} {status} {lengths:?}: {found:?}"),
            }
        }
    }
}

#[tokio::test]
async fn the_upstreams_own_answer_passes_as_it_is() {
    let world = World::start(OPEN).await;
    for status in [201, 204, 301, 304, 400, 401, 403, 404, 418, 500, 502, 503] {
        world.upstream.answer(Script::Reply {
            status,
            headers: vec![
                ("www-authenticate", "Basic realm=\"api\"".into()),
                ("location", "/elsewhere".into()),
            ],
            body: b"theirs".to_vec(),
        });
        let (reply, decision) = world.decide(world.client.get("/a")).await;
        assert_eq!((reply.status, decision.reason.as_str()), (status, "public"));
        assert_eq!(reply.header("www-authenticate"), Some("Basic realm=\"api\""));
        assert_eq!(reply.header("location"), Some("/elsewhere"), "redirects are the client's affair");
        assert!(!reply.request_id().is_empty());
        let body = if status == 204 || status == 304 { "" } else { "theirs" };
        assert_eq!(reply.text(), body, "{status}");
    }
}
