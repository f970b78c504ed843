//! What one request costs: straight to the upstream, through a bare hyper proxy that checks nothing, and through the
//! gateway, on a public route and with one RS256 token again and again (HTTP/1.1, keep-alive, plaintext; access log,
//! metrics and request ids on).
//!
//! The proxies are processes of their own, so that their CPU time (from `/proc`, in nanoseconds) is theirs alone; rounds are
//! interleaved, and the ratio to the bare proxy of the same run is what to compare. Without `--bench` it only proves
//! that everything works.

#![expect(
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::print_stdout,
    clippy::string_slice,
    clippy::as_conversions,
    clippy::cast_precision_loss,
    reason = "a bench that cannot be set up has nothing to measure"
)]
#![expect(dead_code, unreachable_pub, reason = "the tests' signing keys are used in part")]

mod loopback;

use std::io::{BufRead, BufReader};
use std::net::SocketAddr;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use loopback::Connection;
use loopback::keypair::KeyPair;
use loopback::token::TokenBuilder;

fn main() {
    let arguments: Vec<String> = std::env::args().collect();
    if let [_, command, upstream] = arguments.as_slice()
        && command == "--bare-proxy"
    {
        return loopback::bare_proxy(upstream);
    }
    let (rounds, requests) =
        if arguments.iter().any(|argument| argument == "--bench") { (9, 20_000) } else { (1, 50) };
    let upstream = loopback::upstream();
    let directory = tempfile::tempdir().expect("a directory");
    let key = KeyPair::generate("RS256");
    let gateway = gateway(directory.path(), upstream, &key);
    let token = token(&key);
    let bare = bare(upstream);
    let mut cases = [
        Case::new("straight to the upstream", None, upstream, None),
        Case::new("bare hyper proxy, no check", Some(bare.0.id()), bare.1, None),
        Case::new("jwtgate, public route", Some(gateway.0.id()), gateway.1, None),
        Case::new("jwtgate, one hot RS256 token", Some(gateway.0.id()), gateway.1, Some(&token)),
    ];
    for case in &mut cases {
        case.round(requests / 10 + 1);
        case.rounds.clear();
    }
    for _ in 0..rounds {
        for case in &mut cases {
            case.round(requests);
        }
    }
    report(&cases, requests);
}

/// A child that ends with the bench.
struct Process(Child);

impl Process {
    fn id(&self) -> u32 {
        self.0.id()
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        if self.0.kill().is_ok() {
            drop(self.0.wait());
        }
    }
}

fn bare(upstream: SocketAddr) -> (Process, SocketAddr) {
    let mut child = Command::new(std::env::current_exe().expect("this program"))
        .args(["--bare-proxy", &upstream.to_string()])
        .stdout(Stdio::piped())
        .spawn()
        .expect("the bare proxy starts");
    let output = child.stdout.take().expect("its output");
    (Process(child), address(BufReader::new(output).lines().next().expect("a line").expect("text").as_str()))
}

/// The gateway: one route is public, the other asks for a role.
fn gateway(directory: &Path, upstream: SocketAddr, key: &KeyPair) -> (Process, SocketAddr) {
    let keys = serde_json::json!({ "keys": [key.jwk()] });
    std::fs::write(directory.join("jwks.json"), keys.to_string()).expect("keys");
    let admin = loopback::free_port();
    let configuration = format!(
        "
listeners: [{{ address: 127.0.0.1:0 }}]
admin: {{ address: 127.0.0.1:{admin} }}
issuers:
  bench: {{ issuer: {ISSUER}, audiences: [orders-api], keys: {{ jwks_file: jwks.json }} }}
upstreams: {{ api: {{ endpoints: ['http://{upstream}'] }} }}
identity: {{ headers: {{ X-User: claims.sub }} }}
routes:
  - {{ name: open, match: {{ path: /orders/**, hosts: [open.example.com] }}, access: public, upstream: api }}
  - {{ name: rest, match: {{ path: /** }}, access: {{ require: {{ roles: clerk }} }}, upstream: api }}
"
    );
    let file = directory.join("jwtgate.yaml");
    std::fs::write(&file, configuration).expect("a configuration");
    let mut child = Command::new(env!("CARGO_BIN_EXE_jwtgate"))
        .args(["run", "--config"])
        .arg(&file)
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the gateway starts");
    let mut log = BufReader::new(child.stderr.take().expect("its log")).lines().map_while(Result::ok);
    let line = log.find(|line| line.contains("Listening address="));
    std::thread::spawn(move || log.for_each(drop));
    (Process(child), address(&line.expect("the gateway listens")))
}

fn address(line: &str) -> SocketAddr {
    let start = line.find("address=").expect("an address") + "address=".len();
    line[start..].trim().parse().expect("an address")
}

/// About 1 KiB, with fifteen claims.
fn token(key: &KeyPair) -> String {
    let mut token = TokenBuilder::new(ISSUER, key).subject("alice").roles(&["clerk"]).audience("orders-api");
    for number in 0..9 {
        token = token.claim(&format!("claim_{number}"), "a value of some length");
    }
    token.sign()
}

const ISSUER: &str = "https://id.example.com";

/// One way to the upstream.
struct Case {
    name: &'static str,
    process: Option<u32>,
    connections: Vec<Connection>,
    rounds: Vec<Round>,
}

struct Round {
    latency: Duration,
    processor: Duration,
}

impl Case {
    fn new(name: &'static str, process: Option<u32>, address: SocketAddr, token: Option<&str>) -> Self {
        let host = if token.is_none() { "open.example.com" } else { "api.example.com" };
        let connections = (0..CONNECTIONS).map(|_| Connection::open(address, host, token)).collect();
        Self { name, process, connections, rounds: Vec::new() }
    }

    /// One round of `requests`, spread over the connections.
    fn round(&mut self, requests: usize) {
        let before = self.process.map(processor_time);
        let started = Instant::now();
        std::thread::scope(|scope| {
            for connection in &mut self.connections {
                scope.spawn(move || (0..=requests / CONNECTIONS).for_each(|_| connection.exchange()));
            }
        });
        let sent = (requests / CONNECTIONS + 1) * CONNECTIONS;
        let per_request = |time: Duration| time.div_f64(sent as f64);
        let used =
            self.process.zip(before).map(|(process, before)| processor_time(process).saturating_sub(before));
        self.rounds.push(Round {
            latency: per_request(started.elapsed() * u32::try_from(CONNECTIONS).expect("few")),
            processor: per_request(used.unwrap_or_default()),
        });
    }

    fn median(&self, figure: impl Fn(&Round) -> Duration) -> f64 {
        let mut figures: Vec<Duration> = self.rounds.iter().map(figure).collect();
        figures.sort();
        figures.get(figures.len() / 2).map_or(0.0, |figure| figure.as_secs_f64() * 1e6)
    }
}

const CONNECTIONS: usize = 8;

/// The CPU time of a process, user and system, over its threads.
fn processor_time(process: u32) -> Duration {
    let tasks = std::fs::read_dir(format!("/proc/{process}/task")).expect("a Linux /proc");
    let nanoseconds = tasks.flatten().filter_map(|task| {
        let text = std::fs::read_to_string(task.path().join("schedstat")).ok()?;
        text.split_whitespace().next()?.parse::<u64>().ok()
    });
    Duration::from_nanos(nanoseconds.sum())
}

fn resident(process: u32, field: &str) -> String {
    let status = std::fs::read_to_string(format!("/proc/{process}/status")).unwrap_or_default();
    let line = status.lines().find(|line| line.starts_with(field)).unwrap_or_default();
    let kibibytes: f64 =
        line.split_whitespace().nth(1).and_then(|text| text.parse().ok()).unwrap_or_default();
    format!("{:.1}", kibibytes / 1024.0)
}

fn report(cases: &[Case], requests: usize) {
    let floor = cases.get(1).map_or(1.0, |bare| bare.median(|round| round.processor));
    println!("\n{requests} requests a round over {CONNECTIONS} connections, medians of the rounds\n");
    println!("| way | µs a request, waiting | CPU µs a request | to the bare proxy | peak MiB |");
    println!("|---|--:|--:|--:|--:|");
    for case in cases {
        let (latency, processor) = (case.median(|round| round.latency), case.median(|round| round.processor));
        match case.process {
            None => println!("| {} | {latency:.1} | | | |", case.name),
            Some(process) => {
                let (ratio, peak) = (processor / floor, resident(process, "VmHWM"));
                println!("| {} | {latency:.1} | {processor:.1} | {ratio:.2} | {peak} |", case.name);
            }
        }
    }
}
