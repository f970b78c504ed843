//! What one connection is doing, and how long it may go on doing so.
//!
//! hyper knows one timeout for "no complete head yet". This part tells apart what it cannot: a head that has begun
//! and does not end (slowloris; short), a kept-alive connection with nothing to do (harmless; long), and, for
//! HTTP/2, a connection without streams, which hyper would keep for ever. It sees the bytes that arrive, the requests
//! that hyper hands over and the moments at which hyper waits for a head.
//!
//! It also keeps the timer wheel out of the request path: hyper makes and drops a timer for every request, which here
//! is a note in an atomic; the connection has one real timer that looks at the note now and then.

use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

use hyper::rt::{Sleep, Timer};

/// From the first byte of a head (on a new connection: from accepting it) to the end of the head.
pub(super) const HEAD_TIMEOUT: Duration = Duration::from_secs(30);

/// How long a connection that has carried a request may be idle. Longer than the load balancers in front keep theirs
/// (Google's 600 s is the longest), so that they and not we close, and no request meets a connection just closed.
pub(super) const IDLE_TIMEOUT: Duration = Duration::from_secs(620);

/// How long a client may take nothing of what it is sent. Streams that are quiet because their upstream is are not meant:
/// time runs only while bytes wait to be taken.
pub(super) const WRITE_TIMEOUT: Duration = Duration::from_mins(1);

/// How long each state of a connection may last.
#[derive(Debug, Clone, Copy)]
pub(super) struct Limits {
    pub(super) head: Duration,
    pub(super) idle: Duration,
    pub(super) write: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self { head: HEAD_TIMEOUT, idle: IDLE_TIMEOUT, write: WRITE_TIMEOUT }
    }
}

/// The state of one connection. All of it changes in the connection's own task, but for the ends of HTTP/2 streams.
#[derive(Debug)]
pub(super) struct Activity {
    limits: Limits,
    opened: Instant,
    /// Milliseconds after `opened` at which the present wait began.
    since: AtomicU64,
    /// A byte came since the wait began.
    received: AtomicBool,
    /// At least one request was handed over.
    served: AtomicBool,
    http2: AtomicBool,
    in_flight: AtomicUsize,
    expired: AtomicBool,
    /// Milliseconds after `opened`, and one, since when the client has taken nothing of what waits; zero: nothing waits.
    stalled: AtomicU64,
}

impl Activity {
    pub(super) fn new(limits: Limits) -> Self {
        Self {
            limits,
            opened: Instant::now(),
            since: AtomicU64::new(0),
            received: AtomicBool::new(false),
            served: AtomicBool::new(false),
            http2: AtomicBool::new(false),
            in_flight: AtomicUsize::new(0),
            expired: AtomicBool::new(false),
            stalled: AtomicU64::new(0),
        }
    }

    /// The client took bytes, or (`blocked`) could not be given any.
    pub(super) fn write(&self, blocked: bool) {
        let stalled = self.stalled.load(Ordering::Relaxed);
        if blocked && stalled == 0 {
            self.stalled.store(self.elapsed() + 1, Ordering::Relaxed);
        } else if !blocked && stalled != 0 {
            self.stalled.store(0, Ordering::Relaxed);
        }
    }

    /// Whether the client has taken nothing for too long.
    pub(super) fn is_stalled(&self) -> bool {
        let stalled = self.stalled.load(Ordering::Relaxed);
        stalled != 0 && Duration::from_millis(self.elapsed().saturating_sub(stalled)) >= self.limits.write
    }

    /// Bytes came from the client.
    pub(super) fn receive(&self, bytes: &[u8]) {
        if self.received.load(Ordering::Relaxed) || self.in_flight.load(Ordering::Relaxed) > 0 {
            return;
        }
        self.received.store(true, Ordering::Relaxed);
        if self.served.load(Ordering::Relaxed) {
            self.begin_wait();
        } else if bytes.starts_with(b"PRI") {
            // The connection preface of RFC 9113 §3.4; no method of HTTP/1 in use begins so.
            self.http2.store(true, Ordering::Relaxed);
        }
    }

    /// A complete head was handed over. The request is in flight until the result is dropped.
    pub(super) fn begin(self: &Arc<Self>) -> InFlight {
        self.served.store(true, Ordering::Relaxed);
        // Also of a head that came together with the one before.
        self.received.store(true, Ordering::Relaxed);
        self.in_flight.fetch_add(1, Ordering::Relaxed);
        InFlight(Arc::clone(self))
    }

    /// Whether a head of HTTP/1 has begun and not ended. Closing now would lose a request.
    pub(super) fn is_mid_head(&self) -> bool {
        self.received.load(Ordering::Relaxed)
            && !self.http2.load(Ordering::Relaxed)
            && self.in_flight.load(Ordering::Relaxed) == 0
    }

    /// Whether several requests are in flight.
    pub(super) fn is_shared(&self) -> bool {
        self.in_flight.load(Ordering::Relaxed) > 1
    }

    pub(super) fn is_http2(&self) -> bool {
        self.http2.load(Ordering::Relaxed)
    }

    /// TLS has negotiated HTTP/2.
    pub(super) fn set_http2(&self) {
        self.http2.store(true, Ordering::Relaxed);
    }

    /// How long until the connection has to be looked at again; zero when it has used up its time.
    pub(super) fn remaining(&self) -> Duration {
        if self.in_flight.load(Ordering::Relaxed) > 0 {
            return if self.is_stalled() { Duration::ZERO } else { self.limits.head.min(self.limits.write) };
        }
        let head = !self.served.load(Ordering::Relaxed) || self.is_mid_head();
        let limit = if head { self.limits.head } else { self.limits.idle };
        let since = Duration::from_millis(self.since.load(Ordering::Relaxed));
        // Never later than one head's time: a head may begin while an idle connection is being waited for.
        (since + limit).saturating_sub(self.opened.elapsed()).min(self.limits.head)
    }

    /// Makes hyper's next look at its timer find that the time is up.
    pub(super) fn expire(&self) {
        self.expired.store(true, Ordering::Relaxed);
    }

    pub(super) fn is_expired(&self) -> bool {
        self.expired.load(Ordering::Relaxed)
    }

    fn begin_wait(&self) {
        self.since.store(self.elapsed(), Ordering::Relaxed);
    }

    /// Milliseconds after `opened`.
    fn elapsed(&self) -> u64 {
        u64::try_from(self.opened.elapsed().as_millis()).unwrap_or(u64::MAX)
    }

    /// hyper waits for the next head, or the last stream of HTTP/2 has ended.
    fn wait(&self) {
        // The first head's time runs from accepting, whatever was read to tell the protocols apart.
        // Both ends of a request tell of the same wait: the clock is read for one of them.
        if self.served.load(Ordering::Relaxed) && self.received.swap(false, Ordering::Relaxed) {
            self.begin_wait();
        }
    }
}

/// One request, from its head to the last byte of its answer.
#[derive(Debug)]
pub(super) struct InFlight(Arc<Activity>);

impl Drop for InFlight {
    fn drop(&mut self) {
        if self.0.in_flight.fetch_sub(1, Ordering::Relaxed) == 1 {
            self.0.wait();
        }
    }
}

/// What hyper's HTTP/1 server takes for a timer. It asks for one whenever it waits for a head, and for nothing else.
#[derive(Debug)]
pub(super) struct HeadTimer(pub(super) Arc<Activity>);

impl Timer for HeadTimer {
    fn sleep(&self, _: Duration) -> Pin<Box<dyn Sleep>> {
        self.0.wait();
        Box::pin(HeadWait(Arc::clone(&self.0)))
    }

    fn sleep_until(&self, _: Instant) -> Pin<Box<dyn Sleep>> {
        self.sleep(Duration::ZERO)
    }

    /// Deadlines are ours to tell, so the clock need not be read for hyper's.
    fn now(&self) -> Instant {
        self.0.opened
    }

    fn reset(&self, _: &mut Pin<Box<dyn Sleep>>, _: Instant) {
        self.0.wait();
    }
}

/// Ends when the connection's one timer has found that the time is up. It wakes nobody: that timer is polled by the
/// very task that polls this.
struct HeadWait(Arc<Activity>);

impl Future for HeadWait {
    type Output = ();

    fn poll(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<()> {
        if self.0.expired.load(Ordering::Relaxed) { Poll::Ready(()) } else { Poll::Pending }
    }
}

impl Sleep for HeadWait {}

#[cfg(test)]
mod tests {
    use super::*;

    const LIMITS: Limits = Limits {
        head: Duration::from_secs(30),
        idle: Duration::from_mins(10),
        write: Duration::from_mins(1),
    };

    fn idle(activity: &Activity) -> bool {
        // Capped at the head's time, an idle connection still shows it whole; a head begun at the start would not.
        activity.remaining() > Duration::from_millis(29_900)
    }

    #[test]
    fn the_first_head_has_its_time_from_accepting() {
        let activity = Arc::new(Activity::new(LIMITS));
        std::thread::sleep(Duration::from_millis(150));
        activity.receive(b"GET / HT");
        HeadTimer(Arc::clone(&activity)).sleep(Duration::ZERO);
        assert!(!idle(&activity));
        assert!(activity.is_mid_head());
    }

    #[test]
    fn after_an_answer_the_connection_is_idle_until_the_next_byte() {
        let activity = Arc::new(Activity::new(LIMITS));
        activity.receive(b"GET / HTTP/1.1\r\n\r\n");
        let request = activity.begin();
        activity.receive(b"body");
        assert!(!activity.is_mid_head());
        drop(request);
        std::thread::sleep(Duration::from_millis(150));
        assert!(idle(&activity) && !activity.is_mid_head());
        activity.receive(b"G");
        assert!(activity.is_mid_head());
        std::thread::sleep(Duration::from_millis(150));
        assert!(!idle(&activity));
    }

    #[test]
    fn pings_on_an_idle_http2_connection_are_no_head() {
        let activity = Arc::new(Activity::new(LIMITS));
        activity.receive(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n");
        assert!(!activity.is_mid_head());
        drop(activity.begin());
        activity.receive(b"\0\0\x08\x06\x01");
        assert!(!activity.is_mid_head());
        std::thread::sleep(Duration::from_millis(150));
        assert!(idle(&activity));
    }
}
