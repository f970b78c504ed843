//! The signature algorithms of RFC 7518 §3.1 and RFC 8037 §3.1 that a token may be signed with.
//!
//! An algorithm is one thing here: a name in a header, an entry in an issuer's list, and what a key can do. No family
//! ever stands in for another: a key says which algorithms it verifies, and a token is held to one of them. `none` is
//! not an algorithm, so no configuration can allow it.

use std::fmt;

/// An algorithm that a token may be signed with.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Algorithm {
    /// RSASSA-PKCS1-v1_5 with SHA-256.
    Rs256,
    /// RSASSA-PKCS1-v1_5 with SHA-384.
    Rs384,
    /// RSASSA-PKCS1-v1_5 with SHA-512.
    Rs512,
    /// RSASSA-PSS with SHA-256 and a salt of its length.
    Ps256,
    /// RSASSA-PSS with SHA-384 and a salt of its length.
    Ps384,
    /// RSASSA-PSS with SHA-512 and a salt of its length.
    Ps512,
    /// ECDSA on P-256 with SHA-256.
    Es256,
    /// ECDSA on P-384 with SHA-384.
    Es384,
    /// ECDSA on P-521 with SHA-512.
    Es512,
    /// Ed25519 (RFC 8037).
    EdDsa,
    /// HMAC with SHA-256.
    Hs256,
    /// HMAC with SHA-384.
    Hs384,
    /// HMAC with SHA-512.
    Hs512,
}

impl Algorithm {
    /// Every algorithm there is, asymmetric ones first.
    pub const ALL: [Self; 13] = [
        Self::Rs256,
        Self::Rs384,
        Self::Rs512,
        Self::Ps256,
        Self::Ps384,
        Self::Ps512,
        Self::Es256,
        Self::Es384,
        Self::Es512,
        Self::EdDsa,
        Self::Hs256,
        Self::Hs384,
        Self::Hs512,
    ];

    /// The algorithm of this `alg`; names are case-sensitive (RFC 7515 §4.1.1).
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|algorithm| algorithm.name() == name)
    }

    /// Its `alg`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Rs256 => "RS256",
            Self::Rs384 => "RS384",
            Self::Rs512 => "RS512",
            Self::Ps256 => "PS256",
            Self::Ps384 => "PS384",
            Self::Ps512 => "PS512",
            Self::Es256 => "ES256",
            Self::Es384 => "ES384",
            Self::Es512 => "ES512",
            Self::EdDsa => "EdDSA",
            Self::Hs256 => "HS256",
            Self::Hs384 => "HS384",
            Self::Hs512 => "HS512",
        }
    }

    /// Whether whoever can verify can also sign.
    pub fn is_hmac(self) -> bool {
        self.family() == Family::Hmac
    }

    /// The kind of key it needs.
    pub fn family(self) -> Family {
        match self {
            Self::Rs256 | Self::Rs384 | Self::Rs512 | Self::Ps256 | Self::Ps384 | Self::Ps512 => Family::Rsa,
            Self::Es256 | Self::Es384 | Self::Es512 => Family::Ec,
            Self::EdDsa => Family::Okp,
            Self::Hs256 | Self::Hs384 | Self::Hs512 => Family::Hmac,
        }
    }
}

impl fmt::Display for Algorithm {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// The kinds of keys, as `kty` tells them apart (RFC 7518 §6.1, RFC 8037 §2).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Family {
    /// RSA, for both paddings.
    Rsa,
    /// Elliptic curves.
    Ec,
    /// Octet key pairs: Ed25519.
    Okp,
    /// Shared secrets.
    Hmac,
}

/// The algorithms an issuer's tokens may be signed with; never empty.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Algorithms(Vec<Algorithm>);

impl Algorithms {
    /// These; a name given twice counts once. None if there are none.
    pub fn new(mut algorithms: Vec<Algorithm>) -> Option<Self> {
        algorithms.sort_unstable();
        algorithms.dedup();
        (!algorithms.is_empty()).then_some(Self(algorithms))
    }

    /// Every one whose keys may be published.
    pub fn asymmetric() -> Self {
        Self(Algorithm::ALL.into_iter().filter(|algorithm| !algorithm.is_hmac()).collect())
    }

    /// Whether this is one of them.
    pub fn contains(&self, algorithm: Algorithm) -> bool {
        self.0.contains(&algorithm)
    }

    /// Each of them, in the order of [`Algorithm::ALL`].
    pub fn iter(&self) -> impl Iterator<Item = Algorithm> + '_ {
        self.0.iter().copied()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_name_leads_back_to_its_algorithm() {
        for algorithm in Algorithm::ALL {
            assert_eq!(Algorithm::parse(algorithm.name()), Some(algorithm));
            assert_eq!(Algorithm::parse(&algorithm.name().to_lowercase()), None);
        }
        for none in ["none", "None", "NONE", "nOnE", "", "RS256 ", "ES256K", "RS1"] {
            assert_eq!(Algorithm::parse(none), None);
        }
    }

    #[test]
    fn the_default_holds_no_shared_secret() {
        assert_eq!(Algorithms::asymmetric().iter().count(), 10);
        assert!(!Algorithms::asymmetric().iter().any(Algorithm::is_hmac));
        assert_eq!(Algorithms::new(vec![]), None);
    }
}
