//! Regular expressions that match nothing, or more than they look like; and conditions that depend on nothing.

use super::code::Code;
use super::{inner, requirements};
use crate::authz::{Expression, Impossible, Open, Outline, impossible, open_ends};
use crate::config::document::Document;
use crate::config::node::{Node, Value};
use crate::config::problem::{Position, Problems};

pub(super) fn lint(document: &Document, problems: &mut Problems) {
    for node in requirements(document) {
        look(node, problems);
    }
}

/// This node and those below it; names of policies are looked at where they are defined.
fn look(node: &Node, problems: &mut Problems) {
    if let Some(Value::Map(claims)) = node.get("claims").map(|claims| &claims.value) {
        for pattern in claims.iter().filter_map(|claim| claim.node.get("matches")) {
            if let Value::Text(text) = &pattern.value {
                possible(text, true, pattern.at, problems);
            }
        }
    }
    for inner in inner(node) {
        look(inner, problems);
    }
}

/// A condition, wherever it stands.
pub(super) fn condition(condition: &Expression, at: Position, problems: &mut Problems) {
    // Whom that lets pass depends on what stands around it.
    if let Some(value) = settled(&condition.outline()) {
        let wrong = format!("this is {value} of every request, whoever calls");
        let right = "write what the caller must be, or remove it";
        problems.warning(Code::ConstantCondition, at, wrong, right);
    }
    for pattern in condition.patterns() {
        if possible(pattern, false, at, problems)
            && let Some(open) = open_ends(pattern)
        {
            unanchored(pattern, open, at, problems);
        }
    }
}

/// A pattern that is found in more texts than it looks like.
fn unanchored(pattern: &str, open: Open, at: Position, problems: &mut Problems) {
    let (wrong, right) = match open {
        Open::Around => (
            format!("it holds wherever `{pattern}` is found in the text, whatever stands around it"),
            "write `^` in front and `$` behind for the whole text, or `.*` on both sides where anything may stand",
        ),
        Open::Behind => (
            format!("behind what `{pattern}` finds, anything may stand too"),
            "write `$` behind it, or `.*` where that is meant",
        ),
        Open::Before => (
            format!("before what `{pattern}` finds, anything may stand too"),
            "write `^` in front of it, or `.*` where that is meant",
        ),
        Open::Divided => (
            format!(
                "`|` divides the whole of `{pattern}`, and `^` and `$` bind only the alternative that they stand in"
            ),
            "write `^(?:…|…)$` to bind all of them",
        ),
    };
    problems.warning(Code::UnanchoredPattern, at, format_args!("`matches` searches: {wrong}"), right);
}

/// Whether some text matches, as far as that is known; if none does, that has been reported.
fn possible(pattern: &str, whole: bool, at: Position, problems: &mut Problems) -> bool {
    let Some(why) = impossible(pattern, whole) else { return true };
    let (why, right) = match why {
        Impossible::EmptyClass => {
            ("a class in it has no character", "write a class that has one: `[a&&b]` is what is in both")
        }
        Impossible::BeyondTheText => (
            "it asks for something before its beginning or behind its end",
            "write `^` first and `$` last only, or `\\^` and `\\$` for the characters",
        ),
        Impossible::Contradiction => (
            "it asks for two things at one place that do not go together",
            "write `\\b` between a letter and something else only",
        ),
    };
    problems.warning(Code::ImpossiblePattern, at, format_args!("no text matches `{pattern}`: {why}"), right);
    false
}

/// What a condition is for every request; none where that depends on the request.
fn settled(outline: &Outline) -> Option<bool> {
    match outline {
        Outline::Constant(value) => Some(*value),
        Outline::Part(_) => None,
        Outline::Not(inner) => settled(inner).map(|value| !value),
        Outline::Either(deciding, sides) => {
            let values = sides.each_ref().map(settled);
            if values.contains(&Some(*deciding)) {
                return Some(*deciding);
            }
            (values == [Some(!*deciding); 2]).then_some(!*deciding)
        }
    }
}
