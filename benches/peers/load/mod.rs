//! Sends requests through a proxy and judges every answer: a token behind `+` must pass, one behind `-` must not.
//!
//! Prints `ready` once every connection has served a request, begins when it reads a line, prints one line of JSON, and
//! holds its connections until standard input ends: whoever started it reads the proxy's figures at these moments.

mod connection;
mod http1;
mod http2;
mod schedule;
mod tally;
mod tokens;

use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Instant;

use tokio::runtime::Builder;
use tokio::sync::Semaphore;
use tokio::task::JoinSet;

use self::connection::{Connection, Dialer};
use self::schedule::Schedule;
use self::tally::Tally;
use self::tokens::Tokens;

#[derive(Debug, Clone, clap::Args)]
pub struct Arguments {
    /// The proxy.
    address: SocketAddr,
    #[arg(long, value_enum, default_value_t = Protocol::Http1)]
    protocol: Protocol,
    /// A file of tokens, used in turn.
    #[arg(long)]
    tokens: PathBuf,
    /// How many tokens to pass over.
    #[arg(long, default_value_t = 0)]
    skip: usize,
    /// The authority of the proxy's certificate.
    #[arg(long)]
    ca: Option<PathBuf>,
    #[arg(long, default_value_t = 32)]
    connections: usize,
    /// How many of the connections have a request on its way at a time; default: all.
    #[arg(long)]
    in_flight: Option<usize>,
    #[arg(long)]
    requests: usize,
    /// Requests a second; without it, each connection sends as soon as it has an answer.
    #[arg(long)]
    rate: Option<f64>,
    #[arg(long, default_value = "/orders/42")]
    path: String,
    /// The length of each request's body; with one, the method is POST.
    #[arg(long, default_value_t = 0)]
    upload: usize,
    /// The proxy checks nothing, so that everything passes.
    #[arg(long)]
    unchecked: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum Protocol {
    /// HTTP/1.1, kept alive, plaintext.
    Http1,
    /// HTTP/1.1, kept alive, TLS 1.3.
    Tls,
    /// HTTP/1.1, a new TLS 1.3 connection for each request, never resumed.
    Handshake,
    /// HTTP/2 over TLS 1.3, eight streams a connection.
    Http2,
}

impl Arguments {
    /// HTTP/1.1 over two connections.
    pub fn plain(address: SocketAddr, tokens: PathBuf, requests: usize) -> Self {
        Self {
            address,
            protocol: Protocol::Http1,
            tokens,
            skip: 0,
            ca: None,
            connections: 2,
            in_flight: None,
            requests,
            rate: None,
            path: "/orders/42".to_owned(),
            upload: 0,
            unchecked: false,
        }
    }
}

pub fn run(arguments: &Arguments) {
    drive(
        arguments,
        || {
            println!("ready");
            line();
        },
        |tally| {
            println!("{}", tally.json());
            while line() {}
        },
    );
}

/// Without waiting for anybody.
pub fn measure(arguments: &Arguments) -> Tally {
    drive(arguments, || {}, |_| {})
}

/// Whether there was one more line on standard input.
fn line() -> bool {
    std::io::stdin().read_line(&mut String::new()).is_ok_and(|length| length > 0)
}

fn drive(arguments: &Arguments, ready: impl FnOnce(), done: impl FnOnce(&Tally)) -> Tally {
    let tokens = Arc::new(Tokens::read(&arguments.tokens, arguments.skip, arguments.unchecked));
    let dialer = Arc::new(Dialer::new(arguments));
    Builder::new_current_thread().enable_all().build().expect("a runtime").block_on(async {
        let mut connections = Connection::open_all(&dialer, arguments.connections).await;
        let mut warm = Tally::default();
        for connection in &mut connections {
            exchange(connection, &tokens, Instant::now(), &mut warm).await;
        }
        ready();
        let schedule = Arc::new(Schedule::start(arguments.requests, arguments.rate));
        let places = Arc::new(Semaphore::new(arguments.in_flight.unwrap_or(arguments.connections)));
        let started = Instant::now();
        let mut workers = JoinSet::new();
        for connection in connections {
            workers.spawn(work(connection, Arc::clone(&tokens), Arc::clone(&schedule), Arc::clone(&places)));
        }
        let mut tally = Tally::default();
        tally.wrong = warm.wrong;
        let mut held = Vec::new();
        while let Some(worker) = workers.join_next().await {
            let (connection, part) = worker.expect("a worker");
            tally.add(part);
            held.push(connection);
        }
        tally.elapsed = started.elapsed();
        done(&tally);
        tally
    })
}

/// One connection's share of the requests.
async fn work(
    mut connection: Connection,
    tokens: Arc<Tokens>,
    schedule: Arc<Schedule>,
    places: Arc<Semaphore>,
) -> (Connection, Tally) {
    let mut tally = Tally::default();
    loop {
        let place = places.acquire().await.expect("it is never closed");
        let Some(due) = schedule.next().await else { break };
        exchange(&mut connection, &tokens, due, &mut tally).await;
        drop(place);
    }
    (connection, tally)
}

async fn exchange(connection: &mut Connection, tokens: &Tokens, due: Instant, tally: &mut Tally) {
    let token = tokens.next();
    let status = connection.exchange(&token.field).await;
    tally.count(status, token.passes, due.elapsed());
}
