use super::*;

async fn dead_address() -> SocketAddr {
    TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap()
}

#[tokio::test]
async fn an_endpoint_that_is_down_costs_no_request() {
    let (address, seen) = recorder().await;
    let world = World::new(&[dead_address().await, address]).await;
    for _ in 0..6 {
        assert!(world.get("/").await.ends_with("ok"));
    }
    assert_eq!(seen.lock().unwrap().len(), 6);
    let nobody = World::new(&[dead_address().await, dead_address().await]).await;
    assert!(nobody.get("/").await.ends_with("Unavailable"));
    assert!(nobody.get("/").await.ends_with("Unavailable"), "avoided endpoints are still the last resort");
}

#[tokio::test]
async fn only_what_may_be_repeated_meets_a_dead_connection_twice() {
    // Each connection answers one request; the second one finds it closing without an answer.
    let seen: Arc<Mutex<Vec<String>>> = Arc::default();
    let record = Arc::clone(&seen);
    let address = upstream(move |mut stream, number| {
        let record = Arc::clone(&record);
        async move {
            for turn in 0..2 {
                let request = read_request(&mut stream).await;
                if request.is_empty() {
                    return;
                }
                let line = request.split(" HTTP").next().unwrap().to_owned();
                record.lock().unwrap().push(format!("{number}.{turn} {line}"));
                if turn == 0 {
                    stream.write_all(OK).await.unwrap();
                }
            }
        }
    })
    .await;
    let world = World::new(&[address]).await;
    let idle = async || eventually(|| world.upstream.client.idle() == 1).await;
    assert!(world.get("/1").await.ends_with("ok"));
    idle().await;
    assert!(world.get("/2").await.ends_with("ok"), "a GET is sent again on a new connection");
    idle().await;
    let post = |body: &str| {
        format!(
            "POST /3 HTTP/1.1\r\nHost: api\r\nConnection: close\r\nContent-Length: {}\r\n\r\n{body}",
            body.len()
        )
    };
    assert!(world.exchange(&post("hi")).await.ends_with("Unavailable"), "a body is sent once");
    assert!(world.get("/4").await.ends_with("ok"));
    idle().await;
    assert!(world.exchange(&post("")).await.ends_with("Unavailable"), "a POST is not idempotent");
    assert_eq!(
        *seen.lock().unwrap(),
        ["0.0 GET /1", "0.1 GET /2", "1.0 GET /2", "1.1 POST /3", "2.0 GET /4", "2.1 POST /3"]
    );
}

#[tokio::test]
async fn a_new_connection_that_breaks_is_not_tried_again() {
    let count = Arc::new(Mutex::new(0));
    let opened = Arc::clone(&count);
    let address = upstream(move |mut stream, _| {
        *opened.lock().unwrap() += 1;
        async move { drop(read_request(&mut stream).await) }
    })
    .await;
    assert!(World::new(&[address]).await.get("/").await.ends_with("Unavailable"));
    assert_eq!(*count.lock().unwrap(), 1);
}

#[tokio::test]
async fn an_answer_that_does_not_begin_times_out() {
    let address = upstream(|mut stream, _| async move {
        read_request(&mut stream).await;
        assert_eq!(read_to_end(&mut stream).await, "", "the connection is given up");
    })
    .await;
    let world =
        World::with(UpstreamSpec { response_timeout: Duration::from_millis(200), ..spec(&[address]) }).await;
    assert!(world.get("/").await.ends_with("TimedOut"));
    assert_eq!(world.upstream.client.idle(), 0);
    assert_eq!(world.duration.get_sample_count(), 0);
}

#[tokio::test]
async fn an_upload_may_take_its_time_but_not_stand_still() {
    let (address, _) = recorder().await;
    let world =
        World::with(UpstreamSpec { response_timeout: Duration::from_millis(300), ..spec(&[address]) }).await;
    let head = b"POST / HTTP/1.1\r\nHost: api\r\nConnection: close\r\nContent-Length: 8\r\n\r\n";
    let mut slow = world.connect().await;
    slow.write_all(head).await.unwrap();
    for byte in b"12345678" {
        sleep(Duration::from_millis(100)).await;
        slow.write_all(&[*byte]).await.unwrap();
    }
    assert!(read_to_end(&mut slow).await.ends_with("ok"));
    let mut stalled = world.connect().await;
    stalled.write_all(head).await.unwrap();
    stalled.write_all(b"12").await.unwrap();
    assert!(read_to_end(&mut stalled).await.ends_with("RequestTimedOut"));
}

#[tokio::test]
async fn a_body_that_breaks_is_the_clients_fault_and_never_ends_cleanly_upstream() {
    let seen: Arc<Mutex<String>> = Arc::default();
    let record = Arc::clone(&seen);
    let address = upstream(move |mut stream, _| {
        let record = Arc::clone(&record);
        async move { *record.lock().unwrap() = read_to_end(&mut stream).await }
    })
    .await;
    let world = World::new(&[address]).await;
    let answer = world
        .exchange("POST / HTTP/1.1\r\nHost: api\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhi\r\nnonsense\r\n")
        .await;
    assert!(answer.ends_with("RequestMalformed"), "{answer:?}");
    eventually(|| seen.lock().unwrap().contains("hi")).await;
    assert!(!seen.lock().unwrap().contains("\r\n0\r\n"));
}

#[tokio::test]
async fn an_answer_that_breaks_off_does_not_end_cleanly() {
    for (answer, sent) in [
        ("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhi\r\n", "2\r\nhi\r\n"),
        ("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhi", "hi"),
    ] {
        let address = upstream(move |mut stream, _| async move {
            read_request(&mut stream).await;
            stream.write_all(answer.as_bytes()).await.unwrap();
        })
        .await;
        let got = World::new(&[address]).await.get("/").await;
        assert!(got.starts_with("HTTP/1.1 200 ") && got.ends_with(sent), "{got:?}");
    }
}

#[tokio::test]
async fn an_answer_with_two_framings_has_one_after_us() {
    let address = upstream(|mut stream, _| async move {
        read_request(&mut stream).await;
        let answer =
            "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhi\r\n0\r\n\r\n";
        stream.write_all(answer.as_bytes()).await.unwrap();
    })
    .await;
    let got = World::new(&[address]).await.get("/").await;
    assert!(got.contains("transfer-encoding: chunked") && !got.contains("content-length"), "{got:?}");
    assert!(got.ends_with("2\r\nhi\r\n0\r\n\r\n"), "{got:?}");
}

#[tokio::test]
async fn what_is_no_answer_is_unavailable() {
    for answer in [
        "SSH-2.0-OpenSSH\r\n\r\n",
        "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nhi",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n",
        "HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: websocket\r\n\r\n",
    ] {
        let address = upstream(move |mut stream, _| async move {
            read_request(&mut stream).await;
            stream.write_all(answer.as_bytes()).await.unwrap();
            sleep(Duration::from_millis(200)).await;
        })
        .await;
        let got = World::new(&[address]).await.get("/").await;
        assert!(got.ends_with("Unavailable"), "{answer:?}: {got:?}");
    }
}

#[tokio::test]
async fn a_client_that_hangs_up_ends_the_exchange_upstream() {
    let (arrived, ended) = (Arc::new(tokio::sync::Notify::new()), Arc::new(tokio::sync::Notify::new()));
    let notify = (Arc::clone(&arrived), Arc::clone(&ended));
    let address = upstream(move |mut stream, _| {
        let (arrived, ended) = notify.clone();
        async move {
            read_request(&mut stream).await;
            arrived.notify_one();
            read_to_end(&mut stream).await;
            ended.notify_one();
        }
    })
    .await;
    let world = World::new(&[address]).await;
    let mut client = world.connect().await;
    client.write_all(b"GET / HTTP/1.1\r\nHost: api\r\n\r\n").await.unwrap();
    within(arrived.notified()).await;
    drop(client);
    within(ended.notified()).await;
}
