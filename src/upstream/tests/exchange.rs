use super::*;

#[tokio::test]
async fn a_request_arrives_once_with_one_framing() {
    let (address, seen) = recorder().await;
    let world = World::new(&[address]).await;
    // What the client sends after the head; what the upstream must see, and must not.
    for (sent, present, absent) in [
        (
            "Content-Length: 5\r\n\r\nhello",
            &["content-length: 5", "\r\n\r\nhello"][..],
            &["transfer-encoding"][..],
        ),
        (
            "Content-Length: 5\r\nContent-Length: 5\r\n\r\nhello",
            &["content-length: 5", "hello"],
            &["transfer-encoding"],
        ),
        (
            "Transfer-Encoding: CHUNKED\r\n\r\n5;x=y\r\nhello\r\n0\r\n\r\n",
            &["transfer-encoding: chunked", "5\r\nhello\r\n0\r\n\r\n"],
            &["content-length", "x=y"],
        ),
        (
            "Content-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\nGET /smuggled HTTP/1.1\r\nHost: x\r\n\r\n",
            &["transfer-encoding: chunked", "5\r\nhello\r\n0\r\n\r\n"],
            &["content-length", "smuggled"],
        ),
        (
            "Transfer-Encoding: chunked\r\nContent-Length: 48\r\n\r\n0\r\n\r\nGET /smuggled HTTP/1.1\r\nHost: x\r\n\r\n",
            &["transfer-encoding: chunked", "\r\n\r\n0\r\n\r\n"],
            &["content-length", "smuggled"],
        ),
        ("\r\n", &["content-length: 0"], &["transfer-encoding"]),
    ] {
        seen.lock().unwrap().clear();
        let answer =
            world.exchange(&format!("POST / HTTP/1.1\r\nHost: api\r\nConnection: close\r\n{sent}")).await;
        assert!(answer.starts_with("HTTP/1.1 200 ") && answer.ends_with("ok"), "{sent:?}: {answer:?}");
        assert_eq!(answer.matches("HTTP/1.1").count(), 1, "{sent:?}: {answer:?}");
        let seen = seen.lock().unwrap().clone();
        assert_eq!(seen.len(), 1, "{sent:?}: {seen:?}");
        for part in present {
            assert_eq!(seen[0].matches(part).count(), 1, "{part:?} in {:?}", seen[0]);
        }
        for part in absent {
            assert!(!seen[0].contains(part), "{part:?} in {:?}", seen[0]);
        }
    }
}

#[tokio::test]
async fn a_get_with_a_body_of_unknown_length_keeps_it() {
    let (address, seen) = recorder().await;
    let world = World::new(&[address]).await;
    world
        .exchange("GET / HTTP/1.1\r\nHost: api\r\nConnection: close\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhi\r\n0\r\n\r\n")
        .await;
    assert!(seen.lock().unwrap()[0].ends_with("\r\n\r\n2\r\nhi\r\n0\r\n\r\n"));
}

#[tokio::test]
async fn identity_reaches_the_upstream_whatever_connection_says() {
    let (address, seen) = recorder().await;
    let world = World::new(&[address]).await;
    world.exchange("GET /a%7eb HTTP/1.1\r\nHost: api\r\nX-User: mallory\r\nx_user: eve\r\nConnection: close, X-User\r\n\r\n").await;
    let seen = seen.lock().unwrap().clone();
    assert!(seen[0].starts_with("GET /a~b HTTP/1.1\r\n"), "{:?}", seen[0]);
    assert!(
        seen[0].contains("\r\nx-user: alice\r\n") && !seen[0].contains("mallory") && !seen[0].contains("eve")
    );
    assert!(!seen[0].contains("connection"), "{:?}", seen[0]);
}

#[tokio::test]
async fn connections_are_used_again_and_answers_counted() {
    let opened = Arc::new(Mutex::new(0));
    let count = Arc::clone(&opened);
    let address = upstream(move |mut stream, _| {
        *count.lock().unwrap() += 1;
        async move {
            while !read_request(&mut stream).await.is_empty() {
                stream.write_all(OK).await.unwrap()
            }
        }
    })
    .await;
    let world = World::new(&[address]).await;
    for _ in 0..5 {
        assert!(world.get("/").await.ends_with("ok"));
        eventually(|| world.upstream.client.idle() == 1).await;
    }
    assert_eq!(*opened.lock().unwrap(), 1);
    assert_eq!(world.duration.get_sample_count(), 5);
}

#[tokio::test]
async fn requests_go_round_the_endpoints() {
    let (one, two) = (recorder().await, recorder().await);
    let world = World::new(&[one.0, two.0]).await;
    for _ in 0..6 {
        world.get("/").await;
    }
    assert_eq!((one.1.lock().unwrap().len(), two.1.lock().unwrap().len()), (3, 3));
}

#[tokio::test]
async fn trailers_pass_both_ways_but_for_those_that_forge() {
    let seen: Arc<Mutex<String>> = Arc::default();
    let record = Arc::clone(&seen);
    let address = upstream(move |mut stream, _| {
        let record = Arc::clone(&record);
        async move {
            let request = read_until(&mut stream, |all| all.contains("0\r\n") && all.ends_with("\r\n\r\n") && all.contains("x-sum: 1")).await;
            *record.lock().unwrap() = request;
            let answer = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nTrailer: X-End\r\n\r\n2\r\nok\r\n0\r\nX-End: 2\r\n\r\n";
            stream.write_all(answer.as_bytes()).await.unwrap();
            sleep(Duration::from_millis(200)).await;
        }
    })
    .await;
    let world = World::new(&[address]).await;
    let answer = world
        .exchange(
            "POST / HTTP/1.1\r\nHost: api\r\nConnection: close\r\nTE: trailers\r\nTrailer: X-Sum, X-User, X_User, Authorization\r\n\
             Transfer-Encoding: chunked\r\n\r\n2\r\nhi\r\n0\r\nX-User: mallory\r\nX_User: mallory\r\nAuthorization: Bearer mallory\r\nX-Sum: 1\r\n\r\n",
        )
        .await;
    let seen = seen.lock().unwrap().clone();
    assert!(seen.contains("x-sum: 1") && !seen.contains("mallory"), "{seen:?}");
    assert!(answer.contains("x-end: 2"), "{answer:?}");
}

#[tokio::test]
async fn the_client_is_told_to_continue_and_the_upstream_is_not_asked() {
    let (address, seen) = recorder().await;
    let world = World::new(&[address]).await;
    let mut stream = world.connect().await;
    stream
        .write_all(b"POST / HTTP/1.1\r\nHost: api\r\nConnection: close\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\n")
        .await
        .unwrap();
    let interim = read_until(&mut stream, |all| all.ends_with("\r\n\r\n")).await;
    assert!(interim.starts_with("HTTP/1.1 100 "), "{interim:?}");
    stream.write_all(b"hi").await.unwrap();
    assert!(read_to_end(&mut stream).await.ends_with("ok"));
    assert!(!seen.lock().unwrap()[0].contains("expect"));
}

#[tokio::test]
async fn an_answer_loses_what_was_meant_for_us() {
    let address = upstream(|mut stream, _| async move {
        read_request(&mut stream).await;
        let answer = "HTTP/1.0 200 Fine\r\nConnection: X-Private\r\nX-Private: 1\r\nKeep-Alive: timeout=5\r\nServer: s\r\nAlt-Svc: h3\r\n\
                      Set-Cookie: a=1\r\nSet-Cookie: b=2\r\n\r\nuntil the end";
        stream.write_all(answer.as_bytes()).await.unwrap();
    })
    .await;
    let answer = World::new(&[address]).await.get("/").await;
    assert!(answer.starts_with("HTTP/1.1 200 OK\r\n"), "{answer:?}");
    for part in ["server: s", "alt-svc: h3", "set-cookie: a=1", "set-cookie: b=2", "until the end"] {
        assert!(answer.contains(part), "{part:?} in {answer:?}");
    }
    assert!(!answer.contains("rivate") && !answer.contains("timeout=5"), "{answer:?}");
}

#[tokio::test]
async fn an_https_upstream_is_verified_against_the_private_ca() {
    use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
    use rustls::pki_types::{PrivateKeyDer, pem::PemObject};

    let mut params = CertificateParams::new([]).unwrap();
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let ca = CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap();
    let key = KeyPair::generate().unwrap();
    let certificate =
        CertificateParams::new(["orders.internal".to_owned()]).unwrap().signed_by(&key, &ca).unwrap();
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let key = PrivateKeyDer::from_pem_slice(key.serialize_pem().as_bytes()).unwrap();
    let config = rustls::ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![certificate.der().clone()], key)
        .unwrap();
    let acceptor = tokio_rustls::TlsAcceptor::from(Arc::new(config));
    let address = upstream(move |stream, _| {
        let acceptor = acceptor.clone();
        async move {
            let Ok(mut stream) = acceptor.accept(stream).await else { return };
            read_request(&mut stream).await;
            stream.write_all(OK).await.unwrap();
            stream.flush().await.unwrap();
            sleep(Duration::from_millis(200)).await;
        }
    })
    .await;
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("ca.pem");
    std::fs::write(&path, ca.pem()).unwrap();
    let endpoint = Endpoint::parse(&format!("https://{address}")).unwrap();
    let base = UpstreamSpec { endpoints: vec![endpoint], ca: Some(path), ..spec(&[]) };
    let right = UpstreamSpec { server_name: Some("orders.internal".to_owned()), ..base.clone() };
    assert!(World::with(right.clone()).await.get("/").await.ends_with("ok"));
    let wrong_name = World::with(base).await.get("/").await;
    assert!(wrong_name.ends_with("Unavailable"), "{wrong_name:?}");
    let system = UpstreamSpec { ca: None, ..right };
    assert!(World::with(system).await.get("/").await.ends_with("Unavailable"));
}

#[test]
fn tls_settings_that_cannot_hold_are_refused() {
    let none = Histogram::with_opts(HistogramOpts::new("duration", "Seconds.")).unwrap();
    let plain = spec(&["127.0.0.1:1".parse().unwrap()]);
    let refused = |spec: UpstreamSpec| Upstream::new(spec, none.clone()).unwrap_err().to_string();
    assert!(
        refused(UpstreamSpec { server_name: Some("x".to_owned()), ..plain.clone() })
            .contains("no endpoint is https")
    );
    assert!(refused(UpstreamSpec { endpoints: Vec::new(), ..plain.clone() }).contains("no endpoint"));
    let https = UpstreamSpec { endpoints: vec![Endpoint::parse("https://orders").unwrap()], ..plain };
    assert!(
        refused(UpstreamSpec { ca: Some("/nowhere/ca.pem".into()), ..https.clone() })
            .contains("/nowhere/ca.pem")
    );
    assert!(
        refused(UpstreamSpec { server_name: Some("not a name".to_owned()), ..https }).contains("server name")
    );
}
