//! CARRY: one request from its first byte to its last.
//!
//! `Proxy::handle` cannot fail: it opens the record, reads the clock once, and turns a rejection into an answer.
//! `carry` is the journey, and [`decide`] its first part, stage by stage (or [`Preflight`], which goes nowhere); each stage hands on a typed product, and nothing
//! reaches an upstream without the `Permit` that `authz` makes.

mod cors;
mod decide;
mod preflight;
mod present;
mod rejection;
mod respond;
mod same_origin;
mod snapshot;
mod tracked;

use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime};

use bytes::Bytes;
use http::header::{EXPECT, HOST, USER_AGENT};
use http::request::Parts;
use http::{Request, Response, Version};
use http_body::Body as _;
use http_body_util::BodyExt;
use hyper::body::Incoming;
use tokio::time::timeout;

use self::cors::Crossing;
pub use self::cors::{Cors, Pages};
pub use self::decide::{Decided, decide};
pub use self::preflight::Preflight;
pub use self::rejection::Rejection;
pub use self::snapshot::{Access, Enforcement, Protection, Publisher, Route, Snapshot, Snapshots};
pub use self::tracked::Tracked;
use crate::body::Body;
use crate::listener::{Drain, Peer, Refusal, Service};
use crate::telemetry::{self, Decision, Record, Telemetry, TraceContext, X_REQUEST_ID, request_id};
use crate::upstream::Inbound;

/// Carries requests as the current snapshot says.
#[derive(Debug, Clone)]
pub struct Proxy {
    snapshots: Snapshots,
    telemetry: Arc<Telemetry>,
    drain: Drain,
}

impl Proxy {
    /// A proxy that decides by `snapshots`; upgraded connections are counted by `drain`.
    pub fn new(snapshots: Snapshots, telemetry: Telemetry, drain: Drain) -> Self {
        Self { snapshots, telemetry: Arc::new(telemetry), drain }
    }

    /// The same for another listener, whose upgraded connections are counted, and ended, by its own `drain`.
    #[must_use]
    pub fn with_drain(self, drain: Drain) -> Self {
        Self { drain, ..self }
    }

    /// The whole journey of one request. What is refused before it is sent on leaves its body where it was, unread. Head and
    /// body are lent and not given: they are large, and each future that takes them would hold them twice.
    async fn carry(
        &self,
        head: &mut Parts,
        body: &mut Option<Incoming>,
        peer: &Peer,
        now: SystemTime,
        crossing: &mut Crossing,
        record: &mut Record,
    ) -> Result<(Response<Body>, &'static str), Rejection> {
        let snapshot = self.snapshots.current();
        if let Some(answer) = crossing.preflight(&snapshot, head, record.findings())? {
            return Ok((answer, Preflight::REASON));
        }
        let scheme = peer.client_scheme(&head.headers);
        let decision = decide(&snapshot, head, scheme, now, record.findings()).await;
        let Decided { target, found, caller, reason, .. } =
            decision.inspect_err(|_| crossing.refused(&snapshot, head))?;
        crossing.matched(found.route);
        let forward = &found.route.forward;
        let started = Instant::now();
        let inbound = Inbound {
            head,
            body: body.take(),
            target: &target,
            peer,
            request_id: record.request_id(),
            traceparent: &record.trace().header(),
            received: record.request_bytes(),
            drain: &self.drain,
            started,
        };
        let result = forward.send(caller, inbound).await;
        let ended = result.as_ref().map_or_else(|_| Instant::now(), |&(_, at)| at);
        record.forwarded(forward.upstream_name(), ended.saturating_duration_since(started));
        let (answer, _) = result.map_err(Rejection::Upstream)?;
        Ok((answer, reason))
    }
}

impl Service for Proxy {
    type Body = Tracked;

    async fn handle(&self, request: Request<Incoming>, peer: Arc<Peer>) -> Response<Tracked> {
        #[expect(clippy::disallowed_methods, reason = "the one place that reads the clock, once a request")]
        let now = SystemTime::now();
        let (mut head, body) = request.into_parts();
        let headers = &head.headers;
        let id = request_id(headers, now);
        let seen = telemetry::Request {
            method: head.method.clone(),
            uri: head.uri.clone(),
            version: head.version,
            scheme: peer.scheme(),
            // HTTP/2 has the host in the target, where the record finds it.
            host: headers.get(HOST).cloned(),
            user_agent: headers.get(USER_AGENT).cloned(),
            peer: peer.address(),
            client: peer.client(headers),
        };
        let trace = TraceContext::of(headers);
        let mut crossing = Crossing::of(headers);
        let mut record = Record::new(Arc::clone(&self.telemetry), now, Some(seen), id.clone(), trace);
        let mut unread = Some(body);
        let carried = self.carry(&mut head, &mut unread, &peer, now, &mut crossing, &mut record).await;
        let mut response = match carried {
            Ok((response, reason)) => {
                record.decided(Decision::Allow, reason, Some(response.status()));
                response
            }
            Err(rejection) => {
                if let Some(cause) = std::error::Error::source(&rejection) {
                    tracing::debug!(request_id = ?id, reason = rejection.reason(), cause = %Chain(cause), "Rejected");
                }
                let decision = if rejection.was_allowed() { Decision::Allow } else { Decision::Deny };
                record.decided(decision, rejection.reason(), rejection.recorded_status());
                // Reading would ask a client to send a body that it is holding back until it is wanted (RFC 9110 §10.1.1).
                let may_read = head.version < Version::HTTP_2 && !head.headers.contains_key(EXPECT);
                if let Some(body) = unread.filter(|body| may_read && !body.is_end_stream()) {
                    self.drain.spawn(discard(body));
                }
                Body::answer_to(&head.method, respond::respond(&rejection, &id))
            }
        };
        crossing.finish(response.headers_mut());
        response.headers_mut().insert(X_REQUEST_ID, id);
        response.map(|body| Tracked::new(body, record))
    }

    fn refused(&self, peer: &Peer, refusal: Refusal) {
        let rejection = Rejection::Parser(refusal);
        #[expect(
            clippy::disallowed_methods,
            reason = "the message never became a request that could read the clock"
        )]
        let now = SystemTime::now();
        let headers = http::HeaderMap::new();
        let mut record = Record::new(
            Arc::clone(&self.telemetry),
            now,
            None,
            request_id(&headers, now),
            TraceContext::of(&headers),
        );
        record.refused_from(peer.address(), peer.scheme());
        record.decided(Decision::Deny, rejection.reason(), Some(rejection.status()));
    }
}

/// Reads the rest of a refused request's body, so that its client, still sending, gets to read the answer: closing with
/// bytes unread would reset the connection and take the answer with it (RFC 9112 §9.6). Bounded in time and bytes.
async fn discard(mut body: Incoming) {
    let read = async {
        let mut left = DISCARDED_BYTES;
        while let Some(Ok(frame)) = body.frame().await {
            let length = frame.data_ref().map_or(0, Bytes::len);
            let Some(rest) = left.checked_sub(length) else { return };
            left = rest;
        }
    };
    if timeout(DISCARDED_TIME, read).await.is_err() {
        tracing::debug!("A refused client went on sending");
    }
}

const DISCARDED_BYTES: usize = 64 * 1024 * 1024;
const DISCARDED_TIME: Duration = Duration::from_secs(5);

/// An error and its causes in one line.
struct Chain<'a>(&'a dyn std::error::Error);

impl std::fmt::Display for Chain<'_> {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "{}", self.0)?;
        let mut cause = self.0.source();
        while let Some(error) = cause {
            write!(formatter, ": {error}")?;
            cause = error.source();
        }
        Ok(())
    }
}
