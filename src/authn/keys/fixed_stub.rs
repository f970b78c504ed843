//! Stands in for the engine until it lands.
use std::sync::Arc;
use std::time::Duration;

use super::{KeySet, Selection, VerificationKey};
use crate::authn::Algorithm;

/// The keys of an issuer.
#[derive(Debug)]
pub struct Keys {
    set: KeySet,
    generation: std::sync::atomic::AtomicU64,
}

/// Why there is no key.
#[derive(Debug)]
pub enum KeyFailure {
    /// No key of that id.
    Unknown,
    /// No key for that algorithm.
    Unsuitable,
    /// The keys could not be had.
    Unavailable {
        /// When to try again.
        retry_after: Duration,
    },
}

/// Where keys come from.
#[derive(Debug, Clone)]
pub enum KeySource {
    /// A JWK set in a file.
    JwksFile(std::path::PathBuf),
    /// A secret.
    Secret(SecretSource),
}

/// Where a secret comes from.
#[derive(Debug, Clone)]
pub enum SecretSource {
    /// A file.
    File(std::path::PathBuf),
}

/// How keys are fetched.
#[derive(Debug, Clone, Default)]
pub struct FetchOptions;

impl Keys {
    /// Reads a file.
    pub fn new(
        _: &Arc<str>,
        _: &str,
        algorithms: &crate::authn::Algorithms,
        source: KeySource,
        _: &FetchOptions,
        _: crate::telemetry::metrics::IssuerMetrics,
    ) -> Result<Self, super::KeySetError> {
        let read = |path| std::fs::read(path).unwrap_or_default();
        Ok(Self::fixed(match source {
            KeySource::JwksFile(path) => KeySet::from_jwks(&read(path), super::Origin::File)?,
            KeySource::Secret(SecretSource::File(path)) => KeySet::from_secret(&read(path), algorithms)?,
        }))
    }
    /// These.
    pub fn fixed(set: KeySet) -> Self {
        Self { set, generation: 1.into() }
    }
    /// The keys to try.
    #[expect(clippy::unused_async, reason = "the engine's is")]
    pub async fn select(
        &self,
        kid: Option<&str>,
        algorithm: Algorithm,
    ) -> Result<Vec<Arc<VerificationKey>>, KeyFailure> {
        match self.set.select(kid, algorithm) {
            Selection::Keys(keys) => Ok(keys),
            Selection::UnknownKid => Err(KeyFailure::Unknown),
            Selection::Unsuitable => Err(KeyFailure::Unsuitable),
        }
    }
    /// Grows whenever a key is withdrawn.
    pub fn generation(&self) -> u64 {
        self.generation.load(std::sync::atomic::Ordering::Acquire)
    }
    /// For the test.
    pub fn withdraw(&self) {
        self.generation.fetch_add(1, std::sync::atomic::Ordering::AcqRel);
    }
}
