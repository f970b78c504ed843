//! The task of an issuer whose keys come over the network: it decides when to ask and what an answer changes.
//!
//! It asks before the set is old; when a request misses a key, but not more often than every two seconds however many
//! miss however many; when no key verifies a signature, less often the more often that was for nothing; with growing pauses
//! while there is no answer, or as long as the issuer says; and at once when an operator says so, or a moment later where one
//! has just asked. One question at a time. A good answer replaces the set, any other changes nothing; when the time of trust is up the set
//! goes. What it does is seen in the metrics and, one line a change, in the log.

use std::pin::pin;
use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::time::sleep_until;

use super::doubt::Doubt;
use super::fetches::{Cause, Failure, Fetches, Progress};
use super::last_known::LastKnown;
use super::provider::{Obtained, Provider, ProviderError};
use super::set::KeySet;
use super::shared::Shared;
use super::source::FetchOptions;
use super::{freshness, report};

/// What the task owns.
#[derive(Debug)]
pub(super) struct Remote {
    shared: Arc<Shared>,
    provider: Provider,
    last_known: Option<LastKnown>,
    refresh_min: Duration,
    refresh_max: Duration,
    max_stale: Duration,
    /// The last good set. Once it is no longer trusted, only the issuer's word brings it back.
    current: Option<Arc<KeySet>>,
    scheduled: Instant,
    allowed: Instant,
    /// When the next fetch that an operator asks for may begin.
    forceable: Instant,
    doubt: Doubt,
    trusted_until: Option<Instant>,
}

impl Remote {
    /// A task that begins with a fetch. `trusted_until` is of keys that an earlier run has left.
    pub(super) fn new(
        shared: Arc<Shared>,
        provider: Provider,
        options: &FetchOptions,
        last_known: Option<LastKnown>,
        trusted_until: Option<Instant>,
    ) -> Self {
        let now = Instant::now();
        Self {
            shared,
            provider,
            last_known,
            refresh_min: options.refresh_min,
            refresh_max: options.refresh_max,
            max_stale: options.max_stale,
            current: None,
            scheduled: now,
            allowed: now,
            forceable: now,
            doubt: Doubt::new(now),
            trusted_until,
        }
    }

    /// Until when the keys that were there before this task are trusted.
    pub(super) fn trust_until(&mut self, until: Option<Instant>) {
        self.trusted_until = until;
    }

    /// Keeps the keys fresh for as long as it is polled.
    pub(super) async fn run(mut self) {
        loop {
            let cause = self.next_cause().await;
            self.refresh(cause).await;
        }
    }

    /// Waits until it is time to ask.
    async fn next_cause(&mut self) -> Cause {
        loop {
            // Due anyhow, perhaps; a request that waits for it wants an answer from the issuer itself.
            let (at, cause) = match self.shared.fetches.wanted() {
                Some(Cause::Forced) => (self.forceable, Cause::Forced),
                Some(cause) => (self.allows(cause).min(self.scheduled), cause),
                None => (self.scheduled, Cause::Scheduled),
            };
            tokio::select! {
                () = self.shared.fetches.asked() => {}
                () = sleep_until(at.into()) => return cause,
                () = until(self.trusted_until) => self.expire(),
            }
        }
    }

    /// When a fetch of this cause may begin.
    fn allows(&self, cause: Cause) -> Instant {
        match cause {
            Cause::Doubted => self.allowed.max(self.doubt.allowed()),
            Cause::Demanded => self.allowed,
            Cause::Scheduled => self.scheduled,
            Cause::Forced => self.forceable,
        }
    }

    async fn refresh(&mut self, cause: Cause) {
        self.shared.fetches.begin();
        let begun = Instant::now();
        self.allowed = begun + self.shared.timing.demand_interval;
        if cause == Cause::Forced {
            self.forceable = begun + self.shared.timing.forced_interval;
        }
        let obtained = {
            let mut asking = pin!(self.provider.ask(cause, self.shared.timing.demand_interval));
            loop {
                tokio::select! {
                    obtained = &mut asking => break obtained,
                    () = until(self.trusted_until) => {
                        self.trusted_until = None;
                        self.shared.expire();
                    }
                }
            }
        };
        self.shared.metrics.fetch_duration.observe(begun.elapsed().as_secs_f64());
        match obtained {
            Ok(obtained) => self.accept(obtained, cause).await,
            Err(error) => self.endure(&error, cause),
        }
        // After the answer is out: whoever waits for a key does not wait for discovery.
        let moved = tokio::select! {
            moved = self.provider.look_elsewhere() => moved,
            () = wanted_again(&self.shared.fetches, self.allowed, self.doubt.allowed()) => None,
        };
        if let Some(obtained) = moved {
            self.accept(obtained, Cause::Scheduled).await;
        }
    }

    async fn accept(&mut self, obtained: Obtained, cause: Cause) {
        let now = Instant::now();
        self.trusted_until = now.checked_add(self.max_stale);
        let (Obtained::Changed { lifetime, .. } | Obtained::Unchanged { lifetime }) = &obtained;
        let delay = freshness::refresh_delay(*lifetime, self.refresh_min, self.refresh_max);
        // Keys must not die of old age while the issuer is well.
        self.scheduled = now + delay.min(self.max_stale / 2);
        let shared = &self.shared;
        let mut is_change = false;
        let document = match obtained {
            Obtained::Changed { set, document, .. } => {
                self.current = Some(Arc::clone(&set));
                is_change = shared.take(set, self.trusted_until);
                Some(document)
            }
            Obtained::Unchanged { .. } => {
                if let Some(set) = &self.current {
                    shared.confirm(Arc::clone(set), self.trusted_until);
                }
                None
            }
        };
        match cause {
            _ if is_change => {
                self.doubt.is_over(now);
                // Those who came while it was under way mean the keys that have just gone.
                shared.fetches.settle_doubts();
            }
            Cause::Doubted => self.doubt.was_for_nothing(now, shared.timing.demand_interval),
            Cause::Scheduled | Cause::Demanded | Cause::Forced => {}
        }
        shared.metrics.fetch_success.inc();
        let mut failures = 0;
        self.publish(|progress| {
            failures = progress.failure.take().map_or(0, |failure| failure.in_a_row);
            progress.obtained = Some(now);
        });
        if failures > 0 {
            tracing::info!(issuer = &*self.shared.issuer, failures, "The issuer answers again");
        }
        if let Some(last_known) = &mut self.last_known {
            last_known.keep(document).await;
        }
    }

    fn endure(&mut self, error: &ProviderError, cause: Cause) {
        let (now, timing, shared) = (Instant::now(), &self.shared.timing, &self.shared);
        let reason: Arc<str> = report::chain(error).into();
        let earlier = shared.fetches.progress().failure.clone();
        let in_a_row = earlier.as_ref().map_or(0, |failure| failure.in_a_row).saturating_add(1);
        let has_keys = shared.store.current().is_some();
        self.scheduled = if has_keys {
            let pause = freshness::backoff(in_a_row, timing.demand_interval, self.refresh_min);
            (now + pause).max(self.allowed)
        } else {
            now + freshness::backoff(in_a_row, timing.retry_first, timing.retry_most)
        };
        if let Some(pause) = error.retry_after() {
            let most = if has_keys { PATIENCE.min(self.max_stale / 2) } else { PATIENCE_WITHOUT };
            self.scheduled = self.scheduled.max(now + freshness::later(pause, most));
            self.allowed = self.allowed.max(now + freshness::later(pause, PATIENCE_WITHOUT));
        }
        if cause == Cause::Doubted {
            self.doubt.was_for_nothing(now, timing.demand_interval);
        }
        // One line a change: an outage of a day is not ten thousand lines.
        if earlier.is_none_or(|failure| failure.reason != reason) {
            tracing::warn!(issuer = &*shared.issuer, %reason, has_keys, "The issuer's keys could not be obtained");
        } else {
            tracing::debug!(issuer = &*shared.issuer, %reason, in_a_row, "The issuer's keys could not be obtained");
        }
        shared.metrics.fetch_failure.inc();
        self.publish(|progress| progress.failure = Some(Failure { at: now, reason, in_a_row }));
    }

    /// A fetch has ended: tells who waits how, and everybody when the next one may begin.
    fn publish(&self, outcome: impl FnOnce(&mut Progress)) {
        let (scheduled, allowed, believes_from) = (self.scheduled, self.allowed, self.doubt.believes_from());
        self.shared.fetches.end(|progress| {
            outcome(progress);
            progress.scheduled = Some(scheduled);
            progress.allowed = Some(allowed);
            progress.believes_from = believes_from;
        });
        self.shared.publish_schedule(scheduled);
    }

    fn expire(&mut self) {
        self.trusted_until = None;
        self.shared.expire();
        self.scheduled = self.scheduled.min(self.allowed);
    }
}

/// Resolves when the next fetch is asked for and may begin.
async fn wanted_again(fetches: &Fetches, allowed: Instant, believed: Instant) {
    loop {
        let at = match fetches.wanted() {
            Some(Cause::Forced) => return,
            Some(Cause::Demanded | Cause::Scheduled) => Some(allowed),
            Some(Cause::Doubted) => Some(allowed.max(believed)),
            None => None,
        };
        tokio::select! {
            () = until(at) => return,
            () = fetches.asked() => {}
        }
    }
}

async fn until(instant: Option<Instant>) {
    match instant {
        Some(instant) => sleep_until(instant.into()).await,
        None => std::future::pending().await,
    }
}

/// For as long as an issuer says, while its keys are there (RFC 9110 §10.2.3): for this long at the most.
const PATIENCE: Duration = Duration::from_mins(5);
/// While a key is missing that somebody needs.
const PATIENCE_WITHOUT: Duration = Duration::from_secs(30);
