//! The keys of an issuer, as one document, file or secret gave them.
//!
//! Given the bytes of a JWK set (RFC 7517 §5), of a PEM file or of a secret; hands on parsed keys and, for each key it
//! left out, why. A key that is broken, of a kind not known here, or not meant for signatures costs only itself
//! (RFC 7517 §5); what is refused as a whole: a document that is no JWK set, one without a single usable key, one with
//! more than [`MAX_KEYS`] keys, a PEM file that holds anything but public keys and certificates.

use std::fmt;
use std::sync::Arc;

use zeroize::Zeroizing;

use super::jwk;
use super::key::{KeyDefect, VerificationKey};
use super::material::{Material, secret_length};
use super::pem::{self, PemError};
use crate::authn::algorithm::{Algorithm, Algorithms};
use crate::authn::json;
use crate::authn::tenant;

/// The usable keys of an issuer; none only if the operator has withdrawn them all.
#[derive(Debug)]
pub struct KeySet {
    keys: Vec<Arc<VerificationKey>>,
    skipped: Vec<SkippedKey>,
    notes: Vec<KeyNote>,
    kids: Kids,
}

impl KeySet {
    /// From the JWK set of this issuer: a key that says itself whose it is must be the issuer's.
    pub fn from_jwks_of(issuer: &str, json: &[u8], origin: Origin) -> Result<Self, KeySetError> {
        Self::from_keys(json, origin, |own| tenant::may_be_of(own, issuer))
    }

    /// From a JWK set, whosesoever its keys are.
    pub fn from_jwks(json: &[u8], origin: Origin) -> Result<Self, KeySetError> {
        Self::from_keys(json, origin, |_| true)
    }

    fn from_keys(json: &[u8], origin: Origin, is_ours: impl Fn(&str) -> bool) -> Result<Self, KeySetError> {
        let mut set = Self::empty(Kids::Named);
        for (index, jwk) in jwk::documents(json, MAX_KEYS)?.into_iter().enumerate() {
            let (kid, decoded) = jwk::decode(&jwk, origin);
            match decoded {
                Ok((key, _)) if !key.issuer().is_none_or(&is_ours) => {
                    set.skipped.push(SkippedKey { index, kid, why: KeyDefect::OtherIssuer });
                }
                Ok((key, private)) => {
                    if private {
                        set.notes.push(KeyNote { index, kid: kid.clone(), note: Note::PrivateParts });
                    }
                    set.add(index, kid, key);
                }
                Err(why) => set.skipped.push(SkippedKey { index, kid, why }),
            }
        }
        set.checked()
    }

    /// From a PEM file of public keys and certificates. They have no key ids, so that of a token is not looked at.
    pub fn from_pem(text: &[u8]) -> Result<Self, KeySetError> {
        let mut set = Self::empty(Kids::None);
        for (index, material) in pem::decode(text, MAX_KEYS)?.into_iter().enumerate() {
            let key = material.and_then(|material| VerificationKey::new(&material, None, None));
            set.add(index, None, key.map_err(|source| KeySetError::Key { index, source })?);
        }
        set.checked()
    }

    /// From a shared secret, for the HMAC algorithms among these.
    pub fn from_secret(secret: &[u8], algorithms: &Algorithms) -> Result<Self, KeySetError> {
        let mut set = Self::empty(Kids::None);
        let material = Material::Secret(Zeroizing::new(secret.to_vec()));
        for (index, algorithm) in algorithms.iter().filter(|algorithm| algorithm.is_hmac()).enumerate() {
            if secret.len() < secret_length(algorithm) {
                return Err(KeySetError::Key { index, source: KeyDefect::SecretTooShort(algorithm) });
            }
            let key = VerificationKey::new(&material, None, Some(algorithm));
            set.add(index, None, key.map_err(|source| KeySetError::Key { index, source })?);
        }
        set.checked()
    }

    /// No keys, where a document lists none: an operator has emptied the file that they were in. One that lists keys of
    /// which none is usable is broken, and a fetched set is never this.
    pub(super) fn withdrawn(error: KeySetError) -> Result<Self, KeySetError> {
        if let KeySetError::Unusable { skipped } = &error
            && skipped.is_empty()
        {
            return Ok(Self::empty(Kids::Named));
        }
        Err(error)
    }

    /// The keys, in the order of the document.
    pub fn keys(&self) -> &[Arc<VerificationKey>] {
        &self.keys
    }

    /// The keys that were left out.
    pub fn skipped(&self) -> &[SkippedKey] {
        &self.skipped
    }

    /// What is odd about keys that are used nevertheless.
    pub fn notes(&self) -> &[KeyNote] {
        &self.notes
    }

    /// The keys to try for a token of this header.
    ///
    /// A token that names a key is never tried with another one, also not with a key without `kid`. A token that names
    /// none is tried with those that suit it. At most [`MAX_TRIED`]: what an invalid token can cost is bounded.
    pub fn select(&self, kid: Option<&str>, algorithm: Algorithm) -> Selection {
        let kid = kid.filter(|_| self.kids == Kids::Named);
        let mut named = self.keys.iter().filter(|key| kid.is_none() || key.kid() == kid).peekable();
        if self.keys.is_empty() || kid.is_some() && named.peek().is_none() {
            return Selection::UnknownKid;
        }
        let keys: Vec<_> = named.filter(|key| key.suits(algorithm)).take(MAX_TRIED).cloned().collect();
        if keys.is_empty() { Selection::Unsuitable } else { Selection::Keys(keys) }
    }

    /// Whether any of the keys can verify a token of one of these algorithms.
    pub fn serves(&self, algorithms: &Algorithms) -> bool {
        self.keys.iter().any(|key| algorithms.iter().any(|algorithm| key.suits(algorithm)))
    }

    fn empty(kids: Kids) -> Self {
        Self { keys: Vec::new(), skipped: Vec::new(), notes: Vec::new(), kids }
    }

    fn add(&mut self, index: usize, kid: Option<Box<str>>, key: VerificationKey) {
        if self.keys.iter().any(|known| known.identity() == key.identity()) {
            self.skipped.push(SkippedKey { index, kid, why: KeyDefect::Duplicate });
        } else {
            self.keys.push(Arc::new(key));
            if self.keys.last().is_some_and(|key| self.is_untried(key)) {
                self.notes.push(KeyNote { index, kid, note: Note::Untried });
            }
        }
    }

    /// Whether there is an algorithm that the key is for and whose tokens are not tried with it, whatever they name.
    fn is_untried(&self, key: &VerificationKey) -> bool {
        let is_tried = |kid: Option<&str>, algorithm: Algorithm| match self.select(kid, algorithm) {
            Selection::Keys(keys) => keys.iter().any(|tried| tried.identity() == key.identity()),
            Selection::UnknownKid | Selection::Unsuitable => false,
        };
        let suited = |algorithm: &Algorithm| key.suits(*algorithm);
        let untried = |algorithm: Algorithm| !is_tried(None, algorithm) && !is_tried(key.kid(), algorithm);
        Algorithm::ALL.into_iter().filter(suited).any(untried)
    }

    fn checked(self) -> Result<Self, KeySetError> {
        if self.keys.is_empty() { Err(KeySetError::Unusable { skipped: self.skipped }) } else { Ok(self) }
    }
}

/// Where a JWK set came from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Origin {
    /// Fetched: whatever it holds is public, so a shared secret in it is none.
    Remote,
    /// A local file, which may hold shared secrets.
    File,
}

/// The keys that fit a token.
#[derive(Debug)]
pub enum Selection {
    /// These, at least one, at most [`MAX_TRIED`].
    Keys(Vec<Arc<VerificationKey>>),
    /// The token names a key that is not in the set, or there is none at all.
    UnknownKid,
    /// There are keys, but none of them for the token's algorithm.
    Unsuitable,
}

/// A key that is not used.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SkippedKey {
    /// Its place in the set, from 0.
    pub index: usize,
    /// Its `kid`, as far as that could be read.
    pub kid: Option<Box<str>>,
    /// Why it is not used.
    pub why: KeyDefect,
}

/// What is odd about a key that is used.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeyNote {
    /// Its place in the set, from 0.
    pub index: usize,
    /// Its `kid`.
    pub kid: Option<Box<str>>,
    /// What is odd.
    pub note: Note,
}

/// What can be odd about a key, to be read after "the key".
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Note {
    /// It was published, or lies, where a public key alone should.
    PrivateParts,
    /// [`MAX_TRIED`] keys for the same tokens come before it, and no `kid` leads to it.
    Untried,
}

impl fmt::Display for Note {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::PrivateParts => f.write_str("holds private parts"),
            Self::Untried => {
                write!(f, "is never tried: {MAX_TRIED} keys of its kind that no kid tells from it come first")
            }
        }
    }
}

/// Why there is no key set.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum KeySetError {
    /// The document as a whole is not what a reader could agree on.
    #[error("the key set {0}")]
    Json(json::Defect),
    /// Not an object with an array `keys`.
    #[error("not a JWK set: it has no array `keys`")]
    NotAKeySet,
    /// More keys than anyone has.
    #[error("the key set has more than {MAX_KEYS} keys")]
    TooManyKeys,
    /// A PEM file that cannot be read.
    #[error("not a PEM file of public keys")]
    Pem(#[source] PemError),
    /// A key of a PEM file, or the secret.
    #[error("key {} cannot be used: it {source}", index + 1)]
    Key {
        /// Its place, from 0.
        index: usize,
        /// Why.
        source: KeyDefect,
    },
    /// No key is for an algorithm that the issuer's tokens may have.
    #[error("none of its keys serves one of the issuer's algorithms")]
    Unsuitable,
    /// Nothing in it can verify a signature.
    #[error("holds no usable key{}", reasons(skipped))]
    Unusable {
        /// The keys that were there.
        skipped: Vec<SkippedKey>,
    },
}

/// More keys in one set than this are an error.
pub const MAX_KEYS: usize = 100;

/// How many keys are tried with one token.
pub const MAX_TRIED: usize = 4;

/// Whether the keys of a set can be told apart by their ids.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kids {
    Named,
    None,
}

fn reasons(skipped: &[SkippedKey]) -> String {
    let reasons: Vec<_> =
        skipped.iter().take(3).map(|key| format!("key {} {}", key.index + 1, key.why)).collect();
    if reasons.is_empty() { String::new() } else { format!(": {}", reasons.join(", ")) }
}
