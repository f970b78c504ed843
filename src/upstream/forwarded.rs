//! Who the client is, told to the upstream in headers.
//!
//! Given the peer and the headers it sent, it writes `X-Forwarded-For`, `-Proto`, `-Host` and, where a trusted proxy
//! uses it, `Forwarded` (RFC 7239). What an untrusted peer says about itself is never passed on; what a trusted proxy
//! says is extended by the hop we know of.

use std::net::IpAddr;

use http::header::FORWARDED;
use http::{HeaderMap, HeaderName, HeaderValue};

use crate::listener::Peer;

const X_FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");
const X_FORWARDED_PROTO: HeaderName = HeaderName::from_static("x-forwarded-proto");
const X_FORWARDED_HOST: HeaderName = HeaderName::from_static("x-forwarded-host");

/// Whether the field is one by which proxies tell about the client. Other spellings of it are nobody's.
pub(super) fn is_forwarding(field: &HeaderName) -> bool {
    let name = field.as_str();
    name.starts_with("x-forwarded") || matches!(name, "forwarded" | "x-real-ip")
}

/// Sets the forwarding fields. `out` holds those of a trusted proxy and none of anybody else's.
pub(super) fn set(out: &mut HeaderMap, peer: &Peer, host: Option<&HeaderValue>) {
    let scheme = HeaderValue::from_static(peer.scheme());
    if !peer.is_trusted_proxy() {
        out.insert(X_FORWARDED_FOR, peer.forwarded_for().clone());
        out.insert(X_FORWARDED_PROTO, scheme);
        if let Some(host) = host {
            out.insert(X_FORWARDED_HOST, host.clone());
        }
        return;
    }
    let chain = joined(out, &X_FORWARDED_FOR, peer.forwarded_for().as_bytes());
    out.insert(X_FORWARDED_FOR, chain.unwrap_or_else(|| peer.forwarded_for().clone()));
    if out.contains_key(FORWARDED)
        && let Some(chain) = joined(out, &FORWARDED, element(peer, host).as_bytes())
    {
        out.insert(FORWARDED, chain);
    }
    out.entry(X_FORWARDED_PROTO).or_insert(scheme);
    if let Some(host) = host {
        out.entry(X_FORWARDED_HOST).or_insert_with(|| host.clone());
    }
}

/// All values of the field and one more, as one list; `None` where there are none.
fn joined(headers: &HeaderMap, field: &HeaderName, last: &[u8]) -> Option<HeaderValue> {
    let mut chain = Vec::new();
    for value in headers.get_all(field) {
        chain.extend_from_slice(value.as_bytes());
        chain.extend_from_slice(b", ");
    }
    if chain.is_empty() {
        return None;
    }
    chain.extend_from_slice(last);
    HeaderValue::from_bytes(&chain).ok()
}

/// Our element of `Forwarded` (RFC 7239 §4): an IPv6 address and a port need quotes.
fn element(peer: &Peer, host: Option<&HeaderValue>) -> String {
    let proto = peer.scheme();
    let mut element = match peer.address().ip() {
        IpAddr::V4(address) => format!("for={address};proto={proto}"),
        IpAddr::V6(address) => format!("for=\"[{address}]\";proto={proto}"),
    };
    // A host that a quoted string cannot hold is left out; `Host` itself says it anyway.
    if let Some(host) = host.and_then(|host| host.to_str().ok())
        && !host.contains(['"', '\\'])
    {
        element.push_str(";host=\"");
        element.push_str(host);
        element.push('"');
    }
    element
}
