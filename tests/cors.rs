//! Pages of other origins: preflights are answered by the gateway, every answer can be read by whom the rules name, and by nobody else.

use http::Method;

use crate::support::client::{Client, Outgoing};
use crate::support::world::World;
use crate::support::{Reply, Script};

const ROUTES: &str = "
credentials: [authorization, { cookie: __Host-access }]
routes:
  - name: orders
    match: { path: '/orders/{id}', methods: [GET] }
    access: authenticated
    upstream: orders
    cors:
      origins: [https://app.example.com, 'http://localhost:3000']
      headers: [Authorization, X-Trace]
      expose: [ETag]
      max_age: 10m
  - name: change
    match: { path: '/orders/{id}', methods: [PUT, PATCH] }
    access: authenticated
    upstream: orders
    cors: { origins: [https://admin.example.com], methods: [PUT], headers: [Authorization], credentials: true }
  - name: forms
    match: { path: /forms }
    access: authenticated
    upstream: orders
    cors: { origins: [https://admin.example.com], methods: [GET], credentials: true }
  - name: open
    match: { path: /public/** }
    access: public
    upstream: orders
    cors: { origins: ['*'], methods: ['*'], headers: ['*'] }
  - name: host
    match: { path: /hosted, hosts: [b.example.com] }
    access: authenticated
    upstream: orders
    cors: { origins: [https://app.example.com], headers: [Authorization] }
  - name: plain
    match: { path: /plain/** }
    access: public
    upstream: orders
  - name: rest
    match: { path: /** }
    access: authenticated
    upstream: orders
";

const APP: &str = "https://app.example.com";
const ADMIN: &str = "https://admin.example.com";

fn preflight(client: &Client, path: &str, origin: &str, method: &str) -> Outgoing {
    let request = client.request(Method::OPTIONS, path).header("origin", origin);
    request
        .header("access-control-request-method", method)
        .header("access-control-request-headers", "authorization")
}

/// The CORS fields of an answer, in alphabetical order.
fn shown(reply: &Reply) -> Vec<String> {
    let fields = reply
        .headers
        .iter()
        .filter(|(name, _)| name.as_str().starts_with("access-control-") || *name == "vary");
    let mut fields: Vec<String> =
        fields.map(|(name, value)| format!("{name}: {}", value.to_str().unwrap())).collect();
    fields.sort_unstable();
    fields
}

fn allowed(origin: &str) -> String {
    format!("access-control-allow-origin: {origin}")
}

#[tokio::test]
async fn a_preflight_is_answered_by_the_rules_of_the_route_it_asks_about() {
    let world = World::start(ROUTES).await;
    world.upstream.must_not_be_reached();
    let host = world.client.host("b.example.com");
    for client in [world.client.clone(), world.client.http2()] {
        let (app, admin) = (allowed(APP), allowed(ADMIN));
        let cases: Vec<(Outgoing, &str, Vec<&str>)> = vec![
            (
                preflight(&client, "/orders/1", APP, "GET"),
                "orders",
                vec![
                    "access-control-allow-headers: Authorization, X-Trace",
                    "access-control-allow-methods: GET, HEAD",
                    &app,
                    "access-control-max-age: 600",
                    "vary: Origin",
                ],
            ),
            (
                preflight(&client, "/orders/1", ADMIN, "PATCH"),
                "change",
                vec![
                    "access-control-allow-credentials: true",
                    "access-control-allow-headers: Authorization",
                    "access-control-allow-methods: PUT",
                    &admin,
                    "vary: Origin",
                ],
            ),
            (
                preflight(&client, "/public/a", "null", "DELETE"),
                "open",
                vec![
                    "access-control-allow-headers: *",
                    "access-control-allow-methods: *",
                    "access-control-allow-origin: *",
                ],
            ),
            (
                preflight(&host, "/hosted", APP, "POST"),
                "host",
                vec!["access-control-allow-headers: Authorization", &app, "vary: Origin"],
            ),
        ];
        for (request, route, expected) in cases {
            let (reply, decision) = world.decide(request).await;
            assert_eq!((reply.status, reply.body.len()), (204, 0), "{route}");
            assert_eq!(shown(&reply), expected, "{route}");
            assert!(!reply.request_id().is_empty());
            assert_eq!((decision.route.as_str(), decision.reason.as_str()), (route, "public"));
        }
    }
}

#[tokio::test]
async fn a_preflight_of_another_origin_is_refused() {
    let world = World::start(ROUTES).await;
    world.upstream.must_not_be_reached();
    for (origin, method) in [
        ("https://evil.example", "GET"),
        ("null", "GET"),
        ("http://app.example.com", "GET"),
        ("https://app.example.com:8443", "GET"),
        ("https://app.example.com.evil.example", "GET"),
        ("https://evil-app.example.com", "GET"),
        (ADMIN, "GET"),
        (APP, "PUT"),
    ] {
        let request = preflight(&world.client, "/orders/1", origin, method);
        let reply = world.assert_reason(request, "cross_site").await;
        reply.assert_refused(403, None);
        assert_eq!(shown(&reply), ["vary: Origin"], "{origin} {method}");
    }
}

#[tokio::test]
async fn what_is_no_preflight_goes_the_ordinary_way() {
    let world = World::start(ROUTES).await;
    let options = |path: &str| world.client.request(Method::OPTIONS, path);
    let asked = "access-control-request-method";
    for (request, reason) in [
        (options("/rest"), "token_missing"),
        (options("/rest").header("origin", APP), "token_missing"),
        (preflight(&world.client, "/rest", APP, "GET"), "token_missing"),
        (preflight(&world.client, "/orders/1", APP, "DELETE"), "method_not_allowed"),
        (options("/orders/1").header(asked, "GET"), "method_not_allowed"),
        (options("/orders/1").header("origin", APP), "method_not_allowed"),
        (preflight(&world.client, "/orders/1", APP, "GET").header("origin", APP), "method_not_allowed"),
        (preflight(&world.client, "/orders/1", APP, "GET").header(asked, "PUT"), "method_not_allowed"),
        (preflight(&world.client, "/orders/1/../2", APP, "GET"), "target_ambiguous"),
    ] {
        world.assert_reason(request, reason).await;
    }
    assert!(world.upstream.requests().is_empty());
    for request in
        [options("/public/a").header("origin", APP), preflight(&world.client, "/plain/a", APP, "GET")]
    {
        world.assert_reason(request, "public").await.assert_passed();
    }
    let seen = world.upstream.take_requests();
    assert_eq!(
        seen.iter().map(super::support::upstream::Recorded::method).collect::<Vec<_>>(),
        ["OPTIONS", "OPTIONS"]
    );
}

#[tokio::test]
async fn every_answer_of_the_route_can_be_read_by_its_pages_alone() {
    let world = World::start(ROUTES).await;
    let answer = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nAccess-Control-Allow-Origin: *\r\nAccess-Control-Allow-Origin: https://evil.example\r\nAccess-Control-Allow-Credentials: true\r\nAccess-Control-Expose-Headers: Secret\r\nVary: Accept\r\n\r\nok";
    world.upstream.answer(Script::Raw(answer.into()));
    let token = world.issuer.token().sign();
    let exposed = "access-control-expose-headers: X-Request-Id, WWW-Authenticate, Retry-After";
    let with_etag = format!("{exposed}, ETag");
    for client in [world.client.clone(), world.client.http2()] {
        let get = |origin: &str| client.get("/orders/1").header("origin", origin);
        let reply = get(APP).bearer(&token).send().await;
        assert_eq!(shown(&reply), [&allowed(APP), &with_etag, "vary: Accept", "vary: Origin"]);
        for reply in [
            get("https://evil.example").bearer(&token).send().await,
            get("null").bearer(&token).send().await,
            client.get("/orders/1").bearer(&token).send().await,
            get(APP).header("origin", APP).bearer(&token).send().await,
        ] {
            assert_eq!(shown(&reply), ["vary: Accept", "vary: Origin"]);
        }
        // What the gateway itself says.
        let reply = get(APP).send().await;
        reply.assert_refused(401, Some("Bearer"));
        assert_eq!(shown(&reply), [&allowed(APP), &with_etag, "vary: Origin"]);
        let reply = client.request(Method::DELETE, "/orders/1").header("origin", APP).send().await;
        reply.assert_refused(405, None);
        assert_eq!(shown(&reply), [&allowed(APP), &with_etag, "vary: Origin"]);
        let reply = client.get("/public/a").header("origin", "https://any.example").send().await;
        assert_eq!(shown(&reply), [&allowed("*"), exposed, "vary: Accept"]);
        // A route without rules passes on what its upstream says.
        let reply = client.get("/plain/a").header("origin", APP).send().await;
        assert_eq!(reply.headers.get_all("access-control-allow-origin").iter().count(), 2);
        assert_eq!(reply.header("access-control-expose-headers"), Some("Secret"));
    }
}

#[tokio::test]
async fn an_origin_with_credentials_may_use_the_cookie() {
    let world = World::start(ROUTES).await;
    let cookie = format!("__Host-access={}", world.issuer.token().sign());
    let put = |origin: &str| {
        let request = world.client.request(Method::PUT, "/orders/1").header("cookie", &cookie);
        request.header("origin", origin).header("sec-fetch-site", "same-site")
    };
    let reply = put(ADMIN).send().await;
    assert_eq!(reply.assert_passed().header("access-control-allow-credentials"), Some("true"));
    let reply = world.assert_reason(put(APP), "cross_site").await;
    assert_eq!(shown(&reply), ["vary: Origin"]);
    // The other rules of the same path trust nobody with it.
    let read = world.client.get("/orders/1").header("cookie", &cookie).header("origin", APP).send().await;
    assert_eq!(read.assert_passed().header("access-control-allow-credentials"), None);
    assert_eq!(world.upstream.requests().len(), 2);
}

/// A browser sends a form's POST without asking first.
#[tokio::test]
async fn an_origin_may_use_the_cookie_for_the_listed_methods_alone() {
    let world = World::start(ROUTES).await;
    let cookie = format!("__Host-access={}", world.issuer.token().sign());
    for client in [world.client.clone(), world.client.http2()] {
        let of = |method: &str| {
            let method = Method::from_bytes(method.as_bytes()).unwrap();
            client.request(method, "/forms").header("cookie", &cookie).header("origin", ADMIN)
        };
        of("GET").send().await.assert_passed();
        assert_eq!(world.upstream.take_requests().len(), 1);
        for method in ["POST", "PUT", "DELETE", "PURGE"] {
            for site in ["same-site", "cross-site"] {
                let request = of(method).header("sec-fetch-site", site);
                world.assert_reason(request, "cross_site").await.assert_refused(403, None);
            }
            world.assert_reason(of(method), "cross_site").await.assert_refused(403, None);
        }
        assert!(world.upstream.requests().is_empty());
    }
}
