//! Identity headers that the file does not name any more: nobody removes them from what clients send.

use std::collections::BTreeMap;

use super::{Change, Difference};
use crate::config::node::{Node, Value};

pub(super) fn compare(old: &Node, new: &Node) -> Vec<Difference> {
    let (before, after) = (Named::of(old), Named::of(new));
    let gone = before.headers.iter().filter(|(folded, _)| !after.removes(folded));
    gone.map(|(_, name)| Difference {
        change: Change::Looser,
        subject: "file",
        name: None,
        message: format!(
            "identity: clients may send `{name}` now, which nothing names any more; \
             list it under `identity.remove` if an upstream still believes it"
        ),
    })
    .collect()
}

/// The headers that a file names, and the other names and prefixes that it removes; folded as servers may fold them.
struct Named {
    headers: BTreeMap<String, String>,
    removed: Vec<String>,
}

impl Named {
    fn of(file: &Node) -> Self {
        let routes = file.get("routes").into_iter().flat_map(Node::children);
        let sections =
            file.get("identity").into_iter().chain(routes.filter_map(|route| route.get("identity")));
        let (mut headers, mut removed) = (BTreeMap::new(), Vec::new());
        for section in sections {
            if let Some(Value::Map(entries)) = section.get("headers").map(|headers| &headers.value) {
                headers.extend(entries.iter().map(|entry| (folded(&entry.key), entry.key.clone())));
            }
            let names = section.get("remove").into_iter().flat_map(Node::children);
            removed.extend(names.map(|name| folded(&name.plain())));
        }
        Self { headers, removed }
    }

    fn removes(&self, folded: &str) -> bool {
        self.headers.contains_key(folded)
            || self.removed.iter().any(|pattern| match pattern.strip_suffix('*') {
                Some(prefix) => folded.starts_with(prefix),
                None => folded == pattern,
            })
    }
}

fn folded(name: &str) -> String {
    name.to_ascii_lowercase().replace('_', "-")
}
