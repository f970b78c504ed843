//! The listener over real sockets: raw bytes in, raw bytes out.

mod certificates;
mod drain;
mod parsing;

use std::sync::Mutex;

use http_body_util::{BodyExt, Full};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::sync::Notify;

use super::*;

/// Answers with what it saw; `/wait` only after `release`.
#[derive(Clone, Default)]
struct Echo {
    refusals: Arc<Mutex<Vec<Refusal>>>,
    arrived: Arc<Notify>,
    release: Arc<Notify>,
}

impl Service for Echo {
    type Body = Full<Bytes>;

    async fn handle(&self, request: Request<Incoming>, peer: Arc<Peer>) -> Response<Full<Bytes>> {
        let (head, body) = request.into_parts();
        if head.uri.path() == "/wait" {
            self.arrived.notify_one();
            self.release.notified().await;
        }
        let text = match body.collect().await {
            Ok(body) => format!("{} {} {:?}", head.method, peer.scheme(), body.to_bytes()),
            Err(error) => format!("broken: {error}"),
        };
        Response::new(Full::from(text))
    }

    fn refused(&self, _: &Peer, refusal: Refusal) {
        self.refusals.lock().unwrap().push(refusal);
    }
}

impl Echo {
    fn refusals(&self) -> Vec<Refusal> {
        self.refusals.lock().unwrap().clone()
    }
}

struct World {
    address: SocketAddr,
    echo: Echo,
    drain: Drain,
    gauge: IntGauge,
}

impl World {
    async fn plain() -> Self {
        Self::start(None, Limits::default()).await
    }

    async fn start(tls: Option<ServerTls>, limits: Limits) -> Self {
        let spec = ListenerSpec {
            name: "test".into(),
            address: "127.0.0.1:0".parse().unwrap(),
            tls,
            trusted_proxies: Arc::default(),
        };
        let gauge = IntGauge::new("connections", "Open.").unwrap();
        let listener = Listener::bind(spec, gauge.clone()).await.unwrap().with_limits(limits);
        let (address, echo, drain) = (listener.local_addr().unwrap(), Echo::default(), Drain::new());
        drain.spawn(listener.serve(echo.clone(), drain.clone()));
        Self { address, echo, drain, gauge }
    }

    async fn connect(&self) -> TcpStream {
        TcpStream::connect(self.address).await.unwrap()
    }

    /// Sends the bytes and reads until the gateway closes.
    async fn exchange(&self, bytes: &[u8]) -> String {
        let mut stream = self.connect().await;
        stream.write_all(bytes).await.unwrap();
        read_to_end(&mut stream).await
    }

    /// The drain ends on its own, and the gauge has gone back to zero.
    async fn ends(self) {
        self.drain.stop();
        within(self.drain.drained()).await;
        assert_eq!(self.gauge.get(), 0);
    }
}

async fn within<T>(future: impl Future<Output = T>) -> T {
    tokio::time::timeout(Duration::from_secs(10), future).await.expect("in time")
}

/// Until the end, also when that is a reset: bytes the gateway had not read make the kernel send one.
async fn read_to_end(stream: &mut (impl tokio::io::AsyncRead + Unpin)) -> String {
    let mut all = Vec::new();
    let mut chunk = [0; 4096];
    while let Ok(count @ 1..) = within(stream.read(&mut chunk)).await {
        all.extend_from_slice(&chunk[..count]);
    }
    String::from_utf8_lossy(&all).into_owned()
}

/// Reads until the text has come.
async fn read_until(stream: &mut (impl tokio::io::AsyncRead + Unpin), text: &str) -> String {
    let mut all = Vec::new();
    let mut chunk = [0; 4096];
    loop {
        let so_far = String::from_utf8_lossy(&all).into_owned();
        if so_far.contains(text) {
            return so_far;
        }
        let count = within(stream.read(&mut chunk)).await.unwrap();
        assert!(count > 0, "the connection ended after {so_far:?}");
        all.extend_from_slice(&chunk[..count]);
    }
}

async fn eventually(mut condition: impl FnMut() -> bool) {
    within(async {
        while !condition() {
            sleep(Duration::from_millis(5)).await;
        }
    })
    .await;
}
