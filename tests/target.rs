//! The request target: ambiguous ones are refused, the others are matched and sent in one canonical form.

use crate::support::raw::exchange;
use crate::support::world::{Decision, World};

const OPEN_AND_ADMIN: &str = "
routes:
  - name: admin
    match: { path: /admin/** }
    access: authenticated
    upstream: orders
  - name: open
    match: { path: /** }
    access: public
    upstream: orders
";

/// Targets that two programs may read in two ways (contract part 3), each alone in its fault.
const AMBIGUOUS: &[&str] = &[
    // dot segments
    "/.",
    "/..",
    "/a/.",
    "/a/..",
    "/a/./b",
    "/a/../b",
    "/public/../admin/x",
    "/../../etc/passwd",
    "/a/..?x=1",
    // encoded dots, whatever they stand for
    "/%2e",
    "/%2E%2e/admin",
    "/a/%2e%2e/b",
    "/a/.%2e/b",
    "/file%2etxt",
    // empty segments
    "//",
    "//admin",
    "/a//b",
    "/a//",
    "//evil.example/admin",
    // separators that some take for a slash or an end
    "/a\\b",
    "/a\\..\\admin",
    "/a%5cb",
    "/a%5Cb",
    "/a%2fb",
    "/a%2Fb",
    "/a%2f..%2fadmin",
    "/a%00b",
    "/a%00",
    "/a%23b",
    "/a%23",
    // matrix parameters
    "/a;b",
    "/admin;x/",
    "/a;b/../admin",
    "/a%3bb",
    "/a%3Bb",
    // control characters
    "/a%01b",
    "/a%09b",
    "/a%0ab",
    "/a%0d%0aX-User:%20root",
    "/a%1f",
    "/a%7f",
    // decoded twice they are something else
    "/a%252fb",
    "/a%252e%252e/b",
    "/%2561dmin",
    "/a%2500",
    // invalid escapes and invalid UTF-8
    "/a%",
    "/a%2",
    "/a%zz",
    "/a%2gb",
    "/a%u0041",
    "/a%%41",
    "/a%ff",
    "/a%c0%ae",
    "/a%c0%af",
    "/a%e0%80%af",
    "/a%ed%a0%80",
    "/a%c3",
];

#[tokio::test]
async fn every_ambiguous_target_is_refused_over_http1() {
    let world = World::start(OPEN_AND_ADMIN).await;
    world.upstream.must_not_be_reached();
    let refused = Decision {
        route: "none".to_owned(),
        issuer: "none".to_owned(),
        reason: "target_ambiguous".to_owned(),
    };
    for target in AMBIGUOUS {
        let before = world.gateway.metrics().await.decisions();
        let request = format!("GET {target} HTTP/1.1\r\nHost: api.example.com\r\n\r\n");
        let reply = exchange(world.gateway.listener(0), request).await;
        let reply = reply.unwrap_or_else(|| panic!("{target}: closed without an answer"));
        assert_eq!(reply.head.status(), 400, "{target}");
        assert_eq!(reply.head.header("www-authenticate"), None, "{target}");
        assert_eq!(reply.head.header("content-type"), Some("application/problem+json"), "{target}");
        assert!(reply.head.header("x-request-id").is_some(), "{target}");
        assert_eq!(world.decision_since(&before).await, refused, "{target}");
    }
}

#[tokio::test]
async fn every_ambiguous_target_is_refused_over_http2() {
    let world = World::start(OPEN_AND_ADMIN).await;
    world.upstream.must_not_be_reached();
    let client = world.client.http2();
    let mut connection = client.connect().await.unwrap();
    for target in AMBIGUOUS.iter().filter(|target| format!("http://a{target}").parse::<http::Uri>().is_ok()) {
        let reply = connection.send(client.get(target)).await.unwrap();
        assert_eq!(reply.status, 400, "{target}");
        reply.assert_refused(400, None);
    }
    let decisions = world.gateway.metrics().await.decisions();
    assert!(decisions.iter().all(|(.., reason, _)| reason == "target_ambiguous"), "{decisions:?}");
}

#[tokio::test]
async fn bytes_that_no_target_may_hold_are_refused() {
    let world = World::start(OPEN_AND_ADMIN).await;
    world.upstream.must_not_be_reached();
    for target in [&b"/a\x01b"[..], b"/a\x00b", b"/a\x7fb", b"/a\tb", b"/a b", b"a", b"", b"admin/x", b"*"] {
        let request = [b"GET ", target, b" HTTP/1.1\r\nHost: api.example.com\r\n\r\n"].concat();
        if let Some(reply) = exchange(world.gateway.listener(0), request).await {
            let status = reply.head.status();
            assert!((400..500).contains(&status), "{}: {status}", target.escape_ascii());
        }
    }
}

#[tokio::test]
async fn host_and_authority_must_agree_and_be_there_once() {
    let world = World::start(OPEN_AND_ADMIN).await;
    world.upstream.must_not_be_reached();
    for request in [
        "GET /a HTTP/1.1\r\n\r\n",
        "GET /a HTTP/1.1\r\nHost: api.example.com\r\nHost: api.example.com\r\n\r\n",
        "GET /a HTTP/1.1\r\nHost: api.example.com\r\nHost: other.example\r\n\r\n",
        "GET http://other.example/a HTTP/1.1\r\nHost: api.example.com\r\n\r\n",
        "GET http://api.example.com@other.example/a HTTP/1.1\r\nHost: api.example.com\r\n\r\n",
        "GET http://api.example.com:81/a HTTP/1.1\r\nHost: api.example.com\r\n\r\n",
        "GET * HTTP/1.1\r\nHost: api.example.com\r\n\r\n",
    ] {
        let reply = exchange(world.gateway.listener(0), request).await;
        assert_eq!(reply.map(|reply| reply.head.status()), Some(400), "{request}");
    }
    let client = world.client.http2().host("api.example.com");
    let reply = client.get("/a").header("host", "other.example").send().await;
    assert_eq!(reply.status, 400, "Host against :authority over HTTP/2");
}

#[tokio::test]
async fn an_absolute_form_that_agrees_with_its_host_is_sent_as_a_path() {
    let world = World::start(OPEN_AND_ADMIN).await;
    let request = "GET http://api.example.com/a?x=1 HTTP/1.1\r\nHost: api.example.com\r\n\r\n";
    let reply = exchange(world.gateway.listener(0), request).await.unwrap();
    assert_eq!(reply.head.status(), 200);
    let seen = world.upstream.only_request();
    assert_eq!((seen.target(), seen.header("host")), ("/a?x=1", Some("api.example.com")));
}

#[tokio::test]
async fn what_is_matched_is_what_is_sent() {
    let world = World::start(OPEN_AND_ADMIN).await;
    for (sent, expected) in [
        ("/", "/"),
        ("/a", "/a"),
        ("/a/", "/a/"),
        ("/%61bc", "/abc"),
        ("/%7euser/%2D%5F", "/~user/-_"),
        ("/caf%c3%a9", "/caf%C3%A9"),
        ("/a%20b", "/a%20b"),
        ("/a%3ab%40c", "/a%3Ab%40c"),
        ("/100%25", "/100%25"),
        ("/100%25zz", "/100%25zz"),
        ("/a:b@c!$&'()*+,=", "/a:b@c!$&'()*+,="),
        ("/...", "/..."),
        ("/.hidden", "/.hidden"),
        ("/a?", "/a?"),
        ("/a?x=1&x=2", "/a?x=1&x=2"),
        // The query is the API's own affair: as it came.
        ("/a?next=%2Fb%2f..%2fc&m=a;b//c", "/a?next=%2Fb%2f..%2fc&m=a;b//c"),
        ("/a?/../admin", "/a?/../admin"),
    ] {
        let request = format!("GET {sent} HTTP/1.1\r\nHost: api.example.com\r\n\r\n");
        let reply = exchange(world.gateway.listener(0), request).await.unwrap();
        assert_eq!((reply.head.status(), reply.body.bytes.as_slice()), (200, &b"ok"[..]), "{sent}");
        let seen = world.upstream.take_requests();
        assert_eq!(seen[0].target(), expected, "{sent}");
    }
}

#[tokio::test]
async fn no_spelling_of_a_protected_path_takes_the_open_route() {
    let world = World::start(OPEN_AND_ADMIN).await;
    for target in [
        "/admin",
        "/admin/",
        "/admin/x",
        "/%61dmin",
        "/adm%69n/x",
        "/%61%64%6d%69%6e",
        "/admin?x=/public",
        "/admin?/../open",
        "/%61dmin?x=1",
    ] {
        let reply = world.client.get(target).send().await;
        assert_eq!(reply.status, 401, "{target} reached {:?}", world.upstream.requests());
    }
    assert!(world.upstream.requests().is_empty());
}

#[tokio::test]
async fn a_fragment_is_refused_or_removed() {
    let world = World::start(OPEN_AND_ADMIN).await;
    for target in ["/a#b", "/a?x#y", "/a#/../admin", "/admin#/open"] {
        let request = format!("GET {target} HTTP/1.1\r\nHost: api.example.com\r\n\r\n");
        let reply = exchange(world.gateway.listener(0), request).await.unwrap();
        let allowed = if target.starts_with("/admin") { 401 } else { 200 };
        let status = reply.head.status();
        assert!(status == 400 || status == allowed, "{target}: {status}");
    }
    for seen in world.upstream.requests() {
        assert!(!seen.target().contains(['#']) && seen.target().starts_with("/a"), "{seen:?}");
        assert!(!seen.target().contains("admin"), "{seen:?}");
    }
}

#[tokio::test]
async fn options_star_is_no_ambiguous_target() {
    let world = World::start(OPEN_AND_ADMIN).await;
    let request = "OPTIONS * HTTP/1.1\r\nHost: api.example.com\r\n\r\n";
    let reply = exchange(world.gateway.listener(0), request).await;
    assert!(reply.is_some(), "closed without an answer");
    eventually!(!world.gateway.metrics().await.decisions().is_empty());
    let decisions = world.gateway.metrics().await.decisions();
    assert!(decisions.iter().all(|(.., reason, _)| reason != "target_ambiguous"), "{decisions:?}");
}
