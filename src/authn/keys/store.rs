//! What is known of an issuer's keys: the last good set, and the key ids that it is known not to have.
//!
//! Given each good set by the one task that obtains them, it hands the current one to every request without
//! waiting. A set is trusted until its time is up (`max_stale`) and then it is gone: an expired set cannot be had by
//! forgetting to look at a clock. The ids known to be unknown are bounded in number and in time, and kept as keyed
//! hashes, so that what a stranger invents costs a fixed amount of memory.

use std::collections::HashSet;
use std::collections::hash_map::RandomState;
use std::hash::BuildHasher;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use moka::Expiry;
use moka::policy::EvictionPolicy;
use moka::sync::Cache;

use super::key::VerificationKey;
use super::report::printable;
use super::set::KeySet;

/// The keys of one issuer.
#[derive(Debug)]
pub(super) struct Store {
    issuer: Arc<str>,
    /// One entry, under the issuer's name. Without a capacity nothing is evicted; the entry's time of trust is its
    /// time to live.
    sets: Cache<Arc<str>, Held>,
    /// Hash of the id, and the number of the last fetch that did not bring it.
    unknown: Cache<u64, u64>,
    hasher: RandomState,
    generation: AtomicU64,
}

#[derive(Debug, Clone)]
struct Held {
    set: Arc<KeySet>,
    trusted_until: Option<Instant>,
}

impl Store {
    /// An empty store. Ids known to be unknown are remembered for `memory`.
    pub(super) fn new(issuer: Arc<str>, memory: Duration) -> Self {
        Self {
            issuer,
            sets: Cache::builder().expire_after(Trust).build(),
            unknown: Cache::builder()
                .max_capacity(UNKNOWN_LIMIT)
                .eviction_policy(EvictionPolicy::lru())
                .time_to_live(memory)
                .build(),
            hasher: RandomState::new(),
            generation: AtomicU64::new(0),
        }
    }

    /// The keys to verify with, while they may be trusted.
    pub(super) fn current(&self) -> Option<Arc<KeySet>> {
        self.sets.get(&*self.issuer).map(|held| held.set)
    }

    /// Takes a good set in place of the last one and says what that changed.
    pub(super) fn replace(&self, set: Arc<KeySet>, trusted_until: Option<Instant>) -> Rotation {
        let before = self.current();
        let before = before.as_deref().map_or(&[][..], KeySet::keys);
        let rotation = Rotation::between(before, set.keys());
        self.sets.insert(Arc::clone(&self.issuer), Held { set, trusted_until });
        // After the set: who read the generation first and the set second has either both old or is asked again.
        if !rotation.withdrawn.is_empty() {
            self.withdraw();
        }
        rotation
    }

    /// The issuer has confirmed this set, the one that was taken last.
    pub(super) fn extend(&self, set: Arc<KeySet>, trusted_until: Option<Instant>) {
        self.sets.insert(Arc::clone(&self.issuer), Held { set, trusted_until });
    }

    /// The time of trust is up: the set goes, and with it the tokens that were verified with it.
    pub(super) fn expire(&self) {
        self.sets.invalidate(&*self.issuer);
        self.withdraw();
    }

    /// What was verified so far must be verified again.
    pub(super) fn withdraw(&self) {
        self.generation.fetch_add(1, Ordering::Release);
    }

    /// Grows whenever a key is withdrawn or replaced.
    pub(super) fn generation(&self) -> u64 {
        self.generation.load(Ordering::Acquire)
    }

    /// The fetch of this number did not bring this key.
    pub(super) fn remember_unknown(&self, key: Sought<'_>, fetch: u64) {
        self.unknown.insert(self.hasher.hash_one(key), fetch);
    }

    /// Whether the fetch of this number is known not to have brought this key.
    pub(super) fn is_unknown(&self, key: Sought<'_>, fetch: u64) -> bool {
        self.unknown.get(&self.hasher.hash_one(key)) == Some(fetch)
    }
}

/// What a token asks for: the key of this id or, without one, any key for this algorithm.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Sought<'a> {
    Kid(&'a str),
    Algorithm(&'static str),
}

/// What became of the keys when a set took the place of another; for the log.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Rotation {
    pub(super) added: Vec<String>,
    pub(super) kept: usize,
    pub(super) withdrawn: Vec<String>,
}

impl Rotation {
    fn between(before: &[Arc<VerificationKey>], after: &[Arc<VerificationKey>]) -> Self {
        let old: HashSet<_> = before.iter().map(|key| key.identity()).collect();
        let new: HashSet<_> = after.iter().map(|key| key.identity()).collect();
        let names = |keys: &[Arc<VerificationKey>], other: &HashSet<_>| {
            keys.iter()
                .filter(|key| !other.contains(key.identity()))
                .map(|key| key.kid().map_or_else(|| "(no kid)".to_owned(), printable))
                .collect()
        };
        let added: Vec<String> = names(after, &old);
        Self { kept: after.len() - added.len(), added, withdrawn: names(before, &new) }
    }

    /// Whether anything changed.
    pub(super) fn is_change(&self) -> bool {
        !self.added.is_empty() || !self.withdrawn.is_empty()
    }
}

/// A set lives as long as it may be trusted, from creation and from every confirmation.
struct Trust;

impl Expiry<Arc<str>, Held> for Trust {
    fn expire_after_create(&self, _: &Arc<str>, held: &Held, at: Instant) -> Option<Duration> {
        held.trusted_until.map(|until| until.saturating_duration_since(at))
    }

    fn expire_after_update(
        &self,
        _: &Arc<str>,
        held: &Held,
        at: Instant,
        _: Option<Duration>,
    ) -> Option<Duration> {
        held.trusted_until.map(|until| until.saturating_duration_since(at))
    }
}

/// About a megabyte of invented ids at the most.
const UNKNOWN_LIMIT: u64 = 8 * 1024;
