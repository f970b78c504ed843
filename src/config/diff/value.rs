//! Values of the file: in one form for all ways to write them, and as the file has them.

use crate::config::node::{Entry, Node, Value};

/// The value in one form for all ways to write it.
pub(super) fn canonical(node: &Node, path: &str) -> String {
    match &node.value {
        Value::List(items) => {
            let mut items: Vec<String> = items.iter().map(|item| canonical(item, path)).collect();
            // The steps of a claim's path are in order; every other list is a set.
            let in_order = [".roles", ".scopes", ".from"].iter().any(|key| path.ends_with(key));
            if !in_order {
                items.sort();
            }
            format!("[{}]", items.join(", "))
        }
        Value::Map(entries) if path.contains("identity.headers.") => header(entries, path),
        Value::Map(entries) => {
            let mut entries: Vec<String> = entries
                .iter()
                .map(|entry| format!("{}: {}", entry.key, canonical(&entry.node, path)))
                .collect();
            entries.sort();
            format!("{{ {} }}", entries.join(", "))
        }
        Value::Text(text) => measure(text).unwrap_or_else(|| text.clone()),
        Value::Bool(value) => value.to_string(),
        Value::Integer(value) => value.to_string(),
        Value::Float(value) => value.to_string(),
        Value::Null | Value::Unknown => String::new(),
    }
}

/// An identity header in its long form is the short one, where its format is the usual one.
fn header(entries: &[Entry], path: &str) -> String {
    let value = |key: &str| {
        let entry = entries.iter().find(|entry| entry.key == key)?;
        Some(canonical(&entry.node, &format!("{path}.{key}")))
    };
    let from = value("from").unwrap_or_default();
    match value("format").filter(|format| format != "text") {
        None => from,
        Some(format) => format!("{from} as {format}"),
    }
}

/// A duration or a size in the smallest of its units.
fn measure(text: &str) -> Option<String> {
    let (amount, unit) = text.split_at_checked(text.find(|letter: char| !letter.is_ascii_digit())?)?;
    let (scale, unit): (u64, &str) = match unit {
        "ms" => (1, "ms"),
        "s" => (1_000, "ms"),
        "m" => (60_000, "ms"),
        "h" => (3_600_000, "ms"),
        "d" => (86_400_000, "ms"),
        "B" => (1, "B"),
        "KiB" => (1 << 10, "B"),
        "MiB" => (1 << 20, "B"),
        "GiB" => (1 << 30, "B"),
        _ => return None,
    };
    Some(format!("{}{unit}", amount.parse::<u64>().ok()?.checked_mul(scale)?))
}

/// How many of the smallest units a canonical duration or size is.
pub(super) fn amount(canonical: &str) -> Option<u64> {
    canonical.trim_end_matches(|letter: char| letter.is_ascii_alphabetic()).parse().ok()
}

/// The value as the file has it, in one line.
pub(super) fn written(node: &Node) -> String {
    match &node.value {
        Value::List(items) => format!("[{}]", items.iter().map(written).collect::<Vec<_>>().join(", ")),
        Value::Map(entries) => {
            let entries: Vec<String> =
                entries.iter().map(|entry| format!("{}: {}", entry.key, written(&entry.node))).collect();
            format!("{{ {} }}", entries.join(", "))
        }
        Value::Null
        | Value::Bool(_)
        | Value::Integer(_)
        | Value::Float(_)
        | Value::Text(_)
        | Value::Unknown => node.plain(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn units_make_no_difference() {
        for (one, other) in [("60s", "1m"), ("24h", "1d"), ("16KiB", "16384B"), ("1GiB", "1024MiB")] {
            assert_eq!(measure(one), measure(other), "{one}");
        }
        assert_eq!((measure("acme"), measure("5x"), measure("")), (None, None, None));
        assert_eq!((amount("90000ms"), amount("any")), (Some(90_000), None));
    }
}
