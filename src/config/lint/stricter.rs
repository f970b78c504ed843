//! Which of two routes asks for more.

use crate::config::document::Access;
use crate::config::node::{At, Node, Value};

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
