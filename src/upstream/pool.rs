//! Idle connections to one endpoint.
//!
//! A connection comes here when its answer has been read to the end, and leaves as the most recently used one, so
//! that a quiet upstream ends up with few. What must stay true: a connection is never in here while an exchange runs
//! on it, and none stays longer than `IDLE_TIMEOUT`.
//!
//! Why not the pool of hyper-util: it races a new connection against every miss, does not say whether a connection
//! was used before, which decides what may be sent again, and files a connection under the address that was asked
//! for, not the one that was reached.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use super::connector::Sender;

/// The idle connections of one endpoint, the most recently used last.
#[derive(Default)]
pub(super) struct Pool(Mutex<Vec<Idle>>);

struct Idle {
    sender: Sender,
    since: Instant,
}

impl Pool {
    /// An idle connection that was open a moment ago.
    pub(super) fn take(&self, now: Instant) -> Option<Sender> {
        let mut idle = self.lock();
        while let Some(Idle { sender, since }) = idle.pop() {
            if sender.is_ready() && now.saturating_duration_since(since) < IDLE_TIMEOUT {
                return Some(sender);
            }
        }
        None
    }

    /// Takes the connection back as soon as its exchange is over; one that cannot carry another is dropped.
    pub(super) fn put_back(self: &Arc<Self>, mut sender: Sender, now: Instant) {
        if sender.is_ready() {
            self.put(sender, now);
        } else if !sender.is_closed() {
            let pool = Arc::clone(self);
            drop(tokio::spawn(async move {
                if sender.ready().await.is_ok() {
                    pool.put(sender, Instant::now());
                }
            }));
        }
    }

    /// Closes connections that have been idle for too long or were closed by the endpoint.
    pub(super) fn reap(&self) {
        self.lock().retain(|idle| !idle.sender.is_closed() && idle.since.elapsed() < IDLE_TIMEOUT);
    }

    fn put(&self, sender: Sender, now: Instant) {
        let mut idle = self.lock();
        if idle.len() < MAX_IDLE {
            idle.push(Idle { sender, since: now });
        }
    }

    fn lock(&self) -> MutexGuard<'_, Vec<Idle>> {
        // Nothing in here can panic half-way.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    #[cfg(test)]
    pub(super) fn len(&self) -> usize {
        self.lock().len()
    }
}

/// Shorter than the keep-alive of common servers (60 s and more), so that we and not they end an idle connection.
const IDLE_TIMEOUT: Duration = Duration::from_secs(45);
const MAX_IDLE: usize = 512;
