//! Schemas of the values that have several forms.

use serde_json::{Value, json};

use super::values::{list_of, one_of, text_of, variable};
use super::words;
use super::{Describe, documented, map, with};
use crate::config::document::{
    Access, Address, Conditions, Credential, Discovery, Enforcement, FormattedHeader, IdentityHeader,
    Network, Path, Secret, Tenants,
};

impl Describe for Access {
    fn describe() -> Value {
        let words = one_of([
            ("public", "No token is looked at, and none is forwarded."),
            ("optional", "Without a token: anonymous; with one, it must be valid."),
            ("authenticated", "A valid token."),
        ]);
        json!({ "anyOf": [words, Conditions::describe()] })
    }
}

impl Describe for Enforcement {
    fn describe() -> Value {
        one_of([
            ("enforce", "Who is refused gets the refusal."),
            ("observe", "Every request passes; identity headers are set for verified tokens only."),
        ])
    }
}

impl Describe for IdentityHeader {
    fn describe() -> Value {
        json!({ "anyOf": [words::IdentityValue::describe(), FormattedHeader::describe()] })
    }
}

impl Describe for Path {
    fn describe() -> Value {
        json!({ "anyOf": [String::describe(), list_of(String::describe())] })
    }
}

impl Describe for Tenants {
    fn describe() -> Value {
        let any =
            json!({ "const": "any", "description": "Every tenant; routes then say whose tokens they take." });
        json!({ "anyOf": [any, variable(), list_of(String::describe())] })
    }
}

impl Describe for Credential {
    fn describe() -> Value {
        let authorization =
            one_of([("authorization", "The Authorization field, with the scheme Bearer (RFC 6750 §2.1).")]);
        let mut properties = serde_json::Map::new();
        for (key, documentation) in [
            ("cookie", "A cookie of this name; what changes something must then come from the same origin."),
            ("header", "A header of this name, which holds the bare token."),
            ("query", "A parameter of the query (RFC 6750 §2.3); `check` warns."),
        ] {
            properties.insert(key.to_owned(), documented(String::describe(), documentation));
        }
        json!({ "anyOf": [authorization, with(map(properties), "maxProperties", json!(1))] })
    }
}

impl Describe for Discovery {
    fn describe() -> Value {
        map(serde_json::Map::new())
    }
}

impl Describe for Secret {
    fn describe() -> Value {
        let mut properties = serde_json::Map::new();
        for (key, documentation) in [
            ("file", "A file with the secret, read again when it changes; one trailing line break is cut."),
            ("env", "The name of an environment variable with the secret."),
        ] {
            properties.insert(key.to_owned(), documented(String::describe(), documentation));
        }
        with(map(properties), "maxProperties", json!(1))
    }
}

impl Describe for Address {
    fn describe() -> Value {
        text_of(r"(?:[0-9]{1,3}(?:\.[0-9]{1,3}){3}|\[[0-9A-Fa-f:.%]+\]):[0-9]{1,5}")
    }
}

impl Describe for Network {
    fn describe() -> Value {
        text_of("[0-9A-Fa-f:.]+(?:/[0-9]{1,3})?")
    }
}
