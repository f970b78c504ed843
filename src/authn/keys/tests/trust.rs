//! Whom the fetches trust, and the way they take.

use std::net::SocketAddr;
use std::path::Path;

use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use rustls::ServerConfig;
use rustls::crypto::aws_lc_rs;
use rustls::pki_types::PrivateKeyDer;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;

use super::super::{KeySourceError, ProxyUrl, TrustError};
use super::scripted::{Jwk, Scripted, set};
use super::*;

struct Authority(CertifiedIssuer<'static, KeyPair>);

impl Authority {
    fn new() -> Self {
        let mut params = CertificateParams::new(Vec::new()).unwrap();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        Self(CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap())
    }

    fn write(&self, path: &Path) {
        std::fs::write(path, self.0.pem()).unwrap();
    }

    /// An issuer with a certificate for this name; answers every request with this set.
    async fn issuer(&self, name: &str, jwks: String) -> SocketAddr {
        let key = KeyPair::generate().unwrap();
        let params = CertificateParams::new(vec![name.to_owned()]).unwrap();
        let certificate = params.signed_by(&key, &self.0).unwrap();
        let config = ServerConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(
                vec![certificate.der().clone()],
                PrivateKeyDer::try_from(key.serialize_der()).unwrap(),
            )
            .unwrap();
        let acceptor = TlsAcceptor::from(Arc::new(config));
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        tokio::spawn(async move {
            loop {
                let (stream, _) = listener.accept().await.unwrap();
                let Ok(mut stream) = acceptor.accept(stream).await else { continue };
                let mut head = Vec::new();
                while !head.ends_with(b"\r\n\r\n") {
                    head.push(stream.read_u8().await.unwrap());
                }
                let answer = format!("HTTP/1.1 200 OK\r\ncontent-length: {}\r\n\r\n{jwks}", jwks.len());
                stream.write_all(answer.as_bytes()).await.unwrap();
                stream.shutdown().await.unwrap();
            }
        });
        address
    }
}

fn https(host: &str, address: SocketAddr) -> KeySource {
    KeySource::JwksUri(format!("https://{host}:{}/jwks", address.port()))
}

#[tokio::test]
async fn a_private_authority_stands_in_place_of_the_systems() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("ca.pem");
    let (ours, theirs) = (Authority::new(), Authority::new());
    ours.write(&path);
    let jwks = set(&[&Jwk::new("a")]);
    let address = ours.issuer("localhost", jwks).await;
    let trusting = |path: &Path| {
        let mut fixture = Fixture::new();
        fixture.options.ca = Some(path.to_owned());
        fixture
    };
    let started = trusting(&path).start(https("localhost", address), "https://id.example.com");
    assert!(started.has("a").await, "{}", started.keys.describe());

    let by_system = Fixture::new().start(https("localhost", address), "https://id.example.com");
    assert!(is_unavailable(by_system.select("a").await));
    let other_name = trusting(&path).start(https("127.0.0.1", address), "https://id.example.com");
    assert!(is_unavailable(other_name.select("a").await));

    theirs.write(&path);
    assert!(started.keys.refresh_now().await.is_err(), "the file is read for each fetch");
    std::fs::remove_file(&path).unwrap();
    assert!(started.keys.refresh_now().await.is_err());
    ours.write(&path);
    started.keys.refresh_now().await.unwrap();
}

#[test]
fn an_authority_that_is_none_is_found_at_once() {
    let directory = tempfile::tempdir().unwrap();
    let made = |path: &Path| {
        let options = FetchOptions { ca: Some(path.to_owned()), ..FetchOptions::default() };
        let metrics = Metrics::new().unwrap().issuer("main");
        let source = KeySource::JwksUri("https://id.example.com/jwks".to_owned());
        Keys::new(&"main".into(), "x", &Algorithms::asymmetric(), source, &options, metrics).unwrap_err()
    };
    let path = directory.path().join("ca.pem");
    let missing = made(&path);
    assert!(missing.is_missing() && missing.to_string().contains("ca.pem"), "{missing}");
    for broken in [
        String::new(),
        "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n".to_owned(),
        KeyPair::generate().unwrap().serialize_pem(),
    ] {
        std::fs::write(&path, broken).unwrap();
        assert!(matches!(made(&path), KeySourceError::Trust(TrustError::Malformed { .. })));
    }
}

#[tokio::test]
async fn a_proxy_is_asked_for_everything_but_loopback() {
    let proxy = Scripted::start().await;
    let uri = "http://id.example.invalid/jwks";
    proxy.script(uri, scripted::Script::Json(set(&[&Jwk::new("a")])));
    let mut fixture = Fixture::new();
    fixture.options.allow_http = true;
    fixture.options.proxy = ProxyUrl::parse(&proxy.url(""));
    let started = fixture.start(KeySource::JwksUri(uri.to_owned()), "https://id.example.com");
    assert!(started.has("a").await, "{}", started.keys.describe());

    let issuer = Scripted::with(&[&Jwk::new("b")]).await;
    let mut fixture = Fixture::new();
    fixture.options.proxy = ProxyUrl::parse("http://127.0.0.1:1");
    assert!(fixture.at(&issuer).has("b").await);
}
