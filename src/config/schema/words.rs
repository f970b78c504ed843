//! What texts mean that the reader takes as any text: `as words::…` in a declaration. No value of these types is ever made.

use serde_json::{Value, json};

use super::values::{list_of, one_of, text_of};
use super::{Describe, with};
use crate::authn;
use crate::config::document::{IdentityHeader, Keys};
use crate::config::node::Named;
use crate::upstream;

/// A signature algorithm.
pub(in crate::config) enum Algorithm {}

impl Describe for Algorithm {
    fn describe() -> Value {
        one_of(authn::Algorithm::ALL.iter().map(|algorithm| {
            let meaning = if algorithm.is_hmac() { "With a `secret` alone." } else { "" };
            (algorithm.name(), meaning)
        }))
    }
}

/// `keys.on_start`.
pub(in crate::config) enum OnStart {}

impl Describe for OnStart {
    fn describe() -> Value {
        one_of([
            ("require", "Readiness waits for the keys, for 30 s at most and once per process."),
            ("degrade", "Ready at once; this issuer's routes answer 503 until its keys are there."),
            ("last_known_good", "As `require`, but keys kept in `state_dir` serve a restart at once."),
        ])
    }
}

/// `path.allow`.
pub(in crate::config) enum PathData {}

impl Describe for PathData {
    fn describe() -> Value {
        one_of([
            ("encoded_slash", "`%2F` within a segment."),
            ("parameters", "`;` and what follows it within a segment."),
        ])
    }
}

/// A URL over HTTP.
pub(in crate::config) enum HttpUrl {}

impl Describe for HttpUrl {
    fn describe() -> Value {
        text_of("[Hh][Tt][Tt][Pp][Ss]?://.+")
    }
}

/// A method.
pub(in crate::config) enum Method {}

impl Describe for Method {
    fn describe() -> Value {
        let known = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"];
        json!({ "anyOf": [{ "enum": known }, text_of("[A-Z0-9_-]+")] })
    }
}

/// A method, or all of them.
pub(in crate::config) enum MethodOrAll {}

impl Describe for MethodOrAll {
    fn describe() -> Value {
        json!({ "anyOf": [{ "const": "*" }, Method::describe()] })
    }
}

/// A pattern of paths.
pub(in crate::config) enum PathPattern {}

impl Describe for PathPattern {
    fn describe() -> Value {
        text_of("/.*")
    }
}

/// A name, or a prefix and `*`.
pub(in crate::config) enum HeaderPattern {}

impl Describe for HeaderPattern {
    fn describe() -> Value {
        text_of(r"[!#$%&'+.^_`|~0-9A-Za-z-]+\*?")
    }
}

/// A header that overrides the path or the method.
pub(in crate::config) enum Override {}

impl Describe for Override {
    fn describe() -> Value {
        // Compared without case: the usual spellings are offered, others are taken.
        let known: Vec<String> = upstream::Override::ALL.iter().map(ToString::to_string).collect();
        json!({ "anyOf": [{ "enum": known }, { "type": "string", "minLength": 1 }] })
    }
}

/// The value of an identity header.
pub(in crate::config) enum IdentityValue {}

impl Describe for IdentityValue {
    fn describe() -> Value {
        let words = one_of([
            ("claims.sub", "A claim, by its path."),
            ("roles", "The token's roles, a list: with the format csv, json or base64url."),
            ("scopes", "The token's scopes, a list: with the format csv, json or base64url."),
            ("issuer", "The name of the issuer in this file."),
            ("issuer_tenant", "The tenant, of issuers with `tenants`."),
        ]);
        let meaning = json!("The steps of a claim's path, the first of them `claims`.");
        let steps = with(list_of(String::describe()), "description", meaning);
        json!({ "anyOf": [words, text_of(r"(?:claims|path)\..+"), steps] })
    }
}

/// How an identity header is written.
pub(in crate::config) enum Format {}

impl Describe for Format {
    fn describe() -> Value {
        one_of([
            ("text", "A string, number or boolean as it is."),
            ("csv", "A list of such, none holding a comma, a quote or a control character."),
            ("json", "Compact JSON."),
            ("base64url", "Unpadded, of the text or of the compact JSON (RFC 4648 §5)."),
        ])
    }
}

/// The headers of an identity: keys, in which variables are not expanded.
pub(in crate::config) enum IdentityHeaders {}

impl Describe for IdentityHeaders {
    fn describe() -> Value {
        let name = json!({ "pattern": r"^[!#$%&'*+.^_`|~0-9A-Za-z-]+$" });
        with(<Named<IdentityHeader> as Describe>::describe(), "propertyNames", name)
    }
}

/// The keys of an issuer, from one source.
pub(in crate::config) enum OneSource {}

impl Describe for OneSource {
    fn describe() -> Value {
        const SOURCES: [&str; 5] = ["discovery", "jwks_uri", "jwks_file", "pem_file", "secret"];
        let mut pairs: Vec<Value> = Vec::new();
        for (index, one) in SOURCES.iter().enumerate() {
            pairs.extend(SOURCES.iter().skip(index + 1).map(|other| json!({ "required": [one, other] })));
        }
        with(Keys::describe(), "not", json!({ "anyOf": pairs }))
    }
}
