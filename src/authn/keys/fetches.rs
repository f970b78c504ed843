//! Where requests that miss a key and the task that fetches keys meet.
//!
//! Requests leave word that they want a fetch and wait, bounded in number and in time, for one that began after
//! they came; the task tells them when a fetch begins and ends. However many ask, one word is left, so that the
//! task alone decides when it fetches.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use tokio::sync::{Notify, Semaphore, SemaphorePermit, watch};

/// The meeting place of one issuer.
#[derive(Debug)]
pub(super) struct Fetches {
    progress: watch::Sender<Progress>,
    bell: Notify,
    demanded: AtomicBool,
    doubted: AtomicBool,
    forced: AtomicBool,
    waiters: Semaphore,
}

/// How far the fetches of an issuer are, and how the last one ended.
#[derive(Debug, Clone)]
pub(super) struct Progress {
    /// How many fetches have begun.
    pub(super) started: u64,
    /// How many have ended; one less than `started` while one is in flight.
    pub(super) finished: u64,
    /// When the keys were last obtained or confirmed.
    pub(super) obtained: Option<Instant>,
    /// Why the last fetch failed; none if it did not.
    pub(super) failure: Option<Failure>,
    /// When the next fetch is due without anybody asking.
    pub(super) scheduled: Option<Instant>,
    /// When the next fetch may begin if somebody asks.
    pub(super) allowed: Option<Instant>,
    /// From when on a signature that no key verifies is waited for; none: always.
    pub(super) believes_from: Option<Instant>,
}

/// A failed fetch.
#[derive(Debug, Clone)]
pub(super) struct Failure {
    pub(super) at: Instant,
    pub(super) reason: Arc<str>,
    pub(super) in_a_row: u32,
}

/// Why a fetch begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Cause {
    /// It was due.
    Scheduled,
    /// A request misses a key.
    Demanded,
    /// No key verifies a signature.
    Doubted,
    /// An operator asked.
    Forced,
}

impl Fetches {
    pub(super) fn new(waiters: usize) -> Self {
        let progress = Progress {
            started: 0,
            finished: 0,
            obtained: None,
            failure: None,
            scheduled: None,
            allowed: None,
            believes_from: None,
        };
        Self {
            progress: watch::Sender::new(progress),
            bell: Notify::new(),
            demanded: AtomicBool::new(false),
            doubted: AtomicBool::new(false),
            forced: AtomicBool::new(false),
            waiters: Semaphore::new(waiters),
        }
    }

    /// Follows the fetches from here on.
    pub(super) fn subscribe(&self) -> watch::Receiver<Progress> {
        self.progress.subscribe()
    }

    /// How far they are now.
    pub(super) fn progress(&self) -> watch::Ref<'_, Progress> {
        self.progress.borrow()
    }

    /// A place among those who wait, if there is one left.
    pub(super) fn place(&self) -> Option<SemaphorePermit<'_>> {
        self.waiters.try_acquire().ok()
    }

    /// A request misses a key.
    pub(super) fn demand(&self) {
        if !self.demanded.swap(true, Ordering::AcqRel) {
            self.bell.notify_one();
        }
    }

    /// No key verifies a signature: one may have been replaced under its id, or may have none.
    pub(super) fn doubt(&self) {
        if !self.doubted.swap(true, Ordering::AcqRel) {
            self.bell.notify_one();
        }
    }

    /// For the task: the keys have changed, so that whoever doubted the old ones looks at the new ones first.
    pub(super) fn settle_doubts(&self) {
        self.doubted.store(false, Ordering::Release);
    }

    /// An operator asks for a fetch now.
    pub(super) fn force(&self) {
        self.forced.store(true, Ordering::Release);
        self.bell.notify_one();
    }

    /// For the task: resolves when somebody may have asked.
    pub(super) async fn asked(&self) {
        self.bell.notified().await;
    }

    /// For the task: what has been asked for and not yet begun.
    pub(super) fn wanted(&self) -> Option<Cause> {
        if self.forced.load(Ordering::Acquire) {
            Some(Cause::Forced)
        } else if self.demanded.load(Ordering::Acquire) {
            Some(Cause::Demanded)
        } else if self.doubted.load(Ordering::Acquire) {
            Some(Cause::Doubted)
        } else {
            None
        }
    }

    /// For the task: a fetch begins. Whoever asked before this moment has asked for this one.
    pub(super) fn begin(&self) {
        self.forced.store(false, Ordering::Release);
        self.demanded.store(false, Ordering::Release);
        self.doubted.store(false, Ordering::Release);
        self.progress.send_modify(|progress| progress.started += 1);
    }

    /// For the task: the fetch has ended, and this is what is known now.
    pub(super) fn end(&self, update: impl FnOnce(&mut Progress)) {
        self.progress.send_modify(|progress| {
            progress.finished = progress.started;
            update(progress);
        });
    }

    /// For the task: what is known has changed without a fetch.
    pub(super) fn note(&self, update: impl FnOnce(&mut Progress)) {
        self.progress.send_modify(update);
    }
}

impl Progress {
    /// Whether a fetch is under way.
    pub(super) fn in_flight(&self) -> bool {
        self.started > self.finished
    }

    /// Whether the issuer answered when it was last asked.
    pub(super) fn answered(&self) -> bool {
        self.finished > 0 && self.failure.is_none()
    }

    /// Whether a signature that no key verifies is worth waiting for: whoever made it has not cried wolf lately, and there is
    /// an answer on its way or to be had at once.
    pub(super) fn believes(&self, now: Instant) -> bool {
        let has_passed = |at: Option<Instant>| at.is_none_or(|at| at <= now);
        has_passed(self.believes_from) && (self.in_flight() || has_passed(self.allowed))
    }

    /// Whether no fetch begins before `deadline`, unless an operator asks for one: the issuer wants to be left alone for longer.
    pub(super) fn rests_until_after(&self, deadline: Instant) -> bool {
        let is_later = |at: Option<Instant>| at.is_some_and(|at| at > deadline);
        !self.in_flight() && is_later(self.allowed) && is_later(self.scheduled)
    }

    /// When it is worth asking again: after the fetch that a request could cause, or the one that is due.
    pub(super) fn retry_after(&self, now: Instant, has_keys: bool) -> Duration {
        let next = if has_keys { self.allowed } else { self.scheduled };
        next.map_or(RETRY_AFTER_LEAST, |next| next.saturating_duration_since(now)).max(RETRY_AFTER_LEAST)
    }
}

/// `Retry-After` has whole seconds (RFC 9110 §10.2.3).
const RETRY_AFTER_LEAST: Duration = Duration::from_secs(1);
