//! The API behind the gateway: does what its script says and records what arrived, byte for byte.

use std::collections::VecDeque;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use tokio::io::BufReader;
use tokio::net::TcpListener;
use tokio::task::JoinSet;
use tokio_rustls::TlsAcceptor;

use super::script::Script;
use super::wire::{Body, Head, Io, read_body, read_head};

/// A scripted HTTP/1.1 server on loopback. Dropping it ends it.
#[derive(Debug)]
pub struct Upstream {
    address: SocketAddr,
    state: Arc<State>,
    task: tokio::task::JoinHandle<()>,
}

/// One request as it arrived.
#[derive(Debug, Clone)]
pub struct Recorded {
    pub head: Head,
    pub body: Body,
}

#[derive(Debug, Default)]
pub(super) struct State {
    recorded: Mutex<Vec<Recorded>>,
    next: Mutex<VecDeque<Script>>,
    default: Mutex<Option<Script>>,
    forbidden: AtomicBool,
    connections: AtomicUsize,
    arrived: AtomicUsize,
    pub(super) written: AtomicUsize,
    pub(super) hangups: AtomicUsize,
}

impl Upstream {
    /// Answers each request 200 until told otherwise.
    pub async fn start() -> Self {
        Self::listen(None).await
    }

    /// The same over TLS.
    pub async fn start_tls(config: Arc<rustls::ServerConfig>) -> Self {
        Self::listen(Some(config.into())).await
    }

    async fn listen(tls: Option<TlsAcceptor>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let address = listener.local_addr().expect("an address");
        let state = Arc::new(State::default());
        let task = tokio::spawn(accept(listener, tls, Arc::clone(&state)));
        Self { address, state, task }
    }

    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// The script of all requests from now on.
    pub fn answer(&self, script: Script) {
        *self.state.default.lock().expect("unpoisoned") = Some(script);
    }

    /// The script of the next request, after those queued before.
    pub fn answer_once(&self, script: Script) {
        self.state.next.lock().expect("unpoisoned").push_back(script);
    }

    /// From now on a request that arrives fails the test.
    pub fn must_not_be_reached(&self) {
        self.state.forbidden.store(true, Ordering::Relaxed);
    }

    /// What has arrived so far.
    pub fn requests(&self) -> Vec<Recorded> {
        self.state.recorded.lock().expect("unpoisoned").clone()
    }

    /// What has arrived since the last call.
    pub fn take_requests(&self) -> Vec<Recorded> {
        std::mem::take(&mut *self.state.recorded.lock().expect("unpoisoned"))
    }

    /// The one request that has arrived.
    pub fn only_request(&self) -> Recorded {
        let mut requests = self.requests();
        assert_eq!(requests.len(), 1, "expected one request at the upstream, found {requests:#?}");
        requests.remove(0)
    }

    /// The bytes of request bodies read so far, of unfinished ones too.
    pub fn arrived(&self) -> usize {
        self.state.arrived.load(Ordering::Relaxed)
    }

    /// The bytes of `Script::Fill` that the gateway's socket has taken.
    pub fn written(&self) -> usize {
        self.state.written.load(Ordering::Relaxed)
    }

    /// The connections accepted so far.
    pub fn connections(&self) -> usize {
        self.state.connections.load(Ordering::Relaxed)
    }

    /// How often the gateway ended a connection under `Script::Silence` or `Script::WebSocket`.
    pub fn hangups(&self) -> usize {
        self.state.hangups.load(Ordering::Relaxed)
    }
}

impl Drop for Upstream {
    fn drop(&mut self) {
        self.task.abort();
        if self.state.forbidden.load(Ordering::Relaxed) && !std::thread::panicking() {
            let requests = self.requests();
            assert!(requests.is_empty(), "the upstream must not be reached, but was: {requests:#?}");
        }
    }
}

impl Recorded {
    pub fn method(&self) -> &str {
        self.part(0)
    }

    /// The request target, byte for byte.
    pub fn target(&self) -> &str {
        self.part(1)
    }

    fn part(&self, index: usize) -> &str {
        self.head.start_line.split(' ').nth(index).expect("a request line")
    }

    /// The value of the one header of that name; several fail the test.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.head.header(name)
    }

    /// Every header that an application server may fold into this name: `X_User`, `x.user`, `X-USER`.
    pub fn spelled_like(&self, name: &str) -> Vec<(&str, &str)> {
        let alike = self.head.headers.iter().filter(|(known, _)| folded(known) == folded(name));
        alike.map(|(name, value)| (name.as_str(), value.as_str())).collect()
    }
}

fn folded(name: &str) -> String {
    name.chars().map(|c| if c.is_ascii_alphanumeric() { c.to_ascii_lowercase() } else { '-' }).collect()
}

async fn accept(listener: TcpListener, tls: Option<TlsAcceptor>, state: Arc<State>) {
    // Dropped with this task, and every connection with it.
    let mut connections = JoinSet::new();
    loop {
        let Ok((stream, _)) = listener.accept().await else { continue };
        state.connections.fetch_add(1, Ordering::Relaxed);
        let (tls, state) = (tls.clone(), Arc::clone(&state));
        connections.spawn(async move {
            let stream: Box<dyn Io> = match tls {
                Some(tls) => match tls.accept(stream).await {
                    Ok(stream) => Box::new(stream),
                    Err(_) => return,
                },
                None => Box::new(stream),
            };
            // An end of the connection at any point is the gateway's right, and seen by what was recorded.
            let _end = serve(stream, &state).await;
        });
    }
}

async fn serve(stream: Box<dyn Io>, state: &State) -> std::io::Result<()> {
    let mut stream = BufReader::new(stream);
    while let Some(head) = read_head(&mut stream).await? {
        let queued = state.next.lock().expect("unpoisoned").pop_front();
        let script = queued.or_else(|| state.default.lock().expect("unpoisoned").clone());
        let script = script.unwrap_or_else(Script::ok);
        let body = if script.reads_body() {
            read_body(&mut stream, &head, false, &state.arrived).await?
        } else {
            Body::default()
        };
        let recorded = Recorded { head: head.clone(), body: body.clone() };
        state.recorded.lock().expect("unpoisoned").push(recorded);
        if !script.play(state, &head, &body.bytes, &mut stream).await? {
            break;
        }
    }
    Ok(())
}
