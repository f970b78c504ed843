//! The label of a route in the metrics, with the route's own series at hand.
//!
//! Looking a series up by its labels costs a hash and a lock that all requests share. Most requests of a route end in a
//! few ways, so the series of the first few are kept here; any other is looked up.

use std::sync::{Arc, OnceLock};
use std::time::Duration;

use http::StatusCode;
use prometheus::{Histogram, IntCounter};

use super::metrics::Metrics;
use super::series::Held;

/// The label of a route, and its metrics; made once, when the route is.
#[derive(Debug)]
pub struct RouteLabel {
    /// The configured name.
    pub name: Arc<str>,
    duration: Held<Histogram>,
    /// By reason; few or none.
    shadow: Box<[(&'static str, IntCounter)]>,
    requests: Known<(&'static str, Option<StatusCode>)>,
    decisions: Known<(Option<Arc<str>>, &'static str)>,
}

impl RouteLabel {
    /// The label of the route called `name`.
    pub fn new(name: Arc<str>, metrics: &Metrics) -> Self {
        let duration = metrics.request_duration(&name);
        let (requests, decisions) = (Known::default(), Known::default());
        Self { name, duration, shadow: Box::default(), requests, decisions }
    }

    /// The same of a route that has decisions without effect, for these reasons; each is counted from 0.
    #[must_use]
    pub fn shadowing(self, reasons: &[&'static str], metrics: &Metrics) -> Self {
        let counter = |&reason: &&'static str| (reason, metrics.shadow_decisions(&self.name, reason));
        let shadow = reasons.iter().map(counter).collect();
        Self { shadow, ..self }
    }

    pub(super) fn observe(&self, duration: Duration) {
        self.duration.observe(duration.as_secs_f64());
    }

    pub(super) fn count_shadow(&self, reason: &'static str, metrics: &Metrics) {
        match self.shadow.iter().find(|(known, _)| *known == reason) {
            Some((_, counter)) => counter.inc(),
            None => metrics.shadow_decisions(&self.name, reason).inc(),
        }
    }

    /// Counts a request with this label of its method.
    pub(super) fn request(&self, method: &'static str, status: Option<StatusCode>, metrics: &Metrics) {
        let key = (method, status);
        self.requests.count(
            |known| *known == key,
            || key,
            |(method, status)| {
                metrics.request(&self.name, method, status.as_ref().map_or(NONE, StatusCode::as_str))
            },
        );
    }

    /// Counts a decision.
    pub(super) fn decision(&self, issuer: Option<&Arc<str>>, reason: &'static str, metrics: &Metrics) {
        self.decisions.count(
            |(known, why)| known.as_ref() == issuer && *why == reason,
            || (issuer.cloned(), reason),
            |(issuer, reason)| metrics.decision(&self.name, issuer.as_deref().unwrap_or(NONE), reason),
        );
    }
}

/// Stands for a label whose value is not known.
pub(super) const NONE: &str = "none";

/// The first few series that were asked for.
#[derive(Debug)]
struct Known<K>([OnceLock<(K, IntCounter)>; KNOWN]);

const KNOWN: usize = 4;

impl<K> Known<K> {
    /// Counts in the series of the key that `is` meant, which is `made` where it is not known yet.
    fn count(&self, is: impl Fn(&K) -> bool, made: impl Fn() -> K, series: impl Fn(&K) -> IntCounter) {
        let new = || {
            let key = made();
            let counter = series(&key);
            (key, counter)
        };
        for place in &self.0 {
            let (known, counter) = place.get_or_init(new);
            if is(known) {
                return counter.inc();
            }
        }
        new().1.inc();
    }
}

impl<K> Default for Known<K> {
    fn default() -> Self {
        Self(std::array::from_fn(|_| OnceLock::new()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_ending_is_counted_in_its_own_series() {
        let metrics = Metrics::new().unwrap();
        let label = RouteLabel::new("orders".into(), &metrics);
        let corporate: Arc<str> = "corporate".into();
        for status in [200, 401, 200, 403, 404, 500, 502, 502, 200] {
            label.request("GET", StatusCode::from_u16(status).ok(), &metrics);
        }
        label.request("GET", None, &metrics);
        for issuer in [None, Some(&corporate), Some(&Arc::from("corporate"))] {
            label.decision(issuer, "allowed", &metrics);
        }
        let text = String::from_utf8(metrics.render().unwrap()).unwrap();
        for (status, count) in
            [("200", 3), ("401", 1), ("403", 1), ("404", 1), ("500", 1), ("502", 2), ("none", 1)]
        {
            let line = format!(
                "jwtgate_requests_total{{method=\"GET\",route=\"orders\",status=\"{status}\"}} {count}\n"
            );
            assert!(text.contains(&line), "{line} in {text}");
        }
        for (issuer, count) in [("none", 1), ("corporate", 2)] {
            let line = format!(
                "jwtgate_decisions_total{{issuer=\"{issuer}\",reason=\"allowed\",route=\"orders\"}} {count}\n"
            );
            assert!(text.contains(&line), "{line} in {text}");
        }
    }
}
