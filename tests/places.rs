//! Every place where a token may be: one credential per request, never seen upstream, and no other site speaks for a cookie.

use http::Method;

use crate::support::client::Outgoing;
use crate::support::reply::INVALID_REQUEST;
use crate::support::upstream::Recorded;
use crate::support::world::{PLAIN_AND_TLS, Setup, World};
use crate::support::{Client, Pki, RawConnection, Reply, Script};

const EVERYWHERE: &str = "
credentials:
  - authorization
  - cookie: __Host-access
  - header: X-Api-Token
  - query: access_token
routes:
  - name: open
    match: { path: /public/** }
    access: public
    upstream: orders
  - name: maybe
    match: { path: /optional/** }
    access: optional
    upstream: orders
  - name: kept
    match: { path: /kept/** }
    access: authenticated
    upstream: orders
    identity: { headers: { X-User: claims.sub }, forward_token: true }
  - name: partner
    match: { path: /partner/** }
    access: authenticated
    upstream: orders
    credentials: [{ header: X-Partner }]
  - name: partner-kept
    match: { path: /partner-kept/** }
    access: authenticated
    upstream: orders
    credentials: [{ cookie: partner }]
    identity: { headers: { X-User: claims.sub }, forward_token: true }
  - name: rest
    match: { path: /** }
    access: authenticated
    upstream: orders
identity:
  headers:
    X-User: claims.sub
";

/// A request as a client writes it: query, and fields. `$T` is a valid token.
type Written<'a> = (&'a str, &'a [(&'a str, &'a str)]);

async fn send(client: &Client, method: &Method, path: &str, token: &str, written: Written<'_>) -> Reply {
    outgoing(client, method, path, token, written).send().await
}

fn outgoing(
    client: &Client,
    method: &Method,
    path: &str,
    token: &str,
    (query, fields): Written<'_>,
) -> Outgoing {
    let request = client.request(method.clone(), &format!("{path}{}", query.replace("$T", token)));
    fields.iter().fold(request, |request, (name, value)| request.header(name, &value.replace("$T", token)))
}

/// What of a request holds the token, wherever it stands.
fn leaks(seen: &Recorded, token: &str) -> bool {
    seen.target().contains(token) || seen.head.headers.iter().any(|(_, value)| value.contains(token))
}

#[tokio::test]
async fn a_token_is_taken_from_each_place_and_goes_no_further() {
    let world = World::start(EVERYWHERE).await;
    let token = world.issuer.token().sign();
    for client in [world.client.clone(), world.client.http2()] {
        for (written, target, cookie) in [
            (
                ("?a=%31&b=2;c", &[("authorization", "Bearer $T"), ("cookie", "a=1")][..]),
                "/x?a=%31&b=2;c",
                Some("a=1"),
            ),
            (("?", &[("cookie", "a=\"1 2\"; __Host-access=$T;b=2")]), "/x?", Some("a=\"1 2\";b=2")),
            (("", &[("cookie", "__Host-access=\"$T\"")]), "/x", None),
            (
                ("", &[("cookie", "a=1"), ("cookie", "__Host-access=$T"), ("cookie", "b=2")]),
                "/x",
                Some("a=1; b=2"),
            ),
            (("", &[("x-api-token", "$T"), ("x_api_token", "x")]), "/x", None),
            (("?access_token=$T", &[]), "/x", None),
            (("?access_token=$T&a=%31&", &[]), "/x?a=%31&", None),
            (("?a=%31&access%5ftoken=$T&a=2", &[("authorization", "Basic YTpi")]), "/x?a=%31&a=2", None),
        ] {
            send(&client, &Method::GET, "/x", &token, written).await.assert_passed();
            let [seen] = world.upstream.take_requests().try_into().unwrap();
            assert_eq!((seen.target(), seen.header("cookie")), (target, cookie), "{written:?}");
            assert_eq!(seen.header("x-user"), Some("alice"), "{written:?}");
            assert!(!leaks(&seen, &token), "{written:?}: {seen:?}");
            assert!(seen.spelled_like("x-api-token").is_empty(), "{written:?}");
            assert_eq!(seen.header("authorization"), None, "{written:?}");
        }
    }
}

#[tokio::test]
async fn no_place_shows_its_token_in_a_log() {
    let setup = Setup::new().await;
    let mut binary = setup.run(EVERYWHERE).await;
    let client = binary.client().await;
    let token = setup.issuer.token().sign();
    let other = setup.issuer.token().tampered();
    for token in [&token, &other] {
        for written in [
            ("?access_token=$T", &[][..]),
            ("?access_token=$T", &[("authorization", "Bearer $T")]),
            ("", &[("cookie", "__Host-access=$T")]),
            ("", &[("x-api-token", "$T")]),
        ] {
            let reply = send(&client, &Method::GET, "/x", token, written).await;
            assert!([200, 400, 401].contains(&reply.status), "{reply:?}");
        }
    }
    eventually!(binary.stdout().len() >= 8, "eight requests are eight lines: {:?}", binary.stdout());
    let said = [binary.stdout(), binary.stderr()].concat().concat();
    for secret in [&token, &other] {
        let signature = secret.rsplit('.').next().unwrap();
        assert!(!said.contains(signature), "{said}");
    }
}

#[tokio::test]
async fn a_second_credential_is_ambiguous_in_whatever_place() {
    let world = World::start(EVERYWHERE).await;
    world.upstream.must_not_be_reached();
    let token = world.issuer.token().sign();
    let once: &[Written<'_>] = &[
        ("", &[("authorization", "Bearer $T")]),
        ("", &[("cookie", "__Host-access=$T")]),
        ("", &[("x-api-token", "$T")]),
        ("?access_token=$T", &[]),
    ];
    let mut cases: Vec<(String, Vec<(&str, &str)>)> = Vec::new();
    for (at, (query, fields)) in once.iter().enumerate() {
        for (second, others) in &once[at + 1..] {
            cases.push((format!("{query}{second}"), [*fields, *others].concat()));
        }
    }
    let more: &[Written<'_>] = &[
        ("", &[("authorization", "Bearer $T"), ("authorization", "Bearer $T")]),
        ("", &[("x-api-token", "$T"), ("authorization", "Basic a"), ("authorization", "Basic b")]),
        ("", &[("cookie", "__Host-access=$T; __Host-access=$T")]),
        ("", &[("cookie", "__Host-access=$T"), ("cookie", "__Host-access=other")]),
        ("", &[("cookie", "__Host-access=$T; __Host-access=")]),
        ("", &[("x-api-token", "$T"), ("x-api-token", "$T")]),
        ("", &[("x-api-token", ""), ("authorization", "Bearer $T")]),
        ("?access_token=$T&access_token=$T", &[]),
        ("?access_token=$T&access%5Ftoken=$T", &[]),
        ("?%61ccess_token=$T&a&access_token", &[]),
        ("?access_token=", &[("authorization", "Bearer $T")]),
    ];
    cases.extend(more.iter().map(|(query, fields)| ((*query).to_owned(), fields.to_vec())));
    for client in [world.client.clone(), world.client.http2()] {
        for path in ["/x", "/optional/x"] {
            for (query, fields) in &cases {
                let request = outgoing(&client, &Method::GET, path, &token, (query, fields));
                let reply = world.assert_reason(request, "credential_ambiguous").await;
                reply.assert_refused(400, Some(INVALID_REQUEST));
            }
        }
    }
}

#[tokio::test]
async fn what_is_no_token_is_malformed_and_what_is_elsewhere_is_missing() {
    let world = World::start(EVERYWHERE).await;
    world.upstream.must_not_be_reached();
    let token = world.issuer.token().sign();
    let cases: &[(Written<'_>, u16, &str)] = &[
        (("", &[("cookie", "__Host-access=")]), 400, "credential_malformed"),
        (("", &[("cookie", "__Host-access=Bearer $T")]), 400, "credential_malformed"),
        (("", &[("x-api-token", "Bearer $T")]), 400, "credential_malformed"),
        (("?access_token", &[]), 400, "credential_malformed"),
        (("?access_token=%41", &[]), 400, "credential_malformed"),
        (("", &[("x-api-token", "x")]), 401, "token_malformed"),
        (("", &[("cookie", "__host-access=$T; access=$T")]), 401, "token_missing"),
        (("?Access_Token=$T&token=$T", &[("x_api_token", "$T"), ("x-partner", "$T")]), 401, "token_missing"),
    ];
    for (written, status, reason) in cases {
        let request = outgoing(&world.client, &Method::GET, "/x", &token, *written);
        let reply = world.assert_reason(request, reason).await;
        assert_eq!(reply.status, *status, "{written:?}");
    }
    // A route with places of its own looks nowhere else.
    for written in
        [("", &[("authorization", "Bearer $T")][..]), ("?access_token=$T", &[("x-api-token", "$T")])]
    {
        let request = outgoing(&world.client, &Method::GET, "/partner/x", &token, written);
        world.assert_reason(request, "token_missing").await.assert_refused(401, Some("Bearer"));
    }
}

#[tokio::test]
async fn every_place_of_the_file_is_removed_on_every_route() {
    let world = World::start(EVERYWHERE).await;
    let token = world.issuer.token().sign();
    let all: &[(&str, &str)] = &[
        ("cookie", "a=1; __Host-access=$T; partner=$T"),
        ("x-partner", "$T"),
        ("x-api-token", "$T"),
        ("authorization", "Bearer $T"),
    ];
    let query = "?a=%31&access_token=$T";
    send(&world.client, &Method::GET, "/public/x", &token, (query, all)).await.assert_passed();
    let partner = [("x-partner", "$T"), ("cookie", "partner=x; a=1")];
    send(&world.client, &Method::GET, "/partner/x", &token, (query, &partner)).await.assert_passed();
    let kept = [("cookie", "a=1; __Host-access=$T; partner=x"), ("x-partner", "x")];
    send(&world.client, &Method::GET, "/kept/x", &token, ("?a=%31", &kept)).await.assert_passed();
    send(&world.client, &Method::GET, "/kept/x", &token, (query, &[])).await.assert_passed();
    let own = [("cookie", "a=1; __Host-access=x; partner=$T"), ("authorization", "Bearer x")];
    send(&world.client, &Method::GET, "/partner-kept/x", &token, (query, &own)).await.assert_passed();
    let seen = world.upstream.take_requests();
    let shown: Vec<_> = seen.iter().map(|seen| (seen.target(), seen.header("cookie"))).collect();
    let (cookie, target) =
        (format!("a=1; __Host-access={token}"), format!("/kept/x?a=%31&access_token={token}"));
    let partner = format!("a=1; partner={token}");
    assert_eq!(
        shown,
        [
            ("/public/x?a=%31", Some("a=1")),
            ("/partner/x?a=%31", Some("a=1")),
            ("/kept/x?a=%31", Some(&*cookie)),
            (&*target, None),
            ("/partner-kept/x?a=%31", Some(&*partner)),
        ]
    );
    for seen in &seen {
        for name in ["x-partner", "x-api-token", "authorization"] {
            assert!(seen.spelled_like(name).is_empty(), "{name}: {seen:?}");
        }
    }
}

#[tokio::test]
async fn a_trailer_is_no_place() {
    let world = World::start(EVERYWHERE).await;
    let token = world.issuer.token().sign();
    let mut connection = RawConnection::open(world.gateway.listener(0)).await;
    connection
        .write(format!(
            "POST /x HTTP/1.1\r\nHost: a\r\nX-Api-Token: {token}\r\nTransfer-Encoding: chunked\r\nTrailer: X-Sum, X-Partner, X_Api_Token\r\n\r\n0\r\nX-Partner: x\r\nX_Api_Token: x\r\nX-Sum: 1\r\n\r\n"
        ))
        .await;
    assert_eq!(connection.reply().await.unwrap().head.status(), 200);
    let seen = world.upstream.only_request();
    assert!(seen.body.trailers.iter().all(|(name, _)| name.eq_ignore_ascii_case("x-sum")), "{seen:?}");
}

/// What a browser says of where a request comes from, and whether a cookie may speak for it. `$H` is the host.
const CROSSINGS: &[(&[(&str, &str)], bool)] = &[
    (&[], false),
    (&[("origin", "$S://$H")], true),
    (&[("sec-fetch-site", "same-origin")], true),
    (&[("origin", "$S://$H"), ("sec-fetch-site", "same-origin")], true),
    (&[("origin", "$S://$H"), ("sec-fetch-site", "cross-site")], false),
    (&[("origin", "https://evil.example"), ("sec-fetch-site", "same-origin")], false),
    (&[("origin", "$S://evil.$H")], false),
    (&[("origin", "$S://$H:1234")], false),
    (&[("origin", "null")], false),
    (&[("origin", "null"), ("sec-fetch-site", "same-origin")], true),
    (&[("origin", "null"), ("sec-fetch-site", "cross-site")], false),
    (&[("origin", "$S://$H"), ("origin", "$S://$H")], false),
    (&[("sec-fetch-site", "none")], false),
    (&[("sec-fetch-site", "same-site")], false),
    (
        &[("referer", "$S://$H/page"), ("x-forwarded-host", "$H"), ("x-requested-with", "XMLHttpRequest")],
        false,
    ),
];

#[tokio::test]
async fn a_cookie_changes_something_only_from_its_own_origin() {
    let pki = Pki::new();
    let setup = Setup::new().await;
    pki.install(&setup.scratch);
    let world = setup.start(&format!("{PLAIN_AND_TLS}{EVERYWHERE}")).await;
    let tls = Client::new(world.gateway.listener(1));
    let config = pki.client_config(None);
    let token = world.issuer.token().sign();
    let cookie = format!("a=1; __Host-access={token}");
    for (client, host, scheme) in [
        (world.client.clone(), "api.example.com", "http"),
        (world.client.http2(), "api.example.com", "http"),
        (world.client.host("api.example.com:8080"), "api.example.com:8080", "http"),
        (tls.tls(&config), "localhost", "https"),
        (tls.http2().tls(&config), "localhost", "https"),
    ] {
        for (fields, passes) in CROSSINGS {
            let request = |method: Method, path: &str| {
                let request = client.request(method, path);
                fields.iter().fold(request, |request, (name, value)| {
                    request.header(name, &value.replace("$S", scheme).replace("$H", host))
                })
            };
            for path in ["/x", "/optional/x"] {
                let post = request(Method::POST, path).header("cookie", &cookie);
                let (reply, decision) = world.decide(post).await;
                let seen = world.upstream.take_requests().len();
                if *passes {
                    reply.assert_passed();
                    assert_eq!((decision.reason.as_str(), seen), ("allowed", 1), "{fields:?}");
                } else {
                    reply.assert_refused(403, None);
                    assert_eq!((decision.reason.as_str(), seen), ("cross_site", 0), "{fields:?}");
                }
            }
            // What is safe, and what no browser sends by itself, is for every page.
            request(Method::GET, "/x").header("cookie", &cookie).send().await.assert_passed();
            request(Method::POST, "/x").bearer(&token).send().await.assert_passed();
            request(Method::POST, "/x").header("x-api-token", &token).send().await.assert_passed();
            world.upstream.take_requests();
        }
    }
    let plain = tls.tls(&config).request(Method::POST, "/x").header("origin", "http://localhost");
    world.assert_reason(plain.header("cookie", &cookie), "cross_site").await.assert_refused(403, None);
    // Asked before the token is looked at, and after it is found.
    let invalid = world.client.request(Method::POST, "/x").header("cookie", "__Host-access=x");
    world.assert_reason(invalid, "cross_site").await.assert_refused(403, None);
    // What is no token at all is told first.
    let malformed = world.client.request(Method::POST, "/x").header("cookie", "__Host-access=Bearer x");
    world.assert_reason(malformed, "credential_malformed").await.assert_refused(400, Some(INVALID_REQUEST));
    let twice = world.client.request(Method::POST, "/x").header("cookie", &cookie).bearer(&token);
    world.assert_reason(twice, "credential_ambiguous").await.assert_refused(400, Some(INVALID_REQUEST));
    let hidden = world.client.get("/x").header("cookie", &cookie).header("x-http-method-override", "DELETE");
    world.assert_reason(hidden, "cross_site").await.assert_refused(403, None);
}

#[tokio::test]
async fn a_websocket_that_a_cookie_opens_is_of_the_same_origin() {
    let world = World::start(EVERYWHERE).await;
    world.upstream.answer(Script::WebSocket);
    let token = world.issuer.token().sign();
    for (fields, status) in
        [("", 403), ("Origin: http://evil.example\r\n", 403), ("Origin: http://api.example.com\r\n", 101)]
    {
        let mut connection = RawConnection::open(world.gateway.listener(0)).await;
        connection
            .write(format!(
                "GET /chat HTTP/1.1\r\nHost: api.example.com\r\nCookie: __Host-access={token}\r\n{fields}Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
            ))
            .await;
        assert_eq!(connection.reply().await.unwrap().head.status(), status, "{fields}");
        assert_eq!(world.upstream.take_requests().len(), usize::from(status == 101), "{fields}");
    }
}
