//! The one response-body type of the gateway.
//!
//! Given bytes of our own or the body that an upstream streams, it hands hyper one `http_body::Body`; nothing is
//! buffered. It names no other module.

use std::fmt;
use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::Bytes;
use http::header::CONTENT_LENGTH;
use http::{Method, Response};
use http_body::{Frame, SizeHint};
use http_body_util::Full;
use hyper::body::Incoming;

/// What a response carries.
pub struct Body(Kind);

enum Kind {
    Own(Full<Bytes>),
    Streamed(Incoming),
    Carried(Pin<Box<dyn http_body::Body<Data = Bytes, Error = hyper::Error> + Send>>),
}

impl Body {
    /// No bytes at all.
    pub fn empty() -> Self {
        Self::full(Bytes::new())
    }

    /// Bytes of our own, sent with a `Content-Length`.
    pub fn full(bytes: impl Into<Bytes>) -> Self {
        Self(Kind::Own(Full::new(bytes.into())))
    }

    /// An answer of our own as a request of this method gets it: to HEAD without its content, and with the length that this
    /// would have (RFC 9110 §9.3.2). Over HTTP/1.1 hyper would leave out the content itself; over HTTP/2 it would send it.
    pub fn answer_to(method: &Method, response: Response<Self>) -> Response<Self> {
        if method != Method::HEAD {
            return response;
        }
        let length = http_body::Body::size_hint(response.body()).exact();
        let mut response = response.map(|_| Self::empty());
        if let Some(length) = length {
            response.headers_mut().insert(CONTENT_LENGTH, length.into());
        }
        response
    }

    /// What the upstream streams, frame by frame, trailers included.
    pub fn streamed(incoming: Incoming) -> Self {
        Self(Kind::Streamed(incoming))
    }

    /// The same, of a body that brings along what carries it.
    pub fn carried(body: impl http_body::Body<Data = Bytes, Error = hyper::Error> + Send + 'static) -> Self {
        Self(Kind::Carried(Box::pin(body)))
    }
}

impl http_body::Body for Body {
    type Data = Bytes;
    type Error = hyper::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, hyper::Error>>> {
        match &mut self.0 {
            Kind::Own(own) => Pin::new(own).poll_frame(context).map_err(|never| match never {}),
            Kind::Streamed(incoming) => Pin::new(incoming).poll_frame(context),
            Kind::Carried(body) => body.as_mut().poll_frame(context),
        }
    }

    fn is_end_stream(&self) -> bool {
        match &self.0 {
            Kind::Own(own) => own.is_end_stream(),
            Kind::Streamed(incoming) => incoming.is_end_stream(),
            Kind::Carried(body) => body.is_end_stream(),
        }
    }

    fn size_hint(&self) -> SizeHint {
        match &self.0 {
            Kind::Own(own) => own.size_hint(),
            Kind::Streamed(incoming) => incoming.size_hint(),
            Kind::Carried(body) => body.size_hint(),
        }
    }
}

impl fmt::Debug for Body {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_tuple("Body").finish_non_exhaustive()
    }
}
