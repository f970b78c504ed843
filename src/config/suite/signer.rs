//! Keys of the kind that an issuer would have, and what they sign.
//!
//! Made when first used, once per kind and process: an RSA key takes as long as a thousand signatures. They exist for
//! policy tests and leave the process never, so all issuers of a kind share one.

use std::sync::LazyLock;

use aws_lc_rs::encoding::{AsDer as _, PublicKeyX509Der};
use aws_lc_rs::error::Unspecified;
use aws_lc_rs::hmac;
use aws_lc_rs::rand::{self, SystemRandom};
use aws_lc_rs::rsa::KeySize;
use aws_lc_rs::signature::{self, EcdsaKeyPair, Ed25519KeyPair, KeyPair as _, RsaEncoding, RsaKeyPair};
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use serde_json::{Value, json};

use crate::authn::Algorithm;

/// A private key that stands in for an issuer's own.
pub(in crate::config) enum Signer {
    Rsa(Box<RsaKeyPair>),
    Ec(EcdsaKeyPair, &'static str),
    Ed(Ed25519KeyPair),
    Secret([u8; SECRET_BYTES]),
}

impl Signer {
    /// The key that stands in for every one of this algorithm.
    pub(in crate::config) fn of(algorithm: Algorithm) -> Result<&'static Self, Unspecified> {
        static RSA: Made =
            LazyLock::new(|| RsaKeyPair::generate(KeySize::Rsa2048).map(|pair| Signer::Rsa(Box::new(pair))));
        static P256: Made = LazyLock::new(|| ec(&signature::ECDSA_P256_SHA256_FIXED_SIGNING, "P-256"));
        static P384: Made = LazyLock::new(|| ec(&signature::ECDSA_P384_SHA384_FIXED_SIGNING, "P-384"));
        static P521: Made = LazyLock::new(|| ec(&signature::ECDSA_P521_SHA512_FIXED_SIGNING, "P-521"));
        static ED25519: Made = LazyLock::new(|| Ed25519KeyPair::generate().map(Signer::Ed));
        static SECRET: Made = LazyLock::new(|| {
            let mut secret = [0; SECRET_BYTES];
            rand::fill(&mut secret).map(|()| Signer::Secret(secret))
        });
        let made = match algorithm {
            Algorithm::Rs256
            | Algorithm::Rs384
            | Algorithm::Rs512
            | Algorithm::Ps256
            | Algorithm::Ps384
            | Algorithm::Ps512 => &RSA,
            Algorithm::Es256 => &P256,
            Algorithm::Es384 => &P384,
            Algorithm::Es512 => &P521,
            Algorithm::EdDsa => &ED25519,
            Algorithm::Hs256 | Algorithm::Hs384 | Algorithm::Hs512 => &SECRET,
        };
        made.as_ref().map_err(|_| Unspecified)
    }

    /// The signature of `message`, as RFC 7515 encodes it. A key without this algorithm signs with one that it has.
    pub(super) fn sign(&self, algorithm: Algorithm, message: &[u8]) -> Result<Vec<u8>, Unspecified> {
        match self {
            Self::Rsa(pair) => {
                let mut signature = vec![0; pair.public_modulus_len()];
                pair.sign(padding(algorithm), &SystemRandom::new(), message, &mut signature)?;
                Ok(signature)
            }
            Self::Ec(pair, _) => Ok(pair.sign(&SystemRandom::new(), message)?.as_ref().to_vec()),
            Self::Ed(pair) => Ok(pair.sign(message).as_ref().to_vec()),
            Self::Secret(secret) => {
                let hash = if algorithm == Algorithm::Hs384 {
                    hmac::HMAC_SHA384
                } else if algorithm == Algorithm::Hs512 {
                    hmac::HMAC_SHA512
                } else {
                    hmac::HMAC_SHA256
                };
                Ok(hmac::sign(&hmac::Key::new(hash, secret), message).as_ref().to_vec())
            }
        }
    }

    /// The secret, where it is one.
    pub(super) fn secret(&self) -> Option<&[u8]> {
        if let Self::Secret(secret) = self { Some(secret) } else { None }
    }

    /// What verifies its signatures, in PEM (RFC 7468 §13).
    pub(super) fn pem(&self) -> Result<String, Unspecified> {
        let der: PublicKeyX509Der<'_> = match self {
            Self::Rsa(pair) => pair.public_key().as_der()?,
            Self::Ec(pair, _) => pair.public_key().as_der()?,
            Self::Ed(pair) => pair.public_key().as_der()?,
            Self::Secret(_) => return Err(Unspecified),
        };
        let base64 = STANDARD.encode(der.as_ref());
        Ok(format!("-----BEGIN PUBLIC KEY-----\n{base64}\n-----END PUBLIC KEY-----\n"))
    }

    /// What verifies its signatures, as a JWK set of one key (RFC 7517 §5).
    pub(super) fn key_set(&self, kid: &str) -> Result<Value, Unspecified> {
        let encode = |bytes: &[u8]| URL_SAFE_NO_PAD.encode(bytes);
        let mut jwk = match self {
            Self::Rsa(pair) => {
                let (n, e) = rsa_numbers(pair.public_key().as_ref()).ok_or(Unspecified)?;
                json!({ "kty": "RSA", "n": encode(n), "e": encode(e) })
            }
            Self::Ec(pair, curve) => {
                // SEC 1 §2.3.3: one byte that says "uncompressed", then both coordinates.
                let point = pair.public_key().as_ref().get(1..).unwrap_or_default();
                let (x, y) = point.split_at_checked(point.len() / 2).ok_or(Unspecified)?;
                json!({ "kty": "EC", "crv": curve, "x": encode(x), "y": encode(y) })
            }
            Self::Ed(pair) => {
                json!({ "kty": "OKP", "crv": "Ed25519", "x": encode(pair.public_key().as_ref()) })
            }
            Self::Secret(secret) => json!({ "kty": "oct", "k": encode(secret) }),
        };
        if let Some(members) = jwk.as_object_mut() {
            members.insert("kid".to_owned(), kid.into());
        }
        Ok(json!({ "keys": [jwk] }))
    }
}

type Made = LazyLock<Result<Signer, Unspecified>>;

fn ec(
    algorithm: &'static signature::EcdsaSigningAlgorithm,
    curve: &'static str,
) -> Result<Signer, Unspecified> {
    EcdsaKeyPair::generate(algorithm).map(|pair| Signer::Ec(pair, curve))
}

fn padding(algorithm: Algorithm) -> &'static dyn RsaEncoding {
    match algorithm {
        Algorithm::Rs384 => &signature::RSA_PKCS1_SHA384,
        Algorithm::Rs512 => &signature::RSA_PKCS1_SHA512,
        Algorithm::Ps256 => &signature::RSA_PSS_SHA256,
        Algorithm::Ps384 => &signature::RSA_PSS_SHA384,
        Algorithm::Ps512 => &signature::RSA_PSS_SHA512,
        Algorithm::Rs256
        | Algorithm::Es256
        | Algorithm::Es384
        | Algorithm::Es512
        | Algorithm::EdDsa
        | Algorithm::Hs256
        | Algorithm::Hs384
        | Algorithm::Hs512 => &signature::RSA_PKCS1_SHA256,
    }
}

/// Modulus and exponent of an `RSAPublicKey` (RFC 8017 §A.1.1) of 2048 bits, whose lengths are always the same.
fn rsa_numbers(der: &[u8]) -> Option<(&[u8], &[u8])> {
    Some((der.get(9..265)?, der.get(267..)?))
}

/// Long enough for each of the hashes.
const SECRET_BYTES: usize = 64;
