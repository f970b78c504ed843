//! The terms of a requirement: `roles`, `scopes`, `issuer_tenant` and `claims`, each with what it is compared with.

use super::kept::Kept;
use crate::authn::ClaimPath;
use crate::authz::{ClaimTerm, ClaimTest, Literal, NameTest, Quantifier, Requirement};
use crate::config::node::{Entry, Node, Value};
use crate::config::problem::{Position, Problems, closest};

/// `roles` or `scopes`: one name, or `any`, `all`, `none`.
pub(super) fn name_test(node: &Node, kind: &str, problems: &mut Problems) -> Option<NameTest> {
    let expected = format!(
        "expected one name, or {{ any: […] }}, {{ all: […] }} or {{ none: […] }} with names of {kind}"
    );
    match &node.value {
        Value::Text(name) if !name.is_empty() => refused(NameTest::one(name), node.at, problems),
        Value::List(_) => {
            problems.error(
                node.at,
                format_args!("a bare list of {kind} could mean any or all of them"),
                "write `any: […]` or `all: […]`",
            );
            None
        }
        Value::Map(entries) if !entries.is_empty() => {
            let lists = lists(entries, &[], problems, |item, problems| {
                item.text("a name as text", problems).map(str::to_owned)
            })?;
            refused(NameTest::new(lists), node.at, problems)
        }
        Value::Unknown => None,
        Value::Null
        | Value::Bool(_)
        | Value::Integer(_)
        | Value::Float(_)
        | Value::Text(_)
        | Value::Map(_) => {
            problems.error(node.at, format_args!("found {}", node.found()), expected);
            None
        }
    }
}

/// The `claims` of a requirement; each entry must hold.
pub(super) fn claims(node: &Node, kept: &mut Kept, problems: &mut Problems) -> Option<Requirement> {
    let Value::Map(entries) = &node.value else {
        node.mismatch("a map of claims, like `{ tenant: acme }`", problems);
        return None;
    };
    if entries.is_empty() {
        problems.error(node.at, "the map is empty", "name at least one claim, or leave the key out");
        return None;
    }
    let tests: Vec<_> = entries
        .iter()
        .map(|Entry { key, at, node, steps }| {
            let path = match steps {
                Some(steps) => ClaimPath::from_steps(steps),
                None => ClaimPath::parse(key),
            };
            let path = refused(path, *at, problems);
            let test = claim_test(node, kept, problems);
            Some(Requirement::Claim(path?, test?))
        })
        .collect();
    let mut tests = tests.into_iter().collect::<Option<Vec<_>>>()?;
    if tests.len() == 1 { tests.pop() } else { Some(Requirement::Every(tests)) }
}

fn claim_test(node: &Node, kept: &mut Kept, problems: &mut Problems) -> Option<ClaimTest> {
    match &node.value {
        Value::Null => {
            problems.error(
                node.at,
                "nothing to compare with",
                "give a value, or `exists: false` for an absent claim",
            );
            None
        }
        Value::List(_) => {
            problems.error(
                node.at,
                "a bare list could mean any or all of the values",
                "write `any: […]` or `all: […]`",
            );
            None
        }
        Value::Map(entries) if entries.is_empty() => {
            problems.error(node.at, "the map is empty", "write `any`, `all`, `none`, `exists` or `matches`");
            None
        }
        Value::Map(entries) => {
            let lists = lists(entries, &["exists", "matches"], problems, literal);
            let find = |key: &str| entries.iter().find(|entry| entry.key == key).map(|entry| &entry.node);
            let exists = match find("exists").map(|node| (node, &node.value)) {
                None => Some(None),
                Some((_, Value::Bool(exists))) => Some(Some(*exists)),
                Some((node, _)) => {
                    node.mismatch("`true` or `false`", problems);
                    None
                }
            };
            let matches = match find("matches") {
                None => Some(None),
                Some(node) => node.parse_text(REGEX, problems, |text| kept.pattern(text)).map(Some),
            };
            let mut terms: Vec<ClaimTerm> = lists?
                .into_iter()
                .map(|(quantifier, values)| ClaimTerm::Values(quantifier, values.into()))
                .collect();
            terms.extend(exists?.map(ClaimTerm::Exists));
            terms.extend(matches?.map(ClaimTerm::Matches));
            refused(ClaimTest::new(terms), node.at, problems)
        }
        Value::Text(_) | Value::Bool(_) | Value::Integer(_) | Value::Float(_) | Value::Unknown => {
            literal(node, problems).map(ClaimTest::equals)
        }
    }
}

/// What `matches` is given.
const REGEX: &str =
    "a regular expression of the whole value, with `\\` before a character that stands for itself";

fn literal(node: &Node, problems: &mut Problems) -> Option<Literal> {
    match &node.value {
        Value::Text(text) => Some(Literal::string(text)),
        Value::Bool(value) => Some(Literal::boolean(*value)),
        Value::Integer(value) => refused(Literal::integer(*value), node.at, problems),
        Value::Float(value) => refused(Literal::float(*value), node.at, problems),
        Value::Null | Value::List(_) | Value::Map(_) | Value::Unknown => {
            node.mismatch("text, a number, `true` or `false`", problems);
            None
        }
    }
}

/// The lists `any`, `all` and `none` of a test; `others` are further keys that its caller reads.
fn lists<T>(
    entries: &[Entry],
    others: &[&str],
    problems: &mut Problems,
    item: impl Fn(&Node, &mut Problems) -> Option<T>,
) -> Option<Vec<(Quantifier, Vec<T>)>> {
    let mut lists = Vec::new();
    let mut complete = true;
    for Entry { key, at, node, .. } in entries {
        let quantifier = match key.as_str() {
            "any" => Quantifier::Any,
            "all" => Quantifier::All,
            "none" => Quantifier::None,
            other if others.contains(&other) => continue,
            other => {
                let known: Vec<&str> =
                    ["any", "all", "none"].into_iter().chain(others.iter().copied()).collect();
                let right = closest(other, known.iter().copied()).map_or_else(
                    || format!("known here: {}", known.join(", ")),
                    |near| format!("did you mean `{near}`?"),
                );
                problems.error(*at, format_args!("unknown key `{other}`"), right);
                complete = false;
                continue;
            }
        };
        let items = node.items("a list with at least one item", problems).unwrap_or_default();
        let read: Vec<T> = items.iter().filter_map(|node| item(node, problems)).collect();
        complete &= !items.is_empty() && read.len() == items.len();
        lists.push((quantifier, read));
    }
    complete.then_some(lists)
}

fn refused<T, E: std::error::Error>(
    result: Result<T, E>,
    at: Position,
    problems: &mut Problems,
) -> Option<T> {
    result
        .map_err(|error| {
            problems.refuse(at, super::complete(&error, "see the reference for what may stand here"));
        })
        .ok()
}
