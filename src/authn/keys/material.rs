//! What keys are made of, and what each kind of key can verify.
//!
//! Given the numbers, points and bytes that a JWK, a PEM file or a secret held; hands on verifiers that aws-lc-rs has
//! parsed once. Refuses RSA keys of odd sizes or exponents, points off their curve, Ed25519 points that anybody can sign
//! for, and secrets that are shorter than their hash or keys of another kind: what a key cannot do safely it cannot do at all.

use aws_lc_rs::hmac;
use aws_lc_rs::signature::{
    self, EcdsaVerificationAlgorithm, ParsedPublicKey, RsaParameters, RsaPublicKeyComponents,
};
use zeroize::Zeroizing;

use super::ed25519;
use super::key::KeyDefect;
use super::secret;
use crate::authn::algorithm::Algorithm;

/// What a key is made of.
pub(super) enum Material {
    /// Modulus and exponent, big-endian, without leading zeros.
    Rsa { n: Vec<u8>, e: Vec<u8> },
    /// A point in SEC 1 form, or as `SubjectPublicKeyInfo`.
    Ec { curve: Curve, encoded: Vec<u8> },
    /// Its 32 bytes, or as `SubjectPublicKeyInfo`.
    Ed25519 { encoded: Vec<u8> },
    /// A shared secret.
    Secret(Zeroizing<Vec<u8>>),
}

impl Material {
    /// What a key of this material can verify.
    pub(super) fn algorithms(&self) -> Result<Vec<Algorithm>, KeyDefect> {
        use Algorithm::{EdDsa, Hs256, Hs384, Hs512, Ps256, Ps384, Ps512, Rs256, Rs384, Rs512};
        Ok(match self {
            Self::Rsa { n, e } => {
                check_rsa(n, e)?;
                vec![Rs256, Rs384, Rs512, Ps256, Ps384, Ps512]
            }
            Self::Ec { curve, .. } => vec![curve.algorithm()],
            Self::Ed25519 { encoded } => {
                ed25519::check(encoded)?;
                vec![EdDsa]
            }
            Self::Secret(secret) => {
                if secret::is_key(secret) {
                    return Err(KeyDefect::SecretIsKey);
                }
                let long_enough = |able: &Algorithm| secret.len() >= secret_length(*able);
                let able: Vec<_> = [Hs256, Hs384, Hs512].into_iter().filter(long_enough).collect();
                if able.is_empty() {
                    return Err(KeyDefect::SecretTooShort(Hs256));
                }
                able
            }
        })
    }

    pub(super) fn verifier(&self, algorithm: Algorithm) -> Result<Verifier, KeyDefect> {
        let parsed = match self {
            Self::Rsa { n, e } => {
                let padding = rsa_padding(algorithm).ok_or(KeyDefect::AlgorithmMismatch)?;
                RsaPublicKeyComponents { n, e }
                    .to_parsed_public_key(padding)
                    .map_err(|_| KeyDefect::RsaModulus)
            }
            Self::Ec { curve, encoded } => {
                ParsedPublicKey::new(curve.verification(), encoded).map_err(|_| KeyDefect::Point)
            }
            Self::Ed25519 { encoded } => {
                ParsedPublicKey::new(&signature::ED25519, encoded).map_err(|_| KeyDefect::Point)
            }
            Self::Secret(secret) => {
                let hash = hmac_hash(algorithm).ok_or(KeyDefect::AlgorithmMismatch)?;
                return Ok(Verifier::Secret(Box::new(hmac::Key::new(hash, secret))));
            }
        };
        parsed.map(Verifier::Public)
    }
}

/// The curves of RFC 7518 §6.2.1.1.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Curve {
    P256,
    P384,
    P521,
}

impl Curve {
    pub(super) const ALL: [Self; 3] = [Self::P256, Self::P384, Self::P521];

    pub(super) fn name(self) -> &'static str {
        match self {
            Self::P256 => "P-256",
            Self::P384 => "P-384",
            Self::P521 => "P-521",
        }
    }

    /// The length of a coordinate in bytes; a shorter one is an error (RFC 7518 §6.2.1.2).
    pub(super) fn coordinate(self) -> usize {
        match self {
            Self::P256 => 32,
            Self::P384 => 48,
            Self::P521 => 66,
        }
    }

    fn algorithm(self) -> Algorithm {
        match self {
            Self::P256 => Algorithm::Es256,
            Self::P384 => Algorithm::Es384,
            Self::P521 => Algorithm::Es512,
        }
    }

    pub(super) fn verification(self) -> &'static EcdsaVerificationAlgorithm {
        // the fixed form: r and s side by side (RFC 7518 §3.4), never DER
        match self {
            Self::P256 => &signature::ECDSA_P256_SHA256_FIXED,
            Self::P384 => &signature::ECDSA_P384_SHA384_FIXED,
            Self::P521 => &signature::ECDSA_P521_SHA512_FIXED,
        }
    }
}

/// A key in the form that aws-lc-rs verifies with.
pub(super) enum Verifier {
    Public(ParsedPublicKey),
    // boxed: its precomputed states are twenty times the size of a public key
    Secret(Box<hmac::Key>),
}

impl Verifier {
    pub(super) fn verify(&self, message: &[u8], signature: &[u8]) -> bool {
        match self {
            Self::Public(key) => key.verify_sig(message, signature).is_ok(),
            // aws-lc-rs compares the whole tag in constant time and refuses a shortened one
            Self::Secret(key) => hmac::verify(key, message, signature).is_ok(),
        }
    }
}

/// The least length of a secret, in bytes (RFC 7518 §3.2).
pub(super) fn secret_length(algorithm: Algorithm) -> usize {
    hmac_hash(algorithm).map_or(0, |hash| hash.digest_algorithm().output_len())
}

fn hmac_hash(algorithm: Algorithm) -> Option<hmac::Algorithm> {
    match algorithm {
        Algorithm::Hs256 => Some(hmac::HMAC_SHA256),
        Algorithm::Hs384 => Some(hmac::HMAC_SHA384),
        Algorithm::Hs512 => Some(hmac::HMAC_SHA512),
        Algorithm::Rs256
        | Algorithm::Rs384
        | Algorithm::Rs512
        | Algorithm::Ps256
        | Algorithm::Ps384
        | Algorithm::Ps512
        | Algorithm::Es256
        | Algorithm::Es384
        | Algorithm::Es512
        | Algorithm::EdDsa => None,
    }
}

fn rsa_padding(algorithm: Algorithm) -> Option<&'static RsaParameters> {
    match algorithm {
        Algorithm::Rs256 => Some(&signature::RSA_PKCS1_2048_8192_SHA256),
        Algorithm::Rs384 => Some(&signature::RSA_PKCS1_2048_8192_SHA384),
        Algorithm::Rs512 => Some(&signature::RSA_PKCS1_2048_8192_SHA512),
        Algorithm::Ps256 => Some(&signature::RSA_PSS_2048_8192_SHA256),
        Algorithm::Ps384 => Some(&signature::RSA_PSS_2048_8192_SHA384),
        Algorithm::Ps512 => Some(&signature::RSA_PSS_2048_8192_SHA512),
        Algorithm::Es256
        | Algorithm::Es384
        | Algorithm::Es512
        | Algorithm::EdDsa
        | Algorithm::Hs256
        | Algorithm::Hs384
        | Algorithm::Hs512 => None,
    }
}

fn check_rsa(n: &[u8], e: &[u8]) -> Result<(), KeyDefect> {
    let odd = |number: &[u8]| number.last().is_some_and(|byte| byte % 2 == 1);
    if !(2048..=8192).contains(&bits(n)) || !odd(n) {
        return Err(KeyDefect::RsaModulus);
    }
    // 33 bits is what aws-lc verifies with
    if !(2..=33).contains(&bits(e)) || !odd(e) {
        return Err(KeyDefect::RsaExponent);
    }
    Ok(())
}

/// The bits of a big-endian number without leading zero bytes.
fn bits(number: &[u8]) -> usize {
    match number.first() {
        Some(first) => (number.len() * 8).saturating_sub(usize::try_from(first.leading_zeros()).unwrap_or(8)),
        None => 0,
    }
}
