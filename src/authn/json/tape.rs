//! Room in which a document is read.
//!
//! A container is written when its end is read, out of a stack of what is still open. Members are sorted by name then,
//! in one go; two of one name are neighbours, and cost no more to find in a hostile object than in any other.

use serde::de::{DeserializeSeed, Deserializer};

use super::document::{Document, Member, Node, Span};
use super::index::Index;
use super::name::{Label, Name};
use super::read::Reader;
use super::{Defect, Found, MAX_DEPTH};

/// A document that is being read, or room for one.
#[derive(Default)]
pub(super) struct Tape {
    text: String,
    members: Vec<Member>,
    elements: Vec<Node>,
    open: Open,
    /// The outermost value, once it has been read.
    whole: Option<Node>,
    found: Found,
}

/// What those containers hold whose end has not been read.
#[derive(Default)]
struct Open {
    members: Vec<Member>,
    elements: Vec<Node>,
}

impl Tape {
    /// Reads one value, to be taken out ([`Self::finish`]) before the next is read.
    pub(super) fn read<'de, D: Deserializer<'de>>(&mut self, from: D) -> Result<(), D::Error> {
        self.text.clear();
        self.members.clear();
        self.elements.clear();
        self.open.members.clear();
        self.open.elements.clear();
        self.whole = None;
        self.found.take();
        self.whole = Some(Reader::new(self, MAX_DEPTH).deserialize(from)?);
        Ok(())
    }

    /// The object that was read.
    pub(super) fn finish(&mut self) -> Result<Document, Defect> {
        match (self.found.take(), self.whole.take()) {
            (Some(defect), _) => Err(defect),
            (None, Some(Node::Object(outermost))) => {
                let name = |member: &Member| Name::of(member.name.place().of(self.text.as_bytes()));
                let names = outermost.of(&self.members).iter().map(name);
                Ok(Document {
                    index: Index::of(names),
                    text: self.text.as_str().into(),
                    members: self.members.as_slice().into(),
                    elements: self.elements.as_slice().into(),
                    outermost,
                })
            }
            (None, _) => Err(Defect::NotAnObject),
        }
    }

    pub(super) fn note(&self, defect: Defect) {
        self.found.note(defect);
    }

    /// The name of the member whose value comes next.
    pub(super) fn name(&mut self, name: &str, escaped: bool) -> Option<Label> {
        let place = self.write(name, escaped)?;
        Some(Label::new(Name::of(name.as_bytes()), place))
    }

    /// Writes down a text; one that was written with escapes is looked at.
    pub(super) fn write(&mut self, text: &str, escaped: bool) -> Option<Span> {
        if escaped {
            self.found.look_at(text);
        }
        let place = Span::new(self.text.len(), text.len());
        self.text.push_str(text);
        place
    }

    /// How far the stack of elements reaches; to be given back when an array that begins here ends.
    pub(super) fn open_array(&self) -> usize {
        self.open.elements.len()
    }

    pub(super) fn element(&mut self, value: Node) {
        self.open.elements.push(value);
    }

    pub(super) fn close_array(&mut self, mark: usize) -> Option<Node> {
        close(&mut self.open.elements, mark, &mut self.elements).map(Node::Array)
    }

    /// How far the stack of members reaches; to be given back when an object that begins here ends.
    pub(super) fn open_object(&self) -> usize {
        self.open.members.len()
    }

    pub(super) fn member(&mut self, name: Label, value: Node) {
        self.open.members.push(Member { name, value });
    }

    pub(super) fn close_object(&mut self, mark: usize) -> Option<Node> {
        let (text, members) = (self.text.as_str(), self.open.members.get_mut(mark..)?);
        members.sort_unstable_by(|one, other| one.name.order(other.name, text));
        if members.array_windows().any(|[one, other]| one.name.order(other.name, text).is_eq()) {
            self.found.note(Defect::DuplicateMember);
        }
        close(&mut self.open.members, mark, &mut self.members).map(Node::Object)
    }
}

/// Writes down what a container holds.
fn close<T: Copy>(open: &mut Vec<T>, mark: usize, to: &mut Vec<T>) -> Option<Span> {
    let held = open.get(mark..)?;
    let place = Span::new(to.len(), held.len());
    to.extend_from_slice(held);
    open.truncate(mark);
    place
}
