//! Policies that decide differently, and the routes that ask for them.

use std::collections::BTreeSet;

use super::requirement;
use super::{Change, Difference, File};
use crate::authz::Requirement;
use crate::config::compile::requirements::Policies;
use crate::config::document::Document;
use crate::config::node::Node;
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

    /// What a node of `require` or of a policy asks; without one, a valid token.
    pub(super) fn compiled(&mut self, node: Option<&Node>) -> Requirement {
        node.and_then(|node| self.policies.requirement(node, &mut self.said))
            .unwrap_or(Requirement::Authenticated)
    }
}

pub(super) fn compare(old: File<'_>, new: File<'_>) -> Vec<Difference> {
    let (mut before, mut after) = (Requirements::of(old.1), Requirements::of(new.1));
    let names = |file: File<'_>| -> Vec<String> {
        let entries = file.1.policies.iter().flat_map(|policies| &policies.value.entries);
        entries.map(|(name, _)| name.value.clone()).collect()
    };
    let node =
        |file: File<'_>, name: &str| file.0.get("policies").and_then(|policies| policies.get(name)).cloned();
    let mut found = Vec::new();
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
        let (was, now) = (before.compiled(Some(&was)), after.compiled(Some(&now)));
        if let Some((change, mut message)) = requirement::compare(&was, &now) {
            let routes = routes_asking(new, &name, &mut after);
            if !routes.is_empty() {
                message = format!("{message} (asked for by {})", routes.join(", "));
            }
            found.push(Difference::new(change, "policy", &name, message));
        }
    }
    found
}

/// The routes whose requirement names the policy, also through others.
fn routes_asking(file: File<'_>, policy: &str, requirements: &mut Requirements) -> Vec<String> {
    let routes = file.0.get("routes").into_iter().flat_map(Node::children);
    routes
        .filter_map(|route| {
            let require = route.get("access")?.get("require")?;
            let mut names = BTreeSet::new();
            collect(&requirements.compiled(Some(require)), &mut names);
            names
                .contains(policy)
                .then(|| format!("`{}`", route.get("name").map(Node::plain).unwrap_or_default()))
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
