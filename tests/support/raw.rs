//! A client of bytes: for what no HTTP library would send.

use std::net::SocketAddr;
use std::sync::atomic::AtomicUsize;
use std::time::Duration;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::TcpStream;

use super::wire::{Body, Head, read_body, read_head};

/// How long an answer, or the end of a connection, is waited for.
const DEADLINE: Duration = Duration::from_secs(20);

/// An answer as bytes.
#[derive(Debug, Clone)]
pub struct RawReply {
    pub head: Head,
    pub body: Body,
}

/// A plain connection to the gateway.
#[derive(Debug)]
pub struct RawConnection(BufReader<TcpStream>);

impl RawConnection {
    pub async fn open(address: SocketAddr) -> Self {
        Self(BufReader::new(TcpStream::connect(address).await.expect("a connection")))
    }

    /// Writes all of it. False when the gateway stopped reading, which is its right.
    pub async fn write(&mut self, bytes: impl AsRef<[u8]>) -> bool {
        self.0.write_all(bytes.as_ref()).await.is_ok() && self.0.flush().await.is_ok()
    }

    /// The next answer; none when the connection ended instead.
    pub async fn reply(&mut self) -> Option<RawReply> {
        self.reply_to("GET").await
    }

    /// The next answer, to a request of that method.
    pub async fn reply_to(&mut self, method: &str) -> Option<RawReply> {
        let reading = async {
            let head = read_head(&mut self.0).await.ok()??;
            let bodiless = method == "HEAD" || matches!(head.status(), 100..200 | 204 | 304);
            let body = if bodiless {
                Body::default()
            } else {
                read_body(&mut self.0, &head, true, &AtomicUsize::new(0)).await.ok()?
            };
            Some(RawReply { head, body })
        };
        tokio::time::timeout(DEADLINE, reading).await.expect("neither an answer nor an end of the connection")
    }

    /// Waits for the end of the connection.
    pub async fn closed(&mut self) {
        let mut rest = Vec::new();
        let ended = tokio::time::timeout(DEADLINE, self.0.read_to_end(&mut rest)).await;
        assert!(ended.is_ok(), "the connection was left open after {:?}", String::from_utf8_lossy(&rest));
    }

    /// All answers until the connection ends, or stays quiet for `patience`.
    pub async fn replies_until_quiet(&mut self, patience: Duration) -> Vec<RawReply> {
        let mut replies = Vec::new();
        while let Ok(Some(reply)) = tokio::time::timeout(patience, self.reply()).await {
            replies.push(reply);
        }
        replies
    }
}

/// Sends one request's bytes on a connection of its own; none when it was closed without an answer.
pub async fn exchange(address: SocketAddr, bytes: impl AsRef<[u8]>) -> Option<RawReply> {
    let mut connection = RawConnection::open(address).await;
    connection.write(bytes).await;
    connection.reply().await
}
