//! What the verification of one token costs: per algorithm, first seen (`cold`) and seen before (`cached`), beside the
//! bare signature check of aws-lc-rs with a parsed key (`bare`), which no verification can undercut.
//!
//! Tokens are of about 1 KiB. `cold` brings one that was never seen on each turn, which is taken apart, verified and filed
//! away. At the end, or alone with `-- turns`, both are measured in turns over the same tokens: a machine whose clock
//! wanders slows both alike, so their ratio stands where their times do not.

#![expect(
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::print_stdout,
    reason = "a bench that cannot be set up has nothing to measure"
)]

use std::cell::RefCell;
use std::hint::black_box;
use std::pin::pin;
use std::rc::Rc;
use std::task::{Context, Poll, Waker};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use divan::Bencher;
use jwtgate::authn::{Admission, Algorithm, Authenticator, Credentials, SentToken};

use case::case;

mod case;
#[path = "../issuer/mod.rs"]
mod issuer;
mod turns;

fn main() {
    let mut arguments = std::env::args().skip(1).filter(|argument| argument != "--bench").peekable();
    let alone = arguments.peek().is_some_and(|first| first == "turns");
    if !alone {
        divan::main();
    }
    if alone || arguments.next().is_none() {
        turns::report();
    }
}

#[divan::bench(args = Algorithm::ALL)]
fn bare(bencher: Bencher<'_, '_>, algorithm: Algorithm) {
    let case = case(algorithm);
    let token = case.token(0);
    let (message, signature) = case::parts(&token);
    bencher.bench_local(|| assert!((case.bare)(black_box(message.as_bytes()), black_box(&signature))));
}

#[divan::bench(args = Algorithm::ALL)]
fn cold(bencher: Bencher<'_, '_>, algorithm: Algorithm) {
    let case = case(algorithm);
    let tokens: Vec<String> = (0..NEW_TOKENS).map(|number| case.token(number)).collect();
    let admission = Admission::default();
    let gate = || Rc::new(authenticator(algorithm));
    let state = RefCell::new((gate(), 0));
    // When all have been seen, a gate that has seen none takes over.
    let next = || {
        let mut state = state.borrow_mut();
        if state.1 == tokens.len() {
            *state = (gate(), 0);
        }
        state.1 += 1;
        (Rc::clone(&state.0), tokens[state.1 - 1].as_str())
    };
    bencher.with_inputs(next).bench_local_refs(|(gate, token)| {
        verify(gate, SentToken::new(token.as_bytes()), &admission);
    });
}

#[divan::bench(args = Algorithm::ALL)]
fn cached(bencher: Bencher<'_, '_>, algorithm: Algorithm) {
    measure(bencher, &authenticator(algorithm), &case(algorithm).token(0));
}

/// The same, as it comes out of a header field.
#[divan::bench]
fn cached_from_header(bencher: Bencher<'_, '_>) {
    let authenticator = authenticator(Algorithm::Rs256);
    let mut headers = http::HeaderMap::new();
    let field = format!("Bearer {}", case(Algorithm::Rs256).token(0));
    headers.insert(http::header::AUTHORIZATION, field.parse().expect("a token is a header value"));
    let admission = Admission::default();
    let credentials = Credentials::default();
    bencher.bench_local(|| {
        let found = credentials.find(black_box(&headers), None).ok().flatten().expect("a token");
        verify(&authenticator, found.sent(), &admission);
    });
}

fn measure(bencher: Bencher<'_, '_>, authenticator: &Authenticator, token: &str) {
    let token = SentToken::new(token.as_bytes());
    let admission = Admission::default();
    bencher.bench_local(|| verify(authenticator, black_box(token), &admission));
}

/// Keys are at hand, so verification never waits.
fn verify(authenticator: &Authenticator, token: SentToken<'_>, admission: &Admission) {
    let verification = pin!(authenticator.authenticate(token, admission, now()));
    match verification.poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(outcome) => drop(black_box(outcome.expect("the token is valid"))),
        Poll::Pending => panic!("the keys are fixed"),
    }
}

fn now() -> SystemTime {
    UNIX_EPOCH + Duration::from_hours(500_000)
}

/// What the configuration says by default.
const CACHE: u64 = 32 << 20;
const NEW_TOKENS: u32 = 1000;

fn authenticator(algorithm: Algorithm) -> Authenticator {
    issuer::authenticator(issuer::spec(algorithm, CACHE), &case(algorithm).keys)
}
