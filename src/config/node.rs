//! The tree of a configuration file, and how typed values are read from it.
//!
//! `FromNode` reads one value and records what is wrong with it; `None` means that the problem is already recorded, so a
//! reader never reports twice and never stops early.

use std::time::Duration;

use super::problem::{Position, Problems};
use super::scalar::Scalar;

/// One value of the file and its place.
#[derive(Debug, Clone)]
pub(super) struct Node {
    pub(super) at: Position,
    pub(super) value: Value,
    /// The scalar as the file has it, where variables were expanded in it: what a message may repeat.
    pub(super) written: Option<String>,
    /// Where the characters of a text stand in the file.
    pub(super) scalar: Option<Scalar>,
}

impl Node {
    /// A value that is no text of the file's.
    pub(super) fn new(at: Position, value: Value) -> Self {
        Self { at, value, written: None, scalar: None }
    }
}

/// A YAML value.
#[derive(Debug, Clone)]
pub(super) enum Value {
    Null,
    Bool(bool),
    Integer(i128),
    Float(f64),
    Text(String),
    List(Vec<Node>),
    Map(Vec<Entry>),
    /// A value that is not known here, because a variable is not set; already reported.
    Unknown,
}

/// One entry of a mapping.
#[derive(Debug, Clone)]
pub(super) struct Entry {
    pub(super) key: String,
    pub(super) at: Position,
    pub(super) node: Node,
    /// The items of a key that is a list: the steps of a claim's path.
    pub(super) steps: Option<Vec<String>>,
}

/// A value with its place, for messages of later checks.
#[derive(Debug, Clone)]
pub(super) struct At<T> {
    pub(super) at: Position,
    pub(super) value: T,
}

/// What can be read from a node.
pub(super) trait FromNode: Sized {
    /// Reads the value, or records why it cannot be read.
    fn from_node(node: &Node, problems: &mut Problems) -> Option<Self>;
}

impl Node {
    /// The value of a key, where this is a map that has it.
    pub(super) fn get(&self, key: &str) -> Option<&Self> {
        let Value::Map(entries) = &self.value else { return None };
        entries.iter().find(|entry| entry.key == key).map(|entry| &entry.node)
    }

    /// Where this byte of the text stands in the file; where that is not certain, where the scalar begins.
    pub(super) fn place(&self, byte: Option<usize>) -> Position {
        let Value::Text(text) = &self.value else { return self.at };
        let place = |scalar: &Scalar| scalar.place(self.at, text, byte?);
        self.scalar.as_ref().and_then(place).unwrap_or(self.at)
    }

    /// The items, where this is a list.
    pub(super) fn children(&self) -> &[Self] {
        if let Value::List(items) = &self.value { items } else { &[] }
    }

    /// A scalar as text; where variables were expanded in it, as it is written.
    pub(super) fn plain(&self) -> String {
        if let Some(written) = &self.written {
            return written.clone();
        }
        match &self.value {
            Value::Text(text) => text.clone(),
            Value::Bool(value) => value.to_string(),
            Value::Integer(value) => value.to_string(),
            Value::Float(value) => value.to_string(),
            Value::Null | Value::List(_) | Value::Map(_) | Value::Unknown => String::new(),
        }
    }

    /// Records that this node is not what was expected.
    pub(super) fn mismatch(&self, expected: &str, problems: &mut Problems) {
        if !matches!(self.value, Value::Unknown) {
            problems.error(
                self.at,
                format_args!("found {}", self.found()),
                format_args!("expected {expected}"),
            );
        }
    }

    /// The value in a message: short, and never what came from the environment.
    pub(super) fn found(&self) -> String {
        if let Some(written) = &self.written {
            return format!("`{written}`");
        }
        match &self.value {
            Value::Null => "nothing".to_owned(),
            Value::Bool(value) => format!("the boolean {value}"),
            Value::Integer(value) => format!("the number {value}"),
            Value::Float(value) => format!("the number {value}"),
            Value::Text(text) => {
                let short: String = text.chars().take(60).collect();
                let dots = if short.len() < text.len() { "…" } else { "" };
                format!("`{short}{dots}`")
            }
            Value::List(_) => "a list".to_owned(),
            Value::Map(_) => "a map".to_owned(),
            Value::Unknown => "an unknown value".to_owned(),
        }
    }

    pub(super) fn text(&self, expected: &str, problems: &mut Problems) -> Option<&str> {
        match &self.value {
            Value::Text(text) if !text.is_empty() => return Some(text),
            Value::Text(_) => {
                problems.error(
                    self.at,
                    "the text is empty",
                    format_args!("expected {expected} of at least one character"),
                );
            }
            Value::Bool(_) | Value::Integer(_) | Value::Float(_) if expected.contains("text") => {
                let right = format!("expected {expected}: put it in quotes");
                problems.error(self.at, format_args!("found {}", self.found()), right);
            }
            Value::Null
            | Value::Bool(_)
            | Value::Integer(_)
            | Value::Float(_)
            | Value::List(_)
            | Value::Map(_)
            | Value::Unknown => self.mismatch(expected, problems),
        }
        None
    }

    /// The items of a list that is not empty.
    pub(super) fn items(&self, expected: &str, problems: &mut Problems) -> Option<&[Self]> {
        match &self.value {
            Value::List(items) if !items.is_empty() => return Some(items),
            Value::List(_) => {
                problems.error(self.at, "the list is empty", format_args!("expected {expected}"));
            }
            Value::Null
            | Value::Bool(_)
            | Value::Integer(_)
            | Value::Float(_)
            | Value::Text(_)
            | Value::Map(_)
            | Value::Unknown => self.mismatch(expected, problems),
        }
        None
    }

    /// Reads a text with `parse`, whose error is the whole message, or its first half where `expected` completes it.
    pub(super) fn parse_text<T, E: std::fmt::Display>(
        &self,
        expected: &str,
        problems: &mut Problems,
        parse: impl FnOnce(&str) -> Result<T, E>,
    ) -> Option<T> {
        let text = self.text(expected, problems)?;
        match parse(text) {
            Ok(value) => Some(value),
            Err(error) => {
                // What came from the environment may be a secret, and the error may repeat it.
                let message = if self.written.is_some() {
                    format!("{} does not hold what belongs here; expected {expected}", self.found())
                } else {
                    let message = error.to_string();
                    if message.contains("; ") { message } else { format!("{message}; expected {expected}") }
                };
                problems.refuse(self.at, message);
                None
            }
        }
    }
}

impl<T: FromNode> FromNode for At<T> {
    fn from_node(node: &Node, problems: &mut Problems) -> Option<Self> {
        T::from_node(node, problems).map(|value| Self { at: node.at, value })
    }
}

/// A value that counts as given, though it may turn out unreadable: what else is wrong depends on which keys stand there.
#[derive(Debug, Clone)]
pub(super) struct Given<T>(pub(super) Option<T>);

impl<T: FromNode> FromNode for Given<T> {
    fn from_node(node: &Node, problems: &mut Problems) -> Option<Self> {
        Some(Self(T::from_node(node, problems)))
    }
}

/// A text that is never repeated in a message: what stands there may be a secret, put where its place should be named.
#[derive(Debug, Clone)]
pub(super) struct Undisclosed(pub(super) String);

impl FromNode for Undisclosed {
    fn from_node(node: &Node, problems: &mut Problems) -> Option<Self> {
        match &node.value {
            Value::Text(text) if !text.is_empty() => return Some(Self(text.clone())),
            Value::Unknown => {}
            Value::Null
            | Value::Bool(_)
            | Value::Integer(_)
            | Value::Float(_)
            | Value::Text(_)
            | Value::List(_)
            | Value::Map(_) => problems.error(node.at, "found something else than text", "expected text"),
        }
        None
    }
}

impl FromNode for String {
    fn from_node(node: &Node, problems: &mut Problems) -> Option<Self> {
        node.text("text", problems).map(str::to_owned)
    }
}

impl FromNode for bool {
    fn from_node(node: &Node, problems: &mut Problems) -> Option<Self> {
        if let Value::Bool(value) = node.value {
            return Some(value);
        }
        let quoted = matches!(&node.value, Value::Text(text) if text == "true" || text == "false");
        if quoted && node.written.is_none() {
            let right = "write `true` or `false` without quotes";
            problems.error(node.at, format_args!("found the text {}", node.found()), right);
        } else {
            node.mismatch("`true` or `false`", problems);
        }
        None
    }
}

impl FromNode for Duration {
    fn from_node(node: &Node, problems: &mut Problems) -> Option<Self> {
        const EXPECTED: &str = "a duration with its unit, like 250ms, 30s, 5m, 24h or 7d";
        node.parse_text(EXPECTED, problems, |text| {
            let (amount, unit) = quantity(text).ok_or_else(|| format!("`{text}` is not a duration"))?;
            let scale = match unit {
                "ms" => return Ok(Self::from_millis(amount)),
                "s" => 1,
                "m" => 60,
                "h" => 3_600,
                "d" => 86_400,
                _ => return Err(format!("`{text}` is not a duration")),
            };
            amount
                .checked_mul(scale)
                .filter(|&seconds| seconds <= MAX_SECONDS)
                .map(Self::from_secs)
                .ok_or_else(|| format!("`{text}` is longer than a hundred years; write a shorter duration"))
        })
    }
}

/// A number of bytes with its unit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Size(pub(super) u64);

impl FromNode for Size {
    fn from_node(node: &Node, problems: &mut Problems) -> Option<Self> {
        const EXPECTED: &str = "a size with its unit, like 512B, 16KiB, 10MiB or 1GiB";
        node.parse_text(EXPECTED, problems, |text| {
            let wrong = || format!("`{text}` is not a size");
            let (amount, unit) = quantity(text).ok_or_else(wrong)?;
            let scale: u64 = match unit {
                "B" => 1,
                "KiB" => 1 << 10,
                "MiB" => 1 << 20,
                "GiB" => 1 << 30,
                _ => return Err(wrong()),
            };
            amount.checked_mul(scale).map(Self).ok_or_else(wrong)
        })
    }
}

/// A list that, where it is given, is not empty.
impl<T: FromNode> FromNode for Vec<T> {
    fn from_node(node: &Node, problems: &mut Problems) -> Option<Self> {
        let Value::List(items) = &node.value else {
            node.mismatch("a list, like [a, b]", problems);
            return None;
        };
        if items.is_empty() {
            problems.error(node.at, "the list is empty", "name at least one item");
            return None;
        }
        // Every item is read, so that every mistake is found; one that cannot be read leaves the rest in place.
        Some(items.iter().filter_map(|item| T::from_node(item, problems)).collect())
    }
}

/// A mapping of names to values of one kind; not empty where it is given. A value that could not be read leaves its name
/// known, so that what refers to it is not reported too.
#[derive(Debug, Clone)]
pub(super) struct Named<T> {
    pub(super) entries: Vec<(At<String>, Option<T>)>,
    /// The section itself could not be read: what it would have named is not known.
    pub(super) broken: bool,
}

impl<T: FromNode> FromNode for Named<T> {
    fn from_node(node: &Node, problems: &mut Problems) -> Option<Self> {
        let broken = Some(Self { entries: Vec::new(), broken: true });
        let Value::Map(entries) = &node.value else {
            node.mismatch("a map of names", problems);
            return broken;
        };
        if entries.is_empty() {
            problems.error(
                node.at,
                "the map is empty",
                "name at least one entry, or leave the key out where it may be",
            );
            return broken;
        }
        let named = entries.iter().map(|Entry { key, at, node, steps }| {
            let name = At { at: *at, value: key.clone() };
            if steps.is_some() {
                problems.error(*at, "a list is no name", "write the name as text");
            }
            if key.is_empty() || key.chars().any(char::is_control) {
                problems.error(*at, "a name that cannot be printed", "use letters, digits, `-`, `_` and `.`");
            }
            (name, T::from_node(node, problems))
        });
        Some(Self { entries: named.collect(), broken: false })
    }
}

impl FromNode for Node {
    fn from_node(node: &Node, _: &mut Problems) -> Option<Self> {
        (!matches!(node.value, Value::Unknown)).then(|| node.clone())
    }
}

const MAX_SECONDS: u64 = 100 * 366 * 86_400;

/// A whole number and the unit behind it.
fn quantity(text: &str) -> Option<(u64, &str)> {
    let digits = text.find(|character: char| !character.is_ascii_digit())?;
    let (amount, unit) = text.split_at_checked(digits)?;
    Some((amount.parse().ok()?, unit))
}
