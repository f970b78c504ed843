//! Who polls a connection: the request that has it, whoever reads its answer, or a task where neither would.

use super::*;

#[tokio::test]
async fn a_connection_is_used_again_after_an_answer_that_is_larger_than_its_buffers() {
    let opened = Arc::new(Mutex::new(0));
    let count = Arc::clone(&opened);
    let address = upstream(move |mut stream, _| {
        *count.lock().unwrap() += 1;
        async move {
            while !read_request(&mut stream).await.is_empty() {
                let head = format!("HTTP/1.1 200 OK\r\nContent-Length: {LARGE}\r\n\r\n");
                stream.write_all(head.as_bytes()).await.unwrap();
                stream.write_all(&vec![b'a'; LARGE]).await.unwrap();
            }
        }
    })
    .await;
    let world = World::new(&[address]).await;
    for _ in 0..3 {
        let answer = world.get("/").await;
        assert!(answer.ends_with(&"a".repeat(LARGE)), "{} bytes", answer.len());
        eventually(|| world.upstream.client.idle() == 1).await;
    }
    assert_eq!(*opened.lock().unwrap(), 1);
}

#[tokio::test]
async fn a_client_that_leaves_a_large_answer_ends_it_upstream() {
    let ended = Arc::new(tokio::sync::Notify::new());
    let notify = Arc::clone(&ended);
    let address = upstream(move |mut stream, _| {
        let ended = Arc::clone(&notify);
        async move {
            read_request(&mut stream).await;
            stream.write_all(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n").await.unwrap();
            while stream.write_all(b"4\r\nmore\r\n").await.is_ok() {}
            ended.notify_one();
        }
    })
    .await;
    let world = World::new(&[address]).await;
    let mut client = world.connect().await;
    client.write_all(b"GET / HTTP/1.1\r\nHost: api\r\n\r\n").await.unwrap();
    assert!(read_until(&mut client, |all| all.ends_with("more")).await.contains("200"));
    drop(client);
    within(ended.notified()).await;
    assert_eq!(world.upstream.client.idle(), 0);
}

#[tokio::test]
async fn a_connection_that_was_closed_while_it_was_idle_costs_no_request() {
    let ended = Arc::new(Mutex::new(0));
    let count = Arc::clone(&ended);
    let address = upstream(move |mut stream, _| {
        let count = Arc::clone(&count);
        async move {
            read_request(&mut stream).await;
            stream.write_all(OK).await.unwrap();
            drop(stream);
            *count.lock().unwrap() += 1;
        }
    })
    .await;
    let world = World::new(&[address]).await;
    for turn in 1..4 {
        let post = "POST / HTTP/1.1\r\nHost: api\r\nConnection: close\r\nContent-Length: 0\r\n\r\n";
        assert!(world.exchange(post).await.ends_with("ok"), "nothing of the request was written before");
        eventually(|| *ended.lock().unwrap() == turn).await;
    }
}

#[tokio::test]
async fn an_upload_goes_on_while_its_answer_waits_to_be_read() {
    let address = upstream(|mut stream, _| async move {
        read_until(&mut stream, |all| all.ends_with("\r\n\r\n")).await;
        let (mut reader, mut writer) = stream.split();
        let answer = async {
            let head = format!("HTTP/1.1 200 OK\r\nContent-Length: {HUGE}\r\n\r\n");
            writer.write_all(head.as_bytes()).await.unwrap();
            writer.write_all(&vec![b'a'; HUGE]).await.unwrap();
        };
        tokio::join!(answer, read_all(&mut reader, HUGE));
    })
    .await;
    let world = World::new(&[address]).await;
    let mut client = world.connect().await;
    let head = format!("POST / HTTP/1.1\r\nHost: api\r\nContent-Length: {HUGE}\r\n\r\n");
    client.write_all(head.as_bytes()).await.unwrap();
    // Buffers on the way do not hold the answer, so that this ends only if nobody waits for it to be read.
    within(client.write_all(&vec![b'u'; HUGE])).await.unwrap();
    assert!(read_until(&mut client, |all| all.ends_with("\r\n\r\n")).await.contains("200"));
    read_all(&mut client, HUGE).await;
}

async fn read_all(stream: &mut (impl AsyncRead + Unpin), mut length: usize) {
    let mut chunk = vec![0; 64 * 1024];
    while length > 0 {
        let read = within(stream.read(&mut chunk)).await.unwrap();
        assert_ne!(read, 0, "{length} bytes are missing");
        length -= read;
    }
}

const LARGE: usize = 1024 * 1024;
/// More than the buffers of two connections and a gateway hold.
const HUGE: usize = 24 * 1024 * 1024;
