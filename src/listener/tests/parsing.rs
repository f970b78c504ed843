use super::*;

#[tokio::test]
async fn what_is_no_http_is_answered_counted_once_and_closed() {
    let world = World::plain().await;
    for bytes in [
        &b"GARBAGE\r\n\r\n"[..],
        b"GET / HTTP/1.1\r\nHost : x\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: x\r\nX: a\0b\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: x\r\nX: a\r\n folded\r\n\r\n",
        b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\nhello",
        b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: +5\r\n\r\nhello",
        b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 5, 5\r\n\r\nhello",
        b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: -1\r\n\r\n",
        b"POST / HTTP/1.0\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        b"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: gzip\r\n\r\n0\r\n\r\n",
        b"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n",
        b"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked, identity\r\n\r\n0\r\n\r\n",
        b"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        b"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: xchunked\r\n\r\n0\r\n\r\n",
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03TLS to the plaintext port\r\n\r\n",
    ] {
        world.echo.refusals.lock().unwrap().clear();
        let answer = world.exchange(bytes).await;
        let shown = String::from_utf8_lossy(bytes);
        assert!(answer.starts_with("HTTP/1.1 400 "), "{shown:?} got {answer:?}");
        assert_eq!(answer.matches("HTTP/1.1").count(), 1, "{shown:?} got {answer:?}");
        eventually(|| world.gauge.get() == 0).await;
        assert_eq!(world.echo.refusals(), [Refusal::RequestMalformed], "{shown:?}");
    }
    world.ends().await;
}

#[tokio::test]
async fn both_framings_are_one_and_the_connection_closes() {
    let world = World::plain().await;
    for order in
        ["Content-Length: 4\r\nTransfer-Encoding: chunked", "Transfer-Encoding: chunked\r\nContent-Length: 4"]
    {
        let smuggled = "5\r\nhello\r\n0\r\n\r\nGET /smuggled HTTP/1.1\r\nHost: x\r\n\r\n";
        let request = format!("POST / HTTP/1.1\r\nHost: x\r\n{order}\r\n\r\n{smuggled}");
        let answer = world.exchange(request.as_bytes()).await;
        assert!(answer.contains("POST http b\"hello\""), "{answer:?}");
        assert!(answer.contains("connection: close"), "{answer:?}");
        assert_eq!(answer.matches("HTTP/1.1").count(), 1, "{answer:?}");
    }
    world.ends().await;
}

#[tokio::test]
async fn a_broken_chunk_breaks_the_body_and_the_connection() {
    let world = World::plain().await;
    for chunk in [
        "z\r\nhello\r\n0\r\n\r\n",
        "5\r\nhelloX\r\n0\r\n\r\n",
        "fffffffffffffffff\r\n",
        "5 x\r\nhello\r\n0\r\n\r\n",
    ] {
        let request = format!("POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n{chunk}");
        let answer = world.exchange(request.as_bytes()).await;
        assert!(answer.contains("broken"), "{chunk:?} got {answer:?}");
    }
    world.ends().await;
}

#[tokio::test]
async fn a_header_over_the_limit_is_431() {
    let world = World::plain().await;
    let large = format!("GET / HTTP/1.1\r\nHost: x\r\nX: {}\r\n\r\n", "a".repeat(1024 * 1024));
    let mut stream = world.connect().await;
    let (mut reader, mut writer) = stream.split();
    let (answer, ()) = tokio::join!(read_to_end(&mut reader), async {
        // The gateway stops reading; how much the kernel takes until then does not matter.
        drop(writer.write_all(large.as_bytes()).await);
    });
    assert!(answer.starts_with("HTTP/1.1 431 ") || answer.is_empty(), "{answer:?}");
    let many = format!("GET / HTTP/1.1\r\nHost: x\r\n{}\r\n", "X: a\r\n".repeat(200));
    assert!(world.exchange(many.as_bytes()).await.starts_with("HTTP/1.1 431 "));
    eventually(|| world.echo.refusals().len() == 2).await;
    assert_eq!(world.echo.refusals(), [Refusal::HeaderTooLarge, Refusal::HeaderTooLarge]);
    let fits =
        format!("GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\nX: {}\r\n\r\n", "a".repeat(40 * 1024));
    assert!(world.exchange(fits.as_bytes()).await.starts_with("HTTP/1.1 200 "));
    world.ends().await;
}

#[tokio::test]
async fn a_head_that_does_not_end_times_out_and_an_idle_connection_does_not() {
    let limits = Limits {
        head: Duration::from_millis(200),
        idle: Duration::from_mins(1),
        write: Duration::from_mins(1),
    };
    let world = World::start(None, limits).await;
    let mut idle = world.connect().await;
    idle.write_all(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n").await.unwrap();
    read_until(&mut idle, "GET http").await;
    let started = std::time::Instant::now();
    assert_eq!(world.exchange(b"GET / HTTP/1.1\r\nHost:").await, "");
    assert!(started.elapsed() >= limits.head);
    eventually(|| world.echo.refusals() == [Refusal::RequestTimeout]).await;
    // One that says nothing at all is closed too, and is no request.
    assert_eq!(world.exchange(b"").await, "");
    assert_eq!(world.exchange(b"PRI * HTTP/2.0\r\n\r\nSM").await, "");
    // The idle one is still good, and its next head is timed from its first byte.
    idle.write_all(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n").await.unwrap();
    read_until(&mut idle, "GET http").await;
    assert_eq!(world.echo.refusals().len(), 1);
    idle.write_all(b"GET / HT").await.unwrap();
    assert_eq!(read_to_end(&mut idle).await, "");
    eventually(|| world.echo.refusals().len() == 2).await;
    world.ends().await;
}

#[tokio::test]
async fn an_idle_connection_ends_at_its_own_limit() {
    let limits = Limits {
        head: Duration::from_millis(100),
        idle: Duration::from_millis(300),
        write: Duration::from_mins(1),
    };
    let world = World::start(None, limits).await;
    let mut idle = world.connect().await;
    idle.write_all(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n").await.unwrap();
    let started = std::time::Instant::now();
    let answer = read_to_end(&mut idle).await;
    assert!(answer.contains("GET http"));
    assert!(started.elapsed() >= limits.idle);
    assert_eq!(world.echo.refusals(), []);
    world.ends().await;
}

#[tokio::test]
async fn http2_with_prior_knowledge_is_served_and_ends_when_idle() {
    let limits = Limits {
        head: Duration::from_millis(100),
        idle: Duration::from_millis(300),
        write: Duration::from_mins(1),
    };
    let world = World::start(None, limits).await;
    let (mut sender, connection) = hyper::client::conn::http2::handshake(
        hyper_util::rt::TokioExecutor::new(),
        hyper_util::rt::TokioIo::new(world.connect().await),
    )
    .await
    .unwrap();
    let connection = tokio::spawn(connection);
    let request =
        Request::post(format!("http://{}/", world.address)).body(Full::<Bytes>::from("hello")).unwrap();
    let answer = within(sender.send_request(request)).await.unwrap();
    assert_eq!(answer.into_body().collect().await.unwrap().to_bytes(), "POST http b\"hello\"");
    within(connection).await.unwrap().unwrap();
    assert_eq!(world.echo.refusals(), []);
    world.ends().await;
}
