//! Sends requests through a proxy and judges every answer: a token behind `+` must pass, one behind `-` must not.
//!
//! Prints `ready` once every connection has served a request. For every line that it reads, a number, it sends so many
//! requests and prints one line of JSON; it holds its connections until standard input ends. Whoever started it reads the
//! proxy's figures at these moments.

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

use tokio::runtime::{Builder, Runtime};
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
    /// The authority of the proxy's certificate.
    #[arg(long)]
    ca: Option<PathBuf>,
    #[arg(long, default_value_t = 32)]
    connections: usize,
    /// How many of the connections have a request on its way at a time; default: all.
    #[arg(long)]
    in_flight: Option<usize>,
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
    pub fn plain(address: SocketAddr, tokens: PathBuf) -> Self {
        Self {
            address,
            protocol: Protocol::Http1,
            tokens,
            ca: None,
            connections: 2,
            in_flight: None,
            rate: None,
            path: "/orders/42".to_owned(),
            upload: 0,
            unchecked: false,
        }
    }
}

pub fn run(arguments: &Arguments) {
    let mut session = Session::open(arguments);
    println!("ready");
    for count in counts() {
        println!("{}", session.send(count).json());
    }
}

/// The numbers on standard input, a line each, until it ends.
pub fn counts() -> impl Iterator<Item = usize> {
    std::io::stdin().lines().map(|line| line.expect("text").parse().expect("a number"))
}

/// Connections that are open, and have served a request each.
pub struct Session {
    runtime: Runtime,
    connections: Vec<Connection>,
    tokens: Arc<Tokens>,
    rate: Option<f64>,
    in_flight: usize,
    /// Wrong answers that no round has told of yet.
    wrong: u64,
}

impl Session {
    pub fn open(arguments: &Arguments) -> Self {
        let tokens = Arc::new(Tokens::read(&arguments.tokens, arguments.unchecked));
        let dialer = Arc::new(Dialer::new(arguments));
        let runtime = Builder::new_current_thread().enable_all().build().expect("a runtime");
        let mut warm = Tally::default();
        let connections = runtime.block_on(async {
            let mut connections = Connection::open_all(&dialer, arguments.connections).await;
            for connection in &mut connections {
                exchange(connection, &tokens, Instant::now(), &mut warm).await;
            }
            connections
        });
        let in_flight = arguments.in_flight.unwrap_or(arguments.connections);
        Self { runtime, connections, tokens, rate: arguments.rate, in_flight, wrong: warm.wrong }
    }

    /// One round of so many requests.
    pub fn send(&mut self, requests: usize) -> Tally {
        let Self { runtime, connections, tokens, rate, in_flight, wrong } = self;
        let mut tally = Tally::default();
        tally.wrong = std::mem::take(wrong);
        runtime.block_on(async {
            let schedule = Arc::new(Schedule::start(requests, *rate));
            let places = Arc::new(Semaphore::new(*in_flight));
            let started = Instant::now();
            let mut workers = JoinSet::new();
            for connection in connections.drain(..) {
                workers.spawn(work(
                    connection,
                    Arc::clone(tokens),
                    Arc::clone(&schedule),
                    Arc::clone(&places),
                ));
            }
            while let Some(worker) = workers.join_next().await {
                let (connection, part) = worker.expect("a worker");
                tally.add(part);
                connections.push(connection);
            }
            tally.elapsed = started.elapsed();
        });
        tally
    }
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
