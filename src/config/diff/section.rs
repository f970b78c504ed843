//! Differences of what is neither a route nor a policy: key for key, with defaults where a key is absent.

use std::collections::BTreeSet;

use super::danger::{Canonical, direction, is_whole};
use super::value::{canonical, item_of_list, told};
use super::{Change, Difference, defaults, listeners};
use crate::config::node::{Node, Value};

/// Sections whose entries have names, and what one of them is called.
const NAMED: &[(&str, &str)] = &[("issuers", "issuer"), ("upstreams", "upstream")];

/// What others look at: routes and policies have files of their own.
const ELSEWHERE: &[&str] = &["routes", "policies", "listeners", "issuers", "upstreams"];

pub(super) fn compare(old: &Node, new: &Node) -> Vec<Difference> {
    let mut found = Vec::new();
    for &(section, subject) in NAMED {
        let keys = |node: &Node| node.get(section).map(keys).unwrap_or_default();
        for name in keys(old).union(&keys(new)) {
            let entry = |node: &Node| node.get(section).and_then(|entries| entries.get(name)).cloned();
            match (entry(old), entry(new)) {
                (None, Some(_)) => found.push(come_or_gone("added", subject, name, new)),
                (Some(_), None) => found.push(come_or_gone("removed", subject, name, old)),
                (old, new) => found.extend(of_entry(subject, name, old.as_ref(), new.as_ref(), section)),
            }
        }
    }
    found.extend(listeners::compare(old, new));
    let rest: BTreeSet<String> = keys(old).union(&keys(new)).cloned().collect();
    for key in rest.iter().filter(|key| !ELSEWHERE.contains(&key.as_str())) {
        for (change, message) in entries((old.get(key), None), (new.get(key), None), key) {
            found.push(Difference::of_file(change, format!("{key}{message}")));
        }
    }
    found
}

/// What differs in an entry of a section.
pub(super) fn of_entry(
    subject: &'static str,
    name: &str,
    old: Option<&Node>,
    new: Option<&Node>,
    section: &str,
) -> Vec<Difference> {
    let found = entries((old, None), (new, None), section).into_iter();
    found
        .map(|(change, message)| Difference::new(change, subject, name, message.trim_start_matches('.')))
        .collect()
}

/// An issuer that comes or goes is one for the routes that name none; with `file` the one that has it.
fn come_or_gone(what: &str, subject: &'static str, name: &str, file: &Node) -> Difference {
    let routes = file.get("routes").into_iter().flat_map(Node::children);
    let takes_all = routes.filter(|route| {
        let access = route.get("access");
        access.is_some_and(|access| access.plain() != "public" && access.get("issuers").is_none())
    });
    let names: Vec<String> =
        takes_all.filter_map(|route| route.get("name")).map(|name| format!("`{}`", name.plain())).collect();
    if subject != "issuer" || names.is_empty() {
        return Difference::new(Change::Changed, subject, name, what);
    }
    let (change, are) = if what == "added" { (Change::Looser, "are") } else { (Change::Stricter, "were") };
    let message =
        format!("{what}, and its tokens {are} taken by the routes without `issuers`: {}", names.join(", "));
    Difference::new(change, subject, name, message)
}

/// A node, and the map in which it stands.
type Place<'n> = (Option<&'n Node>, Option<&'n Node>);

/// What differs below two nodes, each with the path of its keys in front (`.keys.jwks_uri: a → b`).
pub(super) fn entries(old: Place<'_>, new: Place<'_>, path: &str) -> Vec<(Change, String)> {
    let ((before, beside_old), (after, beside_new)) = (old, new);
    let is_map = |node: Option<&Node>| node.is_some_and(|node| matches!(node.value, Value::Map(_)));
    let comes_or_goes = is_whole(path) && before.is_none() != after.is_none();
    // Absent is like an empty map: each of its keys has its default.
    if !comes_or_goes && (is_map(before) || before.is_none()) && (is_map(after) || after.is_none()) {
        let keys = |node: Option<&Node>| node.map(keys).unwrap_or_default();
        let keys = keys(before).into_iter().chain(keys(after)).chain(derived(path)).collect::<BTreeSet<_>>();
        return keys
            .into_iter()
            .flat_map(|key| {
                let get = |node: Option<&Node>| node.and_then(|node| node.get(&key)).cloned();
                let (was, now) = (get(before), get(after));
                let found = entries((was.as_ref(), before), (now.as_ref(), after), &format!("{path}.{key}"));
                found.into_iter().map(move |(change, message)| (change, format!(".{key}{message}")))
            })
            .collect();
    }
    let (was, now) = (value(before, beside_old, path), value(after, beside_new, path));
    if was.as_ref().map(|was| &was.text) == now.as_ref().map(|now| &now.text) {
        return Vec::new();
    }
    let message = format!(": {} → {}", shown(before, beside_old, path), shown(after, beside_new, path));
    vec![(direction(path, was.as_ref(), now.as_ref()), message)]
}

/// Keys whose default depends on others, so that it may change with nothing written.
fn derived(path: &str) -> Option<String> {
    (path == "issuers").then(|| "algorithms".to_owned())
}

fn value(node: Option<&Node>, beside: Option<&Node>, path: &str) -> Option<Canonical> {
    let default = if node.is_none() { defaults::of(path, beside) } else { None };
    let node = node.or(default.as_ref().map(|default| &default.node))?;
    let items = node.children().iter().map(|item| item_of_list(item, path)).collect();
    Some(Canonical { text: canonical(node, path), items })
}

fn shown(node: Option<&Node>, beside: Option<&Node>, path: &str) -> String {
    match node {
        // It may hold a password.
        Some(_) if path == "issuers.keys.proxy" => "…".to_owned(),
        Some(node) => told(node, path),
        None => match defaults::of(path, beside) {
            Some(default) => default.words.map_or_else(|| told(&default.node, path), str::to_owned),
            None => defaults::absent(path).to_owned(),
        },
    }
}

fn keys(node: &Node) -> BTreeSet<String> {
    if let Value::Map(entries) = &node.value {
        entries.iter().map(|entry| entry.key.clone()).collect()
    } else {
        BTreeSet::new()
    }
}
