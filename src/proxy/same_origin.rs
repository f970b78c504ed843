//! Whether a request that a cookie speaks for comes from a page of the same site.
//!
//! A browser sends its cookies whoever made it send the request. Given a request whose credential is a cookie, this lets
//! pass what changes nothing (the safe methods), and of the rest what the browser says is of the same origin: by
//! `Origin` or, where there is none or it is `null`, by `Sec-Fetch-Site`. It refuses what says nothing, and what
//! contradicts itself: an origin that is named and is another one counts whatever `Sec-Fetch-Site` says.
//! Origins that the route's CORS rules trust with credentials are as good as its own, for the methods that the rules name.

use http::header::{ORIGIN, UPGRADE};
use http::request::Parts;
use http::{HeaderName, HeaderValue, Method};

use super::{Cors, Rejection};
use crate::field::{Field, only};
use crate::route::{Origin, Target};
use crate::upstream::Override;

/// Refuses a request that another site may have caused. `scheme` is the client's, where it is known.
pub(super) fn check(
    head: &Parts,
    target: &Target,
    scheme: Option<&str>,
    cors: Option<&Cors>,
) -> Result<(), Rejection> {
    if is_harmless(head) {
        return Ok(());
    }
    let is_ours = |origin: &HeaderValue| {
        let origin = Origin::parse(origin.as_bytes());
        origin.is_some_and(|origin| origin.is_of(target, scheme))
    };
    let is_trusted = |origin: &HeaderValue| {
        let origin = Origin::parse(origin.as_bytes());
        cors.is_some_and(|cors| origin.is_some_and(|origin| cors.trusts(&origin, &head.method)))
    };
    let is_same = |site: &HeaderValue| site == "same-origin";
    match (only(&head.headers, &ORIGIN), only(&head.headers, &SEC_FETCH_SITE)) {
        (Field::One(origin), Field::Absent) if is_ours(origin) => Ok(()),
        (Field::Absent, Field::One(site)) if is_same(site) => Ok(()),
        (Field::One(origin), Field::One(site))
            if (is_ours(origin) || names_none(origin)) && is_same(site) =>
        {
            Ok(())
        }
        (Field::One(origin), Field::Absent | Field::One(_)) if is_trusted(origin) => Ok(()),
        (Field::Absent | Field::One(_) | Field::Several, Field::Absent | Field::One(_) | Field::Several) => {
            Err(Rejection::CrossSite)
        }
    }
}

/// Whether the browser keeps the origin to itself, as it does for a page of `Referrer-Policy: no-referrer`, also where that
/// is the very same origin (Fetch standard, "append a request `Origin` header"), and for one in a sandbox.
fn names_none(origin: &HeaderValue) -> bool {
    origin == "null"
}

/// Whether the request changes nothing by its meaning (RFC 9110 §9.2.1), and whoever caused it does not see the answer.
fn is_harmless(head: &Parts) -> bool {
    let is_safe = [Method::GET, Method::HEAD, Method::OPTIONS, Method::TRACE].contains(&head.method);
    // Both ends of a WebSocket talk, and no browser keeps a page of another site from opening one.
    let upgrades = head.headers.get_all(UPGRADE).iter().any(|protocol| {
        protocol.as_bytes().windows(WEBSOCKET.len()).any(|part| part.eq_ignore_ascii_case(WEBSOCKET))
    });
    is_safe && !upgrades && !head.headers.keys().any(Override::is_of_method)
}

const WEBSOCKET: &[u8] = b"websocket";
const SEC_FETCH_SITE: HeaderName = HeaderName::from_static("sec-fetch-site");

#[cfg(test)]
mod tests {
    use http::Request;
    use http::header::HOST;

    use super::*;

    const SITE: &str = "sec-fetch-site";

    fn passes(method: &str, tls: bool, fields: &[(&str, &str)]) -> bool {
        let mut request = Request::builder().method(method).uri("/").header(HOST, "api.example.com");
        for (name, value) in fields {
            request = request.header(*name, *value);
        }
        let head = request.body(()).unwrap().into_parts().0;
        check(&head, &Target::parse(&head).unwrap(), tls.then_some("https"), None).is_ok()
    }

    #[test]
    fn unsafe_requests_come_from_the_same_origin() {
        const OURS: &str = "https://api.example.com";
        for (fields, expected) in [
            (&[][..], false),
            (&[("origin", OURS)], true),
            (&[("origin", "https://API.example.com:443")], true),
            (&[(SITE, "same-origin")], true),
            (&[("origin", OURS), (SITE, "same-origin")], true),
            (&[("origin", "null")], false),
            (&[("origin", "null"), (SITE, "same-origin")], true),
            (&[("origin", "null"), (SITE, "same-site")], false),
            (&[("origin", "null"), (SITE, "cross-site")], false),
            (&[("origin", "null"), (SITE, "none")], false),
            (&[("origin", "null"), ("origin", "null"), (SITE, "same-origin")], false),
            (&[("origin", "NULL"), (SITE, "same-origin")], false),
            (&[("origin", "null, https://evil.example"), (SITE, "same-origin")], false),
            (&[("origin", "https://evil.example")], false),
            (&[("origin", "https://evil.example"), (SITE, "same-origin")], false),
            (&[("origin", "https://app.example.com"), (SITE, "same-site")], false),
            (&[("origin", OURS), (SITE, "cross-site")], false),
            (&[("origin", OURS), (SITE, "same-site")], false),
            (&[("origin", OURS), (SITE, "none")], false),
            (&[("origin", OURS), ("origin", OURS)], false),
            (&[("origin", OURS), ("origin", "https://evil.example")], false),
            (&[("origin", "https://api.example.com https://evil.example")], false),
            (&[("origin", "https://api.example.com.evil.example")], false),
            (&[("origin", "https://api.example.com:8443")], false),
            (&[("origin", "api.example.com")], false),
            (&[("origin", "")], false),
            (&[(SITE, "none")], false),
            (&[(SITE, "same-site")], false),
            (&[(SITE, "cross-site")], false),
            (&[(SITE, "Same-Origin")], false),
            (&[(SITE, "same-origin"), (SITE, "same-origin")], false),
            (&[(SITE, "same-origin, cross-site")], false),
            (&[("referer", "https://api.example.com/page")], false),
            (&[("host", "evil.example")], false),
        ] {
            let fields: Vec<_> = fields.iter().filter(|(name, _)| *name != "host").copied().collect();
            for method in ["POST", "PUT", "PATCH", "DELETE", "PURGE", "get"] {
                assert_eq!(passes(method, true, &fields), expected, "{method} {fields:?}");
            }
            for method in ["GET", "HEAD", "OPTIONS", "TRACE"] {
                assert!(passes(method, true, &fields), "{method} {fields:?}");
                let upgrade = [&fields[..], &[("upgrade", "WebSocket")]].concat();
                assert_eq!(passes(method, true, &upgrade), expected, "{method} {upgrade:?}");
                let method_override = [&fields[..], &[("X_HTTP_Method.Override", "DELETE")]].concat();
                assert_eq!(passes(method, true, &method_override), expected, "{method} {method_override:?}");
            }
        }
        assert!(passes("GET", true, &[("upgrade", "h2c")]));
    }

    #[test]
    fn a_page_of_plain_http_is_another_origin_than_one_of_tls() {
        let plain = [("origin", "http://api.example.com")];
        assert!(!passes("POST", true, &plain));
        assert!(passes("POST", false, &plain));
        // Something in front may have taken off the TLS.
        assert!(passes("POST", false, &[("origin", "https://api.example.com")]));
    }
}
