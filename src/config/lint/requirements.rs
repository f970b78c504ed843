//! Requirements that nobody meets, or everybody does.
//!
//! Every map, list and name below `policies` and `require` is looked at, the inner ones first: the outer one is not
//! reported for what an inner one is.

use std::collections::HashSet;

use super::code::Code;
use super::contradiction::{always_holds, conflict};
use super::fact::Conflict;
use super::inner;
use crate::authz::Requirement;
use crate::config::compile::requirements::Policies;
use crate::config::document::{Access, Document};
use crate::config::node::{Node, Value};
use crate::config::problem::Problems;

pub(super) fn lint(document: &Document, problems: &mut Problems) {
    let policies = Policies::new(document.policies.clone());
    let mut look = Look { policies, reported: HashSet::new(), problems };
    // A policy is looked at after those that it names, wherever they stand.
    let entries: Vec<_> = document.policies.iter().flat_map(|policies| &policies.value.entries).collect();
    let mut waiting: Vec<(&str, &Node)> =
        entries.iter().filter_map(|(name, node)| Some((name.value.as_str(), node.as_ref()?))).collect();
    while !waiting.is_empty() {
        let names: HashSet<&str> = waiting.iter().map(|(name, _)| *name).collect();
        // Those that name none of the rest first; without cycles there always is one.
        let (ready, rest): (Vec<_>, Vec<_>) = waiting
            .into_iter()
            .partition(|(name, node)| !mentions(node, &|known| known != *name && names.contains(known)));
        for (name, node) in &ready {
            if look.node(node) {
                look.reported.insert((*name).to_owned());
            }
        }
        waiting = if ready.is_empty() { Vec::new() } else { rest };
    }
    let routes = document.routes.iter().flat_map(|routes| &routes.value);
    for access in routes.filter_map(|route| route.access.as_ref()) {
        if let Access::Conditions(conditions) = &access.value {
            for requirement in [&conditions.require, &conditions.candidate].into_iter().flatten() {
                look.node(&requirement.value);
            }
        }
    }
}

struct Look<'p> {
    policies: Policies,
    /// The policies that were reported: what names them is not reported for it too.
    reported: HashSet<String>,
    problems: &'p mut Problems,
}

impl Look<'_> {
    /// Whether something at this node or below it has been reported.
    fn node(&mut self, node: &Node) -> bool {
        let below = match &node.value {
            Value::Map(_) => {
                // Each of them, also behind one that was reported.
                inner(node).filter(|inner| self.node(inner)).count() > 0
            }
            Value::List(_) => false,
            // A name by itself is looked at where it is defined.
            Value::Text(name) => return self.reported.contains(name),
            Value::Null | Value::Bool(_) | Value::Integer(_) | Value::Float(_) | Value::Unknown => {
                return false;
            }
        };
        if below || mentions(node, &|name| self.reported.contains(name)) {
            return true;
        }
        // It compiled before, so that nothing is said.
        let mut said = Problems::new(self.problems.file(), self.problems.is_offline());
        let Some(requirement) = self.policies.requirement(node, &mut said) else { return false };
        self.report(node, &requirement)
    }

    fn report(&mut self, node: &Node, requirement: &Requirement) -> bool {
        match conflict(requirement) {
            Some(Conflict::Never { why, .. }) => {
                let wrong = format!("this can never hold: {why}");
                self.problems.warning(Code::ImpossibleRequirement, node.at, wrong, "remove one of the two");
            }
            Some(Conflict::TwoValues { why, claim, values: [one, other] }) => {
                let wrong = format!("{why}, which only an array claim can be");
                let right = format!(
                    "write `{claim}: {{ any: [{one}, {other}] }}` for one of them, or `all` if the claim is an array"
                );
                self.problems.warning(Code::ClaimOfTwoValues, node.at, wrong, right);
            }
            None if let Some((name, wrong)) = several_in_one(node) => {
                let wrong = format!("`{name}` is one name with {wrong}");
                let names: Vec<&str> = name
                    .split([if name.contains(',') { ',' } else { ' ' }])
                    .map(str::trim)
                    .filter(|name| !name.is_empty())
                    .collect();
                let right = format!("write `all: [{0}]` or `any: [{0}]`", names.join(", "));
                self.problems.warning(Code::SpaceInName, node.at, wrong, right);
            }
            None if always_holds(requirement) => {
                let wrong = "this holds for every verified caller";
                let right = "remove it, or write what it is to refuse";
                self.problems.warning(Code::NeedlessRequirement, node.at, wrong, right);
            }
            None => return false,
        }
        true
    }
}

/// A text that is a list of names, as tokens (RFC 6749 §3.3) and other tools write them. Names of roles may have spaces, and
/// those of directories commas: `cn=admins,ou=groups`.
fn several_in_one(node: &Node) -> Option<(String, &'static str)> {
    let of = |key: &str, is_several: &dyn Fn(&str) -> bool| {
        let test = node.get(key)?;
        let lists = ["any", "all", "none"].into_iter().filter_map(|key| test.get(key));
        let names = std::iter::once(test).chain(lists.flat_map(Node::children));
        names.map(Node::plain).find(|name| is_several(name))
    };
    let parts = |name: &str| name.split(',').filter(|part| !part.trim().is_empty()).count();
    let has_comma = |name: &str| parts(name) > 1 && !name.contains('=');
    let spaced = of("scopes", &|name| name.split_whitespace().count() > 1 && !name.contains(','));
    let spaced = spaced.map(|name| (name, "a space in it, which no scope has (RFC 6749 section 3.3)"));
    let comma = || of("scopes", &has_comma).or_else(|| of("roles", &has_comma));
    spaced.or_else(|| Some((comma()?, "a comma in it, which separates nothing")))
}

/// Whether a requirement names a policy of this kind.
fn mentions(node: &Node, of_kind: &dyn Fn(&str) -> bool) -> bool {
    match &node.value {
        Value::Text(name) => of_kind(name),
        Value::List(items) => items.iter().any(|item| mentions(item, of_kind)),
        Value::Map(_) => ["any_of", "all_of", "not"]
            .into_iter()
            .filter_map(|key| node.get(key))
            .any(|inner| mentions(inner, of_kind)),
        Value::Null | Value::Bool(_) | Value::Integer(_) | Value::Float(_) | Value::Unknown => false,
    }
}
