//! What came back.

use std::collections::BTreeMap;
use std::time::Duration;

use serde_json::json;

#[derive(Debug, Default)]
pub struct Tally {
    pub requests: u64,
    /// Answers that are not what the token deserves.
    pub wrong: u64,
    pub elapsed: Duration,
    statuses: BTreeMap<u16, u64>,
    latencies: Vec<Duration>,
}

impl Tally {
    pub fn count(&mut self, status: u16, passes: bool, latency: Duration) {
        let right = if passes { status == 200 } else { matches!(status, 401 | 403) };
        self.requests += 1;
        self.wrong += u64::from(!right);
        *self.statuses.entry(status).or_default() += 1;
        self.latencies.push(latency);
    }

    pub fn add(&mut self, other: Self) {
        self.requests += other.requests;
        self.wrong += other.wrong;
        for (status, count) in other.statuses {
            *self.statuses.entry(status).or_default() += count;
        }
        self.latencies.extend(other.latencies);
    }

    /// Times in microseconds.
    pub fn json(&self) -> String {
        let mut latencies = self.latencies.clone();
        latencies.sort_unstable();
        let quantile = |thousandths: usize| {
            let latency = latencies.get(latencies.len() * thousandths / 1000);
            latency.map_or(0.0, |latency| latency.as_secs_f64() * 1e6)
        };
        json!({
            "requests": self.requests, "wrong": self.wrong, "statuses": self.statuses,
            "seconds": self.elapsed.as_secs_f64(), "p50": quantile(500), "p99": quantile(990),
        })
        .to_string()
    }
}
