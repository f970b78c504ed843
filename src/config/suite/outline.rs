//! What the tests of a configuration should cover: its routes, its policies and the parts of their requirements, each with
//! its place in the file.
//!
//! A part is named by the way to it from the root of its requirement, as [`crate::authz::Requirement`] is built from the
//! file: the index of the child at each step.

use crate::config::document::{Access, Document, Route};
use crate::config::node::{Entry, Node, Value};
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
    /// Its requirement, where it has one: the root first, then its parts, but for those of policies that it names.
    pub requirement: Vec<Part>,
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

/// A part of a requirement.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Part {
    /// The way to it from the root.
    pub way: Vec<usize>,
    /// Where it stands.
    pub at: Position,
    /// Its key in the file, as in `scopes` or `claims.tenant`.
    pub label: String,
}

impl Outline {
    pub(super) fn of(document: &Document) -> Self {
        let policies = document.policies.iter().flat_map(|section| &section.value.entries);
        let policies = policies.map(|(name, node)| PolicyOutline {
            name: name.value.clone(),
            at: name.at,
            parts: node.iter().flat_map(parts).collect(),
        });
        let routes = document.routes.iter().flat_map(|section| &section.value);
        Self { routes: routes.filter_map(route).collect(), policies: policies.collect() }
    }
}

fn route(route: &Route) -> Option<RouteOutline> {
    let name = route.name.as_ref()?;
    let access = &route.access.as_ref()?.value;
    let require =
        if let Access::Conditions(conditions) = access { conditions.require.as_ref() } else { None };
    let root = require.map(|require| Part { way: Vec::new(), at: require.at, label: "require".to_owned() });
    let parts = require.iter().flat_map(|require| parts(&require.value));
    Some(RouteOutline {
        name: name.value.clone(),
        at: name.at,
        is_public: matches!(access, Access::Public),
        requirement: root.into_iter().chain(parts).collect(),
    })
}

/// The parts of the requirement that stands in `node`, but for its root.
fn parts(node: &Node) -> Vec<Part> {
    let mut found = Vec::new();
    requirement(node, &mut Vec::new(), &mut found);
    found.retain(|part| !part.way.is_empty());
    found
}

/// Names of policies, and lists of them, have their parts elsewhere.
fn requirement(node: &Node, way: &mut Vec<usize>, found: &mut Vec<Part>) {
    if let Value::Map(entries) = &node.value {
        each(entries, way, |entry, way| self::entry(entry, way, found));
    }
}

fn entry(Entry { key, at, node, .. }: &Entry, way: &mut Vec<usize>, found: &mut Vec<Part>) {
    let mut add =
        |at: Position, label: String, way: &[usize]| found.push(Part { way: way.to_vec(), at, label });
    match (key.as_str(), &node.value) {
        ("claims", Value::Map(claims)) => {
            each(claims, way, |claim, way| add(claim.at, format!("claims.{}", claim.key), way));
        }
        ("any_of" | "all_of", Value::List(items)) => {
            add(*at, key.clone(), way);
            for (index, item) in items.iter().enumerate() {
                way.push(index);
                requirement(item, way, found);
                way.pop();
            }
        }
        // What is denied holds when it fails, so that the part within says it all.
        ("not", _) => {
            way.push(0);
            requirement(node, way, found);
            way.pop();
        }
        _ => add(*at, key.clone(), way),
    }
}

/// Several entries are children of one requirement; a single one is that requirement itself.
fn each(entries: &[Entry], way: &mut Vec<usize>, mut visit: impl FnMut(&Entry, &mut Vec<usize>)) {
    let is_single = entries.len() == 1;
    for (index, entry) in entries.iter().enumerate() {
        if !is_single {
            way.push(index);
        }
        visit(entry, way);
        if !is_single {
            way.pop();
        }
    }
}
