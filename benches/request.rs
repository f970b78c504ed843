//! What one request costs: through a bare hyper proxy that checks nothing, and through the gateway, on a public route, with
//! one RS256 token again and again, with 10,000 in turn, with a new one each time, with large answers and uploads, and with
//! a large configuration (HTTP/1.1, keep-alive, plaintext; access log, metrics and request ids on). Then what memory it
//! takes, idle and with 10,000 tokens and 1,000 connections.
//!
//! The proxies are processes of their own on a core of their own, so that their CPU time (from `/proc`, in nanoseconds)
//! is theirs alone; rounds are interleaved, and the ratio to the row it is compared with is what counts. Without `--bench`
//! it only proves that everything works.

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

use std::fmt::Write as _;
use std::io::{BufRead, BufReader};
use std::net::SocketAddr;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use loopback::keypair::KeyPair;
use loopback::token::TokenBuilder;
use loopback::{Connection, request};

fn main() {
    let arguments: Vec<String> = std::env::args().collect();
    if let [_, command, upstream] = arguments.as_slice()
        && command == "--bare-proxy"
    {
        return loopback::bare_proxy(upstream);
    }
    let plan =
        if arguments.iter().any(|argument| argument == "--bench") { Plan::MEASURE } else { Plan::PROVE };
    let pinned = plan.rounds > 1 && pin_this();
    let upstream = loopback::upstream();
    let key = KeyPair::generate("RS256");
    let bare = bare(upstream, pinned);
    let (small, large) =
        (Gateway::start(upstream, &key, 1, pinned), Gateway::start(upstream, &key, 20, pinned));
    let idle = resident(small.id(), "VmRSS");
    let hot = token(&key, ISSUER, 0);
    let of_api = |token: &str| request("api.example.com", "/orders/42", Some(token), 0);
    let open = |path, body| vec![request("open.example.com", path, None, body)];
    let many: Vec<_> = (0..plan.tokens).map(|number| of_api(&token(&key, ISSUER, number + 1))).collect();
    let fresh = (plan.new_tokens + CONNECTIONS) * (plan.rounds + 1);
    let fresh: Vec<_> = (0..fresh).map(|number| of_api(&token(&key, ISSUER, NEW + number))).collect();
    // The last issuer and the last route of a large configuration.
    let last = request("api.example.com", "/service-999/orders", Some(&token(&key, &issuer(19), 0)), 0);
    let first = request("api.example.com", "/service-0/orders", Some(&token(&key, ISSUER, 0)), 0);
    let ours = Some((small.id(), small.address));
    let theirs = Some((bare.0.id(), bare.1));
    let mut cases = vec![
        Case::new("bare hyper proxy, no check", theirs, None, plan.requests, open("/orders/42", 0)),
        Case::new("public route", ours, Some(0), plan.requests, open("/orders/42", 0)),
        Case::new("one hot RS256 token", ours, Some(0), plan.requests, vec![of_api(&hot)]),
        Case::new("10,000 RS256 tokens in turn", ours, Some(0), plan.tokens, many.clone()),
        Case::new("every RS256 token new", ours, Some(0), plan.new_tokens, fresh),
        Case::new("bare, 64 KiB answers", theirs, None, plan.requests / 4, open("/large", 0)),
        Case::new("64 KiB answers", ours, Some(5), plan.requests / 4, open("/large", 0)),
        Case::new("bare, 1 MiB uploads", theirs, None, plan.requests / 50, open("/orders/42", 1 << 20)),
        Case::new("1 MiB uploads", ours, Some(7), plan.requests / 50, open("/orders/42", 1 << 20)),
        Case::new("1 route, 1 issuer, 1 term", ours, None, plan.requests, vec![first]),
        Case::new(
            "1,000 routes, 20 issuers, 20 terms",
            Some((large.id(), large.address)),
            Some(9),
            plan.requests,
            vec![last],
        ),
    ];
    // The first round warms up, and brings every token that is to come again.
    for _ in 0..=plan.rounds {
        cases.iter_mut().for_each(Case::round);
    }
    report(&mut cases);
    report_memory(&small, &idle, &many, plan);
}

/// How much is measured.
#[derive(Clone, Copy)]
struct Plan {
    rounds: usize,
    requests: usize,
    tokens: usize,
    new_tokens: usize,
    connections: usize,
}

impl Plan {
    const MEASURE: Self =
        Self { rounds: 9, requests: 10_000, tokens: 10_000, new_tokens: 1_000, connections: 1_000 };
    const PROVE: Self = Self { rounds: 1, requests: 50, tokens: 50, new_tokens: 50, connections: 20 };
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

/// Keeps this process, which is client and upstream, on the first core; false where that is not possible.
fn pin_this() -> bool {
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let id = std::process::id().to_string();
    let pinned = Command::new("taskset").args(["-apc", "0", &id]).stdout(Stdio::null()).status();
    cores > 1 && pinned.is_ok_and(|status| status.success())
}

/// A program, kept on the second core.
fn command(program: &Path, pinned: bool) -> Command {
    if !pinned {
        return Command::new(program);
    }
    let mut command = Command::new("taskset");
    command.args(["-c", "1"]).arg(program);
    command
}

fn bare(upstream: SocketAddr, pinned: bool) -> (Process, SocketAddr) {
    let mut child = command(&std::env::current_exe().expect("this program"), pinned)
        .args(["--bare-proxy", &upstream.to_string()])
        .stdout(Stdio::piped())
        .spawn()
        .expect("the bare proxy starts");
    let output = child.stdout.take().expect("its output");
    (Process(child), address(BufReader::new(output).lines().next().expect("a line").expect("text").as_str()))
}

struct Gateway {
    process: Process,
    address: SocketAddr,
    _directory: tempfile::TempDir,
}

impl Gateway {
    /// One whose routes ask for a role, but for the open ones. With several issuers it has 1,000 routes whose policies
    /// have 20 terms.
    fn start(upstream: SocketAddr, key: &KeyPair, issuers: usize, pinned: bool) -> Self {
        let directory = tempfile::tempdir().expect("a directory");
        let keys = serde_json::json!({ "keys": [key.jwk()] });
        std::fs::write(directory.path().join("jwks.json"), keys.to_string()).expect("keys");
        let file = directory.path().join("jwtgate.yaml");
        std::fs::write(&file, configuration(upstream, issuers)).expect("a configuration");
        let mut child = command(Path::new(env!("CARGO_BIN_EXE_jwtgate")), pinned)
            .args(["run", "--config"])
            .arg(&file)
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .expect("the gateway starts");
        let mut log = BufReader::new(child.stderr.take().expect("its log")).lines().map_while(Result::ok);
        let line = log.find(|line| line.contains("Listening address="));
        std::thread::spawn(move || log.for_each(drop));
        let address = address(&line.expect("the gateway listens"));
        Self { process: Process(child), address, _directory: directory }
    }

    fn id(&self) -> u32 {
        self.process.id()
    }
}

fn configuration(upstream: SocketAddr, issuers: usize) -> String {
    let admin = loopback::free_port();
    let mut text = format!(
        "listeners: [{{ address: 127.0.0.1:0 }}]
admin: {{ address: 127.0.0.1:{admin} }}
upstreams: {{ api: {{ endpoints: ['http://{upstream}'] }} }}
identity: {{ headers: {{ X-User: claims.sub }} }}
issuers:
"
    );
    // Writing to a string does not fail.
    for number in 0..issuers {
        let issuer = issuer(number);
        writeln!(
            text,
            "  issuer-{number}: {{ issuer: {issuer}, audiences: [orders-api], keys: {{ jwks_file: jwks.json }} }}"
        )
        .expect("text");
    }
    let (routes, terms) = if issuers == 1 { (1, 1) } else { (1000, 20) };
    let claims =
        (1..terms).map(|term| format!(", {{ claims: {{ claim_{}: a value of some length }} }}", term % 9));
    let claims: String = claims.collect();
    writeln!(text, "policies: {{ clerks: {{ all_of: [{{ roles: clerk }}{claims}] }} }}\nroutes:")
        .expect("text");
    for number in 0..routes {
        let path = format!("/service-{number}/**");
        writeln!(
            text,
            "  - {{ name: route-{number}, match: {{ path: {path} }}, access: {{ require: clerks }}, upstream: api }}"
        )
        .expect("text");
    }
    text.push_str(
        "  - { name: open, match: { path: /**, hosts: [open.example.com] }, access: public, upstream: api }
  - { name: rest, match: { path: /** }, access: { require: { roles: clerk } }, upstream: api }
",
    );
    text
}

fn address(line: &str) -> SocketAddr {
    let start = line.find("address=").expect("an address") + "address=".len();
    line[start..].trim().parse().expect("an address")
}

/// About 1 KiB, with fifteen claims.
fn token(key: &KeyPair, issuer: &str, number: usize) -> String {
    let mut token = TokenBuilder::new(issuer, key)
        .subject(&format!("user-{number}"))
        .roles(&["clerk"])
        .expires_in(Duration::from_hours(2));
    for number in 0..9 {
        token = token.claim(&format!("claim_{number}"), "a value of some length");
    }
    token.sign()
}

const ISSUER: &str = "https://id-0.example.com";
/// Numbers from here on are of tokens that come once.
const NEW: usize = 1_000_000;

fn issuer(number: usize) -> String {
    format!("https://id-{number}.example.com")
}

/// One kind of work.
struct Case {
    name: &'static str,
    process: u32,
    /// The case that it is compared with, by its place.
    floor: Option<usize>,
    connections: Vec<Connection>,
    /// How many requests a round has.
    count: usize,
    /// Sent in turn, over the rounds.
    requests: Vec<Vec<u8>>,
    next: usize,
    rounds: Vec<Round>,
}

struct Round {
    latency: Duration,
    processor: Duration,
}

impl Case {
    fn new(
        name: &'static str,
        through: Option<(u32, SocketAddr)>,
        floor: Option<usize>,
        count: usize,
        requests: Vec<Vec<u8>>,
    ) -> Self {
        let (process, address) = through.expect("a proxy");
        let connections = (0..CONNECTIONS).map(|_| Connection::open(address)).collect();
        Self { name, process, floor, connections, count, requests, next: 0, rounds: Vec::new() }
    }

    /// One round, spread over the connections.
    fn round(&mut self) {
        let (before, started) = (processor_time(self.process), Instant::now());
        let each = self.count / CONNECTIONS + 1;
        std::thread::scope(|scope| {
            let (requests, next) = (&self.requests, self.next);
            for (index, connection) in self.connections.iter_mut().enumerate() {
                scope.spawn(move || {
                    for turn in 0..each {
                        connection.exchange(&requests[(next + index + turn * CONNECTIONS) % requests.len()]);
                    }
                });
            }
        });
        let sent = each * CONNECTIONS;
        self.next += sent;
        let per_request = |time: Duration| time.div_f64(sent as f64);
        self.rounds.push(Round {
            latency: per_request(started.elapsed() * u32::try_from(CONNECTIONS).expect("few")),
            processor: per_request(processor_time(self.process).saturating_sub(before)),
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

fn report(cases: &mut [Case]) {
    for case in &mut *cases {
        // The first round warmed up.
        case.rounds.remove(0);
    }
    println!("\nMedians of the rounds, over {CONNECTIONS} connections\n");
    println!("| work | µs a request, waiting | CPU µs a request | ratio | to |");
    println!("|---|--:|--:|--:|---|");
    for case in &*cases {
        let (latency, processor) = (case.median(|round| round.latency), case.median(|round| round.processor));
        let floor = case.floor.map(|floor| &cases[floor]);
        let (ratio, name) = floor.map_or_else(Default::default, |floor| {
            (format!("{:.2}", processor / floor.median(|round| round.processor)), floor.name)
        });
        println!("| {} | {latency:.1} | {processor:.1} | {ratio} | {name} |", case.name);
    }
}

/// After all that was measured: idle is what it took when it had started.
fn report_memory(gateway: &Gateway, idle: &str, requests: &[Vec<u8>], plan: Plan) {
    let mut connections: Vec<_> = (0..plan.connections).map(|_| Connection::open(gateway.address)).collect();
    for (turn, request) in requests.iter().enumerate() {
        let place = turn % connections.len();
        connections[place].exchange(request);
    }
    let loaded = resident(gateway.id(), "VmRSS");
    println!(
        "\nMiB resident: {idle} idle, {loaded} with {} tokens and {} connections",
        requests.len(),
        plan.connections
    );
}
