//! The schema of `policies` and `require`, which hold one another.

use serde_json::{Map, Value, json};

use super::values::list_of;
use super::{Describe, documented, map, with};

/// A requirement: the name of a policy, a list of names, or a map.
pub(in crate::config) enum Requirement {}

impl Describe for Requirement {
    fn describe() -> Value {
        json!({ "$ref": format!("#/definitions/{NAME}") })
    }
}

/// The name of the definition.
pub(super) const NAME: &str = "requirement";

/// The name of the definition of a requirement within another one.
pub(super) const PART: &str = "part";

/// The schema that `Requirement::describe` refers to.
pub(super) fn definition() -> Value {
    let all = json!("Names of policies, all of which must hold.");
    let names = with(list_of(String::describe()), "description", all);
    json!({ "anyOf": [names, part()] })
}

fn part() -> Value {
    json!({ "$ref": format!("#/definitions/{PART}") })
}

/// The name of a policy, or a map: within a requirement, a list would have to say whether any or all of it must hold.
pub(super) fn part_definition() -> Value {
    let name = with(String::describe(), "description", json!("The name of a policy."));
    let entries = map(keys([
        ("roles", "Roles of the token: one name, or `any`, `all`, `none` with lists of names.", name_test()),
        (
            "scopes",
            "Scopes of the token: one name, or `any`, `all`, `none` with lists of names.",
            name_test(),
        ),
        (
            "issuer_tenant",
            "The tenant, of issuers with `tenants`: one name, or `any`, `none` with lists of names. A token of another issuer has none.",
            name_test(),
        ),
        (
            "claims",
            "Claims by their paths, each of which must hold: a plain value (equal, of the same JSON type; in an array claim: \
             contained), or a map of `any`, `all`, `none`, `exists`, `matches`.",
            json!({ "type": "object", "minProperties": 1, "additionalProperties": claim_test() }),
        ),
        (
            "when",
            "A condition in CEL, which must be true; an error in it denies, unless it is on one side of `||` or `&&` and the other side \
             settles the answer. Names: claims, roles, scopes, issuer, issuer_tenant, path, \
             request, now.",
            String::describe(),
        ),
        ("any_of", "At least one of these requirements or policies holds.", list_of(part())),
        ("all_of", "Every one of these requirements or policies holds.", list_of(part())),
        (
            "not",
            "This requirement or policy does not hold. Of several: `{ any_of: [...] }` for none of them, `{ all_of: [...] }` for not all of them.",
            part(),
        ),
    ]));
    let entries = with(entries, "description", json!("A requirement whose entries must all hold."));
    json!({ "anyOf": [name, entries] })
}

fn keys<const COUNT: usize>(keys: [(&str, &str, Value); COUNT]) -> Map<String, Value> {
    keys.into_iter()
        .map(|(key, documentation, schema)| (key.to_owned(), documented(schema, documentation)))
        .collect()
}

/// `roles`, `scopes` and their like.
fn name_test() -> Value {
    let lists = || list_of(String::describe());
    json!({ "anyOf": [String::describe(), map(keys([
        ("any", "At least one of these.", lists()),
        ("all", "Every one of these.", lists()),
        ("none", "Not one of these.", lists()),
    ]))] })
}

/// What a claim must be.
fn claim_test() -> Value {
    let plain = || json!({ "type": ["string", "number", "boolean"] });
    json!({ "anyOf": [plain(), map(keys([
        ("any", "Equal to one of these; an array claim: holds at least one.", list_of(plain())),
        ("all", "An array claim: holds every one of these.", list_of(plain())),
        ("none", "Equal to none of these; an array claim: holds not one. An absent claim passes.", list_of(plain())),
        ("exists", "Whether the claim is there and not null.", bool::describe()),
        ("matches", "A regular expression for the whole value, of strings only; at most 256 KiB once compiled, or 1 MiB as a table.", String::describe()),
    ]))] })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::compile::REQUIREMENT_KEYS;

    #[test]
    fn the_keys_are_those_that_are_read() {
        let definition = part_definition();
        let mut known: Vec<&str> =
            definition["anyOf"][1]["properties"].as_object().unwrap().keys().map(String::as_str).collect();
        let mut read = REQUIREMENT_KEYS.to_vec();
        known.sort_unstable();
        read.sort_unstable();
        assert_eq!(known, read);
    }
}
