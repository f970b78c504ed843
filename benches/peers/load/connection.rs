//! A client's connection, of any of the protocols.

use std::net::SocketAddr;
use std::sync::Arc;

use bytes::Bytes;
use http::HeaderValue;
use rustls::crypto::{CryptoProvider, aws_lc_rs};
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, RootCertStore};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;

use super::http1::Http1;
use super::http2::Http2;
use super::{Arguments, Protocol};

pub trait Stream: AsyncRead + AsyncWrite + Unpin + Send {}
impl<S: AsyncRead + AsyncWrite + Unpin + Send> Stream for S {}

/// Connects, and knows what every request has in common.
pub struct Dialer {
    pub protocol: Protocol,
    pub path: String,
    pub body: Bytes,
    address: SocketAddr,
    tls: Option<TlsConnector>,
}

pub enum Connection {
    Http1(Http1),
    Http2(Http2),
}

/// Workers that share one HTTP/2 connection.
const STREAMS: usize = 8;

impl Connection {
    /// So many clients; over HTTP/2 some share a connection.
    pub async fn open_all(dialer: &Arc<Dialer>, count: usize) -> Vec<Self> {
        let mut connections = Vec::with_capacity(count);
        while connections.len() < count {
            if dialer.protocol == Protocol::Http2 {
                let connection = Http2::open(dialer).await;
                connections.extend((0..STREAMS).map(|_| Self::Http2(connection.clone())));
            } else {
                connections.push(Self::Http1(Http1::open(Arc::clone(dialer)).await));
            }
        }
        connections.truncate(count);
        connections
    }

    /// The status of the answer.
    pub async fn exchange(&mut self, authorization: &HeaderValue) -> u16 {
        match self {
            Self::Http1(connection) => connection.exchange(authorization).await,
            Self::Http2(connection) => connection.exchange(authorization).await,
        }
    }
}

impl Dialer {
    pub fn new(arguments: &Arguments) -> Self {
        let protocol = arguments.protocol;
        let tls = (protocol != Protocol::Http1).then(|| {
            let ca = arguments.ca.as_deref().expect("--ca");
            let mut roots = RootCertStore::empty();
            roots.add(CertificateDer::from_pem_file(ca).expect("a certificate")).expect("an authority");
            TlsConnector::from(Arc::new(client(roots, protocol == Protocol::Http2)))
        });
        Self {
            protocol,
            path: arguments.path.clone(),
            body: vec![b'x'; arguments.upload].into(),
            address: arguments.address,
            tls,
        }
    }

    pub async fn dial(&self) -> Box<dyn Stream> {
        let socket = TcpStream::connect(self.address).await.expect("a connection");
        socket.set_nodelay(true).expect("no delay");
        match &self.tls {
            None => Box::new(socket),
            Some(tls) => {
                let name = ServerName::try_from("localhost").expect("a name");
                Box::new(tls.connect(name, socket).await.expect("a handshake"))
            }
        }
    }
}

/// One version, one cipher suite, one group, no resumption: every proxy has the same work.
fn client(roots: RootCertStore, http2: bool) -> ClientConfig {
    let provider = CryptoProvider {
        cipher_suites: vec![aws_lc_rs::cipher_suite::TLS13_AES_128_GCM_SHA256],
        kx_groups: vec![aws_lc_rs::kx_group::X25519],
        ..aws_lc_rs::default_provider()
    };
    let mut client = ClientConfig::builder_with_provider(Arc::new(provider))
        .with_protocol_versions(&[&rustls::version::TLS13])
        .expect("TLS 1.3")
        .with_root_certificates(roots)
        .with_no_client_auth();
    client.alpn_protocols = vec![if http2 { b"h2".to_vec() } else { b"http/1.1".to_vec() }];
    client.resumption = rustls::client::Resumption::disabled();
    client
}
