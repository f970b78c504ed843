//! What a route's own `identity` takes away, because it stands in place of the section for all routes.

use super::code::Code;
use crate::config::document::Document;
use crate::config::node::At;
use crate::config::problem::Problems;

/// Names under `headers` are removed on every route, whoever names them; `remove` is of its own section.
pub(super) fn lint(document: &Document, problems: &mut Problems) {
    let global = document.identity.as_ref().and_then(|section| section.value.remove.as_ref());
    let Some(removed) = global.filter(|removed| !removed.value.is_empty()) else { return };
    let names: Vec<&str> = removed.value.iter().map(|name| name.value.as_str()).collect();
    let names = names.join(", ");
    for route in document.routes.iter().flat_map(|routes| &routes.value) {
        let Some(At { at, value: own }) = &route.identity else { continue };
        if own.remove.is_none() {
            let wrong = format!(
                "this stands in place of the section on line {}, with its `remove`: clients can send {names} on this route",
                document.identity.as_ref().map_or(removed.at.line, |section| section.at.line),
            );
            problems.warning(
                Code::RemoveReplaced,
                *at,
                wrong,
                format_args!("write `remove: [{names}]` here too"),
            );
        }
    }
}
