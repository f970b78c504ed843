//! What the requests and the task of one issuer share.

use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime};

use super::fetches::Fetches;
use super::report::{self, Oddities};
use super::set::KeySet;
use super::store::Store;
use crate::telemetry::metrics::IssuerMetrics;

/// What is known of the keys of one issuer, and where the two sides meet.
#[derive(Debug)]
pub(super) struct Shared {
    /// The configured name.
    pub(super) issuer: Arc<str>,
    /// Whether the issuer can be asked for a key that is not there.
    pub(super) is_remote: bool,
    pub(super) store: Store,
    pub(super) fetches: Fetches,
    pub(super) metrics: IssuerMetrics,
    pub(super) timing: Timing,
    oddities: Oddities,
}

impl Shared {
    pub(super) fn new(issuer: Arc<str>, is_remote: bool, metrics: IssuerMetrics, timing: Timing) -> Self {
        let store = Store::new(Arc::clone(&issuer), timing.demand_interval);
        let fetches = Fetches::new(timing.waiters);
        Self { issuer, is_remote, store, fetches, metrics, timing, oddities: Oddities::default() }
    }

    /// Takes a good set, reports what that changes, and says whether it changed anything.
    pub(super) fn take(&self, set: Arc<KeySet>, trusted_until: Option<Instant>) -> bool {
        self.count(set.keys().len());
        self.oddities.report(&self.issuer, &set);
        let rotation = self.store.replace(set, trusted_until);
        report::rotation(&self.issuer, &rotation);
        rotation.is_change()
    }

    /// The issuer has confirmed the set that was taken last.
    pub(super) fn confirm(&self, set: Arc<KeySet>, trusted_until: Option<Instant>) {
        self.count(set.keys().len());
        self.store.extend(set, trusted_until);
    }

    /// The keys are no longer trusted.
    pub(super) fn expire(&self) {
        self.count(0);
        self.store.expire();
        tracing::error!(
            issuer = &*self.issuer,
            "The issuer has not confirmed its keys for so long that they are no longer trusted"
        );
    }

    fn count(&self, keys: usize) {
        self.metrics.keys.set(i64::try_from(keys).unwrap_or(i64::MAX));
    }

    /// Says when the next fetch is due.
    pub(super) fn publish_schedule(&self, due: Instant) {
        let at = wall_clock() + due.saturating_duration_since(Instant::now());
        if let Ok(since_epoch) = at.duration_since(SystemTime::UNIX_EPOCH) {
            self.metrics.next_refresh.set(since_epoch.as_secs_f64());
        }
    }
}

/// The engine's own times and numbers; nothing that an operator should have to choose.
#[derive(Debug, Clone)]
pub(super) struct Timing {
    /// The least time from one fetch that requests asked for to the next fetch.
    pub(super) demand_interval: Duration,
    /// The least time from one fetch that an operator asked for to the next such: a script that asks many times at once makes
    /// one fetch or two, however fast the issuer answers.
    pub(super) forced_interval: Duration,
    /// How long a request waits for a key.
    pub(super) request_patience: Duration,
    /// How many requests of one issuer wait at a time.
    pub(super) waiters: usize,
    /// The pause after the first failure while there are no keys.
    pub(super) retry_first: Duration,
    /// The longest pause while there are no keys.
    pub(super) retry_most: Duration,
    /// How often a file is looked at.
    pub(super) file_poll: Duration,
    /// How long the gateway's readiness waits for an issuer.
    pub(super) readiness_patience: Duration,
    /// How long an operator's refresh waits for its outcome.
    pub(super) operator_patience: Duration,
}

impl Default for Timing {
    fn default() -> Self {
        Self {
            demand_interval: Duration::from_secs(2),
            forced_interval: Duration::from_millis(250),
            request_patience: Duration::from_secs(5),
            waiters: 1024,
            retry_first: Duration::from_millis(250),
            retry_most: Duration::from_secs(5),
            file_poll: Duration::from_millis(500),
            readiness_patience: Duration::from_secs(30),
            operator_patience: Duration::from_secs(30),
        }
    }
}

/// The time of day, for what outlives the process or leaves it; durations are measured with `Instant`.
#[expect(
    clippy::disallowed_methods,
    reason = "the task of an issuer serves no request that could hand it the time"
)]
pub(super) fn wall_clock() -> SystemTime {
    SystemTime::now()
}
