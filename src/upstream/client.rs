//! Sends requests to the endpoints of one upstream.
//!
//! Given a request it chooses an endpoint, finds or opens a connection and waits for the head of the answer. It
//! refuses to guess: a request is sent a second time only where that cannot do harm, which is when nothing of it was
//! written, or when it is idempotent, has no body and met a connection that had been idle (RFC 9112 §9.3.1). What
//! must stay true: a body is written to at most one connection.

use std::error::Error as _;
use std::io;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Weak};
use std::time::{Duration, Instant};

use http::response::Parts;
use http::{Request, Response, StatusCode};
use hyper::body::Incoming;
use prometheus::Histogram;
use tokio::time::sleep;

use super::answer::AnswerBody;
use super::connection::Connection;
use super::connector::Connector;
use super::error::{Error, Unavailable};
use super::pool::Pool;
use super::request::{Malformed, Progress, RequestBody, Stage};
use super::{Endpoint, UpstreamError, UpstreamSpec};
use crate::body::Body;
use crate::telemetry::Held;

/// The client of one upstream.
pub(super) struct Client {
    backends: Arc<[Backend]>,
    next: AtomicUsize,
    connector: Connector,
    response_timeout: Duration,
    duration: Held<Histogram>,
    started: Instant,
    reaping: AtomicBool,
}

struct Backend {
    endpoint: Endpoint,
    idle: Arc<Pool>,
    /// Milliseconds after `Client::started` until which this endpoint is the last to be asked.
    avoided_until: AtomicU64,
}

impl Client {
    pub(super) fn new(spec: &UpstreamSpec, duration: Held<Histogram>) -> Result<Self, UpstreamError> {
        let backend = |endpoint: &Endpoint| Backend {
            endpoint: endpoint.clone(),
            idle: Arc::default(),
            avoided_until: AtomicU64::new(0),
        };
        Ok(Self {
            backends: spec.endpoints.iter().map(backend).collect(),
            next: AtomicUsize::new(0),
            connector: Connector::new(spec)?,
            response_timeout: spec.response_timeout,
            duration,
            started: Instant::now(),
            reaping: AtomicBool::new(false),
        })
    }

    /// Sends the request and waits for the head of the answer.
    ///
    /// `again` makes the request anew where it may be sent a second time; `None` where it may not. It is `now`, and the
    /// answer comes with the time at which it came.
    pub(super) async fn send(
        &self,
        request: Box<Request<RequestBody>>,
        again: Option<impl FnOnce() -> Result<Box<Request<RequestBody>>, Error>>,
        now: Instant,
    ) -> Result<(Response<Body>, Instant), Error> {
        let (mut request, mut lease) = (request, self.lease(now).await?);
        let failure = loop {
            match self.exchange(&mut lease, request).await {
                Ok(answer) => return Ok(self.end(lease, answer)),
                // The endpoint had closed it while it was idle: as if it had never been chosen.
                Err(Failure::Unsent(unsent)) if lease.reused => request = unsent,
                Err(failure) => break failure,
            }
            lease = self.lease(Instant::now()).await?;
        };
        let request = match (failure, again) {
            (Failure::Broken(error), Some(again)) if lease.reused && is_dead_connection(&error) => again()?,
            (failure, _) => return Err(failure.into()),
        };
        drop(lease);
        tracing::debug!("An idle upstream connection had died, trying a new one");
        let mut lease = self.connect().await?;
        match self.exchange(&mut lease, request).await {
            Ok(answer) => Ok(self.end(lease, answer)),
            Err(failure) => Err(failure.into()),
        }
    }

    /// Sees to it that the connection goes on where that is needed, and comes back when its exchange is over.
    fn end(&self, lease: Lease, Answer { head, body, uploaded, at }: Answer) -> (Response<Body>, Instant) {
        let Lease { connection, pool, .. } = lease;
        let switches = head.status == StatusCode::SWITCHING_PROTOCOLS;
        if !switches {
            self.reap_from_now_on();
        }
        let body = if connection.is_ready() {
            pool.put_back(connection, at);
            Body::streamed(body)
        } else if uploaded && !switches {
            Body::carried(AnswerBody::new(body, connection, pool))
        } else {
            // What the client sends goes on whether or not it reads the answer: that takes a task.
            connection.finish(pool);
            Body::streamed(body)
        };
        (Response::from_parts(head, body), at)
    }

    async fn exchange(
        &self,
        lease: &mut Lease,
        request: Box<Request<RequestBody>>,
    ) -> Result<Answer, Failure> {
        let (progress, sent) = (request.body().progress(), lease.at);
        let left = || self.left(progress.as_deref(), sent);
        match lease.connection.exchange(request, left).await.map_err(Failure::Answered)? {
            Ok(answer) => {
                let at = Instant::now();
                self.duration.observe(at.saturating_duration_since(sent).as_secs_f64());
                let uploaded = progress.is_none_or(|progress| progress.look().0 == Stage::Sent);
                let (head, body) = answer.into_parts();
                Ok(Answer { head, body, uploaded, at })
            }
            Err(mut error) => Err(match error.take_message() {
                Some(request) => Failure::Unsent(Box::new(request)),
                None => Failure::Broken(error.into_error()),
            }),
        }
    }

    /// The response timeout runs from the last thing that moved: an upload may take as long as it goes on.
    fn left(&self, progress: Option<&Progress>, sent: Instant) -> Result<Duration, Error> {
        let (stage, still) = progress.map_or_else(|| (Stage::Sent, sent.elapsed()), Progress::look);
        match self.response_timeout.checked_sub(still) {
            Some(left) if !left.is_zero() => Ok(left),
            Some(_) | None if stage == Stage::WaitingForClient => Err(Error::RequestTimedOut),
            Some(_) | None => Err(Error::TimedOut),
        }
    }

    /// An idle connection of the endpoint whose turn it is, or a new one.
    async fn lease(&self, now: Instant) -> Result<Lease, Error> {
        let first = self.next.fetch_add(1, Ordering::Relaxed);
        for index in self.order(first) {
            let Some(backend) = self.backends.get(index) else { continue };
            if !backend.is_avoided(self.started) {
                match backend.idle.take(now) {
                    Some(connection) => {
                        return Ok(Lease {
                            connection,
                            pool: Arc::clone(&backend.idle),
                            reused: true,
                            at: now,
                        });
                    }
                    None => break,
                }
            }
        }
        // Seldom, and large: in a box, so that no request has room for it.
        Box::pin(self.connect_from(first)).await
    }

    /// A new connection to the endpoint whose turn it is.
    async fn connect(&self) -> Result<Lease, Error> {
        Box::pin(self.connect_from(self.next.fetch_add(1, Ordering::Relaxed))).await
    }

    /// A new connection to the first endpoint that accepts one; those that failed of late are asked last.
    async fn connect_from(&self, first: usize) -> Result<Lease, Error> {
        let (mut failed, mut timed_out) = (None, false);
        // Whom to avoid is settled before the first attempt, so that one which fails now is not asked twice.
        let avoided: Vec<usize> = self.order(first).filter(|&index| self.is_avoided(index)).collect();
        let good = self.order(first).filter(|index| !avoided.contains(index));
        for index in good.chain(avoided.iter().copied()) {
            let Some(backend) = self.backends.get(index) else { continue };
            match self.connector.connect(&backend.endpoint).await {
                Ok(connection) => {
                    backend.avoided_until.store(0, Ordering::Relaxed);
                    let pool = Arc::clone(&backend.idle);
                    return Ok(Lease { connection, pool, reused: false, at: Instant::now() });
                }
                Err(source) => {
                    timed_out = source.kind() == io::ErrorKind::TimedOut;
                    tracing::warn!(endpoint = %backend.endpoint, error = %source, "Cannot connect to the upstream");
                    backend.avoid(self.started);
                    failed = Some(Unavailable::Connect { endpoint: backend.endpoint.to_string(), source });
                }
            }
        }
        if timed_out {
            return Err(Error::TimedOut);
        }
        Err(failed.unwrap_or(Unavailable::Answer("upstream has no endpoints")).into())
    }

    fn order(&self, first: usize) -> impl Iterator<Item = usize> {
        let count = self.backends.len().max(1);
        (0..count).map(move |offset| first.wrapping_add(offset) % count)
    }

    fn is_avoided(&self, index: usize) -> bool {
        self.backends.get(index).is_some_and(|backend| backend.is_avoided(self.started))
    }

    /// Starts the one task that closes idle connections; it ends with the client.
    fn reap_from_now_on(&self) {
        if self.reaping.load(Ordering::Relaxed) || self.reaping.swap(true, Ordering::Relaxed) {
            return;
        }
        let pools: Vec<Weak<Pool>> =
            self.backends.iter().map(|backend| Arc::downgrade(&backend.idle)).collect();
        drop(tokio::spawn(async move {
            loop {
                sleep(REAP_EVERY).await;
                let mut alive = false;
                for pool in pools.iter().filter_map(Weak::upgrade) {
                    pool.reap();
                    alive = true;
                }
                if !alive {
                    return;
                }
            }
        }));
    }

    #[cfg(test)]
    pub(super) fn idle(&self) -> usize {
        self.backends.iter().map(|backend| backend.idle.len()).sum()
    }
}

impl Backend {
    fn is_avoided(&self, started: Instant) -> bool {
        let until = self.avoided_until.load(Ordering::Relaxed);
        until != 0 && started.elapsed() < Duration::from_millis(until)
    }

    fn avoid(&self, started: Instant) {
        let until = (started.elapsed() + AVOID_FOR).as_millis();
        self.avoided_until.store(u64::try_from(until).unwrap_or(u64::MAX), Ordering::Relaxed);
    }
}

/// A connection for one exchange.
struct Lease {
    connection: Connection,
    pool: Arc<Pool>,
    /// It has carried an exchange before, and may have been closed while it was idle.
    reused: bool,
    /// When it was opened or, of one that was there, when it was asked for: as good as when the request was sent.
    at: Instant,
}

/// The answer to a request.
struct Answer {
    head: Parts,
    body: Incoming,
    /// Whether all of the request has been taken from the client.
    uploaded: bool,
    /// When its head came.
    at: Instant,
}

/// How an exchange failed.
enum Failure {
    /// Nothing was written; here is the request.
    Unsent(Box<Request<RequestBody>>),
    /// Something may have been written.
    Broken(hyper::Error),
    /// There is nothing more to try.
    Answered(Error),
}

impl From<Failure> for Error {
    fn from(failure: Failure) -> Self {
        match failure {
            Failure::Unsent(_) => Unavailable::Answer("connection closed before the request").into(),
            Failure::Broken(error) => broken(error),
            Failure::Answered(error) => error,
        }
    }
}

/// How long an endpoint that could not be reached is asked last.
const AVOID_FOR: Duration = Duration::from_secs(5);
const REAP_EVERY: Duration = Duration::from_secs(5);

/// Whether the connection ended without the beginning of an answer, as opposed to an answer that is no HTTP.
fn is_dead_connection(error: &hyper::Error) -> bool {
    !error.is_user() && !error.is_parse()
}

/// Blames whose fault it was: hyper reports a broken body of ours like a broken connection.
fn broken(error: hyper::Error) -> Error {
    let of_the_client = error.source().and_then(|source| source.downcast_ref::<Malformed>()).is_some();
    if of_the_client { Malformed::Sending(error).into() } else { Unavailable::Broken(error).into() }
}
