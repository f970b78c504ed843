//! From a deserializer onto the tape.

use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, Error, IgnoredAny, MapAccess, SeqAccess, Visitor};

use super::Defect;
use super::document::Node;
use super::name::Label;
use super::number::Number;
use super::tape::Tape;

/// Reads one value, at most `depth` levels of it.
pub(super) struct Reader<'t> {
    tape: &'t mut Tape,
    depth: usize,
}

impl<'t> Reader<'t> {
    pub(super) fn new(tape: &'t mut Tape, depth: usize) -> Self {
        Self { tape, depth }
    }
}

impl<'de> DeserializeSeed<'de> for Reader<'_> {
    type Value = Node;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Node, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Reader<'_> {
    type Value = Node;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON value")
    }

    fn visit_unit<E>(self) -> Result<Node, E> {
        Ok(Node::Null)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Node, E> {
        Ok(Node::Bool(value))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Node, E> {
        Ok(Number::from(value).into())
    }

    fn visit_u64<E>(self, value: u64) -> Result<Node, E> {
        Ok(Number::from(value).into())
    }

    fn visit_f64<E: Error>(self, value: f64) -> Result<Node, E> {
        if value.is_finite() {
            Ok(Number::Double(value).into())
        } else {
            Err(E::custom("number out of range"))
        }
    }

    fn visit_borrowed_str<E: Error>(self, value: &'de str) -> Result<Node, E> {
        self.tape.write(value, false).map(Node::Text).ok_or_else(too_large)
    }

    fn visit_str<E: Error>(self, value: &str) -> Result<Node, E> {
        self.tape.write(value, true).map(Node::Text).ok_or_else(too_large)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut elements: A) -> Result<Node, A::Error> {
        let Self { tape, depth } = self;
        let Some(depth) = depth.checked_sub(1) else {
            while elements.next_element::<IgnoredAny>()?.is_some() {}
            tape.note(Defect::TooDeep);
            return Ok(Node::Null);
        };
        let mark = tape.open_array();
        while let Some(value) = elements.next_element_seed(Reader { tape, depth })? {
            tape.element(value);
        }
        tape.close_array(mark).ok_or_else(too_large)
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Node, A::Error> {
        let Self { tape, depth } = self;
        let Some(depth) = depth.checked_sub(1) else {
            while members.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
            tape.note(Defect::TooDeep);
            return Ok(Node::Null);
        };
        let mark = tape.open_object();
        while let Some(name) = members.next_key_seed(Name(tape))? {
            let value = members.next_value_seed(Reader { tape, depth })?;
            tape.member(name, value);
        }
        tape.close_object(mark).ok_or_else(too_large)
    }
}

/// Reads the name of a member.
struct Name<'t>(&'t mut Tape);

impl<'de> DeserializeSeed<'de> for Name<'_> {
    type Value = Label;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Label, D::Error> {
        deserializer.deserialize_str(self)
    }
}

impl<'de> Visitor<'de> for Name<'_> {
    type Value = Label;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a member's name")
    }

    fn visit_borrowed_str<E: Error>(self, name: &'de str) -> Result<Label, E> {
        self.0.name(name, false).ok_or_else(too_large)
    }

    fn visit_str<E: Error>(self, name: &str) -> Result<Label, E> {
        self.0.name(name, true).ok_or_else(too_large)
    }
}

/// Nothing that is read here comes near; limits on sizes are far below.
fn too_large<E: Error>() -> E {
    E::custom("a document of 4 GiB")
}
