//! WebSockets pass through once authorized, and not before.

use futures_util::{SinkExt as _, StreamExt as _};
use tokio::net::TcpStream;
use tokio_tungstenite::tungstenite::client::IntoClientRequest as _;
use tokio_tungstenite::tungstenite::{Error, Message};
use tokio_tungstenite::{WebSocketStream, client_async};

use crate::support::world::{EVERY_ACCESS, World};
use crate::support::{RawConnection, Script};

async fn open(world: &World, path: &str, token: Option<&str>) -> Result<WebSocketStream<TcpStream>, Error> {
    let mut request = format!("ws://api.example.com{path}").into_client_request().unwrap();
    request.headers_mut().insert("x-user", "mallory".parse().unwrap());
    if let Some(token) = token {
        request.headers_mut().insert("authorization", format!("Bearer {token}").parse().unwrap());
    }
    let stream = TcpStream::connect(world.gateway.listener(0)).await.unwrap();
    client_async(request, stream).await.map(|(socket, _)| socket)
}

fn status(result: Result<WebSocketStream<TcpStream>, Error>) -> u16 {
    match result {
        Ok(_) => 101,
        Err(Error::Http(response)) => response.status().as_u16(),
        Err(error) => panic!("neither 101 nor an answer: {error}"),
    }
}

#[tokio::test]
async fn an_authorized_websocket_passes_messages_in_both_directions() {
    let world = World::start(EVERY_ACCESS).await;
    world.upstream.answer(Script::WebSocket);
    let token = world.issuer.token().sign();
    let mut socket = open(&world, "/chat?room=1", Some(&token)).await.unwrap();
    for text in ["hello".to_owned(), "x".repeat(200_000)] {
        socket.send(Message::text(text.clone())).await.unwrap();
        assert_eq!(socket.next().await.unwrap().unwrap(), Message::text(text));
    }
    let seen = world.upstream.only_request();
    assert_eq!(seen.target(), "/chat?room=1");
    assert_eq!(seen.head.values("x-user"), ["alice"]);
    assert_eq!(seen.header("authorization"), None);
    assert_eq!(seen.header("upgrade").map(str::to_ascii_lowercase).as_deref(), Some("websocket"));
    assert_eq!(seen.header("x-forwarded-for"), Some("127.0.0.1"));
    socket.close(None).await.unwrap();
    eventually!(world.upstream.hangups() == 1, "the upstream's side stayed open");
}

#[tokio::test]
async fn an_upgrade_without_leave_is_refused() {
    let world = World::start(EVERY_ACCESS).await;
    world.upstream.must_not_be_reached();
    world.upstream.answer(Script::WebSocket);
    let token = world.issuer.token();
    assert_eq!(status(open(&world, "/chat", None).await), 401);
    assert_eq!(status(open(&world, "/chat", Some(&token.tampered())).await), 401);
    assert_eq!(status(open(&world, "/admin/chat", Some(&token.sign())).await), 403);
    assert_eq!(status(open(&world, "/optional/chat", Some("x")).await), 401);
}

#[tokio::test]
async fn an_upstream_that_does_not_switch_is_an_ordinary_answer() {
    let world = World::start(EVERY_ACCESS).await;
    let token = world.issuer.token().sign();
    assert_eq!(status(open(&world, "/chat", Some(&token)).await), 200);
    world.upstream.answer(Script::status(404));
    assert_eq!(status(open(&world, "/chat", Some(&token)).await), 404);
}

#[tokio::test]
async fn what_follows_an_upgrade_that_was_not_made_is_a_request_like_any_other() {
    let world = World::start(EVERY_ACCESS).await;
    let token = world.issuer.token().sign();
    let mut connection = RawConnection::open(world.gateway.listener(0)).await;
    let upgrade = format!(
        "GET /chat HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer {token}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
    );
    connection.write(format!("{upgrade}GET /admin/smuggled HTTP/1.1\r\nHost: a\r\n\r\n")).await;
    assert_eq!(connection.reply().await.unwrap().head.status(), 200);
    // Either the connection ends, or the second request is decided on its own.
    if let Some(second) = connection.reply().await {
        assert_eq!(second.head.status(), 401, "{second:?}");
    }
    let seen = world.upstream.requests();
    assert!(seen.iter().all(|request| !request.target().contains("smuggled")), "{seen:#?}");
}

#[tokio::test]
async fn only_websocket_is_a_protocol_to_switch_to() {
    let world = World::start(EVERY_ACCESS).await;
    let token = world.issuer.token().sign();
    for protocol in ["h2c", "TLS/1.0", "other"] {
        let mut connection = RawConnection::open(world.gateway.listener(0)).await;
        connection
            .write(format!(
                "GET /a HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer {token}\r\nConnection: Upgrade, HTTP2-Settings\r\nUpgrade: {protocol}\r\nHTTP2-Settings: AAMAAABkAARAAAAAAAIAAAAA\r\n\r\n"
            ))
            .await;
        let status = connection.reply().await.unwrap().head.status();
        assert!(status == 200 || (400..500).contains(&status), "{protocol}: {status}");
        for seen in world.upstream.take_requests() {
            assert_eq!(seen.header("upgrade"), None, "{protocol}");
            assert_eq!(seen.header("http2-settings"), None, "{protocol}");
        }
    }
}

#[tokio::test]
async fn an_upstream_cannot_switch_unasked() {
    let world = World::start(EVERY_ACCESS).await;
    let answer =
        "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\nraw bytes";
    world.upstream.answer(Script::Raw(answer.into()));
    let reply = world.client.get("/public/a").try_send().await;
    assert!(reply.as_ref().is_ok_and(|reply| reply.status == 502), "{reply:?}");
}
