//! What an answer tells about a key: nothing. A tag is compared as a whole, and whoever cannot sign cannot find out, by
//! answer or by count, whether it was the key or the signature that was wrong.

use std::hint::black_box;
use std::time::{Duration, Instant};

use serde_json::json;

use super::fixture::*;
use crate::authn::keys::KeySet;
use crate::authn::{Admission, Algorithm, Algorithms, Error};

#[test]
fn a_wrong_signature_and_a_wrong_key_get_the_same_answer() {
    let authenticator = authenticator();
    for (alg, kid, iss, right, wrong) in [
        ("RS256", Some("rsa"), CORP, &SIGNERS.rsa, &SIGNERS.foreign_rsa),
        ("PS384", Some("rsa"), CORP, &SIGNERS.rsa, &SIGNERS.foreign_rsa),
        ("ES256", Some("p256"), CORP, &SIGNERS.p256, &SIGNERS.foreign_p256),
        ("EdDSA", Some("ed"), CORP, &SIGNERS.ed, &SIGNERS.foreign_ed),
        ("RS256", None, CORP, &SIGNERS.rsa, &SIGNERS.foreign_rsa),
        ("HS256", None, SECRET, &SIGNERS.secret, &Signer::Secret(vec![9; 64])),
        ("HS512", None, SECRET, &SIGNERS.secret, &Signer::Secret(vec![9; 64])),
    ] {
        let header = with(json!({"alg": alg}), json!({"kid": kid}));
        // also where claims are wrong as well: nothing behind the signature may shine through
        for changes in [json!({}), json!({"exp": 1}), json!({"aud": "shop"}), json!({"cnf": {}})] {
            let payload = with(with(claims(), json!({"iss": iss})), changes);
            let of_another = token(&header, &payload, wrong);
            let mut changed = token(&header, &payload, right);
            let last = changed.rfind('.').unwrap() + 1;
            let other = if changed[last..].starts_with('A') { "B" } else { "A" };
            changed.replace_range(last..=last, other);
            let answers = [of_another, changed].map(|token| {
                let outcome = verify_on(&authenticator, &token, &Admission::default(), NOW);
                outcome.map(|_| ()).unwrap_err()
            });
            assert_eq!(answers[0], answers[1], "{alg} {payload}");
            assert_eq!(answers[0].error, Error::SignatureInvalid, "{alg} {payload}");
        }
    }
}

/// Tags that differ in the first byte take as long as tags that differ in the last. The comparison is aws-lc's, which is
/// constant in time by construction; this would notice if it were replaced by `==`. Medians of interleaved batches, so
/// that what else the machine does falls on both alike; one round in which they agree is enough.
#[test]
fn where_a_tag_differs_does_not_show_in_time() {
    let set = KeySet::from_secret(&[7; 64], &Algorithms::new(vec![Algorithm::Hs512]).unwrap()).unwrap();
    let key = &set.keys()[0];
    let message = b"message";
    let tag = mac("HS512", &[7; 64], message);
    let differing = |at: usize| {
        let mut tag = tag.clone();
        tag[at] ^= 0xff;
        tag
    };
    let tags = [differing(0), differing(tag.len() - 1)];
    assert!(key.verify(Algorithm::Hs512, message, &tag));
    assert!(tags.iter().all(|tag| !key.verify(Algorithm::Hs512, message, tag)));
    let batch = |tag: &[u8]| {
        let start = Instant::now();
        for _ in 0..500 {
            black_box(key.verify(Algorithm::Hs512, black_box(message), black_box(tag)));
        }
        start.elapsed()
    };
    let median = |mut times: Vec<Duration>| {
        times.sort_unstable();
        times[times.len() / 2]
    };
    let ratio = || {
        let (first, last) = (0..101).map(|_| (batch(&tags[0]), batch(&tags[1]))).unzip();
        median(last).as_secs_f64() / median(first).as_secs_f64()
    };
    let mut ratios = Vec::new();
    while !ratios.last().is_some_and(|ratio| (0.99..1.01).contains(ratio)) {
        assert!(ratios.len() < 40, "{ratios:?}");
        ratios.push(ratio());
    }
}
