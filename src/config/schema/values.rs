//! Schemas of the values that every section is made of.

use std::time::Duration;

use serde_json::{Value, json};

use super::{Describe, with};
use crate::config::node::{At, Given, Named, Size, Undisclosed};

/// A scalar that a variable may still change.
const VARIABLE: &str = r"\$\{";

/// Text that `pattern` matches as a whole, or in which a variable stands.
pub(super) fn text_of(pattern: &str) -> Value {
    json!({ "type": "string", "pattern": format!("^(?:{pattern})$|{VARIABLE}") })
}

/// One of these words, each with what it means, or a variable.
pub(in crate::config) fn one_of<'a>(words: impl IntoIterator<Item = (&'a str, &'a str)>) -> Value {
    let mut forms: Vec<Value> = words
        .into_iter()
        .map(|(word, meaning)| {
            if meaning.is_empty() {
                json!({ "const": word })
            } else {
                json!({ "const": word, "description": meaning })
            }
        })
        .collect();
    forms.push(variable());
    json!({ "anyOf": forms })
}

/// Text in which a variable stands.
pub(super) fn variable() -> Value {
    json!({ "type": "string", "pattern": VARIABLE })
}

/// A list of such items; not empty, as everywhere.
pub(super) fn list_of(item: Value) -> Value {
    with(json!({ "type": "array", "minItems": 1 }), "items", item)
}

impl<T: Describe> Describe for At<T> {
    fn describe() -> Value {
        T::describe()
    }
}

impl<T: Describe> Describe for Given<T> {
    fn describe() -> Value {
        T::describe()
    }
}

impl<T: Describe> Describe for Vec<T> {
    fn describe() -> Value {
        list_of(T::describe())
    }
}

impl<T: Describe> Describe for Named<T> {
    fn describe() -> Value {
        json!({
            "type": "object",
            "minProperties": 1,
            "propertyNames": { "minLength": 1 },
            "additionalProperties": T::describe(),
        })
    }
}

impl Describe for String {
    fn describe() -> Value {
        json!({ "type": "string", "minLength": 1 })
    }
}

impl Describe for Undisclosed {
    fn describe() -> Value {
        String::describe()
    }
}

impl Describe for bool {
    fn describe() -> Value {
        // The pattern is for text alone.
        json!({ "type": ["boolean", "string"], "pattern": VARIABLE })
    }
}

impl Describe for Duration {
    fn describe() -> Value {
        text_of("[0-9]+(?:ms|s|m|h|d)")
    }
}

impl Describe for Size {
    fn describe() -> Value {
        text_of("[0-9]+(?:B|KiB|MiB|GiB)")
    }
}
