//! What no test has seen: routes, policies and parts of requirements that were never both allowing and denying.
//!
//! A route allows and denies by its access alone: a method that it does not take says nothing about who may pass. Test
//! files of one configuration count together.

use std::collections::{BTreeMap, HashMap};
use std::path::{Path, PathBuf};

use super::verdict::{Outcome, Owner, Part};
use crate::config::Position;
use crate::config::suite::{Outline, Suite};

/// What the tests have seen, by configuration.
#[derive(Debug, Default)]
pub(super) struct Coverage {
    /// By the path without links and detours.
    configurations: BTreeMap<PathBuf, Configuration>,
}

#[derive(Debug)]
struct Configuration {
    path: PathBuf,
    outline: Outline,
    routes: HashMap<String, Seen>,
    parts: HashMap<Part, Seen>,
}

/// Which of its two outcomes something has had.
#[derive(Debug, Clone, Copy, Default)]
struct Seen {
    yes: bool,
    no: bool,
}

impl Seen {
    fn add(&mut self, holds: bool) {
        self.yes |= holds;
        self.no |= !holds;
    }

    /// What is lacking, in these words for yes and no.
    fn lacks(self, yes: &str, no: &str) -> Option<String> {
        match (self.yes, self.no) {
            (true, true) => None,
            (false, true) => Some(yes.to_owned()),
            (true, false) => Some(no.to_owned()),
            (false, false) => Some(format!("{yes} or {no}")),
        }
    }
}

impl Coverage {
    /// Counts what a test of `suite` has seen.
    pub(super) fn record(&mut self, suite: &Suite, outcome: &Outcome) {
        let configuration = self.of(suite);
        if let Some(route) = &outcome.route
            && outcome.reason != "method_not_allowed"
        {
            let passes = ["allowed", "public", "anonymous"].contains(&outcome.reason.as_str());
            configuration.routes.entry(route.clone()).or_default().add(passes);
        }
        for (part, holds) in &outcome.parts {
            configuration.parts.entry(part.clone()).or_default().add(*holds);
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
        self.configurations.values().flat_map(Configuration::gaps).collect()
    }
}

impl Configuration {
    fn gaps(&self) -> Vec<String> {
        let mut gaps: Vec<(Position, String)> = Vec::new();
        let mut add = |at: Position, what: String, lacks: Option<String>| {
            gaps.extend(lacks.map(|lacks| (at, format!("{what}: no test has seen it {lacks}"))));
        };
        let part = |of: &Owner, way: &[usize]| {
            let part = Part { of: of.clone(), way: way.to_vec() };
            self.parts.get(&part).copied().unwrap_or_default()
        };
        for route in &self.outline.routes {
            let name = &route.name;
            let seen = self.routes.get(name).copied().unwrap_or_default();
            let lacks = if route.is_public {
                (!seen.yes).then(|| "taken".to_owned())
            } else {
                seen.lacks("allow", "deny")
            };
            add(route.at, format!("route `{name}`"), lacks);
            let owner = Owner::Route(name.clone());
            for known in &route.requirement {
                let lacks = part(&owner, &known.way).lacks("hold", "fail");
                add(known.at, format!("`{}` of route `{name}`", known.label), lacks);
            }
        }
        for policy in &self.outline.policies {
            let name = &policy.name;
            let owner = Owner::Policy(name.clone());
            add(policy.at, format!("policy `{name}`"), part(&owner, &[]).lacks("hold", "fail"));
            for known in &policy.parts {
                let lacks = part(&owner, &known.way).lacks("hold", "fail");
                add(known.at, format!("`{}` of policy `{name}`", known.label), lacks);
            }
        }
        gaps.sort_by_key(|(at, _)| *at);
        gaps.into_iter().map(|(at, gap)| line(&self.path, at, &gap)).collect()
    }
}

fn line(path: &Path, Position { line, column }: Position, gap: &str) -> String {
    format!("{}:{line}:{column}: {gap}", path.display())
}
