//! Thousands of changed tokens through two independent implementations at once, npm's `jose` and Rust's `jsonwebtoken`:
//! where we accept, both accept, or the difference is listed here with its reason; where `jose` accepts and we do not,
//! that has a reason of the list too.
//!
//! `JWTGATE_TEST_OIDC_PROVIDER` names the directory where `jose` is installed.

use std::collections::BTreeMap;
use std::io::{BufRead as _, BufReader, Write as _};
use std::path::Path;
use std::process::{Command, Stdio};

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use proptest::prelude::*;
use proptest::strategy::ValueTree as _;
use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};
use serde_json::{Value, json};

use super::differential::{Oracle, offset, oracles, real_now, value};
use super::fixture::*;
use super::left_out::left_out;
use crate::authn::{Admission, Error};

/// A token, the algorithm and key that both oracles are told, and what was done to it.
struct Sample {
    token: String,
    alg: &'static str,
    iss: &'static str,
    signer: &'static Signer,
    what: &'static str,
}

/// What we take and `jsonwebtoken` does not.
fn jsonwebtoken_refuses(token: &str, claims: &Value, now: u64) -> Option<&'static str> {
    if claims.get("exp").and_then(Value::as_u64).is_some_and(|exp| exp < now + 600) {
        return Some("its clock is the machine's, which has gone on since the token was made");
    }
    if claims.get("nbf").and_then(Value::as_f64).is_some_and(|nbf| nbf < 0.0) {
        return Some("a time before 1970 is a time; it reads unsigned numbers");
    }
    let header = URL_SAFE_NO_PAD.decode(token.split('.').next()?).ok()?;
    let header: Value = serde_json::from_slice(&header).ok()?;
    let ignored = ["cty", "jwk", "x5c", "zip"].iter().any(|name| header.get(name).is_some());
    ignored.then_some("keys that a token brings along are not even read; it wants them well-formed")
}

/// What `jose` takes and we do not.
fn jose_accepts(error: &Error) -> Option<&'static str> {
    match error {
        Error::TokenMalformed => Some(
            "it takes base64url with padding, stray bits and the other alphabet, duplicate members, NUL, any nesting, \
             and header parameters of any type",
        ),
        Error::CriticalHeaderUnsupported => Some("it implements `b64`"),
        Error::TokenTypeNotAllowed => Some("it looks at `typ` only where told to (RFC 8725 §3.11)"),
        Error::KeyUnknown | Error::KeyUnsuitable => Some("it is given the key, whatever the `kid`"),
        Error::TokenNotYetValid => Some("it does not look at `iat` without a maximum age"),
        Error::ClaimMalformed(_) => Some("it checks fewer claims for their types, and times for no range"),
        Error::BindingInvalid => Some("it leaves `cnf` to its user"),
        Error::TokenTooLarge => Some("it has no bound"),
        Error::IssuerUnknown
        | Error::IssuerNotAllowed
        | Error::AlgorithmNotAllowed
        | Error::KeysUnavailable { .. }
        | Error::SignatureInvalid
        | Error::TokenExpired
        | Error::TokenTooOld
        | Error::AudienceMismatch
        | Error::ClaimMissing(_) => None,
    }
}

#[test]
fn where_we_accept_two_others_accept() {
    let Some(directory) = std::env::var_os("JWTGATE_TEST_OIDC_PROVIDER") else {
        return left_out("tokens through `jose`", "JWTGATE_TEST_OIDC_PROVIDER (tests/components/install)");
    };
    let now = real_now();
    let samples = samples(now);
    let theirs = ask_jose(directory.as_ref(), &samples, now);
    assert_eq!(theirs.len(), samples.len(), "jose answers each");
    let (authenticator, rust) = (authenticator(), oracles());
    let (mut counts, mut differences) = (BTreeMap::new(), Vec::new());
    for (sample, jose) in samples.iter().zip(&theirs) {
        let ours = verify_on(&authenticator, &sample.token, &Admission::default(), now);
        let ours =
            ours.map(|caller| Value::Object(caller.claims().to_map())).map_err(|failure| failure.error);
        let rust = rust.iter().find(|(name, ..)| *name == sample.alg);
        let rust = rust.map(|(_, _, _, oracle): &(_, _, _, Oracle)| oracle.accepts(&sample.token));
        let mut note = |kind: &'static str| *counts.entry((sample.what, kind)).or_insert(0_usize) += 1;
        match (&ours, jose.as_str() == "accept") {
            (Ok(_), true) => note("accepted by all"),
            (Err(_), false) => note("refused by all"),
            (Err(error), true) if jose_accepts(error).is_some() => note("refused by us, for a listed reason"),
            _ => differences.push(format!("{}: we {ours:?}, jose {jose}: {}", sample.what, sample.token)),
        }
        if let (Ok(claims), Some(false)) = (&ours, rust)
            && jsonwebtoken_refuses(&sample.token, claims, now).is_none()
        {
            differences.push(format!("{}: we accept, jsonwebtoken refuses: {}", sample.what, sample.token));
        }
    }
    let shown = &differences[..differences.len().min(10)];
    assert!(differences.is_empty(), "{} differences:\n{}", differences.len(), shown.join("\n"));
    // a comparison that never gets past the signature compares nothing
    for what in ["claims", "header", "text of the JSON"] {
        let by_all = counts.get(&(what, "accepted by all")).copied().unwrap_or_default();
        assert!(by_all >= 100, "{what}: {counts:#?}");
    }
    println!("{} tokens: {counts:#?}", samples.len());
}

fn samples(now: u64) -> Vec<Sample> {
    // always the same changes, so that a difference comes back; the keys are new each time
    let rng = TestRng::deterministic_rng(RngAlgorithm::ChaCha);
    let mut runner = TestRunner::new_with_rng(Config::default(), rng);
    let mut draw = Draw(&mut runner);
    let mut samples = Vec::new();
    for round in 0..PER_KEY {
        for (alg, kid, iss, signer) in algorithms() {
            let (header, mut payload) = base(&mut draw, alg, kid, iss, now);
            let what = ["claims", "header", "text of the JSON", "text of the token"][round % 4];
            let token = match what {
                "claims" => {
                    for _ in 0..draw.of(1..3_usize) {
                        payload[draw.of(prop::sample::select(CLAIMS))] = draw.of(value());
                    }
                    token(header, payload, signer)
                }
                "header" => {
                    let mut header = header;
                    header[draw.of(prop::sample::select(PARAMETERS))] =
                        draw.of(prop_oneof![value(), prop::sample::select(TYPES).prop_map(Value::from)]);
                    let segments = [header.to_string(), payload.to_string()].map(|text| b64(text.as_bytes()));
                    signed(&segments[0], &segments[1], alg, signer)
                }
                "text of the JSON" => {
                    let mut texts = [header.to_string(), payload.to_string()];
                    let which = draw.of(0..2_usize);
                    texts[which] = draw.edited_json(&texts[which]);
                    let segments = texts.map(|text| b64(text.as_bytes()));
                    signed(&segments[0], &segments[1], alg, signer)
                }
                _ => draw.edited(token(header, payload, signer), TOKEN_EDITS),
            };
            samples.push(Sample { token, alg, iss, signer, what });
        }
    }
    samples
}

/// A header and claims that mostly pass.
fn base(draw: &mut Draw<'_>, alg: &str, kid: Option<&str>, iss: &str, now: u64) -> (Value, Value) {
    let at = |offset: i64| now.saturating_add_signed(offset);
    let exp = draw.of(prop_oneof![8 => 60_i64..100_000, 1 => offset()]);
    let mut payload = json!({"iss": iss, "sub": "1", "aud": ["orders"], "exp": at(exp)});
    for name in ["nbf", "iat"] {
        if let Some(offset) = draw.of(prop::option::of(prop_oneof![8 => -100_000_i64..20, 1 => offset()])) {
            payload[name] = at(offset).into();
        }
    }
    (with(json!({"alg": alg}), json!({"kid": kid})), payload)
}

/// Draws from strategies, without shrinking.
struct Draw<'r>(&'r mut TestRunner);

impl Draw<'_> {
    fn of<S: Strategy>(&mut self, strategy: S) -> S::Value {
        strategy.new_tree(self.0).unwrap().current()
    }

    /// One text put in, mostly at a place where JSON has room for more.
    fn edited_json(&mut self, text: &str) -> String {
        let room: Vec<_> = text.match_indices(['{', ',', ':']).map(|(place, _)| place + 1).collect();
        let anywhere = (0..text.len()).filter(|&place| text.is_char_boundary(place)).collect();
        let places = self.of(prop_oneof![4 => Just(room), 1 => Just(anywhere)]);
        let (before, after) = text.split_at(self.of(prop::sample::select(places)));
        format!("{before}{}{after}", self.of(prop::sample::select(JSON_EDITS)))
    }

    /// One or two of these texts put into this one, in the place of up to two characters.
    fn edited(&mut self, mut text: String, edits: &'static [&'static str]) -> String {
        for _ in 0..self.of(1..3_usize) {
            let place = self.of(any::<prop::sample::Index>()).index(text.len());
            let end = (place + self.of(0..3_usize)).min(text.len());
            if text.is_char_boundary(place) && text.is_char_boundary(end) {
                text.replace_range(place..end, self.of(prop::sample::select(edits)));
            }
        }
        text
    }
}

fn ask_jose(directory: &Path, samples: &[Sample], now: u64) -> Vec<String> {
    let mut node = Command::new("node")
        .arg(directory.join("jose.mjs"))
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let (mut input, output) = (node.stdin.take().unwrap(), node.stdout.take().unwrap());
    let answers = std::thread::scope(|scope| {
        scope.spawn(move || {
            for Sample { token, alg, iss, signer, .. } in samples {
                let line = json!({
                    "token": token, "jwk": signer.jwk("key"), "alg": alg, "issuer": iss,
                    "audience": ["orders", "billing"], "leeway": 30, "now": now,
                });
                writeln!(input, "{line}").unwrap();
            }
        });
        BufReader::new(output).lines().map(Result::unwrap).collect()
    });
    assert!(node.wait().unwrap().success());
    answers
}

/// 400 rounds of 13 algorithms.
const PER_KEY: usize = 400;
const CLAIMS: &[&str] = &["iss", "sub", "aud", "exp", "nbf", "iat", "cnf", "jti", "roles", "scope", "x"];
const PARAMETERS: &[&str] = &["typ", "kid", "crit", "b64", "cty", "jwk", "x5c", "alg", "zip", "x"];
const TYPES: &[&str] = &["JWT", "at+jwt", "application/at+jwt", "rsa", "p256", "logout+jwt", "none"];
const JSON_EDITS: &[&str] = &[
    "",
    " ",
    "\n",
    "\t",
    "\r\n  ",
    "\u{b}",
    "\0",
    "\\u0000",
    "\"",
    "{",
    "}",
    "[",
    "]",
    ":",
    ",",
    "0",
    "1",
    ".5",
    "e1",
    "-",
    "+",
    "é",
    "\u{feff}",
    "null",
    "true",
    "/**/",
    "NaN",
    "\"y\":1e400,",
    "\"y\":1e30,",
    "\"y\":\"\\ud83e\\udd80\",",
    "\"y\":\"\\ud83e\",",
    "\"y\":\"\\u0000\",",
    "\"y\":01,",
    "\"y\":-0,",
    "\"y\":{\"a\":1},",
    "\"y\":{\"a\":1,\"a\":2},",
    "\"y\":[[[[[[[[[[[[[[[[]]]]]]]]]]]]]]]],",
    "\"\":0,",
    "\"sub\":\"2\",",
    "\"exp\":1,",
    "\"\\u0065xp\":1,",
    "\"alg\":\"none\",",
    "\"__proto__\":{\"sub\":\"2\"},",
    "\"toString\":1,",
    "\"y\":18446744073709551616,",
];
const TOKEN_EDITS: &[&str] =
    &["", "A", "z", "-", "_", "+", "/", "=", "==", ".", "..", "~", "%2e", "Q", "g", "w"];
