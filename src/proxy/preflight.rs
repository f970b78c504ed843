//! Preflights (Fetch standard, "CORS-preflight fetch"): may a page of another origin send the request that it asks about?
//!
//! Given a request's head, it says whether that is a preflight for a route with CORS rules, and what these say of its
//! origin. For whoever answers it and for whoever explains. A preflight carries no credential, so that nothing else is
//! decided about it: whoever finds one does not ask [`super::decide`].

use std::sync::Arc;

use http::header::{ACCESS_CONTROL_REQUEST_METHOD, ORIGIN};
use http::request::Parts;
use http::{HeaderValue, Method, StatusCode};

use super::{Cors, Rejection, Route, Snapshot};
use crate::field::{Field, only};
use crate::route::Target;
use crate::telemetry::Findings;

/// An OPTIONS request of a page that asks whether it may send another one.
#[derive(Debug)]
pub struct Preflight<'a> {
    route: &'a Route,
    cors: &'a Arc<Cors>,
    origin: &'a HeaderValue,
    method: Method,
}

impl<'a> Preflight<'a> {
    /// The status of the answer to a page that may.
    pub const STATUS: StatusCode = StatusCode::NO_CONTENT;
    /// The reason of that answer.
    pub const REASON: &'static str = "public";

    /// The preflight that this request is; `None` for any other request, and where the route has no rules. The route is
    /// that of the request which is asked about.
    pub fn of(snapshot: &'a Snapshot, head: &'a Parts) -> Option<Self> {
        if head.method != Method::OPTIONS {
            return None;
        }
        let Field::One(origin) = only(&head.headers, &ORIGIN) else { return None };
        let Field::One(method) = only(&head.headers, &ACCESS_CONTROL_REQUEST_METHOD) else { return None };
        let method = Method::from_bytes(method.as_bytes()).ok()?;
        let route = snapshot.routes.find_for(&Target::parse(head).ok()?, &method).ok()?.route;
        Some(Self { route, cors: route.cors.as_ref()?, origin, method })
    }

    /// Whether the page may ask.
    ///
    /// # Errors
    /// Its origin is none of the route's.
    pub fn decide(&self, findings: &mut Findings) -> Result<(), Rejection> {
        findings.matched(&self.route.label);
        if self.cors.allows(self.origin) { Ok(()) } else { Err(Rejection::CrossSite) }
    }

    /// The route that the request would have.
    pub fn route(&self) -> &'a Route {
        self.route
    }

    /// The origin of the page, as it came.
    pub fn origin(&self) -> &'a HeaderValue {
        self.origin
    }

    /// The method of the request that is asked about.
    pub fn method(&self) -> &Method {
        &self.method
    }

    pub(super) fn cors(&self) -> &'a Cors {
        self.cors
    }
}
