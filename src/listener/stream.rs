//! The byte stream of one connection, plaintext or TLS.
//!
//! It reports what arrives to the connection's `Activity`, and it carries what makes the connection count as open.
//! Both go where the socket goes: into hyper, and out of it again when an upgrade takes the stream over.

use std::io::{self, IoSlice};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use prometheus::IntGauge;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::sync::OwnedSemaphorePermit;
use tokio_util::task::task_tracker::TaskTrackerToken;

use super::activity::Activity;
use crate::telemetry::Held;

/// A stream whose reads and writes are noted and whose end is counted.
#[derive(Debug)]
pub(super) struct Stream<S> {
    inner: S,
    activity: Arc<Activity>,
    _open: Open,
}

impl<S> Stream<S> {
    pub(super) fn new(inner: S, activity: Arc<Activity>, open: Open) -> Self {
        Self { inner, activity, _open: open }
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Stream<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = buffer.filled().len();
        ready!(Pin::new(&mut self.inner).poll_read(context, buffer))?;
        if let Some(read @ [_, ..]) = buffer.filled().get(before..) {
            self.activity.receive(read);
        }
        Poll::Ready(Ok(()))
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Stream<S> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let polled = Pin::new(&mut self.inner).poll_write(context, bytes);
        self.activity.write(polled.is_pending());
        polled
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        slices: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let polled = Pin::new(&mut self.inner).poll_write_vectored(context, slices);
        self.activity.write(polled.is_pending());
        polled
    }

    fn is_write_vectored(&self) -> bool {
        self.inner.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.inner).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.inner).poll_shutdown(context)
    }
}

/// What a connection takes up while its socket is open: a place under the cap, one in the gauge, one in the drain.
#[derive(Debug)]
pub(super) struct Open {
    gauge: Held<IntGauge>,
    counted: bool,
    _slot: Option<OwnedSemaphorePermit>,
    _token: TaskTrackerToken,
}

impl Open {
    pub(super) fn new(
        gauge: Held<IntGauge>,
        slot: Option<OwnedSemaphorePermit>,
        token: TaskTrackerToken,
    ) -> Self {
        Self { gauge, counted: false, _slot: slot, _token: token }
    }

    /// The connection was accepted: counts it until dropped.
    pub(super) fn count(&mut self) {
        if !self.counted {
            self.counted = true;
            self.gauge.inc();
        }
    }
}

impl Drop for Open {
    fn drop(&mut self) {
        if self.counted {
            self.gauge.dec();
        }
    }
}
