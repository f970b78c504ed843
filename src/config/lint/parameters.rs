//! Routes that take `;` for a character of a segment, beside routes that ask for more.

use super::code::Code;
use super::stricter::{allows, asks_more, beside_data};
use crate::config::document::Document;
use crate::config::problem::Problems;
use crate::route::RouteTable;

pub(super) fn lint(document: &Document, problems: &mut Problems) {
    let routes = beside_data(document, PARAMETERS, problems);
    let table = RouteTable::new(routes.iter().map(|(_, matcher)| matcher.clone()).zip(0..).collect());
    for (lax, (route, _)) in routes.iter().enumerate() {
        let (Some(at), Some(access)) = (allows(route, PARAMETERS), route.access.as_ref()) else { continue };
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

const PARAMETERS: &str = "parameters";
