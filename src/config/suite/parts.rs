//! The parts of a requirement as they stand in the file, for what tests should cover.
//!
//! Given the node of a requirement; hands on its parts, each before its own. What must stay true: a part is named by the very
//! way that [`crate::authz::decisive`] gives it, which goes by what `compile` makes of the node.

use crate::config::node::{Entry, Node, Value};
use crate::config::problem::Position;

/// A part of a requirement.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Part {
    /// The way to it from the root.
    pub way: Vec<usize>,
    /// Where it stands.
    pub at: Position,
    /// What it is in the file, as in "`scopes`" or "`clerk` in `roles.any`".
    pub label: String,
    /// How it counts where it stands.
    pub role: Role,
}

/// How a part counts where it stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Role {
    /// It is the whole requirement.
    Whole,
    /// It is one of several parts.
    Part,
    /// It is a member of a list of which one is enough (`any`), or too much (`none`).
    OneOf,
    /// It is a member of a list of which each is needed (`all`).
    EachOf,
}

impl Part {
    pub(super) fn whole(label: &str, at: Position) -> Self {
        Self { way: Vec::new(), at, label: label.to_owned(), role: Role::Whole }
    }
}

/// The parts of the requirement that stands in `node`, but for its root; `list` is what it is called where it is a list.
pub(super) fn of(node: &Node, list: &str) -> Vec<Part> {
    let mut walk = Walk { way: Vec::new(), found: Vec::new() };
    if let Value::List(items) = &node.value {
        walk.several(items, |item| format!("`{}` in {list}", item.plain()));
    } else {
        walk.requirement(node);
    }
    walk.found.retain(|part| !part.way.is_empty());
    walk.found
}

struct Walk {
    way: Vec<usize>,
    found: Vec<Part>,
}

impl Walk {
    fn add(&mut self, at: Position, label: String, role: Role) {
        self.found.push(Part { way: self.way.clone(), at, label, role });
    }

    /// Names of policies have their parts elsewhere.
    fn requirement(&mut self, node: &Node) {
        if let Value::Map(entries) = &node.value {
            self.each(entries, Self::entry);
        }
    }

    fn entry(&mut self, Entry { key, at, node, .. }: &Entry) {
        match (key.as_str(), &node.value) {
            ("claims", Value::Map(claims)) => {
                if claims.len() > 1 {
                    self.add(*at, "`claims`".to_owned(), Role::Part);
                }
                self.each(claims, |walk, claim| {
                    let label = format!("claims.{}", claim.key);
                    walk.add(claim.at, format!("`{label}`"), Role::Part);
                    walk.test(&label, &claim.node);
                });
            }
            ("roles" | "scopes" | "issuer_tenant", _) => {
                self.add(*at, format!("`{key}`"), Role::Part);
                self.test(key, node);
            }
            ("any_of" | "all_of", Value::List(items)) => {
                self.add(*at, format!("`{key}`"), Role::Part);
                let mut number = 0;
                self.several(items, |item| {
                    number += 1;
                    if let Value::Text(name) = &item.value {
                        format!("`{name}` in `{key}`")
                    } else {
                        format!("`{key}.{number}`")
                    }
                });
            }
            // What is denied holds when it fails, so that the part within says it all.
            ("not", Value::Map(_)) => self.below(0, |walk| walk.requirement(node)),
            _ => self.add(*at, format!("`{key}`"), Role::Part),
        }
    }

    /// The items of a list of requirements. One that is a single part is told as that.
    fn several(&mut self, items: &[Node], mut label: impl FnMut(&Node) -> String) {
        for (index, item) in items.iter().enumerate() {
            let label = label(item);
            self.below(index, |walk| {
                if !matches!(&item.value, Value::Map(entries) if entries.len() == 1) {
                    walk.add(item.at, label, Role::Part);
                }
                walk.requirement(item);
            });
        }
    }

    /// The lists of a test, and their members.
    fn test(&mut self, label: &str, node: &Node) {
        let Value::Map(entries) = &node.value else { return };
        // As they are compiled: the lists first.
        let is_list = |entry: &&Entry| matches!(entry.key.as_str(), "any" | "all" | "none");
        let others =
            ["exists", "matches"].into_iter().filter_map(|key| entries.iter().find(|entry| entry.key == key));
        let terms: Vec<&Entry> = entries.iter().filter(is_list).chain(others).collect();
        for (index, term) in terms.iter().enumerate() {
            let label = format!("{label}.{}", term.key);
            if terms.len() == 1 {
                self.members(&label, term);
                continue;
            }
            self.below(index, |walk| {
                walk.add(term.at, format!("`{label}`"), Role::Part);
                walk.members(&label, term);
            });
        }
    }

    fn members(&mut self, label: &str, list: &Entry) {
        let members = list.node.children();
        if members.len() < 2 {
            return;
        }
        let role = if list.key == "all" { Role::EachOf } else { Role::OneOf };
        for (index, member) in members.iter().enumerate() {
            // What is listed twice is told once, and last: that one can go.
            if members.iter().skip(index + 1).any(|other| is_the_same(member, other)) {
                continue;
            }
            self.below(index, |walk| {
                walk.add(member.at, format!("`{}` in `{label}`", member.plain()), role);
            });
        }
    }

    /// Several entries are children of one requirement; a single one is that requirement itself.
    fn each(&mut self, entries: &[Entry], mut visit: impl FnMut(&mut Self, &Entry)) {
        if let [entry] = entries {
            return visit(self, entry);
        }
        for (index, entry) in entries.iter().enumerate() {
            self.below(index, |walk| visit(walk, entry));
        }
    }

    fn below(&mut self, step: usize, visit: impl FnOnce(&mut Self)) {
        self.way.push(step);
        visit(self);
        self.way.pop();
    }
}

/// Whether two members of a list are the same value, however they are written.
fn is_the_same(one: &Node, other: &Node) -> bool {
    match (&one.value, &other.value) {
        (Value::Text(one), Value::Text(other)) => one == other,
        (Value::Bool(one), Value::Bool(other)) => one == other,
        (Value::Integer(one), Value::Integer(other)) => one == other,
        // As they are written.
        (Value::Float(_), Value::Integer(_) | Value::Float(_)) | (Value::Integer(_), Value::Float(_)) => {
            let number = |node: &Node| node.plain().parse::<f64>().ok();
            number(one).is_some() && number(one) == number(other)
        }
        _ => false,
    }
}
