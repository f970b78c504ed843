//! Regular expressions that match nothing, or more than they look like; and conditions that depend on nothing.

use super::code::Code;
use super::inner;
use crate::authz::{Expression, Outline, is_found_anywhere, matches_anything};
use crate::config::document::{Access, Document};
use crate::config::node::{Node, Value};
use crate::config::problem::{Position, Problems};

pub(super) fn lint(document: &Document, problems: &mut Problems) {
    let policies = document.policies.iter().flat_map(|policies| &policies.value.entries);
    for node in policies.filter_map(|(_, node)| node.as_ref()) {
        look(node, problems);
    }
    let routes = document.routes.iter().flat_map(|routes| &routes.value);
    for access in routes.filter_map(|route| route.access.as_ref()) {
        if let Access::Conditions(conditions) = &access.value {
            for node in [&conditions.require, &conditions.candidate].into_iter().flatten() {
                look(&node.value, problems);
            }
        }
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
    if let Some(value) = settled(&condition.outline()) {
        let wrong = if value {
            "this is true of every request: it asks nothing"
        } else {
            "this is false of every request: nobody passes by it"
        };
        let right = "write what the caller must be, or remove it";
        problems.warning(Code::ConstantCondition, at, wrong, right);
    }
    for pattern in condition.patterns() {
        if possible(pattern, false, at, problems) && is_found_anywhere(pattern) {
            let wrong = format!(
                "`matches` searches: it holds wherever `{pattern}` is found in the text, whatever stands around it"
            );
            let right =
                "write `^` in front and `$` behind for the whole text, or `.*` where anything may stand";
            problems.warning(Code::UnanchoredPattern, at, wrong, right);
        }
    }
}

/// Whether some text matches, as far as that is known; if none does, that has been reported.
fn possible(pattern: &str, whole: bool, at: Position, problems: &mut Problems) -> bool {
    let possible = matches_anything(pattern, whole) != Some(false);
    if !possible {
        let wrong = format!(
            "no text matches `{pattern}`: it asks for something before its beginning or behind its end"
        );
        let right = "write `^` first and `$` last only, or `\\^` and `\\$` for the characters";
        problems.warning(Code::ImpossiblePattern, at, wrong, right);
    }
    possible
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
