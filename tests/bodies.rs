//! Bodies stream in both directions, with trailers and back-pressure, and are never held whole.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use bytes::Bytes;
use futures_util::{StreamExt as _, stream};
use http::{HeaderMap, Method};
use http_body_util::{BodyExt, StreamBody};
use hyper::body::Frame;

use crate::support::client::{Body, collect};
use crate::support::world::{AUTHENTICATED, PLAIN_AND_TLS, Setup, World};
use crate::support::{Client, Pki, RawConnection, Script};

const MIB: usize = 1024 * 1024;
/// More than all socket buffers on the way can hold.
const OFFERED: usize = 192 * MIB;
/// What they, and a streaming gateway's own, may hold.
const HELD: usize = 48 * MIB;

fn pattern(length: usize) -> Vec<u8> {
    (0..=250).cycle().take(length).collect()
}

/// A body of `total` bytes that counts what has been taken of it.
fn counted(total: usize) -> (Body, Arc<AtomicUsize>) {
    let taken = Arc::new(AtomicUsize::new(0));
    let counter = Arc::clone(&taken);
    let block = Bytes::from(vec![b'x'; 64 * 1024]);
    let frames = stream::iter(0..total / block.len()).map(move |_| {
        counter.fetch_add(block.len(), Ordering::Relaxed);
        Ok::<_, io::Error>(Frame::data(block.clone()))
    });
    (BodyExt::boxed(StreamBody::new(frames)), taken)
}

/// Waits until the count has not moved for half a second, and gives it.
async fn settled(count: impl Fn() -> usize) -> usize {
    let (mut last, mut since) = (count(), Instant::now());
    eventually!({
        let now = count();
        if now != last {
            (last, since) = (now, Instant::now());
        }
        (last > 0 && since.elapsed() > Duration::from_millis(500)).then_some(last)
    })
}

#[tokio::test]
async fn large_bodies_pass_in_both_directions_over_every_protocol() {
    let pki = Pki::new();
    let setup = Setup::new().await;
    pki.install(&setup.scratch);
    let world = setup.start(&format!("{PLAIN_AND_TLS}{AUTHENTICATED}")).await;
    let token = world.issuer.token().sign();
    world.upstream.answer(Script::Echo);
    let sent = pattern(3 * MIB + 7);
    let secure = Client::new(world.gateway.listener(1));
    let tls = pki.client_config(None);
    for client in [world.client.clone(), world.client.http2(), secure.tls(&tls), secure.http2().tls(&tls)] {
        let reply = client.post("/a", sent.clone()).bearer(&token).send().await;
        reply.assert_passed();
        assert!(reply.body == sent, "{client:?}: {} bytes came back", reply.body.len());
        let seen = world.upstream.take_requests().remove(0);
        assert!(seen.body.bytes == sent, "{client:?}: {} bytes arrived", seen.body.bytes.len());
        let framings =
            (seen.head.values("content-length").len(), seen.head.values("transfer-encoding").len());
        assert!(framings == (1, 0) || framings == (0, 1), "{framings:?}");
    }
}

#[tokio::test]
async fn an_upload_arrives_while_it_is_still_being_sent() {
    let world = World::start(AUTHENTICATED).await;
    let token = world.issuer.token().sign();
    for client in [world.client.clone(), world.client.http2()] {
        let before = world.upstream.arrived();
        let (sender, receiver) = tokio::sync::mpsc::channel::<Bytes>(1);
        let frames = stream::unfold(receiver, |mut receiver| async {
            receiver.recv().await.map(|chunk| (Ok::<_, io::Error>(Frame::data(chunk)), receiver))
        });
        let request =
            client.request(Method::POST, "/a").bearer(&token).body(BodyExt::boxed(StreamBody::new(frames)));
        let reply = tokio::spawn(request.send());
        sender.send(Bytes::from_static(b"first")).await.unwrap();
        eventually!(world.upstream.arrived() == before + 5, "the first chunk was held back");
        sender.send(Bytes::from_static(b"second")).await.unwrap();
        drop(sender);
        reply.await.unwrap().assert_passed();
        assert_eq!(world.upstream.take_requests()[0].body.bytes, b"firstsecond");
    }
}

#[tokio::test]
async fn a_download_arrives_while_it_is_still_being_sent() {
    let world = World::start(AUTHENTICATED).await;
    let token = world.issuer.token().sign();
    for client in [world.client.clone(), world.client.http2()] {
        let (script, chunks) = Script::stream();
        world.upstream.answer_once(script);
        let mut reply = client.get("/events").bearer(&token).start().await;
        for text in ["data: 1\n\n", "data: 2\n\n"] {
            chunks.send(text.into()).await.unwrap();
            let frame = tokio::time::timeout(Duration::from_secs(5), reply.body_mut().frame()).await;
            let frame = frame.expect("the chunk was held back").unwrap().unwrap();
            assert_eq!(frame.into_data().unwrap(), text);
        }
        drop(chunks);
        assert!(collect(reply).await.unwrap().body.is_empty());
    }
}

#[tokio::test]
async fn trailers_pass_in_both_directions() {
    let world = World::start(AUTHENTICATED).await;
    let token = world.issuer.token().sign();
    for client in [world.client.clone(), world.client.http2()] {
        let mut trailers = HeaderMap::new();
        trailers.insert("x-checksum", "abc".parse().unwrap());
        let frames = [Frame::data(Bytes::from_static(b"hello")), Frame::trailers(trailers)];
        let body = BodyExt::boxed(StreamBody::new(stream::iter(frames.map(Ok::<_, io::Error>))));
        world
            .upstream
            .answer_once(Script::Trailers { body: "hi", trailers: &[("x-sum", "1"), ("grpc-status", "0")] });
        let request = client.request(Method::POST, "/a").bearer(&token).header("te", "trailers");
        let reply = request.header("trailer", "x-checksum").body(body).send().await;
        reply.assert_passed();
        assert_eq!(reply.text(), "hi");
        let back = reply.trailers.expect("trailers of the answer");
        assert_eq!((&back["x-sum"], &back["grpc-status"]), (&"1".parse().unwrap(), &"0".parse().unwrap()));
        let seen = world.upstream.take_requests().remove(0);
        assert_eq!(seen.body.bytes, b"hello");
        assert_eq!(seen.body.trailers, [("x-checksum".to_owned(), "abc".to_owned())], "{client:?}");
    }
}

#[tokio::test]
async fn an_upload_to_a_stalled_upstream_is_not_read_ahead() {
    let world = World::start(AUTHENTICATED).await;
    let token = world.issuer.token().sign();
    world.upstream.answer(Script::Stall);
    for client in [world.client.clone(), world.client.http2()] {
        let (body, sent) = counted(OFFERED);
        let request = client.request(Method::POST, "/a").bearer(&token).body(body);
        let sending = tokio::spawn(request.try_send());
        let held = settled(|| sent.load(Ordering::Relaxed)).await;
        assert!(held < HELD, "{held} bytes of an upload that nobody reads were taken");
        sending.abort();
    }
}

#[tokio::test]
async fn a_download_that_nobody_reads_is_not_read_ahead() {
    let world = World::start(AUTHENTICATED).await;
    let token = world.issuer.token().sign();
    world.upstream.answer(Script::Fill(OFFERED));
    for client in [world.client.clone(), world.client.http2()] {
        let before = world.upstream.written();
        let reply = client.get("/a").bearer(&token).start().await;
        assert_eq!(reply.status(), 200);
        let held = settled(|| world.upstream.written() - before).await;
        assert!(held < HELD, "{held} bytes of an answer that nobody reads were taken");
        drop(reply);
    }
}

#[tokio::test]
async fn a_client_that_hangs_up_ends_the_request_upstream() {
    let world = World::start(AUTHENTICATED).await;
    let token = world.issuer.token().sign();
    world.upstream.answer(Script::Silence);
    let before = world.gateway.metrics().await.decisions();
    let mut connection = RawConnection::open(world.gateway.listener(0)).await;
    connection.write(format!("GET /a HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer {token}\r\n\r\n")).await;
    eventually!(world.upstream.requests().len() == 1);
    drop(connection);
    eventually!(world.upstream.hangups() == 1, "the upstream was left waiting");
    assert_eq!(world.decision_since(&before).await.reason, "client_closed");
}

#[tokio::test]
async fn an_answer_that_breaks_off_is_not_ended_cleanly() {
    let world = World::start(AUTHENTICATED).await;
    let token = world.issuer.token().sign();
    for cut in [
        "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nonly this",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\nzz\r\n",
    ] {
        for client in [world.client.clone(), world.client.http2()] {
            world.upstream.answer_once(Script::Raw(cut.into()));
            let reply = client.get("/a").bearer(&token).try_send().await;
            assert!(
                reply.is_err() || reply.as_ref().is_ok_and(|reply| reply.status == 502),
                "{cut:?}: {reply:?}"
            );
        }
    }
}

#[tokio::test]
async fn a_request_without_a_body_gets_none() {
    let world = World::start(AUTHENTICATED).await;
    let token = world.issuer.token().sign();
    for client in [world.client.clone(), world.client.http2()] {
        client.get("/a").bearer(&token).send().await.assert_passed();
        let seen = world.upstream.take_requests().remove(0);
        assert_eq!(seen.header("transfer-encoding"), None);
        assert!(seen.body.bytes.is_empty());
    }
}

#[tokio::test]
async fn expect_100_continue_is_answered_for_those_who_may() {
    let world = World::start(AUTHENTICATED).await;
    let token = world.issuer.token().sign();
    let head = |bearer: &str| {
        format!("POST /a HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nExpect: 100-continue\r\n{bearer}\r\n")
    };
    let mut connection = RawConnection::open(world.gateway.listener(0)).await;
    connection.write(head(&format!("Authorization: Bearer {token}\r\n"))).await;
    assert_eq!(connection.reply().await.unwrap().head.status(), 100);
    connection.write("hello").await;
    assert_eq!(connection.reply().await.unwrap().head.status(), 200);
    assert_eq!(world.upstream.take_requests()[0].body.bytes, b"hello");

    let mut stranger = RawConnection::open(world.gateway.listener(0)).await;
    stranger.write(head("")).await;
    assert_eq!(stranger.reply().await.unwrap().head.status(), 401, "no 100 for a stranger");
    assert!(world.upstream.requests().is_empty());
}
