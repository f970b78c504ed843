//! `/livez`, `/readyz`, `/metrics` and `/issuers/NAME/refresh`, on an address of their own.
//!
//! Given a `Health` to ask and the metrics to print, it answers probes and scrapes, and has an issuer asked for its keys
//! when an operator says so; it decides nothing and shows no token, key or claim. Liveness looks at nothing but the
//! process itself: a restart would not bring an issuer back.

mod refresh;

use std::fmt::Write;
use std::sync::Arc;

use http::header::{ALLOW, CACHE_CONTROL, CONTENT_TYPE};
use http::{HeaderValue, Method, Request, Response, StatusCode};
use hyper::body::Incoming;

pub use self::refresh::{Issuers, Refreshed};
use crate::body::Body;
use crate::listener::{Peer, Refusal, Service};
use crate::telemetry::metrics::Metrics;

/// What readiness is made of.
pub trait Health: std::fmt::Debug + Send + Sync + 'static {
    /// Each check, with what there is to say of it.
    fn checks(&self) -> Vec<Check>;

    /// Brings gauges that tell a time up to now.
    fn publish_metrics(&self);
}

/// One check of readiness.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Check {
    /// What is checked.
    pub name: String,
    /// Whether it passes.
    pub passes: bool,
    /// Since when, how old, why not.
    pub detail: String,
}

/// Answers on the admin address.
#[derive(Debug, Clone)]
pub struct Admin {
    health: Arc<dyn Health>,
    issuers: Arc<dyn Issuers>,
    metrics: Arc<Metrics>,
}

impl Admin {
    /// Answers with what `health` and `metrics` say, and has `issuers` asked.
    pub fn new(health: Arc<dyn Health>, issuers: Arc<dyn Issuers>, metrics: Arc<Metrics>) -> Self {
        Self { health, issuers, metrics }
    }

    fn answer(&self, request: &Request<Incoming>) -> Response<Body> {
        if !matches!(*request.method(), Method::GET | Method::HEAD) {
            let mut response = text(StatusCode::METHOD_NOT_ALLOWED, "only GET\n");
            response.headers_mut().insert(ALLOW, HeaderValue::from_static("GET, HEAD"));
            return response;
        }
        match request.uri().path() {
            "/livez" => text(StatusCode::OK, "ok\n"),
            "/readyz" => self.readiness(request.uri().query()),
            "/metrics" => self.scrape(),
            _ => text(StatusCode::NOT_FOUND, KNOWN),
        }
    }

    fn readiness(&self, query: Option<&str>) -> Response<Body> {
        let checks = self.health.checks();
        let ready = checks.iter().all(|check| check.passes);
        let status = if ready { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
        let verdict = if ready { "ready\n" } else { "not ready\n" };
        let verbose =
            query.is_some_and(|query| query.split('&').any(|part| part.split('=').next() == Some("verbose")));
        if !verbose {
            return text(status, verdict);
        }
        let mut lines = String::new();
        for Check { name, passes, detail } in &checks {
            let mark = if *passes { '+' } else { '-' };
            // Writing to memory cannot fail.
            if writeln!(lines, "[{mark}] {name}: {detail}").is_err() {
                break;
            }
        }
        lines.push_str(verdict);
        text(status, lines)
    }

    fn scrape(&self) -> Response<Body> {
        self.health.publish_metrics();
        match self.metrics.render() {
            Ok(metrics) => {
                let mut response = Response::new(Body::full(metrics));
                let format = HeaderValue::from_static("text/plain; version=0.0.4; charset=utf-8");
                response.headers_mut().insert(CONTENT_TYPE, format);
                response
            }
            Err(error) => {
                tracing::error!(%error, "Cannot render the metrics");
                text(StatusCode::INTERNAL_SERVER_ERROR, "the metrics cannot be rendered\n")
            }
        }
    }
}

impl Service for Admin {
    type Body = Body;

    async fn handle(&self, request: Request<Incoming>, _: Arc<Peer>) -> Response<Body> {
        let answer = match refresh::issuer_of(request.uri().path()) {
            Some(name) => refresh::refresh(&*self.issuers, &name, &request).await,
            None => self.answer(&request),
        };
        Body::answer_to(request.method(), answer)
    }

    fn refused(&self, peer: &Peer, refusal: Refusal) {
        tracing::debug!(peer = %peer.address(), ?refusal, "Refused a message on the admin address");
    }
}

fn text(status: StatusCode, body: impl Into<bytes::Bytes>) -> Response<Body> {
    let mut response = Response::new(Body::full(body));
    *response.status_mut() = status;
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("text/plain; charset=utf-8"));
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}

const KNOWN: &str =
    "known here: /livez, /readyz, /readyz?verbose, /metrics, and POST /issuers/NAME/refresh\n";
