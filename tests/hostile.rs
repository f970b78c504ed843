//! Hostile bytes: answered or closed, counted, and never a panic, growth or a second request behind the first.

use std::time::Duration;

use crate::support::raw::exchange;
use crate::support::world::{EVERY_ACCESS, Setup, World};
use crate::support::{Binary, RawConnection};

const MIB: usize = 1024 * 1024;

async fn still_serves(world: &World) {
    world.client.get("/public/still").send().await.assert_passed();
    world.client.http2().get("/public/still").send().await.assert_passed();
}

#[tokio::test]
async fn what_is_no_http_is_refused_counted_and_closed() {
    let world = World::start(EVERY_ACCESS).await;
    world.upstream.must_not_be_reached();
    let garbage: &[&[u8]] = &[
        b"garbage\r\n\r\n",
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
        b"GET\r\n\r\n",
        b"GET / HTTP/9.9\r\nHost: a\r\n\r\n",
        b"GET /public/a FTP/1.1\r\nHost: a\r\n\r\n",
        b"GET /public/a HTTP/1.1\r\nHost: a\r\nNo colon here\r\n\r\n",
        b"GET /public/a HTTP/1.1\r\nHost: a\r\nBad name: x\r\n\r\n",
        b"GET /public/a HTTP/1.1\r\nHost: a\r\nX: a\0b\r\n\r\n",
        b"GET /public/a HTTP/1.1\r\nHost: a\r\n: empty\r\n\r\n",
        b"\0\0\0\0\0\0\0\0\0\0\0\0\r\n\r\n",
        b"POST /public/a HTTP/1.1\r\nHost: a\r\nContent-Length: nonsense\r\n\r\n",
    ];
    for bytes in garbage {
        let mut connection = RawConnection::open(world.gateway.listener(0)).await;
        connection.write(bytes).await;
        if let Some(reply) = connection.reply().await {
            let status = reply.head.status();
            assert!((400..500).contains(&status), "{}: {status}", bytes.escape_ascii());
            connection.closed().await;
        }
    }
    eventually!(
        world.gateway.metrics().await.sum("jwtgate_decisions_total", &[("reason", "request_malformed")])
            >= 3.0,
        "what the parser rejects is not counted"
    );
}

#[tokio::test]
async fn half_a_request_holds_nobody_up() {
    let world = World::start(EVERY_ACCESS).await;
    let mut halves = Vec::new();
    for half in [
        "",
        "GET",
        "GET /public/a HTTP/1.1\r\nHost: a\r\n",
        "POST /public/a HTTP/1.1\r\nHost: a\r\nContent-Length: 100\r\n\r\nten bytes.",
    ] {
        for _ in 0..25 {
            let mut connection = RawConnection::open(world.gateway.listener(0)).await;
            connection.write(half).await;
            halves.push(connection);
        }
    }
    still_serves(&world).await;
    drop(halves);
    still_serves(&world).await;
}

#[tokio::test]
async fn a_header_of_a_mebibyte_is_431_or_closed() {
    let world = World::start(EVERY_ACCESS).await;
    world.upstream.must_not_be_reached();
    let long = "a".repeat(MIB);
    let many: String = (0..20_000).map(|number| format!("X-{number}: value\r\n")).collect();
    for (name, request) in [
        ("one header", format!("GET /public/a HTTP/1.1\r\nHost: a\r\nX-Long: {long}\r\n\r\n")),
        ("a token", format!("GET /a HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer {long}\r\n\r\n")),
        ("a header name", format!("GET /public/a HTTP/1.1\r\nHost: a\r\n{long}: x\r\n\r\n")),
        ("a target", format!("GET /{long} HTTP/1.1\r\nHost: a\r\n\r\n")),
        ("20,000 headers", format!("GET /public/a HTTP/1.1\r\nHost: a\r\n{many}\r\n")),
    ] {
        if let Some(reply) = exchange(world.gateway.listener(0), request).await {
            let status = reply.head.status();
            assert!([400, 401, 414, 431].contains(&status), "{name}: {status}");
        }
    }
    eventually!(
        world.gateway.metrics().await.sum("jwtgate_decisions_total", &[("reason", "header_too_large")])
            >= 1.0,
        "what is too large is not counted"
    );
    for (name, value) in [("x-long", long.as_str()), ("authorization", &format!("Bearer {long}"))] {
        let reply = world.client.http2().get("/a").header(name, value).try_send().await;
        assert!(
            reply.as_ref().map_or(true, |reply| [400, 401, 431].contains(&reply.status)),
            "{name}: {reply:?}"
        );
    }
}

/// Messages whose end two programs may see in two places; behind each a request that must never be served unasked.
fn smuggling() -> Vec<(&'static str, String)> {
    const SMUGGLED: &str = "GET /admin/smuggled HTTP/1.1\r\nHost: a\r\n\r\n";
    let with = |headers: &str, body: &str| {
        format!("POST /public/front HTTP/1.1\r\nHost: a\r\n{headers}\r\n\r\n{body}{SMUGGLED}")
    };
    let length = SMUGGLED.len();
    let mut cases = vec![
        (
            "CL.TE",
            with(&format!("Content-Length: {}\r\nTransfer-Encoding: chunked", length + 5), "0\r\n\r\n"),
        ),
        ("TE.CL", with("Transfer-Encoding: chunked\r\nContent-Length: 4", "0\r\n\r\n")),
        ("CL.CL", with(&format!("Content-Length: 0\r\nContent-Length: {length}"), "")),
        ("CL.CL the other way", with(&format!("Content-Length: {length}\r\nContent-Length: 0"), "")),
        ("CL a list", with(&format!("Content-Length: 0, {length}"), "")),
        ("CL with a plus", with("Content-Length: +0", "")),
        ("CL negative", with("Content-Length: -1", "")),
        ("CL hexadecimal", with("Content-Length: 0x0", "")),
        ("CL huge", with("Content-Length: 18446744073709551616", "")),
        ("CL empty", with("Content-Length:", "")),
        ("TE twice", with("Transfer-Encoding: chunked\r\nTransfer-Encoding: identity", "0\r\n\r\n")),
        ("TE identity, chunked", with("Transfer-Encoding: identity, chunked", "0\r\n\r\n")),
        ("TE chunked, identity", with("Transfer-Encoding: chunked, identity", "0\r\n\r\n")),
        ("TE xchunked", with("Transfer-Encoding: xchunked\r\nContent-Length: 5", "0\r\n\r\n")),
        ("TE quoted", with("Transfer-Encoding: \"chunked\"\r\nContent-Length: 5", "0\r\n\r\n")),
        ("TE after a tab", with("Transfer-Encoding:\tchunked\r\nContent-Length: 5", "0\r\n\r\n")),
        ("TE with a vertical tab", with("Transfer-Encoding: \x0bchunked\r\nContent-Length: 5", "0\r\n\r\n")),
        ("TE before a space", with("Transfer-Encoding : chunked\r\nContent-Length: 5", "0\r\n\r\n")),
        ("TE in capitals", with("TRANSFER-ENCODING: CHUNKED\r\nContent-Length: 5", "0\r\n\r\n")),
        ("TE underscored", with("Transfer_Encoding: chunked\r\nContent-Length: 5", "0\r\n\r\n")),
        ("TE folded", with("Transfer-Encoding:\r\n chunked\r\nContent-Length: 5", "0\r\n\r\n")),
        (
            "TE in a folded header",
            with("X: x\r\n\tTransfer-Encoding: chunked\r\nContent-Length: 5", "0\r\n\r\n"),
        ),
        (
            "TE named in Connection",
            with("Connection: Transfer-Encoding\r\nTransfer-Encoding: chunked", "0\r\n\r\n"),
        ),
        (
            "CL named in Connection",
            with(&format!("Connection: Content-Length\r\nContent-Length: {length}"), ""),
        ),
        (
            "a chunk size that wraps",
            with("Transfer-Encoding: chunked", "10000000000000000\r\nx\r\n0\r\n\r\n"),
        ),
        ("a chunk size with a sign", with("Transfer-Encoding: chunked", "+0\r\n\r\n")),
        ("a chunk size with 0x", with("Transfer-Encoding: chunked", "0x0\r\n\r\n")),
        ("a chunk that ends in LF", with("Transfer-Encoding: chunked", "1\nx\n0\n\n")),
        ("a chunk extension with LF", with("Transfer-Encoding: chunked", "1;a\nb\r\nx\r\n0\r\n\r\n")),
        ("bytes after a chunk", with("Transfer-Encoding: chunked", "1\r\nxy\r\n0\r\n\r\n")),
        ("a bare CR", with("X: a\rTransfer-Encoding: chunked\r\nContent-Length: 5", "0\r\n\r\n")),
    ];
    let old = "POST /public/front HTTP/1.0\r\nHost: a\r\nConnection: keep-alive\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n";
    cases.push(("HTTP/1.0 with TE", format!("{old}{SMUGGLED}")));
    cases
}

#[tokio::test]
async fn no_framing_trick_brings_a_second_request_through() {
    let world = World::start(EVERY_ACCESS).await;
    for (name, bytes) in smuggling() {
        let mut connection = RawConnection::open(world.gateway.listener(0)).await;
        connection.write(&bytes).await;
        let replies = connection.replies_until_quiet(Duration::from_millis(300)).await;
        for reply in &replies {
            let status = reply.head.status();
            assert!(status == 200 || (400..500).contains(&status), "{name}: {status}");
        }
        // Whoever comes next on a pooled connection upstream gets the answer to their own question.
        world.client.get("/public/innocent").send().await.assert_passed();
        for seen in world.upstream.take_requests() {
            assert!(!seen.target().contains("smuggled"), "{name}: reached as {:?}", seen.head.start_line);
            assert!(["POST", "GET"].contains(&seen.method()), "{name}: {:?}", seen.head.start_line);
            let lengths = seen.head.values("content-length").len();
            let encodings = seen.head.values("transfer-encoding").len();
            assert!(lengths + encodings <= 1, "{name}: forwarded with two framings: {seen:#?}");
        }
    }
    still_serves(&world).await;
}

#[tokio::test]
async fn conflicting_lengths_are_refused_or_end_the_connection() {
    let world = World::start(EVERY_ACCESS).await;
    for (name, bytes) in smuggling().into_iter().take(2) {
        let mut connection = RawConnection::open(world.gateway.listener(0)).await;
        connection.write(&bytes).await;
        let first = connection.reply().await;
        assert!(first.is_some(), "{name}: no answer");
        connection.closed().await;
    }
}

#[tokio::test]
async fn connect_and_trace_make_no_tunnel() {
    let world = World::start(EVERY_ACCESS).await;
    let requests = [
        "CONNECT 127.0.0.1:22 HTTP/1.1\r\nHost: 127.0.0.1:22\r\n\r\n",
        "CONNECT /public/a HTTP/1.1\r\nHost: a\r\n\r\n",
    ];
    for request in requests {
        if let Some(reply) = exchange(world.gateway.listener(0), request).await {
            assert!((400..502).contains(&reply.head.status()), "{request}: {}", reply.head.status());
        }
    }
    assert!(world.upstream.requests().is_empty());
    let connect = http::Method::CONNECT;
    let reply = world.client.http2().request(connect, "/public/a").try_send().await;
    assert!(reply.as_ref().map_or(true, |reply| reply.status >= 400), "{reply:?}");
    assert!(world.upstream.requests().is_empty());
}

#[tokio::test]
async fn http2_garbage_ends_that_connection_only() {
    let world = World::start(EVERY_ACCESS).await;
    let preface = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
    let settings = [0, 0, 0, 4, 0, 0, 0, 0, 0];
    let frames: &[&[u8]] = &[
        &[0xff; 64],
        // DATA on a stream that was never opened.
        &[0, 0, 1, 0, 0, 0, 0, 0, 1, 0],
        // HEADERS with a block that is no HPACK.
        &[0, 0, 4, 1, 5, 0, 0, 0, 1, 0xff, 0xff, 0xff, 0xff],
        // A frame that says it is 16 MiB.
        &[0xff, 0xff, 0xff, 1, 4, 0, 0, 0, 1],
    ];
    for frame in frames {
        let mut connection = RawConnection::open(world.gateway.listener(0)).await;
        connection.write([&preface[..], &settings, frame].concat()).await;
        connection.closed().await;
    }
    still_serves(&world).await;
}

#[tokio::test]
async fn http2_headers_of_a_hop_are_refused_or_dropped() {
    let world = World::start(EVERY_ACCESS).await;
    for (name, value) in [
        ("connection", "x-user"),
        ("transfer-encoding", "chunked"),
        ("keep-alive", "1"),
        ("upgrade", "h2c"),
        ("te", "gzip"),
    ] {
        let reply = world.client.http2().get("/public/a").header(name, value).try_send().await;
        assert!(
            reply.as_ref().map_or(true, |reply| reply.status == 200 || reply.status == 400),
            "{name}: {reply:?}"
        );
        for seen in world.upstream.take_requests() {
            assert_ne!(seen.header(name), Some(value), "{name}");
        }
    }
}

#[tokio::test]
async fn the_process_neither_dies_nor_grows() {
    let setup = Setup::new().await;
    let mut binary = setup.run(EVERY_ACCESS).await;
    let address = binary.listener().await;
    let client = binary.client().await;
    let flood = || async {
        let long = "a".repeat(MIB);
        for _ in 0..30 {
            for request in [
                format!("GET /a HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer {long}\r\n\r\n"),
                format!("GET /public/a HTTP/1.1\r\nHost: a\r\nX: {long}\r\n\r\n"),
                "garbage\r\n\r\n".to_owned(),
                "GET /public/a HTTP/1.1\r\nHos".to_owned(),
            ] {
                let mut connection = RawConnection::open(address).await;
                connection.write(request).await;
            }
        }
        for number in 0..200 {
            let token =
                setup.issuer.token().header("kid", format!("k{number}")).claim("iss", format!("i{number}"));
            client.get(&format!("/odd/{number}")).bearer(&token.sign()).send().await;
        }
    };
    flood().await;
    let before = resident(&binary);
    flood().await;
    flood().await;
    let after = resident(&binary);
    assert!(after < before + 32 * MIB, "grew from {before} to {after} bytes");
    client.get("/public/a").send().await.assert_passed();
    let stderr = binary.stderr().join("\n");
    assert!(!stderr.contains("panicked"), "{stderr}");
    assert!(binary.exited().is_none());
}

/// The resident memory of the process, in bytes.
fn resident(binary: &Binary) -> usize {
    let status = std::fs::read_to_string(format!("/proc/{}/status", binary.id())).unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap();
    line.trim().trim_end_matches(" kB").parse::<usize>().unwrap() * 1024
}

#[tokio::test]
async fn a_refused_upload_gets_to_read_its_answer() {
    let world = World::start(EVERY_ACCESS).await;
    world.upstream.must_not_be_reached();
    let mut connection = RawConnection::open(world.gateway.listener(0)).await;
    let length = 20 * MIB;
    connection
        .write(format!("POST /authenticated/a HTTP/1.1\r\nHost: a\r\nContent-Length: {length}\r\n\r\n"))
        .await;
    // As a client that looks for the answer only when it has sent everything.
    for _ in 0..20 {
        assert!(
            connection.write(vec![b'x'; MIB]).await,
            "the connection was reset while the body was being sent"
        );
    }
    assert_eq!(connection.reply().await.expect("an answer").head.status(), 401);
}

#[tokio::test]
async fn a_client_that_leaves_while_it_sends_is_no_malformed_request() {
    let world = World::start(EVERY_ACCESS).await;
    for head in ["Content-Length: 10", "Transfer-Encoding: chunked"] {
        let before = world.gateway.metrics().await.decisions();
        let mut connection = RawConnection::open(world.gateway.listener(0)).await;
        connection.write(format!("POST /public/a HTTP/1.1\r\nHost: a\r\n{head}\r\n\r\n3\r\nabc")).await;
        // On its way upstream before the client goes.
        tokio::time::sleep(Duration::from_millis(100)).await;
        drop(connection);
        assert_eq!(world.decision_since(&before).await.reason, "client_closed", "{head}");
    }
    let before = world.gateway.metrics().await.decisions();
    let mut connection = RawConnection::open(world.gateway.listener(0)).await;
    connection
        .write("POST /public/a HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\nno chunk\r\n\r\n")
        .await;
    assert_eq!(world.decision_since(&before).await.reason, "request_malformed");
}
