//! Values of the file: in one form for all ways to write them, and as the file has them.

use crate::config::node::{Entry, Node, Value};
use crate::config::problem::Position;

/// A value that stands in no file.
pub(super) fn node(value: Value) -> Node {
    Node::new(Position::START, value)
}

/// The value in one form for all ways to write it.
pub(super) fn canonical(node: &Node, path: &str) -> String {
    match &node.value {
        Value::List(items) => {
            let mut items: Vec<String> = items.iter().map(|item| item_of_list(item, path)).collect();
            // The steps of a claim's path are in order; every other list is a set.
            if ![".roles", ".scopes", ".from"].iter().any(|key| path.ends_with(key)) {
                items.sort();
                items.dedup();
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
        Value::Text(text) => measure(text).filter(|_| is_amount(path)).unwrap_or_else(|| text.clone()),
        Value::Bool(value) => value.to_string(),
        Value::Integer(value) => value.to_string(),
        Value::Float(value) => value.to_string(),
        // Of a variable that is not set here, its name.
        Value::Null | Value::Unknown => node.plain(),
    }
}

/// One of several: what would run into the next is in quotes, and a list within a list is the steps of a path.
pub(super) fn item_of_list(item: &Node, path: &str) -> String {
    match &item.value {
        Value::List(steps) => {
            let steps: Vec<String> = steps.iter().map(|step| item_of_list(step, path)).collect();
            format!("[{}]", steps.join(", "))
        }
        Value::Text(text) if text.contains([',', '[', ']', '"']) => format!("{text:?}"),
        Value::Null
        | Value::Bool(_)
        | Value::Integer(_)
        | Value::Float(_)
        | Value::Text(_)
        | Value::Map(_)
        | Value::Unknown => canonical(item, path),
    }
}

/// Whether a key is of a duration or a size.
fn is_amount(path: &str) -> bool {
    const KEYS: [&str; 12] = [
        "clock_skew",
        "connect",
        "delay",
        "max",
        "max_age",
        "max_size",
        "max_stale",
        "min",
        "response",
        "timeout",
        "token",
        "token_header",
    ];
    path.rsplit('.').next().is_some_and(|key| KEYS.contains(&key))
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

/// A duration or a size in the largest of its units that is exact; none where it is none.
fn in_words(text: &str) -> Option<String> {
    let canonical = measure(text)?;
    let amount = amount(&canonical).filter(|amount| *amount > 0)?;
    let units: &[(u64, &str)] = if canonical.ends_with("ms") {
        &[(86_400_000, "d"), (3_600_000, "h"), (60_000, "m"), (1_000, "s")]
    } else {
        &[(1 << 30, "GiB"), (1 << 20, "MiB"), (1 << 10, "KiB")]
    };
    let exact = units.iter().find(|(scale, _)| amount.is_multiple_of(*scale));
    Some(exact.map_or(canonical, |(scale, unit)| format!("{}{unit}", amount / scale)))
}

/// The value of a key as it is told: an amount in its largest unit, the rest as the file has it.
pub(super) fn told(node: &Node, path: &str) -> String {
    // What came from a variable is told by the variable's name.
    let text =
        if let Value::Text(text) = &node.value { node.written.is_none().then_some(text) } else { None };
    text.filter(|_| is_amount(path)).and_then(|text| in_words(text)).unwrap_or_else(|| written(node))
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
        for (text, told) in [
            ("30000ms", "30s"),
            ("600s", "10m"),
            ("90s", "90s"),
            ("24h", "1d"),
            ("1500ms", "1500ms"),
            ("1024MiB", "1GiB"),
            ("1000B", "1000B"),
        ] {
            assert_eq!(in_words(text).as_deref(), Some(told), "{text}");
        }
        assert_eq!((amount("90000ms"), amount("any")), (Some(90_000), None));
    }
}
