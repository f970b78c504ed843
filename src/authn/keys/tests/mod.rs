//! The engine against issuers that are down, slow, wrong or hostile.

mod answers;
mod discovery;
mod files;
mod logs;
mod replaced;
mod restart;
mod rotation;
mod scripted;
mod trust;
mod unknown;

use std::sync::Arc;
use std::time::{Duration, Instant};

use super::shared::Timing;
use super::{FetchOptions, KeyFailure, KeySource, Keys};
use crate::authn::{Algorithm, Algorithms};
use crate::telemetry::metrics::{IssuerMetrics, Metrics};
use scripted::Scripted;

/// Keys of an issuer, with the engine's times cut down to what a test can wait for.
struct Fixture {
    options: FetchOptions,
    timing: Timing,
}

impl Fixture {
    fn new() -> Self {
        let options = FetchOptions {
            refresh_min: Duration::from_millis(100),
            refresh_max: Duration::from_mins(1),
            timeout: Duration::from_millis(400),
            ..FetchOptions::default()
        };
        let timing = Timing {
            demand_interval: Duration::from_millis(200),
            forced_interval: Duration::ZERO,
            request_patience: Duration::from_millis(1500),
            waiters: 1024,
            retry_first: Duration::from_millis(20),
            retry_most: Duration::from_millis(100),
            file_poll: Duration::from_millis(20),
            readiness_patience: Duration::from_millis(300),
            operator_patience: Duration::from_secs(2),
        };
        Self { options, timing }
    }

    /// Started.
    fn at(self, issuer: &Scripted) -> Started {
        self.start(KeySource::JwksUri(issuer.url("/jwks")), "https://id.example.com")
    }

    fn start(self, source: KeySource, issuer: &str) -> Started {
        let started = self.make(source, issuer);
        started.keys.start();
        started
    }

    fn make(self, source: KeySource, issuer: &str) -> Started {
        let metrics = Metrics::new().unwrap().issuer("main");
        let algorithms = Algorithms::asymmetric();
        let name = Arc::from("main");
        let keys = Keys::with_timing(
            &name,
            issuer,
            &algorithms,
            source,
            &self.options,
            metrics.clone(),
            self.timing,
        );
        Started { keys: Arc::new(keys.unwrap()), metrics }
    }
}

struct Started {
    keys: Arc<Keys>,
    metrics: IssuerMetrics,
}

impl Started {
    async fn select(&self, kid: &str) -> Result<(), KeyFailure> {
        let keys = self.keys.select(Some(kid), Algorithm::Es256).await?;
        assert!(keys.iter().all(|key| key.kid() == Some(kid)));
        Ok(())
    }

    async fn has(&self, kid: &str) -> bool {
        self.select(kid).await.is_ok()
    }

    /// Whether the kid is there without anybody asking for it.
    fn holds(&self, kid: &str) -> bool {
        self.keys.holds(kid)
    }
}

/// Waits until it holds, for five seconds at most.
async fn eventually(what: &str, mut holds: impl FnMut() -> bool) {
    let deadline = Instant::now() + Duration::from_secs(5);
    while !holds() {
        assert!(Instant::now() < deadline, "never: {what}");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

fn is_unavailable(outcome: Result<(), KeyFailure>) -> bool {
    matches!(outcome, Err(KeyFailure::Unavailable { .. }))
}
