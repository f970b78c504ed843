//! What editors are told of the values of a policy test.

use serde_json::{Value, json};

use super::document::{Signature, Signed, Status, Token};
use super::reasons;
use super::value::{Claim, OrAbsent, Texts};
use crate::config::schema::{Describe, one_of};

/// A reason code, to those who describe it: the file itself is read as text, and held against the same list.
pub(in crate::config) struct Reason;

impl Describe for Reason {
    fn describe() -> Value {
        let meant = |reason| match reasons::status(reason) {
            None | Some(200) => "The request passes.".to_owned(),
            Some(status) => format!("Answered with {status}."),
        };
        let words: Vec<(&str, String)> = reasons::known().map(|reason| (reason, meant(reason))).collect();
        one_of(words.iter().map(|(reason, meaning)| (*reason, meaning.as_str())))
    }
}
use crate::telemetry::Decision;

impl Describe for Token {
    fn describe() -> Value {
        json!({ "anyOf": [Signed::describe(), { "type": "string", "description": "Sent as it stands." }] })
    }
}

impl Describe for Signature {
    fn describe() -> Value {
        one_of([("valid", ""), ("invalid", "As if somebody else had signed it.")])
    }
}

impl Describe for Decision {
    fn describe() -> Value {
        one_of([("allow", "It is sent on."), ("deny", "The gateway answers itself.")])
    }
}

impl Describe for Status {
    fn describe() -> Value {
        json!({ "enum": reasons::statuses() })
    }
}

impl Describe for OrAbsent {
    fn describe() -> Value {
        json!({ "type": ["string", "null"] })
    }
}

impl Describe for Texts {
    fn describe() -> Value {
        json!({ "anyOf": [{ "type": "string" }, Vec::<String>::describe()] })
    }
}

impl Describe for Claim {
    fn describe() -> Value {
        json!({})
    }
}
