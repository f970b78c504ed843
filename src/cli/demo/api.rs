//! The sample API: answers with what it received.

use std::collections::BTreeMap;
use std::sync::Arc;

use http::header::CONTENT_TYPE;
use http::{HeaderValue, Request, Response};
use hyper::body::Incoming;

use crate::body::Body;
use crate::listener::{Peer, Refusal, Service};

/// An API that trusts the gateway in front of it.
#[derive(Debug, Clone, Copy)]
pub(super) struct SampleApi;

impl Service for SampleApi {
    type Body = Body;

    async fn handle(&self, request: Request<Incoming>, _: Arc<Peer>) -> Response<Body> {
        let mut headers: BTreeMap<&str, Vec<String>> = BTreeMap::new();
        for (name, value) in request.headers() {
            let value = String::from_utf8_lossy(value.as_bytes()).into_owned();
            headers.entry(name.as_str()).or_default().push(value);
        }
        let received = serde_json::json!({
            "method": request.method().as_str(),
            "target": request.uri().to_string(),
            "headers": headers,
        });
        json(&received)
    }

    fn refused(&self, peer: &Peer, refusal: Refusal) {
        tracing::debug!(peer = %peer.address(), ?refusal, "The sample API refused a message");
    }
}

pub(super) fn json(value: &serde_json::Value) -> Response<Body> {
    let mut response = Response::new(Body::full(format!("{value:#}\n")));
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    response
}
