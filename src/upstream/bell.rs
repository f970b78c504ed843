//! Whom to wake when something happens on an upstream connection.
//!
//! Given the waker of the task that has the connection now; hands on one waker for all that the connection waits for, as
//! long as it lives. What happens while that task is at work on the connection wakes nobody: the task looks once more
//! before it goes to sleep. An idle connection has no task, and only remembers that something happened. What must stay
//! true: nothing that happens is lost.

use std::sync::atomic::{AtomicU8, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Wake, Waker};

/// What a connection rings when it wants to be polled.
#[derive(Debug, Default)]
pub(super) struct Bell {
    state: AtomicU8,
    task: Mutex<Option<Waker>>,
}

/// Nothing has happened since it was last polled.
const QUIET: u8 = 0;
/// It is being polled, and nothing has happened that this poll has not seen.
const POLLED: u8 = 1;
/// Something has happened.
const RUNG: u8 = 2;

impl Bell {
    /// Rings for this task from now on.
    pub(super) fn listen(&self, task: &Waker) {
        let mut listener = self.lock();
        if !listener.as_ref().is_some_and(|listener| listener.will_wake(task)) {
            *listener = Some(task.clone());
        }
    }

    /// Rings for nobody: a waker would keep its task's memory.
    pub(super) fn forget(&self) {
        *self.lock() = None;
    }

    /// A poll begins, which will see all that has happened.
    pub(super) fn begin(&self) {
        self.state.store(POLLED, Ordering::Release);
    }

    /// A poll has ended; false if something happened meanwhile, so that another one is due.
    pub(super) fn end(&self) -> bool {
        self.state.compare_exchange(POLLED, QUIET, Ordering::AcqRel, Ordering::Acquire).is_ok()
    }

    /// Whether something has happened since the last poll.
    pub(super) fn has_rung(&self) -> bool {
        self.state.load(Ordering::Acquire) != QUIET
    }

    fn lock(&self) -> MutexGuard<'_, Option<Waker>> {
        // Nothing in here can panic half-way.
        self.task.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Wake for Bell {
    fn wake(self: Arc<Self>) {
        self.wake_by_ref();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        // Of several rings between two polls one is enough.
        if self.state.swap(RUNG, Ordering::AcqRel) == QUIET
            && let Some(task) = &*self.lock()
        {
            task.wake_by_ref();
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::AtomicUsize;

    use super::*;

    #[derive(Default)]
    struct Count(AtomicUsize);

    impl Wake for Count {
        fn wake(self: Arc<Self>) {
            self.0.fetch_add(1, Ordering::Relaxed);
        }
    }

    fn rung(bell: &Arc<Bell>, count: &Count) -> usize {
        Waker::from(Arc::clone(bell)).wake();
        count.0.load(Ordering::Relaxed)
    }

    #[test]
    fn it_wakes_its_task_once_between_two_polls_and_never_in_one() {
        let (bell, count) = (Arc::new(Bell::default()), Arc::new(Count::default()));
        bell.listen(&Waker::from(Arc::clone(&count)));
        bell.begin();
        assert_eq!(rung(&bell, &count), 0);
        assert!(!bell.end(), "another poll is due");
        bell.begin();
        assert!(bell.end() && !bell.has_rung());
        assert_eq!((rung(&bell, &count), rung(&bell, &count)), (1, 1));
        assert!(bell.has_rung());
    }

    #[test]
    fn without_a_task_it_remembers() {
        let (bell, count) = (Arc::new(Bell::default()), Arc::new(Count::default()));
        bell.listen(&Waker::from(Arc::clone(&count)));
        bell.forget();
        assert_eq!((rung(&bell, &count), bell.has_rung()), (0, true));
    }
}
