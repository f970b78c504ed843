//! The body of a request on its way to the upstream.
//!
//! Given the body as the client sends it, it hands on the same frames with back-pressure, and tells who is being
//! waited for. It refuses trailer fields that must not reach an upstream: a server that merges trailers into the
//! header section would take a client's `X-User` for ours (RFC 9110 §6.5.1).

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU8, AtomicU64, Ordering};
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

use bytes::Bytes;
use http::HeaderMap;
use http_body::{Body, Frame, SizeHint};
use hyper::body::Incoming;

use super::guard::{Guard, Watched};
use super::identity::Identity;
use super::outbound;
use crate::telemetry::BodySize;

/// The body of an outgoing request.
pub(super) enum RequestBody {
    /// Nothing at all; can be sent again.
    Empty,
    /// What the client sends.
    Streamed {
        incoming: Incoming,
        guard: Arc<Guard>,
        identity: Arc<Identity>,
        watched: Arc<Watched>,
        progress: Arc<Progress>,
        received: Arc<AtomicU64>,
    },
}

impl RequestBody {
    /// The client's body; `Empty` where its end is already known.
    pub(super) fn new(
        incoming: Option<Incoming>,
        guard: &Arc<Guard>,
        identity: &Arc<Identity>,
        watched: &Arc<Watched>,
        received: &BodySize,
    ) -> Self {
        let Some(incoming) = incoming.filter(|incoming| !incoming.is_end_stream()) else {
            return Self::Empty;
        };
        let (guard, identity, watched) = (Arc::clone(guard), Arc::clone(identity), Arc::clone(watched));
        let (progress, received) = (Arc::new(Progress::new()), received.counter());
        Self::Streamed { incoming, guard, identity, watched, progress, received }
    }

    /// How far a streamed body has come.
    pub(super) fn progress(&self) -> Option<Arc<Progress>> {
        match self {
            Self::Empty => None,
            Self::Streamed { progress, .. } => Some(Arc::clone(progress)),
        }
    }
}

impl Body for RequestBody {
    type Data = Bytes;
    type Error = Malformed;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Malformed>>> {
        let Self::Streamed { incoming, guard, identity, watched, progress, received } = &mut *self else {
            return Poll::Ready(None);
        };
        match Pin::new(&mut *incoming).poll_frame(context) {
            Poll::Pending => {
                progress.note(Stage::WaitingForClient);
                Poll::Pending
            }
            Poll::Ready(Some(Ok(frame))) => {
                // A body of known length ends with its last byte, and is not asked again.
                progress.note(if incoming.is_end_stream() { Stage::Sent } else { Stage::Sending });
                if let Some(data) = frame.data_ref() {
                    received.fetch_add(u64::try_from(data.len()).unwrap_or(u64::MAX), Ordering::Relaxed);
                }
                Poll::Ready(Some(Ok(without_ours(frame, guard, identity, watched))))
            }
            Poll::Ready(Some(Err(error))) => Poll::Ready(Some(Err(Malformed::Body(error)))),
            Poll::Ready(None) => {
                progress.note(Stage::Sent);
                Poll::Ready(None)
            }
        }
    }

    fn is_end_stream(&self) -> bool {
        match self {
            Self::Empty => true,
            Self::Streamed { incoming, .. } => incoming.is_end_stream(),
        }
    }

    fn size_hint(&self) -> SizeHint {
        match self {
            Self::Empty => SizeHint::with_exact(0),
            Self::Streamed { incoming, .. } => incoming.size_hint(),
        }
    }
}

/// What is wrong with the client's message beyond what its parser checks.
#[derive(Debug, thiserror::Error)]
pub enum Malformed {
    /// The body broke off or its framing is wrong.
    #[error("body cannot be read to its end")]
    Body(#[source] hyper::Error),
    /// The same, as the connection reports it that was sending the body.
    #[error("body cannot be read to its end")]
    Sending(#[source] hyper::Error),
    /// More connection options than any client has a use for; each would have to be looked up.
    #[error("too many connection options")]
    ConnectionOptions,
}

impl Malformed {
    /// Whether nothing is wrong with the message but that its sender left before its end.
    pub(super) fn is_departure(&self) -> bool {
        let mut cause = std::error::Error::source(self);
        while let Some(error) = cause {
            if let Some(error) = error.downcast_ref::<io::Error>() {
                // Malformed chunks are `InvalidInput` and `InvalidData`.
                return !matches!(error.kind(), io::ErrorKind::InvalidInput | io::ErrorKind::InvalidData);
            }
            if let Some(error) = error.downcast_ref::<h2::Error>() {
                return error.is_io() || error.is_remote();
            }
            cause = error.source();
        }
        false
    }
}

/// How far a body has come, and who is being waited for. Written by whoever polls the connection, read by the request's task.
#[derive(Debug)]
pub(super) struct Progress {
    started: Instant,
    /// Milliseconds after `started` at which the stage was last noted.
    at: AtomicU64,
    stage: AtomicU8,
}

/// Who is being waited for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Stage {
    /// The upstream: it has not taken all that could be sent.
    Sending,
    /// The client: it has not sent the rest.
    WaitingForClient,
    /// The upstream: it has everything.
    Sent,
}

impl Progress {
    fn new() -> Self {
        Self { started: Instant::now(), at: AtomicU64::new(0), stage: AtomicU8::new(0) }
    }

    /// The stage, and for how long nothing has moved.
    pub(super) fn look(&self) -> (Stage, Duration) {
        let stage = match self.stage.load(Ordering::Acquire) {
            0 => Stage::Sending,
            1 => Stage::WaitingForClient,
            _ => Stage::Sent,
        };
        let at = Duration::from_millis(self.at.load(Ordering::Acquire));
        (stage, self.started.elapsed().saturating_sub(at))
    }

    fn note(&self, stage: Stage) {
        let number = match stage {
            Stage::Sending => 0,
            Stage::WaitingForClient => 1,
            Stage::Sent => 2,
        };
        let before = self.stage.swap(number, Ordering::AcqRel);
        // To be polled again while waiting is no progress.
        if stage != Stage::WaitingForClient || before != number {
            let at = u64::try_from(self.started.elapsed().as_millis()).unwrap_or(u64::MAX);
            self.at.store(at, Ordering::Release);
        }
    }
}

fn without_ours(frame: Frame<Bytes>, guard: &Guard, identity: &Identity, watched: &Watched) -> Frame<Bytes> {
    match frame.into_trailers() {
        Ok(trailers) => {
            let mut kept = HeaderMap::with_capacity(trailers.len());
            for (name, value) in &trailers {
                let removed = guard.removes(name) || identity.removes(name) || watched.removes_trailer(name);
                if outbound::is_trailer(name) && !removed {
                    kept.append(name.clone(), value.clone());
                }
            }
            Frame::trailers(kept)
        }
        Err(frame) => frame,
    }
}
