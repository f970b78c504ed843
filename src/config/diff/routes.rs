//! Routes that were added, removed, renamed or changed.

use super::decision::{self, Aspect};
use super::policies::{Requirements, Told};
use super::shifts::{Shift, shifts};
use super::traffic::Traffic;
use super::view::{View, listed, views};
use super::{Change, Difference, File};

/// `told`: what is said of policies, and not again of each route that names them.
pub(super) fn compare(old: File<'_>, new: File<'_>, told: &Told) -> Vec<Difference> {
    let (before, after) = (views(old), views(new));
    let pairs = pairs(&before, &after);
    let traffic = Traffic::between(&before, &after);
    let (mut was, mut now) = (Requirements::of(old.1), Requirements::of(new.1));
    let shifts = shifts(&before, &after, &pairs, &traffic, &mut was, &mut now);
    let mut found = Vec::new();
    for (index, route) in after.iter().enumerate() {
        let pair = pairs.iter().find(|(_, new)| *new == index);
        let Some((place, pair)) = pair.and_then(|(old, _)| Some((*old, before.get(*old)?))) else {
            let message = format!("added: {}, {}", route.summary(), route.guard(&mut now));
            found.push(Difference::new(arriving(&shifts, index), "route", &route.name, message));
            continue;
        };
        let mut changes: Vec<(Change, String)> = Vec::new();
        let is_gone = !traffic.goes((Some(place), Some(index)));
        for Aspect { change, message, is_of_policies } in decision::compare(pair, route, &mut was, &mut now) {
            if is_of_policies && told.has(route, change) {
                continue;
            }
            // Where no request came to it and comes to it still, it decides nothing differently.
            changes.push((if is_gone { Change::Changed } else { change }, message));
        }
        if pair.name != route.name {
            changes.push((Change::Changed, format!("renamed, before `{}`", pair.name)));
        }
        let matched = matched(pair, route);
        // What neither what it is for nor another route explains is said by itself.
        let own = shifts.iter().filter(|shift| {
            shift.to_or_from_none(place, index) && (matched.is_empty() || shift.is_by_another(place, index))
        });
        changes.extend(own.map(|shift| (shift.change, shift.message.clone())));
        let change =
            match (arriving(&shifts, index), shifts.iter().any(|shift| shift.between == (Some(place), None)))
            {
                (Change::Changed, true) => pair.losing(&mut was),
                (arriving, _) => arriving,
            };
        changes.extend(matched.into_iter().map(|message| (change, message)));
        found.extend(
            changes
                .into_iter()
                .map(|(change, message)| Difference::new(change, "route", &route.name, message)),
        );
    }
    for (index, route) in before.iter().enumerate() {
        if !pairs.iter().any(|(old, _)| *old == index) {
            let message = format!("removed: {}, {}", route.summary(), route.guard(&mut was));
            let is_lost = shifts.iter().any(|shift| shift.between == (Some(index), None));
            let change = if is_lost { route.losing(&mut was) } else { Change::Changed };
            found.push(Difference::new(change, "route", &route.name, message));
        }
    }
    for shift in shifts {
        if let (Some(_), Some(route)) = (shift.between.0, shift.between.1.and_then(|now| after.get(now))) {
            found.push(Difference::new(shift.change, "route", &route.name, shift.message));
        }
    }
    let is_every = |file: File<'_>, seen: &[View<'_>]| {
        file.0.get("routes").is_none_or(|routes| routes.children().len() == seen.len())
    };
    if !is_every(old, &before) || !is_every(new, &after) {
        let message =
            "routes: one cannot be compared, because a variable is not set here; it may have opened";
        found.push(Difference::of_file(Change::Looser, message));
    }
    if traffic.is_partial {
        let message = "routes: they overlap in more ways than are compared; more than this may have opened";
        found.push(Difference::of_file(Change::Looser, message));
    }
    found
}

/// Which route of the old file is which of the new: by name, else by what it is for.
fn pairs(before: &[View<'_>], after: &[View<'_>]) -> Vec<(usize, usize)> {
    let named = |routes: &[View<'_>], name: &str| routes.iter().position(|route| route.name == name);
    let mut pairs: Vec<(usize, usize)> = before
        .iter()
        .enumerate()
        .filter_map(|(old, route)| Some((old, named(after, &route.name)?)))
        .collect();
    for (old, route) in before.iter().enumerate() {
        let renamed = after.iter().enumerate().find(|(new, other)| {
            route.is_for_the_same_as(other)
                && !pairs.iter().any(|(paired, taken)| *paired == old || taken == new)
        });
        pairs.extend(renamed.map(|(new, _)| (old, new)));
    }
    pairs
}

/// The loosest of what it means that requests come to a route which others took, or none.
fn arriving(shifts: &[Shift], route: usize) -> Change {
    let arriving = shifts.iter().filter(|shift| shift.between.1 == Some(route));
    arriving.map(|shift| shift.change).chain([Change::Changed]).min().unwrap_or(Change::Changed)
}

/// Hosts, methods and path: which requests it is for. What that means is told by the requests that go elsewhere.
fn matched(old: &View<'_>, new: &View<'_>) -> Vec<String> {
    let mut found = Vec::new();
    for (what, before, after) in [("hosts", &old.hosts, &new.hosts), ("methods", &old.methods, &new.methods)]
    {
        if before != after {
            found.push(format!("{what}: {} → {}", listed(before, "any"), listed(after, "any")));
        }
    }
    if !old.matcher.path().matches_the_same(new.matcher.path()) {
        found.push(format!("path: {} → {}", old.path, new.path));
    }
    found
}
