//! What no test has seen, in words that say which test to add: a line each, at its place in the configuration.
//!
//! What a part lacks because all that it stands in lacks it, is told of the outer one alone.

use std::path::Path;

use super::coverage::{Configuration, OfLimit, OfRoute, Seen};
use super::verdict::{Owner, Part};
use crate::config::Position;
use crate::config::suite::{self, Limit, Role, RouteOutline};

/// A line for everything of the configuration that is not covered, in the order of the file.
pub(super) fn of(configuration: &Configuration) -> Vec<String> {
    let mut found = Found { configuration, gaps: Vec::new() };
    for route in &configuration.outline.routes {
        found.route(route);
    }
    for policy in &configuration.outline.policies {
        let owner = Owner::Policy(policy.name.clone());
        let seen = found.seen(&owner, &[]);
        found.add(policy.at, &format!("policy `{}`", policy.name), lacking(seen, Seen::ALL, BY_IT));
        found.parts(&owner, seen, &policy.parts, &format!(" of policy `{}`", policy.name));
    }
    found.gaps.sort_by_key(|(at, _)| *at);
    found.gaps.into_iter().map(|(at, gap)| line(&configuration.path, at, &gap)).collect()
}

struct Found<'c> {
    configuration: &'c Configuration,
    gaps: Vec<(Position, String)>,
}

impl Found<'_> {
    fn add(&mut self, at: Position, what: &str, lacks: Option<&str>) {
        self.gaps.extend(lacks.map(|lacks| (at, format!("{what}: no test has seen {lacks}"))));
    }

    /// Those who passed, and were refused, by this part.
    fn seen(&self, of: &Owner, way: &[usize]) -> Seen {
        let part = Part { of: of.clone(), way: way.to_vec() };
        self.configuration.parts.get(&part).copied().unwrap_or_default()
    }

    fn route(&mut self, route: &RouteOutline) {
        let name = &route.name;
        let of_route = self.configuration.routes.get(name);
        let seen = of_route.map(|route| route.seen).unwrap_or_default();
        let lacks = if route.is_public {
            (!seen.allowed).then_some("it taken")
        } else {
            lacking(seen, Seen::ALL, ["it allow", "it deny", "it allow or deny"])
        };
        self.add(route.at, &format!("route `{name}`"), lacks);
        if let Some(OfRoute { issuers, audiences, .. }) = of_route {
            self.limit(name, seen, route.issuers.as_ref(), issuers, &ISSUERS);
            self.limit(name, seen, route.audiences.as_ref(), audiences, &AUDIENCES);
        }
        self.parts(&Owner::Route(name.clone()), seen, &route.requirement, &format!(" of route `{name}`"));
        // It decides nothing, so that whoever the route has seen may be one whom it would refuse, or let pass.
        let told = seen.allowed || seen.denied;
        let outer = if told { Seen::ALL } else { Seen::default() };
        self.parts(&Owner::Candidate(name.clone()), outer, &route.candidate, &format!(" of route `{name}`"));
    }

    /// A list of what this route takes, of which `outer` has been seen.
    fn limit(&mut self, route: &str, outer: Seen, limit: Option<&Limit>, seen: &OfLimit, words: &LimitWords) {
        let LimitWords { key, passed, refused } = words;
        let Some(Limit { taken, others }) = limit else { return };
        for (name, at) in taken.iter().filter(|(name, _)| outer.allowed && !seen.passed.contains(name)) {
            self.add(*at, &format!("`{name}` in `{key}` of route `{route}`"), Some(passed));
        }
        let first = taken.first().filter(|_| outer.denied && !seen.refused);
        if let (Some((_, at)), Some(other)) = (first, others.first()) {
            let lacks = format!("{refused} `{other}`");
            self.add(*at, &format!("`{key}` of route `{route}`"), Some(&lacks));
        }
    }

    /// Those of the `parts`, which are those of something of which `whole` has been seen.
    fn parts(&mut self, owner: &Owner, whole: Seen, parts: &[suite::Part], of: &str) {
        for part in parts {
            let around =
                |other: &&suite::Part| other.way.len() < part.way.len() && part.way.starts_with(&other.way);
            let outer = parts.iter().rfind(around);
            let outer = outer.map_or(whole, |outer| self.seen(owner, &outer.way));
            let seen = self.seen(owner, &part.way);
            let words = match part.role {
                Role::Whole if matches!(owner, Owner::Candidate(_)) => AS_IT_WOULD,
                Role::Whole => BY_IT,
                Role::Part => BY_IT_ALONE,
                Role::OneOf => WITH_IT,
                Role::EachOf => WITHOUT_IT,
            };
            let lacks = lacking(seen, outer, words).map(|lacks| match part.role {
                Role::Whole => lacks.to_owned(),
                // Such a caller may be none that there can be.
                Role::Part | Role::OneOf | Role::EachOf => {
                    format!("{lacks}; if there can be none, it can go")
                }
            });
            self.add(part.at, &format!("{}{of}", part.label), lacks.as_deref());
        }
    }
}

/// How a list of what a route takes is told of.
struct LimitWords {
    key: &'static str,
    passed: &'static str,
    refused: &'static str,
}

const ISSUERS: LimitWords = LimitWords {
    key: "issuers",
    passed: "a token of it pass",
    refused: "a token of another issuer refused, as of",
};
const AUDIENCES: LimitWords = LimitWords {
    key: "audiences",
    passed: "a token pass that is for it and none of the others",
    refused: "a token for another audience refused, as for",
};

/// Callers who pass, who are refused, and both.
type Words = [&'static str; 3];

const BY_IT: Words =
    ["a caller pass by it", "a caller refused for it", "a caller pass by it or one refused for it"];
const AS_IT_WOULD: Words = [
    "a caller whom it would let pass",
    "a caller whom it would refuse",
    "a caller whom it would let pass or one whom it would refuse",
];
const BY_IT_ALONE: Words = [
    "a caller pass by it alone",
    "a caller refused for it alone",
    "a caller pass by it alone or one refused for it alone",
];
const WITH_IT: Words = [
    "a caller pass who has it and none of the others",
    "a caller refused who has it and none of the others",
    "a caller who has it and none of the others",
];
const WITHOUT_IT: Words =
    ["a caller pass who lacks only it", "a caller refused who lacks only it", "a caller who lacks only it"];

/// What has not been seen of that which has been seen of the `outer` one.
fn lacking(seen: Seen, outer: Seen, [allowed, denied, both]: Words) -> Option<&'static str> {
    match (outer.allowed && !seen.allowed, outer.denied && !seen.denied) {
        (false, false) => None,
        (true, false) => Some(allowed),
        (false, true) => Some(denied),
        (true, true) => Some(both),
    }
}

impl Seen {
    const ALL: Self = Self { allowed: true, denied: true };
}

fn line(path: &Path, Position { line, column }: Position, gap: &str) -> String {
    format!("{}:{line}:{column}: {gap}", path.display())
}
