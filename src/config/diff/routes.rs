//! Routes that were added, removed, renamed or changed.

use std::collections::BTreeSet;

use super::policies::Requirements;
use super::{Change, Difference, File, requirement, samples, section};
use crate::config::compile::routes::matcher;
use crate::config::node::{Node, Value};
use crate::config::open::openness;
use crate::config::problem::Problems;
use crate::route::Matcher;

/// A route, as far as it is compared.
pub(super) struct View<'f> {
    pub(super) name: String,
    pub(super) matcher: Matcher,
    pub(super) hosts: Vec<String>,
    pub(super) methods: Vec<String>,
    pub(super) path: String,
    /// In a word: public, optional, observe, authenticated.
    pub(super) access: &'static str,
    node: &'f Node,
}

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

fn views(file: File<'_>) -> Vec<View<'_>> {
    let nodes = file.0.get("routes").into_iter().flat_map(Node::children);
    let routes = file.1.routes.iter().flat_map(|routes| &routes.value);
    let mut said = Problems::new(std::path::Path::new(""), true);
    let views = nodes.zip(routes).filter_map(|(node, route)| {
        let section = route.r#match.as_ref()?.value.clone();
        let texts =
            |list: &Option<crate::config::node::At<Vec<crate::config::node::At<String>>>>| -> Vec<String> {
                let items = list.iter().flat_map(|list| &list.value);
                let sorted: BTreeSet<String> = items.map(|item| item.value.clone()).collect();
                sorted.into_iter().collect()
            };
        Some(View {
            name: route.name.as_ref()?.value.clone(),
            hosts: texts(&section.hosts),
            methods: texts(&section.methods),
            path: section.path.as_ref()?.value.clone(),
            matcher: matcher(section, &mut said)?,
            access: openness(node.get("access")?).map_or("authenticated", |(access, _)| access),
            node,
        })
    });
    views.collect()
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

impl View<'_> {
    fn is_open(&self) -> bool {
        self.access != "authenticated"
    }

    fn is_for_the_same_as(&self, other: &Self) -> bool {
        (&self.hosts, &self.methods, &self.path) == (&other.hosts, &other.methods, &other.path)
    }

    /// What it means that the new route stands where this one stood; none if nothing.
    pub(super) fn towards(&self, new: &Self) -> Option<Change> {
        match (self.is_open(), new.is_open()) {
            (false, true) => Some(Change::Opened),
            (true, false) => Some(Change::Closed),
            (true, true) | (false, false) => match (self.asks(), new.asks()) {
                (true, false) => Some(Change::Looser),
                (false, true) => Some(Change::Stricter),
                (true, true) | (false, false) => None,
            },
        }
    }

    /// Whether it asks for more than a valid token.
    fn asks(&self) -> bool {
        !self.is_open() && self.access_key("require").is_some()
    }

    /// What it asks for, in a few words.
    pub(super) fn guard(&self) -> String {
        if self.asks() { format!("{}, with a requirement", self.access) } else { self.access.to_owned() }
    }

    fn summary(&self) -> String {
        let or_any =
            |texts: &[String], any: &str| if texts.is_empty() { any.to_owned() } else { texts.join(",") };
        format!("{} {}{}", or_any(&self.methods, "any method"), or_any(&self.hosts, ""), self.path)
    }
}

fn changes(
    old: &View<'_>,
    new: &View<'_>,
    was: &mut Requirements,
    now: &mut Requirements,
) -> Vec<Difference> {
    let mut found = Vec::new();
    let mut say =
        |change: Change, message: String| found.push(Difference::new(change, "route", &new.name, message));
    if old.access != new.access {
        let change = old.towards(new).unwrap_or(Change::Changed);
        say(change, format!("access: {} → {}", old.access, new.access));
    }
    if old.name != new.name {
        say(Change::Changed, format!("renamed, before `{}`", old.name));
    }
    for (what, before, after) in [("hosts", &old.hosts, &new.hosts), ("methods", &old.methods, &new.methods)]
    {
        if before != after {
            // None given is every one.
            let wider =
                after.is_empty() || (!before.is_empty() && before.iter().all(|one| after.contains(one)));
            let change = if wider && new.is_open() { Change::Opened } else { Change::Changed };
            say(change, format!("{what}: {} → {}", listed(before, "any"), listed(after, "any")));
        }
    }
    if old.path != new.path {
        say(Change::Changed, format!("path: {} → {}", old.path, new.path));
    }
    if !old.is_open() && !new.is_open() {
        let (before, after) = (old.access_key("require"), new.access_key("require"));
        let (before, after) = (was.compiled(before), now.compiled(after));
        if let Some((change, message)) = requirement::compare(&before, &after) {
            say(change, message);
        }
    }
    for key in ["issuers", "audiences"] {
        let names = |route: &View<'_>| {
            let list = route.access_key(key)?;
            Some(list.children().iter().map(Node::plain).collect::<BTreeSet<String>>())
        };
        let (before, after) = (names(old), names(new));
        if before == after || new.access == "public" || old.access == "public" {
            continue;
        }
        let change = match (&before, &after) {
            (Some(before), Some(after)) if before.is_subset(after) => Change::Looser,
            (Some(before), Some(after)) if after.is_subset(before) => Change::Stricter,
            (Some(_), None) => Change::Looser,
            (None, Some(_)) => Change::Stricter,
            _ => Change::Changed,
        };
        let words = |names: Option<BTreeSet<String>>| {
            names.map_or_else(|| "any".to_owned(), |names| listed(&Vec::from_iter(names), "any"))
        };
        say(change, format!("{key}: {} → {}", words(before), words(after)));
    }
    for key in other_keys(old.node).union(&other_keys(new.node)) {
        for (change, message) in
            section::entries(old.node.get(key), new.node.get(key), &format!("route.{key}"))
        {
            say(change, format!("{key}{message}"));
        }
    }
    for key in access_keys(old.node).union(&access_keys(new.node)) {
        for (change, message) in
            section::entries(old.access_key(key), new.access_key(key), &format!("access.{key}"))
        {
            say(change, format!("{key}{message}"));
        }
    }
    found
}

impl View<'_> {
    fn access_key(&self, key: &str) -> Option<&Node> {
        self.node.get("access").and_then(|access| access.get(key))
    }
}

fn listed(names: &[String], none: &str) -> String {
    if names.is_empty() { none.to_owned() } else { format!("[{}]", names.join(", ")) }
}

/// The keys of a route that are not compared by themselves.
fn other_keys(route: &Node) -> BTreeSet<String> {
    keys_but(route, &["name", "match", "access"])
}

fn access_keys(route: &Node) -> BTreeSet<String> {
    route
        .get("access")
        .map(|access| keys_but(access, &["require", "issuers", "audiences", "enforcement"]))
        .unwrap_or_default()
}

fn keys_but(node: &Node, known: &[&str]) -> BTreeSet<String> {
    let Value::Map(entries) = &node.value else { return BTreeSet::new() };
    let keys = entries.iter().map(|entry| entry.key.clone());
    keys.filter(|key| !known.contains(&key.as_str())).collect()
}
