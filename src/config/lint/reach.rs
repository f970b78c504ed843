//! Routes that no request ever reaches, and paths of another router's language.

use super::code::Code;
use crate::config::compile::routes::matcher;
use crate::config::document::Document;
use crate::config::node::At;
use crate::config::problem::{Position, Problems};
use crate::route::Matcher;

pub(super) fn lint(document: &Document, problems: &mut Problems) {
    // It compiled, so that nothing new is found; should a route have no matcher all the same, it is left out.
    let mut said = Problems::new(problems.file(), problems.is_offline());
    let routes = document.routes.iter().flat_map(|routes| &routes.value);
    let routes: Vec<(&At<String>, Position, Matcher)> = routes
        .filter_map(|route| {
            let section = route.r#match.as_ref()?;
            Some((route.name.as_ref()?, section.at, matcher(section.value.clone(), &mut said)?))
        })
        .collect();
    colons(document, problems);
    let matchers: Vec<&Matcher> = routes.iter().map(|(.., matcher)| matcher).collect();
    for found in Matcher::unreachable(&matchers) {
        let Some((name, at, _)) = routes.get(found.route) else { continue };
        let behind: Vec<String> = found
            .behind
            .iter()
            .filter_map(|&index| routes.get(index))
            .map(|(name, ..)| format!("`{}` on line {}", name.value, name.at.line))
            .collect();
        let (take, them) = if behind.len() == 1 { ("takes", "it") } else { ("take", "them") };
        let what = if found.same_match { "all of its methods" } else { "every host and path of it" };
        let wrong = format!("no request reaches `{}`: {} {take} {what}", name.value, behind.join(" and "));
        problems.warning(
            Code::UnreachableRoute,
            *at,
            wrong,
            format_args!("put it before {them}, or remove it"),
        );
    }
}

/// `/orders/:id` is a capture to others; here the colon and the name stand for themselves.
fn colons(document: &Document, problems: &mut Problems) {
    let matches =
        document.routes.iter().flat_map(|routes| &routes.value).filter_map(|route| route.r#match.as_ref());
    for path in matches.filter_map(|section| section.value.path.as_ref()) {
        let mut segments = path.value.split('/');
        let Some(name) =
            segments.find_map(|segment| segment.strip_prefix(':')).filter(|name| !name.is_empty())
        else {
            continue;
        };
        let wrong = format!("`:{name}` in a path is no capture, but stands for itself");
        let right = format!("write `{{{name}}}` for any one segment");
        problems.warning(Code::ColonSegment, path.at, wrong, right);
    }
}
