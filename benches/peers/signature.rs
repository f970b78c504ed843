//! The bare signature check: what no proxy that verifies a token can undercut.

use std::path::{Path, PathBuf};

use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_FIXED, ParsedPublicKey, RSA_PKCS1_2048_8192_SHA256, VerificationAlgorithm,
};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use super::load::counts;

#[derive(Debug, clap::Args)]
pub struct Arguments {
    /// Where keys and tokens are.
    directory: PathBuf,
    /// rs256 or es256.
    #[arg(long)]
    algorithm: String,
}

pub fn run(arguments: &Arguments) {
    let mut checks = Checks::read(&arguments.directory, &arguments.algorithm);
    for count in counts() {
        println!("{:.3}", checks.measure(count));
    }
}

/// A key, and what it has signed.
pub struct Checks {
    key: ParsedPublicKey,
    /// Message and signature; what was verified is not verified again.
    left: std::vec::IntoIter<(String, Vec<u8>)>,
}

impl Checks {
    pub fn read(directory: &Path, algorithm: &str) -> Self {
        let verification: &'static dyn VerificationAlgorithm = match algorithm {
            "rs256" => &RSA_PKCS1_2048_8192_SHA256,
            "es256" => &ECDSA_P256_SHA256_FIXED,
            other => panic!("no tokens of {other}"),
        };
        let der = std::fs::read(directory.join(format!("{algorithm}.der"))).expect("a key");
        let key = ParsedPublicKey::new(verification, der).expect("a key");
        let text = std::fs::read_to_string(directory.join(format!("new-{algorithm}.txt"))).expect("tokens");
        let signed = |line: &str| {
            let (message, signature) = line.trim_start_matches('+').rsplit_once('.').expect("three parts");
            (message.to_owned(), URL_SAFE_NO_PAD.decode(signature).expect("base64url"))
        };
        let tokens: Vec<_> = text.lines().map(signed).collect();
        Self { key, left: tokens.into_iter() }
    }

    /// CPU microseconds a check.
    pub fn measure(&mut self, count: usize) -> f64 {
        assert!(self.left.len() >= count, "there are not enough tokens");
        let before = processor_nanoseconds();
        for (message, signature) in self.left.by_ref().take(count) {
            self.key.verify_sig(message.as_bytes(), &signature).expect("the signature is right");
        }
        (processor_nanoseconds() - before) as f64 / 1000.0 / count as f64
    }
}

/// What this thread has used so far.
fn processor_nanoseconds() -> u64 {
    let text = std::fs::read_to_string("/proc/thread-self/schedstat").expect("a Linux /proc");
    text.split_whitespace().next().and_then(|number| number.parse().ok()).expect("a number")
}
