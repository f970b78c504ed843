//! What the tests have seen: of each route whom it lets pass and refuses, and of each part of a requirement what hung on it.
//!
//! A route allows and denies by its access alone: a method that it does not take says nothing about who may pass, nor does a
//! preflight. A part of a requirement counts where it decided: where the request would have fared otherwise, had that part
//! come out otherwise. Test files of one configuration count together.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::path::PathBuf;

use super::gaps;
use super::verdict::{Outcome, Part, Token};
use crate::config::suite::{Limit, Outline, RouteOutline, Suite};

/// What the tests have seen, by configuration.
#[derive(Debug, Default)]
pub(super) struct Coverage {
    /// By the path without links and detours.
    configurations: BTreeMap<PathBuf, Configuration>,
}

/// What the tests of one configuration have seen.
#[derive(Debug)]
pub(super) struct Configuration {
    pub(super) path: PathBuf,
    pub(super) outline: Outline,
    pub(super) routes: HashMap<String, OfRoute>,
    /// Parts of requirements: callers that passed, and that were refused, by this part.
    pub(super) parts: HashMap<Part, Seen>,
}

/// What has been seen of a route.
#[derive(Debug, Default)]
pub(super) struct OfRoute {
    pub(super) seen: Seen,
    pub(super) issuers: OfLimit,
    pub(super) audiences: OfLimit,
}

/// What has been seen of a list of what a route takes.
#[derive(Debug, Default)]
pub(super) struct OfLimit {
    /// Members whose tokens passed.
    pub(super) passed: HashSet<String>,
    /// Whether a token was refused because it is of none of them.
    pub(super) refused: bool,
}

/// Which of the two decisions there has been.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Seen {
    pub(super) allowed: bool,
    pub(super) denied: bool,
}

impl Seen {
    fn add(&mut self, allowed: bool) {
        self.allowed |= allowed;
        self.denied |= !allowed;
    }
}

impl Coverage {
    /// Counts what a test of `suite` has seen.
    pub(super) fn record(&mut self, suite: &Suite, outcome: &Outcome) {
        let configuration = self.of(suite);
        if let Some(name) = &outcome.route
            && outcome.reason != "method_not_allowed"
            && !outcome.is_preflight
        {
            let allowed = ["allowed", "public", "anonymous"].contains(&outcome.reason.as_str());
            let of_route = configuration.routes.entry(name.clone()).or_default();
            of_route.seen.add(allowed);
            let mut routes = configuration.outline.routes.iter();
            if let (Some(route), Some(token)) = (routes.find(|route| route.name == *name), &outcome.token) {
                of_route.add(route, token, &outcome.reason);
            }
        }
        for (part, allowed) in &outcome.parts {
            configuration.parts.entry(part.clone()).or_default().add(*allowed);
        }
    }

    fn of(&mut self, suite: &Suite) -> &mut Configuration {
        let identity = std::fs::canonicalize(&suite.config).unwrap_or_else(|_| suite.config.clone());
        self.configurations.entry(identity).or_insert_with(|| Configuration {
            path: suite.config.clone(),
            outline: suite.outline.clone(),
            routes: HashMap::new(),
            parts: HashMap::new(),
        })
    }

    /// A line for everything that is not covered, in the order of the files.
    pub(super) fn gaps(&self) -> Vec<String> {
        self.configurations.values().flat_map(gaps::of).collect()
    }
}

impl OfRoute {
    /// Counts a request with this token.
    fn add(&mut self, route: &RouteOutline, token: &Token, reason: &str) {
        let Token { issuer, audiences } = token;
        match reason {
            "allowed" => {
                self.issuers.passed.insert(issuer.clone());
                let of_route = route.audiences.iter().flat_map(|limit| &limit.taken).map(|(name, _)| name);
                let both: Vec<&String> = of_route.filter(|name| audiences.contains(name)).collect();
                // Of a token for several of them it is not known which one it was.
                if let [one] = both.as_slice() {
                    self.audiences.passed.insert((*one).clone());
                }
            }
            "issuer_not_allowed" => self.issuers.refused = true,
            "audience_mismatch" => {
                let of_others = |limit: &Limit| limit.others.iter().any(|name| audiences.contains(name));
                self.audiences.refused |= route.audiences.as_ref().is_some_and(of_others);
            }
            _ => {}
        }
    }
}
