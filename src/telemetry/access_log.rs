//! The access log: one JSON object a line on standard output.
//!
//! Lines go through a bounded queue to a thread of their own, so that a slow reader of standard output never holds up a
//! request. The queue is bounded in bytes, because clients have a say in the length of lines; when it is full, lines are
//! dropped and counted rather than memory grown, and the count is logged.

use std::io::{self, Write};
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, TryRecvError, TrySendError, sync_channel};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;
use std::time::Duration;

/// Where the lines go in. Cheap to clone.
#[derive(Debug, Clone)]
pub struct AccessLog {
    queue: SyncSender<Message>,
    state: Arc<State>,
}

#[derive(Debug, Default)]
struct State {
    /// Bytes of the lines that wait.
    waiting: AtomicUsize,
    dropped: AtomicU64,
}

/// Where the lines come out; closing it waits until the last one is written.
#[derive(Debug)]
pub struct AccessLogWriter {
    queue: SyncSender<Message>,
    thread: Mutex<Option<JoinHandle<()>>>,
}

#[derive(Debug)]
enum Message {
    Line(Vec<u8>),
    Close,
}

impl AccessLog {
    /// A log whose lines a new thread writes to `output`.
    ///
    /// # Errors
    /// If the thread cannot be started.
    pub fn start(output: impl Write + Send + 'static) -> io::Result<(Self, AccessLogWriter)> {
        let (queue, lines) = sync_channel(QUEUE);
        let state = Arc::new(State::default());
        let shared = Arc::clone(&state);
        let thread = std::thread::Builder::new()
            .name("access-log".to_owned())
            .spawn(move || write(&lines, output, &shared))?;
        let writer = AccessLogWriter { queue: queue.clone(), thread: Mutex::new(Some(thread)) };
        Ok((Self { queue, state }, writer))
    }

    /// Hands over one line, which ends with a line feed.
    pub(super) fn line(&self, line: Vec<u8>) {
        let length = line.len();
        let fits = self.state.waiting.fetch_add(length, Ordering::Relaxed) < MAX_WAITING;
        if !fits || matches!(self.queue.try_send(Message::Line(line)), Err(TrySendError::Full(_))) {
            self.state.waiting.fetch_sub(length, Ordering::Relaxed);
            self.state.dropped.fetch_add(1, Ordering::Relaxed);
        }
    }
}

impl AccessLogWriter {
    /// Writes what is queued and ends the thread.
    pub fn close(&self) {
        let thread = self.thread.lock().ok().and_then(|mut thread| thread.take());
        if let Some(thread) = thread
            && self.queue.send(Message::Close).is_ok()
        {
            // A writer that panicked has nothing left to wait for.
            drop(thread.join());
        }
    }
}

impl Drop for AccessLogWriter {
    fn drop(&mut self) {
        self.close();
    }
}

/// Lines that wait for the writer: some seconds of a busy gateway.
const QUEUE: usize = 16 * 1024;
/// Bytes of them, at most.
const MAX_WAITING: usize = 8 * 1024 * 1024;
/// How long lines gather before they are written together: a wake-up per request would cost more than the request's
/// verification.
const GATHER: Duration = Duration::from_millis(10);

fn write(lines: &Receiver<Message>, mut output: impl Write, state: &State) {
    let mut batch = Vec::with_capacity(64 * 1024);
    let mut open = true;
    while open {
        match lines.recv() {
            Ok(Message::Line(line)) => batch.extend_from_slice(&line),
            Ok(Message::Close) | Err(_) => open = false,
        }
        if open {
            open = gather(lines, &mut batch);
        }
        // Nobody reads the log any more: requests go on being served.
        if output.write_all(&batch).and_then(|()| output.flush()).is_err() {
            tracing::debug!("Standard output is closed");
        }
        // The bytes wait until they are written: a batch that nobody takes is memory too.
        state.waiting.fetch_sub(batch.len(), Ordering::Relaxed);
        batch.clear();
        let lost = state.dropped.swap(0, Ordering::Relaxed);
        if lost > 0 {
            tracing::warn!(lines = lost, "Standard output is too slow, access log lines were dropped");
        }
    }
}

/// Waits a moment for company; false when the log was closed meanwhile.
fn gather(lines: &Receiver<Message>, batch: &mut Vec<u8>) -> bool {
    std::thread::sleep(GATHER);
    while batch.len() < BATCH {
        match lines.try_recv() {
            Ok(Message::Line(line)) => batch.extend_from_slice(&line),
            Ok(Message::Close) | Err(TryRecvError::Disconnected) => return false,
            Err(TryRecvError::Empty) => break,
        }
    }
    true
}

const BATCH: usize = 1024 * 1024;

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Clone, Default)]
    struct Shared(Arc<Mutex<Vec<u8>>>);

    impl Write for Shared {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.lock().unwrap().extend_from_slice(bytes);
            Ok(bytes.len())
        }
        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn closing_waits_for_every_line() {
        let output = Shared::default();
        let (log, writer) = AccessLog::start(output.clone()).unwrap();
        for number in 0..5_000 {
            log.line(format!("{number}\n").into_bytes());
        }
        writer.close();
        let text = String::from_utf8(output.0.lock().unwrap().clone()).unwrap();
        assert_eq!(text.lines().count(), 5_000);
        assert_eq!(text.lines().last(), Some("4999"));
    }

    struct Stalled(Receiver<()>);
    impl Write for Stalled {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.recv().ok();
            Ok(bytes.len())
        }
        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn a_stalled_output_costs_lines_and_not_memory_or_time() {
        let (release, gate) = sync_channel(0);
        let (log, writer) = AccessLog::start(Stalled(gate)).unwrap();
        for _ in 0..QUEUE * 4 {
            log.line(b"line\n".to_vec());
        }
        assert!(log.state.dropped.load(Ordering::Relaxed) > 0);
        drop(release);
        writer.close();
    }

    #[test]
    fn long_lines_fill_the_queue_sooner() {
        let (release, gate) = sync_channel(0);
        let (log, writer) = AccessLog::start(Stalled(gate)).unwrap();
        for _ in 0..1_000 {
            log.line(vec![b'x'; 100_000]);
        }
        assert!(log.state.waiting.load(Ordering::Relaxed) <= MAX_WAITING + 100_000);
        assert!(log.state.dropped.load(Ordering::Relaxed) > 900);
        drop(release);
        writer.close();
    }
}
