use std::path::{Path, PathBuf};

use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use rustls::crypto::aws_lc_rs;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName};
use rustls::{ClientConfig, ProtocolVersion, RootCertStore};
use tempfile::TempDir;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

use super::*;

struct Authority(CertifiedIssuer<'static, KeyPair>);

impl Authority {
    fn new() -> Self {
        let mut params = CertificateParams::new([]).unwrap();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        Self(CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap())
    }

    /// Certificate and key in PEM.
    fn issue(&self) -> (String, String) {
        let key = KeyPair::generate().unwrap();
        let certificate =
            CertificateParams::new(["localhost".to_owned()]).unwrap().signed_by(&key, &self.0).unwrap();
        (certificate.pem(), key.serialize_pem())
    }
}

#[test]
fn what_has_not_changed_is_not_made_again() {
    let files = Files::new();
    let (certificate, key) = (files.path("tls.crt"), files.path("tls.key"));
    let tls = files.load(None).unwrap();
    let config = tls.current();
    let again = tls.unchanged(&certificate, &key, None).unwrap();
    assert!(Arc::ptr_eq(&config, &again.current()));
    assert!(tls.unchanged(&key, &certificate, None).is_none(), "other files");
    assert!(tls.unchanged(&certificate, &key, Some(&certificate)).is_none(), "clients need certificates");
    // Of what is seen but does not fit, nothing is used.
    files.write("tls.crt", "broken");
    assert!(tls.unchanged(&certificate, &key, None).is_none());
    assert!(!tls.reload());
    assert!(tls.unchanged(&certificate, &key, None).is_none());
    files.renew();
    assert!(tls.unchanged(&certificate, &key, None).is_none());
    assert!(tls.reload() && tls.unchanged(&certificate, &key, None).is_some());
    std::fs::remove_file(&key).unwrap();
    assert!(tls.unchanged(&certificate, &key, None).is_none());
}

struct Files {
    directory: TempDir,
    authority: Authority,
}

impl Files {
    fn new() -> Self {
        let files = Self { directory: tempfile::tempdir().unwrap(), authority: Authority::new() };
        files.renew();
        files
    }

    fn renew(&self) {
        let (certificate, key) = self.authority.issue();
        self.write("tls.crt", &certificate);
        self.write("tls.key", &key);
    }

    fn write(&self, name: &str, content: &str) -> PathBuf {
        let path = self.path(name);
        std::fs::write(&path, content).unwrap();
        path
    }

    fn path(&self, name: &str) -> PathBuf {
        self.directory.path().join(name)
    }

    fn load(&self, client_ca: Option<&Path>) -> Result<ServerTls, TlsError> {
        ServerTls::load(&self.path("tls.crt"), &self.path("tls.key"), client_ca)
    }

    fn client(&self, alpn: &[&[u8]], identity: Option<(String, String)>) -> ClientConfig {
        let mut roots = RootCertStore::empty();
        roots.add(self.authority.0.der().clone()).unwrap();
        let builder = ClientConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_root_certificates(roots);
        let mut config = match identity {
            None => builder.with_no_client_auth(),
            Some((certificate, key)) => builder
                .with_client_auth_cert(
                    vec![CertificateDer::from_pem_slice(certificate.as_bytes()).unwrap()],
                    PrivateKeyDer::from_pem_slice(key.as_bytes()).unwrap(),
                )
                .unwrap(),
        };
        config.alpn_protocols = alpn.iter().map(|name| name.to_vec()).collect();
        config
    }
}

async fn handshake(world: &World, config: ClientConfig) -> io::Result<TlsStream<TcpStream>> {
    let name = ServerName::try_from("localhost").unwrap();
    within(TlsConnector::from(Arc::new(config)).connect(name, world.connect().await)).await
}

fn shown(error: &TlsError) -> String {
    error.to_string()
}

#[tokio::test]
async fn alpn_chooses_the_protocol() {
    let files = Files::new();
    let world = World::start(Some(files.load(None).unwrap()), Limits::default()).await;
    let mut stream = handshake(&world, files.client(&[b"http/1.1"], None)).await.unwrap();
    assert_eq!(stream.get_ref().1.protocol_version(), Some(ProtocolVersion::TLSv1_3));
    stream.write_all(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n").await.unwrap();
    read_until(&mut stream, "GET https").await;

    let stream = handshake(&world, files.client(&[b"h2", b"http/1.1"], None)).await.unwrap();
    assert_eq!(stream.get_ref().1.alpn_protocol(), Some(&b"h2"[..]));
    let io = hyper_util::rt::TokioIo::new(stream);
    let (mut sender, connection) =
        hyper::client::conn::http2::handshake(hyper_util::rt::TokioExecutor::new(), io).await.unwrap();
    tokio::spawn(connection);
    let request = Request::get("https://localhost/").body(Full::<Bytes>::default()).unwrap();
    assert_eq!(within(sender.send_request(request)).await.unwrap().version(), http::Version::HTTP_2);
    assert!(handshake(&world, files.client(&[b"spdy/3"], None)).await.is_err());
    assert_eq!(world.gauge.get(), 2);
    drop(sender);
    world.ends().await;
}

#[tokio::test]
async fn plaintext_on_a_tls_listener_and_silence_end_quietly() {
    let files = Files::new();
    let world = World::start(Some(files.load(None).unwrap()), Limits::default()).await;
    world.exchange(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n").await;
    let mut silent = world.connect().await;
    eventually(|| world.gauge.get() == 1).await;
    world.drain.stop();
    assert_eq!(read_to_end(&mut silent).await, "");
    assert_eq!(world.echo.refusals(), []);
    world.ends().await;
}

#[tokio::test]
async fn a_client_certificate_is_required_and_verified() {
    let (files, theirs, others) = (Files::new(), Authority::new(), Authority::new());
    let ca = files.write("clients.pem", &theirs.0.pem());
    let world = World::start(Some(files.load(Some(&ca)).unwrap()), Limits::default()).await;
    let request = b"GET / HTTP/1.1\r\nHost: x\r\n\r\n";
    for (identity, passes) in [(None, false), (Some(others.issue()), false), (Some(theirs.issue()), true)] {
        // In TLS 1.3 a client learns of its refusal when it reads.
        let answer = match handshake(&world, files.client(&[b"http/1.1"], identity)).await {
            Ok(mut stream) => {
                drop(stream.write_all(request).await);
                if passes {
                    read_until(&mut stream, "GET https").await
                } else {
                    read_to_end(&mut stream).await
                }
            }
            Err(_) => String::new(),
        };
        assert_eq!(answer.contains("GET https"), passes, "{answer:?}");
    }
    world.ends().await;
}

#[tokio::test]
async fn a_replaced_certificate_is_used_and_a_wrong_one_is_not() {
    let files = Files::new();
    let tls = files.load(None).unwrap();
    let world = World::start(Some(tls.clone()), Limits::default()).await;
    let served = async || {
        let stream = handshake(&world, files.client(&[], None)).await.unwrap();
        stream.get_ref().1.peer_certificates().unwrap()[0].clone()
    };
    let first = served().await;
    assert!(!tls.reload(), "nothing has changed");

    let (certificate, key) = files.authority.issue();
    files.write("tls.crt", &certificate);
    assert!(!tls.reload(), "the key is still the old one");
    assert_eq!(served().await, first);
    files.write("tls.key", &key);
    // The poll may have been first.
    tls.reload();
    let second = served().await;
    assert_ne!(second, first);

    std::fs::remove_file(files.path("tls.key")).unwrap();
    assert!(!tls.reload());
    assert_eq!(served().await, second);

    // Without a call, within the second of the poll.
    files.renew();
    within(async {
        while served().await == second {
            sleep(Duration::from_millis(50)).await;
        }
    })
    .await;
    world.ends().await;
}

#[test]
fn files_that_cannot_be_used_are_named_with_their_problem() {
    let files = Files::new();
    let good = std::fs::read_to_string(files.path("tls.key")).unwrap();
    let ca = files.write("clients.pem", "no PEM at all");
    let error = shown(&files.load(Some(&ca)).unwrap_err());
    assert!(error.contains("clients.pem") && error.contains("no certificate"), "{error}");
    let missing = shown(&files.load(Some(&files.path("missing.pem"))).unwrap_err());
    assert!(missing.contains("cannot read") && missing.contains("missing.pem"), "{missing}");

    files.write("tls.key", &files.authority.issue().1);
    let error = shown(&files.load(None).unwrap_err());
    assert!(
        error.contains("does not match") && error.contains("tls.key") && error.contains("tls.crt"),
        "{error}"
    );

    files.write("tls.key", "");
    let error = shown(&files.load(None).unwrap_err());
    assert!(error.contains("tls.key") && error.contains("no private key"), "{error}");
    files.write("tls.key", "-----BEGIN PRIVATE KEY-----\nAAAA\n");
    assert!(shown(&files.load(None).unwrap_err()).contains("not valid PEM"));
    files.write("tls.key", "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n");
    assert!(shown(&files.load(None).unwrap_err()).contains("not of a supported kind"));

    files.write("tls.key", &good);
    files.write("tls.crt", &good);
    let error = shown(&files.load(None).unwrap_err());
    assert!(error.contains("tls.crt") && error.contains("no certificate"), "{error}");
}
