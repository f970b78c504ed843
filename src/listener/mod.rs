//! ACCEPT: sockets, TLS, HTTP/1.1 and HTTP/2 connections.
//!
//! Given an address and, where it serves TLS, a certificate, it accepts connections and hands each request with the
//! `Peer` it came from to a `Service`. It refuses what is no HTTP (with a bare 4xx, and a word to
//! `Service::refused`), heads that are too large or never end, and more connections than it can carry. What must stay
//! true: a connection counts as open, in the gauge and in the drain, exactly as long as its socket is; a failed
//! connection is nobody's error and leaves a debug line at most; a change of a listener's terms closes nothing.

mod activity;
mod connection;
mod drain;
mod peer;
mod stream;
mod terms;
mod tls;

pub use drain::Drain;
pub use peer::Peer;
pub use terms::Terms;
pub use tls::{ServerTls, TlsError};

use std::error::Error as StdError;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use activity::Limits;
use bytes::Bytes;
use http::{Request, Response};
use hyper::body::Incoming;
use ipnet::IpNet;
use prometheus::IntGauge;
use stream::Open;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;
use tokio::time::{MissedTickBehavior, interval, sleep};

use crate::telemetry::Held;

/// What serves the requests of a listener.
pub trait Service: Clone + Send + Sync + 'static {
    /// The body of the answers.
    type Body: http_body::Body<Data = Bytes, Error: Into<Box<dyn StdError + Send + Sync>>>
        + Send
        + Unpin
        + 'static;

    /// Answers one request. Dropped when the client is gone.
    fn handle(
        &self,
        request: Request<Incoming>,
        peer: Arc<Peer>,
    ) -> impl Future<Output = Response<Self::Body>> + Send;

    /// Hears of what came instead of a request, once for each, after it has been answered or closed.
    fn refused(&self, peer: &Peer, refusal: Refusal);
}

/// What the HTTP parser itself rejected, to be counted and logged; nothing else is known of such a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Refusal {
    /// Not HTTP, or framed so that its end cannot be told; answered with 400.
    RequestMalformed,
    /// A request line or header section over the limits; answered with 431.
    HeaderTooLarge,
    /// A head that had begun and did not end in time; closed without an answer.
    RequestTimeout,
}

/// Whether the second of the two addresses could not be listened on beside the first. The unspecified address of IPv6 also
/// takes what comes over IPv4.
pub fn overlap(one: SocketAddr, other: SocketAddr) -> bool {
    let covers = |wide: SocketAddr, narrow: SocketAddr| {
        wide.ip().is_unspecified() && (wide.is_ipv6() || narrow.is_ipv4())
    };
    one == other || one.port() == other.port() && (covers(one, other) || covers(other, one))
}

/// One `listeners` entry.
#[derive(Debug, Clone, PartialEq)]
pub struct ListenerSpec {
    /// The address as configured: the listener's name in metrics and logs.
    pub name: Arc<str>,
    /// Where to listen; port 0 takes a free one.
    pub address: SocketAddr,
    /// The certificate; without it the listener speaks plaintext.
    pub tls: Option<ServerTls>,
    /// Whose forwarding headers are believed.
    pub trusted_proxies: Arc<[IpNet]>,
}

/// A bound socket. Clients can connect from `bind` on; they are served from `serve` on.
#[derive(Debug)]
pub struct Listener {
    socket: TcpListener,
    name: Arc<str>,
    terms: Terms,
    connections: Held<IntGauge>,
    slots: Arc<Semaphore>,
    limits: Limits,
}

impl Listener {
    /// Binds the address. `connections` is the listener's gauge of open connections.
    pub async fn bind(spec: ListenerSpec, connections: impl Into<Held<IntGauge>>) -> io::Result<Self> {
        let connections = connections.into();
        let socket = TcpListener::bind(spec.address).await?;
        let slots = Arc::new(Semaphore::new(MAX_CONNECTIONS));
        let (name, terms) = (Arc::clone(&spec.name), Terms::new(spec));
        Ok(Self { socket, name, terms, connections, slots, limits: Limits::default() })
    }

    /// The address that is bound, with the port chosen for port 0.
    pub fn local_addr(&self) -> io::Result<SocketAddr> {
        self.socket.local_addr()
    }

    /// What connections get; for whoever changes it while they are served.
    pub fn terms(&self) -> Terms {
        self.terms.clone()
    }

    /// Accepts connections until `drain` stops it. Connections outlive this call; `Drain::drained` waits for them.
    pub async fn serve<S: Service>(self, service: S, drain: Drain) {
        let _accepting = drain.token();
        drain.spawn(watch_certificate(self.terms.clone(), drain.clone()));
        let mut pause = PAUSE_MIN;
        loop {
            let open = tokio::select! {
                biased;
                () = drain.stopped() => break,
                open = self.slot(&drain) => open,
            };
            let accepted = tokio::select! {
                biased;
                () = drain.stopped() => break,
                accepted = self.socket.accept() => accepted,
            };
            match accepted {
                Ok((socket, address)) => {
                    pause = PAUSE_MIN;
                    self.start(socket, address, open, &service, &drain);
                }
                Err(error) if is_of_the_client(&error) => {
                    tracing::debug!(listener = %self.name, %error, "Connection ended before it was accepted");
                }
                // EMFILE and its kin: the connection stays in the backlog, and trying at once again would spin.
                Err(error) => {
                    tracing::warn!(listener = %self.name, %error, "Cannot accept connections");
                    tokio::select! { () = sleep(pause) => (), () = drain.stopped() => break }
                    pause = (pause * 2).min(PAUSE_MAX);
                }
            }
        }
        self.accept_backlog(&service, &drain).await;
        tracing::debug!(listener = %self.name, "Stopped accepting");
    }

    /// A place among the connections; waits while all are taken, so that the kernel's backlog fills, not our memory.
    async fn slot(&self, drain: &Drain) -> Open {
        // The semaphore is never closed; without a permit the connection would merely not count against the cap.
        let permit = Arc::clone(&self.slots).acquire_owned().await.ok();
        Open::new(self.connections.clone(), permit, drain.token())
    }

    fn start<S: Service>(
        &self,
        socket: TcpStream,
        address: SocketAddr,
        mut open: Open,
        service: &S,
        drain: &Drain,
    ) {
        open.count();
        let ListenerSpec { tls, trusted_proxies, .. } = self.terms.current();
        let peer = Arc::new(Peer::new(address, Arc::clone(&self.name), tls.is_some(), trusted_proxies));
        let (service, drain, limits) = (service.clone(), drain.clone(), self.limits);
        drop(tokio::spawn(async move {
            connection::accept(socket, tls, open, peer, limits, service, drain).await;
        }));
    }

    /// Takes what the kernel has already accepted in our name: closing the socket would reset those connections.
    async fn accept_backlog<S: Service>(&self, service: &S, drain: &Drain) {
        while let Ok(Ok((socket, address))) = tokio::time::timeout(Duration::ZERO, self.socket.accept()).await
        {
            let open = Open::new(self.connections.clone(), None, drain.token());
            self.start(socket, address, open, service, drain);
        }
    }

    #[cfg(test)]
    fn with_limits(mut self, limits: Limits) -> Self {
        self.limits = limits;
        self
    }
}

/// Open connections of one listener; more wait in the kernel's backlog.
const MAX_CONNECTIONS: usize = 16 * 1024;
const PAUSE_MIN: Duration = Duration::from_millis(20);
const PAUSE_MAX: Duration = Duration::from_secs(1);
const CERTIFICATE_POLL: Duration = Duration::from_secs(1);

fn is_of_the_client(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::ConnectionAborted | io::ErrorKind::ConnectionReset)
}

async fn watch_certificate(terms: Terms, drain: Drain) {
    let mut tick = interval(CERTIFICATE_POLL);
    tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        tokio::select! { biased; () = drain.stopped() => return, _ = tick.tick() => () }
        let Some(tls) = terms.tls() else { continue };
        // Reading files blocks; `reload` has logged what it found.
        if tokio::task::spawn_blocking(move || tls.reload()).await.is_err() {
            return;
        }
    }
}

#[cfg(test)]
mod tests;
