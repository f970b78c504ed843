//! The access log: one JSON object a request on standard output, in the contract's names, with nothing secret.

use std::collections::BTreeSet;

use serde_json::{Map, Value, json};

use crate::support::raw::exchange;
use crate::support::world::{EVERY_ACCESS, Setup};
use crate::support::{Binary, Script};

type Line = Map<String, Value>;

/// The lines so far; one that is no JSON object fails the test.
fn lines(binary: &Binary) -> Vec<Line> {
    let parse = |line: &String| {
        serde_json::from_str(line).unwrap_or_else(|error| panic!("{error}: not a JSON object: {line}"))
    };
    binary.stdout().iter().map(parse).collect()
}

async fn line_of(binary: &Binary, request_id: &str) -> Line {
    eventually!(
        lines(binary).into_iter().find(|line| line.get("request_id") == Some(&json!(request_id))),
        "no line for {request_id} in {:#?}",
        binary.stdout()
    )
}

#[tokio::test]
async fn each_request_is_one_line_with_its_decision() {
    let setup = Setup::new().await;
    let mut binary = setup.run(EVERY_ACCESS).await;
    let client = binary.client().await;
    let token = setup.issuer.token();
    let read = token.clone().scope("orders:read").sign();
    for (id, path, bearer, status, decision, reason, route, issuer) in [
        (
            "id-1",
            "/orders/1?x=secret-query",
            Some(&read),
            200,
            "allow",
            "allowed",
            Some("read"),
            Some("corporate"),
        ),
        ("id-2", "/orders/1", None, 401, "deny", "token_missing", Some("read"), None),
        (
            "id-3",
            "/orders/1",
            Some(&token.sign()),
            403,
            "deny",
            "policy_denied",
            Some("read"),
            Some("corporate"),
        ),
        (
            "id-4",
            "/orders/1",
            Some(&token.tampered()),
            401,
            "deny",
            "signature_invalid",
            Some("read"),
            Some("corporate"),
        ),
        ("id-5", "/public/a", None, 200, "allow", "public", Some("open"), None),
        ("id-6", "/optional/a", None, 200, "allow", "anonymous", Some("maybe"), None),
        ("id-7", "/a//b", None, 400, "deny", "target_ambiguous", None, None),
    ] {
        let request = client.get(path).header("x-request-id", id).header("user-agent", "a \"quoted\"\tagent");
        let request = bearer.iter().fold(request, |request, token| request.bearer(token));
        assert_eq!(request.send().await.status, status, "{id}");
        let line = line_of(&binary, id).await;
        assert_eq!(line["http.response.status_code"], status, "{line:?}");
        assert_eq!(
            (&line["auth.decision"], &line["auth.reason"]),
            (&json!(decision), &json!(reason)),
            "{line:?}"
        );
        let known = |name: &str| line.get(name).and_then(Value::as_str).filter(|value| *value != "none");
        assert_eq!((known("http.route"), known("auth.issuer")), (route, issuer), "{line:?}");
        assert_eq!(line["http.request.method"], "GET");
        assert_eq!(line["url.scheme"], "http");
        assert_eq!(line["client.address"], "127.0.0.1");
        assert!(line["network.peer.address"].as_str().unwrap().starts_with("127.0.0.1"), "{line:?}");
        assert_eq!(line["user_agent.original"], "a \"quoted\"\tagent");
        assert!(line["duration"].as_f64().is_some_and(|seconds| (0.0..10.0).contains(&seconds)), "{line:?}");
    }
    assert_eq!(lines(&binary).len(), 7, "one line a request, and nothing else on standard output");
}

#[tokio::test]
async fn the_names_are_those_of_the_contract() {
    let setup = Setup::new().await;
    let mut binary = setup.run(EVERY_ACCESS).await;
    let client = binary.client().await;
    let token = setup.issuer.token().sign();
    setup.upstream.answer(Script::Echo);
    let trace = "4bf92f3577b34da6a3ce929d0e0e4736";
    client
        .post("/other/path?q=1", "hello")
        .bearer(&token)
        .header("x-request-id", "names")
        .header("user-agent", "tests/1")
        .header("traceparent", &format!("00-{trace}-00f067aa0ba902b7-01"))
        .send()
        .await
        .assert_passed();
    let line = line_of(&binary, "names").await;
    let names: BTreeSet<&str> = line.keys().map(String::as_str).collect();
    for name in [
        "timestamp",
        "http.request.method",
        "url.path",
        "url.scheme",
        "http.route",
        "http.response.status_code",
        "http.request.body.size",
        "http.response.body.size",
        "network.protocol.version",
        "client.address",
        "network.peer.address",
        "user_agent.original",
        "server.address",
        "duration",
        "trace_id",
        "span_id",
        "auth.decision",
        "auth.reason",
        "auth.issuer",
        "request_id",
        "upstream.name",
        "upstream.duration",
    ] {
        assert!(names.contains(name), "{name} is missing from {names:?}");
    }
    assert_eq!((&line["url.path"], &line["trace_id"]), (&json!("/other/path"), &json!(trace)));
    assert_eq!((&line["http.request.body.size"], &line["http.response.body.size"]), (&json!(5), &json!(5)));
    assert_eq!(
        (&line["network.protocol.version"], &line["upstream.name"]),
        (&json!("1.1"), &json!("orders"))
    );
    assert!(line["server.address"].as_str().unwrap().starts_with("api.example.com"));
    let timestamp = line["timestamp"].as_str().unwrap();
    assert!(timestamp.len() >= 20 && timestamp.contains('T') && timestamp.ends_with('Z'), "{timestamp}");
}

#[tokio::test]
async fn nothing_secret_is_ever_written() {
    let setup = Setup::new().await;
    let mut binary = setup.run(EVERY_ACCESS).await;
    let (client, address) = (binary.client().await, binary.listener().await);
    let good = setup.issuer.token().subject("subject-of-the-token").claim("email", "claim-value@example.com");
    let mut secrets = vec!["secret-query".to_owned(), "secret-cookie".to_owned(), "YTpzZWNyZXQ".to_owned()];
    for token in [
        good.sign(),
        good.tampered(),
        good.clone().claim("exp", 1).sign(),
        good.clone().header("kid", "x").sign(),
        good.clone().claim("roles", 5).sign(),
    ] {
        let request = client.get("/orders/1?access_token=secret-query").header("cookie", "s=secret-cookie");
        request.bearer(&token).send().await;
        client.get("/admin/a").bearer(&token).send().await;
        client.get("/other").bearer(&token).bearer(&token).send().await;
        exchange(
            address,
            format!("GET /a HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer {token}\r\nbad line\r\n\r\n"),
        )
        .await;
        secrets.extend(token.split('.').skip(1).map(str::to_owned));
    }
    client.get("/other").header("authorization", "Basic YTpzZWNyZXQ=").send().await;
    secrets.extend(["subject-of-the-token".to_owned(), "claim-value".to_owned()]);
    eventually!(binary.stdout().len() >= 16, "{:#?}", binary.stdout());
    binary.signal("TERM");
    binary.wait().await;
    let written = format!("{}\n{}", binary.stdout().join("\n"), binary.stderr().join("\n"));
    for secret in secrets.iter().filter(|secret| !secret.is_empty()) {
        assert!(!written.contains(secret.as_str()), "{secret} was written:\n{written}");
    }
    lines(&binary);
}

#[tokio::test]
async fn a_hostile_value_cannot_make_a_line_of_its_own() {
    let setup = Setup::new().await;
    let mut binary = setup.run(EVERY_ACCESS).await;
    let address = binary.listener().await;
    let agent: &[u8] = b"x\"}\t{\"auth.decision\":\"allow\"} \x80\xff \x1b[31m";
    let request = [
        b"GET /public/%E2%80%A8%F0%9F%92%A5 HTTP/1.1\r\nHost: a\"b\r\nX-Request-Id: hostile\r\nUser-Agent: ",
        agent,
        b"\r\n\r\n",
    ]
    .concat();
    exchange(address, request).await;
    let client = binary.client().await;
    client.get("/public/a").header("x-request-id", "after").send().await.assert_passed();
    line_of(&binary, "after").await;
    for line in binary.stdout() {
        assert!(!line.contains('\u{1b}') && !line.contains('\u{2028}'), "unescaped: {line:?}");
    }
    assert_eq!(
        lines(&binary).iter().filter(|line| line.get("request_id") == Some(&json!("after"))).count(),
        1
    );
}

#[tokio::test]
async fn an_upstream_that_fails_and_a_client_that_leaves_are_logged_as_such() {
    let setup = Setup::new().await;
    let mut binary = setup.run(EVERY_ACCESS).await;
    let (client, address) = (binary.client().await, binary.listener().await);
    setup.upstream.answer(Script::Close);
    let reply = client.post("/public/a", "x").header("x-request-id", "broken").send().await;
    assert_eq!(reply.status, 502);
    let line = line_of(&binary, "broken").await;
    assert_eq!(
        (&line["auth.reason"], &line["http.response.status_code"]),
        (&json!("upstream_unavailable"), &json!(502))
    );
    setup.upstream.answer(Script::Silence);
    let mut connection = crate::support::RawConnection::open(address).await;
    connection.write("GET /public/a HTTP/1.1\r\nHost: a\r\nX-Request-Id: gone\r\n\r\n").await;
    eventually!(setup.upstream.requests().len() == 2);
    drop(connection);
    assert_eq!(line_of(&binary, "gone").await["auth.reason"], "client_closed");
}
