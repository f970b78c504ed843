//! Cross-origin requests (the CORS protocol of the Fetch standard): which pages may send them and read their answers.
//!
//! Given a route's rules, a preflight is answered here and goes nowhere: it carries no credential, so nobody could
//! decide about it. On every other answer of the route, the gateway's own refusals too, the fields `Access-Control-…` are
//! those of the rules, whatever the upstream says of itself. What must stay true: an origin that is not listed gets none
//! of them, and a wildcard never comes with credentials.

use std::sync::Arc;
use std::time::Duration;

use http::header::{
    ACCESS_CONTROL_ALLOW_CREDENTIALS, ACCESS_CONTROL_ALLOW_HEADERS, ACCESS_CONTROL_ALLOW_METHODS,
    ACCESS_CONTROL_ALLOW_ORIGIN, ACCESS_CONTROL_EXPOSE_HEADERS, ACCESS_CONTROL_MAX_AGE, ORIGIN, VARY,
};
use http::request::Parts;
use http::{HeaderMap, HeaderName, HeaderValue, Method, Response};

use super::{Preflight, Rejection, Route, Snapshot};
use crate::body::Body;
use crate::field::{Field, only};
use crate::route::{NotFound, Origin, Target};
use crate::telemetry::Findings;

/// The rules of one route.
#[derive(Debug)]
pub struct Cors {
    pages: Pages,
    /// The methods that pages may use.
    lent: Box<[Method]>,
    methods: Option<HeaderValue>,
    headers: Option<HeaderValue>,
    exposed: HeaderValue,
    max_age: Option<HeaderValue>,
}

/// Which pages may read. "Every page, with credentials" cannot be written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Pages {
    /// Every page, without the user's cookies and client certificates.
    Any,
    /// The pages of these origins.
    Of {
        /// The origins.
        origins: Vec<Origin>,
        /// Whether their requests may carry cookies and client certificates.
        credentials: bool,
    },
}

impl Cors {
    /// The methods that need no leave (Fetch standard, "CORS-safelisted method").
    pub const USUAL: [Method; 3] = [Method::GET, Method::HEAD, Method::POST];

    /// For these pages. Without methods: [`Self::USUAL`]; `max_age` counts in whole seconds.
    pub fn new(
        pages: Pages,
        methods: &[String],
        headers: &[String],
        exposed: &[String],
        max_age: Option<Duration>,
    ) -> Self {
        let list =
            |names: &[String]| HeaderValue::try_from(names.join(", ")).ok().filter(|list| !list.is_empty());
        let exposed: Vec<String> =
            EXPOSED.iter().map(|&name| name.to_owned()).chain(exposed.iter().cloned()).collect();
        let lent: Box<[Method]> = match methods {
            [] => Self::USUAL.into(),
            named => named.iter().filter_map(|name| Method::from_bytes(name.as_bytes()).ok()).collect(),
        };
        Self {
            pages,
            lent,
            methods: list(methods),
            headers: list(headers),
            exposed: list(&exposed).unwrap_or(HeaderValue::from_static("X-Request-Id")),
            max_age: max_age.map(|age| HeaderValue::from(age.as_secs())),
        }
    }

    pub(super) fn allows(&self, origin: &HeaderValue) -> bool {
        match &self.pages {
            Pages::Any => true,
            Pages::Of { origins, .. } => {
                Origin::parse(origin.as_bytes()).is_some_and(|origin| origins.contains(&origin))
            }
        }
    }

    /// Whether a cookie may speak for a request of this origin with this method. Browsers ask nobody before they send a
    /// form's POST, so that a preflight is not all that keeps other methods out.
    pub(super) fn trusts(&self, origin: &Origin, method: &Method) -> bool {
        self.lends_cookie_to(origin) && self.lent.contains(method)
    }

    /// Whether requests of this origin may carry a cookie, with the methods that the rules name.
    pub fn lends_cookie_to(&self, origin: &Origin) -> bool {
        matches!(&self.pages, Pages::Of { origins, credentials: true } if origins.contains(origin))
    }

    /// Which page may read the answer, and that the answer depends on it.
    fn admit(&self, origin: Option<&HeaderValue>, headers: &mut HeaderMap) {
        if self.pages == Pages::Any {
            headers.insert(ACCESS_CONTROL_ALLOW_ORIGIN, HeaderValue::from_static("*"));
            return;
        }
        let vary = headers.get_all(VARY).iter();
        let mut names = vary.flat_map(|value| value.as_bytes().split(|&byte| byte == b','));
        if !names.any(|name| {
            matches!(name.trim_ascii(), b"*") || name.trim_ascii().eq_ignore_ascii_case(b"origin")
        }) {
            headers.append(VARY, HeaderValue::from_static("Origin"));
        }
        if let Some(origin) = origin.filter(|origin| self.allows(origin)) {
            headers.insert(ACCESS_CONTROL_ALLOW_ORIGIN, origin.clone());
            if matches!(self.pages, Pages::Of { credentials: true, .. }) {
                headers.insert(ACCESS_CONTROL_ALLOW_CREDENTIALS, HeaderValue::from_static("true"));
            }
        }
    }

    fn preflight(&self, origin: &HeaderValue) -> Response<Body> {
        let mut response = Response::new(Body::full(String::new()));
        *response.status_mut() = Preflight::STATUS;
        let headers = response.headers_mut();
        for (name, value) in [
            (ACCESS_CONTROL_ALLOW_METHODS, &self.methods),
            (ACCESS_CONTROL_ALLOW_HEADERS, &self.headers),
            (ACCESS_CONTROL_MAX_AGE, &self.max_age),
        ] {
            if let Some(value) = value {
                headers.insert(name, value.clone());
            }
        }
        self.admit(Some(origin), headers);
        response
    }
}

/// What is known of one request across origins, from its head to its answer.
#[derive(Debug, Default)]
pub(super) struct Crossing {
    origin: Option<HeaderValue>,
    cors: Option<Arc<Cors>>,
    /// The answer is that to a preflight, and has all it needs.
    preflight: bool,
}

impl Crossing {
    /// Of a request with these headers; several origins are none.
    pub(super) fn of(headers: &HeaderMap) -> Self {
        let origin = match only(headers, &ORIGIN) {
            Field::One(origin) => Some(origin.clone()),
            Field::Absent | Field::Several => None,
        };
        Self { origin, ..Self::default() }
    }

    /// The answer to a preflight; `None` for any other request, and where its route has no rules.
    pub(super) fn preflight(
        &mut self,
        snapshot: &Snapshot,
        head: &Parts,
        findings: &mut Findings,
    ) -> Result<Option<Response<Body>>, Rejection> {
        let Some(preflight) = Preflight::of(snapshot, head) else { return Ok(None) };
        self.matched(preflight.route());
        preflight.decide(findings)?;
        self.preflight = true;
        Ok(Some(preflight.cors().preflight(preflight.origin())))
    }

    /// The request matched this route.
    pub(super) fn matched(&mut self, route: &Route) {
        self.cors.clone_from(&route.cors);
    }

    /// The request was refused: a page that asks gets the answer by the rules of the route that it would have had, whether
    /// or not that takes the method. Looked up once more, because few refusals are a page's, and deciding is not about pages.
    pub(super) fn refused(&mut self, snapshot: &Snapshot, head: &Parts) {
        if !snapshot.has_pages || self.cors.is_some() {
            return;
        }
        let Ok(target) = Target::parse(head) else { return };
        match snapshot.routes.find(&target) {
            Ok(found) => self.matched(found.route),
            Err(NotFound::Method { route, .. }) => self.matched(route),
            Err(NotFound::Route | NotFound::Target { .. }) => {}
        }
    }

    /// Makes the answer one that the pages of the rules can read, and no other page.
    pub(super) fn finish(&self, headers: &mut HeaderMap) {
        let Some(cors) = self.cors.as_ref().filter(|_| !self.preflight) else { return };
        for name in OURS {
            headers.remove(name);
        }
        cors.admit(self.origin.as_ref(), headers);
        if headers.contains_key(ACCESS_CONTROL_ALLOW_ORIGIN) {
            headers.insert(ACCESS_CONTROL_EXPOSE_HEADERS, cors.exposed.clone());
        }
    }
}

/// What a page may read of an answer beside what it always may: which request it was, and why it was refused.
const EXPOSED: [&str; 3] = ["X-Request-Id", "WWW-Authenticate", "Retry-After"];

/// The fields that an upstream has no say in.
const OURS: [HeaderName; 7] = [
    ACCESS_CONTROL_ALLOW_ORIGIN,
    ACCESS_CONTROL_ALLOW_CREDENTIALS,
    ACCESS_CONTROL_ALLOW_METHODS,
    ACCESS_CONTROL_ALLOW_HEADERS,
    ACCESS_CONTROL_EXPOSE_HEADERS,
    ACCESS_CONTROL_MAX_AGE,
    HeaderName::from_static("access-control-allow-private-network"),
];

#[cfg(test)]
mod tests {
    use super::*;

    fn of(origins: &[&str], credentials: bool) -> Cors {
        let origins = origins.iter().map(|origin| Origin::parse(origin.as_bytes()).unwrap()).collect();
        Cors::new(Pages::Of { origins, credentials }, &[], &["Authorization".to_owned()], &[], None)
    }

    /// The fields of an answer that came with these fields, to a request of this origin.
    fn finished(
        cors: Cors,
        origin: Option<&'static str>,
        fields: &[(&'static str, &'static str)],
    ) -> Vec<String> {
        let mut headers = HeaderMap::new();
        for (name, value) in fields {
            headers.append(*name, HeaderValue::from_static(value));
        }
        let origin = origin.map(HeaderValue::from_static);
        Crossing { origin, cors: Some(Arc::new(cors)), preflight: false }.finish(&mut headers);
        let mut shown: Vec<String> =
            headers.iter().map(|(name, value)| format!("{name}: {}", value.to_str().unwrap())).collect();
        shown.retain(|field| !field.starts_with("access-control-expose"));
        shown.sort_unstable();
        shown
    }

    const A: &str = "https://a.example";

    #[test]
    fn an_answer_is_for_the_listed_origins_alone() {
        let allow = format!("access-control-allow-origin: {A}");
        assert_eq!(finished(of(&[A], false), Some(A), &[]), [&*allow, "vary: Origin"]);
        assert_eq!(
            finished(of(&[A, "https://b"], true), Some(A), &[]),
            ["access-control-allow-credentials: true", &*allow, "vary: Origin"]
        );
        for origin in
            [None, Some("null"), Some("https://b"), Some("http://a.example"), Some("https://a.example:1")]
        {
            assert_eq!(finished(of(&[A], true), origin, &[]), ["vary: Origin"], "{origin:?}");
        }
        let any = || Cors::new(Pages::Any, &[], &[], &[], None);
        for origin in [None, Some("null"), Some(A)] {
            assert_eq!(finished(any(), origin, &[]), ["access-control-allow-origin: *"], "{origin:?}");
        }
    }

    #[test]
    fn what_the_upstream_says_is_replaced_and_its_vary_kept() {
        let theirs = [
            ("access-control-allow-origin", "*"),
            ("access-control-allow-origin", "https://b"),
            ("access-control-allow-credentials", "true"),
            ("access-control-allow-methods", "DELETE"),
            ("access-control-allow-headers", "*"),
            ("access-control-max-age", "9"),
            ("access-control-allow-private-network", "true"),
            ("vary", "Accept"),
        ];
        assert_eq!(finished(of(&[A], false), Some("https://b"), &theirs), ["vary: Accept", "vary: Origin"]);
        for vary in ["*", "accept, ORIGIN", "Origin"] {
            assert_eq!(finished(of(&[A], false), None, &[("vary", vary)]), [format!("vary: {vary}")]);
        }
    }

    #[test]
    fn a_route_without_rules_leaves_answers_alone() {
        let mut headers = HeaderMap::new();
        headers.insert(ACCESS_CONTROL_ALLOW_ORIGIN, HeaderValue::from_static("*"));
        Crossing::default().finish(&mut headers);
        assert_eq!(headers.len(), 1);
    }

    #[test]
    fn only_origins_with_credentials_are_trusted_with_a_cookie() {
        let origin = Origin::parse(A.as_bytes()).unwrap();
        assert!(of(&[A], true).trusts(&origin, &Method::POST));
        for cors in [of(&[A], false), of(&["https://b"], true), Cors::new(Pages::Any, &[], &[], &[], None)] {
            assert!(!cors.trusts(&origin, &Method::POST), "{cors:?}");
        }
    }

    #[test]
    fn an_origin_is_trusted_with_the_methods_that_are_listed() {
        let origin = Origin::parse(A.as_bytes()).unwrap();
        for (listed, trusted) in [
            (&[][..], &["GET", "HEAD", "POST"][..]),
            (&["GET"], &["GET"]),
            (&["PUT", "PURGE"], &["PUT", "PURGE"]),
        ] {
            let listed: Vec<String> = listed.iter().map(|&name: &&str| name.to_owned()).collect();
            let pages = Pages::Of { origins: vec![origin.clone()], credentials: true };
            let cors = Cors::new(pages, &listed, &[], &[], None);
            for method in ["GET", "HEAD", "POST", "PUT", "DELETE", "PURGE", "get", "purge"] {
                let is_trusted = cors.trusts(&origin, &Method::from_bytes(method.as_bytes()).unwrap());
                assert_eq!(is_trusted, trusted.contains(&method), "{method} {listed:?}");
            }
        }
    }
}
