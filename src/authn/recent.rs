//! The tokens of one issuer that were verified last: a small level in front of the large one.
//!
//! Given a verified token; keeps it until newer ones need its room, first come, first gone. Filing something here costs
//! a fraction of what it costs in the large level, so a token that is sent once and never again costs no more than this;
//! one that is sent again moves on, either because it is still here or because its trace is. Bounded in bytes.

use std::collections::{HashMap, VecDeque};
use std::hash::BuildHasherDefault;
use std::sync::atomic::{AtomicU16, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use super::cache::{Entry, Key, Prefix};
use super::principal::Verified;
use super::validity::Timestamp;

/// The tokens that were verified last.
pub(super) struct Recent {
    shards: Box<[Mutex<Shard>]>,
    /// Traces of the tokens that were here: some bits of their digests, overwritten by later ones.
    traces: Box<[AtomicU16]>,
    /// Bytes of each shard.
    room: usize,
}

#[derive(Default)]
struct Shard {
    held: HashMap<Key, Held, BuildHasherDefault<Prefix>>,
    /// The keys above, the oldest first.
    order: VecDeque<Key>,
    bytes: usize,
}

struct Held {
    entry: Entry,
    weight: usize,
    since: Timestamp,
    /// Whether it was found here before, and so is in the large level too.
    again: bool,
}

/// A token that was found, or not.
pub(super) enum Look {
    /// It was found, and has been before.
    Known(Arc<Verified>),
    /// It was found for the first time: it is worth a place in the large level, with what is left of its time.
    Again(Entry),
    /// It is not here.
    Absent,
}

impl Recent {
    /// Of this many bytes; None where so few would hold next to nothing.
    pub(super) fn new(bytes: usize) -> Option<Self> {
        let shards = (bytes / SHARD).clamp(1, MAX_SHARDS);
        let room = bytes / shards;
        (room >= LEAST).then(|| Self {
            shards: std::iter::repeat_with(Mutex::default).take(shards).collect(),
            traces: std::iter::repeat_with(AtomicU16::default).take(TRACES).collect(),
            room,
        })
    }

    /// Looks for a token. One that has been here for `longest` is not found.
    pub(super) fn get(&self, key: &Key, now: Timestamp, longest: Duration) -> Look {
        let Some(mut shard) = self.shard(key) else { return Look::Absent };
        let Some(held) = shard.held.get_mut(key) else { return Look::Absent };
        let age = now.since(held.since);
        if age >= longest {
            return Look::Absent;
        }
        if std::mem::replace(&mut held.again, true) {
            return Look::Known(Arc::clone(&held.entry.verified));
        }
        let lifetime = held.entry.lifetime.min(longest).saturating_sub(age);
        Look::Again(Entry { verified: Arc::clone(&held.entry.verified), lifetime })
    }

    /// Takes a token that is not here, unless it has been before or is too large: false, then.
    pub(super) fn put(&self, key: Key, entry: &Entry, weight: usize, now: Timestamp) -> bool {
        // small enough that a few others stay
        if weight > self.room / 8 || self.leave_trace(&key) {
            return false;
        }
        let Some(mut shard) = self.shard(&key) else { return false };
        let held = Held { entry: entry.clone(), weight, since: now, again: false };
        if let Some(former) = shard.held.insert(key, held) {
            shard.bytes -= former.weight;
        } else {
            shard.order.push_back(key);
        }
        shard.bytes += weight;
        while shard.bytes > self.room
            && let Some(oldest) = shard.order.pop_front()
        {
            shard.bytes -= shard.held.remove(&oldest).map_or(0, |held| held.weight);
        }
        true
    }

    /// Forgets all of them.
    pub(super) fn clear(&self) {
        for shard in &self.shards {
            *lock(shard) = Shard::default();
        }
    }

    /// How many are here and nowhere else.
    #[cfg(test)]
    pub(super) fn len(&self) -> usize {
        self.shards.iter().map(|shard| lock(shard).held.values().filter(|held| !held.again).count()).sum()
    }

    fn shard(&self, key: &Key) -> Option<MutexGuard<'_, Shard>> {
        let [_, _, _, _, place, ..] = key.prefix().to_le_bytes();
        self.shards.get(usize::from(place) % self.shards.len()).map(lock)
    }

    /// Whether the token has left its trace before.
    fn leave_trace(&self, key: &Key) -> bool {
        let [low, high, one, other, ..] = key.prefix().to_le_bytes();
        // zero is the trace of none
        let trace = u16::from_le_bytes([low, high]) | 1;
        let place = usize::from(u16::from_le_bytes([one, other])) % TRACES;
        self.traces.get(place).is_some_and(|former| former.swap(trace, Ordering::Relaxed) == trace)
    }
}

fn lock(shard: &Mutex<Shard>) -> MutexGuard<'_, Shard> {
    // nothing in here can panic half-way
    shard.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Bytes of a shard, where there is room for several; they keep workers out of each other's way.
const SHARD: usize = 256 * 1024;
const MAX_SHARDS: usize = 64;
/// What is smaller holds too few tokens to be of use.
const LEAST: usize = 64 * 1024;
/// Two bytes each; about as many tokens are recognised when they come back.
const TRACES: usize = 32 * 1024;
