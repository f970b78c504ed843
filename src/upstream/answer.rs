//! The body of an answer that is still on its way, with the connection that it comes on.
//!
//! Whoever reads the body polls the connection with it. At its end the connection goes back among the idle ones, at once or
//! when what was sent has been taken too; a body that is dropped before its end closes it, and the upstream learns that
//! nobody listens any more.

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::Instant;

use bytes::Bytes;
use http_body::{Body, Frame, SizeHint};
use hyper::body::Incoming;

use super::connection::Connection;
use super::pool::Pool;

/// A body and its connection.
pub(super) struct AnswerBody {
    body: Incoming,
    /// Until it is dropped.
    connection: Option<Connection>,
    pool: Arc<Pool>,
    /// Where the body broke off.
    broken: Option<hyper::Error>,
    ended: bool,
}

impl AnswerBody {
    /// The body that comes on this connection of this pool.
    pub(super) fn new(body: Incoming, connection: Connection, pool: Arc<Pool>) -> Self {
        Self { body, connection: Some(connection), pool, broken: None, ended: false }
    }
}

impl Body for AnswerBody {
    type Data = Bytes;
    type Error = hyper::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, hyper::Error>>> {
        let Self { body, connection, broken, ended, .. } = &mut *self;
        let Some(connection) = connection else { return Poll::Ready(None) };
        if let Some(error) = broken.take() {
            return Poll::Ready(Some(Err(error)));
        }
        match ready!(connection.poll(context, |_, context| Pin::new(&mut *body).poll_frame(context))) {
            // It closes the client's connection at once; so that what came before it gets there, it has to wait a turn.
            Some(Err(error)) => {
                *broken = Some(error);
                context.waker().wake_by_ref();
                Poll::Pending
            }
            frame => {
                *ended = frame.is_none();
                Poll::Ready(frame)
            }
        }
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

impl Drop for AnswerBody {
    fn drop(&mut self) {
        let Some(connection) = self.connection.take() else { return };
        if connection.is_ready() {
            self.pool.put_back(connection, Instant::now());
        } else if self.ended || self.body.is_end_stream() {
            connection.finish(Arc::clone(&self.pool));
        }
    }
}
