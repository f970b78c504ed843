//! A hyper proxy that checks nothing, with hyper-util's pooled client behind it: the floor that a proxy on hyper starts from.

use http::{Request, Uri};
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use tokio::runtime::Builder;

/// Prints its address, and serves until its process is ended.
pub fn run(upstream: &str) {
    let authority = upstream.to_owned();
    Builder::new_multi_thread().enable_all().build().expect("a runtime").block_on(async move {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let mut connector = HttpConnector::new();
        connector.set_nodelay(true);
        let client: Client<HttpConnector, Incoming> =
            Client::builder(TokioExecutor::new()).pool_timer(TokioTimer::new()).build(connector);
        println!("address={}", listener.local_addr().expect("an address"));
        loop {
            let (socket, _) = listener.accept().await.expect("a connection");
            socket.set_nodelay(true).expect("no delay");
            let (client, authority) = (client.clone(), authority.clone());
            let forward = service_fn(move |mut request: Request<Incoming>| {
                let path = request.uri().path_and_query().map_or("/", |path| path.as_str());
                *request.uri_mut() = Uri::builder()
                    .scheme("http")
                    .authority(authority.as_str())
                    .path_and_query(path)
                    .build()
                    .expect("a URI");
                client.request(request)
            });
            tokio::spawn(
                hyper::server::conn::http1::Builder::new()
                    .timer(TokioTimer::new())
                    .serve_connection(TokioIo::new(socket), forward),
            );
        }
    });
}
