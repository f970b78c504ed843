//! The JSON Schema of the configuration file, for editors that complete and check it.
//!
//! Made from the declarations that the reader is made from: `section!` hands each key here with its presence, its type and
//! its documentation, so that no key can be read that the schema does not know. What must stay true: a file that `check`
//! accepts is accepted by the schema. It knows forms, not meaning, and so accepts more; a scalar may be a variable, so that
//! every form of text also takes a `${`.
//!
//! Draft 7, which every editor's YAML support reads; there a `$ref` allows nothing beside it.

mod forms;
mod requirement;
mod values;
pub(super) mod words;

use serde_json::{Map, Value, json};

pub(super) use self::requirement::Requirement;
pub(super) use self::values::one_of;
use super::document::Document;
use super::suite;

/// What can be described by a schema.
pub(super) trait Describe {
    /// The schema of one value, without a description of the key that it stands under.
    fn describe() -> Value;
}

/// The schema of the configuration file, as text that ends with a line break.
pub fn schema() -> String {
    let schema = with(Document::describe(), "$schema", json!("http://json-schema.org/draft-07/schema#"));
    let schema = with(schema, "title", json!("The configuration of jwtgate"));
    let definitions = json!({
        requirement::NAME: requirement::definition(),
        requirement::PART: requirement::part_definition(),
    });
    let schema = with(schema, "definitions", definitions);
    // The alternate form is JSON with line breaks.
    format!("{schema:#}\n")
}

/// The schema of a file of policy tests.
pub fn schema_of_tests() -> String {
    let schema =
        with(suite::Document::describe(), "$schema", json!("http://json-schema.org/draft-07/schema#"));
    let schema = with(schema, "title", json!("Policy tests of jwtgate"));
    format!("{schema:#}\n")
}

/// One key of a section.
pub(super) struct Property {
    pub(super) key: &'static str,
    pub(super) is_required: bool,
    pub(super) documentation: &'static str,
    pub(super) describe: fn() -> Value,
}

/// The schema of a mapping whose keys are known.
pub(super) fn section(properties: &[Property]) -> Value {
    let name = |property: &Property| property.key.trim_start_matches("r#").to_owned();
    let required: Vec<String> = properties.iter().filter(|property| property.is_required).map(name).collect();
    let described: Map<String, Value> = properties
        .iter()
        .map(|property| (name(property), documented((property.describe)(), property.documentation)))
        .collect();
    let schema = map(described);
    if required.is_empty() { schema } else { with(schema, "required", json!(required)) }
}

/// A mapping of these keys and no others; an empty one is refused, as everywhere.
fn map(properties: Map<String, Value>) -> Value {
    let schema = json!({ "type": "object", "additionalProperties": false });
    let schema = if properties.is_empty() { schema } else { with(schema, "minProperties", json!(1)) };
    with(schema, "properties", Value::Object(properties))
}

/// `schema` with another member.
fn with(mut schema: Value, member: &str, value: Value) -> Value {
    if let Some(members) = schema.as_object_mut() {
        members.insert(member.to_owned(), value);
    }
    schema
}

/// `schema` with the description that `documentation` makes, line by line: ``Default: `…`.`` also states the default, and
/// ``Example: `…`.`` an example, both as JSON or else as text. An empty line begins a paragraph.
fn documented(schema: Value, documentation: &str) -> Value {
    let (mut description, mut default, mut examples) = (String::new(), None, Vec::new());
    for line in documentation.lines().map(str::trim) {
        if let Some(example) = line.strip_prefix("Example: ").and_then(quoted) {
            examples.push(example);
            continue;
        }
        let stated = line.strip_prefix("Default: ").and_then(quoted);
        let is_break = line.is_empty() || stated.is_some();
        default = stated.or(default);
        if is_break {
            description.push('\n');
        } else if !description.is_empty() && !description.ends_with('\n') {
            description.push(' ');
        }
        description.push_str(line);
    }
    // Beside a reference nothing counts.
    let schema = if schema.get("$ref").is_some() { json!({ "allOf": [schema] }) } else { schema };
    let schema = with(schema, "description", json!(description.trim()));
    let schema = if let Some(default) = default { with(schema, "default", default) } else { schema };
    if examples.is_empty() { schema } else { with(schema, "examples", Value::Array(examples)) }
}

/// The value between the first two backticks.
fn quoted(text: &str) -> Option<Value> {
    let (value, _) = text.strip_prefix('`')?.split_once('`')?;
    Some(serde_json::from_str(value).unwrap_or_else(|_| json!(value)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn documentation_is_description_default_and_examples() {
        let schema = documented(
            json!({ "type": "string" }),
            " How long\n it takes.\n Default: `30s`.\n Example: `[1]`.\n",
        );
        assert_eq!(
            schema,
            json!({ "type": "string", "description": "How long it takes.\nDefault: `30s`.", "default": "30s", "examples": [[1]] })
        );
        let schema = documented(json!({ "$ref": "#/x" }), " One.\n\n Two.\n");
        assert_eq!(schema, json!({ "allOf": [{ "$ref": "#/x" }], "description": "One.\nTwo." }));
    }
}
