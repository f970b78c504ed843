//! One configuration, compiled: what decides requests.
//!
//! A request takes the current snapshot at its start and keeps it to its end, so that it never sees half of a change.

use std::sync::Arc;

use tokio::sync::watch;

use super::cors::Cors;
use super::decide::ALLOWED;
use super::rejection::{self, POLICY_DENIED};
use crate::authn::{Admission, Authenticator};
use crate::authz::Requirement;
use crate::route::RouteTable;
use crate::telemetry::RouteLabel;
use crate::telemetry::metrics::Metrics;
use crate::upstream::{Forward, Upstream};

/// Everything that a configuration says about requests.
#[derive(Debug)]
pub struct Snapshot {
    pub(super) routes: RouteTable<Route>,
    pub(super) authenticator: Authenticator,
    /// Whether any route has rules for pages of other origins.
    pub(super) has_pages: bool,
}

impl Snapshot {
    /// A snapshot of these routes, whose tokens `authenticator` verifies.
    pub fn new(routes: RouteTable<Route>, authenticator: Authenticator) -> Self {
        let has_pages = routes.iter().any(|route| route.cors.is_some());
        Self { routes, authenticator, has_pages }
    }

    /// The upstreams that routes lead to; one that several lead to comes several times.
    pub fn upstreams(&self) -> impl Iterator<Item = &Arc<Upstream>> {
        self.routes.iter().map(|route| route.forward.upstream())
    }

    /// The routes, in the order of the file.
    pub fn routes(&self) -> &RouteTable<Route> {
        &self.routes
    }

    /// What verifies tokens, and knows the issuers.
    pub fn authenticator(&self) -> &Authenticator {
        &self.authenticator
    }
}

/// One rule: who may pass, and where to.
#[derive(Debug)]
pub struct Route {
    pub(super) label: Arc<RouteLabel>,
    pub(super) access: Access,
    pub(super) forward: Forward,
    pub(super) cors: Option<Arc<Cors>>,
}

impl Route {
    /// The rule called `name`.
    pub fn new(name: Arc<str>, access: Access, forward: Forward, metrics: &Metrics) -> Self {
        let label = RouteLabel::new(name, metrics).shadowing(access.shadowed(), metrics);
        Self { label: Arc::new(label), access, forward, cors: None }
    }

    /// The same with rules for pages of other origins.
    #[must_use]
    pub fn with_cors(self, cors: Option<Cors>) -> Self {
        Self { cors: cors.map(Arc::new), ..self }
    }
}

impl Route {
    /// Its name in the configuration.
    pub fn name(&self) -> &Arc<str> {
        &self.label.name
    }

    /// Its rules for pages of other origins.
    pub fn cors(&self) -> Option<&Cors> {
        self.cors.as_deref()
    }

    /// Who may pass.
    pub fn access(&self) -> &Access {
        &self.access
    }

    /// Where to, and with which headers.
    pub fn forward(&self) -> &Forward {
        &self.forward
    }
}

/// Who may pass. "Needs a scope but no issuer" cannot be written.
#[derive(Debug)]
pub enum Access {
    /// Anybody; no token is looked at.
    Public,
    /// Anybody without a token, and whoever has a valid one.
    Optional(Admission),
    /// Whoever has a valid token and meets the requirement.
    Protected(Protection),
}

impl Access {
    /// The reasons of shadow decisions that there may be.
    fn shadowed(&self) -> &'static [&'static str] {
        match self {
            Self::Protected(Protection { enforcement: Enforcement::Observe, .. }) => rejection::OBSERVED,
            Self::Protected(Protection { candidate: Some(_), .. }) => &[ALLOWED, POLICY_DENIED],
            Self::Public | Self::Optional(_) | Self::Protected(Protection { candidate: None, .. }) => &[],
        }
    }
}

/// What a route asks of a caller.
#[derive(Debug)]
pub struct Protection {
    /// Which tokens it takes.
    pub admission: Admission,
    /// What a caller must be.
    pub requirement: Requirement,
    /// A second requirement, which is evaluated, counted and logged, and decides nothing.
    pub candidate: Option<Requirement>,
    /// Whether who is refused is kept out.
    pub enforcement: Enforcement,
}

impl Protection {
    /// Enforced, without a candidate.
    pub fn new(admission: Admission, requirement: Requirement) -> Self {
        Self { admission, requirement, candidate: None, enforcement: Enforcement::Enforce }
    }
}

/// Whether a route keeps out whom it refuses.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Enforcement {
    /// It does.
    #[default]
    Enforce,
    /// Everybody passes, and what would have been decided is recorded.
    Observe,
}

/// The current snapshot, for readers. Cheap to clone.
///
/// `watch` because tokio has it anyway and its `borrow().clone()` costs tens of nanoseconds; a faster cell would not be
/// felt beside a signature check.
#[derive(Debug, Clone)]
pub struct Snapshots(watch::Receiver<Arc<Snapshot>>);

impl Snapshots {
    /// The snapshot that decides requests which start now.
    pub fn current(&self) -> Arc<Snapshot> {
        Arc::clone(&self.0.borrow())
    }
}

/// The one place that changes the current snapshot.
#[derive(Debug)]
pub struct Publisher(watch::Sender<Arc<Snapshot>>);

impl Publisher {
    /// Begins with `first`.
    pub fn new(first: Snapshot) -> Self {
        Self(watch::Sender::new(Arc::new(first)))
    }

    /// Makes `next` decide requests that start from now on; those in flight keep the snapshot that they took.
    pub fn publish(&self, next: Snapshot) {
        drop(self.0.send_replace(Arc::new(next)));
    }

    /// A reader of the current snapshot.
    pub fn snapshots(&self) -> Snapshots {
        Snapshots(self.0.subscribe())
    }
}
