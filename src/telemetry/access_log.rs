//! The access log: one JSON object a line on standard output.
//!
//! Lines go into a bounded buffer, from which a thread of its own writes them, so that a slow reader of standard output
//! never holds up a request. The buffer is bounded in bytes, because clients have a say in the length of lines; when it is
//! full, lines are dropped and counted rather than memory grown, and the count is logged.

use std::io::{self, Write};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

/// Where the lines go in. Cheap to clone.
#[derive(Debug, Clone)]
pub struct AccessLog(Arc<Shared>);

/// Where the lines come out; closing it waits until the last one is written.
#[derive(Debug)]
pub struct AccessLogWriter {
    shared: Arc<Shared>,
    thread: Mutex<Option<JoinHandle<()>>>,
}

#[derive(Debug, Default)]
struct Shared {
    waiting: Mutex<Waiting>,
    /// There is a first line to write, or there will be no more.
    first: Condvar,
}

#[derive(Debug, Default)]
struct Waiting {
    lines: Vec<u8>,
    /// Bytes that the writer has taken and standard output has not.
    taken: usize,
    dropped: u64,
    closed: bool,
}

impl AccessLog {
    /// A log whose lines a new thread writes to `output`.
    ///
    /// # Errors
    /// If the thread cannot be started.
    pub fn start(output: impl Write + Send + 'static) -> io::Result<(Self, AccessLogWriter)> {
        let shared = Arc::new(Shared::default());
        let writer = Arc::clone(&shared);
        let thread = std::thread::Builder::new()
            .name("access-log".to_owned())
            .spawn(move || write(&writer, output))?;
        let writer = AccessLogWriter { shared: Arc::clone(&shared), thread: Mutex::new(Some(thread)) };
        Ok((Self(shared), writer))
    }

    /// Hands over one line, which ends with a line feed.
    pub(super) fn line(&self, line: &[u8]) {
        let mut waiting = self.0.lock();
        // Bytes wait until they are written: a batch that nobody takes is memory too.
        if waiting.lines.len() + waiting.taken + line.len() > MAX_WAITING {
            waiting.dropped += 1;
            return;
        }
        let first = waiting.lines.is_empty();
        waiting.lines.extend_from_slice(line);
        drop(waiting);
        if first {
            self.0.first.notify_one();
        }
    }
}

impl AccessLogWriter {
    /// Writes what is queued and ends the thread.
    pub fn close(&self) {
        let thread = self.thread.lock().ok().and_then(|mut thread| thread.take());
        if let Some(thread) = thread {
            self.shared.lock().closed = true;
            self.shared.first.notify_one();
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

impl Shared {
    fn lock(&self) -> MutexGuard<'_, Waiting> {
        // Nothing in here can panic half-way.
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits until there is something to write, or until there will be nothing more.
    fn wait(&self) -> bool {
        let idle = |waiting: &mut Waiting| waiting.lines.is_empty() && !waiting.closed;
        let waiting = self.first.wait_while(self.lock(), idle);
        !waiting.unwrap_or_else(PoisonError::into_inner).closed
    }

    /// Exchanges the lines that wait for an empty buffer, and says how many were dropped.
    fn take(&self, batch: &mut Vec<u8>) -> u64 {
        let mut waiting = self.lock();
        std::mem::swap(&mut waiting.lines, batch);
        waiting.taken = batch.len();
        std::mem::take(&mut waiting.dropped)
    }
}

/// Bytes of lines that wait for the writer, at most: some seconds of a busy gateway.
const MAX_WAITING: usize = 8 * 1024 * 1024;
/// How long lines gather before they are written together: a wake-up per request would cost more than the request's
/// verification.
const GATHER: Duration = Duration::from_millis(10);
/// A buffer that a burst has made larger than this goes back to the system.
const USUAL: usize = 256 * 1024;

fn write(shared: &Shared, mut output: impl Write) {
    let mut batch = Vec::with_capacity(USUAL);
    let mut open = true;
    while open {
        open = shared.wait();
        if open {
            std::thread::sleep(GATHER);
        }
        let lost = shared.take(&mut batch);
        // Nobody reads the log any more: requests go on being served.
        if output.write_all(&batch).and_then(|()| output.flush()).is_err() {
            tracing::debug!("Standard output is closed");
        }
        batch.clear();
        batch.shrink_to(USUAL);
        shared.lock().taken = 0;
        if lost > 0 {
            tracing::warn!(lines = lost, "Standard output is too slow, access log lines were dropped");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Clone, Default)]
    struct Output(Arc<Mutex<Vec<u8>>>);

    impl Write for Output {
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
        let output = Output::default();
        let (log, writer) = AccessLog::start(output.clone()).unwrap();
        for number in 0..5_000 {
            log.line(format!("{number}\n").as_bytes());
        }
        writer.close();
        let text = String::from_utf8(output.0.lock().unwrap().clone()).unwrap();
        assert_eq!(text.lines().count(), 5_000);
        assert_eq!(text.lines().last(), Some("4999"));
    }

    struct Stalled(std::sync::mpsc::Receiver<()>);
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
        let (release, gate) = std::sync::mpsc::sync_channel(0);
        let (log, writer) = AccessLog::start(Stalled(gate)).unwrap();
        for _ in 0..MAX_WAITING / 4 {
            log.line(b"line\n");
        }
        assert!(log.0.lock().dropped > 0);
        drop(release);
        writer.close();
    }

    #[test]
    fn long_lines_fill_the_queue_sooner() {
        let (release, gate) = std::sync::mpsc::sync_channel(0);
        let (log, writer) = AccessLog::start(Stalled(gate)).unwrap();
        let line = vec![b'x'; 100_000];
        for _ in 0..1_000 {
            log.line(&line);
        }
        let waiting = log.0.lock();
        assert!(waiting.lines.len() + waiting.taken <= MAX_WAITING);
        assert!(waiting.dropped > 900);
        drop(waiting);
        drop(release);
        writer.close();
    }
}
