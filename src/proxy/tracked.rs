//! An answer's body that keeps the request's record until its last byte.

use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::{Buf, Bytes};
use http_body::{Frame, SizeHint};

use crate::body::Body;
use crate::telemetry::Record;

/// A body and the record of its request, which is written when the body ends or is dropped.
#[derive(Debug)]
pub struct Tracked {
    body: Body,
    record: Box<Record>,
}

impl Tracked {
    pub(super) fn new(body: Body, record: Box<Record>) -> Self {
        Self { body, record }
    }
}

impl http_body::Body for Tracked {
    type Data = Bytes;
    type Error = hyper::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, hyper::Error>>> {
        let polled = Pin::new(&mut self.body).poll_frame(context);
        if let Poll::Ready(Some(Ok(frame))) = &polled
            && let Some(data) = frame.data_ref()
        {
            self.record.sent(data.remaining());
        }
        polled
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}
