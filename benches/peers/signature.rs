//! The bare signature check: what no proxy that verifies a token can undercut.

use std::path::{Path, PathBuf};

use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_FIXED, ParsedPublicKey, RSA_PKCS1_2048_8192_SHA256, VerificationAlgorithm,
};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

#[derive(Debug, clap::Args)]
pub struct Arguments {
    /// Where keys and tokens are.
    directory: PathBuf,
    /// rs256 or es256.
    #[arg(long)]
    algorithm: String,
    /// How many tokens to pass over.
    #[arg(long, default_value_t = 0)]
    skip: usize,
    /// How many to verify.
    #[arg(long)]
    requests: usize,
}

pub fn run(arguments: &Arguments) {
    let Arguments { directory, algorithm, skip, requests } = arguments;
    println!("{:.3}", measure(directory, algorithm, *skip, *requests));
}

/// CPU microseconds a check.
pub fn measure(directory: &Path, algorithm: &str, skip: usize, count: usize) -> f64 {
    let verification: &'static dyn VerificationAlgorithm = match algorithm {
        "rs256" => &RSA_PKCS1_2048_8192_SHA256,
        "es256" => &ECDSA_P256_SHA256_FIXED,
        other => panic!("no tokens of {other}"),
    };
    let der = std::fs::read(directory.join(format!("{algorithm}.der"))).expect("a key");
    let key = ParsedPublicKey::new(verification, der).expect("a key");
    let text = std::fs::read_to_string(directory.join(format!("new-{algorithm}.txt"))).expect("tokens");
    let tokens: Vec<(&str, Vec<u8>)> = text
        .lines()
        .skip(skip)
        .take(count)
        .map(|line| {
            let (message, signature) = line.trim_start_matches('+').rsplit_once('.').expect("three parts");
            (message, URL_SAFE_NO_PAD.decode(signature).expect("base64url"))
        })
        .collect();
    assert_eq!(tokens.len(), count, "there are not enough tokens");
    let before = processor_nanoseconds();
    for (message, signature) in &tokens {
        key.verify_sig(message.as_bytes(), signature).expect("the signature is right");
    }
    (processor_nanoseconds() - before) as f64 / 1000.0 / count as f64
}

/// What this thread has used so far.
fn processor_nanoseconds() -> u64 {
    let text = std::fs::read_to_string("/proc/thread-self/schedstat").expect("a Linux /proc");
    text.split_whitespace().next().and_then(|number| number.parse().ok()).expect("a number")
}
