//! Differences of what is neither a route nor a policy: key for key, with defaults where a key is absent.

use std::collections::BTreeSet;

use super::{Change, Difference};
use crate::config::node::{Node, Value};

/// Sections whose entries have names, and what one of them is called.
const NAMED: &[(&str, &str)] = &[("issuers", "issuer"), ("upstreams", "upstream")];

/// What `compare` of routes and policies looks at.
const ELSEWHERE: &[&str] = &["routes", "policies"];

pub(super) fn compare(old: &Node, new: &Node) -> Vec<Difference> {
    let mut found = Vec::new();
    for &(section, subject) in NAMED {
        let keys = |node: &Node| node.get(section).map(keys).unwrap_or_default();
        for name in keys(old).union(&keys(new)) {
            let entry = |node: &Node| node.get(section).and_then(|entries| entries.get(name)).cloned();
            match (entry(old), entry(new)) {
                (None, Some(_)) => {
                    found.push(Difference::new(Change::Changed, subject, name, added(subject, new)));
                }
                (Some(_), None) => found.push(Difference::new(Change::Changed, subject, name, "removed")),
                (old, new) => {
                    for (change, message) in entries(old.as_ref(), new.as_ref(), section) {
                        found.push(Difference::new(change, subject, name, message));
                    }
                }
            }
        }
    }
    let rest: BTreeSet<String> = keys(old).union(&keys(new)).cloned().collect();
    let is_elsewhere =
        |key: &str| ELSEWHERE.contains(&key) || NAMED.iter().any(|(section, _)| *section == key);
    for key in rest.iter().filter(|key| !is_elsewhere(key)) {
        for (change, message) in entries(old.get(key), new.get(key), key) {
            found.push(Difference {
                change,
                subject: "file",
                name: None,
                message: format!("{key}{message}"),
            });
        }
    }
    for difference in &mut found {
        difference.message = difference.message.trim_start_matches('.').to_owned();
    }
    found
}

/// An issuer that is new widens the routes that name none.
fn added(subject: &str, new: &Node) -> String {
    let routes = new.get("routes").into_iter().flat_map(Node::children);
    let takes_all = routes.filter(|route| {
        let access = route.get("access");
        access.is_some_and(|access| access.plain() != "public" && access.get("issuers").is_none())
    });
    let names: Vec<String> =
        takes_all.filter_map(|route| route.get("name")).map(|name| format!("`{}`", name.plain())).collect();
    if subject == "issuer" && !names.is_empty() {
        format!("added, and its tokens are taken by the routes without `issuers`: {}", names.join(", "))
    } else {
        "added".to_owned()
    }
}

/// What differs below two nodes, each with the path of its keys in front (`.keys.jwks_uri: a → b`).
pub(super) fn entries(old: Option<&Node>, new: Option<&Node>, path: &str) -> Vec<(Change, String)> {
    let is_map = |node: Option<&Node>| node.is_some_and(|node| matches!(node.value, Value::Map(_)));
    // Absent is like an empty map: each of its keys has its default.
    if (is_map(old) || old.is_none()) && (is_map(new) || new.is_none()) {
        let keys = |node: Option<&Node>| node.map(keys).unwrap_or_default();
        return keys(old)
            .union(&keys(new))
            .flat_map(|key| {
                let get = |node: Option<&Node>| node.and_then(|node| node.get(key)).cloned();
                let found = entries(get(old).as_ref(), get(new).as_ref(), &format!("{path}.{key}"));
                found.into_iter().map(move |(change, message)| (change, format!(".{key}{message}")))
            })
            .collect();
    }
    let default = || DEFAULTS.iter().find(|(key, _)| *key == path).map(|(_, text)| (*text).to_owned());
    let value = |node: Option<&Node>| node.map(|node| canonical(node, path)).or_else(default);
    let (before, after) = (value(old), value(new));
    if before == after {
        return Vec::new();
    }
    let shown = |node: Option<&Node>| match node {
        // It may hold a password.
        Some(_) if path == "issuers.keys.proxy" => "…".to_owned(),
        Some(node) => written(node),
        None => default().unwrap_or_else(|| "none".to_owned()),
    };
    vec![(direction(path, old, new), format!(": {} → {}", shown(old), shown(new)))]
}

/// Lists that let more callers in the longer they are.
fn direction(path: &str, old: Option<&Node>, new: Option<&Node>) -> Change {
    let widens = ["issuers.audiences", "issuers.algorithms", "issuers.tenants", "issuers.token_types"];
    let (true, Some(old), Some(new)) = (widens.contains(&path), old, new) else { return Change::Changed };
    let items = |node: &Node| node.children().iter().map(Node::plain).collect::<BTreeSet<_>>();
    let (old, new) = (items(old), items(new));
    if old.is_subset(&new) {
        Change::Looser
    } else if new.is_subset(&old) {
        Change::Stricter
    } else {
        Change::Changed
    }
}

fn keys(node: &Node) -> BTreeSet<String> {
    if let Value::Map(entries) = &node.value {
        entries.iter().map(|entry| entry.key.clone()).collect()
    } else {
        BTreeSet::new()
    }
}

/// The value in one form for all ways to write it.
fn canonical(node: &Node, path: &str) -> String {
    match &node.value {
        Value::List(items) => {
            let mut items: Vec<String> = items.iter().map(|item| canonical(item, path)).collect();
            // The steps of a claim's path are in order; every other list is a set.
            let in_order = [".roles", ".scopes", ".from"].iter().any(|key| path.ends_with(key));
            if !in_order {
                items.sort();
            }
            format!("[{}]", items.join(", "))
        }
        Value::Map(entries) => {
            let mut entries: Vec<String> = entries
                .iter()
                .map(|entry| format!("{}: {}", entry.key, canonical(&entry.node, path)))
                .collect();
            entries.sort();
            format!("{{ {} }}", entries.join(", "))
        }
        Value::Text(text) => milliseconds(text).unwrap_or_else(|| text.clone()),
        Value::Bool(value) => value.to_string(),
        Value::Integer(value) => value.to_string(),
        Value::Float(value) => value.to_string(),
        Value::Null | Value::Unknown => String::new(),
    }
}

/// A duration in the smallest of its units.
fn milliseconds(text: &str) -> Option<String> {
    let (amount, unit) = text.split_at_checked(text.find(|letter: char| !letter.is_ascii_digit())?)?;
    let scale: u64 = match unit {
        "ms" => 1,
        "s" => 1_000,
        "m" => 60_000,
        "h" => 3_600_000,
        "d" => 86_400_000,
        _ => return None,
    };
    Some(format!("{}ms", amount.parse::<u64>().ok()?.checked_mul(scale)?))
}

/// The value as the file has it, in one line.
pub(super) fn written(node: &Node) -> String {
    match &node.value {
        Value::List(items) => format!("[{}]", items.iter().map(written).collect::<Vec<_>>().join(", ")),
        Value::Map(entries) => {
            let entries: Vec<String> =
                entries.iter().map(|entry| format!("{}: {}", entry.key, written(&entry.node))).collect();
            format!("{{ {} }}", entries.join(", "))
        }
        Value::Null
        | Value::Bool(_)
        | Value::Integer(_)
        | Value::Float(_)
        | Value::Text(_)
        | Value::Unknown => node.plain(),
    }
}

/// What an absent key means, in the form of `canonical`.
const DEFAULTS: &[(&str, &str)] = &[
    ("admin.address", "127.0.0.1:9901"),
    ("credentials", "[authorization]"),
    ("identity.forward_token", "false"),
    ("issuers.clock_skew", "30000ms"),
    ("issuers.keys.allow_http", "false"),
    ("issuers.keys.max_stale", "86400000ms"),
    ("issuers.keys.on_start", "require"),
    ("issuers.keys.refresh.max", "3600000ms"),
    ("issuers.keys.refresh.min", "30000ms"),
    ("issuers.roles", "roles"),
    ("issuers.token_cache.max_size", "32MiB"),
    ("issuers.token_types", "[JWT, absent, at+jwt]"),
    ("limits.token", "16KiB"),
    ("limits.token_header", "4KiB"),
    ("route.identity.forward_token", "false"),
    ("shutdown.delay", "5000ms"),
    ("shutdown.timeout", "30000ms"),
    ("upstreams.timeouts.connect", "2000ms"),
    ("upstreams.timeouts.response", "30000ms"),
];
