//! What is remembered of one request, from its head to the last byte of its answer.
//!
//! The decision is counted when the answer's head is known, so that whoever has the answer also finds it counted. The
//! line of the access log and the duration follow when the record is dropped: with the last byte, or when the client
//! hangs up. A record that is dropped without an answer says `client_closed`.

use std::cell::Cell;
use std::net::{IpAddr, SocketAddr};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::{Duration, Instant, SystemTime};

use http::{HeaderValue, Method, StatusCode, Uri, Version};

use super::access_log::AccessLog;
use super::findings::Findings;
use super::label::NONE;
use super::line::{Line, name, short};
use super::metrics::Metrics;
use super::trace::TraceContext;

/// Where records go: the metrics and the access log of the process.
#[derive(Debug, Clone)]
pub struct Telemetry {
    /// The metrics.
    pub metrics: Arc<Metrics>,
    /// The access log.
    pub access_log: AccessLog,
}

/// Whether a request was allowed to reach its upstream.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Decision {
    /// It was.
    Allow,
    /// It was not.
    Deny,
}

impl Decision {
    fn as_str(self) -> &'static str {
        match self {
            Self::Allow => "allow",
            Self::Deny => "deny",
        }
    }
}

/// What is known of a request when its head has been read.
#[derive(Debug)]
pub struct Request {
    /// The method.
    pub method: Method,
    /// The target as it came.
    pub uri: Uri,
    /// The protocol.
    pub version: Version,
    /// `http` or `https`.
    pub scheme: &'static str,
    /// The field `Host`, where there is one.
    pub host: Option<HeaderValue>,
    /// The field `User-Agent`.
    pub user_agent: Option<HeaderValue>,
    /// The other end of the connection.
    pub peer: SocketAddr,
    /// The client, behind trusted proxies.
    pub client: IpAddr,
}

/// The record of one request.
#[derive(Debug)]
pub struct Record {
    telemetry: Arc<Telemetry>,
    at: SystemTime,
    started: Instant,
    request: Option<Request>,
    refused_from: Option<(SocketAddr, &'static str)>,
    request_id: HeaderValue,
    trace: TraceContext,
    findings: Findings,
    outcome: Option<Outcome>,
    upstream: Option<(Arc<str>, Duration)>,
    request_bytes: BodySize,
    response_bytes: u64,
}

/// The size of a request's body, as far as it has been sent on. Most requests have none, and nothing that counts it.
#[derive(Debug, Default)]
pub struct BodySize(OnceLock<Arc<AtomicU64>>);

impl BodySize {
    /// What grows by every byte of the body.
    pub fn counter(&self) -> Arc<AtomicU64> {
        Arc::clone(self.0.get_or_init(Arc::default))
    }

    fn bytes(&self) -> u64 {
        self.0.get().map_or(0, |bytes| bytes.load(Ordering::Relaxed))
    }
}

#[derive(Debug, Clone, Copy)]
struct Outcome {
    decision: Decision,
    reason: &'static str,
    status: Option<StatusCode>,
}

impl Record {
    /// Begins a record at `at`. `request` is absent for what the HTTP parser itself rejected, `request_id` is one of
    /// [`request_id`](super::request_id()), which needs no escapes. In a box, because it is handed on
    /// from the request to its answer.
    pub fn new(
        telemetry: Arc<Telemetry>,
        at: SystemTime,
        request: Option<Request>,
        request_id: HeaderValue,
        trace: TraceContext,
    ) -> Box<Self> {
        Box::new(Self {
            telemetry,
            at,
            started: Instant::now(),
            request,
            refused_from: None,
            request_id,
            trace,
            findings: Findings::default(),
            outcome: None,
            upstream: None,
            request_bytes: BodySize::default(),
            response_bytes: 0,
        })
    }

    /// The request's id.
    pub fn request_id(&self) -> &HeaderValue {
        &self.request_id
    }

    /// The trace that the request belongs to.
    pub fn trace(&self) -> &TraceContext {
        &self.trace
    }

    /// The size of the request's body.
    pub fn request_bytes(&self) -> &BodySize {
        &self.request_bytes
    }

    /// A message that never became a request came from here.
    pub fn refused_from(&mut self, peer: SocketAddr, scheme: &'static str) {
        self.refused_from = Some((peer, scheme));
    }

    /// What is found out while the request is decided.
    pub fn findings(&mut self) -> &mut Findings {
        &mut self.findings
    }

    /// The upstream answered, or failed to, after this time.
    pub fn forwarded(&mut self, upstream: &Arc<str>, duration: Duration) {
        self.upstream = Some((Arc::clone(upstream), duration));
    }

    /// The answer's head is known; counts the decision.
    pub fn decided(&mut self, decision: Decision, reason: &'static str, status: Option<StatusCode>) {
        self.outcome = Some(Outcome { decision, reason, status });
        let metrics = &*self.telemetry.metrics;
        let Findings { route, issuer, shadow } = &self.findings;
        let method = self.request.as_ref().map_or(OTHER, |request| method_label(&request.method));
        if let Some(route) = route {
            if let Some(reason) = shadow {
                route.count_shadow(reason, metrics);
            }
            route.decision(issuer.as_ref(), reason, metrics);
            route.request(method, status, metrics);
        } else {
            metrics.decision(NONE, issuer.as_deref().unwrap_or(NONE), reason).inc();
            metrics.request(NONE, method, status.as_ref().map_or(NONE, StatusCode::as_str)).inc();
        }
    }

    /// Bytes of the answer's body were handed over.
    pub fn sent(&mut self, bytes: usize) {
        self.response_bytes = self.response_bytes.saturating_add(u64::try_from(bytes).unwrap_or(u64::MAX));
    }

    fn line(&self, outcome: Outcome, duration: Duration, buffer: Vec<u8>) -> Vec<u8> {
        let mut line = Line::at(self.at, buffer);
        line.word(name!("request_id"), &self.request_id);
        if let Some(request) = &self.request {
            line.word(name!("http.request.method"), short(request.method.as_str()));
            line.text(name!("url.path"), Some(short(request.uri.path())));
            line.word(name!("url.scheme"), request.scheme);
            match (&request.host, request.uri.host()) {
                (None, Some(host)) => line.text(name!("server.address"), Some(short(host))),
                (host, _) => line.host(name!("server.address"), host.as_ref()),
            }
            line.word(name!("network.protocol.version"), version(request.version));
            line.address(name!("client.address"), request.client);
            line.address(name!("network.peer.address"), request.peer.ip());
            line.lossy(name!("user_agent.original"), request.user_agent.as_ref().map(HeaderValue::as_bytes));
        } else if let Some((peer, scheme)) = self.refused_from {
            line.word(name!("url.scheme"), scheme);
            line.address(name!("client.address"), peer.ip());
            line.address(name!("network.peer.address"), peer.ip());
        }
        line.text(name!("http.route"), self.findings.route.as_ref().map(|route| &*route.name));
        match outcome.status {
            Some(status) => line.number(name!("http.response.status_code"), status.as_u16().into()),
            None => line.text(name!("http.response.status_code"), None),
        }
        line.number(name!("http.request.body.size"), self.request_bytes.bytes());
        line.number(name!("http.response.body.size"), self.response_bytes);
        line.seconds(name!("duration"), duration);
        line.word(name!("auth.decision"), outcome.decision.as_str());
        line.word(name!("auth.reason"), outcome.reason);
        line.text(name!("auth.issuer"), self.findings.issuer.as_deref());
        if let Some(reason) = self.findings.shadow {
            line.word(name!("auth.shadow.reason"), reason);
        }
        if let Some((name, duration)) = &self.upstream {
            line.text(name!("upstream.name"), Some(name));
            line.seconds(name!("upstream.duration"), *duration);
        }
        line.word(name!("trace_id"), self.trace.trace_id());
        line.word(name!("span_id"), self.trace.span_id());
        line.end()
    }
}

impl Drop for Record {
    fn drop(&mut self) {
        if self.outcome.is_none() {
            self.decided(Decision::Deny, "client_closed", None);
        }
        let Some(outcome) = self.outcome else { return };
        let duration = self.started.elapsed();
        if let Some(route) = &self.findings.route {
            route.observe(duration);
        }
        let line = self.line(outcome, duration, BUFFER.try_with(Cell::take).unwrap_or_default());
        self.telemetry.access_log.line(&line);
        // A thread that is ending keeps no buffer.
        BUFFER.try_with(|buffer| buffer.set(line)).ok();
    }
}

thread_local! {
    /// Where lines are made; as long as the longest so far, which is bounded as its fields are.
    static BUFFER: Cell<Vec<u8>> = const { Cell::new(Vec::new()) };
}

const OTHER: &str = "_OTHER";

/// The methods that are labels; any other is `_OTHER`, so that a flood of odd ones makes no series.
fn method_label(method: &Method) -> &'static str {
    match *method {
        Method::GET => "GET",
        Method::HEAD => "HEAD",
        Method::POST => "POST",
        Method::PUT => "PUT",
        Method::DELETE => "DELETE",
        Method::PATCH => "PATCH",
        Method::OPTIONS => "OPTIONS",
        Method::TRACE => "TRACE",
        Method::CONNECT => "CONNECT",
        _ => OTHER,
    }
}

fn version(version: Version) -> &'static str {
    match version {
        Version::HTTP_10 => "1.0",
        Version::HTTP_2 => "2",
        _ => "1.1",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::telemetry::RouteLabel;

    #[test]
    fn a_line_is_one_json_object_whatever_the_client_sent() {
        let (access_log, _writer) = AccessLog::start(std::io::sink()).unwrap();
        let metrics = Arc::new(Metrics::new().unwrap());
        let telemetry = Arc::new(Telemetry { metrics: Arc::clone(&metrics), access_log });
        let request = Request {
            method: Method::from_bytes(b"BREW").unwrap(),
            uri: Uri::from_static("/a\"b?token=hidden"),
            version: Version::HTTP_11,
            scheme: "https",
            host: Some(HeaderValue::from_static("api.example.com")),
            user_agent: Some(HeaderValue::from_bytes(b"a\xffb\t\"").unwrap()),
            peer: "127.0.0.1:4711".parse().unwrap(),
            client: "10.0.0.7".parse().unwrap(),
        };
        let trace = TraceContext::of(&http::HeaderMap::new());
        let at = SystemTime::UNIX_EPOCH + Duration::from_micros(1_700_000_000_000_042);
        let mut record = Record::new(telemetry, at, Some(request), HeaderValue::from_static("id"), trace);
        let label = RouteLabel::new("orders".into(), &metrics).shadowing(&["policy_denied"], &metrics);
        record.findings().matched(&Arc::new(label));
        record.findings().shadowed("policy_denied");
        record.decided(Decision::Allow, "allowed", Some(StatusCode::OK));
        record.sent(7);
        let line = record.line(record.outcome.unwrap(), Duration::from_millis(2), b"old".to_vec());
        assert_eq!(line.iter().position(|&byte| byte == b'\n'), Some(line.len() - 1));
        let object: serde_json::Value = serde_json::from_slice(&line).unwrap();
        assert_eq!(object["timestamp"], "2023-11-14T22:13:20.000042Z");
        assert_eq!(object["url.path"], "/a\"b");
        assert_eq!(object["user_agent.original"], "a\u{fffd}b\t\"");
        assert_eq!(object["http.route"], "orders");
        assert_eq!(object["auth.issuer"], serde_json::Value::Null);
        assert_eq!(object["auth.shadow.reason"], "policy_denied");
        assert_eq!(object["http.response.body.size"], 7);
        assert_eq!(object["duration"], 0.002);
        let text = String::from_utf8(metrics.render().unwrap()).unwrap();
        assert!(
            text.contains(r#"jwtgate_requests_total{method="_OTHER",route="orders",status="200"} 1"#),
            "{text}"
        );
        assert!(
            text.contains(r#"jwtgate_decisions_total{issuer="none",reason="allowed",route="orders"} 1"#),
            "{text}"
        );
        assert!(
            text.contains(r#"jwtgate_shadow_decisions_total{reason="policy_denied",route="orders"} 1"#),
            "{text}"
        );
    }
}
