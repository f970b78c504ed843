//! Which route: the first whose hosts and path match; its methods decide 405.

use std::collections::BTreeSet;

use http::Method;

use crate::support::{Reply, World};

/// Each route says its name to the upstream, by way of a header that only it sets: a capture would do as well, but
/// every route needs one.
fn table(routes: &[(&str, &str)]) -> String {
    let route = |(name, matches): &(&str, &str)| {
        format!("  - name: {name}\n    match: {matches}\n    access: public\n    upstream: orders\n")
    };
    format!("routes:\n{}", routes.iter().map(route).collect::<String>())
}

async fn route_of(world: &World, method: Method, host: &str, path: &str) -> (Reply, String) {
    let (reply, decision) = world.decide(world.client.host(host).request(method, path)).await;
    (reply, decision.route)
}

#[tokio::test]
async fn the_first_route_whose_host_and_path_match_is_chosen() {
    let world = World::start(&table(&[
        ("partner", "{ hosts: [partner.example.com], path: /** }"),
        ("wild", "{ hosts: ['*.example.com'], path: /wild/** }"),
        ("one", "{ path: '/orders/{id}' }"),
        ("lines", "{ path: '/orders/{id}/lines' }"),
        ("below", "{ path: /orders/** }"),
        ("literal", "{ path: /Case }"),
    ]))
    .await;
    for (host, path, expected) in [
        ("api.example.com", "/orders/1", "one"),
        ("api.example.com", "/orders/1/", "one"),
        ("api.example.com", "/orders/1/lines", "lines"),
        ("api.example.com", "/orders/1/other", "below"),
        ("api.example.com", "/orders", "below"),
        ("api.example.com", "/orders/", "below"),
        ("partner.example.com", "/orders/1", "partner"),
        ("partner.example.com", "/", "partner"),
        ("PARTNER.example.COM", "/x", "partner"),
        ("partner.example.com:8443", "/x", "partner"),
        ("partner.example.com.", "/x", "partner"),
        ("a.example.com", "/wild/x", "wild"),
        ("a.b.example.com", "/wild", "wild"),
        ("api.example.com", "/Case", "literal"),
        ("api.example.com", "/Case/", "literal"),
    ] {
        let (reply, route) = route_of(&world, Method::GET, host, path).await;
        assert_eq!((reply.status, route.as_str()), (200, expected), "{host}{path}");
        let seen = world.upstream.take_requests();
        assert_eq!((seen[0].target(), seen[0].header("host")), (path, Some(host)), "as it came");
    }
    world.upstream.must_not_be_reached();
    for (host, path) in [
        ("api.example.com", "/"),
        ("api.example.com", "/ordersx"),
        ("api.example.com", "/Orders/1"),
        ("api.example.com", "/case"),
        ("api.example.com", "/Case/x"),
        ("example.com", "/wild/x"),
        ("evilexample.com", "/wild/x"),
        ("xpartner.example.com", "/x"),
        ("partner.example.com.evil.org", "/x"),
    ] {
        let (reply, route) = route_of(&world, Method::GET, host, path).await;
        reply.assert_refused(404, None);
        assert_eq!(route, "none", "{host}{path}");
    }
    assert_eq!(
        world.gateway.metrics().await.sum("jwtgate_decisions_total", &[("reason", "route_not_found")]),
        9.0
    );
}

#[tokio::test]
async fn a_wrong_method_is_405_with_what_is_allowed() {
    let world = World::start(&table(&[
        ("read", "{ path: '/orders/{id}', methods: [GET] }"),
        ("write", "{ path: '/orders/{id}', methods: [PUT, DELETE] }"),
        ("upload", "{ path: /upload, methods: [POST] }"),
        ("rest", "{ path: /** }"),
    ]))
    .await;
    for (method, path, expected) in [
        (Method::GET, "/orders/1", "read"),
        (Method::HEAD, "/orders/1", "read"),
        (Method::PUT, "/orders/1", "write"),
        (Method::DELETE, "/orders/1", "write"),
        (Method::POST, "/upload", "upload"),
        (Method::POST, "/other", "rest"),
    ] {
        let (reply, route) = route_of(&world, method.clone(), "api.example.com", path).await;
        assert_eq!((reply.status, route.as_str()), (200, expected), "{method} {path}");
        assert_eq!(world.upstream.take_requests()[0].method(), method.as_str());
    }
    world.upstream.must_not_be_reached();
    for (method, path, allowed) in [
        (Method::POST, "/orders/1", "DELETE GET HEAD PUT"),
        (Method::PATCH, "/orders/1/", "DELETE GET HEAD PUT"),
        (Method::GET, "/upload", "POST"),
        (Method::HEAD, "/upload", "POST"),
        (Method::OPTIONS, "/upload", "POST"),
        (Method::from_bytes(b"get").unwrap(), "/orders/1", "DELETE GET HEAD PUT"),
        (Method::from_bytes(b"BREW").unwrap(), "/upload", "POST"),
    ] {
        let (reply, decision) = world.decide(world.client.request(method.clone(), path)).await;
        assert_eq!(reply.status, 405, "{method} {path}");
        let allow: BTreeSet<&str> = reply.header("allow").unwrap().split(',').map(str::trim).collect();
        assert_eq!(allow, allowed.split(' ').collect(), "{method} {path}");
        assert_eq!(decision.reason, "method_not_allowed");
        assert_eq!(reply.header("www-authenticate"), None);
        if method != Method::HEAD {
            reply.assert_problem();
        }
    }
}

/// Servers that compare methods without case would take `delete` for what the first rule keeps out.
#[tokio::test]
async fn a_method_in_another_case_is_405_on_every_route() {
    let world = World::start(
        "
routes:
  - { name: admin, match: { path: /a, methods: [DELETE, PURGE] }, access: { require: { roles: admin } }, upstream: orders }
  - { name: rest, match: { path: /a }, access: public, upstream: orders }
",
    )
    .await;
    let method = |name: &str| Method::from_bytes(name.as_bytes()).unwrap();
    for client in [world.client.clone(), world.client.http2()] {
        let reply = client.request(method("cook"), "/a").send().await;
        assert_eq!((reply.status, world.upstream.take_requests().len()), (200, 1));
        for name in ["delete", "Delete", "purge", "get", "patch"] {
            let (reply, decision) = world.decide(client.request(method(name), "/a")).await;
            assert_eq!((reply.status, decision.reason.as_str()), (405, "method_not_allowed"), "{name}");
            let allow = "DELETE, PURGE, GET, HEAD, POST, PUT, PATCH, OPTIONS, TRACE";
            assert_eq!(reply.header("allow"), Some(allow), "{name}");
            reply.assert_problem();
        }
        assert_eq!(world.upstream.take_requests().len(), 0);
    }
}

/// A condition by the method is dodged by no other spelling of it, and by no later route.
#[tokio::test]
async fn where_a_condition_looks_at_the_method_one_in_lower_case_is_405() {
    let world = World::start(
        "
policies:
  purge: { when: \"request.method != 'PURGE' || 'admin' in roles\" }
routes:
  - { name: named, match: { path: /named/** }, access: { require: [purge] }, upstream: orders }
  - { name: later, match: { path: /named/** }, access: authenticated, upstream: orders }
  - name: computed
    match: { path: /computed/** }
    access: { require: { not: { when: \"['PUR', 'BA'].exists(start, request.method.startsWith(start))\" } } }
    upstream: orders
  - { name: candidate, match: { path: /candidate/** }, access: { issuers: [corporate], candidate: purge }, upstream: orders }
",
    )
    .await;
    let method = |name: &str| Method::from_bytes(name.as_bytes()).unwrap();
    let token = world.issuer.token().sign();
    let ask = async |name: &str, path: &str| {
        let (reply, decision) = world.decide(world.client.request(method(name), path).bearer(&token)).await;
        (reply.status, decision.route, world.upstream.take_requests().len())
    };
    for (path, route) in [("/named/x", "named"), ("/computed/x", "computed")] {
        assert_eq!(ask("PURGE", path).await, (403, route.to_owned(), 0));
        assert_eq!(ask("COOK", path).await, (200, route.to_owned(), 1));
        for name in ["purge", "Purge", "PURGe", "cook", "delete"] {
            assert_eq!(ask(name, path).await, (405, route.to_owned(), 0), "{name} {path}");
        }
    }
    // A candidate decides nothing.
    assert_eq!(ask("purge", "/candidate/x").await, (200, "candidate".to_owned(), 1));
}

#[tokio::test]
async fn a_later_route_with_other_hosts_does_not_rescue_a_wrong_method() {
    let world = World::start(&table(&[
        ("read", "{ path: '/orders/{id}', methods: [GET] }"),
        ("wider", "{ path: /orders/**, methods: [POST] }"),
        ("hosted", "{ hosts: [api.example.com], path: '/orders/{id}', methods: [POST] }"),
    ]))
    .await;
    world.upstream.must_not_be_reached();
    let (reply, route) = route_of(&world, Method::POST, "api.example.com", "/orders/1").await;
    assert_eq!((reply.status, route.as_str()), (405, "read"));
}

#[tokio::test]
async fn head_gets_the_head_of_the_answer() {
    let world = World::start(&table(&[("read", "{ path: /a, methods: [GET] }")])).await;
    let reply = world.client.request(Method::HEAD, "/a").send().await;
    assert_eq!((reply.status, reply.header("content-length"), reply.body.len()), (200, Some("2"), 0));
    assert_eq!(world.upstream.only_request().method(), "HEAD");
    // Over HTTP/2 a byte of content would break the stream.
    let admin = world.gateway.admin();
    for client in [world.client.clone(), world.client.http2()] {
        let answer = client.get("/nowhere").send().await;
        let missing = client.request(Method::HEAD, "/nowhere").send().await;
        assert_eq!((missing.status, missing.body.len()), (404, 0));
        let length = answer.body.len().to_string();
        assert_eq!(missing.header("content-length"), Some(length.as_str()));
    }
    for client in [admin.clone(), admin.http2()] {
        let live = client.request(Method::HEAD, "/livez").send().await;
        assert_eq!((live.status, live.header("content-length"), live.body.len()), (200, Some("3"), 0));
    }
}

#[tokio::test]
async fn a_literal_is_no_pattern() {
    let world = World::start(&table(&[
        ("dotted", "{ hosts: [api.example.com], path: /v1.0/a+b }"),
        ("brackets", "{ path: '/a(b)+' }"),
        ("star", "{ path: '/x%2A' }"),
    ]))
    .await;
    assert_eq!(world.client.get("/v1.0/a+b").send().await.status, 200);
    assert_eq!(world.client.get("/a(b)+").send().await.status, 200);
    assert_eq!(world.client.get("/x*").send().await.status, 200);
    assert_eq!(world.client.get("/x%2a").send().await.status, 200);
    for (host, path) in [
        ("api.example.com", "/v1x0/a+b"),
        ("api.example.com", "/v1.0/aab"),
        ("apixexample.com", "/v1.0/a+b"),
        ("api.example.com", "/ab"),
        ("api.example.com", "/abb"),
        ("api.example.com", "/xx"),
    ] {
        assert_eq!(world.client.host(host).get(path).send().await.status, 404, "{host}{path}");
    }
}

#[tokio::test]
async fn a_capture_is_one_whole_segment_decoded_once() {
    let world = World::start(
        "
routes:
  - name: line
    match: { path: '/orders/{id}/lines/{line}' }
    access: authenticated
    upstream: orders
    identity: { headers: { X-Order: path.id, X-Line: path.line } }
",
    )
    .await;
    let token = world.issuer.token().sign();
    for (path, order, line) in [
        ("/orders/42/lines/7", "42", "7"),
        ("/orders/a%20b/lines/x%3ay", "a b", "x:y"),
        ("/orders/50%25/lines/-/", "50%", "-"),
    ] {
        world.client.get(path).bearer(&token).send().await.assert_passed();
        let seen = world.upstream.take_requests();
        assert_eq!(
            (seen[0].header("x-order"), seen[0].header("x-line")),
            (Some(order), Some(line)),
            "{path}"
        );
    }
    for path in ["/orders/42/lines", "/orders/42/lines/", "/orders/42/43/lines/7", "/orders/lines/7"] {
        assert_eq!(world.client.get(path).bearer(&token).send().await.status, 404, "{path}");
    }
}
