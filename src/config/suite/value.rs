//! The values of a policy test: claims with times relative to now, fields, and what is to be absent.

use serde_json::{Map, Number};

use crate::config::node::{At, Entry, FromNode, Node, Value};
use crate::config::problem::Problems;

/// A text, or `null` for something that is not there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::config) struct OrAbsent(pub(super) Option<String>);

impl FromNode for OrAbsent {
    fn from_node(node: &Node, problems: &mut Problems) -> Option<Self> {
        if matches!(node.value, Value::Null) {
            return Some(Self(None));
        }
        let text = text_or_empty(node, "text, or null for what is absent", problems)?;
        Some(Self(Some(text.to_owned())))
    }
}

/// A text, which may be empty: a subject may, and so may the value of a field.
fn text_or_empty<'n>(node: &'n Node, expected: &str, problems: &mut Problems) -> Option<&'n str> {
    if let Value::Text(text) = &node.value
        && text.is_empty()
    {
        return Some(text);
    }
    node.text(expected, problems)
}

/// The value of a field, or of each of several fields of one name.
#[derive(Debug, Clone)]
pub(in crate::config) struct Texts(pub(super) Vec<At<String>>);

impl FromNode for Texts {
    fn from_node(node: &Node, problems: &mut Problems) -> Option<Self> {
        if matches!(node.value, Value::List(_)) {
            return Vec::from_node(node, problems).map(Self);
        }
        let text = text_or_empty(node, "text, or a list of texts", problems)?;
        Some(Self(vec![At { at: node.at, value: text.to_owned() }]))
    }
}

/// A claim as the test writes it. Which claims are times depends on their names, so that is decided later.
#[derive(Debug, Clone)]
pub(in crate::config) struct Claim(Node);

impl FromNode for Claim {
    fn from_node(node: &Node, _: &mut Problems) -> Option<Self> {
        (!matches!(node.value, Value::Unknown)).then(|| Self(node.clone()))
    }
}

impl Claim {
    /// The claim called `name` at the time `now`, in seconds since 1970; null: it is left out.
    pub(super) fn at(&self, name: &str, now: i64, problems: &mut Problems) -> Option<serde_json::Value> {
        let Self(node) = self;
        if let Value::Text(text) = &node.value
            && TIMES.contains(&name)
        {
            let time = relative(text).and_then(|seconds| now.checked_add(seconds));
            if time.is_none() {
                let right =
                    "write a time relative to now, like -60s or 5m, or a number of seconds since 1970";
                problems.error(node.at, format_args!("found {}", node.found()), right);
            }
            return time.map(serde_json::Value::from);
        }
        json(node, problems)
    }
}

/// A value of the file as a value of a token.
fn json(node: &Node, problems: &mut Problems) -> Option<serde_json::Value> {
    Some(match &node.value {
        Value::Null => serde_json::Value::Null,
        Value::Bool(value) => (*value).into(),
        Value::Text(text) => text.as_str().into(),
        Value::Integer(number) => {
            let exact = i64::try_from(*number).map(Number::from);
            let number = exact.or_else(|_| u64::try_from(*number).map(Number::from)).ok();
            return expected(number.map(Into::into), node, "a number that fits into 64 bits", problems);
        }
        Value::Float(number) => {
            let number = Number::from_f64(*number).map(Into::into);
            return expected(number, node, "a number that JSON can hold", problems);
        }
        Value::List(items) => {
            let items: Vec<_> = items.iter().map(|item| json(item, problems)).collect();
            items.into_iter().collect::<Option<Vec<_>>>()?.into()
        }
        Value::Map(entries) => {
            let mut map = Map::new();
            let mut complete = true;
            for Entry { key, at, node, steps } in entries {
                if steps.is_some() {
                    problems.error(*at, "a list is no name", "write the name as text");
                }
                match json(node, problems) {
                    Some(value) if steps.is_none() => drop(map.insert(key.clone(), value)),
                    _ => complete = false,
                }
            }
            return complete.then_some(map.into());
        }
        Value::Unknown => return None,
    })
}

fn expected<T>(value: Option<T>, node: &Node, what: &str, problems: &mut Problems) -> Option<T> {
    if value.is_none() {
        node.mismatch(what, problems);
    }
    value
}

/// The seconds that `-60s`, `5m` or `+1h` stand for.
fn relative(text: &str) -> Option<i64> {
    let (sign, rest) = match text.strip_prefix('-') {
        Some(rest) => (-1, rest),
        None => (1, text.strip_prefix('+').unwrap_or(text)),
    };
    let digits = rest.find(|character: char| !character.is_ascii_digit())?;
    let (amount, unit) = rest.split_at_checked(digits)?;
    let scale = match unit {
        "s" => 1,
        "m" => 60,
        "h" => 3_600,
        "d" => 86_400,
        _ => return None,
    };
    amount.parse::<i64>().ok()?.checked_mul(scale)?.checked_mul(sign)
}

/// Claims that are times (RFC 7519 §4.1.4 to §4.1.6, OpenID Connect Core 1.0 §2).
const TIMES: [&str; 4] = ["exp", "nbf", "iat", "auth_time"];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_relative_with_a_unit_and_a_sign() {
        for (text, seconds) in
            [("-60s", -60), ("60s", 60), ("+5m", 300), ("1h", 3_600), ("-7d", -604_800), ("0s", 0)]
        {
            assert_eq!(relative(text), Some(seconds), "{text}");
        }
        for text in
            ["", "s", "60", "-", "--60s", "+-60s", "60 s", "1w", "5ms", "9223372036854775807d", "1.5h"]
        {
            assert_eq!(relative(text), None, "{text}");
        }
    }
}
