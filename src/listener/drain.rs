//! The end of a process, or of one listener, in two signals, and the count of what is still open.
//!
//! `stop` ends accepting and asks every connection to finish politely; `force` ends what is left. Connections hold a
//! token for as long as their socket is open, also after an upgrade has taken it out of HTTP, so `drained` cannot
//! tell too early. Nothing here waits on its own: how long each phase lasts is the caller's business.

use std::fmt;
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, OnceLock};
use std::task::{Context, Wake, Waker};

use tokio::task::JoinHandle;
use tokio_util::sync::{CancellationToken, WaitForCancellationFutureOwned};
use tokio_util::task::TaskTracker;
use tokio_util::task::task_tracker::TaskTrackerToken;

/// Two signals and a tracker, shared by every listener, connection and upgraded stream of the process. Each listener has a
/// child of its own, which can end before the process does.
#[derive(Debug, Clone, Default)]
pub struct Drain {
    polite: CancellationToken,
    forced: CancellationToken,
    open: TaskTracker,
}

impl Drain {
    /// Nothing is ending yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// A drain that ends with this one, or by itself before; what it counts as open this one counts.
    #[must_use]
    pub fn child(&self) -> Self {
        Self { polite: self.polite.child_token(), forced: self.forced.child_token(), open: self.open.clone() }
    }

    /// First phase: stop accepting; connections finish the requests in flight and close, idle ones at once.
    pub fn stop(&self) {
        self.polite.cancel();
    }

    /// Second phase: whatever is still open is closed now.
    pub fn force(&self) {
        self.polite.cancel();
        self.forced.cancel();
    }

    /// Resolves once `stop` or `force` was called.
    pub async fn stopped(&self) {
        self.polite.cancelled().await;
    }

    /// Resolves once `force` was called.
    pub async fn forced(&self) {
        self.forced.cancelled().await;
    }

    /// Resolves once the drain has begun and every listener, connection and upgraded stream has ended; of a child, those of
    /// its parent too.
    pub async fn drained(&self) {
        self.stopped().await;
        self.open.close();
        self.open.wait().await;
    }

    /// How many things are still open; for the log line of a drain that takes long.
    pub fn open(&self) -> usize {
        self.open.len()
    }

    /// Runs `task` and counts it as open until it ends. The task itself must heed `forced`.
    pub fn spawn(&self, task: impl Future<Output = ()> + Send + 'static) {
        drop(self.start(task));
    }

    /// As `spawn`, for whoever wants to know when the task has ended.
    pub fn start(&self, task: impl Future<Output = ()> + Send + 'static) -> JoinHandle<()> {
        self.open.spawn(task)
    }

    /// Counts as open until dropped.
    pub(super) fn token(&self) -> TaskTrackerToken {
        self.open.token()
    }

    pub(super) fn signal(&self) -> Signal {
        let gate = Arc::new(Gate { woken: AtomicBool::new(true), task: OnceLock::new() });
        Signal {
            polite: Box::pin(self.polite.clone().cancelled_owned()),
            forced: Box::pin(self.forced.clone().cancelled_owned()),
            waker: Waker::from(Arc::clone(&gate)),
            gate,
            phase: Phase::Serving,
        }
    }
}

/// Which of the two signals has been given.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Phase {
    /// None.
    Serving,
    /// `stop`.
    Polite,
    /// `force`.
    Forced,
}

/// The phase as one connection sees it.
///
/// A cancellation token takes a lock whenever it is asked, and a connection is polled several times a request; all
/// connections would meet at that lock. So the tokens are asked only when they have woken this signal; any other
/// poll costs one load of an atomic of the connection's own. A signal must be polled by one task only.
pub(super) struct Signal {
    polite: Pin<Box<WaitForCancellationFutureOwned>>,
    forced: Pin<Box<WaitForCancellationFutureOwned>>,
    gate: Arc<Gate>,
    waker: Waker,
    phase: Phase,
}

impl Signal {
    /// The phase now; the task is woken when it changes.
    pub(super) fn poll(&mut self, context: &Context<'_>) -> Phase {
        if self.gate.woken.load(Ordering::Acquire) {
            self.gate.task.get_or_init(|| context.waker().clone());
            // Cleared before asking, so that a signal given meanwhile is not lost.
            self.gate.woken.store(false, Ordering::Release);
            let mut context = Context::from_waker(&self.waker);
            if self.forced.as_mut().poll(&mut context).is_ready() {
                self.phase = Phase::Forced;
            } else if self.polite.as_mut().poll(&mut context).is_ready() {
                self.phase = Phase::Polite;
            }
        }
        self.phase
    }
}

impl fmt::Debug for Signal {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Signal").field("phase", &self.phase).finish_non_exhaustive()
    }
}

/// Remembers that one of the tokens has called, and passes the call on to the connection's task.
struct Gate {
    woken: AtomicBool,
    task: OnceLock<Waker>,
}

impl Wake for Gate {
    fn wake(self: Arc<Self>) {
        self.wake_by_ref();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        self.woken.store(true, Ordering::Release);
        if let Some(task) = self.task.get() {
            task.wake_by_ref();
        }
    }
}

#[cfg(test)]
mod tests {
    use std::future::poll_fn;
    use std::task::Poll;
    use std::time::Duration;

    use super::*;

    async fn reached(signal: &mut Signal, phase: Phase) {
        let wait =
            poll_fn(|context| if signal.poll(context) == phase { Poll::Ready(()) } else { Poll::Pending });
        tokio::time::timeout(Duration::from_secs(5), wait).await.expect("the signal wakes the task");
    }

    #[tokio::test]
    async fn each_phase_wakes_a_waiting_task() {
        let drain = Drain::new();
        let mut signal = drain.signal();
        let task = tokio::spawn(async move {
            reached(&mut signal, Phase::Polite).await;
            reached(&mut signal, Phase::Forced).await;
        });
        tokio::task::yield_now().await;
        drain.stop();
        tokio::time::sleep(Duration::from_millis(20)).await;
        assert!(!task.is_finished());
        drain.force();
        task.await.unwrap();
    }

    #[tokio::test]
    async fn a_child_ends_alone_or_with_its_parent() {
        let parent = Drain::new();
        let (one, other) = (parent.child(), parent.child());
        one.stop();
        let (mut ended, mut serving) = (one.signal(), other.signal());
        reached(&mut ended, Phase::Polite).await;
        reached(&mut serving, Phase::Serving).await;
        one.force();
        reached(&mut ended, Phase::Forced).await;
        reached(&mut serving, Phase::Serving).await;
        let token = other.token();
        assert_eq!(parent.open(), 1);
        parent.force();
        reached(&mut serving, Phase::Forced).await;
        drop(token);
        tokio::time::timeout(Duration::from_secs(5), parent.drained()).await.unwrap();
    }

    #[tokio::test]
    async fn drained_waits_for_the_beginning_and_for_every_token() {
        let drain = Drain::new();
        let waiting = tokio::spawn({
            let drain = drain.clone();
            async move { drain.drained().await }
        });
        tokio::time::sleep(Duration::from_millis(20)).await;
        assert!(!waiting.is_finished(), "nothing is open, but no drain has begun");
        let token = drain.token();
        drain.stop();
        tokio::time::sleep(Duration::from_millis(20)).await;
        assert!(!waiting.is_finished(), "a token is held");
        drop(token);
        tokio::time::timeout(Duration::from_secs(5), waiting).await.unwrap().unwrap();
    }
}
