//! Routes that take `;` for a character of a segment, beside routes that ask for more.

use super::code::Code;
use super::stricter::asks_more;
use crate::config::compile::routes::matcher;
use crate::config::document::{Document, Route};
use crate::config::problem::{Position, Problems};
use crate::route::{Matcher, RouteTable};

pub(super) fn lint(document: &Document, problems: &mut Problems) {
    let allows = |route: &&Route| allowed(route).is_some();
    let all = || document.routes.iter().flat_map(|routes| &routes.value);
    if all().find(allows).is_none() {
        return;
    }
    let mut said = Problems::new(problems.file(), problems.is_offline());
    let routes: Vec<(&Route, Matcher)> = all()
        .filter_map(|route| Some((route, matcher(route.r#match.as_ref()?.value.clone(), &mut said)?)))
        .collect();
    let table = RouteTable::new(routes.iter().map(|(_, matcher)| matcher.clone()).zip(0..).collect());
    for (lax, (route, _)) in routes.iter().enumerate() {
        let (Some(at), Some(access)) = (allowed(route), route.access.as_ref()) else { continue };
        let mut passed = routes.iter().enumerate().filter_map(|(strict, (other, matcher))| {
            if strict == lax || !asks_more(&other.access.as_ref()?.value, &access.value) {
                return None;
            }
            Some((table.slips_past(lax, strict)?, other.name.as_ref()?, matcher))
        });
        let Some((path, name, matcher)) = passed.next() else { continue };
        let others = match passed.count() {
            0 => String::new(),
            more => format!(", and so it is with {more} more"),
        };
        let (name, line) = (&name.value, name.at.line);
        let wrong = format!(
            "`{path}` has this route, and not what `{name}` on line {line} ({matcher}) asks for{others}"
        );
        let right =
            "see that the upstream does not cut what follows a `;`, or let this route ask for the same";
        problems.warning(Code::PathParameter, at, wrong, right);
    }
}

/// Where the route says that its paths may have parameters.
fn allowed(route: &Route) -> Option<Position> {
    let allow = route.path.as_ref()?.value.allow.as_ref()?;
    allow.value.iter().find(|word| word.value == "parameters").map(|word| word.at)
}
