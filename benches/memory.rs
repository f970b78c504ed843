//! What a million distinct valid tokens leave behind: resident memory stays within what `token_cache` allows, whatever
//! the tokens look like, and a million forged ones leave nothing.
//!
//! `cargo bench --bench memory` prints a line a kind of token; run as a test, it takes fewer of them. Linux alone says
//! how much memory is resident.

#![expect(
    clippy::expect_used,
    clippy::panic,
    reason = "a bench that cannot be set up has nothing to measure"
)]
#![expect(clippy::print_stdout, reason = "the report")]

use std::hint::black_box;
use std::pin::pin;
use std::task::{Context, Poll, Waker};
use std::time::{Duration, Instant, UNIX_EPOCH};

use aws_lc_rs::hmac;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jwtgate::authn::{Admission, Algorithm, Authenticator, ClaimPath, IssuerSpec, SentToken};
use serde_json::{Value, json};

mod issuer;

fn main() {
    // cargo says `--bench` when it measures
    let count = if std::env::args().any(|argument| argument == "--bench") { 1_000_000 } else { 30_000 };
    println!("{count} tokens of each kind, token_cache of {} MiB", CACHE >> 20);
    for (kind, extra) in [
        ("small", json!({})),
        ("of 1 KiB", json!({"email": "someone@example.com", "text": "x".repeat(560)})),
        ("of many roles", json!({"roles": (0..60).map(|role| format!("role-{role}")).collect::<Vec<_>>()})),
        (
            "of many claims",
            Value::Object((0..100).map(|claim| (format!("claim-{claim}"), json!(claim))).collect()),
        ),
        ("of nested arrays", json!({"x": vec![json!([[[[[]]]]]); 60]})),
    ] {
        measure(kind, &extra, count, true);
    }
    measure("forged", &json!({}), count, false);
}

/// A fresh gate, and so many tokens of this kind through it.
fn measure(kind: &str, extra: &Value, count: u64, valid: bool) {
    let authenticator = authenticator();
    let (before, start) = (resident(), Instant::now());
    let key = hmac::Key::new(hmac::HMAC_SHA256, if valid { &SECRET } else { &[9; 32] });
    let mut peak = before;
    for number in 0..count {
        let token = token(&key, extra, number);
        assert_eq!(passes(&authenticator, &token), valid, "{kind}");
        if number % 1000 == 0 {
            peak = peak.max(resident());
        }
    }
    let grown = peak.saturating_sub(before);
    println!(
        "{kind:>16}: {:7.1} MiB more at the peak, {:7.1} MiB at the end, {:.1?}",
        mebibytes(grown),
        mebibytes(resident().saturating_sub(before)),
        start.elapsed()
    );
    assert!(grown <= CACHE + SLACK, "{kind}: {grown} bytes in a cache of {CACHE}");
}

fn passes(authenticator: &Authenticator, token: &str) -> bool {
    let token = SentToken::new(token.as_bytes());
    let (admission, now) = (Admission::default(), UNIX_EPOCH + Duration::from_secs(NOW));
    let verification = pin!(authenticator.authenticate(token, &admission, now));
    match verification.poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(outcome) => black_box(outcome).is_ok(),
        Poll::Pending => panic!("the keys are fixed"),
    }
}

fn token(key: &hmac::Key, extra: &Value, number: u64) -> String {
    let mut claims = json!({
        "iss": issuer::ISSUER, "sub": number.to_string(), "aud": "orders-api", "exp": NOW + 300,
        "iat": NOW, "jti": format!("{number:032x}"), "scope": "orders:read orders:write",
    });
    if let (Value::Object(claims), Value::Object(extra)) = (&mut claims, extra) {
        claims.extend(extra.clone());
    }
    let input = format!("{}.{}", b64(br#"{"alg":"HS256"}"#), b64(claims.to_string().as_bytes()));
    let tag = hmac::sign(key, input.as_bytes());
    format!("{input}.{}", b64(tag.as_ref()))
}

fn b64(bytes: &[u8]) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

fn authenticator() -> Authenticator {
    let roles = ClaimPath::parse("roles").expect("a path");
    issuer::authenticator(IssuerSpec { roles, ..issuer::spec(Algorithm::Hs256, CACHE) }, &SECRET)
}

/// Bytes of this process that are in memory.
fn resident() -> u64 {
    let statm = std::fs::read_to_string("/proc/self/statm").expect("Linux");
    let pages: u64 = statm.split(' ').nth(1).and_then(|pages| pages.parse().ok()).expect("a number of pages");
    pages * 4096
}

fn mebibytes(bytes: u64) -> f64 {
    f64::from(u32::try_from(bytes >> 10).unwrap_or(u32::MAX)) / 1024.0
}

const NOW: u64 = 1_800_000_000;
const SECRET: [u8; 32] = [7; 32];
/// What the configuration says by default.
const CACHE: u64 = 32 << 20;
/// The empty cache, what is in flight, and pages that the allocator has not given back.
const SLACK: u64 = 8 << 20;
