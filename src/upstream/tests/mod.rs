//! Requests from a raw client through a listener to a scripted upstream, over real sockets.

mod connection;
mod exchange;
mod failure;
mod upgrade;

use std::net::SocketAddr;
use std::sync::Mutex;

use bytes::Bytes;
use http::Request;
use prometheus::{HistogramOpts, IntGauge};
use serde_json::json;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::time::sleep;

use super::*;
use crate::authn::{ClaimPath, Principal};
use crate::authz::{RequestFacts, Requirement, authorize};
use crate::listener::{Listener, ListenerSpec, Refusal, Service};

const OK: &[u8] = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";

/// Lets everybody through as alice, and answers a failure with its name.
#[derive(Clone)]
struct Relay {
    forward: Forward,
    drain: Drain,
}

impl Service for Relay {
    type Body = Body;

    async fn handle(&self, request: Request<Incoming>, peer: Arc<Peer>) -> Response<Body> {
        let (mut head, body) = request.into_parts();
        let target = Target::parse(&head).unwrap();
        let principal = Principal::for_test("corporate", &[], &[], json!({ "sub": "alice" }));
        let inbound = Inbound {
            head: &mut head,
            body: Some(body),
            target: &target,
            peer: &peer,
            request_id: &HeaderValue::from_static("id"),
            traceparent: &HeaderValue::from_static("00-0-0-00"),
            received: &BodySize::default(),
            drain: &self.drain,
            started: Instant::now(),
        };
        let permit = authorize(&Requirement::Authenticated, principal, &RequestFacts::for_test()).unwrap();
        let caller = self.forward.identify(permit, &Captures::default()).unwrap();
        match self.forward.send(caller, inbound).await {
            Ok((answer, _)) => answer,
            Err(error) => {
                let name = format!("{error:?}");
                let name = name.split('(').next().unwrap().to_owned();
                Response::builder().status(500).body(Body::full(Bytes::from(name))).unwrap()
            }
        }
    }

    fn refused(&self, _: &Peer, _: Refusal) {}
}

struct World {
    address: SocketAddr,
    drain: Drain,
    upstream: Arc<Upstream>,
    duration: Histogram,
}

fn spec(endpoints: &[SocketAddr]) -> UpstreamSpec {
    UpstreamSpec {
        name: "orders".into(),
        endpoints: endpoints.iter().map(|at| Endpoint::parse(&format!("http://{at}")).unwrap()).collect(),
        connect_timeout: Duration::from_secs(2),
        response_timeout: Duration::from_secs(5),
        ca: None,
        server_name: None,
    }
}

impl World {
    async fn new(endpoints: &[SocketAddr]) -> Self {
        Self::with(spec(endpoints)).await
    }

    async fn with(spec: UpstreamSpec) -> Self {
        let duration = Histogram::with_opts(HistogramOpts::new("duration", "Seconds.")).unwrap();
        let upstream = Arc::new(Upstream::new(spec, duration.clone()).unwrap());
        let user = IdentityName::parse("X-User").unwrap();
        let guard = Guard::new([user.header()].into_iter());
        let value = IdentityValue::Claim(ClaimPath::parse("sub").unwrap());
        let identity = Identity::new(vec![(user, value, Format::Text)], false, Vec::new(), &[]);
        let forward =
            Forward::new(Arc::clone(&upstream), Arc::new(identity), Arc::new(guard), Arc::default());
        let listener = ListenerSpec {
            name: "test".into(),
            address: "127.0.0.1:0".parse().unwrap(),
            tls: None,
            trusted_proxies: Arc::default(),
        };
        let listener = Listener::bind(listener, IntGauge::new("open", "Open.").unwrap()).await.unwrap();
        let (address, drain) = (listener.local_addr().unwrap(), Drain::new());
        drain.spawn(listener.serve(Relay { forward, drain: drain.clone() }, drain.clone()));
        Self { address, drain, upstream, duration }
    }

    async fn connect(&self) -> TcpStream {
        TcpStream::connect(self.address).await.unwrap()
    }

    /// Sends the bytes on a new connection and reads to its end.
    async fn exchange(&self, bytes: &str) -> String {
        let mut stream = self.connect().await;
        stream.write_all(bytes.as_bytes()).await.unwrap();
        read_to_end(&mut stream).await
    }

    async fn get(&self, path: &str) -> String {
        self.exchange(&format!("GET {path} HTTP/1.1\r\nHost: api\r\nConnection: close\r\n\r\n")).await
    }
}

/// An upstream whose connections run the script, each with its number.
async fn upstream<F>(script: impl Fn(TcpStream, usize) -> F + Send + 'static) -> SocketAddr
where
    F: Future<Output = ()> + Send + 'static,
{
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        for number in 0.. {
            let (stream, _) = listener.accept().await.unwrap();
            tokio::spawn(script(stream, number));
        }
    });
    address
}

/// An upstream that answers every request with 200 and records its bytes, one entry for each read.
async fn recorder() -> (SocketAddr, Arc<Mutex<Vec<String>>>) {
    let seen: Arc<Mutex<Vec<String>>> = Arc::default();
    let record = Arc::clone(&seen);
    let address = upstream(move |mut stream, _| {
        let record = Arc::clone(&record);
        async move {
            loop {
                let request = read_request(&mut stream).await;
                if request.is_empty() {
                    return;
                }
                record.lock().unwrap().push(request);
                stream.write_all(OK).await.unwrap();
            }
        }
    })
    .await;
    (address, seen)
}

async fn within<T>(future: impl Future<Output = T>) -> T {
    tokio::time::timeout(Duration::from_secs(10), future).await.expect("in time")
}

async fn read_to_end(stream: &mut (impl AsyncRead + Unpin)) -> String {
    let mut all = Vec::new();
    let mut chunk = [0; 4096];
    while let Ok(count @ 1..) = within(stream.read(&mut chunk)).await {
        all.extend_from_slice(&chunk[..count]);
    }
    String::from_utf8_lossy(&all).into_owned()
}

async fn read_until(stream: &mut (impl AsyncRead + Unpin), enough: impl Fn(&str) -> bool) -> String {
    let mut all = String::new();
    while !enough(&all) {
        let mut byte = [0; 1];
        match within(stream.read(&mut byte)).await {
            Ok(1) => all.push(char::from(byte[0])),
            _ => return all,
        }
    }
    all
}

/// One request, its body too; empty at the end of the connection.
async fn read_request(stream: &mut (impl AsyncRead + Unpin)) -> String {
    let head = read_until(stream, |all| all.ends_with("\r\n\r\n")).await;
    let body = if head.contains("transfer-encoding: chunked") {
        read_until(stream, |all| all.ends_with("0\r\n\r\n")).await
    } else {
        let length = head.split("content-length: ").nth(1).and_then(|rest| rest.split("\r\n").next());
        let length: usize = length.map_or(0, |length| length.parse().unwrap());
        read_until(stream, |all| all.len() == length).await
    };
    head + &body
}

async fn eventually(mut condition: impl FnMut() -> bool) {
    within(async {
        while !condition() {
            sleep(Duration::from_millis(5)).await;
        }
    })
    .await;
}
