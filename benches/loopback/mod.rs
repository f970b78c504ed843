//! What a request is measured with: an upstream, a client and a bare proxy, all on loopback and all as plain as can be.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::mpsc::channel;

use bytes::Bytes;
use http::{Request, Response, Uri};
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use tokio::runtime::Builder;

#[path = "../../tests/support/keypair.rs"]
pub mod keypair;
#[path = "../../tests/support/token.rs"]
pub mod token;

/// An upstream on a thread of its own, for as long as the process lives. Takes any body, and answers with 5 bytes, below
/// `/large` with 64 KiB.
pub fn upstream() -> SocketAddr {
    let (sender, receiver) = channel();
    std::thread::spawn(move || {
        Builder::new_current_thread().enable_all().build().expect("a runtime").block_on(async {
            let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port");
            sender.send(listener.local_addr().expect("an address")).expect("a receiver");
            let answer = service_fn(|request: Request<Incoming>| async {
                let large = request.uri().path().starts_with("/large");
                request.into_body().collect().await?;
                let body = if large { &LARGE } else { b"hello".as_slice() };
                Ok::<_, hyper::Error>(Response::new(Full::new(Bytes::from_static(body))))
            });
            loop {
                let (socket, _) = listener.accept().await.expect("a connection");
                socket.set_nodelay(true).expect("no delay");
                tokio::spawn(
                    hyper::server::conn::http1::Builder::new().serve_connection(TokioIo::new(socket), answer),
                );
            }
        });
    });
    receiver.recv().expect("an address")
}

static LARGE: [u8; 64 * 1024] = [b'x'; 64 * 1024];

/// A hyper proxy that checks nothing, hyper-util's pooled client behind it: the floor. Prints its address and serves until
/// its process is ended.
pub fn bare_proxy(upstream: &str) {
    let authority = upstream.to_owned();
    Builder::new_multi_thread().enable_all().build().expect("a runtime").block_on(async move {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let mut connector = HttpConnector::new();
        connector.set_nodelay(true);
        let client: Client<HttpConnector, Incoming> =
            Client::builder(TokioExecutor::new()).pool_timer(TokioTimer::new()).build(connector);
        println!("address={}", listener.local_addr().expect("an address"));
        loop {
            let (socket, _) = listener.accept().await.expect("a connection");
            socket.set_nodelay(true).expect("no delay");
            let (client, authority) = (client.clone(), authority.clone());
            let forward = service_fn(move |mut request: Request<Incoming>| {
                let path = request.uri().path_and_query().map_or("/", |path| path.as_str());
                *request.uri_mut() = Uri::builder()
                    .scheme("http")
                    .authority(authority.as_str())
                    .path_and_query(path)
                    .build()
                    .expect("a URI");
                client.request(request)
            });
            tokio::spawn(
                hyper::server::conn::http1::Builder::new()
                    .timer(TokioTimer::new())
                    .serve_connection(TokioIo::new(socket), forward),
            );
        }
    });
}

/// A request as it is sent; with a body of this many bytes, if any.
pub fn request(host: &str, path: &str, token: Option<&str>, body: usize) -> Vec<u8> {
    let authorization = token.map(|token| format!("authorization: Bearer {token}\r\n")).unwrap_or_default();
    let (method, length) =
        if body == 0 { ("GET", String::new()) } else { ("POST", format!("content-length: {body}\r\n")) };
    let head = format!(
        "{method} {path} HTTP/1.1\r\nhost: {host}\r\nuser-agent: bench\r\naccept: */*\r\n{length}{authorization}\r\n"
    );
    let mut request = head.into_bytes();
    request.resize(request.len() + body, b'x');
    request
}

/// A keep-alive connection.
pub struct Connection {
    reader: BufReader<TcpStream>,
}

impl Connection {
    pub fn open(address: SocketAddr) -> Self {
        let socket = TcpStream::connect(address).expect("a connection");
        socket.set_nodelay(true).expect("no delay");
        Self { reader: BufReader::new(socket) }
    }

    /// Sends the request and reads the whole answer; panics unless it is a 200.
    pub fn exchange(&mut self, request: &[u8]) {
        self.reader.get_mut().write_all(request).expect("sent");
        let (mut line, mut length) = (String::new(), 0);
        self.reader.read_line(&mut line).expect("a status line");
        assert!(line.starts_with("HTTP/1.1 200"), "{line}");
        loop {
            line.clear();
            self.reader.read_line(&mut line).expect("a header line");
            if line == "\r\n" {
                break;
            }
            if let Some((name, value)) = line.split_once(':')
                && name.eq_ignore_ascii_case("content-length")
            {
                length = value.trim().parse().expect("a length");
            }
        }
        let mut body = vec![0; length];
        self.reader.read_exact(&mut body).expect("a body");
    }
}

/// A port that nothing listens on now.
pub fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").and_then(|listener| listener.local_addr()).expect("a port").port()
}
