//! One request, decided as `run` would.

use std::time::SystemTime;

use http::request::Parts;

use super::verdict::Outcome;
use crate::proxy::Snapshot;
use crate::telemetry::Decision;

/// What becomes of the request with this head.
pub(super) async fn decide(_snapshot: &Snapshot, _head: &Parts, _now: SystemTime) -> Outcome {
    Outcome {
        decision: Decision::Deny,
        status: 401,
        reason: String::new(),
        route: None,
        subject: None,
        headers: Vec::new(),
        steps: Vec::new(),
        parts: Vec::new(),
    }
}
