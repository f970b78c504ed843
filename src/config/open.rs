//! The routes that requests without a token pass through.
//!
//! Given the tree of a file that compiled; from the tree, and not from the snapshot, so that a file of keys that is
//! missing on this machine leaves no route out.

use super::node::{Node, Value};

/// A route that needs no token.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OpenRoute {
    /// Its name.
    pub name: String,
    /// The line of its name.
    pub line: u64,
    /// Its methods; empty: every one.
    pub methods: Vec<String>,
    /// Its hosts; empty: every one.
    pub hosts: Vec<String>,
    /// Its path.
    pub path: String,
    /// `public`, `optional` or `observe`.
    pub access: &'static str,
    /// What that means, in words.
    pub why: &'static str,
}

/// Why an `access` lets requests without a token pass; none if it does not.
pub(super) fn openness(access: &Node) -> Option<(&'static str, &'static str)> {
    let text = |node: &Node| if let Value::Text(text) = &node.value { Some(text.clone()) } else { None };
    let enforcement = access.get("enforcement").and_then(text);
    match text(access).or(enforcement)?.as_str() {
        "public" => Some(("public", "no token is looked at")),
        "optional" => Some(("optional", "without a token the request passes as anonymous")),
        "observe" => Some(("observe", "every request passes, and what would have been decided is recorded")),
        _ => None,
    }
}

pub(super) fn routes(root: &Node) -> Vec<OpenRoute> {
    root.get("routes").into_iter().flat_map(Node::children).filter_map(open_route).collect()
}

fn open_route(route: &Node) -> Option<OpenRoute> {
    let (access, why) = openness(route.get("access")?)?;
    let name = route.get("name")?;
    let section = route.get("match")?;
    let texts = |key| section.get(key).into_iter().flat_map(Node::children).map(Node::plain).collect();
    Some(OpenRoute {
        name: name.plain(),
        line: name.at.line,
        methods: texts("methods"),
        hosts: texts("hosts"),
        path: section.get("path")?.plain(),
        access,
        why,
    })
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;
    use crate::config::problem::Problems;
    use crate::config::source;

    #[test]
    fn what_passes_without_a_token_is_listed() {
        let text = "routes:
- { name: a, match: { path: /a, methods: [GET] }, access: public }
- { name: b, match: { path: /b, hosts: [b.example] }, access: { require: p, enforcement: observe } }
- { name: c, match: { path: /c }, access: { require: p, enforcement: enforce } }
- { name: d, match: { path: /d }, access: authenticated }
- { name: optional, match: { path: /public }, access: optional }
";
        let mut problems = Problems::new(Path::new("gate.yaml"), false);
        let (node, _) = source::parse(text, &|_| None, &mut problems).unwrap();
        let open: Vec<(String, u64, &str)> =
            routes(&node).into_iter().map(|route| (route.name, route.line, route.access)).collect();
        let expected = [("a", 2, "public"), ("b", 3, "observe"), ("optional", 6, "optional")]
            .map(|(name, line, access)| (name.to_owned(), line, access));
        assert_eq!(open, expected);
    }
}
