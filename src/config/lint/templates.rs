//! Paths with parts of a regular expression, which stand for themselves.

use super::code::Code;
use crate::config::document::Document;
use crate::config::problem::Problems;

pub(super) fn lint(document: &Document, problems: &mut Problems) {
    let matches =
        document.routes.iter().flat_map(|routes| &routes.value).filter_map(|route| route.r#match.as_ref());
    for path in matches.filter_map(|section| section.value.path.as_ref()) {
        let text = path.value.as_str();
        let Some(segment) = text.split('/').find(|segment| is_expression(segment)) else { continue };
        let wrong = format!("`{segment}` in a path is no expression, but stands for itself");
        let name = segment.strip_prefix('[').and_then(|rest| rest.strip_suffix(']'));
        let name = name.filter(|name| name.bytes().all(|byte| byte.is_ascii_alphabetic() || byte == b'_'));
        let right = match name {
            Some(name) => format!("write `{{{name}}}` for any one segment"),
            None => "write `{name}` for any one segment, and what it must be like in `when`, by `path.name`"
                .to_owned(),
        };
        problems.warning(Code::PathExpression, path.at, wrong, right);
    }
}

/// A class of characters, alternatives in brackets, or an anchor. Brackets and dollar signs by themselves are of paths too:
/// `/$metadata`, `/orders(1)`.
fn is_expression(segment: &str) -> bool {
    let between = |open: char, close: char| {
        let (_, rest) = segment.split_once(open)?;
        rest.split_once(close).map(|(inner, _)| inner)
    };
    between('[', ']').is_some_and(|inner| !inner.is_empty())
        || between('(', ')').is_some_and(|inner| inner.contains('|'))
        || segment.starts_with('^')
        || segment.len() > 1 && segment.ends_with('$')
}
