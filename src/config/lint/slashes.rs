//! Routes that take `%2F` for a character of a segment, beside routes that ask for more.

use super::code::Code;
use super::stricter::{allows, asks_more, beside_data};
use crate::config::document::Document;
use crate::config::problem::Problems;

pub(super) fn lint(document: &Document, problems: &mut Problems) {
    let routes = beside_data(document, ENCODED_SLASH, problems);
    for (route, own) in &routes {
        let (Some(at), Some(access)) = (allows(route, ENCODED_SLASH), route.access.as_ref()) else {
            continue;
        };
        let passed: Vec<String> = routes
            .iter()
            .filter(|(other, matcher)| {
                let asks = other.access.as_ref().is_some_and(|other| asks_more(&other.value, &access.value));
                !std::ptr::eq(*other, *route) && asks && own.slips_past(matcher)
            })
            .filter_map(|(other, matcher)| {
                let name = other.name.as_ref()?;
                Some(format!("`{}` on line {} ({matcher})", name.value, name.at.line))
            })
            .collect();
        let Some(first) = passed.first() else { continue };
        let others =
            if passed.len() > 1 { format!(", and {} more", passed.len() - 1) } else { String::new() };
        let wrong = format!(
            "paths of {first}{others}, with a slash encoded, have this route, and not what that one asks for"
        );
        let right = "see that the upstream does not decode `%2F`, or let this route ask for the same";
        problems.warning(Code::EncodedSlash, at, wrong, right);
    }
}

const ENCODED_SLASH: &str = "encoded_slash";
