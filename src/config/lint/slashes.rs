//! Routes that take `%2F` for a character of a segment, beside routes that ask for more.

use super::code::Code;
use crate::config::compile::routes::matcher;
use crate::config::document::{Access, Document, Route};
use crate::config::node::{At, Node, Value};
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

/// Whether a route of `one` keeps out somebody whom one of `other` lets pass, as far as can be told.
fn asks_more(one: &Access, other: &Access) -> bool {
    let rank = |access: &Access| match access {
        Access::Public => 0,
        Access::Optional => 1,
        Access::Authenticated => 2,
        Access::Conditions(_) => 3,
    };
    match (one, other) {
        (Access::Conditions(one), Access::Conditions(other)) => {
            let names = |list: &Option<At<Vec<At<String>>>>| -> Vec<String> {
                list.iter().flat_map(|list| &list.value).map(|name| name.value.clone()).collect()
            };
            let same = match (&one.require, &other.require) {
                (None, None) => true,
                (Some(one), Some(other)) => alike(&one.value, &other.value),
                (Some(_), None) | (None, Some(_)) => false,
            };
            !(same
                && names(&one.issuers) == names(&other.issuers)
                && names(&one.audiences) == names(&other.audiences))
        }
        _ => rank(one) > rank(other),
    }
}

/// Whether both say the same, wherever they stand.
fn alike(one: &Node, other: &Node) -> bool {
    match (&one.value, &other.value) {
        (Value::Map(ones), Value::Map(others)) => {
            ones.len() == others.len()
                && ones.iter().zip(others).all(|(one, other)| {
                    one.key == other.key && one.steps == other.steps && alike(&one.node, &other.node)
                })
        }
        (Value::List(ones), Value::List(others)) => {
            ones.len() == others.len() && ones.iter().zip(others).all(|(one, other)| alike(one, other))
        }
        (Value::Map(_) | Value::List(_), _) | (_, Value::Map(_) | Value::List(_)) => false,
        _ => one.plain() == other.plain(),
    }
}
