//! The verified tokens of one issuer.
//!
//! Given the digest of a token; hands on what the token said when it was verified, or the turn to verify it: of several
//! requests that bring it at the same time, one does and the others wait for what comes out ([`Flights`]). Holds verified
//! tokens alone: a refused one leaves no trace beyond those that waited, and so pushes none out. Bounded in bytes, over two levels: what was verified last ([`Recent`]), and
//! what has been sent more than once. An entry ends with its `exp`; one that was made under other keys (another
//! generation) is not found any more. Times, audiences and routes are not decided here: whoever takes a token out checks
//! them again.

use std::hash::{BuildHasherDefault, Hasher};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use moka::Expiry;
use moka::sync::Cache;

use super::digest::Digest;
use super::error::Error;
use super::flight::{self, Flights};
use super::principal::Verified;
use super::recent::{Look, Recent};
use super::validity::Timestamp;

/// The verified tokens of one issuer.
pub(super) struct TokenCache {
    recent: Option<Recent>,
    entries: Cache<Key, Entry, BuildHasherDefault<Prefix>>,
    generation: AtomicU64,
    flights: Flights<Key, Outcome>,
}

impl TokenCache {
    /// Holds tokens of about this many bytes together.
    pub(super) fn new(bytes: u64) -> Self {
        let recent = bytes / RECENT_SHARE;
        let level = usize::try_from(recent).ok().and_then(Recent::new);
        let entries = Cache::builder()
            .max_capacity(if level.is_some() { bytes - recent } else { bytes })
            .weigher(|_, entry: &Entry| u32::try_from(entry.weight()).unwrap_or(u32::MAX))
            .expire_after(WithToken)
            .build_with_hasher(BuildHasherDefault::default());
        Self { recent: level, entries, generation: AtomicU64::new(0), flights: Flights::new() }
    }

    /// The token, if it was verified under the keys of this generation.
    pub(super) fn get(&self, digest: &Digest, generation: u64, now: Timestamp) -> Option<Arc<Verified>> {
        let key = Key { digest: *digest, generation };
        self.of_recent(&key, now).or_else(|| self.entries.get(&key).map(|entry| entry.verified))
    }

    /// The token as above, or as another request finds it that is verifying it now; else the turn to verify it.
    /// `generation` is the one *before* the keys were chosen.
    pub(super) async fn turn(&self, digest: &Digest, generation: u64, now: Timestamp) -> Turn<'_> {
        if self.generation.swap(generation, Ordering::Relaxed) != generation {
            // what the former keys verified only takes up room now
            self.recent.iter().for_each(Recent::clear);
            self.entries.invalidate_all();
        }
        let key = Key { digest: *digest, generation };
        let [.., place, _, _] = digest.prefix().to_le_bytes();
        let lead = match self.flights.join(key, place).await {
            flight::Turn::Verify(lead) => lead,
            flight::Turn::Done(outcome) => return Turn::Done(outcome),
        };
        // Who did not wait has looked everywhere a moment ago.
        match self.of_recent(&key, now) {
            Some(verified) => {
                lead.end(|| Ok(Arc::clone(&verified)));
                Turn::Done(Ok(verified))
            }
            None => Turn::Verify(Lead { cache: self, flight: lead, key, now }),
        }
    }

    fn of_recent(&self, key: &Key, now: Timestamp) -> Option<Arc<Verified>> {
        match self.recent.as_ref()?.get(key, now, LONGEST) {
            Look::Known(verified) => Some(verified),
            Look::Again(entry) => {
                self.entries.insert(*key, entry.clone());
                Some(entry.verified)
            }
            Look::Absent => None,
        }
    }

    #[cfg(test)]
    pub(super) fn len(&self) -> u64 {
        self.entries.run_pending_tasks();
        let recent = self.recent.as_ref().map_or(0, Recent::len);
        self.entries.entry_count() + u64::try_from(recent).unwrap()
    }
}
impl std::fmt::Debug for TokenCache {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("TokenCache").finish_non_exhaustive()
    }
}

/// What whoever brings a token is to do.
pub(super) enum Turn<'c> {
    /// Nothing: it was verified before, or another request has just had this outcome.
    Done(Outcome),
    /// Verify it, and say what came out.
    Verify(Lead<'c>),
}

/// What came out of a verification, for all requests that brought the token meanwhile.
pub(super) type Outcome = Result<Arc<Verified>, Refusal>;

/// Why a token was refused, and how far it came.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Refusal {
    pub(super) error: Error,
    pub(super) at: Stage,
}

/// Where a refused token was stopped, as far as others must know who have the same one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Stage {
    /// None of the keys has made its signature.
    Signature,
    /// At a check that comes after the audience's, which routes narrow.
    AfterAudience,
    /// Anywhere else.
    Other,
}

/// The turn to verify a token.
pub(super) struct Lead<'c> {
    cache: &'c TokenCache,
    flight: flight::Lead<'c, Key, Outcome>,
    key: Key,
    now: Timestamp,
}

impl Lead<'_> {
    /// Remembers the verified token.
    pub(super) fn verified(self, entry: Entry) -> Arc<Verified> {
        let Self { cache, flight, key, now } = self;
        let weight = entry.weight();
        if !cache.recent.as_ref().is_some_and(|recent| recent.put(key, &entry, weight, now)) {
            cache.entries.insert(key, entry.clone());
        }
        flight.end(|| Ok(Arc::clone(&entry.verified)));
        entry.verified
    }

    /// Says why to those that wait, and to nobody else.
    pub(super) fn refused(self, refusal: impl FnOnce() -> Refusal) {
        self.flight.end(|| Err(refusal()));
    }

    #[cfg(test)]
    pub(super) fn followers(&self) -> usize {
        self.flight.followers()
    }
}

/// A verified token and how long it can be used from now on.
#[derive(Clone)]
pub(super) struct Entry {
    pub(super) verified: Arc<Verified>,
    pub(super) lifetime: Duration,
}

#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct Key {
    digest: Digest,
    generation: u64,
}

impl Key {
    /// A few bits of the digest, for tables.
    pub(super) fn prefix(&self) -> u64 {
        self.digest.prefix()
    }
}

impl Entry {
    fn weight(&self) -> usize {
        OVERHEAD + self.verified.size()
    }
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
pub(super) struct Prefix(Option<u64>);

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

/// One byte in so many is for what was verified last.
const RECENT_SHARE: u64 = 8;
