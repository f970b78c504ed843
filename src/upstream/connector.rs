//! Opens connections to endpoints.
//!
//! Given an endpoint it hands on an HTTP/1.1 connection. It refuses certificates that do not lead to the system's
//! authorities, or, with a private `ca`, to that one alone. The connect timeout covers name resolution, TCP and TLS
//! together.

use std::io;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use ::aws_lc_rs::digest::{SHA256, digest};
use rustls::client::danger::ServerCertVerifier;
use rustls::crypto::aws_lc_rs;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, RootCertStore};
use rustls_platform_verifier::Verifier;
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;

use super::connection::Connection;
use super::{Endpoint, UpstreamError, UpstreamSpec};
use crate::socket::Socket;

/// How connections of one upstream are opened.
pub(super) struct Connector {
    timeout: Duration,
    tls: Option<Tls>,
}

struct Tls {
    connector: TlsConnector,
    /// Whose certificate is asked for, in place of the endpoint's host.
    name: Option<ServerName<'static>>,
}

impl Connector {
    pub(super) fn new(spec: &UpstreamSpec) -> Result<Self, UpstreamError> {
        let tls = if spec.endpoints.iter().any(Endpoint::is_https) {
            Some(Tls::new(spec)?)
        } else if spec.ca.is_some() || spec.server_name.is_some() {
            return Err(UpstreamError::TlsUnused);
        } else {
            None
        };
        Ok(Self { timeout: spec.connect_timeout, tls })
    }

    /// A new connection, ready for a request.
    pub(super) async fn connect(&self, endpoint: &Endpoint) -> io::Result<Connection> {
        tokio::time::timeout(self.timeout, self.open(endpoint))
            .await
            .unwrap_or_else(|_| Err(io::ErrorKind::TimedOut.into()))
    }

    async fn open(&self, endpoint: &Endpoint) -> io::Result<Connection> {
        let socket = TcpStream::connect((endpoint.host(), endpoint.port())).await?;
        // Requests are written whole, see `listener::connection`.
        socket.set_nodelay(true)?;
        let opened = match &self.tls {
            Some(tls) if endpoint.is_https() => {
                let name = match &tls.name {
                    Some(name) => name.clone(),
                    None => server_name(endpoint.host()).ok_or(io::ErrorKind::InvalidInput)?,
                };
                Connection::open(tls.connector.connect(name, socket).await?).await
            }
            Some(_) | None => Connection::open(Socket::new(socket)).await,
        };
        opened.map_err(io::Error::other)
    }
}

impl Tls {
    fn new(spec: &UpstreamSpec) -> Result<Self, UpstreamError> {
        let provider = Arc::new(aws_lc_rs::default_provider());
        let verifier: Arc<dyn ServerCertVerifier> = match spec.ca.as_deref() {
            Some(path) => rustls::client::WebPkiServerVerifier::builder_with_provider(
                Arc::new(authorities(path)?),
                Arc::clone(&provider),
            )
            .build()
            .map_err(|source| UpstreamError::Tls(source.into()))?,
            None => Arc::new(
                Verifier::new(Arc::clone(&provider)).map_err(|source| UpstreamError::Tls(source.into()))?,
            ),
        };
        // `dangerous` is the name of the door for any verifier that is not rustls' own choice; both here verify.
        let mut config = ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .map_err(|source| UpstreamError::Tls(source.into()))?
            .dangerous()
            .with_custom_certificate_verifier(verifier)
            .with_no_client_auth();
        config.alpn_protocols = vec![b"http/1.1".to_vec()];
        let name = match spec.server_name.as_deref() {
            Some(name) => Some(server_name(name).ok_or(UpstreamError::ServerName)?),
            None => None,
        };
        Ok(Self { connector: TlsConnector::from(Arc::new(config)), name })
    }
}

pub(super) fn server_name(host: &str) -> Option<ServerName<'static>> {
    // Certificates name hosts without the final dot of the DNS.
    ServerName::try_from(host.strip_suffix('.').unwrap_or(host)).ok().map(|name| name.to_owned())
}

fn read(path: &Path) -> Result<Vec<u8>, UpstreamError> {
    std::fs::read(path).map_err(|source| UpstreamError::CaUnreadable { path: path.to_owned(), source })
}

/// What tells the file's content from another.
pub(super) fn digest_of(path: &Path) -> Result<[u8; 32], UpstreamError> {
    let mut sum = [0; 32];
    sum.copy_from_slice(digest(&SHA256, &read(path)?).as_ref());
    Ok(sum)
}

pub(super) fn authorities(path: &Path) -> Result<RootCertStore, UpstreamError> {
    let pem = read(path)?;
    let unusable = |problem| UpstreamError::CaUnusable { path: path.to_owned(), problem };
    let mut roots = RootCertStore::empty();
    for certificate in CertificateDer::pem_slice_iter(&pem) {
        let certificate = certificate.map_err(|_| unusable("not valid PEM; expected certificates"))?;
        roots
            .add(certificate)
            .map_err(|_| unusable("a certificate in it cannot be parsed; expected X.509 version 3"))?;
    }
    if roots.is_empty() {
        return Err(unusable("no certificate in it; expected the PEM of one or more authorities"));
    }
    Ok(roots)
}
