//! Where keys and discovery documents may be fetched from.
//!
//! Given the text of a URL, from the configuration or from a discovery document, it hands on a place that may be
//! asked: https, or http on loopback or where the operator allows it. It refuses credentials in the URL, and for what
//! a document names also the way down from https and the link-local addresses where cloud metadata lives. That is
//! decided here, once, before anything is dialled (CVE-2026-41413 and its follow-ups).

use std::fmt;
use std::net::IpAddr;

use super::fetch::Url;

/// A place that keys or a discovery document may be fetched from: https, or http where that is allowed.
#[derive(Clone, PartialEq, Eq)]
pub(super) struct Location(Url);

impl Location {
    /// The URL, if it may be fetched from.
    pub(super) fn parse(text: &str, allow_http: bool) -> Result<Self, LocationError> {
        let url = Url::parse(text).map_err(|_| LocationError::Malformed)?;
        if !url.username().is_empty() || url.password().is_some() {
            return Err(LocationError::Credentials);
        }
        let location = Self(url);
        match location.0.scheme() {
            "file" => Err(LocationError::File),
            _ if location.0.host_str().is_none_or(str::is_empty) => Err(LocationError::Malformed),
            "https" => Ok(location),
            "http" if allow_http || location.is_loopback() => Ok(location),
            "http" => Err(LocationError::Plaintext),
            _ => Err(LocationError::Scheme),
        }
    }

    /// The URL that a document fetched from here names, if it may be followed: never from https down to http, and
    /// never to the link-local addresses where cloud metadata lives, so that no answer turns us against our host.
    pub(super) fn named(&self, text: &str, allow_http: bool) -> Result<Self, LocationError> {
        let named = Self::parse(text, allow_http)?;
        if self.0.scheme() == "https" && named.0.scheme() != "https" && !allow_http {
            return Err(LocationError::Plaintext);
        }
        match named.address() {
            Some(address) if is_link_local(address) => Err(LocationError::LinkLocal),
            Some(_) | None => Ok(named),
        }
    }

    /// The URL.
    pub(super) fn url(&self) -> &Url {
        &self.0
    }

    /// Whether scheme, host and port are the same (RFC 6454 §5).
    pub(super) fn is_of_the_origin_of(&self, other: &Self) -> bool {
        self.0.origin() == other.0.origin()
    }

    /// 127.0.0.0/8, `::1` or `localhost`.
    pub(super) fn is_loopback(&self) -> bool {
        self.0.host_str() == Some("localhost") || self.address().is_some_and(|address| address.is_loopback())
    }

    /// The host, where it is an IP address.
    fn address(&self) -> Option<IpAddr> {
        let host = self.0.host_str()?;
        let bare = host.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')).unwrap_or(host);
        bare.parse::<IpAddr>().ok().map(|address| address.to_canonical())
    }
}

/// For the log: without the query, which may hold an API key.
impl fmt::Display for Location {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (scheme, host, path) = (self.0.scheme(), self.0.host_str().unwrap_or_default(), self.0.path());
        match self.0.port() {
            Some(port) => write!(formatter, "{scheme}://{host}:{port}{path}"),
            None => write!(formatter, "{scheme}://{host}{path}"),
        }
    }
}

impl fmt::Debug for Location {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "Location({self})")
    }
}

fn is_link_local(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(v4) => v4.is_link_local() || v4.is_unspecified(),
        IpAddr::V6(v6) => v6.is_unicast_link_local() || v6.is_unspecified(),
    }
}

/// Why a URL may not be fetched from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum LocationError {
    /// Not an absolute URL with a host.
    #[error("it is not an absolute URL; give one like https://id.example.com/certs")]
    Malformed,
    /// A file.
    #[error("a file is not fetched; give its path as jwks_file, or an https URL")]
    File,
    /// A query or a fragment, in an issuer that is to be asked for its discovery document.
    #[error("it has a query or a fragment, which an issuer has not (RFC 8414 §2); give the issuer without")]
    Query,
    /// Neither `https` nor `http`.
    #[error("its scheme is neither https nor http; give an https URL")]
    Scheme,
    /// `http`, and neither loopback nor allowed.
    #[error(
        "keys over plain HTTP can be replaced by anyone on the way; give an https URL, or set allow_http: true"
    )]
    Plaintext,
    /// A user name or password in the URL.
    #[error("it holds a user name or password; use bearer_token_file for a key set that wants a credential")]
    Credentials,
    /// A link-local or unspecified address, named by a discovery document.
    #[error("it is a link-local address, where no issuer lives")]
    LinkLocal,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plain_http_is_for_loopback() {
        for text in [
            "https://id.example.com/certs",
            "https://id.example.com:8443/certs?tenant=a",
            "http://127.0.0.1:8080/certs",
            "http://127.9.9.9/certs",
            "http://[::1]:8080/certs",
            "http://localhost:8080/certs",
            "HTTP://LOCALHOST/certs",
        ] {
            assert!(Location::parse(text, false).is_ok(), "{text}");
        }
        for text in [
            "http://id.example.com/certs",
            "http://localhost.example.com/",
            "http://127.0.0.1.example.com/",
            "http://128.0.0.1/",
            "http://10.0.0.1/",
        ] {
            assert_eq!(Location::parse(text, false), Err(LocationError::Plaintext), "{text}");
            assert!(Location::parse(text, true).is_ok(), "{text}");
        }
    }

    #[test]
    fn other_things_are_no_places() {
        for (text, why) in [
            ("", LocationError::Malformed),
            ("id.example.com/certs", LocationError::Malformed),
            ("/certs", LocationError::Malformed),
            ("https://", LocationError::Malformed),
            ("file:///etc/passwd", LocationError::File),
            ("file:keys/jwks.json", LocationError::File),
            ("FILE://host/keys", LocationError::File),
            ("ftp://id.example.com/certs", LocationError::Scheme),
            ("https://user@id.example.com/certs", LocationError::Credentials),
            ("http://127.0.0.1:80@id.example.com/certs", LocationError::Credentials),
        ] {
            assert_eq!(Location::parse(text, true), Err(why), "{text}");
        }
    }

    #[test]
    fn the_log_sees_no_query() {
        let location = Location::parse("https://id.example.com:8443/certs?key=hunter2#x", false).unwrap();
        assert_eq!(location.to_string(), "https://id.example.com:8443/certs");
        assert_eq!(format!("{location:?}"), "Location(https://id.example.com:8443/certs)");
    }

    proptest::proptest! {
        #[test]
        fn no_text_becomes_a_place_that_breaks_the_rules(text in "(https?|HTTP|ftp)?:?/{0,3}[a-z0-9.:@\\[\\]%#?\\\\-]{0,30}/?\\PC{0,10}") {
            if let Ok(location) = Location::parse(&text, false) {
                let local = location.is_loopback();
                proptest::prop_assert!(location.url().scheme() == "https" || location.url().scheme() == "http" && local);
                proptest::prop_assert!(location.url().username().is_empty() && location.url().password().is_none());
                proptest::prop_assert!(location.url().has_host());
            }
        }
    }
}
