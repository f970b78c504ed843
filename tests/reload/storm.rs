//! A hundred reloads a second under load: no request is lost or refused, and nothing grows.

use std::io::Write as _;
use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use super::free_address;
use crate::support::metrics::Metrics;
use crate::support::world::{EVERY_ACCESS, Setup};
use crate::support::{Binary, Client};

/// How long the storm lasts: 3 s, or as many as `JWTGATE_TEST_STORM` says to whoever measures.
fn length() -> Duration {
    let seconds = std::env::var("JWTGATE_TEST_STORM").ok().and_then(|seconds| seconds.parse().ok());
    Duration::from_secs(seconds.unwrap_or(3))
}

/// What the process holds.
#[derive(Debug, Clone, Copy)]
struct Held {
    kibibytes: usize,
    threads: usize,
    files: usize,
}

impl Held {
    fn by(process: u32) -> Self {
        let status = std::fs::read_to_string(format!("/proc/{process}/status")).expect("a running process");
        let number = |name: &str| {
            let line = status.lines().find_map(|line| line.strip_prefix(name)).expect("a known line");
            line.split_whitespace().next().and_then(|number| number.parse().ok()).expect("a number")
        };
        let files = std::fs::read_dir(format!("/proc/{process}/fd")).expect("a running process").count();
        Self { kibibytes: number("VmRSS:"), threads: number("Threads:"), files }
    }

    fn most(samples: &[Self]) -> Self {
        let most = |of: fn(&Self) -> usize| samples.iter().map(of).max().expect("a sample");
        Self { kibibytes: most(|s| s.kibibytes), threads: most(|s| s.threads), files: most(|s| s.files) }
    }
}

/// Requests until it is told to stop; gives how many there were.
async fn load(client: Client, token: String, kept: bool, running: Arc<AtomicBool>) -> usize {
    let (mut sent, mut connection) = (0, client.connect().await.expect("a connection"));
    while running.load(Ordering::Relaxed) {
        if !kept {
            connection = client.connect().await.expect("a connection is never refused");
        }
        let path = format!("/orders/{sent}");
        let reply =
            connection.send(client.get(&path).bearer(&token)).await.expect("an answer to every request");
        assert_eq!(reply.status, 200, "{reply:?}");
        sent += 1;
    }
    sent
}

/// Has the file be `text` with each number in turn, one every so often, while requests run and a signal asks for a reload every
/// ten milliseconds. Nothing may be lost, refused or left behind. Gives the last number.
async fn storm(setup: &Setup, binary: &mut Binary, every: Duration, text: impl Fn(usize) -> String) -> usize {
    let (client, admin) = (binary.client().await, Client::new(binary.admin().await));
    let token = setup.issuer.token().scope("orders:read").sign();
    let running = Arc::new(AtomicBool::new(true));
    let loads: Vec<_> = [(client.clone(), true), (client.http2(), true), (client.clone(), false)]
        .map(|(client, kept)| tokio::spawn(load(client, token.clone(), kept, Arc::clone(&running))))
        .into();
    let script = format!("while kill -HUP {} 2>/dev/null; do sleep 0.01; done", binary.id());
    let mut signals = Command::new("sh").arg("-c").arg(script).spawn().expect("a shell");
    let (started, mut samples) = (Instant::now(), Vec::new());
    while started.elapsed() < length() {
        setup.scratch.replace("jwtgate.yaml", text(samples.len()));
        samples.push(Held::by(binary.id()));
        tokio::time::sleep(every).await;
    }
    running.store(false, Ordering::Relaxed);
    let mut sent = Vec::new();
    for load in loads {
        sent.push(load.await.expect("no request was lost or refused"));
    }
    signals.kill().expect("a running shell");
    signals.wait().expect("a child");
    let metrics = Metrics::parse(&admin.get("/metrics").send().await.text());
    let reloads = metrics.sum("jwtgate_config_reloads_total", &[("result", "success")]);
    let failures = metrics.sum("jwtgate_config_reloads_total", &[("result", "failure")]);
    let third = samples.len() / 3;
    let (first, last) = (Held::most(&samples[..third]), Held::most(&samples[samples.len() - third..]));
    let measured = format!("{reloads} reloads, {sent:?} requests; {first:?}, then {last:?}");
    if std::env::var_os("JWTGATE_TEST_STORM").is_some() {
        writeln!(std::io::stderr(), "measured: {measured}").expect("standard error");
    }
    assert!(sent.iter().all(|&sent| sent > 0), "{sent:?}");
    assert!(reloads >= 10.0, "{reloads} reloads of so many signals");
    assert_eq!(failures, 0.0, "{:#?}", binary.stderr());
    // Allocators and pools of threads fill up for a while; a leak of each reload would be far beyond.
    assert!(last.kibibytes < first.kibibytes + 16 * 1024, "{first:?} became {last:?}");
    assert!(last.threads <= first.threads + 8 && last.files <= first.files + 32, "{first:?} became {last:?}");
    let passed = metrics.sum("jwtgate_decisions_total", &[("reason", "allowed")]);
    let sent: usize = sent.iter().sum();
    assert_eq!(passed, f64::from(u32::try_from(sent).unwrap()), "each request was decided once");
    assert_eq!(
        metrics.sum("jwtgate_jwks_fetches_total", &[("issuer", "corporate"), ("result", "success")]),
        1.0
    );
    samples.len() - 1
}

#[tokio::test]
async fn a_hundred_reloads_a_second_lose_nothing_and_leave_nothing() {
    let setup = Setup::new().await;
    let shutdown = "shutdown: { delay: 0s, timeout: 1s }\n";
    let one = format!("{shutdown}{EVERY_ACCESS}");
    // The other configuration has another listener, trusts another proxy and has an issuer and an upstream of its own.
    let other = format!(
        "{shutdown}listeners:
  - address: 127.0.0.1:0
    trusted_proxies: [127.0.0.0/8]
  - address: {}
issuers:
  corporate: {{ issuer: $ISSUER, audiences: [orders-api] }}
  second: {{ issuer: https://second.example.com, audiences: [a], keys: {{ secret: {{ file: secret }} }} }}
upstreams:
  orders: {{ endpoints: [$UPSTREAM], timeouts: {{ connect: 2s, response: 30s }} }}
  second: {{ endpoints: [$UPSTREAM] }}
{EVERY_ACCESS}",
        free_address()
    );
    setup.scratch.write("secret", "thirty-two bytes or more of a secret");
    let [one, other] = [&one, &other].map(|yaml| setup.render(yaml));
    let mut binary = setup.run(&one).await;
    let text = |number: usize| if number.is_multiple_of(2) { other.clone() } else { one.clone() };
    storm(&setup, &mut binary, Duration::from_millis(50), text).await;
}

/// Every time, a policy, a condition and a pattern are others than before, beside forty conditions that stay.
#[tokio::test]
async fn rules_that_change_with_each_reload_lose_nothing_and_decide_as_they_were_written_last() {
    let setup = Setup::new().await;
    let text = |number: usize| {
        let routes = (0..40).map(|route| {
            format!(
                "  - name: stays-{route}
    match: {{ path: '/stays-{route}/{{id}}' }}
    access: {{ require: {{ all_of: [changes], when: claims.sub == path.id || 'admin-{route}' in roles }} }}
    upstream: orders
"
            )
        });
        let routes: Vec<String> = routes.collect();
        setup.render(&format!(
            "policies:
  changes: {{ claims: {{ level: {number} }} }}
routes:
  - name: orders
    match: {{ path: '/orders/{{id}}' }}
    access: {{ require: {{ scopes: 'orders:read', when: claims.sub == 'alice' && size(path.id) < 100 }} }}
    upstream: orders
  - name: condition
    match: {{ path: '/condition/{{id}}' }}
    access: {{ require: {{ when: path.id == '{number}' }} }}
    upstream: orders
  - name: pattern
    match: {{ path: /pattern }}
    access: {{ require: {{ claims: {{ note: {{ matches: 'a{number}b*' }} }} }} }}
    upstream: orders
{}",
            routes.concat()
        ))
    };
    let mut binary = setup.run(&text(0)).await;
    let last = storm(&setup, &mut binary, Duration::from_millis(10), text).await;
    let client = binary.client().await;
    let token = |number: usize| {
        setup.issuer.token().claim("level", number).claim("note", format!("a{number}bb")).sign()
    };
    let status =
        async |path: &str, number: usize| client.get(path).bearer(&token(number)).send().await.status;
    let of = |number: usize| format!("/condition/{number}");
    eventually!(status(&of(last), 0).await == 200, "the last change never took effect");
    assert_eq!(status(&of(last - 1), 0).await, 403);
    for path in ["/pattern", "/stays-0/alice", "/stays-39/alice"] {
        assert_eq!((status(path, last).await, status(path, last - 1).await), (200, 403), "{path}");
    }
    assert_eq!(status("/stays-39/bob", last).await, 403);
}
