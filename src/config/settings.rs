//! What the process is around its requests: addresses, TLS, and how the gateway stops.

use std::net::SocketAddr;
use std::time::Duration;

use crate::listener::ListenerSpec;

/// The part of the configuration that decides no request.
#[derive(Debug, Clone, PartialEq)]
pub struct Settings {
    /// Where clients connect.
    pub listeners: Vec<ListenerSpec>,
    /// Where metrics and probes are answered.
    pub admin: SocketAddr,
    /// How the gateway stops.
    pub shutdown: Shutdown,
}

/// How the gateway stops.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Shutdown {
    /// How long requests are served while readiness already fails.
    pub delay: Duration,
    /// How long requests in flight may take after that.
    pub timeout: Duration,
}
