//! A client over HTTP/1.1 and HTTP/2, plain and TLS, that sends what it is told and nothing of its own.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, Method, Request, Response, Version};
use http_body_util::combinators::BoxBody;
use http_body_util::{BodyExt as _, Full};
use hyper::body::Incoming;
use hyper::rt::{Read, Write};
use hyper_util::rt::{TokioExecutor, TokioIo};
use rustls::pki_types::ServerName;
use tokio::net::TcpStream;

use super::reply::Reply;

/// No answer of the gateway takes longer.
const DEADLINE: Duration = Duration::from_secs(20);

/// The body of a request: whole, or a stream that the test feeds.
pub type Body = BoxBody<Bytes, std::io::Error>;
/// Why there was no answer.
pub type Failure = Box<dyn std::error::Error + Send + Sync>;

/// Makes requests, each on a connection of its own. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Client {
    address: SocketAddr,
    host: String,
    http2: bool,
    tls: Option<Arc<rustls::ClientConfig>>,
}

impl Client {
    pub fn new(address: SocketAddr) -> Self {
        Self { address, host: "api.example.com".to_owned(), http2: false, tls: None }
    }

    /// The same over HTTP/2: by prior knowledge, or by ALPN where there is TLS.
    pub fn http2(&self) -> Self {
        Self { http2: true, ..self.clone() }
    }

    /// The same over TLS. The configuration's own ALPN is replaced.
    pub fn tls(&self, config: &rustls::ClientConfig) -> Self {
        let mut config = config.clone();
        config.alpn_protocols = vec![if self.http2 { b"h2".to_vec() } else { b"http/1.1".to_vec() }];
        Self { tls: Some(Arc::new(config)), host: "localhost".to_owned(), ..self.clone() }
    }

    /// The same with another Host or `:authority`.
    pub fn host(&self, host: &str) -> Self {
        Self { host: host.to_owned(), ..self.clone() }
    }

    pub fn get(&self, path: &str) -> Outgoing {
        self.request(Method::GET, path)
    }

    pub fn post(&self, path: &str, body: impl Into<Bytes>) -> Outgoing {
        self.request(Method::POST, path).body(full(body))
    }

    pub fn request(&self, method: Method, path: &str) -> Outgoing {
        Outgoing {
            client: self.clone(),
            method,
            path: path.to_owned(),
            headers: HeaderMap::new(),
            body: full(Bytes::new()),
        }
    }

    /// A connection that is kept, for several requests.
    pub async fn connect(&self) -> Result<Connection, Failure> {
        let stream = TcpStream::connect(self.address).await?;
        stream.set_nodelay(true)?;
        match &self.tls {
            Some(config) => {
                let name = ServerName::try_from(self.host.clone())?;
                let stream =
                    tokio_rustls::TlsConnector::from(Arc::clone(config)).connect(name, stream).await?;
                self.handshake(TokioIo::new(stream)).await
            }
            None => self.handshake(TokioIo::new(stream)).await,
        }
    }

    async fn handshake<S: Read + Write + Send + Unpin + 'static>(
        &self,
        io: S,
    ) -> Result<Connection, Failure> {
        let sender = if self.http2 {
            let (sender, connection) =
                hyper::client::conn::http2::handshake(TokioExecutor::new(), io).await?;
            tokio::spawn(connection);
            Sender::Http2(sender)
        } else {
            let (sender, connection) = hyper::client::conn::http1::handshake(io).await?;
            tokio::spawn(connection.with_upgrades());
            Sender::Http1(sender)
        };
        Ok(Connection { sender })
    }
}

/// An open connection to the gateway.
#[derive(Debug)]
pub struct Connection {
    sender: Sender,
}

#[derive(Debug)]
enum Sender {
    Http1(hyper::client::conn::http1::SendRequest<Body>),
    Http2(hyper::client::conn::http2::SendRequest<Body>),
}

impl Connection {
    /// Sends on this connection. Over HTTP/1.1 the answer before must have been read to its end.
    pub async fn send(&mut self, request: Outgoing) -> Result<Reply, Failure> {
        collect(tokio::time::timeout(DEADLINE, self.start(request)).await??).await
    }

    /// Sends and gives the answer as soon as its head is there.
    pub async fn start(&mut self, outgoing: Outgoing) -> Result<Response<Incoming>, Failure> {
        let request = outgoing.into_request()?;
        Ok(match &mut self.sender {
            Sender::Http1(sender) => {
                sender.ready().await?;
                sender.send_request(request).await?
            }
            Sender::Http2(sender) => {
                sender.ready().await?;
                sender.send_request(request).await?
            }
        })
    }

    /// The same connection once more, for requests that are on their way together; over HTTP/2 alone.
    pub fn again(&self) -> Self {
        match &self.sender {
            Sender::Http1(_) => panic!("HTTP/1.1 has one request at a time"),
            Sender::Http2(sender) => Self { sender: Sender::Http2(sender.clone()) },
        }
    }

    /// Whether the other side has ended it.
    pub fn is_closed(&self) -> bool {
        match &self.sender {
            Sender::Http1(sender) => sender.is_closed(),
            Sender::Http2(sender) => sender.is_closed(),
        }
    }
}

/// A request in the making.
#[derive(Debug)]
pub struct Outgoing {
    client: Client,
    method: Method,
    path: String,
    headers: HeaderMap,
    body: Body,
}

impl Outgoing {
    pub fn bearer(self, token: &str) -> Self {
        self.header("authorization", &format!("Bearer {token}"))
    }

    /// Adds a header; one of the same name stays.
    pub fn header(self, name: &str, value: &str) -> Self {
        self.header_bytes(name, value.as_bytes())
    }

    pub fn header_bytes(mut self, name: &str, value: &[u8]) -> Self {
        let name: HeaderName = name.parse().expect("a header name");
        self.headers.append(name, HeaderValue::from_bytes(value).expect("a header value"));
        self
    }

    pub fn body(mut self, body: Body) -> Self {
        self.body = body;
        self
    }

    /// Sends on a connection of its own and reads the whole answer.
    pub async fn send(self) -> Reply {
        let what = format!("{} {}", self.method, self.path);
        self.try_send().await.unwrap_or_else(|error| panic!("no answer to {what}: {error:?}"))
    }

    pub async fn try_send(self) -> Result<Reply, Failure> {
        self.client.clone().connect().await?.send(self).await
    }

    /// Sends on a connection of its own and gives the answer as soon as its head is there.
    pub async fn start(self) -> Response<Incoming> {
        let mut connection = self.client.clone().connect().await.expect("a connection");
        tokio::time::timeout(DEADLINE, connection.start(self)).await.expect("in time").expect("an answer")
    }

    fn into_request(self) -> Result<Request<Body>, Failure> {
        let scheme = if self.client.tls.is_some() { "https" } else { "http" };
        let mut request = Request::new(self.body);
        *request.method_mut() = self.method;
        if self.client.http2 {
            *request.uri_mut() = format!("{scheme}://{}{}", self.client.host, self.path).parse()?;
            *request.version_mut() = Version::HTTP_2;
        } else {
            *request.uri_mut() = self.path.parse()?;
            request.headers_mut().insert("host", HeaderValue::from_str(&self.client.host)?);
        }
        request.headers_mut().extend(self.headers);
        Ok(request)
    }
}

/// A body that is all there.
pub fn full(bytes: impl Into<Bytes>) -> Body {
    Full::new(bytes.into()).map_err(|never| match never {}).boxed()
}

/// Reads an answer to its end, trailers included.
pub async fn collect(response: Response<Incoming>) -> Result<Reply, Failure> {
    let (head, body) = response.into_parts();
    let body = tokio::time::timeout(DEADLINE, body.collect()).await??;
    let trailers = body.trailers().cloned();
    Ok(Reply {
        status: head.status.as_u16(),
        version: head.version,
        headers: head.headers,
        body: body.to_bytes(),
        trailers,
    })
}
