//! Whether a caller on whom two requirements disagree can be told of with certainty, or only as one that there may be.
//!
//! The variables of a [`World`] are taken for independent, and not all of them are: `roles: admin` and the condition
//! `'admin' in roles` are two variables that ask one thing. So a caller is certain only where no two of the variables
//! by which the requirements disagree read the same of a request, and where those claims can be such that they match
//! their patterns. What must stay true: two variables that depend on each other have a [`World::reads`] in common. That
//! a part of a condition by itself can both hold and not hold is taken for granted, and so is a text that matches a
//! pattern which is too large to tell.

use std::collections::BTreeSet;

use super::world::{Claim, Form, Member, NO_ANSWER, Thing, World};
use crate::authz::{Pattern, impossible};
use crate::config::node::{Node, Value};

impl World<'_> {
    /// Whether there is such a caller: of the `values` these are needed, the others make no difference.
    pub(super) fn is_certain(&self, values: &[usize], needed: &BTreeSet<usize>) -> bool {
        let things: Vec<(&Thing<'_>, usize)> = needed
            .iter()
            .filter_map(|&index| Some((&self.variables.get(index)?.thing, *values.get(index)?)))
            .collect();
        let answers =
            things.iter().all(|(thing, value)| !matches!(thing, Thing::Part { .. }) || *value != NO_ANSWER);
        let reads: Vec<(&Thing<'_>, BTreeSet<String>)> =
            things.iter().map(|(thing, _)| (*thing, self.reads(thing))).collect();
        let apart = reads.iter().enumerate().all(|(index, (one, read))| {
            let is_whole = !matches!(one, Thing::Part { .. }) || !read.is_empty();
            let mut before = reads.iter().take(index);
            is_whole && before.all(|(other, of_other)| is_modelled(one, other) || !meet(read, of_other))
        });
        answers && apart && (0..self.claims.len()).all(|claim| self.has_text(claim, values, &things))
    }

    /// What of a caller and a request a variable asks for, each a name and the steps behind it.
    fn reads(&self, thing: &Thing<'_>) -> BTreeSet<String> {
        let mut found = match thing {
            Thing::Role(_) => BTreeSet::from(["roles".to_owned()]),
            Thing::Scope(_) => BTreeSet::from(["scopes".to_owned()]),
            Thing::Tenant => BTreeSet::from(["issuer".to_owned(), below_claims("iss")]),
            Thing::Part { text, .. } => read_by(text),
            Thing::Form(claim) | Thing::Member(claim, _) | Thing::Match(claim, _) => {
                let claim = self.claims.get(*claim);
                claim.map(|claim| below_claims(&claim.path.to_string())).into_iter().collect()
            }
        };
        for (name, claims) in [("roles", &self.names.roles), ("scopes", &self.names.scopes)] {
            if found.contains(name) {
                found.extend(claims.iter().map(|claim| below_claims(claim)));
            }
        }
        found
    }

    /// Whether a text that is none of the literals can match the patterns as this claim's does.
    fn has_text(&self, index: usize, values: &[usize], things: &[(&Thing<'_>, usize)]) -> bool {
        let Some(claim) = self.claims.get(index) else { return true };
        let of = |wanted| patterns(things.iter().copied(), index, wanted);
        let (matched, unmatched) = (of(1), of(0));
        let is_other = values.get(claim.is).is_some_and(|&value| match claim.form(value) {
            Form::One(one) => claim.members.get(one) == Some(&Member::OtherText),
            Form::Absent | Form::Array => false,
        });
        match (matched.as_slice(), unmatched.as_slice()) {
            _ if !is_other => true,
            ([], []) => true,
            ([], unmatched) => SAMPLES.iter().any(|text| !is_literal(claim, text) && !any(unmatched, text)),
            ([one], []) => {
                let mut texts = claim.literals.iter().filter_map(|literal| literal.as_text());
                impossible(one, true).is_none() && texts.all(|text| !any(&[one], text))
            }
            _ => false,
        }
    }
}

/// The patterns of this claim of which it is said that they match (1), or do not (0).
pub(super) fn patterns<'t>(
    things: impl Iterator<Item = (&'t Thing<'t>, usize)>,
    claim: usize,
    wanted: usize,
) -> Vec<&'t str> {
    let pattern = |(thing, value): (&'t Thing<'t>, usize)| {
        let Thing::Match(of, pattern) = thing else { return None };
        ((*of, value) == (claim, wanted)).then_some(*pattern)
    };
    things.filter_map(pattern).collect()
}

/// Texts of which one is hardly ever one that a pattern is meant for.
const SAMPLES: [&str; 5] = ["", "x", "0", "\u{e000}", "X~0 @/x"];

fn is_literal(claim: &Claim<'_>, text: &str) -> bool {
    claim.literals.iter().any(|literal| literal.as_text() == Some(text))
}

/// Whether one of the patterns matches; one that does not parse may.
fn any(patterns: &[&str], text: &str) -> bool {
    patterns.iter().any(|pattern| Pattern::parse(pattern).map_or(true, |pattern| pattern.matches(text)))
}

/// Whether the world knows of two variables how they depend on each other.
fn is_modelled(one: &Thing<'_>, other: &Thing<'_>) -> bool {
    let names = |thing: &Thing<'_>| matches!(thing, Thing::Role(_) | Thing::Scope(_));
    let claim = |thing: &Thing<'_>| match thing {
        Thing::Form(claim) | Thing::Member(claim, _) | Thing::Match(claim, _) => Some(*claim),
        Thing::Role(_) | Thing::Scope(_) | Thing::Tenant | Thing::Part { .. } => None,
    };
    (names(one) && names(other)) || (claim(one).is_some() && claim(one) == claim(other))
}

/// Whether one of them is, or lies below, one of the others.
fn meet(one: &BTreeSet<String>, other: &BTreeSet<String>) -> bool {
    let is_below = |inner: &str, outer: &str| {
        inner.strip_prefix(outer).is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
    };
    one.iter().any(|one| other.iter().any(|other| is_below(one, other) || is_below(other, one)))
}

fn below_claims(path: &str) -> String {
    if path.is_empty() { "claims".to_owned() } else { format!("claims.{path}") }
}

/// What a part of a condition names of the request: `roles`, `claims.level`, `request.method`; more rather than less.
fn read_by(text: &str) -> BTreeSet<String> {
    let is_word = |letter: char| letter.is_alphanumeric() || letter == '_';
    let mut found = BTreeSet::new();
    let mut rest = text;
    let mut before = None;
    while let Some(first) = rest.chars().next() {
        let word = rest.split(|letter| !is_word(letter)).next().unwrap_or_default();
        if BASES.contains(&word) && before != Some('.') {
            let steps = rest.split(|letter| !is_word(letter) && letter != '.').next().unwrap_or_default();
            let is_called = rest.get(steps.len()..).is_some_and(|behind| behind.starts_with('('));
            // What is called is no step, but a function of what stands before it.
            let read = if is_called { steps.rsplit_once('.').map_or(steps, |(read, _)| read) } else { steps };
            found.insert(read.trim_end_matches('.').to_owned());
        }
        let length = if word.is_empty() { first.len_utf8() } else { word.len() };
        before = rest.get(..length).and_then(|skipped| skipped.chars().next_back());
        rest = rest.get(length..).unwrap_or_default();
    }
    found
}

/// The variables of conditions.
const BASES: [&str; 7] = ["claims", "roles", "scopes", "issuer", "path", "request", "now"];

/// The claims in which issuers have roles and scopes; an empty one stands for any.
#[derive(Debug, Clone, Default)]
pub(super) struct Names {
    roles: BTreeSet<String>,
    scopes: BTreeSet<String>,
}

impl Names {
    /// Those of the issuers of a file.
    pub(super) fn of(file: &Node) -> Self {
        let issuers = file.get("issuers").map(|issuers| &issuers.value);
        let entries = if let Some(Value::Map(entries)) = issuers { entries.as_slice() } else { &[] };
        let all = |key: &str, usual: &[&str]| {
            let given = entries.iter().filter_map(|entry| entry.node.get(key)).map(path);
            usual.iter().map(|&name| name.to_owned()).chain(given).collect()
        };
        Self { roles: all("roles", &["roles"]), scopes: all("scopes", &["scope", "scp"]) }
    }

    /// Those of both.
    pub(super) fn and(&self, other: &Self) -> Self {
        Self { roles: &self.roles | &other.roles, scopes: &self.scopes | &other.scopes }
    }
}

/// The path of a claim, with dots; of a variable that is not set here, none.
fn path(node: &Node) -> String {
    match &node.value {
        Value::Text(path) => path.clone(),
        Value::List(steps) => steps.iter().map(Node::plain).collect::<Vec<_>>().join("."),
        Value::Null
        | Value::Bool(_)
        | Value::Integer(_)
        | Value::Float(_)
        | Value::Map(_)
        | Value::Unknown => String::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_part_of_a_condition_reads_is_found() {
        for (text, expected) in [
            ("'admin' in roles", &["roles"][..]),
            ("claims.level > 3", &["claims.level"]),
            ("claims.a.b.startsWith('x')", &["claims.a.b"]),
            ("claims.exists(x, x == 'a')", &["claims"]),
            ("claims[path.id]", &["claims", "path.id"]),
            ("roles.exists(x, x == claims.roles)", &["claims.roles", "roles"]),
            ("request.path == '/a' && has(claims.a)", &["claims.a", "request.path"]),
            ("timestamp('2026-01-01T00:00:00Z') < now", &["now"]),
            ("1 < 2", &[]),
        ] {
            let expected: BTreeSet<String> = expected.iter().map(|&read| read.to_owned()).collect();
            assert_eq!(read_by(text), expected, "{text}");
        }
    }
}
