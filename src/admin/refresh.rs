//! `POST /issuers/NAME/refresh`: an operator who has withdrawn a key wants it dead now.
//!
//! Given the name of an issuer in the path, it has the issuer asked and says how that ended. It changes nothing that
//! the passing of time would not: the keys are the issuer's word, before and after. It refuses requests that a web page
//! makes, so that no page that an operator looks at can have issuers asked through a port on loopback.

use std::pin::Pin;

use http::header::{ALLOW, ORIGIN};
use http::{HeaderValue, Method, Request, Response, StatusCode};

use super::text;
use crate::body::Body;

/// The issuers whose keys can be asked for.
pub trait Issuers: std::fmt::Debug + Send + Sync + 'static {
    /// Asks the issuer of this name now and waits for the outcome; one question at a time is under way for each
    /// issuer, and whoever comes before it has begun shares it.
    fn refresh<'a>(&'a self, name: &'a str) -> Pin<Box<dyn Future<Output = Refreshed> + Send + 'a>>;
}

/// How an operator's refresh ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Refreshed {
    /// The issuer has confirmed its keys or given new ones; with a line on what there is now.
    Done(String),
    /// The issuer gave no good keys; the last good ones stand. With the reason.
    Failed(String),
    /// There is no issuer of this name.
    Unknown,
}

/// The name of the issuer, if the path is that of a refresh.
pub(super) fn issuer_of(path: &str) -> Option<String> {
    let name = path.strip_prefix("/issuers/")?.strip_suffix("/refresh")?;
    if name.is_empty() || name.contains('/') { None } else { decoded(name) }
}

pub(super) async fn refresh<B>(issuers: &dyn Issuers, name: &str, request: &Request<B>) -> Response<Body> {
    if request.method() != Method::POST {
        let mut response = text(StatusCode::METHOD_NOT_ALLOWED, "only POST\n");
        response.headers_mut().insert(ALLOW, HeaderValue::from_static("POST"));
        return response;
    }
    // A browser sends it with every POST of a page (Fetch §3.2), an operator's tool never.
    if request.headers().contains_key(ORIGIN) {
        return text(StatusCode::FORBIDDEN, "not for web pages\n");
    }
    match issuers.refresh(name).await {
        Refreshed::Done(keys) => text(StatusCode::OK, format!("refreshed: {keys}\n")),
        Refreshed::Failed(reason) => text(StatusCode::BAD_GATEWAY, format!("not refreshed: {reason}\n")),
        Refreshed::Unknown => text(StatusCode::NOT_FOUND, "no issuer of this name\n"),
    }
}

/// A path segment without its percent-encoding (RFC 3986 §2.1): the name of an issuer may hold anything.
fn decoded(segment: &str) -> Option<String> {
    let mut bytes = segment.bytes();
    let mut decoded = Vec::with_capacity(segment.len());
    while let Some(byte) = bytes.next() {
        decoded.push(if byte == b'%' { 16 * digit(bytes.next()?)? + digit(bytes.next()?)? } else { byte });
    }
    String::from_utf8(decoded).ok()
}

fn digit(byte: u8) -> Option<u8> {
    char::from(byte).to_digit(16).and_then(|digit| u8::try_from(digit).ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_name_is_one_segment_decoded_once() {
        for (path, name) in [
            ("/issuers/corporate/refresh", Some("corporate")),
            ("/issuers/a%20b%2Fc/refresh", Some("a b/c")),
            ("/issuers/a%2525/refresh", Some("a%25")),
            ("/issuers//refresh", None),
            ("/issuers/a/b/refresh", None),
            ("/issuers/a%2/refresh", None),
            ("/issuers/a%zz/refresh", None),
            ("/issuers/%ff/refresh", None),
            ("/issuers/a", None),
            ("/issuers/refresh", None),
        ] {
            assert_eq!(issuer_of(path).as_deref(), name, "{path}");
        }
    }
}
