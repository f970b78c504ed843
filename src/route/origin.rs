//! Origins of web pages (RFC 6454), as browsers name them in the field `Origin`.
//!
//! Given its text, it hands on scheme, host and port, the host canonical like that of a request. Refused is all that
//! names no one origin: `null`, several, one with a path, another scheme than http and https.

use super::Target;
use super::authority::Authority;

/// Scheme, host and port of a web page.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Origin {
    scheme: &'static str,
    host: String,
    port: u16,
}

impl Origin {
    /// An origin as it stands in the field: `https://app.example.com`, with a port unless it is the scheme's own.
    pub fn parse(text: &[u8]) -> Option<Self> {
        let https = text.strip_prefix(b"https://").map(|authority| ("https", 443, authority));
        let http = || text.strip_prefix(b"http://").map(|authority| ("http", 80, authority));
        let (scheme, default_port, authority) = https.or_else(http)?;
        let authority = Authority::parse(authority).ok()?;
        Some(Self { scheme, port: authority.port().unwrap_or(default_port), host: authority.host })
    }

    /// Whether a request for `target` is one to this origin. `scheme` is the one that the client used, where it is
    /// known; where it is not, a host without a port stands for the own port of either scheme.
    pub fn is_of(&self, target: &Target, scheme: Option<&str>) -> bool {
        let default_port = if self.scheme == "https" { 443 } else { 80 };
        scheme.is_none_or(|scheme| scheme == self.scheme)
            && target.host().is_some_and(|host| host == self.host)
            && target.port().unwrap_or(default_port) == self.port
    }
}

#[cfg(test)]
mod tests {
    use http::Request;
    use http::header::HOST;

    use super::*;

    #[test]
    fn an_origin_is_scheme_host_and_port() {
        let origin = |text: &str| Origin::parse(text.as_bytes());
        assert_eq!(origin("https://a.example"), origin("https://A.example.:443"));
        assert_eq!(origin("http://[::1]:80"), origin("http://[0:0::1]"));
        assert_ne!(origin("http://a.example"), origin("https://a.example"));
        assert_ne!(origin("https://a.example"), origin("https://a.example:8443"));
        for text in [
            "",
            "null",
            "*",
            "a.example",
            "https://",
            "https://a/",
            "https://a/b",
            "https://a https://b",
            "https://a, https://b",
            "https://u@a",
            "https://*.a",
            "HTTPS://a",
            "ftp://a",
            "file://",
            "https://a?b",
            "https://a:0",
            "https://caf\u{e9}",
        ] {
            assert_eq!(origin(text), None, "{text}");
        }
    }

    #[test]
    fn a_request_is_of_one_origin() {
        for (origin, host, scheme, expected) in [
            ("https://a", "a", Some("https"), true),
            ("https://a", "A.:443", Some("https"), true),
            ("https://a:443", "a", None, true),
            ("http://a", "a", None, true),
            ("http://a", "a:80", Some("http"), true),
            ("https://a:8443", "a:8443", None, true),
            ("http://a", "a", Some("https"), false),
            ("https://a", "a", Some("http"), false),
            ("http://a", "a:443", None, false),
            ("https://a:8443", "a", None, false),
            ("https://a", "a:8443", None, false),
            ("https://b", "a", None, false),
            ("https://x.a", "a", None, false),
        ] {
            let request = Request::get("/").header(HOST, host).body(()).unwrap();
            let target = Target::parse(&request.into_parts().0).unwrap();
            let origin = Origin::parse(origin.as_bytes()).unwrap();
            assert_eq!(origin.is_of(&target, scheme), expected, "{origin:?} {host} {scheme:?}");
        }
    }
}
