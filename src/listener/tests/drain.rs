use super::*;

const GET: &[u8] = b"GET / HTTP/1.1\r\nHost: x\r\n\r\n";
const WAIT: &[u8] = b"GET /wait HTTP/1.1\r\nHost: x\r\n\r\n";

#[tokio::test]
async fn a_polite_drain_closes_the_idle_and_lets_the_busy_finish() {
    let world = World::plain().await;
    let (mut silent, mut idle, mut busy, mut begun) =
        (world.connect().await, world.connect().await, world.connect().await, world.connect().await);
    idle.write_all(GET).await.unwrap();
    read_until(&mut idle, "GET http").await;
    begun.write_all(b"GET / HTTP/1.1\r\nHo").await.unwrap();
    busy.write_all(WAIT).await.unwrap();
    within(world.echo.arrived.notified()).await;
    eventually(|| world.gauge.get() == 4).await;

    world.drain.stop();
    assert_eq!(read_to_end(&mut silent).await, "");
    assert_eq!(read_to_end(&mut idle).await, "");
    eventually(|| world.gauge.get() == 2).await;
    eventually(|| std::net::TcpStream::connect(world.address).is_err()).await;

    begun.write_all(b"st: x\r\n\r\n").await.unwrap();
    let answer = read_to_end(&mut begun).await;
    assert!(answer.contains("GET http"), "a head in flight is a request: {answer:?}");
    world.echo.release.notify_one();
    let answer = read_to_end(&mut busy).await;
    assert!(answer.contains("connection: close") && answer.contains("GET http"), "{answer:?}");
    world.ends().await;
}

#[tokio::test]
async fn a_forced_drain_ends_what_does_not_finish() {
    let world = World::plain().await;
    let mut busy = world.connect().await;
    busy.write_all(WAIT).await.unwrap();
    within(world.echo.arrived.notified()).await;
    world.drain.stop();
    let waiting = tokio::time::timeout(Duration::from_millis(100), world.drain.drained()).await;
    assert!(waiting.is_err(), "a request is in flight");
    assert!(world.drain.open() > 0);
    world.drain.force();
    assert_eq!(read_to_end(&mut busy).await, "");
    world.ends().await;
}

#[tokio::test]
async fn http2_is_told_to_go_away_and_its_streams_finish() {
    let world = World::plain().await;
    let stream = hyper_util::rt::TokioIo::new(world.connect().await);
    let (mut sender, connection) =
        hyper::client::conn::http2::handshake(hyper_util::rt::TokioExecutor::new(), stream).await.unwrap();
    let connection = tokio::spawn(connection);
    let request = |path: &str| {
        Request::get(format!("http://{}{path}", world.address)).body(Full::<Bytes>::default()).unwrap()
    };
    let busy = sender.send_request(request("/wait"));
    within(world.echo.arrived.notified()).await;
    world.drain.stop();
    sleep(Duration::from_millis(50)).await;
    assert!(!connection.is_finished(), "a stream is in flight");
    world.echo.release.notify_one();
    assert_eq!(within(busy).await.unwrap().status(), 200);
    within(connection).await.unwrap().unwrap();
    world.ends().await;
}

#[tokio::test]
async fn a_client_that_leaves_is_counted_out_and_its_request_dropped() {
    let world = World::plain().await;
    let mut gone = world.connect().await;
    gone.write_all(WAIT).await.unwrap();
    within(world.echo.arrived.notified()).await;
    assert_eq!(world.gauge.get(), 1);
    drop(gone);
    eventually(|| world.gauge.get() == 0).await;
    assert_eq!(world.echo.refusals(), []);
    world.ends().await;
}
