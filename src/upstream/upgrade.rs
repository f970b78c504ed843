//! WebSocket connections through the gateway (RFC 6455 over HTTP/1.1).
//!
//! Given a request that asks for `websocket` in the one proper way it remembers the client's side of the connection,
//! and when the upstream agrees it splices the two. It refuses every other protocol: `h2c` would carry requests past
//! the gate that nobody looks at. The splice ends with either side, or when a drain is forced.

use http::header::{self, HeaderValue};
use http::request::Parts;
use http::{HeaderMap, Method, Response, Version};
use hyper::upgrade::OnUpgrade;
use hyper_util::rt::TokioIo;
use tokio::io::copy_bidirectional;

use super::hop_by_hop::ConnectionOptions;
use super::request::RequestBody;
use crate::field::{Field, only};
use crate::listener::Drain;

/// A switch to WebSocket that the client has asked for.
#[derive(Debug)]
pub(super) struct Upgrade {
    client: OnUpgrade,
}

impl Upgrade {
    /// Takes the client's side of the connection out of a request that asks for WebSocket.
    pub(super) fn requested(head: &mut Parts, body: &RequestBody) -> Option<Self> {
        let asked = head.method == Method::GET
            && head.version == Version::HTTP_11
            && matches!(body, RequestBody::Empty)
            && is_websocket(&head.headers)
            && ConnectionOptions::parse(&head.headers).is_some_and(|options| options.upgrade());
        let client = head.extensions.remove::<OnUpgrade>()?;
        asked.then_some(Self { client })
    }

    /// Splices the two sides once the answer has reached the client.
    pub(super) fn splice<B>(self, answer: &mut Response<B>, drain: &Drain) -> Result<(), &'static str> {
        if !is_websocket(answer.headers()) {
            return Err("switch to another protocol than the one asked for");
        }
        let upstream = hyper::upgrade::on(answer);
        let forced = drain.clone();
        drain.spawn(async move {
            let splice = async {
                let (client, upstream) = tokio::try_join!(self.client, upstream)?;
                let (mut client, mut upstream) = (TokioIo::new(client), TokioIo::new(upstream));
                copy_bidirectional(&mut client, &mut upstream).await.map_err(Into::into)
            };
            let ended: Result<_, Box<dyn std::error::Error + Send + Sync>> = tokio::select! {
                ended = splice => ended,
                () = forced.forced() => return,
            };
            if let Err(error) = ended {
                tracing::debug!(%error, "Upgraded connection ended");
            }
        });
        Ok(())
    }
}

/// Adds what hop-by-hop removal took away: the two fields that make the switch.
pub(super) fn set(headers: &mut HeaderMap) {
    headers.insert(header::CONNECTION, HeaderValue::from_static("upgrade"));
    headers.insert(header::UPGRADE, HeaderValue::from_static("websocket"));
}

/// One `Upgrade` field with that one protocol.
fn is_websocket(headers: &HeaderMap) -> bool {
    matches!(only(headers, &header::UPGRADE), Field::One(value) if value.as_bytes().eq_ignore_ascii_case(b"websocket"))
}
