//! A key that verifies signatures, parsed once.
//!
//! Given checked material (from a JWK, a PEM file or a secret); hands on a key that knows which algorithms it may be
//! used with: what its `alg` says, or, without one, all that its type and curve allow, and never an algorithm of
//! another family. An RSA or EC key therefore cannot be taken for an HMAC secret (CVE-2026-39999 and its kin): a
//! public key holds no `hmac::Key` to begin with.

use std::fmt;

use aws_lc_rs::digest;

use super::material::{Material, Verifier, secret_length};
use crate::authn::algorithm::Algorithm;

/// A key that verifies signatures with the algorithms it suits.
pub struct VerificationKey {
    kid: Option<Box<str>>,
    issuer: Option<Box<str>>,
    identity: KeyIdentity,
    verifiers: Vec<(Algorithm, Verifier)>,
}

impl VerificationKey {
    /// From material; `algorithm` is what the key itself says it is for.
    pub(super) fn new(
        material: &Material,
        kid: Option<Box<str>>,
        algorithm: Option<Algorithm>,
    ) -> Result<Self, KeyDefect> {
        let mut verifiers = Vec::new();
        for able in material.algorithms()? {
            if algorithm.is_none_or(|only| only == able) {
                verifiers.push((able, material.verifier(able)?));
            }
        }
        if verifiers.is_empty() {
            return Err(KeyDefect::AlgorithmMismatch);
        }
        let identity = KeyIdentity::of(material, kid.as_deref(), &verifiers);
        Ok(Self { kid, issuer: None, identity, verifiers })
    }

    /// The same, of this `iss` alone, where it says so: a key set of many tenants may hold keys of one.
    pub(super) fn of_issuer(mut self, issuer: Option<&str>) -> Self {
        if let Some(issuer) = issuer {
            self.identity = self.identity.of_issuer(issuer);
            self.issuer = Some(issuer.into());
        }
        self
    }

    /// The key id, where it has one.
    pub fn kid(&self) -> Option<&str> {
        self.kid.as_deref()
    }

    /// Its own `issuer` member, where it has one.
    pub fn issuer(&self) -> Option<&str> {
        self.issuer.as_deref()
    }

    /// Whether it may verify signatures of this algorithm.
    pub fn suits(&self, algorithm: Algorithm) -> bool {
        self.verifier(algorithm).is_some()
    }

    /// Whether this is its signature of the message; false as well for an algorithm it does not suit.
    pub fn verify(&self, algorithm: Algorithm, message: &[u8], signature: &[u8]) -> bool {
        self.verifier(algorithm).is_some_and(|verifier| verifier.verify(message, signature))
    }

    /// What tells this key from every other one.
    pub fn identity(&self) -> &KeyIdentity {
        &self.identity
    }

    fn verifier(&self, algorithm: Algorithm) -> Option<&Verifier> {
        self.verifiers.iter().find(|(able, _)| *able == algorithm).map(|(_, verifier)| verifier)
    }
}

impl fmt::Debug for VerificationKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let algorithms: Vec<_> = self.verifiers.iter().map(|(algorithm, _)| algorithm.name()).collect();
        f.debug_struct("VerificationKey")
            .field("kid", &self.kid)
            .field("algorithms", &algorithms)
            .finish_non_exhaustive()
    }
}

/// A digest of a key's material, kid and algorithms: equal for equal keys, across fetches and processes.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct KeyIdentity([u8; 32]);

impl KeyIdentity {
    fn of(material: &Material, kid: Option<&str>, verifiers: &[(Algorithm, Verifier)]) -> Self {
        let mut context = digest::Context::new(&digest::SHA256);
        let mut field = |bytes: &[u8]| {
            // each field with its length, so that no two lists of fields make one message
            context.update(&u64::try_from(bytes.len()).unwrap_or(u64::MAX).to_be_bytes());
            context.update(bytes);
        };
        match material {
            Material::Rsa { n, e } => [b"RSA".as_slice(), n, e].into_iter().for_each(&mut field),
            Material::Ec { curve, encoded } => {
                [b"EC".as_slice(), curve.name().as_bytes(), encoded].into_iter().for_each(&mut field);
            }
            Material::Ed25519 { encoded } => [b"OKP".as_slice(), encoded].into_iter().for_each(&mut field),
            Material::Secret(secret) => [b"oct".as_slice(), secret].into_iter().for_each(&mut field),
        }
        field(if kid.is_some() { b"kid" } else { b"" });
        field(kid.unwrap_or_default().as_bytes());
        for (algorithm, _) in verifiers {
            field(algorithm.name().as_bytes());
        }
        let mut identity = [0; 32];
        identity.copy_from_slice(context.finish().as_ref());
        Self(identity)
    }

    fn of_issuer(self, issuer: &str) -> Self {
        let mut context = digest::Context::new(&digest::SHA256);
        context.update(&self.0);
        context.update(issuer.as_bytes());
        let mut identity = [0; 32];
        identity.copy_from_slice(context.finish().as_ref());
        Self(identity)
    }
}

impl fmt::Debug for KeyIdentity {
    // the digest of a weak secret would be something to guess against
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("KeyIdentity(…)")
    }
}

/// Why a key cannot be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum KeyDefect {
    /// The JSON of the key itself.
    #[error("{0}")]
    Json(crate::authn::json::Defect),
    /// JSON with a number that no double holds, or an escape that stands for no character.
    #[error("holds a number or an escape that cannot be read")]
    Unreadable,
    /// A member that the key type needs.
    #[error("has no `{0}`")]
    Missing(&'static str),
    /// A member of a wrong type or in a wrong encoding.
    #[error("has a malformed `{0}`")]
    Malformed(&'static str),
    /// `kty` names a type of keys that is not known here.
    #[error("is of an unknown key type")]
    UnknownType,
    /// `crv` names a curve that is not known here.
    #[error("is on an unknown curve")]
    UnknownCurve,
    /// `alg` names an algorithm that is not known here, or not one for signatures.
    #[error("is for an algorithm that is not known here")]
    UnknownAlgorithm,
    /// `alg` is of another family than the key.
    #[error("cannot be used with the algorithm that it names")]
    AlgorithmMismatch,
    /// `use` or `key_ops` keep it for something else.
    #[error("is not for verifying signatures")]
    OtherUse,
    /// A shared secret that was published is none.
    #[error("is a shared secret, which must never be published")]
    PublishedSecret,
    /// RFC 7518 §3.3 and §3.5 ask for at least 2048 bits; more than 8192 cost more than they are worth.
    #[error("has an RSA modulus that is not of 2048 to 8192 bits, or even")]
    RsaModulus,
    /// Even, 1, or more than 33 bits.
    #[error("has an RSA exponent that is even, 1 or too large")]
    RsaExponent,
    /// The coordinates name no point of the curve.
    #[error("has a point that is not on its curve")]
    Point,
    /// RFC 8032 §5.1.3: of small order, so that anybody can sign for it, or not in the one form that it has.
    #[error("has a point of small order, which anybody can sign for, or one that is not in canonical form")]
    WeakPoint,
    /// RFC 7518 §3.2: at least as long as the hash.
    #[error("has a secret of less than {len} bytes, the length of the hash of {0} (RFC 7518 section 3.2)", len = secret_length(*.0))]
    SecretTooShort(Algorithm),
    /// RFC 8725 §2.1: whoever can read the key could sign with it.
    #[error("is a public or private key, a certificate or a key set in place of a secret")]
    SecretIsKey,
    /// Its `issuer` is not the one whose set it is in.
    #[error("is of another issuer by its own `issuer` member")]
    OtherIssuer,
    /// The same key stands earlier in the set.
    #[error("is the same as an earlier one")]
    Duplicate,
}
