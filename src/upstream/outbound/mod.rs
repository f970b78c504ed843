//! The head of the request that is sent upstream.
//!
//! Given what the client sent and what the stages before have proved, it hands on a header map of its own making. The
//! order is the security property: whatever the client may influence comes first, what the gateway says comes after
//! and replaces it, identity last. Nothing is removed after it was set, so no `Connection: x-user` can remove it
//! (CVE-2024-45410); nothing is edited in place, so no spelling of a header can survive by being overlooked.

use http::header::{self, HeaderName};
use http::request::Parts;
use http::{HeaderMap, HeaderValue, Method, Request, Uri, Version};
use http_body::Body;

use super::error::Error;
use super::guard::{Guard, Reserved, Watched, keeps_authorization, keeps_header};
use super::hop_by_hop::{ConnectionOptions, is_hop_by_hop};
use super::identified::Identified;
use super::identity::Identity;
use super::request::{Malformed, RequestBody};
use super::{Endpoint, forwarded, upgrade};
use crate::authn::Credentials;
use crate::field::has;
use crate::listener::Peer;
use crate::route::Target;

/// Everything the head of an outgoing request is made of. Borrowed, so that it can be made a second time.
pub(super) struct Outbound<'a> {
    pub(super) inbound: &'a Parts,
    pub(super) target: &'a Target,
    pub(super) peer: &'a Peer,
    pub(super) request_id: &'a HeaderValue,
    pub(super) traceparent: &'a HeaderValue,
    pub(super) caller: &'a Identified,
    pub(super) identity: &'a Identity,
    pub(super) guard: &'a Guard,
    pub(super) watched: &'a Watched,
    /// Where the route looks for a token.
    pub(super) credentials: &'a Credentials,
    /// Whose name stands in `Host` when the client gave none, as HTTP/1.0 may.
    pub(super) endpoint: Option<&'a Endpoint>,
    /// Whether a switch to WebSocket is asked for.
    pub(super) upgrade: bool,
}

impl Outbound<'_> {
    /// The request with this body; in a box, because it goes through many hands before it is sent.
    pub(super) fn request(&self, body: RequestBody) -> Result<Box<Request<RequestBody>>, Error> {
        let headers = self.headers(&body)?;
        let mut request = Box::new(Request::new(body));
        *request.method_mut() = self.inbound.method.clone();
        let target = self.target.path_and_query();
        let without = self.guard.concealed().query(target, self.kept());
        *request.uri_mut() = Uri::from(without.unwrap_or_else(|| target.clone()));
        *request.version_mut() = Version::HTTP_11;
        *request.headers_mut() = headers;
        Ok(request)
    }

    fn headers(&self, body: &RequestBody) -> Result<HeaderMap, Error> {
        let inbound = &self.inbound.headers;
        let mut out = HeaderMap::with_capacity(inbound.len() + ROOM_FOR_OURS);
        // 1. What may pass of the client's, before anything of ours is there to be overwritten or removed.
        self.copy(&mut out)?;
        // 2. One Host: the one that was matched (RFC 9112 §3.2.2).
        let host = self.host();
        if let Some(host) = host.as_ref().or(self.endpoint.map(Endpoint::authority)) {
            out.insert(header::HOST, host.clone());
        }
        // 3. One framing, of the body as it is and not as it was announced.
        self.frame(body, &mut out);
        // 4. Who asks, by whose account.
        forwarded::set(&mut out, self.peer, host.as_ref());
        // 5. Which request this is.
        out.insert(X_REQUEST_ID, self.request_id.clone());
        out.insert(TRACEPARENT, self.traceparent.clone());
        // 6. Last, what the permit proves: nothing may come after it that could replace it.
        for (name, value) in self.caller.headers() {
            out.insert(name.clone(), value.clone());
        }
        Ok(out)
    }

    fn copy(&self, out: &mut HeaderMap) -> Result<(), Error> {
        let inbound = &self.inbound.headers;
        let options = ConnectionOptions::parse(inbound).ok_or(Malformed::ConnectionOptions)?;
        let kept = self.kept();
        // Noticed on the way: each look-up by name costs more than all of these.
        let (mut cookies, mut trailers, mut tracestate) = (false, false, false);
        for (name, value) in inbound {
            trailers |= *name == header::TE && accepts_trailers(value);
            let passes = if forwarded::is_forwarding(name) {
                // Not subject to `Connection`: a trusted proxy must not be made to lose the client's address.
                self.peer.is_trusted_proxy()
                    && !is_disguised(name)
                    && !self.guard.removes(name)
                    && !self.identity.removes(name)
            } else if name == header::AUTHORIZATION {
                keeps_authorization(kept)
            } else {
                !is_ours(name)
                    && !is_hop_by_hop(name)
                    && !options.name(name)
                    && !is_disguised(name)
                    && (!self.guard.removes(name) || keeps_header(kept, name))
                    && !self.identity.removes(name)
                    && !self.watched.removes(name)
            };
            if passes {
                cookies |= *name == header::COOKIE;
                tracestate |= *name == TRACESTATE;
                out.append(name.clone(), value.clone());
            }
        }
        if cookies {
            join_cookies(out);
            self.conceal_cookies(out);
        }
        if trailers {
            out.insert(header::TE, HeaderValue::from_static("trailers"));
            // RFC 9110 §10.1.4: whoever sends TE says that it ends at the next hop.
            out.insert(header::CONNECTION, HeaderValue::from_static("te"));
        }
        if tracestate && !self.continues_trace() {
            out.remove(TRACESTATE);
        }
        Ok(())
    }

    /// The places that stay on the request: those in which this route found the token that was verified. A credential
    /// that nobody verified is never passed on, so not on public routes either.
    fn kept(&self) -> Option<&Credentials> {
        (self.identity.forwards_token() && self.caller.permit().principal().is_some())
            .then_some(self.credentials)
    }

    fn conceal_cookies(&self, out: &mut HeaderMap) {
        let Some(field) = out.get(header::COOKIE) else { return };
        let Some(rest) = self.guard.concealed().cookies(field.as_bytes(), self.kept()) else { return };
        match HeaderValue::from_bytes(&rest) {
            Ok(rest) if !rest.is_empty() => drop(out.insert(header::COOKIE, rest)),
            Ok(_) | Err(_) => drop(out.remove(header::COOKIE)),
        }
    }

    fn host(&self) -> Option<HeaderValue> {
        // HTTP/2 and the absolute form have it in the target; `Target::parse` has compared the two.
        match (self.inbound.headers.get(header::HOST), self.inbound.uri.authority()) {
            (Some(host), _) => Some(host.clone()),
            (None, Some(authority)) => HeaderValue::from_str(authority.as_str()).ok(),
            (None, None) => None,
        }
    }

    fn frame(&self, body: &RequestBody, out: &mut HeaderMap) {
        if self.upgrade {
            upgrade::set(out);
        }
        match body {
            RequestBody::Empty => {
                let method = &self.inbound.method;
                let expects_body =
                    *method == Method::POST || *method == Method::PUT || *method == Method::PATCH;
                // RFC 9110 §8.6; some servers answer 411 without it.
                if expects_body || has(&self.inbound.headers, &header::CONTENT_LENGTH) {
                    out.insert(header::CONTENT_LENGTH, HeaderValue::from_static("0"));
                }
            }
            RequestBody::Streamed { .. } => match body.size_hint().exact() {
                Some(length) => {
                    out.insert(header::CONTENT_LENGTH, HeaderValue::from(length));
                }
                // Said aloud, because hyper would take a GET of unknown length for one without a body.
                None => {
                    out.insert(header::TRANSFER_ENCODING, HeaderValue::from_static("chunked"));
                }
            },
        }
    }

    /// Whether the upstream's trace is the client's, so that the client's `tracestate` belongs to it (W3C Trace
    /// Context §3.4).
    fn continues_trace(&self) -> bool {
        let trace_id = |value: &HeaderValue| value.as_bytes().get(3..35).map(<[u8]>::to_owned);
        self.inbound.headers.get(TRACEPARENT).and_then(trace_id) == trace_id(self.traceparent)
    }
}

/// Whether a trailer field may be passed on at all: nothing that frames, routes or authenticates a message may
/// stand in a trailer (RFC 9110 §6.5.1).
pub(super) fn is_trailer(field: &HeaderName) -> bool {
    let is_routing = matches!(field.as_str(), "authorization" | "cookie" | "set-cookie" | "te" | "trailer");
    !is_routing
        && !is_ours(field)
        && !is_hop_by_hop(field)
        && !forwarded::is_forwarding(field)
        && !is_disguised(field)
}

const X_REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");
const TRACEPARENT: HeaderName = HeaderName::from_static("traceparent");
const TRACESTATE: HeaderName = HeaderName::from_static("tracestate");
/// Host, framing, three forwarding fields, two ids and a few of identity. In a map that is nearly full, look-ups take longer.
const ROOM_FOR_OURS: usize = 16;

/// Whether the gateway sets or answers the field itself. `Expect` is answered by hyper when the body is asked for.
fn is_ours(field: &HeaderName) -> bool {
    matches!(field.as_str(), "host" | "content-length" | "expect" | "x-request-id" | "traceparent")
}

/// Whether the field stays here for how it is spelled, or because the client names it in `Connection`. What the gateway
/// sets itself is sent whatever `Connection` says; of a message with too many options nothing is.
pub(super) fn is_withheld(field: &HeaderName, options: Option<&ConnectionOptions<'_>>) -> bool {
    is_disguised(field) || (!is_ours(field) && options.is_none_or(|options| options.name(field)))
}

/// Whether the field is a credential or tells about the client, in any spelling.
pub(super) fn is_sensitive(field: &HeaderName) -> bool {
    forwarded::is_forwarding(field)
        || matches!(
            Reserved::of(field.as_str().as_bytes()),
            Some(Reserved::Credential | Reserved::Forwarding)
        )
}

/// Whether the field is one that the gateway handles, in a spelling that only the application will recognise:
/// `X_Forwarded_For` and `Content_Length` are the real ones to CGI and WSGI (CVE-2026-33433). A trusted proxy that
/// let it through has not seen it either.
fn is_disguised(field: &HeaderName) -> bool {
    let name = field.as_str().as_bytes();
    if name.iter().all(|&byte| byte == b'-' || byte.is_ascii_alphanumeric()) {
        return false;
    }
    match Reserved::of(name) {
        // `Identity::removes` has seen those that override, and may allow them; the others are what the client says of itself.
        None | Some(Reserved::Overriding | Reserved::Crossing | Reserved::Content) => false,
        Some(
            Reserved::Host
            | Reserved::Credential
            | Reserved::Framing
            | Reserved::HopByHop
            | Reserved::Forwarding
            | Reserved::Correlation,
        ) => true,
    }
}

fn accepts_trailers(te: &HeaderValue) -> bool {
    te.as_bytes().split(|&byte| byte == b',').any(|coding| {
        let name = coding.split(|&byte| byte == b';').next().unwrap_or_default();
        name.trim_ascii().eq_ignore_ascii_case(b"trailers")
    })
}

/// HTTP/2 may split cookies over several fields, HTTP/1.1 may not (RFC 9113 §8.2.3).
fn join_cookies(headers: &mut HeaderMap) {
    let mut values = headers.get_all(header::COOKIE).iter();
    let (Some(first), Some(second)) = (values.next(), values.next()) else { return };
    let mut joined = first.as_bytes().to_vec();
    for value in std::iter::once(second).chain(values) {
        joined.extend_from_slice(b"; ");
        joined.extend_from_slice(value.as_bytes());
    }
    if let Ok(joined) = HeaderValue::from_bytes(&joined) {
        headers.insert(header::COOKIE, joined);
    }
}

#[cfg(test)]
mod tests;
