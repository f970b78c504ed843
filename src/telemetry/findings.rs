//! What is found out about a request while it is decided: its route, its issuer, and what another rule would have said.
//!
//! Kept whatever the decision is, and also when the client leaves before there is one.

use std::sync::Arc;

use super::label::RouteLabel;

/// What is known of a request beside its decision.
#[derive(Debug, Default)]
pub struct Findings {
    pub(super) route: Option<Arc<RouteLabel>>,
    pub(super) issuer: Option<Arc<str>>,
    pub(super) shadow: Option<&'static str>,
}

impl Findings {
    /// The request matched this route.
    pub fn matched(&mut self, route: &Arc<RouteLabel>) {
        self.route = Some(Arc::clone(route));
    }

    /// The token names this issuer, verified or not.
    pub fn named_issuer(&mut self, issuer: &Arc<str>) {
        self.issuer = Some(Arc::clone(issuer));
    }

    /// What a rule says that does not decide; the first word counts.
    pub fn shadowed(&mut self, reason: &'static str) {
        self.shadow.get_or_insert(reason);
    }

    /// The configured name of the route.
    pub fn route(&self) -> Option<&Arc<str>> {
        self.route.as_ref().map(|route| &route.name)
    }

    /// The configured name of the issuer that the token names, verified or not.
    pub fn issuer(&self) -> Option<&Arc<str>> {
        self.issuer.as_ref()
    }

    /// The reason of the decision that did not take effect.
    pub fn shadow(&self) -> Option<&'static str> {
        self.shadow
    }
}
