//! JSON as a gate must read it: one meaning per document, whoever else reads it.
//!
//! Given bytes a stranger sent; hands on a map whose every member was there once. Refuses what two parsers read
//! differently or what costs more than it is worth: duplicate members at any depth (RFC 8725 §2.4 and RFC 7515 §4
//! leave them to the reader), nesting beyond [`MAX_DEPTH`], NUL in a name or a string, invalid UTF-8, anything after
//! the document, numbers that no `f64` holds. Recursion ends at the depth bound: deeper parts are skipped without it.

use std::cell::Cell;
use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Number, Value};

/// How many objects and arrays may stand in one another, the outermost included.
pub(super) const MAX_DEPTH: usize = 16;

/// The object that these bytes are.
pub(super) fn object(json: &[u8]) -> Result<Map<String, Value>, Defect> {
    let found = Found::default();
    // all at once, in place of string by string
    let text = str::from_utf8(json).map_err(|_| Defect::Syntax)?;
    let mut deserializer = serde_json::Deserializer::from_str(text);
    let value = found.reader().deserialize(&mut deserializer).map_err(|_| Defect::Syntax)?;
    deserializer.end().map_err(|_| Defect::Syntax)?;
    match (found.take(), value) {
        (Some(defect), _) => Err(defect),
        (None, Value::Object(members)) => Ok(members),
        (None, _) => Err(Defect::NotAnObject),
    }
}

/// What is wrong with a document.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Defect {
    /// Not JSON at all, or not UTF-8.
    #[error("is not JSON")]
    Syntax,
    /// Another JSON value.
    #[error("is not a JSON object")]
    NotAnObject,
    /// Two members of one object have one name.
    #[error("has a member twice")]
    DuplicateMember,
    /// Objects and arrays stand too deep in one another.
    #[error("is nested too deep")]
    TooDeep,
    /// A name or string holds U+0000, at which some readers stop.
    #[error("holds a NUL character")]
    Nul,
}

/// The defect found while a value was read; reading goes on to the value's end, so that what follows can be read.
#[derive(Debug, Default)]
pub(super) struct Found(Cell<Option<Defect>>);

impl Found {
    /// Reads one value of any kind.
    pub(super) fn reader(&self) -> Reader<'_> {
        Reader { found: self, depth: MAX_DEPTH }
    }

    /// The first defect since it was last taken.
    pub(super) fn take(&self) -> Option<Defect> {
        self.0.take()
    }

    /// Remembers a defect, unless there was one before.
    pub(super) fn note(&self, defect: Defect) {
        self.0.set(self.0.get().or(Some(defect)));
    }

    /// A string that was written with escapes; only those can hold a NUL, which JSON does not allow as it is.
    fn unescaped(&self, text: &str) -> String {
        if text.as_bytes().contains(&0) {
            self.note(Defect::Nul);
        }
        text.to_owned()
    }
}

/// Reads one value, at most `depth` levels of it.
#[derive(Debug, Clone, Copy)]
pub(super) struct Reader<'f> {
    found: &'f Found,
    depth: usize,
}

impl Reader<'_> {
    fn inner(self) -> Option<Self> {
        let depth = self.depth.checked_sub(1)?;
        Some(Self { depth, ..self })
    }
}

impl<'de> DeserializeSeed<'de> for Reader<'_> {
    type Value = Value;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Reader<'_> {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON value")
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Value, E> {
        Ok(Value::Bool(value))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Value, E> {
        Ok(Value::Number(value.into()))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Value, E> {
        Ok(Value::Number(value.into()))
    }

    fn visit_f64<E: serde::de::Error>(self, value: f64) -> Result<Value, E> {
        Number::from_f64(value).map(Value::Number).ok_or_else(|| E::custom("number out of range"))
    }

    fn visit_borrowed_str<E>(self, value: &'de str) -> Result<Value, E> {
        Ok(Value::String(value.to_owned()))
    }

    fn visit_str<E>(self, value: &str) -> Result<Value, E> {
        Ok(Value::String(self.found.unescaped(value)))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut elements: A) -> Result<Value, A::Error> {
        let Some(inner) = self.inner() else {
            self.found.note(Defect::TooDeep);
            while elements.next_element::<IgnoredAny>()?.is_some() {}
            return Ok(Value::Null);
        };
        let mut values = Vec::new();
        while let Some(value) = elements.next_element_seed(inner)? {
            values.push(value);
        }
        Ok(Value::Array(values))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Value, A::Error> {
        let Some(inner) = self.inner() else {
            self.found.note(Defect::TooDeep);
            while members.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
            return Ok(Value::Null);
        };
        let mut values = Map::new();
        while let Some(name) = members.next_key_seed(Name(self.found))? {
            if values.insert(name, members.next_value_seed(inner)?).is_some() {
                self.found.note(Defect::DuplicateMember);
            }
        }
        Ok(Value::Object(values))
    }
}

/// Reads the name of a member.
pub(super) struct Name<'f>(pub(super) &'f Found);

impl<'de> DeserializeSeed<'de> for Name<'_> {
    type Value = String;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<String, D::Error> {
        deserializer.deserialize_str(self)
    }
}

impl<'de> Visitor<'de> for Name<'_> {
    type Value = String;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a member's name")
    }

    fn visit_borrowed_str<E>(self, name: &'de str) -> Result<String, E> {
        Ok(name.to_owned())
    }

    fn visit_str<E>(self, name: &str) -> Result<String, E> {
        Ok(self.0.unescaped(name))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn what_two_readers_may_read_differently_is_refused() {
        for (json, defect) in [
            (r#"{"a":1,"a":1}"#, Defect::DuplicateMember),
            (r#"{"a":1,"\u0061":2}"#, Defect::DuplicateMember),
            (r#"{"a":[{"b":{"c":1,"d":2,"c":3}}]}"#, Defect::DuplicateMember),
            ("{\"a\":\"\\u0000\"}", Defect::Nul),
            ("{\"a\\u0000\":1}", Defect::Nul),
            ("{\"a\":\"\0\"}", Defect::Syntax),
            ("{\"a\":1}\0", Defect::Syntax),
            ("\u{feff}{}", Defect::Syntax),
            (r#"{"a":1} {}"#, Defect::Syntax),
            (r#"{"a":1e400}"#, Defect::Syntax),
            (r#"{"a":NaN}"#, Defect::Syntax),
            (r#"{"a":01}"#, Defect::Syntax),
            (r#"{"a":1,}"#, Defect::Syntax),
            (r#"{"a":"\ud800"}"#, Defect::Syntax),
            ("", Defect::Syntax),
            ("[]", Defect::NotAnObject),
            ("null", Defect::NotAnObject),
        ] {
            assert_eq!(object(json.as_bytes()), Err(defect), "{json}");
        }
        assert_eq!(object(b"{\"a\":\"\xff\"}"), Err(Defect::Syntax));
        assert_eq!(object(b"{\"a\":\"\xc0\x80\"}"), Err(Defect::Syntax));
    }

    #[test]
    fn nesting_ends_at_the_bound_and_not_with_the_stack() {
        let nested = |depth: usize| format!("{{\"a\":{}1{}}}", "[".repeat(depth - 1), "]".repeat(depth - 1));
        object(nested(MAX_DEPTH).as_bytes()).unwrap();
        assert_eq!(object(nested(MAX_DEPTH + 1).as_bytes()), Err(Defect::TooDeep));
        assert_eq!(object(nested(100_000).as_bytes()), Err(Defect::TooDeep));
        let objects = format!("{}1{}", "{\"a\":".repeat(100_000), "}".repeat(100_000));
        assert_eq!(object(objects.as_bytes()), Err(Defect::TooDeep));
        assert_eq!(object("[".repeat(1_000_000).as_bytes()), Err(Defect::Syntax));
    }

    proptest! {
        #[test]
        fn what_is_read_is_what_serde_json_reads(json in r#"\{("[a-c]":([0-9]{1,3}|"[a-z\\]{0,3}"|\[1?\]|null),?){0,3}\}"#) {
            match object(json.as_bytes()) {
                Ok(members) => prop_assert_eq!(Value::Object(members), serde_json::from_str::<Value>(&json).unwrap()),
                Err(Defect::Syntax) => prop_assert!(serde_json::from_str::<Value>(&json).is_err()),
                Err(_) => prop_assert!(serde_json::from_str::<Value>(&json).is_ok()),
            }
        }

        #[test]
        fn no_bytes_make_it_panic(bytes in prop::collection::vec(any::<u8>(), 0..64)) {
            let _ignored = object(&bytes);
        }
    }
}
