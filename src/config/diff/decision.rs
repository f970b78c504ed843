//! What two routes decide differently of the same request: access, requirement, issuers and audiences, and the keys that a
//! route may have of its own.

use std::collections::BTreeSet;

use super::policies::{Asked, Requirements, between};
use super::proof::Names;
use super::requirement::Seen;
use super::value::written;
use super::view::{View, listed};
use super::{Change, section};
use crate::config::node::{Node, Value};

/// One thing that the new route decides differently.
#[derive(Debug)]
pub(super) struct Aspect {
    pub(super) change: Change,
    pub(super) message: String,
    /// It comes from policies that are named as before.
    pub(super) is_of_policies: bool,
}

/// Everything that the new route decides differently.
pub(super) fn compare(
    old: &View<'_>,
    new: &View<'_>,
    was: &mut Requirements,
    now: &mut Requirements,
) -> Vec<Aspect> {
    let mut found = Vec::new();
    if old.access != new.access {
        let change = old.towards(new).unwrap_or(Change::Changed);
        found.push((change, format!("access: {} → {}", old.access, new.access)));
    }
    let (before, after) = (old.unknown_access(), new.unknown_access());
    if before != after {
        let words = |access: Option<String>| access.unwrap_or_else(|| "what is known".to_owned());
        let message =
            format!("access: {} → {}, with variables that are not set here", words(before), words(after));
        found.push((Change::Looser, message));
    }
    found.extend(tokens(old, new));
    for key in other_keys(old.node).union(&other_keys(new.node)) {
        let (before, after) = (old.meant(key), new.meant(key));
        let places = ((before.as_ref(), None), (after.as_ref(), None));
        let entries = section::entries(places.0, places.1, &format!("route.{key}"));
        found.extend(entries.into_iter().map(|(change, message)| (change, format!("{key}{message}"))));
    }
    let mut found: Vec<Aspect> = found
        .into_iter()
        .map(|(change, message)| Aspect { change, message, is_of_policies: false })
        .collect();
    found.extend(required(old, new, was, now));
    found.extend(candidate(old, new, was, now));
    found
}

/// What several changes are together: the loosest where one lets somebody in, else the strictest.
pub(super) fn together(changes: impl Iterator<Item = Change> + Clone) -> Change {
    let looser = changes.clone().filter(|change| *change <= Change::Looser).min();
    looser.or_else(|| changes.max()).unwrap_or(Change::Changed)
}

fn required(
    old: &View<'_>,
    new: &View<'_>,
    was: &mut Requirements,
    now: &mut Requirements,
) -> Option<Aspect> {
    if !old.has_requirement() || !new.has_requirement() {
        return None;
    }
    let (before, after) = (old.access_key("require"), new.access_key("require"));
    let (before, after) = ((before, was.compiled(before)), (after, now.compiled(after)));
    let text = |asked: &Asked<'_>| asked.1.as_ref().map(ToString::to_string);
    let is_of_policies = text(&before).is_some() && text(&before) == text(&after);
    let names = names(old, new);
    let (change, message) = between(&before, &after, seen(old, new, &names))?;
    // What is only observed lets nobody in, nor keeps anybody out.
    let change = if old.is_open() || new.is_open() { Change::Changed } else { change };
    Some(Aspect { change, message, is_of_policies })
}

/// It decides nothing, so that a change of it lets nobody in.
fn candidate(
    old: &View<'_>,
    new: &View<'_>,
    was: &mut Requirements,
    now: &mut Requirements,
) -> Option<Aspect> {
    let (before, after) = (old.access_key("candidate"), new.access_key("candidate"));
    match (before, after) {
        (None, None) => return None,
        (Some(_), Some(_)) => {
            let (before, after) = ((before, was.compiled(before)), (after, now.compiled(after)));
            let names = names(old, new);
            let (_, message) = between(&before, &after, seen(old, new, &names))?;
            let message = format!("candidate: {message}");
            return Some(Aspect { change: Change::Changed, message, is_of_policies: false });
        }
        (Some(_), None) | (None, Some(_)) => {}
    }
    let words = |requirements: &mut Requirements, node: Option<&Node>| {
        let asked = node.map(|node| {
            requirements.compiled(Some(node)).map_or_else(|| written(node), |asked| asked.to_string())
        });
        asked.unwrap_or_else(|| "none".to_owned())
    };
    let message = format!("candidate: {} → {}", words(was, before), words(now, after));
    Some(Aspect { change: Change::Changed, message, is_of_policies: false })
}

/// The claims in which the issuers of either file have roles and scopes.
fn names(old: &View<'_>, new: &View<'_>) -> Names {
    old.names.and(&new.names)
}

fn seen<'v>(old: &'v View<'_>, new: &'v View<'_>, names: &'v Names) -> Seen<'v> {
    let paths = Some([old.matcher.path(), new.matcher.path()]);
    Seen { paths, other_headers: old.concealed != new.concealed, names: Some(names) }
}

/// Issuers and audiences.
fn tokens(old: &View<'_>, new: &View<'_>) -> Vec<(Change, String)> {
    let mut found = Vec::new();
    if !old.has_requirement() || !new.has_requirement() {
        return found;
    }
    let is_decided = !old.is_open() && !new.is_open();
    let mut compare = |key: &str, before: Option<BTreeSet<String>>, after: Option<BTreeSet<String>>| {
        let change = match (&before, &after) {
            (Some(before), Some(after)) if before == after => return,
            (None, None) => return,
            (Some(before), Some(after)) if after.is_subset(before) => Change::Stricter,
            (Some(_), Some(_) | None) => Change::Looser,
            (None, Some(_)) => Change::Stricter,
        };
        let words = |route: &View<'_>, names: Option<BTreeSet<String>>| {
            let names = names.filter(|_| route.access_key(key).is_some());
            names.map_or_else(|| "any".to_owned(), |names| listed(&Vec::from_iter(names), "any"))
        };
        let change = if is_decided { change } else { Change::Changed };
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

/// The keys of a route that are not compared by themselves.
fn other_keys(route: &Node) -> BTreeSet<String> {
    let Value::Map(entries) = &route.value else { return BTreeSet::new() };
    let keys = entries.iter().map(|entry| entry.key.clone());
    keys.filter(|key| !["name", "match", "access"].contains(&key.as_str())).collect()
}
