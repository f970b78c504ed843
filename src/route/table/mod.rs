//! The routes, compiled for looking one up.
//!
//! The first route whose hosts and path match is chosen. Its methods then decide, together with those of the later
//! routes that have the very same hosts and path: such routes form a group, made at load with its Allow header.
//! Any other later route is out of reach once a path is taken, so that a request cannot choose its rule by its method.
//!
//! Paths lie in one trie per host, per parent of wildcard hosts, and for any host; a look-up takes the lowest index
//! over the tries that apply, at most one per label of the host.

mod parameter;
mod reach;
mod sample;
mod slash;

use std::collections::HashMap;
use std::iter;

use http::Method;

use super::host::{HostPattern, Kind};
use super::methods::is_respelled;
use super::pattern::{Segment, Shape};
use super::trie::{self, Trie};
use super::{Ambiguous, Captures, Methods, PathData, PathPattern, Target, canonical};

pub use reach::Unreachable;
pub use sample::Samples;

/// What a route is for.
#[derive(Debug, Clone)]
pub struct Matcher {
    pub(super) hosts: Vec<HostPattern>,
    pub(super) methods: Methods,
    path: PathPattern,
    data: PathData,
    /// Whether it takes only methods without a letter in lower case.
    upper_case: bool,
}

impl Matcher {
    /// Hosts (none: any), methods and path together.
    pub fn new(hosts: Vec<HostPattern>, methods: Methods, path: PathPattern) -> Self {
        Self { hosts, methods, path, data: PathData::default(), upper_case: false }
    }

    /// The same for requests whose method has no letter in lower case: what comes after the routes goes by the method, and
    /// must not be dodged by `purge` at a server that takes it for PURGE. Such a request has no other route either.
    #[must_use]
    pub fn in_upper_case(self) -> Self {
        Self { upper_case: true, ..self }
    }

    /// The same for paths that may hold this data.
    #[must_use]
    pub fn allowing(self, data: PathData) -> Self {
        Self { data, ..self }
    }

    pub(super) fn minds_spelling_of(&self, method: &Method) -> bool {
        self.upper_case && method.as_str().bytes().any(|byte| byte.is_ascii_lowercase())
    }

    /// The methods.
    pub fn methods(&self) -> &Methods {
        &self.methods
    }

    /// The path pattern.
    pub fn path(&self) -> &PathPattern {
        &self.path
    }

    /// What routes with the very same hosts and path have in common.
    fn key(&self) -> (Vec<HostPattern>, Shape) {
        let mut hosts = self.hosts.clone();
        hosts.sort_unstable();
        hosts.dedup();
        (hosts, self.path.shape.clone())
    }
}

/// Routes in the order of the file, each leading to a `T`.
#[derive(Debug)]
pub struct RouteTable<T> {
    routes: Vec<Entry<T>>,
    groups: Vec<Group>,
    /// The methods that routes name.
    named: Vec<Method>,
    any: Trie,
    exactly: HashMap<String, Trie>,
    below: HashMap<String, Trie>,
}

/// The route of a request.
#[derive(Debug)]
pub struct Found<'a, T> {
    /// What it leads to.
    pub route: &'a T,
    /// What the placeholders of its path stand for.
    pub captures: Captures,
}

/// Why a request has no route.
#[derive(Debug)]
pub enum NotFound<'a, T> {
    /// No hosts and path match.
    Route,
    /// The path holds what the route that it would have does not allow.
    Target {
        /// What it holds.
        why: Ambiguous,
        /// That route, if there is one.
        route: Option<&'a T>,
    },
    /// Hosts and path match, but not the method.
    Method {
        /// The first route of these hosts and this path.
        route: &'a T,
        /// The methods that would match, as the Allow header lists them.
        allow: &'a str,
    },
}

#[derive(Debug)]
struct Entry<T> {
    matcher: Matcher,
    group: usize,
    route: T,
}

/// Routes of the very same hosts and path.
#[derive(Debug, Default)]
struct Group {
    members: Vec<usize>,
    allow: String,
}

impl<T> RouteTable<T> {
    /// Compiles the routes, which are given in the order of precedence.
    pub fn new(routes: Vec<(Matcher, T)>) -> Self {
        let mut table = Self {
            routes: Vec::with_capacity(routes.len()),
            groups: Vec::new(),
            named: Vec::new(),
            any: Trie::default(),
            exactly: HashMap::new(),
            below: HashMap::new(),
        };
        let mut groups = HashMap::new();
        for (index, (matcher, route)) in routes.into_iter().enumerate() {
            let group = *groups.entry(matcher.key()).or_insert(table.groups.len());
            if group == table.groups.len() {
                // Later members need not be found: whatever matches them matches the first.
                table.insert(&matcher, index);
                table.groups.push(Group::default());
            }
            if let Some(group) = table.groups.get_mut(group) {
                group.members.push(index);
            }
            for method in matcher.methods.iter() {
                if !table.named.contains(method) {
                    table.named.push(method.clone());
                }
            }
            table.routes.push(Entry { matcher, group, route });
        }
        let allow: Vec<String> = table.groups.iter().map(|group| table.allow(group)).collect();
        for (group, allow) in iter::zip(&mut table.groups, allow) {
            group.allow = allow;
        }
        table
    }

    /// The first route whose hosts and path match and that takes the method.
    pub fn find<'a>(&'a self, target: &Target) -> Result<Found<'a, T>, NotFound<'a, T>> {
        self.find_for(target, target.method())
    }

    /// The route that a request of this method to the target would have.
    ///
    /// What the path may hold as data is for that one route to say: a target that it does not allow has no other route.
    pub fn find_for<'a>(&'a self, target: &Target, method: &Method) -> Result<Found<'a, T>, NotFound<'a, T>> {
        let path = canonical::decode(target.path());
        // The `*` of OPTIONS is no path, and matches no pattern.
        let path = path.strip_prefix('/').ok_or(NotFound::Route)?;
        let first = self.tries(target.host()).fold(trie::NONE, |best, trie| trie.lowest(path, best));
        let first = self.routes.get(first);
        let entry = first.ok_or(NotFound::Route).and_then(|first| self.taking_as_spelled(first, method));
        let decides = entry.as_ref().ok().copied().or(first);
        let allowed = decides.map_or(PathData::default(), |entry| entry.matcher.data);
        let route = decides.map(|entry| &entry.route);
        target.data().within(allowed).map_err(|why| NotFound::Target { why, route })?;
        let entry = entry?;
        let pattern = entry.matcher.path();
        let segments = iter::zip(&pattern.shape.segments, path.split(super::is_slash));
        let values =
            segments.filter(|(segment, _)| matches!(segment, Segment::Capture)).map(|(_, value)| value);
        let captures = Captures::new(&pattern.names, values);
        Ok(Found { route: &entry.route, captures })
    }

    /// What the routes lead to, in order.
    pub fn iter(&self) -> impl Iterator<Item = &T> {
        self.routes.iter().map(|entry| &entry.route)
    }

    /// Each route with what it is for, in order.
    pub fn entries(&self) -> impl Iterator<Item = (&Matcher, &T)> {
        self.routes.iter().map(|entry| (&entry.matcher, &entry.route))
    }

    /// The route that takes the method, if it takes this spelling of it: where it does not, no other one does.
    fn taking_as_spelled<'a>(
        &'a self,
        first: &'a Entry<T>,
        method: &Method,
    ) -> Result<&'a Entry<T>, NotFound<'a, T>> {
        let entry = self.taking(first, method)?;
        if entry.matcher.minds_spelling_of(method) {
            let allow = self.groups.get(first.group).map_or("", |group| &group.allow);
            return Err(NotFound::Method { route: &entry.route, allow });
        }
        Ok(entry)
    }

    /// The first route of the group that takes the method. One that some route names, in another case, has none: what the
    /// rule for it keeps out would pass here.
    fn taking<'a>(&'a self, first: &'a Entry<T>, method: &Method) -> Result<&'a Entry<T>, NotFound<'a, T>> {
        let takes =
            |entry: &Entry<T>| entry.matcher.methods.take(method) && !is_respelled(method, &self.named);
        if takes(first) {
            return Ok(first);
        }
        let group = self.groups.get(first.group);
        let members = group.into_iter().flat_map(|group| &group.members);
        members
            .filter_map(|&index| self.routes.get(index))
            .find(|entry| takes(entry))
            .ok_or(NotFound::Method { route: &first.route, allow: group.map_or("", |group| &group.allow) })
    }

    /// The tries that hold the routes of a host.
    fn tries(&self, host: Option<&str>) -> impl Iterator<Item = &Trie> {
        let exactly = host.and_then(|host| self.exactly.get(host));
        let parent = host.and_then(|host| host.split_once('.')).map(|(_, parent)| parent);
        iter::once(&self.any).chain(exactly).chain(parent.into_iter().flat_map(|parent| self.parents(parent)))
    }

    /// The tries that hold the routes of all names below this one.
    fn parents(&self, parent: &str) -> impl Iterator<Item = &Trie> {
        let parents = iter::successors(Some(parent), |name| name.split_once('.').map(|(_, parent)| parent));
        parents.take_while(|_| !self.below.is_empty()).filter_map(|parent| self.below.get(parent))
    }

    fn insert(&mut self, matcher: &Matcher, index: usize) {
        let shape = &matcher.path.shape;
        if matcher.hosts.is_empty() {
            self.any.insert(shape, index);
        }
        for HostPattern(host) in &matcher.hosts {
            let trie = match host {
                Kind::Exactly(name) => self.exactly.entry(name.clone()).or_default(),
                Kind::Below(parent) => self.below.entry(parent.clone()).or_default(),
            };
            trie.insert(shape, index);
        }
    }

    fn allow(&self, group: &Group) -> String {
        let mut names: Vec<&str> = Vec::new();
        let members = group.members.iter().filter_map(|&index| self.routes.get(index));
        for method in members.flat_map(|entry| entry.matcher.methods.listed()) {
            if !names.contains(&method.as_str()) {
                names.push(method.as_str());
            }
        }
        names.join(", ")
    }
}

#[cfg(test)]
mod tests;
