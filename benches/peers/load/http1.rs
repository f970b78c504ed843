//! HTTP/1.1 by hand, one request at a time.

use std::sync::Arc;

use http::HeaderValue;
use tokio::io::AsyncWriteExt;

use super::Protocol;
use super::connection::{Dialer, Stream};
use crate::upstream::{field, read_head, skip};

pub struct Http1 {
    dialer: Arc<Dialer>,
    /// None once the proxy has closed it.
    stream: Option<Box<dyn Stream>>,
    request: Vec<u8>,
    answer: Vec<u8>,
}

impl Http1 {
    pub async fn open(dialer: Arc<Dialer>) -> Self {
        let stream = Some(dialer.dial().await);
        Self { dialer, stream, request: Vec::new(), answer: Vec::with_capacity(4 << 10) }
    }

    pub async fn exchange(&mut self, authorization: &HeaderValue) -> u16 {
        let (method, length) = match self.dialer.body.len() {
            0 => ("GET", String::new()),
            length => ("POST", format!("content-length: {length}\r\n")),
        };
        self.request.clear();
        let head = format!(
            "{method} {} HTTP/1.1\r\nhost: localhost\r\nuser-agent: bench\r\naccept: */*\r\n{length}authorization: ",
            self.dialer.path
        );
        for part in [head.as_bytes(), authorization.as_bytes(), b"\r\n\r\n", &self.dialer.body] {
            self.request.extend_from_slice(part);
        }
        loop {
            let mut stream = match self.stream.take() {
                Some(stream) => stream,
                None => self.dialer.dial().await,
            };
            // A connection that was kept alive may be closed at any moment; then the request goes out again.
            let Some((status, keep)) = self.send(&mut stream).await else { continue };
            if self.dialer.protocol == Protocol::Handshake {
                drop(stream.shutdown().await);
            } else if keep {
                self.stream = Some(stream);
            }
            return status;
        }
    }

    async fn send(&mut self, stream: &mut Box<dyn Stream>) -> Option<(u16, bool)> {
        stream.write_all(&self.request).await.ok()?;
        stream.flush().await.ok()?;
        self.answer.clear();
        let end = read_head(stream, &mut self.answer).await?;
        let head = &self.answer[..end];
        let status = std::str::from_utf8(head.get(9..12)?).ok()?.parse().ok()?;
        let keep = field(head, "connection").is_none_or(|value| !value.eq_ignore_ascii_case("close"));
        let length = field(head, "content-length").expect("an answer with a length").parse().ok()?;
        self.answer.drain(..end);
        skip(stream, &mut self.answer, length).await?;
        Some((status, keep))
    }
}
