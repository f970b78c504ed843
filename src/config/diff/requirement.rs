//! How two requirements differ: by callers on whom they disagree, and not by how they are written.

use std::collections::BTreeMap;

use super::Change;
use super::alike::is_alike;
use super::proof::Names;
use super::witness::{self, Disagreement, Found};
use super::world::SeenOtherwise;
use crate::authz::{Outline, Requirement};
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
    let moved = seen.paths.filter(|[before, after]| before.places() != after.places());
    let seen_otherwise = SeenOtherwise { headers: seen.other_headers, captures: moved.map(names_now) };
    let is_other = |text: &str| seen_otherwise.now(text).is_none_or(|now| now != text);
    let is_asked = [old, new].into_iter().any(|one| asks(one, &is_other));
    if !is_asked && is_alike(old, new) {
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

/// Whether nobody can meet it, as far as that is told.
pub(super) fn is_never_met(requirement: &Requirement) -> bool {
    let nobody = Requirement::Not(Box::new(Requirement::Authenticated));
    let found = witness::find(&nobody, requirement, SeenOtherwise::default(), Names::default());
    found.is_ok_and(|found| found.admitted.is_none())
}

/// By the names of the captures of the one path those of the other, for the same segments.
fn names_now([before, after]: [&PathPattern; 2]) -> BTreeMap<String, String> {
    let after = after.places();
    let name = |place: usize| after.iter().find(|(_, other)| **other == place).map(|(name, _)| *name);
    let named = before.places().into_iter().filter_map(|(old, place)| Some((old, name(place)?)));
    named.map(|(old, new)| (old.to_owned(), new.to_owned())).collect()
}

/// Whether a part of one of its conditions is such.
fn asks(requirement: &Requirement, is: &dyn Fn(&str) -> bool) -> bool {
    if let Requirement::When(condition) = requirement {
        return mentions(&condition.outline(), is);
    }
    requirement.parts().iter().any(|part| asks(part, is))
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
