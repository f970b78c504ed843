//! When the next request is due: at once, or at a fixed rate whatever the answers take, so that a proxy that stalls is
//! charged for every request that it kept waiting.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use tokio::sync::Mutex;
use tokio::sync::mpsc::{UnboundedReceiver, unbounded_channel};

pub enum Schedule {
    AtOnce { left: AtomicUsize },
    Paced { due: Mutex<UnboundedReceiver<Instant>> },
}

impl Schedule {
    pub fn start(requests: usize, rate: Option<f64>) -> Self {
        let Some(rate) = rate else { return Self::AtOnce { left: AtomicUsize::new(requests) } };
        let (sender, due) = unbounded_channel();
        let pause = Duration::from_secs_f64(1.0 / rate);
        // The runtime's timer counts milliseconds; the system's sleep is good for tens of microseconds.
        std::thread::spawn(move || {
            let mut next = Instant::now();
            for _ in 0..requests {
                next += pause;
                std::thread::sleep(next.saturating_duration_since(Instant::now()));
                if sender.send(next).is_err() {
                    return;
                }
            }
        });
        Self::Paced { due: Mutex::new(due) }
    }

    /// When the next request was due; nothing when there are no more.
    pub async fn next(&self) -> Option<Instant> {
        match self {
            Self::AtOnce { left } => {
                left.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |left| left.checked_sub(1)).ok()?;
                Some(Instant::now())
            }
            Self::Paced { due } => due.lock().await.recv().await,
        }
    }
}
