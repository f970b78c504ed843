//! HTTPS: versions, ALPN, client certificates, certificates replaced while serving.

use std::sync::Arc;

use http::Version;
use rustls::pki_types::ServerName;
use rustls::version::{TLS12, TLS13};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use crate::support::world::{AUTHENTICATED, Setup};
use crate::support::{Gateway, Pki, RawConnection, World};

const HTTPS: &str = "
listeners:
  - address: 127.0.0.1:0
    tls: { certificate: tls.crt, key: tls.key }
";

const MUTUAL: &str = "
listeners:
  - address: 127.0.0.1:0
    tls: { certificate: tls.crt, key: tls.key, client_ca: ca.pem }
";

async fn https_world(pki: &Pki, listeners: &str) -> World {
    let setup = Setup::new().await;
    pki.install(&setup.scratch);
    setup.start(&format!("{listeners}{AUTHENTICATED}")).await
}

#[tokio::test]
async fn both_tls_versions_serve_both_http_versions() {
    let pki = Pki::new();
    let world = https_world(&pki, HTTPS).await;
    let token = world.issuer.token().sign();
    for version in [&TLS12, &TLS13] {
        let config = pki.client_config_of(None, &[version]);
        let http1 = world.client.tls(&config).get("/orders/1").bearer(&token).send().await;
        assert_eq!((http1.status, http1.version), (200, Version::HTTP_11), "{version:?}");
        let http2 = world.client.http2().tls(&config).get("/orders/2").bearer(&token).send().await;
        assert_eq!((http2.status, http2.version), (200, Version::HTTP_2), "{version:?}");
    }
    let seen = world.upstream.requests();
    assert_eq!(seen.len(), 4);
    for request in seen {
        assert_eq!(request.header("x-forwarded-proto"), Some("https"));
        assert_eq!(request.header("x-user"), Some("alice"));
        assert_eq!(request.header("authorization"), None);
    }
}

#[tokio::test]
async fn a_client_without_alpn_gets_http1() {
    let pki = Pki::new();
    let world = https_world(&pki, HTTPS).await;
    let connector = tokio_rustls::TlsConnector::from(Arc::new(pki.client_config(None)));
    let stream = TcpStream::connect(world.gateway.listener(0)).await.unwrap();
    let mut stream = connector.connect(ServerName::try_from("localhost").unwrap(), stream).await.unwrap();
    stream.write_all(b"GET / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n").await.unwrap();
    let mut answer = String::new();
    // Without close_notify the read ends in an error, after the answer.
    let _end = stream.read_to_string(&mut answer).await;
    assert!(answer.starts_with("HTTP/1.1 401 "), "{answer}");
}

#[tokio::test]
async fn a_client_certificate_is_required_and_verified_where_client_ca_is_set() {
    let pki = Pki::new();
    let world = https_world(&pki, MUTUAL).await;
    let token = world.issuer.token().sign();
    let known = pki.client("shop");
    let get = |config: &rustls::ClientConfig| world.client.tls(config).get("/").bearer(&token);
    assert_eq!(get(&pki.client_config(Some(&known))).send().await.status, 200);
    world.upstream.take_requests();

    world.upstream.must_not_be_reached();
    let without = get(&pki.client_config(None)).try_send().await;
    assert!(without.is_err(), "without a certificate: {without:?}");
    let stranger = Pki::new().client("shop");
    let forged = get(&pki.client_config(Some(&stranger))).try_send().await;
    assert!(forged.is_err(), "with another authority's certificate: {forged:?}");
    let server = pki.server(&["shop"]);
    let misused = get(&pki.client_config(Some(&server))).try_send().await;
    assert!(misused.is_err(), "with a server's certificate: {misused:?}");
}

#[tokio::test]
async fn a_replaced_certificate_is_served_and_open_connections_live_on() {
    let (old, new) = (Pki::new(), Pki::new());
    let world = https_world(&old, HTTPS).await;
    let token = world.issuer.token().sign();
    let through_old = world.client.tls(&old.client_config(None));
    let mut open = through_old.connect().await.unwrap();
    assert_eq!(open.send(through_old.get("/").bearer(&token)).await.unwrap().status, 200);

    let server = new.server(&["localhost"]);
    world.scratch.replace("tls.key", &server.key);
    world.scratch.replace("tls.crt", &server.certificate);
    let through_new = world.client.tls(&new.client_config(None));
    eventually!(
        through_new.get("/").bearer(&token).try_send().await.is_ok_and(|reply| reply.status == 200),
        "the replaced certificate was never served"
    );
    assert_eq!(open.send(through_old.get("/").bearer(&token)).await.unwrap().status, 200);
}

#[tokio::test]
async fn a_broken_replacement_changes_nothing() {
    let (old, new) = (Pki::new(), Pki::new());
    let world = https_world(&old, HTTPS).await;
    let token = world.issuer.token().sign();
    let (first, second) = (new.server(&["localhost"]), new.server(&["localhost"]));
    // A certificate with another's key, as seen between the two writes of an operator's tool.
    world.scratch.replace("tls.key", &first.key);
    world.scratch.replace("tls.crt", &second.certificate);
    let client = world.client.tls(&old.client_config(None));
    for _ in 0..20 {
        assert_eq!(client.get("/").bearer(&token).send().await.status, 200);
        tokio::time::sleep(std::time::Duration::from_millis(100)).await;
    }
    world.scratch.replace("tls.crt", &first.certificate);
    let client = world.client.tls(&new.client_config(None));
    eventually!(client.get("/").bearer(&token).try_send().await.is_ok(), "the whole pair was never served");
}

#[tokio::test]
async fn plaintext_on_a_tls_port_is_closed_and_others_are_served() {
    let pki = Pki::new();
    let world = https_world(&pki, HTTPS).await;
    let mut plain = RawConnection::open(world.gateway.listener(0)).await;
    plain.write("GET / HTTP/1.1\r\nHost: localhost\r\n\r\n").await;
    plain.closed().await;
    let token = world.issuer.token().sign();
    let client = world.client.tls(&pki.client_config(None));
    assert_eq!(client.get("/").bearer(&token).send().await.status, 200);
}

#[tokio::test]
async fn a_certificate_that_does_not_match_its_key_is_named() {
    let pki = Pki::new();
    let setup = Setup::new().await;
    pki.install(&setup.scratch);
    setup.scratch.write("tls.key", pki.server(&["localhost"]).key);
    let error = Gateway::try_start(&setup.write(&format!("{HTTPS}{AUTHENTICATED}"))).await.unwrap_err();
    assert!(error.contains("tls.key") || error.contains("tls.crt"), "the file is not named: {error}");
}
