//! `$NAME` in a value, where `${NAME}` takes a variable of the environment.

use super::code::Code;
use crate::config::node::{Node, Value};
use crate::config::problem::Problems;

/// Looks at every text of the file but expressions, in which a dollar sign is an anchor.
pub(super) fn lint(node: &Node, problems: &mut Problems) {
    match &node.value {
        Value::Map(entries) => {
            for entry in entries.iter().filter(|entry| !["when", "matches"].contains(&entry.key.as_str())) {
                lint(&entry.node, problems);
            }
        }
        Value::List(items) => {
            for item in items {
                lint(item, problems);
            }
        }
        Value::Text(_) => {
            if let Some(name) = bare(&node.plain()) {
                let wrong = format!("`${name}` is no variable here, but stands for itself");
                let right = format!("write `${{{name}}}` for the variable, or `$${name}` for the characters");
                problems.warning(Code::BareVariable, node.at, wrong, right);
            }
        }
        Value::Null | Value::Bool(_) | Value::Integer(_) | Value::Float(_) | Value::Unknown => {}
    }
}

/// The name behind a dollar sign that neither a brace nor another dollar sign makes one of a variable, or of itself.
fn bare(text: &str) -> Option<String> {
    let mut rest = text;
    while let Some((_, after)) = rest.split_once('$') {
        if let Some(after) = after.strip_prefix('$') {
            rest = after;
            continue;
        }
        let end = after
            .find(|letter: char| !letter.is_ascii_uppercase() && !letter.is_ascii_digit() && letter != '_');
        let name = after.get(..end.unwrap_or(after.len()))?;
        if name.len() > 1 && name.starts_with(|first: char| first.is_ascii_uppercase() || first == '_') {
            return Some(name.to_owned());
        }
        rest = after;
    }
    None
}
