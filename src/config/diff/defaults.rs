//! What an absent key means: a default that is written out is no difference, and one that is not is said in words.
//!
//! The defaults are those that the schema states, from the declarations of the file's keys.

use std::sync::LazyLock;

use serde_json::Value as Json;

use super::value::node;
use crate::authn::{Algorithm, Algorithms};
use crate::config::document::Document;
use crate::config::node::{Node, Value};
use crate::config::schema::Describe;

/// What stands for an absent key, and words for it where it is none for reading.
pub(super) struct Default {
    pub(super) node: Node,
    pub(super) words: Option<&'static str>,
}

static SCHEMA: LazyLock<Json> = LazyLock::new(Document::describe);

/// The default of a key; none where being absent is a meaning of its own. `beside` is the map in which it would stand.
pub(super) fn of(path: &str, beside: Option<&Node>) -> Option<Default> {
    if path == "issuers.algorithms" {
        let has_secret = beside.and_then(|issuer| issuer.get("keys")?.get("secret")).is_some();
        let list = |names: Vec<&str>| node(Value::List(names.into_iter().map(text).collect()));
        return Some(if has_secret {
            Default { node: list(vec![Algorithm::Hs256.name()]), words: None }
        } else {
            let names = Algorithms::asymmetric().iter().map(Algorithm::name).collect();
            Default { node: list(names), words: Some("all that are asymmetric") }
        });
    }
    let path = match path {
        "route.credentials" => "credentials".to_owned(),
        _ => path.strip_prefix("route.").map_or_else(|| path.to_owned(), |key| format!("routes.{key}")),
    };
    let described = path.split('.').try_fold(&*SCHEMA, |schema, key| below(schema, key))?;
    Some(Default { node: stated(described.get("default")?)?, words: None })
}

/// The schema of a key of a mapping, or of one in a map of names or a list.
fn below<'s>(schema: &'s Json, key: &str) -> Option<&'s Json> {
    if let Some(found) = schema.get("properties").and_then(|properties| properties.get(key)) {
        return Some(found);
    }
    let inner = schema.get("additionalProperties").into_iter().chain(schema.get("items"));
    let forms =
        ["allOf", "anyOf", "oneOf"].into_iter().filter_map(|form| schema.get(form)?.as_array()).flatten();
    inner.chain(forms).find_map(|inner| below(inner, key))
}

/// A default as it would be written.
fn stated(default: &Json) -> Option<Node> {
    Some(match default {
        Json::Bool(value) => node(Value::Bool(*value)),
        Json::String(value) => text(value),
        Json::Array(items) => node(Value::List(items.iter().map(stated).collect::<Option<_>>()?)),
        Json::Null | Json::Number(_) | Json::Object(_) => return None,
    })
}

fn text(value: &str) -> Node {
    node(Value::Text(value.to_owned()))
}

/// What is said of an absent key without a default.
pub(super) fn absent(path: &str) -> &'static str {
    match path {
        "issuers.max_age" => "any age",
        "issuers.scopes" => "scope, else scp",
        "upstreams.tls.server_name" => "the host of the endpoint",
        "upstreams.tls.ca" | "issuers.keys.ca" => "those of the system",
        "route.cors.max_age" => "as browsers like",
        _ => "none",
    }
}
