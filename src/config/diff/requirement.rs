//! How two requirements differ: by callers on whom they disagree, and not by how they are written.

use super::Change;
use super::alike::is_alike;
use super::witness::{self, Disagreement};
use crate::authz::{Outline, Requirement};
use crate::route::PathPattern;

/// What is different in `new`; none if both decide alike. `paths`: those of the routes that ask it, where both are of routes.
pub(super) fn compare(
    old: &Requirement,
    new: &Requirement,
    paths: Option<[&PathPattern; 2]>,
) -> Option<(Change, String)> {
    let captures_differ =
        paths.is_some_and(|paths| [old, new].into_iter().any(|one| sees_another(one, paths)));
    if !captures_differ && is_alike(old, new) {
        return None;
    }
    let (before, after) = (old.to_string(), new.to_string());
    let written = if before == after {
        format!("requires {after}, which decides otherwise than before")
    } else {
        format!("requires {after}, before {before}")
    };
    let Ok(Disagreement { admitted, refused, is_guessed }) = witness::find(old, new, captures_differ) else {
        return Some((Change::Looser, format!("{written}; it is too large to tell whom that lets in")));
    };
    let (passes, no_longer) =
        if is_guessed { ("may now pass", "may no longer pass") } else { ("now passes", "no longer passes") };
    let (change, whom) = match (admitted, refused) {
        (None, None) => return None,
        (Some(admitted), None) => (Change::Looser, format!("{passes} {admitted}")),
        (None, Some(refused)) => (Change::Stricter, format!("{no_longer} {refused}")),
        // Whoever is let in counts for more.
        (Some(admitted), Some(refused)) => {
            (Change::Looser, format!("{passes} {admitted}, and {no_longer} {refused}"))
        }
    };
    let guessed = if is_guessed { "; what a changed condition means is not looked into" } else { "" };
    Some((change, format!("{written}; {whom}{guessed}")))
}

/// Whether a condition looks at a capture that is none of the other path, or stands elsewhere in it.
fn sees_another(requirement: &Requirement, paths: [&PathPattern; 2]) -> bool {
    if let Requirement::When(condition) = requirement {
        let [before, after] = paths.map(PathPattern::places);
        let moved = |name: &String| before.get(name.as_str()) != after.get(name.as_str());
        return condition.captures().iter().any(moved)
            || before != after && mentions_path(&condition.outline());
    }
    requirement.parts().iter().any(|part| sees_another(part, paths))
}

/// Whether the captures are seen without their names, or may be.
fn mentions_path(outline: &Outline) -> bool {
    match outline {
        Outline::Constant(_) => false,
        Outline::Part(text) => text.match_indices("path").any(|(at, word)| {
            let (before, after) = (text.get(..at), text.get(at + word.len()..));
            !before.is_some_and(|before| before.ends_with("request."))
                && !after.is_some_and(|after| after.starts_with('.'))
        }),
        Outline::Not(inner) => mentions_path(inner),
        Outline::Either(_, sides) => sides.iter().any(mentions_path),
    }
}
