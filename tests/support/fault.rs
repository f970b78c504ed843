//! Everything that can be wrong with the answer of a key set.

use std::convert::Infallible;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use bytes::Bytes;
use futures_util::{StreamExt as _, stream};
use http::Response;
use http_body_util::combinators::UnsyncBoxBody;
use http_body_util::{BodyExt as _, Full, StreamBody};
use hyper::body::Frame;
use serde_json::json;

/// A body of the issuer.
pub type Body = UnsyncBoxBody<Bytes, Infallible>;

/// A bad answer in place of the key set.
#[derive(Debug, Clone)]
pub enum Fault {
    /// The right keys under this status.
    Status(u16),
    /// No answer at all.
    Silence,
    /// These bytes, said to be of this type.
    Document(&'static str, Vec<u8>),
    /// The right keys, said to be of this type.
    ContentType(&'static str),
    /// JSON of so many bytes, in chunks, as fast as they are taken.
    Endless(u64),
    /// The right keys, a byte at a time, with this pause between.
    Drip(Duration),
    /// Compressed zeros, ten times as many as an answer may have bytes.
    GzipBomb,
    /// A redirect to here.
    Redirect(String),
    /// So many keys.
    Keys(usize),
}

impl Fault {
    /// The answer in place of `keys`; `sent` counts the bytes of a stream that were taken.
    pub(super) async fn answer(self, keys: Vec<u8>, sent: Arc<AtomicUsize>) -> Response<Body> {
        let json = "application/json";
        match self {
            Self::Status(status) => {
                let mut response = document(json, keys);
                *response.status_mut() = status.try_into().expect("a status");
                response
            }
            Self::Silence => std::future::pending().await,
            Self::Document(content_type, body) => document(content_type, body),
            Self::ContentType(content_type) => document(content_type, keys),
            Self::Endless(length) => {
                let block = Bytes::from(vec![b' '; 64 * 1024]);
                let blocks = usize::try_from(length).expect("a length") / block.len();
                let chunks = stream::iter(0..blocks).map(move |_| {
                    sent.fetch_add(block.len(), Ordering::Relaxed);
                    block.clone()
                });
                streamed(json, chunks)
            }
            Self::Drip(pause) => {
                let chunks = stream::iter(keys).then(move |byte| async move {
                    tokio::time::sleep(pause).await;
                    Bytes::from(vec![byte])
                });
                streamed(json, chunks)
            }
            Self::GzipBomb => {
                let mut response = document(json, gzip_bomb());
                response.headers_mut().insert("content-encoding", "gzip".parse().expect("a value"));
                response
            }
            Self::Redirect(to) => {
                let mut response = document(json, Vec::new());
                *response.status_mut() = http::StatusCode::FOUND;
                response.headers_mut().insert("location", to.parse().expect("a location"));
                response
            }
            Self::Keys(count) => {
                let x = "11qYAycf-9yHwjK1GPyDZ_Q8RdfrT8w1lvC2D4jlmdI";
                let key = |kid| json!({ "kty": "OKP", "crv": "Ed25519", "kid": format!("{kid}"), "x": x });
                let keys: Vec<_> = (0..count).map(key).collect();
                document(json, json!({ "keys": keys }).to_string().into_bytes())
            }
        }
    }
}

/// An answer with a length.
pub(super) fn document(content_type: &'static str, body: Vec<u8>) -> Response<Body> {
    let mut response = Response::new(Full::from(body).boxed_unsync());
    response.headers_mut().insert("content-type", content_type.parse().expect("a type"));
    response
}

fn streamed(
    content_type: &'static str,
    chunks: impl futures_util::Stream<Item = Bytes> + Send + 'static,
) -> Response<Body> {
    let frames = chunks.map(|chunk| Ok(Frame::data(chunk)));
    let mut response = Response::new(StreamBody::new(frames).boxed_unsync());
    response.headers_mut().insert("content-type", content_type.parse().expect("a type"));
    response
}

/// 64 KiB of gzip (RFC 1952) that unpack to more than 10 MiB of zeros: one block of fixed codes (RFC 1951 §3.2.6), a
/// zero and then "258 bytes as one before" in 13 bits, over and over.
fn gzip_bomb() -> Vec<u8> {
    let mut bomb = vec![0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 255];
    let (mut pending, mut count) = (0_u32, 0);
    // Bits in the order in which a decoder takes them.
    let again = [1, 1, 0, 0, 0, 1, 0, 1, 0, 0, 0, 0, 0];
    let block = [1, 1, 0].into_iter().chain([0, 0, 1, 1, 0, 0, 0, 0]);
    for bit in block.chain(again.into_iter().cycle()) {
        pending |= bit << count;
        count += 1;
        if count == 8 {
            bomb.push(u8::try_from(pending).expect("eight bits"));
            (pending, count) = (0, 0);
        }
        if bomb.len() == 64 * 1024 {
            break;
        }
    }
    bomb
}
