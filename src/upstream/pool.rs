//! Idle connections to one endpoint.
//!
//! A connection comes here when its answer has been read to the end, and leaves as the most recently used one, so
//! that a quiet upstream ends up with few. What must stay true: a connection is never in here while an exchange runs
//! on it, and none stays longer than `IDLE_TIMEOUT`, or much longer than its endpoint keeps it open.
//!
//! Why not the pool of hyper-util: it races a new connection against every miss, does not say whether a connection
//! was used before, which decides what may be sent again, and files a connection under the address that was asked
//! for, not the one that was reached.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use super::connection::Connection;

/// The idle connections of one endpoint, the most recently used last.
#[derive(Default)]
pub(super) struct Pool(Mutex<Vec<Idle>>);

struct Idle {
    connection: Connection,
    since: Instant,
}

impl Pool {
    /// An idle connection; it may have been closed since it was last looked at, which the next exchange finds out.
    pub(super) fn take(&self, now: Instant) -> Option<Connection> {
        let mut idle = self.lock();
        while let Some(Idle { connection, since }) = idle.pop() {
            if now.saturating_duration_since(since) < IDLE_TIMEOUT {
                return Some(connection);
            }
        }
        None
    }

    /// Takes a connection back whose exchange is over; any other is closed.
    pub(super) fn put_back(&self, connection: Connection, now: Instant) {
        if connection.is_ready() {
            connection.rest();
            let mut idle = self.lock();
            if idle.len() < MAX_IDLE {
                idle.push(Idle { connection, since: now });
            }
        }
    }

    /// Closes connections that have been idle for too long or were closed by the endpoint.
    pub(super) fn reap(&self) {
        self.lock().retain_mut(|idle| idle.since.elapsed() < IDLE_TIMEOUT && idle.connection.is_open());
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
