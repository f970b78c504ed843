//! A changed configuration takes effect while requests run.
//!
//! Given the file and what it says so far, it looks at the content of the file about once a second (which also sees
//! Kubernetes swap a mounted volume) and whenever it is told to. What compiles is published in one step; what does not
//! changes nothing, is logged line by line, and counted. Addresses and TLS settings need a restart, and it says so.
//! New keys are fetched before they are needed, so that no request is refused because of a reload.

use std::hash::{DefaultHasher, Hash, Hasher};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime};

use tokio::sync::Notify;
use tokio::time::{MissedTickBehavior, interval, sleep};

use crate::config::{self, Settings};
use crate::proxy::{Publisher, Snapshot};
use crate::telemetry::metrics::Metrics;

/// Reloads one configuration file for as long as it runs.
#[derive(Debug)]
pub(super) struct Reloader {
    path: PathBuf,
    settings: Settings,
    publisher: Publisher,
    metrics: Arc<Metrics>,
    trigger: Arc<Notify>,
    /// The content that was last compiled, and the one that was last looked at.
    compiled: Option<u64>,
    looked_at: Option<u64>,
}

impl Reloader {
    /// Reloads `path`, whose content has just been compiled to `settings` and the current snapshot.
    pub(super) fn new(
        path: PathBuf,
        settings: Settings,
        publisher: Publisher,
        metrics: Arc<Metrics>,
        trigger: Arc<Notify>,
    ) -> Self {
        Self { path, settings, publisher, metrics, trigger, compiled: None, looked_at: None }
    }

    /// Never ends by itself.
    pub(super) async fn run(mut self) {
        self.compiled = self.content().await;
        self.looked_at = self.compiled;
        let mut looks = interval(LOOK);
        looks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            tokio::select! {
                () = self.trigger.notified() => {
                    self.looked_at = self.content().await;
                    self.reload().await;
                }
                _ = looks.tick() => self.look().await,
            }
        }
    }

    /// Reloads once the content has changed and stood still from one look to the next: an editor may be writing it.
    async fn look(&mut self) {
        let Some(content) = self.content().await else { return };
        let still = self.looked_at.replace(content) == Some(content);
        if still && self.compiled != Some(content) {
            self.reload().await;
        }
    }

    async fn content(&self) -> Option<u64> {
        let bytes = tokio::fs::read(&self.path).await.ok()?;
        let mut hasher = DefaultHasher::new();
        bytes.hash(&mut hasher);
        Some(hasher.finish())
    }

    async fn reload(&mut self) {
        self.compiled = self.looked_at;
        let (path, metrics) = (self.path.clone(), Arc::clone(&self.metrics));
        let current = self.publisher.snapshots().current();
        let compiling = move || config::load(&path, &metrics, Some(&current));
        match tokio::task::spawn_blocking(compiling).await {
            Ok(Ok(compiled)) => self.publish(compiled).await,
            Ok(Err(problems)) => {
                for problem in problems.lines() {
                    tracing::error!(problem, "The changed configuration is refused");
                }
                self.metrics.reload_failed();
            }
            Err(error) => {
                tracing::error!(%error, "The configuration could not be compiled");
                self.metrics.reload_failed();
            }
        }
    }

    async fn publish(&self, config::Compiled { settings, snapshot, warnings }: config::Compiled) {
        for warning in warnings.lines() {
            tracing::warn!(warning, "Configuration");
        }
        for (section, changed) in [
            ("listeners", settings.listeners != self.settings.listeners),
            ("admin", settings.admin != self.settings.admin),
            ("shutdown", settings.shutdown != self.settings.shutdown),
        ] {
            if changed {
                tracing::warn!(section, "A change of this section needs a restart; the rest takes effect");
            }
        }
        obtain_keys(&snapshot).await;
        self.publisher.publish(snapshot);
        #[expect(clippy::disallowed_methods, reason = "the time of a configuration, not of a request")]
        let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
        self.metrics.reloaded(now);
        tracing::info!("The configuration was reloaded");
    }
}

/// Starts every issuer and waits a while until each has keys, so that the first request need not.
async fn obtain_keys(snapshot: &Snapshot) {
    let issuers = snapshot.authenticator().issuers();
    for issuer in issuers {
        issuer.keys().start();
    }
    let started = Instant::now();
    while started.elapsed() < PATIENCE && !issuers.iter().all(|issuer| issuer.keys().is_ready(Instant::now()))
    {
        sleep(Duration::from_millis(20)).await;
    }
}

/// How often the file is looked at.
const LOOK: Duration = Duration::from_secs(1);
/// How long a reload waits for the keys of new issuers.
const PATIENCE: Duration = Duration::from_secs(5);
