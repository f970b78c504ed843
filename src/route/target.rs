//! The request target in its one canonical form.
//!
//! Given is the head of a request as hyper parsed it: a fragment is already gone, the rest may hold anything.
//! Handed on is method, host and path for matching, and the same path with its query for sending. Refused, as
//! [`Ambiguous`], is a target that a server behind the gateway could take for another one, and a request that
//! does not say once and for all which host it is for (RFC 9112 §3.2, RFC 9113 §8.3.1).
//!
//! What is matched is what is sent: nothing but [`Target::path_and_query`] may go upstream.

use std::borrow::Cow;
use std::fmt;

use http::header::HOST;
use http::request::Parts;
use http::uri::{PathAndQuery, Scheme};
use http::{Method, Version};

use super::authority::Authority;
use super::canonical;
use super::data::PathData;

/// What a request asks for. The path that is matched is the path that is sent.
#[derive(Clone)]
pub struct Target {
    method: Method,
    host: Option<String>,
    port: Option<u16>,
    /// The canonical path, and the query as it came. Shares the request's buffer where the path came canonical.
    path_and_query: PathAndQuery,
    data: PathData,
}

impl Target {
    /// The target of a request, or why it could be taken for another.
    pub fn parse(request: &Parts) -> Result<Self, Ambiguous> {
        if request.method == Method::CONNECT {
            return Err(Ambiguous("request for a tunnel"));
        }
        let authority = host(request)?;
        let port = authority.as_ref().and_then(Authority::port);
        let host = authority.map(|authority| authority.host);
        let (path_and_query, data) = path_and_query(request)?;
        Ok(Self { method: request.method.clone(), host, port, path_and_query, data })
    }

    /// The method of the request.
    pub fn method(&self) -> &Method {
        &self.method
    }

    /// The host in lower case, without port and final dot; absent only in HTTP/1.0.
    pub fn host(&self) -> Option<&str> {
        self.host.as_deref()
    }

    /// The port beside the host, where it is written there. It takes no part in matching.
    pub fn port(&self) -> Option<u16> {
        self.port
    }

    /// The canonical path: it starts with `/`, or is the `*` of an OPTIONS request.
    pub fn path(&self) -> &str {
        self.path_and_query.path()
    }

    /// What the path holds that only some routes allow. Until a route has been found that does, the target is ambiguous.
    pub fn data(&self) -> PathData {
        self.data
    }

    /// The query as it came, without the question mark.
    pub fn query(&self) -> Option<&str> {
        self.path_and_query.query()
    }

    /// What is sent upstream: the canonical path and the query as it came.
    pub fn path_and_query(&self) -> &PathAndQuery {
        &self.path_and_query
    }
}

/// Leaves the query out: it may hold credentials (RFC 6750 §2.3).
impl fmt::Debug for Target {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut target = formatter.debug_struct("Target");
        target.field("method", &self.method).field("host", &self.host).field("path", &self.path());
        target.finish_non_exhaustive()
    }
}

/// A request target that can be read in more than one way; says which part of it, in words of ours only.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("ambiguous request target: {0}")]
pub struct Ambiguous(pub(super) &'static str);

impl Ambiguous {
    /// What is ambiguous, for the log.
    pub fn why(self) -> &'static str {
        self.0
    }
}

fn host(request: &Parts) -> Result<Option<Authority>, Ambiguous> {
    let mut headers = request.headers.get_all(HOST).iter();
    let named = headers.next().map(|host| Authority::parse(host.as_bytes())).transpose()?;
    if headers.next().is_some() {
        return Err(Ambiguous("several Host headers"));
    }
    // RFC 9112 §3.2: HTTP/1.1 has a Host header, whatever the form of its target; only HTTP/1.0 goes without.
    let may_be_absent = request.version < Version::HTTP_11;
    let Some(authority) = request.uri.authority() else {
        return match named {
            None if !may_be_absent => Err(Ambiguous("no Host header")),
            None => Ok(None),
            Some(named) => Ok(Some(named)),
        };
    };
    let default_port = default_port(request.uri.scheme())?;
    let authority = Authority::parse(authority.as_str().as_bytes())?;
    match named {
        None if request.version == Version::HTTP_11 => Err(Ambiguous("no Host header")),
        Some(named) if !named.is_same(&authority, default_port) => {
            Err(Ambiguous("authority is not the Host"))
        }
        None | Some(_) => Ok(Some(authority)),
    }
}

fn default_port(scheme: Option<&Scheme>) -> Result<u16, Ambiguous> {
    match scheme {
        Some(scheme) if *scheme == Scheme::HTTP => Ok(80),
        Some(scheme) if *scheme == Scheme::HTTPS => Ok(443),
        Some(_) => Err(Ambiguous("scheme is neither http nor https")),
        // The authority-form is for CONNECT alone (RFC 9112 §3.2.3).
        None => Err(Ambiguous("authority without a scheme")),
    }
}

fn path_and_query(request: &Parts) -> Result<(PathAndQuery, PathData), Ambiguous> {
    let given = request.uri.path_and_query().ok_or(Ambiguous("no path"))?;
    if given.as_str() == "*" {
        return match request.method {
            Method::OPTIONS => Ok((given.clone(), PathData::default())),
            _ => Err(Ambiguous("asterisk without OPTIONS")),
        };
    }
    let (path, data) = canonical::canonicalise(given.path())?;
    // `http://host?query` has the path `/`, but the text `?query`, which must not be sent like that.
    if matches!(path, Cow::Borrowed(_)) && given.as_str().starts_with('/') {
        return Ok((given.clone(), data));
    }
    let mut text = path.into_owned();
    if let Some(query) = given.query() {
        text.push('?');
        text.push_str(query);
    }
    let target = PathAndQuery::try_from(text);
    let target = target.map_err(|_| Ambiguous("path too long once it is percent-encoded"))?;
    Ok((target, data))
}

#[cfg(test)]
mod tests {
    use http::Request;
    use proptest::prelude::*;

    use super::*;

    /// The head of a request whose target is parsed as hyper does.
    fn head(version: Version, method: &str, target: &[u8], hosts: &[&str]) -> Option<Parts> {
        let uri = http::Uri::try_from(target).ok()?;
        let mut request = Request::builder().version(version).method(method).uri(uri);
        for host in hosts {
            request = request.header(HOST, *host);
        }
        Some(request.body(()).ok()?.into_parts().0)
    }

    fn parse(version: Version, method: &str, target: &str, hosts: &[&str]) -> Result<Target, &'static str> {
        let head = head(version, method, target.as_bytes(), hosts).expect("hyper would take this request");
        Target::parse(&head).map_err(Ambiguous::why)
    }

    fn get(target: &str) -> Result<Target, &'static str> {
        parse(Version::HTTP_11, "GET", target, &["a"])
    }

    #[test]
    fn a_canonical_target_is_sent_as_it_came() {
        let target = get("/orders/42?x=/../%2f;y#gone").unwrap();
        assert_eq!((target.path(), target.query()), ("/orders/42", Some("x=/../%2f;y")));
        assert_eq!(target.path_and_query().as_str(), "/orders/42?x=/../%2f;y");
        assert_eq!((target.method(), target.host()), (&Method::GET, Some("a")));
    }

    #[test]
    fn debug_leaves_the_query_out() {
        let shown = format!("{:?}", get("/a?access_token=secret").unwrap());
        assert!(shown.contains("/a") && !shown.contains("secret"), "{shown}");
    }

    #[test]
    fn what_is_matched_is_what_is_sent() {
        for (given, sent) in [
            ("/%61?%61", "/a?%61"),
            ("/caf\u{e9}?caf\u{e9}", "/caf%C3%A9?caf\u{e9}"),
            ("/a?", "/a?"),
            ("/%61?", "/a?"),
            ("/a??b", "/a??b"),
            ("/a/", "/a/"),
            ("/a%2fb;c?%2f;", "/a%2Fb;c?%2f;"),
            ("http://a", "/"),
            ("http://a?b", "/?b"),
            ("http://a/%7e", "/~"),
            ("http://a#b", "/"),
        ] {
            let target = get(given).unwrap();
            assert_eq!(target.path_and_query().as_str(), sent, "{given}");
            assert_eq!(Some(target.path()), sent.split('?').next(), "{given}");
        }
    }

    #[test]
    fn ambiguous_paths_are_refused_in_every_form() {
        for path in ["/a/../b", "//a", "/..;/b", "/a%2f../b", "/a%3bb", "/%252e", "/%", "/%ff", "/a\\b"] {
            assert!(get(path).is_err(), "{path}");
            assert!(get(&format!("http://a{path}")).is_err(), "{path}");
            assert!(parse(Version::HTTP_2, "GET", &format!("https://a{path}"), &[]).is_err(), "{path}");
        }
    }

    #[test]
    fn a_path_that_grows_too_long_is_refused() {
        let path = format!("/{}", "\u{e9}".repeat(20_000));
        assert_eq!(get(&path).unwrap_err(), "path too long once it is percent-encoded");
    }

    /// Version, target and Host headers of a request, and the host it is for or why it is refused.
    type Case<'a> = (Version, &'a str, &'a [&'a str], Result<Option<&'a str>, &'a str>);

    #[test]
    fn one_request_names_one_host() {
        const NONE: &str = "no Host header";
        const SEVERAL: &str = "several Host headers";
        const OTHER: &str = "authority is not the Host";
        let (v10, v11, v2) = (Version::HTTP_10, Version::HTTP_11, Version::HTTP_2);
        let cases: &[Case<'_>] = &[
            (v11, "/", &["A.Example.:80"], Ok(Some("a.example"))),
            (v11, "/", &["[::1]:8443"], Ok(Some("[::1]"))),
            (v11, "/", &[], Err(NONE)),
            (v11, "/", &["a", "a"], Err(SEVERAL)),
            (v11, "/", &["a", "b"], Err(SEVERAL)),
            (v11, "/", &["a, a"], Err("malformed host")),
            (v11, "/", &[""], Err("malformed host")),
            (v11, "/", &["u@a"], Err("malformed host")),
            (v11, "/", &["a:x"], Err("port that is none")),
            (v11, "http://a/", &["a"], Ok(Some("a"))),
            (v11, "HTTP://A:80/", &["a."], Ok(Some("a"))),
            (v11, "https://a/", &["a:443"], Ok(Some("a"))),
            (v11, "https://a/", &["a:80"], Err(OTHER)),
            (v11, "http://a/", &["b"], Err(OTHER)),
            (v11, "http://a:8080/", &["a"], Err(OTHER)),
            (v11, "http://[::1]/", &["[0:0::1]"], Ok(Some("[::1]"))),
            (v11, "http://a/", &[], Err(NONE)),
            (v11, "http://a/", &["a", "a"], Err(SEVERAL)),
            (v11, "http://u@a/", &["a"], Err("malformed host")),
            (v11, "http://a@a/", &["a"], Err("malformed host")),
            (v11, "ftp://a/", &["a"], Err("scheme is neither http nor https")),
            (v10, "/", &[], Ok(None)),
            (v10, "/", &["a"], Ok(Some("a"))),
            (v10, "/", &["a", "a"], Err(SEVERAL)),
            (v10, "http://a/", &[], Ok(Some("a"))),
            (v10, "http://a/", &["b"], Err(OTHER)),
            (v2, "https://a/", &[], Ok(Some("a"))),
            (v2, "https://a:443/", &["A"], Ok(Some("a"))),
            (v2, "https://a/", &["b"], Err(OTHER)),
            (v2, "https://a/", &["a", "a"], Err(SEVERAL)),
            (v2, "https://u@a/", &[], Err("malformed host")),
            (v2, "/", &["a"], Ok(Some("a"))),
            (v2, "/", &[], Err(NONE)),
        ];
        for (version, target, hosts, expected) in cases {
            let parsed = parse(*version, "GET", target, hosts);
            let host = parsed.as_ref().map(Target::host).map_err(|why| *why);
            assert_eq!(host, *expected, "{version:?} {target} {hosts:?}");
        }
    }

    #[test]
    fn odd_forms_are_for_their_methods_only() {
        assert_eq!(parse(Version::HTTP_11, "OPTIONS", "*", &["a"]).unwrap().path_and_query(), "*");
        assert_eq!(get("*").unwrap_err(), "asterisk without OPTIONS");
        assert!(parse(Version::HTTP_11, "CONNECT", "a:443", &["a:443"]).is_err());
        assert!(parse(Version::HTTP_2, "CONNECT", "https://a/ws", &[]).is_err());
        assert_eq!(get("a:443").unwrap_err(), "authority without a scheme");
        assert_eq!(
            parse(Version::HTTP_11, "OPTIONS", "a", &["a"]).unwrap_err(),
            "authority without a scheme"
        );
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(2048))]

        /// A request that names what was matched is matched the same: nothing changes from hop to hop.
        #[test]
        fn parsing_is_idempotent(
            bytes in prop_oneof![
                proptest::collection::vec(any::<u8>(), 0..40),
                "/[a-c%./;?#\\\\25ef\u{e9}-]{0,20}".prop_map(String::into_bytes),
                "http://[aA@:.0-9]{0,6}[/a?%2e#]{0,12}".prop_map(String::into_bytes),
            ],
            host in "a|[aA.:@0-9]{0,5}|[ -~]{0,5}",
            version in prop_oneof![Just(Version::HTTP_10), Just(Version::HTTP_11), Just(Version::HTTP_2)],
        ) {
            let Some(first) = head(version, "GET", &bytes, &[&host]) else { return Ok(()) };
            let Ok(target) = Target::parse(&first) else { return Ok(()) };
            let sent = target.path_and_query().as_str();
            prop_assert!(!target.path().contains("//"));
            prop_assert!(!target.path().split('/').any(|segment| matches!(segment, "." | "..")));
            prop_assert_eq!(target.query(), first.uri.query());
            let second = head(version, "GET", sent.as_bytes(), &[&host]).expect("what is sent is a target");
            let again = Target::parse(&second).expect("what is sent is not ambiguous");
            prop_assert_eq!(again.path_and_query().as_str(), sent);
            prop_assert_eq!(again.path(), target.path());
        }
    }
}
