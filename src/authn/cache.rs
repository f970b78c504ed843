//! The verified tokens of one issuer.
//!
//! Given the digest of a token; hands on what the token said when it was verified, or verifies it, once however many
//! requests bring it at the same time. Holds verified tokens alone: a refused one leaves no trace, and so pushes none
//! out. Bounded in bytes. An entry ends with its `exp`; one that was made under other keys (another generation) is not
//! found any more. Times, audiences and routes are not decided here: whoever takes a token out checks them again.

use std::hash::{BuildHasherDefault, Hasher};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use moka::Expiry;
use moka::sync::Cache;

use super::digest::Digest;
use super::principal::Verified;

/// The verified tokens of one issuer.
pub(super) struct TokenCache {
    entries: Cache<Key, Entry, BuildHasherDefault<Prefix>>,
    generation: AtomicU64,
}

impl TokenCache {
    /// Holds tokens of about this many bytes together.
    pub(super) fn new(bytes: u64) -> Self {
        let entries = Cache::builder()
            .max_capacity(bytes)
            .weigher(|_, entry: &Entry| u32::try_from(OVERHEAD + entry.verified.size()).unwrap_or(u32::MAX))
            .expire_after(WithToken)
            .build_with_hasher(BuildHasherDefault::default());
        Self { entries, generation: AtomicU64::new(0) }
    }

    /// The token, if it was verified under the keys of this generation.
    pub(super) fn get(&self, digest: &Digest, generation: u64) -> Option<Arc<Verified>> {
        self.entries.get(&Key { digest: *digest, generation }).map(|entry| entry.verified)
    }

    /// The token as above, or as `verify` finds it. Of several that ask at the same time one verifies, and all get its
    /// answer; so `verify` must look at nothing but the token. `generation` is the one *before* the keys were chosen.
    pub(super) fn get_or_verify<E: Send + Sync + 'static>(
        &self,
        digest: &Digest,
        generation: u64,
        verify: impl FnOnce() -> Result<Entry, E>,
    ) -> Result<Arc<Verified>, Arc<E>> {
        if self.generation.swap(generation, Ordering::Relaxed) != generation {
            // what the former keys verified only takes up room now
            self.entries.invalidate_all();
        }
        let key = Key { digest: *digest, generation };
        self.entries.try_get_with(key, verify).map(|entry| entry.verified)
    }

    #[cfg(test)]
    pub(super) fn len(&self) -> u64 {
        self.entries.run_pending_tasks();
        self.entries.entry_count()
    }
}

impl std::fmt::Debug for TokenCache {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("TokenCache").finish_non_exhaustive()
    }
}

/// A verified token and how long it can be used from now on.
#[derive(Clone)]
pub(super) struct Entry {
    pub(super) verified: Arc<Verified>,
    pub(super) lifetime: Duration,
}

#[derive(Clone, Copy, PartialEq, Eq, Hash)]
struct Key {
    digest: Digest,
    generation: u64,
}

/// Entries end with their tokens.
struct WithToken;

impl Expiry<Key, Entry> for WithToken {
    fn expire_after_create(&self, _: &Key, entry: &Entry, _: Instant) -> Option<Duration> {
        Some(entry.lifetime.min(LONGEST))
    }
}

/// Takes the first eight bytes that are written: a digest is as evenly spread as a hash can be, and nobody outside can
/// foresee it.
#[derive(Default)]
struct Prefix(Option<u64>);

impl Hasher for Prefix {
    fn write(&mut self, _: &[u8]) {}

    fn write_u64(&mut self, value: u64) {
        self.0.get_or_insert(value);
    }

    fn finish(&self) -> u64 {
        self.0.unwrap_or_default()
    }
}

/// A token that is valid for years is verified again once a day: sums of times stay small, and what is forgotten by
/// nobody's request is forgotten all the same.
const LONGEST: Duration = Duration::from_hours(24);

/// What an entry costs beside its token: the key, the places in the cache's table, its queues and its timers.
const OVERHEAD: usize = 512;
