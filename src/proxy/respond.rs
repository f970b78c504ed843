//! A rejection as an answer: `application/problem+json` (RFC 9457) with a challenge where one is due.
//!
//! The body says nothing about keys, claims, upstreams or versions: the request id leads the operator to the log line
//! that does.

use http::header::{ALLOW, CACHE_CONTROL, CONTENT_TYPE, RETRY_AFTER, WWW_AUTHENTICATE};
use http::{HeaderName, HeaderValue, Response};

use super::rejection::Rejection;
use crate::body::Body;

/// The answer to a rejected request.
pub(super) fn respond(rejection: &Rejection, request_id: &HeaderValue) -> Response<Body> {
    let status = rejection.status();
    // With `about:blank` the title is the status' own phrase (RFC 9457 §4.2.1).
    let problem = serde_json::json!({
        "type": "about:blank",
        "title": status.canonical_reason().unwrap_or_default(),
        "status": status.as_u16(),
        "request_id": request_id.to_str().unwrap_or_default(),
    });
    let mut response = Response::new(Body::full(problem.to_string()));
    *response.status_mut() = status;
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/problem+json"));
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    let mut set = |name: HeaderName, text: String| {
        if let Ok(value) = HeaderValue::from_str(&text) {
            headers.insert(name, value);
        }
    };
    if let Some(challenge) = rejection.challenge() {
        set(WWW_AUTHENTICATE, challenge);
    }
    if let Some(delay) = rejection.retry_after() {
        set(RETRY_AFTER, delay.as_secs().max(1).to_string());
    }
    if let Rejection::MethodNotAllowed { allow } = rejection {
        set(ALLOW, allow.clone());
    }
    response
}
