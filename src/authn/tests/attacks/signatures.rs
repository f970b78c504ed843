//! Signatures of nobody: changed, cut, made of numbers that sign nothing, in another encoding [6].

use serde_json::json;

use super::super::fixture::*;
use super::{Case, refused};
use crate::authn::Error::SignatureInvalid;

pub(super) fn cases() -> Vec<Case> {
    [tampering(), curve_values()].into_iter().flatten().collect()
}

/// Every algorithm: a bit of the signature, the payload and the header flipped, the signature cut, longer, empty.
fn tampering() -> Vec<Case> {
    let mut cases = Vec::new();
    for (name, kid, iss, signer) in algorithms() {
        let header = with(json!({"alg": name}), json!({"kid": kid})).to_string();
        let payload = with(claims(), json!({"iss": iss, "tampered": false})).to_string();
        let input = format!("{}.{}", b64(header.as_bytes()), b64(payload.as_bytes()));
        let signature = signer.sign(name, input.as_bytes());
        let flipped = |at: usize| {
            let mut signature = signature.clone();
            signature[at] ^= 1;
            signature
        };
        let tag = name.strip_prefix("HS").is_some();
        for (what, signature) in [
            ("the first bit of its signature flipped", flipped(0)),
            ("the middle of its signature flipped", flipped(signature.len() / 2)),
            ("the last bit of its signature flipped", flipped(signature.len() - 1)),
            ("its signature cut by a byte", signature[..signature.len() - 1].to_vec()),
            ("half its signature", signature[..signature.len() / 2].to_vec()),
            ("one byte of its signature", signature[..1].to_vec()),
            ("a byte after its signature", [&signature[..], &[0]].concat()),
            ("a byte before its signature", [&[0], &signature[..]].concat()),
            ("its signature twice", signature.repeat(2)),
            ("a signature of zeros", vec![0; signature.len()]),
            ("a signature of ones", vec![0xff; signature.len()]),
            ("no signature", vec![]),
            ("a digest for a signature", if tag { vec![1; 32] } else { vec![2; 32] }),
        ] {
            cases.push(refused(
                format!("{name} with {what}"),
                SignatureInvalid,
                format!("{input}.{}", b64(&signature)),
            ));
        }
        let signature = b64(&signature);
        let other = payload.replace("\"tampered\":false", "\"tampered\":true");
        let changed = format!("{}.{}.{signature}", b64(header.as_bytes()), b64(other.as_bytes()));
        cases.push(refused(format!("{name} with another payload"), SignatureInvalid, changed));
        let spaced =
            format!("{}.{}.{signature}", b64(header.as_bytes()), b64(format!("{payload} ").as_bytes()));
        cases.push(refused(format!("{name} with a blank after the payload"), SignatureInvalid, spaced));
        let other = header.replace('{', "{ ");
        let changed = format!("{}.{}.{signature}", b64(other.as_bytes()), b64(payload.as_bytes()));
        cases.push(refused(format!("{name} with a blank in the header"), SignatureInvalid, changed));
    }
    cases
}

/// r and s that belong to no signature, and the encoding of another field [6].
fn curve_values() -> Vec<Case> {
    let order: Vec<u8> = P256_ORDER.to_vec();
    let mut less = order.clone();
    less[31] -= 1;
    let (zero, mut one) = (vec![0; 32], vec![0; 32]);
    one[31] = 1;
    let input =
        format!("{}.{}", b64(br#"{"alg":"ES256","kid":"p256"}"#), b64(claims().to_string().as_bytes()));
    let mut cases = Vec::new();
    for (r_name, r) in [("0", &zero), ("1", &one), ("n", &order), ("n-1", &less)] {
        for (s_name, s) in [("0", &zero), ("1", &one), ("n", &order), ("n-1", &less)] {
            let what = format!("ES256 with r={r_name}, s={s_name} [6]");
            cases.push(refused(what, SignatureInvalid, format!("{input}.{}", b64(&[&r[..], s].concat()))));
        }
    }
    let raw = SIGNERS.p256.sign("ES256", input.as_bytes());
    let integer = |number: &[u8]| {
        let number: Vec<u8> = if number[0] > 0x7f { [&[0], number].concat() } else { number.to_vec() };
        [&[2, u8::try_from(number.len()).unwrap()], &number[..]].concat()
    };
    let numbers = [integer(&raw[..32]), integer(&raw[32..])].concat();
    let der = [&[0x30, u8::try_from(numbers.len()).unwrap()], &numbers[..]].concat();
    cases.push(refused("ES256 in DER [6]", SignatureInvalid, format!("{input}.{}", b64(&der))));
    let swapped = [&raw[32..], &raw[..32]].concat();
    cases.push(refused("ES256 with r and s swapped", SignatureInvalid, format!("{input}.{}", b64(&swapped))));
    // s + L: the malleable twin of an Ed25519 signature (RFC 8032 §5.1.7)
    let input = format!("{}.{}", b64(br#"{"alg":"EdDSA","kid":"ed"}"#), b64(claims().to_string().as_bytes()));
    let mut twin = SIGNERS.ed.sign("EdDSA", input.as_bytes());
    let mut carry = 0;
    for (at, byte) in twin[32..].iter_mut().enumerate() {
        let addend = L.get(at).copied().unwrap_or(if at == 31 { 0x10 } else { 0 });
        let sum = u16::from(*byte) + u16::from(addend) + carry;
        *byte = sum.to_le_bytes()[0];
        carry = sum >> 8;
    }
    cases.push(refused("EdDSA with s + L [6]", SignatureInvalid, format!("{input}.{}", b64(&twin))));
    cases
}

/// The order of P-256, big-endian.
const P256_ORDER: [u8; 32] = [
    0xff, 0xff, 0xff, 0xff, 0, 0, 0, 0, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xbc, 0xe6, 0xfa,
    0xad, 0xa7, 0x17, 0x9e, 0x84, 0xf3, 0xb9, 0xca, 0xc2, 0xfc, 0x63, 0x25, 0x51,
];

/// The lower half of the order of Ed25519's base point, little-endian; the upper half is 2^252.
const L: [u8; 16] =
    [0xed, 0xd3, 0xf5, 0x5c, 0x1a, 0x63, 0x12, 0x58, 0xd6, 0x9c, 0xf7, 0xa2, 0xde, 0xf9, 0xde, 0x14];
