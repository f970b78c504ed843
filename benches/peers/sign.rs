//! Keys, certificates and tokens for one run, as files of one directory.
//!
//! A file of tokens has one a line, behind `+` if it is to pass and `-` if it is to be refused. Signing takes longer than
//! verifying, so all of it is done before anything is measured.

use std::path::{Path, PathBuf};

use aws_lc_rs::rand;
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, DnType, IsCa};
use serde_json::{Map, Value, json};

use crate::claims;
use crate::keypair::{KeyPair, base64url};

#[derive(Debug, clap::Args)]
pub struct Arguments {
    /// Where to.
    pub directory: PathBuf,
    /// How many RS256 tokens to take turns with.
    #[arg(long)]
    pub turn: usize,
    /// How many RS256 and ES256 tokens that are used once.
    #[arg(long)]
    pub new: usize,
    /// How many tokens of which nine in ten are forged.
    #[arg(long)]
    pub forged: usize,
}

/// The issuers of the large configuration.
const ISSUERS: usize = 20;

pub fn run(arguments: &Arguments) {
    let directory = arguments.directory.as_path();
    let write = |name: &str, text: &str| std::fs::write(directory.join(name), text).expect("a file");
    let (rsa, ec) = (KeyPair::generate("RS256").with_kid("rsa"), KeyPair::generate("ES256").with_kid("ec"));
    for (key, name) in [(&rsa, "rs256"), (&ec, "es256")] {
        write(&format!("{name}.pem"), &key.public_pem());
        std::fs::write(directory.join(format!("{name}.der")), key.spki_der()).expect("a file");
    }
    write("jwks.json", &json!({ "keys": [rsa.jwk(), ec.jwk()] }).to_string());
    write("cases.json", &json!({ "RS256": cases(&rsa), "ES256": cases(&ec) }).to_string());
    let last = claims::with("iss", json!(format!("https://id.example.com/realms/{}", ISSUERS - 1)));
    let first = claims::with("iss", json!("https://id.example.com/realms/0"));
    write("hot.txt", &format!("+{}\n", claims::signed(&rsa, &claims::right(0))));
    write("first-issuer.txt", &format!("+{}\n", claims::signed(&rsa, &first)));
    write("last-issuer.txt", &format!("+{}\n", claims::signed(&rsa, &last)));
    write("turn.txt", &tokens(&rsa, 1, arguments.turn));
    write("new-rs256.txt", &tokens(&rsa, 1 << 32, arguments.new));
    write("new-es256.txt", &tokens(&ec, 1 << 33, arguments.new));
    write("forged.txt", &forged(&rsa, 1 << 34, arguments.forged));
    certificates(directory);
}

/// One token for each check, by the name of the check.
fn cases(key: &KeyPair) -> Map<String, Value> {
    let right = claims::signed(key, &claims::right(0));
    let signature = right.rsplit_once('.').expect("three parts").1;
    let tampered = claims::message(key, &claims::with("sub", json!("mallory")));
    let mut cases: Map<String, Value> = claims::wrong()
        .into_iter()
        .map(|(name, claims)| (name.to_owned(), json!(claims::signed(key, &claims))))
        .collect();
    let foreign = KeyPair::generate(key.alg).with_kid(&key.kid);
    cases.insert("tampered with".to_owned(), json!(format!("{tampered}.{signature}")));
    cases.insert("signed by another key".to_owned(), json!(claims::signed(&foreign, &claims::right(0))));
    cases.insert("right".to_owned(), json!(right));
    cases
}

/// Different tokens that pass, signed by two threads.
fn tokens(key: &KeyPair, from: usize, count: usize) -> String {
    let half = |from: usize, count: usize| -> String {
        let token = |number| claims::signed(key, &claims::right(number));
        lines((from..from + count).map(token).map(|token| ("+", token)))
    };
    std::thread::scope(|scope| {
        let second = scope.spawn(|| half(from + count / 2, count - count / 2));
        half(from, count / 2) + &second.join().expect("signed")
    })
}

/// Nine in ten with a signature that no key made: random, and less than the modulus, so that it has to be computed.
fn forged(key: &KeyPair, from: usize, count: usize) -> String {
    let token = |number: usize| {
        let claims = claims::right(number);
        if number.is_multiple_of(10) {
            return ("+", claims::signed(key, &claims));
        }
        let mut signature = [0; 256];
        rand::fill(&mut signature[1..]).expect("random bytes");
        ("-", format!("{}.{}", claims::message(key, &claims), base64url(signature)))
    };
    lines((from..from + count).map(token))
}

fn lines(tokens: impl Iterator<Item = (&'static str, String)>) -> String {
    tokens.fold(String::new(), |text, (sign, token)| text + sign + &token + "\n")
}

/// An authority, and a P-256 certificate for `localhost`.
fn certificates(directory: &Path) {
    let mut params = CertificateParams::new(Vec::new()).expect("no names");
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    params.distinguished_name.push(DnType::CommonName, "the comparison's authority");
    let authority = CertifiedIssuer::self_signed(params, rcgen::KeyPair::generate().expect("a key"));
    let authority = authority.expect("an authority");
    let key = rcgen::KeyPair::generate().expect("a key");
    let params = CertificateParams::new(vec!["localhost".to_owned()]).expect("a name");
    let certificate = params.signed_by(&key, &authority).expect("a certificate").pem();
    let write = |name: &str, text: &str| std::fs::write(directory.join(name), text).expect("a file");
    write("ca.pem", &authority.pem());
    write("server.pem", &certificate);
    write("server.key", &key.serialize_pem());
    // HAProxy reads both from one file.
    write("server-and-key.pem", &(certificate + &key.serialize_pem()));
}
