//! What the upstream does with a request.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use futures_util::{SinkExt as _, StreamExt as _};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::sync::{Mutex, mpsc};
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::handshake::derive_accept_key;
use tokio_tungstenite::tungstenite::protocol::Role;

use super::upstream::State;
use super::wire::{Head, Io};

/// What the upstream does with one request. Unless said otherwise, the request's body is read first.
#[derive(Debug, Clone)]
pub enum Script {
    /// An answer with a length.
    Reply { status: u16, headers: Vec<(&'static str, String)>, body: Vec<u8> },
    /// The request's body as the answer's.
    Echo,
    /// The first after a while.
    Slow(Duration, Box<Script>),
    /// A chunked answer with trailers.
    Trailers { body: &'static str, trailers: &'static [(&'static str, &'static str)] },
    /// A chunked answer, a chunk for whatever the test sends into the channel.
    Stream(Arc<Mutex<mpsc::Receiver<Vec<u8>>>>),
    /// An answer of that many bytes; `Upstream::written` says how many the gateway has taken.
    Fill(usize),
    /// These bytes, then the end of the connection.
    Raw(Vec<u8>),
    /// A reset without an answer.
    Reset,
    /// The end of the connection without an answer.
    Close,
    /// No answer; `Upstream::hangups` counts when the gateway gives up.
    Silence,
    /// Not one byte of the body is read, and no answer comes.
    Stall,
    /// 101, then a WebSocket that sends each message back.
    WebSocket,
}

impl Script {
    pub fn ok() -> Self {
        Self::status(200)
    }

    pub fn status(status: u16) -> Self {
        Self::Reply { status, headers: vec![("content-type", "text/plain".to_owned())], body: b"ok".to_vec() }
    }

    /// A 200 with this header.
    pub fn with_header(name: &'static str, value: &str) -> Self {
        Self::Reply { status: 200, headers: vec![(name, value.to_owned())], body: b"ok".to_vec() }
    }

    /// A stream that the test feeds.
    pub fn stream() -> (Self, mpsc::Sender<Vec<u8>>) {
        let (sender, receiver) = mpsc::channel(1);
        (Self::Stream(Arc::new(Mutex::new(receiver))), sender)
    }

    /// Whether the request's body is to be read before `play`.
    pub(super) fn reads_body(&self) -> bool {
        match self {
            Self::Stall | Self::Reset | Self::WebSocket => false,
            Self::Slow(_, then) => then.reads_body(),
            _ => true,
        }
    }

    /// Does it. False when the connection is over.
    pub(super) async fn play(
        self,
        state: &State,
        request: &Head,
        body: &[u8],
        stream: &mut BufReader<Box<dyn Io>>,
    ) -> std::io::Result<bool> {
        let is_head = request.start_line.starts_with("HEAD ");
        match self {
            Self::Slow(pause, then) => {
                tokio::time::sleep(pause).await;
                return Box::pin(then.play(state, request, body, stream)).await;
            }
            Self::Reply { status, headers, body } => {
                stream.write_all(&reply(status, &headers, &body, is_head)).await?;
            }
            Self::Echo => stream.write_all(&reply(200, &[], body, is_head)).await?,
            Self::Trailers { body, trailers } => {
                let names: Vec<&str> = trailers.iter().map(|(name, _)| *name).collect();
                let mut text = format!(
                    "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\ntrailer: {}\r\n\r\n{:x}\r\n{body}\r\n0\r\n",
                    names.join(", "),
                    body.len()
                );
                trailers.iter().for_each(|(name, value)| text.push_str(&format!("{name}: {value}\r\n")));
                stream.write_all(text.as_bytes()).await?;
                stream.write_all(b"\r\n").await?;
            }
            Self::Stream(chunks) => {
                stream.write_all(b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n").await?;
                stream.flush().await?;
                while let Some(chunk) = chunks.lock().await.recv().await {
                    stream.write_all(format!("{:x}\r\n", chunk.len()).as_bytes()).await?;
                    stream.write_all(&chunk).await?;
                    stream.write_all(b"\r\n").await?;
                    stream.flush().await?;
                }
                stream.write_all(b"0\r\n\r\n").await?;
            }
            Self::Fill(length) => {
                stream
                    .write_all(format!("HTTP/1.1 200 OK\r\ncontent-length: {length}\r\n\r\n").as_bytes())
                    .await?;
                let block = vec![b'x'; 64 * 1024];
                let mut left = length;
                while left > 0 {
                    let part = left.min(block.len());
                    stream.write_all(&block[..part]).await?;
                    stream.flush().await?;
                    left -= part;
                    state.written.fetch_add(part, Ordering::Relaxed);
                }
            }
            Self::Raw(bytes) => {
                stream.write_all(&bytes).await?;
                stream.flush().await?;
                stream.shutdown().await?;
                return Ok(false);
            }
            Self::Reset => {
                stream.get_ref().reset_on_close();
                return Ok(false);
            }
            Self::Close => return Ok(false),
            Self::Silence => {
                // Ends when the other side closes: with 0 bytes or an error.
                let _ended = stream.read(&mut [0; 1]).await;
                state.hangups.fetch_add(1, Ordering::Relaxed);
                return Ok(false);
            }
            Self::Stall => std::future::pending().await,
            Self::WebSocket => {
                let key = request.header("sec-websocket-key").unwrap_or_default();
                let answer = format!(
                    "HTTP/1.1 101 Switching Protocols\r\nconnection: Upgrade\r\nupgrade: websocket\r\nsec-websocket-accept: {}\r\n\r\n",
                    derive_accept_key(key.as_bytes())
                );
                stream.write_all(answer.as_bytes()).await?;
                stream.flush().await?;
                let mut socket = WebSocketStream::from_raw_socket(stream, Role::Server, None).await;
                while let Some(Ok(message)) = socket.next().await {
                    if (message.is_text() || message.is_binary()) && socket.send(message).await.is_err() {
                        break;
                    }
                }
                state.hangups.fetch_add(1, Ordering::Relaxed);
                return Ok(false);
            }
        }
        stream.flush().await?;
        Ok(true)
    }
}

fn reply(status: u16, headers: &[(&'static str, String)], body: &[u8], is_head: bool) -> Vec<u8> {
    let mut text = format!("HTTP/1.1 {status} Scripted\r\n");
    headers.iter().for_each(|(name, value)| text.push_str(&format!("{name}: {value}\r\n")));
    if status != 204 && status != 304 {
        text.push_str(&format!("content-length: {}\r\n", body.len()));
    }
    text.push_str("\r\n");
    let mut bytes = text.into_bytes();
    if !is_head && status != 204 && status != 304 {
        bytes.extend_from_slice(body);
    }
    bytes
}
