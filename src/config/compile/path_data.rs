//! `path` of a route: what its upstream takes for characters of a segment.

use crate::config::document;
use crate::config::node::At;
use crate::config::problem::Problems;
use crate::route::PathData;

/// What the route's paths may hold; nothing that is ambiguous to other servers, unless the section says so.
pub(super) fn compile(section: Option<At<document::PathRules>>, problems: &mut Problems) -> PathData {
    let allow = section.and_then(|section| section.value.allow);
    let mut data = PathData::default();
    for At { at, value } in allow.into_iter().flat_map(|allow| allow.value) {
        let known = match value.as_str() {
            "encoded_slash" => &mut data.encoded_slash,
            "parameters" => &mut data.parameters,
            _ => {
                let wrong = format!("`{value}` is nothing that a path can be allowed to hold");
                problems.error(at, wrong, "write encoded_slash (`%2F`), parameters (`;`) or both");
                continue;
            }
        };
        if *known {
            problems.error(at, format_args!("`{value}` is there twice"), "name it once");
        }
        *known = true;
    }
    data
}
