//! Encoded slashes and parameters: data in one segment where a route allows them, refused everywhere else.

use http::Method;

use crate::support::World;
use crate::support::raw::exchange;

const ROUTES: &str = "
routes:
  - name: literal
    match: { path: /files/a/b }
    access: public
    upstream: orders
  - name: file
    match: { path: '/files/{name}' }
    access: { require: { claims: { sub: alice } } }
    upstream: orders
    path: { allow: [encoded_slash] }
    identity: { headers: { X-User: claims.sub, X-Name: path.name } }
  - name: car
    match: { path: '/cars/{car}' }
    access: authenticated
    upstream: orders
    path: { allow: [parameters] }
    identity: { headers: { X-User: claims.sub, X-Name: path.car } }
  - name: strict
    match: { path: /strict/** }
    access: authenticated
    upstream: orders
  - name: open
    match: { path: /open/** }
    access: authenticated
    upstream: orders
    path: { allow: [encoded_slash, parameters] }
  - name: read
    match: { path: '/shared/{x}', methods: [GET] }
    access: authenticated
    upstream: orders
  - name: write
    match: { path: '/shared/{x}', methods: [PUT] }
    access: authenticated
    upstream: orders
    path: { allow: [encoded_slash] }
  - name: late
    match: { path: /strict/late/** }
    access: public
    upstream: orders
    path: { allow: [encoded_slash, parameters] }
identity: { headers: { X-User: claims.sub } }
";

/// Method, target, the route (none: refused as ambiguous), and the target and the capture that the upstream gets.
type Case = (Method, &'static str, Option<(&'static str, &'static str, Option<&'static str>)>);

fn cases() -> Vec<Case> {
    let get = |target, outcome| (Method::GET, target, outcome);
    vec![
        get("/files/a%2Fb", Some(("file", "/files/a%2Fb", Some("a/b")))),
        get("/files/a%2fb?x=%2f;", Some(("file", "/files/a%2Fb?x=%2f;", Some("a/b")))),
        get("/files/%61%2f%20%41/", Some(("file", "/files/a%2F%20A/", Some("a/ A")))),
        get("/files/https:%2F%2Fa%2f", Some(("file", "/files/https:%2F%2Fa%2F", Some("https://a/")))),
        get("/files/a/b", Some(("literal", "/files/a/b", None))),
        get("/files/x", Some(("file", "/files/x", Some("x")))),
        get("/cars/bmw;color=r%65d;x", Some(("car", "/cars/bmw;color=red;x", Some("bmw;color=red;x")))),
        get("/open/a%2fb/c;d=%41%2Fx;/e", Some(("open", "/open/a%2Fb/c;d=A%2Fx;/e", None))),
        get("/open/", Some(("open", "/open/", None))),
        (Method::PUT, "/shared/a%2Fb", Some(("write", "/shared/a%2Fb", None))),
        (Method::GET, "/shared/a%2Fb", None),
        (Method::POST, "/shared/a%2Fb", None),
        get("/files/a;b", None),
        get("/files/a%2Fb;c", None),
        get("/files/a%2Fb/c", None),
        get("/files%2Fa", None),
        get("/cars/a%2Fb", None),
        get("/cars;x/bmw", None),
        get("/strict/a%2Fb", None),
        get("/strict/a;b", None),
        get("/strict/late/a%2Fb", None),
        get("/strict/late/a;b", None),
        get("/nowhere/a%2Fb", None),
        get("/nowhere/a;b", None),
        // Nothing else is allowed by it.
        get("/open/..%2Fadmin", None),
        get("/open/a%2F..", None),
        get("/open/..;/admin", None),
        get("/open/.;x=1/a", None),
        get("/open/;x/a", None),
        get("/open/a%2F;x/a", None),
        get("/open/a%3Bb", None),
        get("/open/a%5Cb", None),
        get("/open/a%00", None),
        get("/open/%2e%2e/a", None),
        get("/open/a%23b", None),
        get("/open/a%252Fb", None),
        get("/open/a%25%32Fb", None),
        get("/open//a", None),
    ]
}

#[tokio::test]
async fn what_is_matched_is_what_is_sent_and_one_segment() {
    let world = World::start(ROUTES).await;
    let token = world.issuer.token().sign();
    for client in [world.client.clone(), world.client.http2()] {
        for (method, path, outcome) in cases() {
            let (reply, decision) = world.decide(client.request(method.clone(), path).bearer(&token)).await;
            let seen = world.upstream.take_requests();
            let Some((route, sent, captured)) = outcome else {
                reply.assert_refused(400, None);
                assert_eq!(
                    (decision.reason.as_str(), decision.route.as_str()),
                    ("target_ambiguous", "none"),
                    "{path}"
                );
                assert!(seen.is_empty(), "{path}: {seen:?}");
                continue;
            };
            reply.assert_passed();
            assert_eq!(decision.route, route, "{method} {path}");
            assert_eq!((seen[0].target(), seen[0].header("x-name")), (sent, captured), "{method} {path}");
        }
    }
}

#[tokio::test]
async fn the_absolute_form_is_no_way_around() {
    let world = World::start(ROUTES).await;
    let token = world.issuer.token().sign();
    let request = |target: &str| {
        format!(
            "GET http://a{target} HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer {token}\r\nConnection: close\r\n\r\n"
        )
    };
    let address = world.gateway.listener(0);
    assert_eq!(exchange(address, request("/files/a%2fb")).await.unwrap().head.status(), 200);
    assert_eq!(exchange(address, request("/strict/a%2fb")).await.unwrap().head.status(), 400);
    assert_eq!(world.upstream.only_request().target(), "/files/a%2Fb");
}
