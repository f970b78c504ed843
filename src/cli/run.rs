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
            // Before the sockets are bound, so that no signal finds its default action.
            let shutdown = shutdown_signal(|| {}).map_err(app::Error::Start)?;
            let mut hangup = signal(SignalKind::hangup()).map_err(app::Error::Start)?;
            let bound = app.bind().await?;
            let reload = bound.reload_trigger();
            tokio::spawn(async move {
                while hangup.recv().await.is_some() {
                    reload.notify_one();
                }
            });
            bound.run(shutdown).await;
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

/// Resolves with the first SIGTERM or SIGINT; a second one ends the process at once, after `last`.
pub(super) fn shutdown_signal(last: impl FnOnce() + Send + 'static) -> io::Result<impl Future<Output = ()>> {
    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    let (first, received) = tokio::sync::oneshot::channel();
    tokio::spawn(async move {
        let (mut first, mut last) = (Some(first), Some(last));
        loop {
            tokio::select! {
                _ = terminate.recv() => {}
                _ = interrupt.recv() => {}
            }
            let Some(first) = first.take() else {
                tracing::warn!("A second signal, ending at once");
                if let Some(last) = last.take() {
                    last();
                }
                std::process::exit(1);
            };
            // Without a receiver the gateway has already stopped.
            if first.send(()).is_err() {
                tracing::debug!("Already stopped");
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
    let mut causes = vec![format!("jwtgate: {error}")];
    let mut cause = std::error::Error::source(error);
    while let Some(error) = cause {
        causes.push(error.to_string());
        cause = error.source();
    }
    complain([causes.join(": ")]);
    failure()
}
