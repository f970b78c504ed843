//! Routes that the request has just missed.

use crate::explain::facts::Facts;
use crate::explain::shown;
use crate::route::{Matcher, Miss};

/// Routes before the one that was found, or any where none was, that one thing kept from matching.
pub(super) fn of(facts: &Facts<'_>, failed: bool) -> Option<String> {
    let target = facts.target.as_ref().ok()?;
    let found = facts.route.map_or(usize::MAX, |(number, ..)| number);
    let mut entries = (1..).zip(facts.snapshot.routes().entries()).take_while(|(number, _)| *number < found);
    let (number, matcher, route, miss) = entries.find_map(|(number, (matcher, route))| {
        // A route of the very same hosts and path takes other methods, and is no miss.
        let miss = matcher.miss(target).filter(|miss| failed || *miss != Miss::Method)?;
        Some((number, matcher, route, miss))
    })?;
    let but_for = match miss {
        Miss::Method => "the method".to_owned(),
        Miss::Host => format!("the host, it is for {}", shown::text(&matcher.hosts_text())),
        Miss::Case => "upper and lower case in the path".to_owned(),
        Miss::Longer => "a trailing segment, for which its path would have to end in `/**`".to_owned(),
        Miss::Shorter => "a segment that the path lacks".to_owned(),
    };
    Some(format!("route {number}, `{}` ({matcher}), would have matched but for {but_for}", route.name()))
}

pub(super) fn of_method(facts: &Facts<'_>) -> Option<String> {
    let (number, matcher, route) = facts.route?;
    let takers = facts.snapshot.routes().entries().skip(number);
    let later = (number + 1..).zip(takers).find(|(_, (later, _))| takes(later, facts));
    let mut hint =
        format!("route {number}, `{}` ({matcher}), would have matched but for the method", route.name());
    let method = facts.target.as_ref().map_or("", |target| target.method().as_str());
    if method.bytes().any(|byte| byte.is_ascii_lowercase()) {
        hint.push_str(", which is compared with its case");
    }
    Some(match later {
        None => hint,
        Some((number, (_, route))) => format!(
            "{hint}; route {number}, `{}`, takes it, but is not asked: the first route of a host and path decides",
            route.name()
        ),
    })
}

fn takes(matcher: &Matcher, facts: &Facts<'_>) -> bool {
    facts.target.as_ref().is_ok_and(|target| matcher.matches(target))
}

/// A route that the path is of, and that does not allow what the path holds.
pub(super) fn of_data(facts: &Facts<'_>) -> Option<String> {
    let data = facts.target.as_ref().ok()?.data();
    let mut held = Vec::new();
    if data.encoded_slash {
        held.push(("`%2F`", "encoded_slash"));
    }
    if data.parameters {
        held.push(("`;`", "parameters"));
    }
    let (what, words): (Vec<&str>, Vec<&str>) = held.into_iter().unzip();
    let (what, words) = (what.join(" and "), words.join(", "));
    Some(match facts.strict {
        Some((number, matcher, route)) => format!(
            "route {number}, `{}` ({matcher}), has this path and does not allow {what} in it; if its upstream takes that for \
             characters of a segment, add `path: {{ allow: [{words}] }}` to the route",
            route.name()
        ),
        None => format!("no route has this path, with {what} as characters of a segment"),
    })
}
