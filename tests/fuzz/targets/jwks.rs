//! Key sets as issuers publish them and as files hold them, and PEM files.

#![no_main]

use jwtgate::authn::Algorithm;
use jwtgate::authn::keys::{KeySet, MAX_KEYS, MAX_TRIED, Origin, Selection};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|input: &[u8]| {
    if let Ok(published) = KeySet::from_jwks(input, Origin::Remote) {
        for key in published.keys() {
            for algorithm in Algorithm::ALL.into_iter().filter(|algorithm| algorithm.is_hmac()) {
                assert!(!key.suits(algorithm), "a published secret");
            }
        }
        assert_sound(&published);
    }
    for set in [KeySet::from_jwks(input, Origin::File).ok(), KeySet::from_pem(input).ok()].iter().flatten() {
        assert_sound(set);
    }
});

fn assert_sound(set: &KeySet) {
    assert!(!set.keys().is_empty() && set.keys().len() <= MAX_KEYS);
    for (at, key) in set.keys().iter().enumerate() {
        assert!(
            set.keys().iter().skip(at + 1).all(|other| other.identity() != key.identity()),
            "a key twice"
        );
        let families: Vec<_> =
            Algorithm::ALL.into_iter().filter(|&able| key.suits(able)).map(Algorithm::family).collect();
        assert!(!families.is_empty() && families.iter().all(|family| *family == families[0]), "{key:?}");
        for algorithm in Algorithm::ALL {
            assert!(!key.verify(algorithm, b"message", b"signature"));
            assert!(!key.verify(algorithm, b"", b""));
            match set.select(key.kid(), algorithm) {
                Selection::Keys(keys) => {
                    assert!(!keys.is_empty() && keys.len() <= MAX_TRIED);
                    assert!(keys.iter().all(|key| key.suits(algorithm)));
                }
                Selection::UnknownKid => panic!("{:?} is known", key.kid()),
                Selection::Unsuitable => assert!(!key.suits(algorithm)),
            }
        }
    }
}
