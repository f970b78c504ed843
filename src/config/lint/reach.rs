//! Routes that no request ever reaches, and paths of another router's language.

use std::collections::HashSet;
use std::path::Path;

use super::code::Code;
use crate::config::compile::routes::matcher;
use crate::config::document::Document;
use crate::config::node::At;
use crate::config::problem::{Position, Problems};
use crate::route::{Matcher, Unreachable};

pub(super) fn lint(document: &Document, problems: &mut Problems) {
    let routes = routes(document);
    colons(document, problems);
    for found in unreachable(&routes) {
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

/// The names of the routes that no request ever reaches.
pub(in crate::config) fn unreached(document: &Document) -> HashSet<&str> {
    let routes = routes(document);
    let found = unreachable(&routes).into_iter();
    found.filter_map(|found| routes.get(found.route)).map(|(name, ..)| name.value.as_str()).collect()
}

type Placed<'d> = (&'d At<String>, Position, Matcher);

/// The routes of a document that compiled; should one have no matcher all the same, it is left out.
fn routes(document: &Document) -> Vec<Placed<'_>> {
    let mut said = Problems::new(Path::new(""), true);
    let routes = document.routes.iter().flat_map(|routes| &routes.value);
    routes
        .filter_map(|route| {
            let section = route.r#match.as_ref()?;
            Some((route.name.as_ref()?, section.at, matcher(section.value.clone(), &mut said)?))
        })
        .collect()
}

fn unreachable(routes: &[Placed<'_>]) -> Vec<Unreachable> {
    let matchers: Vec<&Matcher> = routes.iter().map(|(.., matcher)| matcher).collect();
    Matcher::unreachable(&matchers)
}

/// `/orders/:id` is a capture to others; here the colon and the name stand for themselves.
pub(super) fn colons(document: &Document, problems: &mut Problems) {
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
