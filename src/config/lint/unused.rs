//! Issuers, policies and upstreams that no route has to do with.

use std::collections::{BTreeSet, HashMap};

use super::code::Code;
use crate::config::document::{Access, Document};
use crate::config::node::{At, Named, Node, Value};
use crate::config::problem::Problems;

pub(super) fn lint(root: &Node, document: &Document, problems: &mut Problems) {
    issuers(document, problems);
    upstreams(document, problems);
    policies(root, document, problems);
}

fn names<T>(section: Option<&At<Named<T>>>) -> impl Iterator<Item = &At<String>> {
    section.into_iter().flat_map(|section| section.value.entries.iter().map(|(name, _)| name))
}

fn issuers(document: &Document, problems: &mut Problems) {
    let mut used: BTreeSet<&str> = BTreeSet::new();
    for access in
        document.routes.iter().flat_map(|routes| &routes.value).filter_map(|route| route.access.as_ref())
    {
        let named = match &access.value {
            Access::Public => continue,
            Access::Optional | Access::Authenticated => None,
            Access::Conditions(conditions) => conditions.issuers.as_ref(),
        };
        // Without a list of its own, a route takes the tokens of all.
        let Some(named) = named else { return };
        used.extend(named.value.iter().map(|name| name.value.as_str()));
    }
    for name in names(document.issuers.as_ref()).filter(|name| !used.contains(name.value.as_str())) {
        let wrong = format!("no route takes tokens of the issuer `{}`", name.value);
        problems.warning(
            Code::UnusedIssuer,
            name.at,
            wrong,
            "name it under `issuers` of a route, or remove it",
        );
    }
}

fn upstreams(document: &Document, problems: &mut Problems) {
    let routes = document.routes.iter().flat_map(|routes| &routes.value);
    let used: BTreeSet<&str> =
        routes.filter_map(|route| route.upstream.as_ref()).map(|name| name.value.as_str()).collect();
    for name in names(document.upstreams.as_ref()).filter(|name| !used.contains(name.value.as_str())) {
        let wrong = format!("no route leads to the upstream `{}`", name.value);
        problems.warning(
            Code::UnusedUpstream,
            name.at,
            wrong,
            "name it as `upstream` of a route, or remove it",
        );
    }
}

fn policies(root: &Node, document: &Document, problems: &mut Problems) {
    let mut named: BTreeSet<&str> = BTreeSet::new();
    for access in
        root.get("routes").into_iter().flat_map(Node::children).filter_map(|route| route.get("access"))
    {
        // What is tried out counts as named.
        for key in ["require", "candidate"] {
            collect(access.get(key), &mut named);
        }
    }
    let definitions = root.get("policies").map(|policies| &policies.value);
    let definitions: HashMap<&str, &Node> = match definitions {
        Some(Value::Map(entries)) => entries.iter().map(|entry| (entry.key.as_str(), &entry.node)).collect(),
        _ => HashMap::new(),
    };
    let mut waiting: Vec<&str> = named.iter().copied().collect();
    while let Some(name) = waiting.pop() {
        let mut inner = BTreeSet::new();
        collect(definitions.get(name).copied(), &mut inner);
        waiting.extend(inner.into_iter().filter(|name| named.insert(name)));
    }
    for name in names(document.policies.as_ref()).filter(|name| !named.contains(name.value.as_str())) {
        let wrong = format!("no route asks for the policy `{}`", name.value);
        problems.warning(
            Code::UnusedPolicy,
            name.at,
            wrong,
            "name it under `require` of a route, or remove it",
        );
    }
}

/// The names of policies in a requirement.
fn collect<'n>(requirement: Option<&'n Node>, names: &mut BTreeSet<&'n str>) {
    let Some(requirement) = requirement else { return };
    match &requirement.value {
        Value::Text(name) => {
            names.insert(name);
        }
        Value::List(items) => items.iter().for_each(|item| collect(Some(item), names)),
        Value::Map(_) => {
            for key in ["any_of", "all_of", "not"] {
                collect(requirement.get(key), names);
            }
        }
        Value::Null | Value::Bool(_) | Value::Integer(_) | Value::Float(_) | Value::Unknown => {}
    }
}
