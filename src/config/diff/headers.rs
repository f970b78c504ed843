//! Identity headers that the file does not name any more: nobody removes them from what clients send.

use http::HeaderName;

use super::{Change, Difference};
use crate::config::node::{Node, Value};
use crate::upstream::{Guard, NamePattern};

pub(super) fn compare(old: &Node, new: &Node) -> Vec<Difference> {
    let (before, after) = (Named::of(old), Named::of(new));
    let guard = Guard::new(after.headers.iter().map(|(name, _)| name));
    let is_removed =
        |name: &HeaderName| guard.removes(name) || after.removed.iter().any(|pattern| pattern.removes(name));
    let gone = before.headers.iter().filter(|(name, _)| !is_removed(name));
    gone.map(|(_, name)| {
        let message = format!(
            "identity: clients may send `{name}` now, which nothing names any more; \
             list it under `identity.remove` if an upstream still believes it"
        );
        Difference::of_file(Change::Looser, message)
    })
    .collect()
}

/// The headers that a file names, each also as it is written, and the other names and prefixes that it removes.
struct Named {
    headers: Vec<(HeaderName, String)>,
    removed: Vec<NamePattern>,
}

impl Named {
    fn of(file: &Node) -> Self {
        let routes = file.get("routes").into_iter().flat_map(Node::children);
        let sections =
            file.get("identity").into_iter().chain(routes.filter_map(|route| route.get("identity")));
        let mut found = Self { headers: Vec::new(), removed: Vec::new() };
        for section in sections {
            if let Some(Value::Map(entries)) = section.get("headers").map(|headers| &headers.value) {
                for entry in entries {
                    found.add(&entry.key);
                }
            }
            let entries = section.get("remove").into_iter().flat_map(Node::children);
            found.removed.extend(entries.filter_map(|entry| NamePattern::parse(&entry.plain()).ok()));
        }
        found.headers.sort_by(|(one, _), (other, _)| one.as_str().cmp(other.as_str()));
        found
    }

    /// Of several spellings the last one stands for all.
    fn add(&mut self, written: &str) {
        let Ok(name) = HeaderName::from_bytes(written.as_bytes()) else { return };
        self.headers.retain(|(known, _)| !Guard::is_one(known, &name));
        self.headers.push((name, written.to_owned()));
    }
}
