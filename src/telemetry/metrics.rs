//! The metrics of `contract` part 5, in one registry.
//!
//! Label values come from the configuration or from a fixed list, never from a request, so that no flood of odd
//! methods, paths, issuers or key ids makes new series.

use std::sync::Arc;
use std::time::Duration;

use prometheus::core::Collector;
use prometheus::{
    Encoder, Gauge, GaugeVec, Histogram, HistogramOpts, HistogramVec, IntCounter, IntCounterVec, IntGauge,
    IntGaugeVec, Opts, Registry, TextEncoder,
};

use super::series::{Held, Holders, ISSUER, LISTENER, ROUTE, Series, UPSTREAM};

/// Seconds; the list of the OpenTelemetry semantic conventions for HTTP, with finer steps below 5 ms.
const BUCKETS: &[f64] =
    &[0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1.0, 2.5, 5.0, 7.5, 10.0];

/// Every metric of the process. Cheap to share behind an `Arc`.
#[derive(Debug)]
pub struct Metrics {
    registry: Registry,
    requests: IntCounterVec,
    request_duration: HistogramVec,
    upstream_duration: HistogramVec,
    decisions: IntCounterVec,
    shadow_decisions: IntCounterVec,
    jwks_fetches: IntCounterVec,
    jwks_age: GaugeVec,
    jwks_keys: IntGaugeVec,
    refreshes: RefreshMetrics,
    token_cache_hits: IntCounterVec,
    token_cache_misses: IntCounterVec,
    connections: IntGaugeVec,
    config_reloads: IntCounterVec,
    config_last_reload_success: Gauge,
    holders: Holders,
}

impl Metrics {
    /// All metrics, registered. Fails only if two of them have one name, which a test excludes.
    pub fn new() -> Result<Self, prometheus::Error> {
        let registry = Registry::new();
        let histogram = |name: &str, help: &str, label: &str| {
            let vec = HistogramVec::new(HistogramOpts::new(name, help).buckets(BUCKETS.to_vec()), &[label])?;
            registered(&registry, vec)
        };
        let counter = |name: &str, help: &str, labels: &[&str]| {
            registered(&registry, IntCounterVec::new(Opts::new(name, help), labels)?)
        };
        let gauge = |name: &str, help: &str, labels: &[&str]| {
            registered(&registry, IntGaugeVec::new(Opts::new(name, help), labels)?)
        };
        let build = gauge("jwtgate_build_info", "Always 1; the version is the label.", &["version"])?;
        build.with_label_values(&[env!("CARGO_PKG_VERSION")]).set(1);
        let age = GaugeVec::new(
            Opts::new(
                "jwtgate_jwks_age_seconds",
                "Seconds since the issuer's keys were last obtained, or since the start if never.",
            ),
            &["issuer"],
        )?;
        let reloaded = Gauge::with_opts(Opts::new(
            "jwtgate_config_last_reload_success_timestamp_seconds",
            "Unix time of the last configuration that took effect.",
        ))?;
        Ok(Self {
            requests: counter(
                "jwtgate_requests_total",
                "Requests answered, by route, method and status.",
                &["route", "method", "status"],
            )?,
            request_duration: histogram(
                "jwtgate_request_duration_seconds",
                "From the head of the request to the last byte of the answer.",
                "route",
            )?,
            upstream_duration: histogram(
                "jwtgate_upstream_duration_seconds",
                "From the request sent upstream to the head of its answer.",
                "upstream",
            )?,
            decisions: counter(
                "jwtgate_decisions_total",
                "Decisions, one per request, by route, issuer and reason.",
                &["route", "issuer", "reason"],
            )?,
            shadow_decisions: counter(
                "jwtgate_shadow_decisions_total",
                "Decisions that did not take effect, of candidates and of routes that only observe, by route and reason.",
                &["route", "reason"],
            )?,
            jwks_fetches: counter(
                "jwtgate_jwks_fetches_total",
                "Fetches of an issuer's keys, by result.",
                &["issuer", "result"],
            )?,
            jwks_age: registered(&registry, age)?,
            refreshes: RefreshMetrics::new(&registry)?,
            jwks_keys: gauge("jwtgate_jwks_keys", "Usable keys of the issuer.", &["issuer"])?,
            token_cache_hits: counter(
                "jwtgate_token_cache_hits_total",
                "Tokens found among the verified ones.",
                &["issuer"],
            )?,
            token_cache_misses: counter(
                "jwtgate_token_cache_misses_total",
                "Tokens that had to be verified.",
                &["issuer"],
            )?,
            connections: gauge("jwtgate_connections", "Open client connections.", &["listener"])?,
            config_reloads: counter(
                "jwtgate_config_reloads_total",
                "Reloads of the configuration, by result.",
                &["result"],
            )?,
            config_last_reload_success: registered(&registry, reloaded)?,
            holders: Holders::default(),
            registry,
        })
    }

    /// `jwtgate_requests_total`. `method` and `status` must come from a fixed list.
    pub fn request(&self, route: &str, method: &str, status: &str) -> IntCounter {
        self.requests.with_label_values(&[route, method, status])
    }

    /// `jwtgate_request_duration_seconds` of one route; holds all series of the route.
    pub fn request_duration(&self, route: &str) -> Held<Histogram> {
        let held = self.holders.hold(ROUTE, route);
        Held::new(self.request_duration.with_label_values(&[route]), held)
    }

    /// `jwtgate_upstream_duration_seconds` of one upstream; made once, when the upstream is.
    pub fn upstream_duration(&self, upstream: &str) -> Held<Histogram> {
        let held = self.holders.hold(UPSTREAM, upstream);
        Held::new(self.upstream_duration.with_label_values(&[upstream]), held)
    }

    /// `jwtgate_decisions_total`.
    pub fn decision(&self, route: &str, issuer: &str, reason: &'static str) -> IntCounter {
        self.decisions.with_label_values(&[route, issuer, reason])
    }

    /// `jwtgate_shadow_decisions_total` of one route and reason; made once, when the route is.
    pub fn shadow_decisions(&self, route: &str, reason: &'static str) -> IntCounter {
        self.shadow_decisions.with_label_values(&[route, reason])
    }

    /// The metrics of one issuer, made once, when the issuer is; their series exist from then on.
    pub fn issuer(&self, issuer: &str) -> IssuerMetrics {
        IssuerMetrics {
            _held: self.holders.hold(ISSUER, issuer),
            fetch_success: self.jwks_fetches.with_label_values(&[issuer, "success"]),
            fetch_failure: self.jwks_fetches.with_label_values(&[issuer, "failure"]),
            age: self.jwks_age.with_label_values(&[issuer]),
            keys: self.jwks_keys.with_label_values(&[issuer]),
            next_refresh: self.refreshes.next.with_label_values(&[issuer]),
            fetch_duration: self.refreshes.duration.with_label_values(&[issuer]),
            unknown_kid: self.refreshes.unknown_kid.with_label_values(&[issuer]),
            cache_hits: self.token_cache_hits.with_label_values(&[issuer]),
            cache_misses: self.token_cache_misses.with_label_values(&[issuer]),
        }
    }

    /// `jwtgate_connections` of one listener.
    pub fn connections(&self, listener: &str) -> Held<IntGauge> {
        let held = self.holders.hold(LISTENER, listener);
        Held::new(self.connections.with_label_values(&[listener]), held)
    }

    /// The first configuration took effect; `at` is the time since the Unix epoch.
    pub fn loaded(&self, at: Duration) {
        for result in ["success", "failure"] {
            self.config_reloads.with_label_values(&[result]).reset();
        }
        self.config_last_reload_success.set(at.as_secs_f64());
    }

    /// Counts a reload; `at` is the time since the Unix epoch.
    pub fn reloaded(&self, at: Duration) {
        self.config_reloads.with_label_values(&["success"]).inc();
        self.config_last_reload_success.set(at.as_secs_f64());
    }

    /// Counts a reload that changed nothing because the new configuration did not compile.
    pub fn reload_failed(&self) {
        self.config_reloads.with_label_values(&["failure"]).inc();
    }

    /// The text format of Prometheus, version 0.0.4. What nobody counts for any more is in it for the last time.
    pub fn render(&self) -> Result<Vec<u8>, prometheus::Error> {
        let mut text = Vec::with_capacity(16 * 1024);
        TextEncoder::new().encode(&self.registry.gather(), &mut text)?;
        let all: [&dyn Series; 14] = [
            &self.requests,
            &self.request_duration,
            &self.upstream_duration,
            &self.decisions,
            &self.shadow_decisions,
            &self.jwks_fetches,
            &self.jwks_age,
            &self.jwks_keys,
            &self.refreshes.next,
            &self.refreshes.duration,
            &self.refreshes.unknown_kid,
            &self.token_cache_hits,
            &self.token_cache_misses,
            &self.connections,
        ];
        self.holders.keep_held(&all);
        Ok(text)
    }
}

/// Of how the keys of the issuers are kept fresh.
#[derive(Debug)]
struct RefreshMetrics {
    next: GaugeVec,
    duration: HistogramVec,
    unknown_kid: IntCounterVec,
}

impl RefreshMetrics {
    fn new(registry: &Registry) -> Result<Self, prometheus::Error> {
        let next = Opts::new(
            "jwtgate_jwks_next_refresh_timestamp_seconds",
            "Unix time of the next fetch of the issuer's keys that is due; 0 for keys that are not fetched.",
        );
        let duration = HistogramOpts::new(
            "jwtgate_jwks_fetch_duration_seconds",
            "Time that a fetch of the issuer's keys took, discovery included.",
        );
        let unknown_kid = Opts::new(
            "jwtgate_unknown_kid_total",
            "Tokens whose key was not among the issuer's when they came.",
        );
        Ok(Self {
            next: registered(registry, GaugeVec::new(next, &["issuer"])?)?,
            duration: registered(
                registry,
                HistogramVec::new(duration.buckets(BUCKETS.to_vec()), &["issuer"])?,
            )?,
            unknown_kid: registered(registry, IntCounterVec::new(unknown_kid, &["issuer"])?)?,
        })
    }
}

/// The metrics of one issuer.
#[derive(Debug, Clone)]
pub struct IssuerMetrics {
    /// Its name: first, so that it is held before its series are looked up.
    _held: Arc<str>,
    /// `jwtgate_jwks_fetches_total{result="success"}`.
    pub fetch_success: IntCounter,
    /// `jwtgate_jwks_fetches_total{result="failure"}`.
    pub fetch_failure: IntCounter,
    /// `jwtgate_jwks_age_seconds`; set when the metrics are read and whenever it changes.
    pub age: Gauge,
    /// `jwtgate_jwks_keys`.
    pub keys: IntGauge,
    /// `jwtgate_jwks_next_refresh_timestamp_seconds`.
    pub next_refresh: Gauge,
    /// `jwtgate_jwks_fetch_duration_seconds`.
    pub fetch_duration: Histogram,
    /// `jwtgate_unknown_kid_total`.
    pub unknown_kid: IntCounter,
    /// `jwtgate_token_cache_hits_total`.
    pub cache_hits: IntCounter,
    /// `jwtgate_token_cache_misses_total`.
    pub cache_misses: IntCounter,
}

fn registered<C: Collector + Clone + 'static>(
    registry: &Registry,
    metric: C,
) -> Result<C, prometheus::Error> {
    registry.register(Box::new(metric.clone()))?;
    Ok(metric)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_metric_has_a_name_of_its_own() {
        let metrics = Metrics::new().unwrap();
        let text = String::from_utf8(metrics.render().unwrap()).unwrap();
        assert!(text.contains(concat!("jwtgate_build_info{version=\"", env!("CARGO_PKG_VERSION"), "\"} 1")));
    }
}
