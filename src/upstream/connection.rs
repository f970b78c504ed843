//! One connection to an endpoint, polled by whoever uses it.
//!
//! Given a socket and a request, it hands on the head of the answer. The half of hyper that reads and writes has no task of
//! its own: the task of the request that the connection serves polls it, so that an exchange wakes no other; only what
//! that task would not wait for gets one ([`Connection::finish`]). What must stay true: while something is still to be written or read, somebody polls the connection, or it is closed.

use std::future::poll_fn;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::task::{Context, Poll, Waker, ready};
use std::time::Duration;

use http::{Request, Response};
use hyper::body::Incoming;
use hyper::client::conn::TrySendError;
use hyper::client::conn::http1::{Builder, SendRequest};
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::runtime::Handle;
use tokio::time::{Instant, Sleep, sleep};

use super::bell::Bell;
use super::pool::Pool;
use super::request::RequestBody;

/// An open connection.
pub(super) struct Connection {
    sender: SendRequest<RequestBody>,
    /// What reads and writes; gone when the connection has ended.
    driver: Option<Pin<Box<dyn Future<Output = hyper::Result<()>> + Send>>>,
    bell: Arc<Bell>,
    /// Of the bell.
    waker: Waker,
    /// When to look at the time: one timer for all exchanges, set again when it has run out and not for each of them.
    look: Option<Pin<Box<Sleep>>>,
}

/// An answer, or the request where nothing of it was written.
pub(super) type Answered = Result<Response<Incoming>, TrySendError<Request<RequestBody>>>;

impl Connection {
    /// Over this socket; resolves once a first request can be sent.
    pub(super) async fn open<S>(stream: S) -> hyper::Result<Self>
    where
        S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    {
        let (sender, driver) =
            Builder::new().max_buf_size(MAX_BUFFER).handshake(TokioIo::new(stream)).await?;
        let bell = Arc::new(Bell::default());
        let waker = Waker::from(Arc::clone(&bell));
        let driver: Pin<Box<dyn Future<Output = _> + Send>> = Box::pin(driver.with_upgrades());
        let mut connection = Self { sender, driver: Some(driver), bell, waker, look: None };
        connection.ready().await?;
        Ok(connection)
    }

    /// Sends the request and resolves with the head of the answer. Asks now and then how much time is `left`, and gives up
    /// when that is an error; whoever gives up closes the connection.
    pub(super) async fn exchange<E>(
        &mut self,
        request: Box<Request<RequestBody>>,
        left: impl Fn() -> Result<Duration, E>,
    ) -> Result<Answered, E> {
        // What this rings is seen by the poll that follows.
        self.bell.begin();
        let mut answer = pin!(self.sender.try_send_request(*request));
        poll_fn(|context| {
            loop {
                let answered = self.poll(context, |_, context| answer.as_mut().poll(context));
                if let Poll::Ready(answered) = answered {
                    return Poll::Ready(Ok(answered));
                }
                ready!(self.poll_look());
                let left = left()?;
                match &mut self.look {
                    Some(look) => look.as_mut().reset(Instant::now() + left),
                    None => self.look = Some(Box::pin(sleep(left))),
                }
            }
        })
        .await
    }

    /// Polls the connection until it gives what is `wanted`, which must be something that only the connection makes.
    pub(super) fn poll<T>(
        &mut self,
        context: &mut Context<'_>,
        mut wanted: impl FnMut(&mut SendRequest<RequestBody>, &mut Context<'_>) -> Poll<T>,
    ) -> Poll<T> {
        self.bell.listen(context.waker());
        for _ in 0..TURNS {
            self.bell.begin();
            self.drive();
            // Made by the line above or not at all, so that there is nobody to wake.
            let found = wanted(&mut self.sender, &mut Context::from_waker(Waker::noop()));
            let quiet = self.bell.end();
            if found.is_ready() || quiet {
                return found;
            }
        }
        // Others want their turn.
        context.waker().wake_by_ref();
        Poll::Pending
    }

    /// Resolves once the exchange is over to the last byte, both ways, and another one can begin.
    pub(super) async fn ready(&mut self) -> hyper::Result<()> {
        poll_fn(|context| self.poll(context, SendRequest::poll_ready)).await
    }

    /// Whether the exchange is over to the last byte, both ways, and another one can begin.
    pub(super) fn is_ready(&self) -> bool {
        self.driver.is_some() && self.sender.is_ready()
    }

    /// Goes on in a task of its own until the exchange is over, and then to the idle ones.
    pub(super) fn finish(mut self, pool: Arc<Pool>) {
        // One that has ended has nothing to go on with, and a runtime that is ending has no tasks.
        if self.driver.is_some()
            && let Ok(runtime) = Handle::try_current()
        {
            drop(runtime.spawn(async move {
                if self.ready().await.is_ok() {
                    pool.put_back(self, std::time::Instant::now());
                }
            }));
        }
    }

    /// Whether an idle connection is still open, as far as is known here.
    pub(super) fn is_open(&mut self) -> bool {
        if self.bell.has_rung() {
            self.bell.begin();
            self.drive();
            self.bell.end();
        }
        self.is_ready()
    }

    /// From now on it is idle, and nobody's.
    pub(super) fn rest(&self) {
        self.bell.forget();
    }

    fn drive(&mut self) {
        let Some(driver) = &mut self.driver else { return };
        if let Poll::Ready(ended) = driver.as_mut().poll(&mut Context::from_waker(&self.waker)) {
            if let Err(error) = ended {
                tracing::debug!(%error, "Upstream connection ended");
            }
            // With it go the requests that it has not taken, back to who sent them.
            self.driver = None;
        }
    }

    fn poll_look(&mut self) -> Poll<()> {
        match &mut self.look {
            Some(look) => look.as_mut().poll(&mut Context::from_waker(&self.waker)),
            None => Poll::Ready(()),
        }
    }
}

/// What one connection may hold of an answer that the client has not taken yet, and the longest head of an answer.
const MAX_BUFFER: usize = 128 * 1024;
/// How often a connection that is never quiet is polled in a row.
const TURNS: usize = 4;
