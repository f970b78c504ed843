//! What operators see: metrics, the access log, request ids.
pub mod metrics;
