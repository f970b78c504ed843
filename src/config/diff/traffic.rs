//! Which routes of the new file take the requests that those of the old one took.
//!
//! Looked up in both tables is a sample of every kind of request that a route of each has in common (`Samples`), so that
//! no request goes from one route to another, or from none to one, that is not told.

use std::collections::{BTreeMap, BTreeSet};

use http::Request;
use http::header::HOST;

use super::view::View;
use crate::route::{Matcher, NotFound, RouteTable, Samples, Target};

/// From which route to which requests go; none: to no route, or to one that refuses the method.
pub(super) type Move = (Option<usize>, Option<usize>);

/// Every move of requests, by who takes them and who refuses their method, with a sample.
#[derive(Debug)]
pub(super) struct Traffic {
    moves: BTreeMap<(Move, Move), Sample>,
    /// Whether the routes overlap in more ways than are looked at.
    pub(super) is_partial: bool,
}

/// A request, and who refuses its method where it has no route before or after.
#[derive(Debug)]
pub(super) struct Sample {
    /// As `GET api.example.com/orders/0`.
    pub(super) request: String,
    /// The route of the old file that refused its method.
    pub(super) refused_by: Option<usize>,
    /// The route of the new file that refuses its method.
    pub(super) refuses: Option<usize>,
}

/// More kinds of requests than this are not looked at.
const MAX_SAMPLES: usize = 100_000;

/// More pairs of routes than this are not looked at.
const MAX_PAIRS: usize = 100_000_000;

impl Traffic {
    pub(super) fn between(old: &[View<'_>], new: &[View<'_>]) -> Self {
        let matchers: Vec<&Matcher> = old.iter().chain(new).map(|route| &route.matcher).collect();
        let samples = Samples::of(&matchers);
        let mut kinds: BTreeSet<(String, String)> = BTreeSet::new();
        for matcher in matchers {
            kinds.extend(samples.shared(matcher, matcher));
        }
        let mut is_partial = kinds.len() > MAX_SAMPLES;
        for (tried, (one, other)) in crossing(old, new).enumerate() {
            if tried > MAX_PAIRS || kinds.len() > MAX_SAMPLES {
                is_partial = true;
                break;
            }
            kinds.extend(samples.shared(&one.matcher, &other.matcher));
        }
        let (before, after) = (table(old), table(new));
        let mut moves = BTreeMap::new();
        for method in samples.methods() {
            for (host, path) in &kinds {
                let Some(target) = target(method.as_str(), host, path) else { continue };
                let ((was, refused_by), (now, refuses)) = (found(&before, &target), found(&after, &target));
                let host = if host == samples.any_host() { "" } else { host };
                moves.entry(((was, now), (refused_by, refuses))).or_insert_with(|| Sample {
                    request: format!("{method} {host}{path}"),
                    refused_by,
                    refuses,
                });
            }
        }
        Self { moves, is_partial }
    }

    /// Every move but those from nowhere to nowhere.
    pub(super) fn iter(&self) -> impl Iterator<Item = (Move, &Sample)> {
        self.moves
            .iter()
            .map(|((between, _), sample)| (*between, sample))
            .filter(|(between, _)| *between != (None, None))
    }

    /// Whether a request goes from one to the other, as far as that is known.
    pub(super) fn goes(&self, between: Move) -> bool {
        self.is_partial
            || self
                .moves
                .range((between, (None, None))..)
                .next()
                .is_some_and(|((found, _), _)| *found == between)
    }
}

/// Two routes that may have requests in common that go from the one to the other: not where files begin or end alike, for
/// there the first of the two in one file is the first in the other.
fn crossing<'v>(
    old: &'v [View<'v>],
    new: &'v [View<'v>],
) -> impl Iterator<Item = (&'v View<'v>, &'v View<'v>)> {
    let is_alike = |(old, new): &(&View<'_>, &View<'_>)| old.is_for_the_same_as(new);
    let begin = old.iter().zip(new).take_while(is_alike).count();
    let rest = |routes: &'v [View<'v>]| routes.get(begin..).unwrap_or_default();
    let (old, new) = (rest(old), rest(new));
    let end = old.iter().rev().zip(new.iter().rev()).take_while(is_alike).count();
    let (old_end, new_end) = (old.len() - end, new.len() - end);
    old.iter().enumerate().flat_map(move |(index, one)| {
        let until = if index < old_end { new.len() } else { new_end };
        new.iter().take(until).map(move |other| (one, other))
    })
}

fn table(routes: &[View<'_>]) -> RouteTable<usize> {
    RouteTable::new(routes.iter().enumerate().map(|(index, route)| (route.matcher.clone(), index)).collect())
}

fn target(method: &str, host: &str, path: &str) -> Option<Target> {
    let request = Request::builder().method(method).uri(path).header(HOST, host).body(()).ok()?;
    Target::parse(&request.into_parts().0).ok()
}

/// The route of a request, or the one that refuses its method.
fn found(table: &RouteTable<usize>, target: &Target) -> (Option<usize>, Option<usize>) {
    match table.find(target) {
        Ok(found) => (Some(*found.route), None),
        Err(NotFound::Method { route, .. }) => (None, Some(*route)),
        Err(NotFound::Route | NotFound::Target { .. }) => (None, None),
    }
}
