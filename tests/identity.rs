//! Identity headers: what the API is told of the caller comes from the token and from nowhere else.

use serde_json::{Value, json};

use crate::support::raw::exchange;
use crate::support::world::{EVERY_ACCESS, World};

/// Every spelling that an application server may fold into `X-User`.
const SPELLINGS: &[&str] =
    &["X-User", "x-user", "X-USER", "X_User", "x_user", "X_USER", "x-User", "X.User", "x!user", "X~User"];

fn request(path: &str, token: Option<&str>, headers: &str) -> String {
    let bearer = token.map(|token| format!("Authorization: Bearer {token}\r\n")).unwrap_or_default();
    format!("GET {path} HTTP/1.1\r\nHost: api.example.com\r\n{bearer}{headers}Connection: close\r\n\r\n")
}

#[tokio::test]
async fn a_forged_identity_header_is_removed_in_every_spelling_on_every_route() {
    let world = World::start(EVERY_ACCESS).await;
    let token = world.issuer.token().scope("orders:read").roles(&["admin"]).sign();
    for spelling in SPELLINGS {
        let forged = format!("{spelling}: mallory\r\n{spelling}: mallory2\r\n");
        for (path, token, expected) in [
            ("/public/a", None, None),
            ("/public/a", Some(token.as_str()), None),
            ("/optional/a", None, None),
            ("/optional/a", Some(token.as_str()), Some("alice")),
            ("/orders/1", Some(token.as_str()), Some("alice")),
            ("/admin/a", Some(token.as_str()), Some("alice")),
            ("/other", Some(token.as_str()), Some("alice")),
        ] {
            let reply = exchange(world.gateway.listener(0), request(path, token, &forged)).await;
            let status = reply.map(|reply| reply.head.status());
            assert_eq!(status, Some(200), "{spelling} on {path}");
            let seen = world.upstream.take_requests();
            let values: Vec<&str> = seen[0].spelled_like("x-user").iter().map(|(_, value)| *value).collect();
            assert_eq!(values, Vec::from_iter(expected), "{spelling} on {path}");
        }
    }
}

#[tokio::test]
async fn a_forged_identity_header_is_removed_over_http2() {
    let world = World::start(EVERY_ACCESS).await;
    let client = world.client.http2();
    let token = world.issuer.token().scope("orders:read").sign();
    for spelling in ["x-user", "x_user", "x.user", "x-tenant", "x_roles"] {
        for path in ["/public/a", "/optional/a", "/orders/1"] {
            let request = client.get(path).header(spelling, "mallory").header(spelling, "again");
            let request = if path == "/orders/1" { request.bearer(&token) } else { request };
            request.send().await.assert_passed();
            let seen = world.upstream.take_requests();
            let forged: Vec<_> = seen[0].head.headers.iter().filter(|(_, value)| value != "alice").collect();
            assert!(!format!("{forged:?}").contains("mallory"), "{spelling} on {path}: {forged:?}");
        }
    }
}

#[tokio::test]
async fn a_header_that_another_route_sets_is_removed_too() {
    let world = World::start(
        "
routes:
  - name: special
    match: { path: /special }
    access: authenticated
    upstream: orders
    identity: { headers: { X-Special: claims.sub } }
  - name: open
    match: { path: /** }
    access: public
    upstream: orders
identity:
  headers: { X-User: claims.sub }
  remove: [X-Legacy-*, X-Old]
",
    )
    .await;
    let names = [
        "X-Special",
        "x_special",
        "X-User",
        "X-Legacy-User",
        "x_legacy_role",
        "X-LEGACY-ID",
        "X-Old",
        "x_old",
    ];
    let forged: String = names.iter().map(|name| format!("{name}: mallory\r\n")).collect();
    let kept = "X-Older: kept\r\nX-Legacyx: kept\r\nY-Legacy-User: kept\r\n";
    exchange(world.gateway.listener(0), request("/open", None, &format!("{forged}{kept}"))).await.unwrap();
    let seen = world.upstream.take_requests().remove(0);
    assert!(!format!("{seen:?}").contains("mallory"), "{seen:#?}");
    for name in ["x-older", "x-legacyx", "y-legacy-user"] {
        assert_eq!(seen.header(name), Some("kept"), "{name}");
    }
    let token = world.issuer.token().sign();
    exchange(world.gateway.listener(0), request("/special", Some(&token), &forged)).await.unwrap();
    let seen = world.upstream.take_requests().remove(0);
    let special: Vec<&str> = seen.spelled_like("x-special").iter().map(|(_, value)| *value).collect();
    assert_eq!(special, ["alice"]);
    assert_eq!(seen.spelled_like("x-user"), [], "the route's own identity replaces the global one");
}

#[tokio::test]
async fn connection_cannot_take_an_identity_header_away() {
    let world = World::start(EVERY_ACCESS).await;
    let token = world.issuer.token().roles(&["admin"]).claim("tenant", "acme").sign();
    for named in [
        "X-User",
        "x-user, x-tenant, x-roles",
        "close, X-User",
        "X-USER,X-ROLES",
        "keep-alive, x-forwarded-for, x-request-id, host, traceparent",
    ] {
        let headers = format!("Connection: {named}\r\nX-Drop: 1\r\n");
        let request = format!(
            "GET /a HTTP/1.1\r\nHost: api.example.com\r\nAuthorization: Bearer {token}\r\n{headers}\r\n"
        );
        let reply = exchange(world.gateway.listener(0), request).await.unwrap();
        assert_eq!(reply.head.status(), 200, "{named}");
        let seen = world.upstream.take_requests().remove(0);
        for (name, value) in
            [("x-user", "alice"), ("x-tenant", "acme"), ("x-roles", "admin"), ("host", "api.example.com")]
        {
            assert_eq!(seen.header(name), Some(value), "{named}");
        }
        for name in ["x-forwarded-for", "x-request-id", "traceparent", "x-drop"] {
            assert!(seen.header(name).is_some(), "Connection: {named} took {name} away");
        }
    }
}

#[tokio::test]
async fn hop_by_hop_headers_end_here() {
    let world = World::start(EVERY_ACCESS).await;
    let headers = "Connection: x-drop, close\r\nX-Drop: 1\r\nKeep-Alive: 1\r\nProxy-Connection: keep-alive\r\nProxy-Authorization: Basic YTpi\r\nTE: gzip\r\nUpgrade: h2c\r\nX-Keep: 1\r\n";
    let request = format!("GET /public/a HTTP/1.1\r\nHost: api.example.com\r\n{headers}\r\n");
    exchange(world.gateway.listener(0), request).await.unwrap();
    let seen = world.upstream.only_request();
    for name in ["x-drop", "keep-alive", "proxy-connection", "proxy-authorization", "upgrade"] {
        assert_eq!(seen.header(name), None, "{name}");
    }
    assert_ne!(seen.header("te"), Some("gzip"));
    assert_eq!(seen.header("x-keep"), Some("1"));
}

#[tokio::test]
async fn method_and_url_overrides_pass_only_where_allowed() {
    let world = World::start(
        "
routes:
  - name: allowed
    match: { path: /allowed }
    access: public
    upstream: orders
    identity: { allow: [X-HTTP-Method-Override] }
  - name: rest
    match: { path: /** }
    access: public
    upstream: orders
",
    )
    .await;
    let names = [
        "X-Original-URL",
        "X-Rewrite-URL",
        "X-HTTP-Method-Override",
        "X-Method-Override",
        "X-HTTP-Method",
        "x_original_url",
        "X_HTTP_Method_Override",
    ];
    let forged: String = names.iter().map(|name| format!("{name}: DELETE\r\n")).collect();
    for (path, expected) in [("/rest", None), ("/allowed", Some("DELETE"))] {
        exchange(world.gateway.listener(0), request(path, None, &forged)).await.unwrap();
        let seen = world.upstream.take_requests().remove(0);
        for name in
            ["x-original-url", "x-rewrite-url", "x-method-override", "x-http-method", "x_original_url"]
        {
            assert_eq!(seen.header(name), None, "{name} on {path}");
        }
        // Another spelling beside it, with another value, would be a second opinion.
        let passed = seen.spelled_like("x-http-method-override").into_iter();
        let passed: Vec<_> = passed.map(|(name, value)| (name.to_ascii_lowercase(), value)).collect();
        let expected = expected.map(|value| ("x-http-method-override".to_owned(), value));
        assert_eq!(passed, expected.into_iter().collect::<Vec<_>>(), "{path}");
    }
}

#[tokio::test]
async fn a_trailer_is_no_way_around() {
    let world = World::start(EVERY_ACCESS).await;
    let token = world.issuer.token().sign();
    let request = format!(
        "POST /other HTTP/1.1\r\nHost: api.example.com\r\nAuthorization: Bearer {token}\r\nTransfer-Encoding: chunked\r\nTrailer: X-User\r\n\r\n2\r\nhi\r\n0\r\nX-User: mallory\r\nx_user: mallory\r\nAuthorization: Bearer x\r\n\r\n"
    );
    let reply = exchange(world.gateway.listener(0), request).await.unwrap();
    assert_eq!(reply.head.status(), 200);
    let seen = world.upstream.only_request();
    assert_eq!((seen.body.bytes.as_slice(), seen.header("x-user")), (&b"hi"[..], Some("alice")));
    assert!(!format!("{:?}", seen.body.trailers).contains("mallory"), "{:?}", seen.body.trailers);
}

const FORMATS: &str = "
routes:
  - { name: rest, match: { path: '/{area}/**' }, access: authenticated, upstream: orders }
identity:
  headers:
    X-Text: claims.v
    X-Roles: { from: roles, format: csv }
    X-Scopes: { from: scopes, format: json }
    X-Issuer: issuer
    X-Area: path.area
    X-Nested: claims.org.tenant
    X-Whole: { from: claims.w, format: json }
    X-Coded: { from: claims.w, format: base64url }
    X-List: { from: claims.l, format: csv }
";

async fn headers_for(world: &World, claims: Value) -> Vec<(String, String)> {
    let claims = claims.as_object().unwrap().clone();
    let token =
        claims.into_iter().fold(world.issuer.token(), |token, (name, value)| token.claim(&name, value));
    world.client.get("/area/x").bearer(&token.sign()).send().await.assert_passed();
    let seen = world.upstream.take_requests().remove(0);
    let ours = ["text", "roles", "scopes", "issuer", "area", "nested", "whole", "coded", "list"]
        .map(|name| format!("x-{name}"));
    let all = seen.head.headers.into_iter().map(|(name, value)| (name.to_ascii_lowercase(), value));
    all.filter(|(name, _)| ours.contains(name)).collect()
}

#[tokio::test]
async fn identity_values_are_sent_in_their_format() {
    let world = World::start(FORMATS).await;
    for (claims, expected) in [
        (json!({}), vec![]),
        (json!({ "v": "plain" }), vec![("x-text", "plain")]),
        (json!({ "v": 42 }), vec![("x-text", "42")]),
        (json!({ "v": -1.5 }), vec![("x-text", "-1.5")]),
        (json!({ "v": true }), vec![("x-text", "true")]),
        (json!({ "v": "with space, comma \"quote\"" }), vec![("x-text", "with space, comma \"quote\"")]),
        (json!({ "v": null, "roles": null }), vec![]),
        (json!({ "roles": ["a", "b"] }), vec![("x-roles", "a,b")]),
        (json!({ "roles": "one" }), vec![("x-roles", "one")]),
        (json!({ "roles": [], "scope": "", "l": [] }), vec![]),
        (json!({ "scope": "a b" }), vec![("x-scopes", r#"["a","b"]"#)]),
        (json!({ "org": { "tenant": "acme" } }), vec![("x-nested", "acme")]),
        (
            json!({ "w": { "a": [1, "x"] } }),
            vec![("x-whole", r#"{"a":[1,"x"]}"#), ("x-coded", "eyJhIjpbMSwieCJdfQ")],
        ),
        (json!({ "w": "text" }), vec![("x-whole", r#""text""#), ("x-coded", "dGV4dA")]),
        (json!({ "l": ["a", 1, true] }), vec![("x-list", "a,1,true")]),
    ] {
        let mut found = headers_for(&world, claims.clone()).await;
        let mut expected: Vec<(String, String)> =
            expected.into_iter().map(|(name, value)| (name.to_owned(), value.to_owned())).collect();
        expected.push(("x-issuer".into(), "corporate".into()));
        expected.push(("x-area".into(), "area".into()));
        found.sort();
        expected.sort();
        assert_eq!(found, expected, "{claims}");
    }
}

#[tokio::test]
async fn a_value_that_cannot_be_sent_refuses_the_request() {
    let world = World::start(FORMATS).await;
    world.upstream.must_not_be_reached();
    for claims in [
        json!({ "v": ["a"] }),
        json!({ "v": { "a": 1 } }),
        json!({ "v": "a\r\nX-Admin: 1" }),
        json!({ "v": "a\nb" }),
        json!({ "v": "a\u{1}b" }),
        json!({ "v": "a\u{7f}" }),
        json!({ "roles": ["a,b"] }),
        json!({ "roles": ["a\"b"] }),
        json!({ "roles": ["a\nb"] }),
        json!({ "l": ["a", ["b"]] }),
        json!({ "l": [{ "a": 1 }] }),
    ] {
        let object = claims.as_object().unwrap().clone();
        let token =
            object.into_iter().fold(world.issuer.token(), |token, (name, value)| token.claim(&name, value));
        let request = world.client.get("/area/x").bearer(&token.sign());
        let (reply, decision) = world.decide(request).await;
        assert_eq!((reply.status, decision.reason.as_str()), (403, "identity_unsendable"), "{claims}");
        reply.assert_problem();
    }
}
