//! Routes that take data in a segment, and which of two routes asks for more.

use crate::config::compile::routes::matcher;
use crate::config::document::{Access, Document, Route};
use crate::config::node::{At, Node, Value};
use crate::config::problem::{Position, Problems};
use crate::route::Matcher;

/// Where the route says that its paths may hold this data.
pub(super) fn allows(route: &Route, data: &str) -> Option<Position> {
    let allow = route.path.as_ref()?.value.allow.as_ref()?;
    allow.value.iter().find(|word| word.value == data).map(|word| word.at)
}

/// Every route with what it is for, where one of them allows this data; what is wrong with them is said elsewhere.
pub(super) fn beside_data<'d>(
    document: &'d Document,
    data: &str,
    problems: &Problems,
) -> Vec<(&'d Route, Matcher)> {
    let routes = || document.routes.iter().flat_map(|routes| &routes.value);
    if !routes().any(|route| allows(route, data).is_some()) {
        return Vec::new();
    }
    let mut said = Problems::new(problems.file(), problems.is_offline());
    routes()
        .filter_map(|route| Some((route, matcher(route.r#match.as_ref()?.value.clone(), &mut said)?)))
        .collect()
}

/// Whether a route of `one` keeps out somebody whom one of `other` lets pass, as far as can be told.
pub(super) fn asks_more(one: &Access, other: &Access) -> bool {
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
