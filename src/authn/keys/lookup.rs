//! The way from a token's header to the keys that it may be verified with.
//!
//! Keys that are there are handed out at once. A request waits only when its key is not there: for one fetch that
//! begins after it came, for a bounded time, among a bounded number; who may not wait is answered at once. What it refuses
//! it refuses as what it is: a key that the issuer was asked for and has not is the token's fault, one that it could not
//! be asked for is not, and a good token must not be thrown away for it.
//!
//! A key may also have been replaced under its id, or have none. A signature that no key verifies is therefore a reason to
//! ask too; but it costs nothing to make, so that it waits only for an answer that is to be had at once, and is believed
//! less the more often it was made for nothing. Where it is believed and others have taken all places to wait, nobody knows.

use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::time::timeout_at;

use super::fetches::{Cause, Progress};
use super::key::VerificationKey;
use super::set::Selection;
use super::shared::Shared;
use super::store::Sought;
use crate::authn::Algorithm;

/// Why there is no key to verify a token with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum KeyFailure {
    /// The issuer has no key of this id; it was asked.
    Unknown,
    /// The issuer's keys do not fit the token's algorithm.
    Unsuitable,
    /// The issuer's keys could not be had.
    Unavailable {
        /// When it is worth trying again; at least a second.
        retry_after: Duration,
    },
}

impl Shared {
    /// The keys for a token of this header; at least one.
    pub(super) async fn select(&self, kid: Option<&str>, algorithm: Algorithm) -> Selected {
        match self.look_up(kid, algorithm) {
            LookUp::Found(keys) => Ok(keys),
            LookUp::Unsuitable => self.reconsider(kid, algorithm, &[]).await?.ok_or(KeyFailure::Unsuitable),
            LookUp::Missing if !self.is_remote => Err(KeyFailure::Unknown),
            LookUp::Missing => {
                self.metrics.unknown_kid.inc();
                self.enquire(kid, algorithm, true).await
            }
            LookUp::NoKeys => self.enquire(kid, algorithm, false).await,
        }
    }

    /// Keys for a token of this header that it has not been tried with, when those that it was tried with did not make its
    /// signature.
    pub(super) async fn reconsider(
        &self,
        kid: Option<&str>,
        algorithm: Algorithm,
        tried: &[Arc<VerificationKey>],
    ) -> Result<Option<Vec<Arc<VerificationKey>>>, KeyFailure> {
        if !self.is_remote {
            return Ok(None);
        }
        let is_new = |key: &Arc<VerificationKey>| !tried.iter().any(|old| old.identity() == key.identity());
        let untried = || match self.look_up(kid, algorithm) {
            LookUp::Found(keys) => keys.iter().any(is_new).then_some(keys),
            LookUp::Unsuitable | LookUp::Missing | LookUp::NoKeys => None,
        };
        let now = Instant::now();
        let (target, waits) = {
            let progress = self.fetches.progress();
            (progress.finished + 1, progress.believes(now))
        };
        // After the number of the fetch: one that ends in between is seen here, or waited for.
        if let Some(keys) = untried() {
            return Ok(Some(keys));
        }
        self.fetches.doubt();
        if !waits {
            return Ok(None);
        }
        let Some(_place) = self.fetches.place() else {
            // The answer is on its way, and may be that the key was replaced.
            let retry_after = self.fetches.progress().retry_after(now, true);
            return Err(KeyFailure::Unavailable { retry_after });
        };
        let mut progress = self.fetches.subscribe();
        let ended = progress.wait_for(|progress| progress.finished >= target);
        drop(timeout_at((now + self.timing.request_patience).into(), ended).await);
        Ok(untried())
    }

    fn look_up(&self, kid: Option<&str>, algorithm: Algorithm) -> LookUp {
        let Some(set) = self.store.current() else { return LookUp::NoKeys };
        match set.select(kid, algorithm) {
            Selection::Keys(keys) => LookUp::Found(keys),
            Selection::UnknownKid => LookUp::Missing,
            // A token that names no key and fits none may be signed with a key that is not here yet.
            Selection::Unsuitable if kid.is_none() && self.is_remote => LookUp::Missing,
            Selection::Unsuitable => LookUp::Unsuitable,
        }
    }

    /// Waits for a fetch that may bring the key, where that makes sense.
    async fn enquire(&self, kid: Option<&str>, algorithm: Algorithm, mut has_keys: bool) -> Selected {
        let Self { store, fetches, timing, .. } = self;
        let sought = kid.map_or(Sought::Algorithm(algorithm.name()), Sought::Kid);
        let mut progress = fetches.subscribe();
        let target = {
            let progress = progress.borrow_and_update();
            let is_known =
                if has_keys { store.is_unknown(sought, progress.finished) } else { progress.finished > 0 };
            if is_known {
                return Err(verdict(kid, has_keys, &progress));
            }
            // Without keys only the very first answer is waited for; with keys, one that is newer than the question.
            if has_keys { progress.started + 1 } else { 1 }
        };
        let Some(_place) = fetches.place() else {
            // Nobody has asked for it, so nobody knows.
            let retry_after = progress.borrow().retry_after(Instant::now(), has_keys);
            return Err(KeyFailure::Unavailable { retry_after });
        };
        let deadline = Instant::now() + timing.request_patience;
        loop {
            // Before the keys: a fetch that ends in between is looked at in the next round, with what it brought.
            let seen = progress.borrow_and_update().clone();
            match self.look_up(kid, algorithm) {
                LookUp::Found(keys) => return Ok(keys),
                LookUp::Unsuitable => return Err(KeyFailure::Unsuitable),
                LookUp::Missing => has_keys = true,
                LookUp::NoKeys => has_keys = false,
            }
            if seen.finished >= target {
                store.remember_unknown(sought, seen.finished);
                return Err(verdict(kid, has_keys, &seen));
            }
            if has_keys && !seen.in_flight() && progress.borrow().started == seen.started {
                // Also where nobody waits for it: who comes back finds what it brought.
                fetches.demand();
                if seen.rests_until_after(deadline) && fetches.wanted() != Some(Cause::Forced) {
                    let retry_after = seen.retry_after(Instant::now(), has_keys);
                    return Err(KeyFailure::Unavailable { retry_after });
                }
            }
            if !matches!(timeout_at(deadline.into(), progress.changed()).await, Ok(Ok(()))) {
                let retry_after = progress.borrow().retry_after(Instant::now(), has_keys);
                return Err(KeyFailure::Unavailable { retry_after });
            }
        }
    }
}

type Selected = Result<Vec<Arc<VerificationKey>>, KeyFailure>;

enum LookUp {
    Found(Vec<Arc<VerificationKey>>),
    Unsuitable,
    /// The issuer may have a key for this by now.
    Missing,
    NoKeys,
}

/// What to say of a key that is not there, by how the issuer fared when it was last asked.
fn verdict(kid: Option<&str>, has_keys: bool, progress: &Progress) -> KeyFailure {
    if has_keys && progress.answered() {
        unknown(kid)
    } else {
        KeyFailure::Unavailable { retry_after: progress.retry_after(Instant::now(), has_keys) }
    }
}

fn unknown(kid: Option<&str>) -> KeyFailure {
    if kid.is_some() { KeyFailure::Unknown } else { KeyFailure::Unsuitable }
}
