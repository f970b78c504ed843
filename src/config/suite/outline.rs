//! What the tests of a configuration should cover: its routes with the tokens that they take, its policies, and the parts
//! of their requirements, each with its place in the file.

use super::parts::{self, Part};
use crate::config::document::{Access, Conditions, Document, Issuer, Route};
use crate::config::node::{At, Node};
use crate::config::problem::Position;

/// The parts of a configuration.
#[derive(Debug, Clone, Default)]
pub struct Outline {
    /// In the order of the file.
    pub routes: Vec<RouteOutline>,
    /// In the order of the file.
    pub policies: Vec<PolicyOutline>,
}

/// A route.
#[derive(Debug, Clone)]
pub struct RouteOutline {
    /// Its name.
    pub name: String,
    /// Where it stands.
    pub at: Position,
    /// Whether its access is `public`, so that it refuses nobody.
    pub is_public: bool,
    /// Whose tokens it takes, where it does not take all.
    pub issuers: Option<Limit>,
    /// Tokens for whom it takes, where it narrows its issuers' own.
    pub audiences: Option<Limit>,
    /// Its requirement, where it has one: the root first, then its parts, but for those of policies that it names.
    pub requirement: Vec<Part>,
    /// Its candidate, where it has one, in the same way.
    pub candidate: Vec<Part>,
}

/// A list of what a route takes.
#[derive(Debug, Clone)]
pub struct Limit {
    /// What it takes, and where that stands.
    pub taken: Vec<(String, Position)>,
    /// What the configuration knows beside that.
    pub others: Vec<String>,
}

/// A policy.
#[derive(Debug, Clone)]
pub struct PolicyOutline {
    /// Its name.
    pub name: String,
    /// Where it stands.
    pub at: Position,
    /// The parts of its requirement, without the root.
    pub parts: Vec<Part>,
}

impl Outline {
    pub(super) fn of(document: &Document) -> Self {
        let policies = document.policies.iter().flat_map(|section| &section.value.entries);
        let policies = policies.map(|(name, node)| PolicyOutline {
            name: name.value.clone(),
            at: name.at,
            parts: node.iter().flat_map(|node| parts::of(node, "the list")).collect(),
        });
        let issuers = document.issuers.iter().flat_map(|section| &section.value.entries);
        let issuers: Vec<_> =
            issuers.filter_map(|(name, issuer)| Some((name.value.as_str(), issuer.as_ref()?))).collect();
        let routes = document.routes.iter().flat_map(|section| &section.value);
        let routes = routes.filter_map(|item| route(item, &issuers));
        Self { routes: routes.collect(), policies: policies.collect() }
    }
}

fn route(route: &Route, known: &[(&str, &Issuer)]) -> Option<RouteOutline> {
    let name = route.name.as_ref()?;
    let access = &route.access.as_ref()?.value;
    let conditions = if let Access::Conditions(conditions) = access { Some(conditions) } else { None };
    let requirement = |node: Option<&At<Node>>, label: &str| {
        let root = node.map(|node| Part::whole(label, node.at));
        let parts = node.iter().flat_map(|node| parts::of(&node.value, label));
        root.into_iter().chain(parts).collect()
    };
    let require = conditions.and_then(|conditions| conditions.require.as_ref());
    let candidate = conditions.and_then(|conditions| conditions.candidate.as_ref());
    Some(RouteOutline {
        name: name.value.clone(),
        at: name.at,
        is_public: matches!(access, Access::Public),
        issuers: conditions.and_then(|conditions| issuers(conditions, known)),
        audiences: conditions.and_then(|conditions| audiences(conditions, known)),
        requirement: requirement(require, "`require`"),
        candidate: requirement(candidate, "`candidate`"),
    })
}

fn issuers(conditions: &Conditions, known: &[(&str, &Issuer)]) -> Option<Limit> {
    let taken = conditions.issuers.as_ref()?;
    Some(Limit::new(&taken.value, known.iter().map(|(name, _)| *name)))
}

fn audiences(conditions: &Conditions, known: &[(&str, &Issuer)]) -> Option<Limit> {
    let taken = conditions.audiences.as_ref()?;
    let is_asked = |name: &str| match &conditions.issuers {
        None => true,
        Some(issuers) => issuers.value.iter().any(|issuer| issuer.value == name),
    };
    let theirs = known.iter().filter(|(name, _)| is_asked(name)).flat_map(|(_, issuer)| &issuer.audiences);
    let theirs = theirs.flat_map(|audiences| &audiences.value).map(|audience| audience.value.as_str());
    Some(Limit::new(&taken.value, theirs))
}

impl Limit {
    fn new<'k>(taken: &[At<String>], known: impl Iterator<Item = &'k str>) -> Self {
        let is_other = |name: &&str| taken.iter().all(|taken| taken.value != **name);
        let mut others: Vec<String> = known.filter(is_other).map(str::to_owned).collect();
        others.sort_unstable();
        others.dedup();
        Self { taken: taken.iter().map(|name| (name.value.clone(), name.at)).collect(), others }
    }
}
