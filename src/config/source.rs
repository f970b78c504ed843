//! A file in, a tree of values with their places out.
//!
//! The only file that names the YAML library. Reads YAML 1.2 within tight bounds (size, nodes, depth), so that no file
//! can hang or fill the gateway; finds duplicate keys; expands environment variables in scalars after parsing. Only a
//! syntax error hides other mistakes: then there is no tree to walk.

use std::collections::HashMap;
use std::fmt;
use std::fs::File;
use std::io::Read;
use std::ops::Range;
use std::path::Path;
use std::sync::Arc;

use serde::de::{Deserialize, Deserializer, MapAccess, SeqAccess, Visitor};
use serde_saphyr::{DuplicateKeyPolicy, MergeKeyPolicy, RequireIndent, Spanned};

use super::environment::{Expansion, expand};
use super::node::{Entry, Node, Value};
use super::problem::{Position, Problems};
use super::scalar::Scalar;
use super::syntax;

/// Where the values of environment variables come from.
pub type Environment<'a> = &'a dyn Fn(&str) -> Option<String>;

/// Reads the text of a configuration file.
pub(super) fn read(path: &Path, problems: &mut Problems) -> Option<String> {
    let mut bytes = Vec::new();
    let result = File::open(path).and_then(|file| file.take(MAX_BYTES + 1).read_to_end(&mut bytes));
    if let Err(error) = result {
        let right = if path.is_dir() { "name the file in it" } else { "name a file that can be read" };
        problems.error(Position::START, format_args!("cannot be read: {error}"), right);
        return None;
    }
    if u64::try_from(bytes.len()).is_ok_and(|length| length > MAX_BYTES) {
        problems.error(Position::START, "larger than 1 MiB", "a configuration file has at most 1 MiB");
        return None;
    }
    String::from_utf8(bytes)
        .map_err(|_| problems.error(Position::START, "not UTF-8 text", "write the file as UTF-8"))
        .ok()
}

/// Parses YAML into a tree; duplicate keys and unset variables are recorded as problems.
///
/// Gives, beside the tree, the byte ranges of the scalars in the text: what stands in one of them is no comment.
pub(super) fn parse(
    text: &str,
    environment: Environment<'_>,
    problems: &mut Problems,
) -> Option<(Node, Vec<Range<usize>>)> {
    let options = serde_saphyr::options! {
        duplicate_keys: DuplicateKeyPolicy::PassThrough,
        merge_keys: MergeKeyPolicy::AsOrdinary,
        strict_booleans: true,
        leading_zero_numbers_as_strings: true,
        underscored_numbers_as_strings: true,
        with_snippet: false,
        require_indent: RequireIndent::Unchecked,
        budget: serde_saphyr::budget! {
            max_events: 200_000,
            max_depth: 48,
            flow_nesting_limit: 48,
            max_aliases: 256,
            max_anchors: 256,
            max_documents: 1,
        },
        // A bomb grows by aliases of aliases; honest files repeat little.
        alias_limits: serde_saphyr::alias_limits! { max_total_replayed_events: 20_000 },
    };
    if text.trim().is_empty() {
        problems.error(
            Position::START,
            "the file is empty",
            "start with `listeners:`, `issuers:`, `upstreams:` and `routes:`",
        );
        return None;
    }
    match serde_saphyr::from_str_with_options::<Option<Spanned<Raw>>>(text, options) {
        Ok(Some(raw)) => {
            let file = Arc::from(text);
            let mut reader = Reader { text, file, environment, problems, scalars: Vec::new() };
            let node = reader.node(raw);
            Some((node, reader.scalars))
        }
        Ok(None) => {
            problems.error(
                Position::START,
                "the file holds no values",
                "start with `listeners:`, `issuers:`, `upstreams:` and `routes:`",
            );
            None
        }
        Err(error) => {
            let at = error.location().map_or(Position::START, position);
            let message = error.without_snippet().to_string();
            let (wrong, right, at) = if message.starts_with("budget breached") && message.contains("ocuments")
            {
                (
                    "a second document in one file".to_owned(),
                    "write one document, without a line `---` inside it",
                    at,
                )
            } else if message.starts_with("budget breached") || message.starts_with("alias replay limit") {
                (
                    "too many values or aliases in one file".to_owned(),
                    "a configuration nests less than 48 deep and repeats little by aliases",
                    at,
                )
            } else {
                syntax::explain(without_place(&message), at, text)
            };
            problems.error(at, wrong, right);
            None
        }
    }
}

const MAX_BYTES: u64 = 1024 * 1024;

fn position(location: serde_saphyr::Location) -> Position {
    Position { line: location.line().max(1), column: location.column().max(1) }
}

/// The bytes of the file that a value was read from.
fn range(location: serde_saphyr::Location) -> Option<Range<usize>> {
    let span = location.span();
    let start = usize::try_from(span.byte_offset()?).ok()?;
    let length = usize::try_from(span.byte_len()?).ok()?;
    Some(start..start.checked_add(length)?)
}

/// The first line of the library's message, less the place that it repeats.
fn without_place(message: &str) -> &str {
    let line = message.lines().next().unwrap_or("unreadable");
    line.split_once(" at line ").map_or(line, |(wrong, _)| wrong)
}

/// A value as the YAML library hands it over.
enum Raw {
    Null,
    Bool(bool),
    Integer(i128),
    Float(f64),
    Text(String),
    List(Vec<Spanned<Self>>),
    Map(Vec<(Spanned<Self>, Spanned<Self>)>),
}

impl<'de> Deserialize<'de> for Raw {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(RawVisitor)
    }
}

struct RawVisitor;

impl<'de> Visitor<'de> for RawVisitor {
    type Value = Raw;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a YAML value")
    }

    fn visit_unit<E>(self) -> Result<Raw, E> {
        Ok(Raw::Null)
    }

    fn visit_none<E>(self) -> Result<Raw, E> {
        Ok(Raw::Null)
    }

    fn visit_some<D: Deserializer<'de>>(self, deserializer: D) -> Result<Raw, D::Error> {
        Raw::deserialize(deserializer)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Raw, E> {
        Ok(Raw::Bool(value))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Raw, E> {
        Ok(Raw::Integer(value.into()))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Raw, E> {
        Ok(Raw::Integer(value.into()))
    }

    fn visit_i128<E>(self, value: i128) -> Result<Raw, E> {
        Ok(Raw::Integer(value))
    }

    fn visit_f64<E>(self, value: f64) -> Result<Raw, E> {
        Ok(Raw::Float(value))
    }

    fn visit_str<E>(self, value: &str) -> Result<Raw, E> {
        Ok(Raw::Text(value.to_owned()))
    }

    fn visit_string<E>(self, value: String) -> Result<Raw, E> {
        Ok(Raw::Text(value))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Raw, A::Error> {
        let mut list = Vec::new();
        while let Some(item) = items.next_element()? {
            list.push(item);
        }
        Ok(Raw::List(list))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Raw, A::Error> {
        let mut map = Vec::new();
        while let Some(entry) = entries.next_entry()? {
            map.push(entry);
        }
        Ok(Raw::Map(map))
    }
}

/// Turns raw values into nodes, with variables expanded and duplicate keys reported.
struct Reader<'a> {
    text: &'a str,
    /// The same, for nodes to keep.
    file: Arc<str>,
    environment: Environment<'a>,
    problems: &'a mut Problems,
    /// Where scalars of text stand.
    scalars: Vec<Range<usize>>,
}

impl Reader<'_> {
    fn node(&mut self, raw: Spanned<Raw>) -> Node {
        let at = position(raw.referenced);
        let value = match raw.value {
            Raw::Null => Value::Null,
            Raw::Bool(value) => Value::Bool(value),
            Raw::Integer(value) => Value::Integer(value),
            Raw::Float(value) => Value::Float(value),
            Raw::List(items) => Value::List(items.into_iter().map(|item| self.node(item)).collect()),
            Raw::Map(raw) => {
                let is_empty = raw.is_empty();
                let entries = self.entries(raw);
                // Without a key that could be read, what was meant is not known.
                if entries.is_empty() && !is_empty { Value::Unknown } else { Value::Map(entries) }
            }
            Raw::Text(text) => {
                let plain = self.is_plain(raw.defined);
                let range = range(raw.defined);
                self.scalars.extend(range.clone());
                // What an alias stands for is found where the alias is.
                let range = range.filter(|_| position(raw.defined) == at);
                let scalar = range.map(|range| Scalar::new(Arc::clone(&self.file), range));
                return Node { scalar, ..self.scalar(at, text, plain) };
            }
        };
        Node::new(at, value)
    }

    fn entries(&mut self, raw: Vec<(Spanned<Raw>, Spanned<Raw>)>) -> Vec<Entry> {
        let mut entries: Vec<Entry> = Vec::with_capacity(raw.len());
        let mut lines: HashMap<String, u64> = HashMap::with_capacity(raw.len());
        for (key, value) in raw {
            let at = position(key.referenced);
            let node = self.node(value);
            let Some((key, steps)) = self.key(key) else {
                self.problems.error(
                    at,
                    "a key that is neither text nor a list of text",
                    "write the key as text",
                );
                continue;
            };
            if let Some(line) = lines.get(&key) {
                let wrong = format!("duplicate key `{key}`, first given on line {line}");
                self.problems.error(at, wrong, "give it once");
            } else {
                lines.insert(key.clone(), at.line);
                entries.push(Entry { key, at, node, steps });
            }
        }
        entries
    }

    /// A key as text, and its steps where it is given as a list of them.
    fn key(&mut self, key: Spanned<Raw>) -> Option<(String, Option<Vec<String>>)> {
        let written = || {
            // As it stands in the file: a number there is a name like any other.
            let text = self.text.get(range(key.defined)?)?.trim();
            (!text.is_empty()).then(|| text.to_owned())
        };
        match key.value {
            Raw::Text(text) => {
                self.scalars.extend(range(key.defined));
                Some((text, None))
            }
            Raw::Null | Raw::Bool(_) | Raw::Integer(_) | Raw::Float(_) => Some((written()?, None)),
            Raw::List(items) => {
                let steps: Option<Vec<String>> = items
                    .into_iter()
                    .map(|item| if let Raw::Text(text) = item.value { Some(text) } else { None })
                    .collect();
                let steps = steps.filter(|steps| !steps.is_empty())?;
                Some((format!("[{}]", steps.join(", ")), Some(steps)))
            }
            Raw::Map(_) => None,
        }
    }

    fn scalar(&mut self, at: Position, text: String, plain: bool) -> Node {
        let problems = &mut *self.problems;
        let mut hide = |value: &str, written: &str| problems.hide(value, written);
        let value = match expand(&text, self.environment, &mut hide) {
            Expansion::Unchanged => {
                return Node::new(at, Value::Text(text));
            }
            // A plain scalar takes the type that its expansion has, as if it had been written there.
            Expansion::Expanded(expanded) if plain => plain_value(expanded),
            Expansion::Expanded(expanded) => Value::Text(expanded),
            Expansion::Unset(names) => {
                for name in names {
                    let right = format!("set it, or write `${{{name}:-default}}`");
                    self.problems.missing(at, format_args!("environment variable {name} is not set"), right);
                }
                Value::Unknown
            }
            Expansion::Malformed(wrong) => {
                self.problems.error(
                    at,
                    wrong,
                    "write `${NAME}` or `${NAME:-default}`, and `$$` for a dollar sign",
                );
                Value::Unknown
            }
        };
        Node { at, value, written: Some(text), scalar: None }
    }

    fn is_plain(&self, location: serde_saphyr::Location) -> bool {
        let start = location.span().byte_offset().and_then(|offset| usize::try_from(offset).ok());
        let first = start.and_then(|offset| self.text.get(offset..)).and_then(|rest| rest.chars().next());
        !matches!(first, Some('"' | '\'' | '|' | '>' | '!'))
    }
}

/// The core schema of YAML 1.2 for a plain scalar.
fn plain_value(text: String) -> Value {
    match text.as_str() {
        "true" => return Value::Bool(true),
        "false" => return Value::Bool(false),
        "" | "null" | "~" => return Value::Null,
        _ => {}
    }
    let digits = text.strip_prefix('-').unwrap_or(&text);
    if digits.starts_with(|first: char| first.is_ascii_digit())
        && (digits == "0" || !digits.starts_with('0') || digits.starts_with("0."))
    {
        if let Ok(value) = text.parse() {
            return Value::Integer(value);
        }
        if let Ok(value) = text.parse() {
            return Value::Float(value);
        }
    }
    Value::Text(text)
}
