//! Routes that take `%2F` for a character of a segment, beside routes that ask for more.

use super::code::Code;
use super::stricter::asks_more;
use crate::config::compile::routes::matcher;
use crate::config::document::{Document, Route};
use crate::config::problem::Problems;
use crate::route::Matcher;

pub(super) fn lint(document: &Document, problems: &mut Problems) {
    let mut said = Problems::new(problems.file(), problems.is_offline());
    let routes: Vec<(&Route, Matcher)> = document
        .routes
        .iter()
        .flat_map(|routes| &routes.value)
        .filter_map(|route| Some((route, matcher(route.r#match.as_ref()?.value.clone(), &mut said)?)))
        .collect();
    for (route, own) in &routes {
        let allow = route.path.as_ref().and_then(|path| path.value.allow.as_ref());
        let Some(allowed) =
            allow.and_then(|allow| allow.value.iter().find(|word| word.value == "encoded_slash"))
        else {
            continue;
        };
        let Some(access) = route.access.as_ref() else { continue };
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
        problems.warning(Code::EncodedSlash, allowed.at, wrong, right);
    }
}
