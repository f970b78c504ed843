//! The keys of one issuer, as requests and operators see them.
//!
//! Given a source, it owns what is known of the keys and the one task that keeps them fresh: made, it has read what is
//! on this machine; started, it asks; dropped, it stops. It hands on keys to requests, and to operators whether it is
//! ready, how it fares, and a refresh when they want one.

use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::time::Instant;

use tokio::task::AbortHandle;

use super::fetch::Fetcher;
use super::key::VerificationKey;
use super::local::{self, KeyFile, Kind};
use super::location::Location;
use super::lookup::KeyFailure;
use super::provider::Provider;
use super::set::KeySet;
use super::shared::{Shared, Timing};
use super::source::{FetchOptions, KeySource, KeySourceError, OnStart, SecretSource};
use super::task::Task;
use crate::authn::{Algorithm, Algorithms};
use crate::telemetry::metrics::IssuerMetrics;

/// The keys of one issuer. Dropping it stops the task that keeps them fresh.
#[derive(Debug)]
pub struct Keys {
    pub(super) made_from: MadeFrom,
    pub(super) shared: Arc<Shared>,
    ready_without: bool,
    pub(super) task: Mutex<Option<Task>>,
    running: OnceLock<Running>,
}

/// What keys were made from.
#[derive(Debug, PartialEq)]
pub(super) struct MadeFrom {
    pub(super) issuer: String,
    pub(super) algorithms: Algorithms,
    pub(super) source: KeySource,
    pub(super) options: FetchOptions,
}

/// Why an operator's refresh brought nothing.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{reason}")]
pub struct RefreshFailed {
    reason: Arc<str>,
}

impl Keys {
    /// Reads local files, so that mistakes in them are found; fetches nothing and starts nothing.
    pub fn new(
        name: &Arc<str>,
        issuer: &str,
        algorithms: &Algorithms,
        source: KeySource,
        options: &FetchOptions,
        metrics: IssuerMetrics,
    ) -> Result<Self, KeySourceError> {
        Self::with_timing(name, issuer, algorithms, source, options, metrics, Timing::default())
    }

    pub(super) fn with_timing(
        name: &Arc<str>,
        issuer: &str,
        algorithms: &Algorithms,
        source: KeySource,
        options: &FetchOptions,
        metrics: IssuerMetrics,
        timing: Timing,
    ) -> Result<Self, KeySourceError> {
        let made_from = MadeFrom {
            issuer: issuer.to_owned(),
            algorithms: algorithms.clone(),
            source: source.clone(),
            options: options.clone(),
        };
        let shared = Arc::new(Shared::new(Arc::clone(name), source.is_remote(), metrics, timing));
        let file = |path, kind| KeyFile { path, kind, issuer: issuer.into(), algorithms: algorithms.clone() };
        let task = match source {
            KeySource::Discovery => {
                let fetcher = Fetcher::new(options)?;
                let (allow_http, good_for) = (options.allow_http, options.refresh_min);
                let provider = Provider::discovered(issuer, fetcher, algorithms, allow_http, good_for);
                Task::remote(&shared, issuer, provider.map_err(KeySourceError::Issuer)?, options)?
            }
            KeySource::JwksUri(uri) => {
                let place = Location::parse(&uri, options.allow_http).map_err(KeySourceError::JwksUri)?;
                let provider = Provider::at(place, issuer, Fetcher::new(options)?, algorithms);
                Task::remote(&shared, issuer, provider, options)?
            }
            KeySource::JwksFile(path) => Task::file(&shared, file(path, Kind::Jwks))?,
            KeySource::PemFile(path) => Task::file(&shared, file(path, Kind::Pem))?,
            KeySource::Secret(SecretSource::File(path)) => Task::file(&shared, file(path, Kind::Secret))?,
            KeySource::Secret(SecretSource::Env(name)) => {
                shared.take(Arc::new(local::secret_of_variable(&name, algorithms)?), None);
                Task::Nothing
            }
        };
        Ok(Self {
            made_from,
            shared,
            ready_without: options.on_start == OnStart::Degrade,
            task: Mutex::new(Some(task)),
            running: OnceLock::new(),
        })
    }

    /// These and no others: they come from nowhere, and nothing keeps them fresh.
    pub fn of_set(name: &Arc<str>, set: KeySet, metrics: IssuerMetrics) -> Self {
        let shared = Arc::new(Shared::new(Arc::clone(name), false, metrics, Timing::default()));
        shared.take(Arc::new(set), None);
        let made_from = MadeFrom {
            issuer: String::new(),
            algorithms: Algorithms::asymmetric(),
            source: KeySource::Discovery,
            options: FetchOptions::default(),
        };
        Self { made_from, shared, ready_without: true, task: Mutex::new(None), running: OnceLock::new() }
    }

    /// Whether `Keys::new` would make the same keys of this: then a reload goes on with these.
    pub fn is_made_from(
        &self,
        issuer: &str,
        algorithms: &Algorithms,
        source: &KeySource,
        options: &FetchOptions,
    ) -> bool {
        let MadeFrom {
            issuer: old_issuer,
            algorithms: old_algorithms,
            source: old_source,
            options: old_options,
        } = &self.made_from;
        old_issuer == issuer && old_algorithms == algorithms && old_source == source && old_options == options
    }

    /// Starts the background task. Starting twice is starting once. Needs a tokio runtime.
    pub fn start(&self) {
        let task = self.task.lock().unwrap_or_else(PoisonError::into_inner).take();
        let Some(task) = task else { return };
        // Set once: the task was taken out once.
        drop(self.running.set(Running { since: Instant::now(), task: task.spawn() }));
    }

    /// The keys to verify a token with that has this header; at least one.
    pub async fn select(
        &self,
        kid: Option<&str>,
        algorithm: Algorithm,
    ) -> Result<Vec<Arc<VerificationKey>>, KeyFailure> {
        self.shared.select(kid, algorithm).await
    }

    /// Keys for a token of this header after none of those that it was tried with has made its signature: whether there are
    /// others by now, asked for where that makes sense.
    ///
    /// # Errors
    /// Where it makes sense, and too many wait already.
    pub async fn reconsider(
        &self,
        kid: Option<&str>,
        algorithm: Algorithm,
        tried: &[Arc<VerificationKey>],
    ) -> Result<bool, KeyFailure> {
        Ok(self.shared.reconsider(kid, algorithm, tried).await?.is_some())
    }

    /// The keys that are there now, for people who ask; a token's are chosen by [`Keys::select`].
    pub fn known(&self) -> Vec<Arc<VerificationKey>> {
        self.shared.store.current().map(|set| set.keys().to_vec()).unwrap_or_default()
    }

    /// Whether there is nothing to verify a token with: no set was obtained yet, or the last is no longer trusted.
    pub fn are_missing(&self) -> bool {
        self.shared.store.current().is_none()
    }

    /// Whether the configuration says that the gateway may go on without these keys.
    pub fn may_be_missing(&self) -> bool {
        self.ready_without
    }

    /// Whether the keys are there, or were asked for and could not be had.
    pub fn is_settled(&self) -> bool {
        !self.are_missing() || self.shared.fetches.progress().finished > 0
    }

    /// Grows whenever a key is withdrawn or replaced, and when the keys are no longer trusted: what was verified under
    /// an older generation must be verified again. Read it before [`Keys::select`], never after.
    pub fn generation(&self) -> u64 {
        self.shared.store.generation()
    }

    /// Whether the gateway may say that it is ready, as far as this issuer goes: it has had keys, has failed to get
    /// them for 30 s, or may start without.
    pub fn is_ready(&self, now: Instant) -> bool {
        let patience = self.shared.timing.readiness_patience;
        self.ready_without
            || self.shared.store.current().is_some()
            || self.shared.fetches.progress().obtained.is_some()
            || self
                .running
                .get()
                .is_some_and(|running| now.saturating_duration_since(running.since) >= patience)
    }

    /// Why the file of these keys cannot be used any more, while those that were in it serve on. For people.
    pub fn broken_file(&self) -> Option<Arc<str>> {
        let failure = self.shared.fetches.progress().failure.clone();
        failure.filter(|_| !self.made_from.source.is_remote()).map(|failure| failure.reason)
    }

    /// For people: how many keys, how old, and what went wrong last. Nothing secret.
    pub fn describe(&self) -> String {
        let now = Instant::now();
        let ago = |at: Instant| now.saturating_duration_since(at).as_secs();
        let progress = self.shared.fetches.progress().clone();
        let mut line = match (self.shared.store.current(), progress.obtained) {
            (Some(set), Some(at)) if set.keys().is_empty() => {
                format!("no usable keys in the file, confirmed {}s ago", ago(at))
            }
            (Some(set), Some(at)) => format!("{} keys, confirmed {}s ago", set.keys().len(), ago(at)),
            (Some(set), None) => format!("{} keys, as they were at the start", set.keys().len()),
            (None, Some(at)) => {
                format!("no keys: the last were confirmed {}s ago and are no longer trusted", ago(at))
            }
            (None, None) => "no keys yet".to_owned(),
        };
        // Writing to a string does not fail.
        if let Some(at) = progress.scheduled {
            let due = at.saturating_duration_since(now).as_secs();
            line.push_str(&format_args!(", next fetch in {due}s").to_string());
        }
        if let Some(failure) = progress.failure {
            let (ago, times, reason) = (ago(failure.at), failure.in_a_row, failure.reason);
            line.push_str(&format_args!("; failed {ago}s ago ({times} in a row): {reason}").to_string());
        }
        line
    }

    /// Brings the gauges up to date that change with time alone.
    pub fn publish_metrics(&self) {
        // Never obtained counts from the start: an alert on the age must see that case above all.
        let since =
            self.shared.fetches.progress().obtained.or(self.running.get().map(|running| running.since));
        if let Some(at) = since.filter(|_| self.has_background()) {
            self.shared.metrics.age.set(at.elapsed().as_secs_f64());
        }
    }

    /// Asks the issuer now, or reads the file now, for an operator who knows that something has changed; waits for the
    /// outcome.
    pub async fn refresh_now(&self) -> Result<(), RefreshFailed> {
        let failed = |reason: &str| RefreshFailed { reason: reason.into() };
        if !self.has_background() {
            return Ok(());
        }
        if self.running.get().is_none() {
            return Err(failed("the keys of this issuer are not being followed yet"));
        }
        let mut progress = self.shared.fetches.subscribe();
        let target = progress.borrow_and_update().started + 1;
        self.shared.fetches.force();
        let ended = progress.wait_for(|progress| progress.finished >= target);
        match tokio::time::timeout(self.shared.timing.operator_patience, ended).await {
            Ok(Ok(progress)) => match &progress.failure {
                Some(failure) => Err(RefreshFailed { reason: Arc::clone(&failure.reason) }),
                None => Ok(()),
            },
            Ok(Err(_)) | Err(_) => Err(failed("the issuer did not answer in time")),
        }
    }

    /// Whether there is something that can change.
    fn has_background(&self) -> bool {
        match self.running.get() {
            Some(running) => running.task.is_some(),
            None => self
                .task
                .lock()
                .unwrap_or_else(PoisonError::into_inner)
                .as_ref()
                .is_some_and(Task::is_something),
        }
    }
}

impl Drop for Keys {
    fn drop(&mut self) {
        if let Some(task) = self.running.get().and_then(|running| running.task.as_ref()) {
            task.abort();
        }
    }
}

#[derive(Debug)]
struct Running {
    since: Instant,
    task: Option<AbortHandle>,
}

#[cfg(test)]
impl Keys {
    /// These and no others, for the tests of later stages.
    pub(crate) fn fixed(set: KeySet) -> Self {
        let metrics = crate::telemetry::metrics::Metrics::new().unwrap().issuer("fixed");
        Self::of_set(&"fixed".into(), set, metrics)
    }

    /// Whether a key of this id is there, without anybody asking for it.
    pub(super) fn holds(&self, kid: &str) -> bool {
        let set = self.shared.store.current();
        set.is_some_and(|set| set.keys().iter().any(|key| key.kid() == Some(kid)))
    }

    /// As if a key had been withdrawn.
    pub(crate) fn withdraw(&self) {
        self.shared.store.withdraw();
    }
}
