//! When the gateway is ready: once every listener is bound and each issuer has keys or may go without.
//!
//! Readiness is won once per process: later the loss of keys does not take it back, because unreadying a whole fleet
//! over one identity provider would be worse than the 503 that its routes then give. Draining ends it.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Instant;

use crate::admin::{Check, Health};
use crate::authn::Issuer;
use crate::proxy::Snapshots;

/// What readiness depends on.
#[derive(Debug)]
pub(super) struct Readiness {
    snapshots: Snapshots,
    listeners: AtomicUsize,
    started: Instant,
    was_ready: AtomicBool,
    draining: AtomicBool,
}

impl Readiness {
    /// Readiness of a gateway whose `listeners` are bound.
    pub(super) fn new(snapshots: Snapshots, listeners: usize) -> Self {
        Self {
            snapshots,
            listeners: AtomicUsize::new(listeners),
            started: Instant::now(),
            was_ready: AtomicBool::new(false),
            draining: AtomicBool::new(false),
        }
    }

    /// From now on so many listeners are bound.
    pub(super) fn listens(&self, listeners: usize) {
        self.listeners.store(listeners, Ordering::Relaxed);
    }

    /// From now on the gateway is not ready.
    pub(super) fn drain(&self) {
        self.draining.store(true, Ordering::Release);
    }

    fn issuer(&self, issuer: &Arc<Issuer>, now: Instant) -> Check {
        let passes = self.was_ready.load(Ordering::Acquire) || issuer.keys().is_ready(now);
        Check { name: format!("issuer {}", issuer.spec().name), passes, detail: issuer.keys().describe() }
    }
}

impl Health for Readiness {
    fn checks(&self) -> Vec<Check> {
        let now = Instant::now();
        let snapshot = self.snapshots.current();
        let mut checks = vec![Check {
            name: "listeners".to_owned(),
            passes: true,
            detail: format!(
                "{} bound, for {} s",
                self.listeners.load(Ordering::Relaxed),
                self.started.elapsed().as_secs()
            ),
        }];
        checks.extend(snapshot.authenticator().issuers().iter().map(|issuer| self.issuer(issuer, now)));
        if checks.iter().all(|check| check.passes) {
            self.was_ready.store(true, Ordering::Release);
        }
        if self.draining.load(Ordering::Acquire) {
            checks.push(Check { name: "shutdown".to_owned(), passes: false, detail: "draining".to_owned() });
        }
        checks
    }

    fn publish_metrics(&self) {
        for issuer in self.snapshots.current().authenticator().issuers() {
            issuer.keys().publish_metrics();
        }
    }
}
