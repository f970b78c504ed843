//! A changed configuration takes effect while requests run.
//!
//! Given the file and what it says so far, it looks about once a second at the content of the file and of the files that
//! nobody else follows (which also sees Kubernetes swap a mounted volume), and reloads when that has changed or when it is
//! told to. What compiles and can be bound takes effect in one step; what does not changes nothing, is logged line by line,
//! and counted, and tried again with each look: what was wrong may be a file that is being written, or an address that is
//! still taken. New keys are fetched before they are needed, so that no request is refused because of a reload: settings under
//! which an issuer has no keys wait, and its old ones serve, for as long as those last. Who asks for a reload while one runs
//! gets one more, however many ask.

use std::error::Error as _;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime};

use tokio::sync::Notify;
use tokio::time::{MissedTickBehavior, interval, sleep};

use super::contents::{Contents, Look, Seen};
use super::readiness::Readiness;
use super::sockets::Sockets;
use crate::authn::Issuer;
use crate::config::{self, Previous, Settings};
use crate::proxy::{Publisher, Snapshot};
use crate::telemetry::metrics::Metrics;

/// Reloads one configuration file for as long as it runs. The file has just been compiled to `settings` and the current
/// snapshot, and `sockets` are those of the settings.
#[derive(Debug)]
pub(super) struct Reloader {
    pub(super) path: PathBuf,
    pub(super) settings: Settings,
    pub(super) publisher: Publisher,
    pub(super) sockets: Sockets,
    pub(super) readiness: Arc<Readiness>,
    pub(super) metrics: Arc<Metrics>,
    pub(super) trigger: Arc<Notify>,
    /// What was wrong with the configuration that was tried last, if it did not take effect.
    pub(super) refused: Option<Vec<String>>,
    /// A configuration that waits for nothing but the keys of its issuers, which it asks for meanwhile.
    pub(super) waiting: Option<config::Compiled>,
}

impl Reloader {
    /// Never ends by itself. May be dropped between two polls: a reload has then happened or not.
    pub(super) async fn run(&mut self) {
        let mut seen = Seen::new(self.contents().await);
        let mut looks = interval(LOOK);
        looks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            let asked = tokio::select! {
                () = self.trigger.notified() => true,
                _ = looks.tick() => false,
            };
            match seen.look(self.contents().await, asked) {
                Look::Changed => {
                    self.refused = None;
                    self.waiting = None;
                    self.reload().await;
                }
                Look::Same if self.refused.is_some() => self.reload().await,
                Look::Same | Look::Moving => {}
            }
        }
    }

    /// What is in the files that only a reload picks up: the configuration, and the authorities of upstreams.
    async fn contents(&self) -> Contents {
        let snapshot = self.publisher.snapshots().current();
        let authorities = snapshot.upstreams().filter_map(|upstream| upstream.spec().ca.clone());
        let mut contents = Contents::new();
        for path in std::iter::once(self.path.clone()).chain(authorities) {
            if contents.contains_key(&path) {
                continue;
            }
            let content = tokio::fs::read(&path).await.map_err(|error| error.kind()).map(|bytes| {
                let mut hasher = DefaultHasher::new();
                bytes.hash(&mut hasher);
                hasher.finish()
            });
            contents.insert(path, content);
        }
        contents
    }

    /// Tries the configuration; what is wrong is logged and counted, unless the last try has told the same.
    async fn reload(&mut self) {
        let (path, metrics) = (self.path.clone(), Arc::clone(&self.metrics));
        let (current, settings) = (self.publisher.snapshots().current(), self.settings.clone());
        let compiling = move || {
            let previous = Previous { snapshot: &current, listeners: &settings.listeners };
            config::load(&path, &metrics, Some(previous))
        };
        let taken = match self.waiting.take() {
            Some(compiled) => self.take(compiled, Duration::ZERO).await,
            None => match tokio::task::spawn_blocking(compiling).await {
                Ok(Ok(compiled)) => self.take(compiled, PATIENCE).await,
                Ok(Err(problems)) => Err(problems.lines()),
                Err(error) => Err(vec![format!("it could not be compiled: {error}")]),
            },
        };
        let refused = taken.err();
        if let Some(problems) = refused.as_ref().filter(|_| refused != self.refused) {
            for problem in problems {
                tracing::error!(problem, "The changed configuration is refused");
            }
            self.metrics.reload_failed();
        }
        self.refused = refused;
    }

    /// Has a configuration take effect, unless an address or the keys of it cannot be had: then nothing has changed.
    async fn take(&mut self, compiled: config::Compiled, patience: Duration) -> Result<(), Vec<String>> {
        let change = self.sockets.prepare(&compiled.settings).await.map_err(|error| {
            let cause = error.source().map(|cause| format!(": {cause}")).unwrap_or_default();
            vec![format!("{error}{cause}")]
        })?;
        let served = self.publisher.snapshots().current();
        let missing = obtain_keys(&compiled.snapshot, &served, patience).await;
        if !missing.is_empty() {
            self.waiting = Some(compiled);
            return Err(missing);
        }
        let config::Compiled { settings, snapshot, warnings } = compiled;
        for warning in warnings.lines() {
            tracing::warn!(warning, "Configuration");
        }
        self.publisher.publish(snapshot);
        self.settings = settings;
        self.readiness.listens(self.settings.listeners.len());
        #[expect(clippy::disallowed_methods, reason = "the time of a configuration, not of a request")]
        let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
        self.metrics.reloaded(now);
        tracing::info!("The configuration was reloaded");
        self.sockets.apply(change, self.settings.shutdown.timeout).await;
        Ok(())
    }
}

/// Starts every issuer and waits a while until each has keys, so that the first request need not. Hands on why the
/// configuration must not take effect yet: each issuer whose tokens pass now and would not then.
async fn obtain_keys(snapshot: &Snapshot, served: &Snapshot, patience: Duration) -> Vec<String> {
    let issuers = snapshot.authenticator().issuers();
    for issuer in issuers {
        issuer.keys().start();
    }
    let loses = |issuer: &Issuer| {
        let mut known = served.authenticator().issuers().iter();
        let old = known.find(|old| old.spec().issuer == issuer.spec().issuer);
        issuer.keys().are_missing() && old.is_some_and(|old| !old.keys().are_missing())
    };
    let waits = |issuer: &Issuer| !issuer.keys().is_ready(Instant::now()) || loses(issuer);
    let started = Instant::now();
    while started.elapsed() < patience && issuers.iter().any(|issuer| waits(issuer)) {
        sleep(Duration::from_millis(20)).await;
    }
    let missing = issuers.iter().filter(|issuer| loses(issuer) && !issuer.keys().may_be_missing());
    missing
        .map(|issuer| {
            let name = &issuer.spec().name;
            format!("the issuer `{name}` has no keys from its new source yet, and its old ones serve on; see that it can be asked, or set `on_start: degrade`")
        })
        .collect()
}

/// How often the file is looked at.
const LOOK: Duration = Duration::from_secs(1);
/// How long a reload waits for the keys of new issuers.
const PATIENCE: Duration = Duration::from_secs(5);
