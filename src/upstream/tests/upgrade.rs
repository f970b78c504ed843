use super::*;

const ASK: &str = "GET /ws HTTP/1.1\r\nHost: api\r\nConnection: keep-alive, Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Key: k\r\n\r\n";
const AGREE: &str = "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Accept: a\r\n\r\n";

/// Switches, then sends back every byte; the bytes after its answer come in the same write.
async fn echo() -> SocketAddr {
    upstream(|mut stream, _| async move {
        let request = read_request(&mut stream).await;
        assert!(
            request.contains("connection: upgrade\r\n") && request.contains("upgrade: websocket\r\n"),
            "{request:?}"
        );
        stream.write_all(format!("{AGREE}first;").as_bytes()).await.unwrap();
        let (mut reader, mut writer) = stream.split();
        drop(tokio::io::copy(&mut reader, &mut writer).await);
    })
    .await
}

#[tokio::test]
async fn bytes_pass_both_ways_in_order_from_the_first_on() {
    let world = World::new(&[echo().await]).await;
    let mut client = world.connect().await;
    // Bytes behind the request, before the 101 can have come (RUSTSEC-2026-0033).
    client.write_all(format!("{ASK}early;").as_bytes()).await.unwrap();
    let answer = read_until(&mut client, |all| all.ends_with("early;")).await;
    assert!(
        answer.starts_with("HTTP/1.1 101 ") && answer.contains("sec-websocket-accept: a\r\n"),
        "{answer:?}"
    );
    assert!(
        answer.contains("connection: upgrade\r\n") && answer.contains("upgrade: websocket\r\n"),
        "{answer:?}"
    );
    assert!(answer.ends_with("\r\n\r\nfirst;early;"), "{answer:?}");
    client.write_all(b"later;").await.unwrap();
    assert_eq!(read_until(&mut client, |all| all.ends_with(';')).await, "later;");

    world.drain.stop();
    let waiting = tokio::time::timeout(Duration::from_millis(100), world.drain.drained()).await;
    assert!(waiting.is_err(), "an upgraded connection is still open");
    client.write_all(b"still;").await.unwrap();
    assert_eq!(read_until(&mut client, |all| all.ends_with(';')).await, "still;");
    world.drain.force();
    assert_eq!(read_to_end(&mut client).await, "");
    within(world.drain.drained()).await;
}

#[tokio::test]
async fn the_splice_ends_with_the_client() {
    let world = World::new(&[echo().await]).await;
    let mut client = world.connect().await;
    client.write_all(ASK.as_bytes()).await.unwrap();
    read_until(&mut client, |all| all.ends_with("first;")).await;
    drop(client);
    world.drain.stop();
    within(world.drain.drained()).await;
}

#[tokio::test]
async fn an_upstream_that_does_not_agree_answers_as_ever() {
    let (address, seen) = recorder().await;
    let world = World::new(&[address]).await;
    let mut client = world.connect().await;
    client.write_all(ASK.as_bytes()).await.unwrap();
    let answer = read_until(&mut client, |all| all.ends_with("ok")).await;
    assert!(answer.starts_with("HTTP/1.1 200 ") && !answer.contains("upgrade"), "{answer:?}");
    assert!(seen.lock().unwrap()[0].contains("upgrade: websocket"));
    eventually(|| world.upstream.client.idle() == 1).await;
}

#[tokio::test]
async fn only_websocket_in_its_proper_form_is_asked_for() {
    let (address, seen) = recorder().await;
    let world = World::new(&[address]).await;
    for request in [
        "GET / HTTP/1.1\r\nHost: api\r\nConnection: close, Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMA\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: api\r\nConnection: close, Upgrade\r\nUpgrade: websocket, h2c\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: api\r\nConnection: close, Upgrade\r\nUpgrade: websocket\r\nUpgrade: h2c\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: api\r\nConnection: close\r\nUpgrade: websocket\r\n\r\n",
        "GET / HTTP/1.0\r\nHost: api\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n",
        "POST / HTTP/1.1\r\nHost: api\r\nConnection: close, Upgrade\r\nUpgrade: websocket\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: api\r\nConnection: close, Upgrade\r\nUpgrade: websocket\r\nContent-Length: 2\r\n\r\nhi",
    ] {
        seen.lock().unwrap().clear();
        let answer = world.exchange(request).await;
        assert!(answer.ends_with("ok"), "{request:?}: {answer:?}");
        let seen = seen.lock().unwrap()[0].clone();
        assert!(
            !seen.contains("upgrade") && !seen.contains("connection") && !seen.contains("http2-settings"),
            "{seen:?}"
        );
    }
}

#[tokio::test]
async fn a_switch_to_something_else_is_not_followed() {
    let address = upstream(|mut stream, _| async move {
        read_request(&mut stream).await;
        let other = "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: h2c\r\n\r\n";
        stream.write_all(other.as_bytes()).await.unwrap();
        sleep(Duration::from_millis(200)).await;
    })
    .await;
    let world = World::new(&[address]).await;
    let mut client = world.connect().await;
    client.write_all(ASK.as_bytes()).await.unwrap();
    assert!(read_until(&mut client, |all| all.ends_with("Unavailable")).await.starts_with("HTTP/1.1 500 "));
}
