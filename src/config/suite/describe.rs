//! What editors are told of the values of a policy test.

use serde_json::{Value, json};

use super::document::{Signature, Signed, Status, Token};
use super::reasons;
use super::value::{Claim, OrAbsent, Texts};
use crate::config::schema::{Describe, one_of};
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
        json!({ "anyOf": [String::describe(), Vec::<String>::describe()] })
    }
}

impl Describe for Claim {
    fn describe() -> Value {
        json!({})
    }
}
