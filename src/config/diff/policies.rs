//! Policies that decide differently, and the routes that ask for them.

use std::collections::BTreeSet;

use super::proof::Names;
use super::requirement::{self, Seen};
use super::value::canonical;
use super::view::View;
use super::{Change, Difference, File};
use crate::authz::Requirement;
use crate::config::compile::requirements::Policies;
use crate::config::document::Document;
use crate::config::node::Node;
use crate::config::open::openness;
use crate::config::problem::Problems;

/// The requirements of one file.
pub(super) struct Requirements {
    policies: Policies,
    /// They compiled before, so that nothing is said.
    said: Problems,
}

impl Requirements {
    pub(super) fn of(document: &Document) -> Self {
        let said = Problems::new(std::path::Path::new(""), true);
        Self { policies: Policies::new(document.policies.clone()), said }
    }

    /// What a node of `require` or of a policy asks; without one, a valid token. None where a variable is not set here.
    pub(super) fn compiled(&mut self, node: Option<&Node>) -> Option<Requirement> {
        match node {
            None => Some(Requirement::Authenticated),
            Some(node) => self.policies.requirement(node, &mut self.said),
        }
    }
}

/// What is said of policies: of which routes, and what it does.
#[derive(Debug, Default)]
pub(super) struct Told(Vec<(String, Change)>);

impl Told {
    /// Whether it is said already that a policy does this to the route.
    pub(super) fn has(&self, route: &View<'_>, change: Change) -> bool {
        self.0.iter().any(|(name, told)| *name == route.name && *told == change)
    }
}

pub(super) fn compare(old: File<'_>, new: File<'_>) -> (Vec<Difference>, Told) {
    let (mut before, mut after) = (Requirements::of(old.1), Requirements::of(new.1));
    let names = |file: File<'_>| -> Vec<String> {
        let entries = file.1.policies.iter().flat_map(|policies| &policies.value.entries);
        entries.map(|(name, _)| name.value.clone()).collect()
    };
    let node =
        |file: File<'_>, name: &str| file.0.get("policies").and_then(|policies| policies.get(name)).cloned();
    let asked = asked(new, &mut after);
    let claims = Names::of(old.0).and(&Names::of(new.0));
    let (mut found, mut told) = (Vec::new(), Told::default());
    for name in names(old) {
        if node(new, &name).is_none() {
            found.push(Difference::new(Change::Changed, "policy", &name, "removed"));
        }
    }
    for name in names(new) {
        let (Some(now), was) = (node(new, &name), node(old, &name)) else { continue };
        let Some(was) = was else {
            found.push(Difference::new(Change::Changed, "policy", &name, "added"));
            continue;
        };
        let (was, now) =
            ((Some(&was), before.compiled(Some(&was))), (Some(&now), after.compiled(Some(&now))));
        let seen = Seen { names: Some(&claims), ..Seen::default() };
        let Some((change, mut message)) = between(&was, &now, seen) else { continue };
        let routes: Vec<&String> =
            asked.iter().filter(|(_, policies)| policies.contains(&name)).map(|(route, _)| route).collect();
        // What no route asks for lets nobody in.
        let change = if routes.is_empty() { Change::Changed } else { change };
        if !routes.is_empty() {
            let names: Vec<String> = routes.iter().map(|route| format!("`{route}`")).collect();
            message = format!("{message} (asked for by {})", names.join(", "));
        }
        told.0.extend(routes.into_iter().map(|route| (route.clone(), change)));
        found.push(Difference::new(change, "policy", &name, message));
    }
    (found, told)
}

/// A requirement as it is written, and compiled where it is known.
pub(super) type Asked<'n> = (Option<&'n Node>, Option<Requirement>);

/// What is different between two requirements; where one is not known, as they are written.
pub(super) fn between(was: &Asked<'_>, now: &Asked<'_>, seen: Seen<'_>) -> Option<(Change, String)> {
    if let (Some(was), Some(now)) = (&was.1, &now.1) {
        return requirement::compare(was, now, seen);
    }
    let text =
        |node: Option<&Node>| node.map_or_else(|| "authenticated".to_owned(), |node| canonical(node, ""));
    let (before, after) = (text(was.0), text(now.0));
    let message = || format!("requires {after}, before {before}, with variables that are not set here");
    (before != after).then(|| (Change::Looser, message()))
}

/// The routes whose requirement decides, and the policies that it names, also through others.
fn asked(file: File<'_>, requirements: &mut Requirements) -> Vec<(String, BTreeSet<String>)> {
    let routes = file.0.get("routes").into_iter().flat_map(Node::children);
    routes
        .filter_map(|route| {
            let access = route.get("access").filter(|access| openness(access).is_none())?;
            let mut names = BTreeSet::new();
            collect(&requirements.compiled(Some(access.get("require")?))?, &mut names);
            Some((route.get("name").map(Node::plain).unwrap_or_default(), names))
        })
        .collect()
}

fn collect(requirement: &Requirement, names: &mut BTreeSet<String>) {
    if let Requirement::Policy(policy) = requirement
        && !names.insert(policy.name().to_string())
    {
        return;
    }
    for part in requirement.parts() {
        collect(part, names);
    }
}
