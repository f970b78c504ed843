//! `jwtgate run`: serves until a signal, then drains.

use std::io;
use std::path::Path;
use std::process::ExitCode;

use tokio::runtime::{Builder, Runtime};
use tokio::signal::unix::{SignalKind, signal};

use super::{SUCCESS, complain, failure, refused};
use crate::app::{self, App};

pub(super) fn run(config: &Path) -> ExitCode {
    let app = match App::load(config) {
        Ok(app) => app,
        Err(error) => return explain(&error),
    };
    let served = runtime().map_err(app::Error::Start).and_then(|runtime| {
        runtime.block_on(async {
            let shutdown = shutdown_signal().map_err(app::Error::Start)?;
            app.bind().await?.run(shutdown).await;
            Ok(())
        })
    });
    match served {
        Ok(()) => SUCCESS,
        Err(error) => explain(&error),
    }
}

/// A runtime with as many workers as the process may use processors: `available_parallelism` follows the CPU quota of the
/// cgroup and the affinity mask, not the cores of the host. More workers than that would be throttled in turn.
pub(super) fn runtime() -> io::Result<Runtime> {
    let workers = std::thread::available_parallelism()?.get();
    tracing::info!(workers, version = env!("CARGO_PKG_VERSION"), "Starting");
    Builder::new_multi_thread().worker_threads(workers).enable_all().build()
}

/// Resolves with the first SIGTERM or SIGINT; a second one ends the process at once.
pub(super) fn shutdown_signal() -> io::Result<impl Future<Output = ()>> {
    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    let mut hangup = signal(SignalKind::hangup())?;
    let (first, received) = tokio::sync::oneshot::channel();
    tokio::spawn(async move {
        let mut first = Some(first);
        loop {
            tokio::select! {
                _ = terminate.recv() => {}
                _ = interrupt.recv() => {}
                _ = hangup.recv() => {
                    tracing::warn!("The configuration is not reloaded while running; restart to apply a change");
                    continue;
                }
            }
            match first.take() {
                // Without a receiver the gateway has already stopped.
                Some(first) => drop(first.send(())),
                None => {
                    tracing::warn!("A second signal, ending at once");
                    std::process::exit(1);
                }
            }
        }
    });
    Ok(async {
        // An error means that the task above is gone: then nothing could end the gateway, so it ends.
        drop(received.await);
    })
}

/// Says why the gateway does not run. A refused configuration is the operator's to mend, anything else a failure.
pub(super) fn explain(error: &app::Error) -> ExitCode {
    if let app::Error::Config(problems) = error {
        complain(problems.lines());
        return refused();
    }
    let mut line = format!("jwtgate: {error}");
    let mut cause = std::error::Error::source(error);
    while let Some(error) = cause {
        line.push_str(&format!(": {error}"));
        cause = error.source();
    }
    complain([line]);
    failure()
}
