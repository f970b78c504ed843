//! From a deserializer onto the tape.

use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, Error, IgnoredAny, MapAccess, SeqAccess, Visitor};

use super::number::Number;
use super::tape::{Node, Tape};
use super::{Defect, MAX_DEPTH};

/// Reads one value, at most `depth` levels of it.
pub(in crate::authn) struct Reader<'t> {
    tape: &'t mut Tape,
    depth: usize,
}

impl<'t> Reader<'t> {
    pub(super) fn new(tape: &'t mut Tape, depth: usize) -> Self {
        Self { tape, depth: depth.min(MAX_DEPTH) }
    }
}

impl<'de> DeserializeSeed<'de> for Reader<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Reader<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON value")
    }

    fn visit_unit<E>(self) -> Result<(), E> {
        self.tape.push(Node::Null);
        Ok(())
    }

    fn visit_bool<E>(self, value: bool) -> Result<(), E> {
        self.tape.push(Node::Bool(value));
        Ok(())
    }

    fn visit_i64<E>(self, value: i64) -> Result<(), E> {
        self.tape.push(Number::from(value).into());
        Ok(())
    }

    fn visit_u64<E>(self, value: u64) -> Result<(), E> {
        self.tape.push(Number::from(value).into());
        Ok(())
    }

    fn visit_f64<E: Error>(self, value: f64) -> Result<(), E> {
        if value.is_finite() {
            self.tape.push(Number::Double(value).into());
            Ok(())
        } else {
            Err(E::custom("number out of range"))
        }
    }

    fn visit_borrowed_str<E: Error>(self, value: &'de str) -> Result<(), E> {
        self.tape.push_text(value, false).ok_or_else(too_large)
    }

    fn visit_str<E: Error>(self, value: &str) -> Result<(), E> {
        self.tape.push_text(value, true).ok_or_else(too_large)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut elements: A) -> Result<(), A::Error> {
        let Self { tape, depth } = self;
        let Some(depth) = depth.checked_sub(1) else {
            while elements.next_element::<IgnoredAny>()?.is_some() {}
            tape.note(Defect::TooDeep);
            tape.push(Node::Null);
            return Ok(());
        };
        let mark = tape.mark();
        while elements.next_element_seed(Reader { tape, depth })?.is_some() {}
        tape.close_array(mark).ok_or_else(too_large)
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<(), A::Error> {
        let Self { tape, depth } = self;
        let Some(depth) = depth.checked_sub(1) else {
            while members.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
            tape.note(Defect::TooDeep);
            tape.push(Node::Null);
            return Ok(());
        };
        let mark = tape.mark();
        while members.next_key_seed(Name(tape))?.is_some() {
            members.next_value_seed(Reader { tape, depth })?;
        }
        tape.close_object(mark).ok_or_else(too_large)
    }
}

/// Reads the name of a member.
struct Name<'t>(&'t mut Tape);

impl<'de> DeserializeSeed<'de> for Name<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_str(self)
    }
}

impl<'de> Visitor<'de> for Name<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a member's name")
    }

    fn visit_borrowed_str<E: Error>(self, name: &'de str) -> Result<(), E> {
        self.0.push_name(name, false).ok_or_else(too_large)
    }

    fn visit_str<E: Error>(self, name: &str) -> Result<(), E> {
        self.0.push_name(name, true).ok_or_else(too_large)
    }
}

/// Nothing that is read here comes near; limits on sizes are far below.
fn too_large<E: Error>() -> E {
    E::custom("a document of 4 GiB")
}
