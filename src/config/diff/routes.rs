//! Routes that were added, removed, renamed or changed.

use std::collections::BTreeSet;

use super::policies::Requirements;
use super::view::{View, views};
use super::{Change, Difference, File, requirement, samples, section};
use crate::config::node::{Node, Value};

pub(super) fn compare(old: File<'_>, new: File<'_>) -> Vec<Difference> {
    let (before, after) = (views(old), views(new));
    let pairs = pairs(&before, &after);
    let (mut was, mut now) = (Requirements::of(old.1), Requirements::of(new.1));
    let mut found = Vec::new();
    for (index, route) in after.iter().enumerate() {
        let pair = pairs.iter().find(|(_, new)| *new == index).and_then(|(old, _)| before.get(*old));
        if let Some(pair) = pair {
            found.extend(changes(pair, route, &mut was, &mut now));
        } else {
            let change = if route.is_open() { Change::Opened } else { Change::Changed };
            let message = format!("added: {}, {}", route.summary(), route.access);
            found.push(Difference::new(change, "route", &route.name, message));
        }
    }
    for (index, route) in before.iter().enumerate() {
        if !pairs.iter().any(|(old, _)| *old == index) {
            let message = format!("removed: {}, {}", route.summary(), route.access);
            let change = if route.is_open() { Change::Closed } else { Change::Changed };
            found.push(Difference::new(change, "route", &route.name, message));
        }
    }
    found.extend(samples::compare(&before, &after, |old, new| pairs.contains(&(old, new))));
    found
}

/// Which route of the old file is which of the new: by name, else by what it is for.
fn pairs(before: &[View<'_>], after: &[View<'_>]) -> Vec<(usize, usize)> {
    let named = |routes: &[View<'_>], name: &str| routes.iter().position(|route| route.name == name);
    let mut pairs: Vec<(usize, usize)> = before
        .iter()
        .enumerate()
        .filter_map(|(old, route)| Some((old, named(after, &route.name)?)))
        .collect();
    for (old, route) in before.iter().enumerate() {
        let renamed = after.iter().enumerate().find(|(new, other)| {
            route.is_for_the_same_as(other)
                && !pairs.iter().any(|(paired, taken)| *paired == old || taken == new)
        });
        pairs.extend(renamed.map(|(new, _)| (old, new)));
    }
    pairs
}

fn changes(
    old: &View<'_>,
    new: &View<'_>,
    was: &mut Requirements,
    now: &mut Requirements,
) -> Vec<Difference> {
    let mut found = Vec::new();
    if old.access != new.access {
        let change = old.towards(new).unwrap_or(Change::Changed);
        found.push((change, format!("access: {} → {}", old.access, new.access)));
    }
    if old.name != new.name {
        found.push((Change::Changed, format!("renamed, before `{}`", old.name)));
    }
    found.extend(matched(old, new));
    if old.has_requirement() && new.has_requirement() {
        let (before, after) = (old.access_key("require"), new.access_key("require"));
        let (before, after) = (was.compiled(before), now.compiled(after));
        // What is only observed lets nobody in, nor keeps anybody out.
        let counts = !old.is_open() && !new.is_open();
        found.extend(
            requirement::compare(&before, &after)
                .map(|(change, message)| (if counts { change } else { Change::Changed }, message)),
        );
    }
    found.extend(candidate(old, new, was, now));
    found.extend(tokens(old, new));
    for key in other_keys(old.node).union(&other_keys(new.node)) {
        let (before, after) = (old.meant(key), new.meant(key));
        let places = ((before.as_ref(), None), (after.as_ref(), None));
        let entries = section::entries(places.0, places.1, &format!("route.{key}"));
        found.extend(entries.into_iter().map(|(change, message)| (change, format!("{key}{message}"))));
    }
    found.into_iter().map(|(change, message)| Difference::new(change, "route", &new.name, message)).collect()
}

/// Hosts, methods and path: which requests it takes, whoever comes.
fn matched(old: &View<'_>, new: &View<'_>) -> Vec<(Change, String)> {
    let mut found = Vec::new();
    for (what, before, after) in [("hosts", &old.hosts, &new.hosts), ("methods", &old.methods, &new.methods)]
    {
        if before != after {
            // None given is every one.
            let within = |inner: &[String], outer: &[String]| {
                outer.is_empty() || (!inner.is_empty() && inner.iter().all(|one| outer.contains(one)))
            };
            let change = new.taking(!within(after, before), !within(before, after));
            found.push((change, format!("{what}: {} → {}", listed(before, "any"), listed(after, "any"))));
        }
    }
    if old.path != new.path {
        let change = new.taking(samples::takes_more(old, new), samples::takes_more(new, old));
        found.push((change, format!("path: {} → {}", old.path, new.path)));
    }
    found
}

/// Issuers and audiences.
fn tokens(old: &View<'_>, new: &View<'_>) -> Vec<(Change, String)> {
    let mut found = Vec::new();
    if new.access == "public" || old.access == "public" {
        return found;
    }
    let mut compare = |key: &str, before: Option<BTreeSet<String>>, after: Option<BTreeSet<String>>| {
        let change = match (&before, &after) {
            (Some(before), Some(after)) if before == after => return,
            (None, None) => return,
            (Some(before), Some(after)) if before.is_subset(after) => Change::Looser,
            (Some(before), Some(after)) if after.is_subset(before) => Change::Stricter,
            (Some(_), None) => Change::Looser,
            (None, Some(_)) => Change::Stricter,
            (Some(_), Some(_)) => Change::Changed,
        };
        let words = |route: &View<'_>, names: Option<BTreeSet<String>>| {
            let listed = names.filter(|_| route.access_key(key).is_some());
            listed.map_or_else(|| "any".to_owned(), |names| self::listed(&Vec::from_iter(names), "any"))
        };
        found.push((change, format!("{key}: {} → {}", words(old, before), words(new, after))));
    };
    // Where neither lists any, an issuer that comes or goes is told by itself.
    if old.access_key("issuers").is_some() || new.access_key("issuers").is_some() {
        compare("issuers", Some(old.issuers()), Some(new.issuers()));
    }
    let audiences = |route: &View<'_>| -> Option<BTreeSet<String>> {
        Some(route.access_key("audiences")?.children().iter().map(Node::plain).collect())
    };
    compare("audiences", audiences(old), audiences(new));
    found
}

/// It decides nothing, so that a change of it lets nobody in.
fn candidate(
    old: &View<'_>,
    new: &View<'_>,
    was: &mut Requirements,
    now: &mut Requirements,
) -> Option<(Change, String)> {
    let (before, after) = (old.access_key("candidate"), new.access_key("candidate"));
    let text = |requirements: &mut Requirements, node: Option<&Node>| {
        node.map_or_else(|| "none".to_owned(), |node| requirements.compiled(Some(node)).to_string())
    };
    let (before, after) = (text(was, before), text(now, after));
    (before != after).then(|| (Change::Changed, format!("candidate: {before} → {after}")))
}

fn listed(names: &[String], none: &str) -> String {
    if names.is_empty() { none.to_owned() } else { format!("[{}]", names.join(", ")) }
}

/// The keys of a route that are not compared by themselves.
fn other_keys(route: &Node) -> BTreeSet<String> {
    let Value::Map(entries) = &route.value else { return BTreeSet::new() };
    let keys = entries.iter().map(|entry| entry.key.clone());
    keys.filter(|key| !["name", "match", "access"].contains(&key.as_str())).collect()
}
