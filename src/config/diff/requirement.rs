//! How two requirements differ: by callers on whom they disagree, and not by how they are written.

use super::Change;
use super::alike::is_alike;
use super::proof::Names;
use super::witness::{self, Disagreement, Found};
use crate::authz::{Expression, Outline, Requirement};
use crate::route::PathPattern;

/// What the conditions of two requirements see.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Seen<'p> {
    /// The paths of the routes that ask, where both are of routes.
    pub(super) paths: Option<[&'p PathPattern; 2]>,
    /// Whether they are shown the same headers.
    pub(super) other_headers: bool,
    /// The claims in which the issuers have roles and scopes.
    pub(super) names: Option<&'p Names>,
}

/// What is different in `new`; none if both decide alike.
pub(super) fn compare(old: &Requirement, new: &Requirement, seen: Seen<'_>) -> Option<(Change, String)> {
    let is_any = |sees: &dyn Fn(&Expression) -> bool| [old, new].into_iter().any(|one| is_asked(one, sees));
    let mut seen_otherwise = Vec::new();
    let moved = seen.paths.filter(|[before, after]| before.places() != after.places());
    if moved.is_some_and(|paths| is_any(&|condition| sees_another(condition, paths))) {
        seen_otherwise.push("path");
    }
    if seen.other_headers
        && is_any(&|condition| mentions(&condition.outline(), &|text| text.contains(HEADERS)))
    {
        seen_otherwise.push(HEADERS);
    }
    if seen_otherwise.is_empty() && is_alike(old, new) {
        return None;
    }
    let (before, after) = (old.to_string(), new.to_string());
    let written = if before == after {
        format!("requires {after}, which decides otherwise than before")
    } else {
        format!("requires {after}, before {before}")
    };
    let Ok(Disagreement { admitted, refused, is_guessed }) =
        witness::find(old, new, seen_otherwise, seen.names.cloned().unwrap_or_default())
    else {
        return Some((Change::Looser, format!("{written}; it is too large to tell whom that lets in")));
    };
    let is_sure = |found: &Option<Found>| found.as_ref().is_none_or(|found| found.is_certain && !is_guessed);
    let is_told = is_sure(&admitted) && is_sure(&refused);
    let passes = if is_sure(&admitted) { "now passes" } else { "may now pass" };
    let no_longer = if is_sure(&refused) { "no longer passes" } else { "may no longer pass" };
    let [admitted, refused] = [admitted, refused].map(|found| found.map(|found| found.caller));
    let (change, whom) = match (admitted, refused) {
        (None, None) => return None,
        (Some(admitted), None) => (Change::Looser, format!("{passes} {admitted}")),
        (None, Some(refused)) => (Change::Stricter, format!("{no_longer} {refused}")),
        // Whoever is let in counts for more.
        (Some(admitted), Some(refused)) => {
            (Change::Looser, format!("{passes} {admitted}, and {no_longer} {refused}"))
        }
    };
    let guessed = if is_told {
        ""
    } else if is_guessed {
        "; what a changed condition means is not looked into"
    } else {
        "; whether there is such a caller is not looked into"
    };
    Some((change, format!("{written}; {whom}{guessed}")))
}

const HEADERS: &str = "request.headers";

/// Whether one of its conditions is such.
fn is_asked(requirement: &Requirement, is: &dyn Fn(&Expression) -> bool) -> bool {
    if let Requirement::When(condition) = requirement {
        return is(condition);
    }
    requirement.parts().iter().any(|part| is_asked(part, is))
}

/// Whether a condition looks at a capture that is none of the other path, or stands elsewhere in it; some are.
fn sees_another(condition: &Expression, paths: [&PathPattern; 2]) -> bool {
    let [before, after] = paths.map(PathPattern::places);
    let moved = |name: &String| before.get(name.as_str()) != after.get(name.as_str());
    // Without their names all are seen.
    let all = |text: &str| {
        text.match_indices("path").any(|(at, word)| {
            let (before, after) = (text.get(..at), text.get(at + word.len()..));
            !before.is_some_and(|before| before.ends_with("request."))
                && !after.is_some_and(|after| after.starts_with('.'))
        })
    };
    condition.captures().iter().any(moved) || mentions(&condition.outline(), &all)
}

/// Whether a part of a condition says such a thing.
fn mentions(outline: &Outline, says: &dyn Fn(&str) -> bool) -> bool {
    match outline {
        Outline::Constant(_) => false,
        Outline::Part(text) => says(text),
        Outline::Not(inner) => mentions(inner, says),
        Outline::Either(_, sides) => sides.iter().any(|side| mentions(side, says)),
    }
}
