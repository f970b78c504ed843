//! The cost of a new token over that of its bare signature check, both measured in turns.

use std::hint::black_box;
use std::time::{Duration, Instant};

use jwtgate::authn::{Admission, Algorithm, SentToken};

use super::case::{case, parts};
use super::{authenticator, verify};

/// Prints a line for each algorithm.
pub(super) fn report() {
    println!("{TURNS} new tokens each, verified whole and by their signature alone in turns; medians, µs");
    println!("          bare     cold  cold - bare  cold / bare");
    for algorithm in Algorithm::ALL {
        let (bare, cold) = measure(algorithm);
        let above = cold - bare;
        println!("{:6} {bare:7.2}  {cold:7.2}  {above:11.2}  {:11.2}", algorithm.name(), cold / bare);
    }
}

/// Both medians in microseconds: of the bare check, and of the whole.
fn measure(algorithm: Algorithm) -> (f64, f64) {
    let case = case(algorithm);
    let gate = authenticator(algorithm);
    let admission = Admission::default();
    let tokens: Vec<String> = (0..TURNS).map(|number| case.token(number)).collect();
    let tokens: Vec<_> = tokens.iter().map(|token| (token, parts(token))).collect();
    let (mut bare, mut cold) = (Vec::new(), Vec::new());
    for (turn, (token, (message, signature))) in tokens.iter().enumerate() {
        let mut checked = || {
            bare.push(timed(|| {
                assert!(
                    (case.bare)(black_box(message.as_bytes()), black_box(signature)),
                    "a right signature"
                );
            }));
        };
        let mut verified = || {
            let token = SentToken::new(token.as_bytes());
            cold.push(timed(|| verify(&gate, token, &admission)));
        };
        // who comes second finds the token in the processor's caches
        if turn % 2 == 0 {
            checked();
            verified();
        } else {
            verified();
            checked();
        }
    }
    (median(bare), median(cold))
}

fn timed(work: impl FnOnce()) -> Duration {
    let start = Instant::now();
    work();
    start.elapsed()
}

fn median(mut times: Vec<Duration>) -> f64 {
    times.sort_unstable();
    times[times.len() / 2].as_secs_f64() * 1e6
}

const TURNS: u32 = 2000;
