//! One connection: TLS, the protocol, its limits and its end.
//!
//! Given an accepted socket it finds out which protocol is spoken and hands request after request to the service. It
//! refuses, as hyper's parser does, what is malformed or too large, and on its own account any transfer coding but
//! `chunked`: we remove the field and would forward a body coded in a way that nobody names any more (RFC 9112 §6.1).
//! What must stay true: `Service::refused` hears of each such message exactly once, and of nothing else.

use std::convert::Infallible;
use std::error::Error as StdError;
use std::future::poll_fn;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use http::header::{CONNECTION, TRANSFER_ENCODING};
use http::{HeaderMap, HeaderValue, Request, Response, StatusCode};
use http_body::{Frame, SizeHint};
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto::Builder;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio::task::yield_now;
use tokio::time::{sleep, timeout};
use tokio_rustls::TlsAcceptor;

use super::activity::{Activity, HeadTimer, InFlight, Limits};
use super::drain::{Drain, Phase};
use super::stream::{Open, Stream};
use super::{Peer, Refusal, ServerTls, Service};
use crate::field::{Field, only};
use crate::socket::Socket;

/// Serves one accepted socket to its end.
pub(super) async fn accept<S: Service>(
    socket: TcpStream,
    tls: Option<ServerTls>,
    open: Open,
    peer: Arc<Peer>,
    limits: Limits,
    service: S,
    drain: Drain,
) {
    // Answers are written whole; Nagle's algorithm would hold back the last segment for the client's delayed ACK.
    if let Err(error) = socket.set_nodelay(true) {
        tracing::debug!(peer = %peer.address(), %error, "Cannot set TCP_NODELAY");
    }
    let activity = Arc::new(Activity::new(limits));
    let Some(tls) = tls else {
        let stream = Stream::new(Socket::new(socket), Arc::clone(&activity), open);
        return serve(stream, peer, activity, service, &drain).await;
    };
    // In a box of its own, so that connections without TLS have no room for it.
    Box::pin(accept_tls(socket, tls, open, peer, activity, service, drain)).await;
}

async fn accept_tls<S: Service>(
    socket: TcpStream,
    tls: ServerTls,
    open: Open,
    peer: Arc<Peer>,
    activity: Arc<Activity>,
    service: S,
    drain: Drain,
) {
    let handshake = async {
        // Until the first byte there is nothing to be polite about: a drain may close at once. A look at that byte,
        // because `readable` may speak up without one.
        let mut first = [0];
        tokio::select! {
            biased;
            peeked = socket.peek(&mut first) => {
                peeked?;
            }
            () = drain.stopped() => return Err(std::io::ErrorKind::Interrupted.into()),
        }
        TlsAcceptor::from(tls.current()).accept(socket).await
    };
    let handshaken = tokio::select! {
        handshaken = timeout(HANDSHAKE_TIMEOUT, handshake) => handshaken,
        () = drain.forced() => return,
    };
    match handshaken {
        Ok(Ok(stream)) => {
            if stream.get_ref().1.alpn_protocol() == Some(b"h2") {
                activity.set_http2();
            }
            let stream = Stream::new(stream, Arc::clone(&activity), open);
            serve(stream, peer, activity, service, &drain).await;
        }
        // Scanners and clients that distrust the certificate: no request was made, so there is nothing to count.
        Ok(Err(error)) => tracing::debug!(peer = %peer.address(), %error, "TLS handshake failed"),
        Err(_) => tracing::debug!(peer = %peer.address(), "TLS handshake timed out"),
    }
}

async fn serve<S: Service, I: AsyncRead + AsyncWrite + Unpin + Send + 'static>(
    stream: Stream<I>,
    peer: Arc<Peer>,
    activity: Arc<Activity>,
    service: S,
    drain: &Drain,
) {
    // Shared by the requests: a clone of the service for each would meet those of all other connections.
    let service = Arc::new(service);
    let of_each = (Arc::clone(&service), Arc::clone(&peer), Arc::clone(&activity));
    let requests = service_fn(move |request: Request<Incoming>| {
        let (service, peer, activity) = &of_each;
        let (service, peer, in_flight) = (Arc::clone(service), Arc::clone(peer), activity.begin());
        async move {
            let answer = if is_framed(request.headers()) {
                service.handle(request, peer).await.map(|body| Answer::Served { body, _in_flight: in_flight })
            } else {
                service.refused(&peer, Refusal::RequestMalformed);
                unframed()
            };
            Ok::<_, Infallible>(answer)
        }
    });
    let builder = protocols(&activity);
    let mut connection = pin!(builder.serve_connection_with_upgrades(TokioIo::new(stream), requests));
    let mut signal = drain.signal();
    let mut look = pin!(sleep(activity.remaining()));
    let mut closing = false;
    let mut gathering = Gathering::default();
    let end = poll_fn(|context| {
        ready!(gathering.poll(&activity, context));
        loop {
            // First, so that a request that has already arrived is served before the connection is closed.
            if let Poll::Ready(result) = connection.as_mut().poll(context) {
                return Poll::Ready(End::Finished(result));
            }
            let close = match signal.poll(context) {
                Phase::Forced => return Poll::Ready(End::Forced),
                Phase::Polite => !closing && !activity.is_mid_head(),
                Phase::Serving => false,
            };
            if close {
                closing = true;
                connection.as_mut().graceful_shutdown();
                continue;
            }
            if look.as_mut().poll(context).is_pending() {
                return Poll::Pending;
            }
            let remaining = activity.remaining();
            if remaining.is_zero() {
                if activity.is_stalled() || activity.is_expired() || (activity.is_http2() && closing) {
                    return Poll::Ready(End::TimedOut);
                }
                if activity.is_http2() {
                    closing = true;
                    connection.as_mut().graceful_shutdown();
                } else {
                    activity.expire();
                }
            }
            let next = if remaining.is_zero() { LINGER } else { remaining };
            look.as_mut().reset(tokio::time::Instant::now() + next);
        }
    })
    .await;
    let refusal = match end {
        End::Finished(Ok(())) | End::Forced => None,
        End::Finished(Err(error)) => {
            tracing::debug!(peer = %peer.address(), %error, "Connection ended");
            refusal(&*error, &activity)
        }
        End::TimedOut => activity.is_mid_head().then_some(Refusal::RequestTimeout),
    };
    if let Some(refusal) = refusal {
        service.refused(&peer, refusal);
    }
}

/// Lets the streams of an HTTP/2 connection catch up with each other: where several are served, the tasks that are due now
/// have their turn before it, so that answers that come together are written together, as are the records of TLS around them.
#[derive(Default)]
struct Gathering {
    gathered: bool,
}

impl Gathering {
    fn poll(&mut self, activity: &Activity, context: &mut Context<'_>) -> Poll<()> {
        self.gathered = !self.gathered && activity.is_http2() && activity.is_shared();
        if self.gathered {
            // It wakes this task when all others have had their turn, also after it is dropped.
            return pin!(yield_now()).poll(context);
        }
        Poll::Ready(())
    }
}

/// How a connection ended.
enum End {
    Finished(Result<(), Box<dyn StdError + Send + Sync>>),
    Forced,
    TimedOut,
}

const HANDSHAKE_TIMEOUT: Duration = Duration::from_secs(10);
/// How long hyper has to end a connection whose time is up.
const LINGER: Duration = Duration::from_secs(1);
/// Header section of HTTP/2, and what is held of an answer; a token may be 16 KiB of the former.
const MAX_HEAD: usize = 64 * 1024;
/// What is read from, or waits for, one HTTP/1 client at a time, a head included. With half of it, uploads cost a sixth more.
const MAX_BUFFER: usize = 128 * 1024;

fn protocols(activity: &Arc<Activity>) -> Builder<TokioExecutor> {
    let mut builder = Builder::new(TokioExecutor::new());
    builder
        .http1()
        .timer(HeadTimer(Arc::clone(activity)))
        // The value is ours to interpret, see `HeadTimer`; without one hyper would ask for no timer.
        .header_read_timeout(super::activity::HEAD_TIMEOUT)
        // hyper's own limit of 100 header fields stays: setting it would move its parser's arrays to the heap.
        .max_buf_size(MAX_BUFFER);
    builder
        .http2()
        .timer(TokioTimer::new())
        .max_concurrent_streams(MAX_STREAMS)
        .max_header_list_size(u32::try_from(MAX_HEAD).unwrap_or(u32::MAX))
        // Rapid reset and its kin (RUSTSEC-2024-0003, CVE-2025-8671): beyond these the connection is closed.
        .max_pending_accept_reset_streams(MAX_RESETS)
        .max_local_error_reset_streams(MAX_LOCAL_RESETS)
        // A client that reads slowly holds at most this much of each answer in our memory.
        .max_send_buf_size(MAX_HEAD)
        .keep_alive_interval(PING_INTERVAL)
        .keep_alive_timeout(PING_TIMEOUT);
    builder
}

const MAX_STREAMS: u32 = 128;
const MAX_RESETS: usize = 20;
const MAX_LOCAL_RESETS: usize = 256;
const PING_INTERVAL: Duration = Duration::from_secs(30);
const PING_TIMEOUT: Duration = Duration::from_secs(20);

fn refusal(error: &(dyn StdError + 'static), activity: &Activity) -> Option<Refusal> {
    let error = error.downcast_ref::<hyper::Error>()?;
    let http2 = error.source().and_then(|source| source.downcast_ref::<h2::Error>());
    if let Some(http2) = http2 {
        // What h2 itself ends a connection for. Single streams that it resets are not reported to anybody.
        let refused = http2.is_library() && http2.is_go_away();
        return refused.then_some(Refusal::RequestMalformed);
    }
    if error.is_parse_too_large() {
        Some(Refusal::HeaderTooLarge)
    } else if error.is_parse() {
        Some(Refusal::RequestMalformed)
    } else if error.is_timeout() && activity.is_mid_head() {
        Some(Refusal::RequestTimeout)
    } else {
        None
    }
}

/// Whether the end of the request can be told: no transfer coding, or `chunked` and nothing else.
fn is_framed(headers: &HeaderMap) -> bool {
    match only(headers, &TRANSFER_ENCODING) {
        Field::Absent => true,
        Field::One(coding) => coding.as_bytes().eq_ignore_ascii_case(b"chunked"),
        Field::Several => false,
    }
}

fn unframed<B>() -> Response<Answer<B>> {
    let mut response = Response::new(Answer::Refused);
    *response.status_mut() = StatusCode::BAD_REQUEST;
    response.headers_mut().insert(CONNECTION, HeaderValue::from_static("close"));
    response
}

/// The body of an answer, which keeps its request in flight.
enum Answer<B> {
    Served { body: B, _in_flight: InFlight },
    Refused,
}

impl<B: http_body::Body + Unpin> http_body::Body for Answer<B> {
    type Data = B::Data;
    type Error = B::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<B::Data>, B::Error>>> {
        match &mut *self {
            Self::Served { body, .. } => Pin::new(body).poll_frame(context),
            Self::Refused => Poll::Ready(None),
        }
    }

    fn is_end_stream(&self) -> bool {
        match self {
            Self::Served { body, .. } => body.is_end_stream(),
            Self::Refused => true,
        }
    }

    fn size_hint(&self) -> SizeHint {
        match self {
            Self::Served { body, .. } => body.size_hint(),
            Self::Refused => SizeHint::with_exact(0),
        }
    }
}
