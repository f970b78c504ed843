//! A document as one text and one list of nodes.
//!
//! The values of an array, and the names and values of an object, are nodes that stand side by side, so that an element
//! is found by its index and a member by halving. What is inside them stands before them in the list: a container is
//! written when its end is read, out of a stack of what is still open. Members are sorted by name when they are written,
//! in one go; two of one name are neighbours then, and cost no more to find in a hostile object than in any other.

use std::cmp::Ordering;

use serde::de::{DeserializeSeed as _, Deserializer};
use serde_json::{Map, Value};

use super::read::Reader;
use super::view::Object;
use super::{Defect, Found, MAX_DEPTH};

/// A JSON object that was read, and never changes.
#[derive(Clone, Default)]
pub struct Document {
    text: Box<str>,
    nodes: Box<[Node]>,
    /// The outermost members.
    members: Span,
}

/// How a name begins, filled up with zeros: most names differ here, and need not be looked at.
pub(super) type Beginning = [u8; 3];

/// A value, or the name of a member.
#[derive(Clone, Copy)]
pub(super) enum Node {
    Null,
    Bool(bool),
    // as bytes, which need no alignment: a node takes 12 bytes, not 16
    Unsigned([u8; 8]),
    Negative([u8; 8]),
    Double([u8; 8]),
    /// A part of the text.
    Text(Span),
    /// The same, and how it begins.
    Name(Beginning, Span),
    /// A part of the nodes.
    Array(Span),
    /// The same, each name followed by its value.
    Object(Span),
}

/// A part of a document's text or of its nodes.
#[derive(Debug, Clone, Copy, Default)]
pub(in crate::authn) struct Span {
    start: u32,
    length: u32,
}

impl Span {
    fn of<T>(self, all: &[T]) -> &[T] {
        let start = usize::try_from(self.start).unwrap_or(usize::MAX);
        let rest = all.get(start..).unwrap_or_default();
        rest.get(..self.len()).unwrap_or_default()
    }

    pub(super) fn len(self) -> usize {
        usize::try_from(self.length).unwrap_or(usize::MAX)
    }
}

impl Document {
    /// These members, if a token could hold them.
    pub fn of(members: &Map<String, Value>) -> Result<Self, Defect> {
        let mut tape = Tape::default();
        tape.read(members).map_err(|_| Defect::Syntax)?;
        tape.finish()
    }

    /// Its members.
    pub fn members(&self) -> Object<'_> {
        Object::new(self, self.members)
    }

    /// How many bytes its two allocations have.
    pub(in crate::authn) fn sizes(&self) -> (usize, usize) {
        (self.text.len(), size_of_val(&*self.nodes))
    }

    /// Where a part of its text stands, so that it can be kept without a copy; None for any other text.
    pub(in crate::authn) fn place(&self, part: &str) -> Option<Span> {
        let start = part.as_ptr().addr().checked_sub(self.text.as_ptr().addr())?;
        // What has the same place and length is the same.
        self.text.get(start..start.checked_add(part.len())?)?;
        Some(Span { start: u32::try_from(start).ok()?, length: u32::try_from(part.len()).ok()? })
    }

    /// This part of its text.
    pub(in crate::authn) fn text(&self, Span { start, length }: Span) -> &str {
        let range = || {
            let start = usize::try_from(start).ok()?;
            Some(start..start.checked_add(usize::try_from(length).ok()?)?)
        };
        range().and_then(|range| self.text.get(range)).unwrap_or_default()
    }

    pub(super) fn nodes(&self, span: Span) -> &[Node] {
        span.of(&self.nodes)
    }

    /// Whether a name of this document is this one. Length and beginning nearly always tell, without a look at the text.
    pub(super) fn is_named(&self, name: Node, other: Name<'_>) -> bool {
        let Node::Name(beginning, span) = name else { return false };
        beginning == other.beginning
            && span.len() == other.bytes.len()
            && (span.len() <= beginning.len() || span.of(self.text.as_bytes()) == other.bytes)
    }

    /// How a name of this document compares with another.
    pub(super) fn order(&self, name: Node, other: Name<'_>) -> Ordering {
        name.name(&self.text).cmp(&other)
    }
}

/// The name of a member, to be compared.
#[derive(Clone, Copy)]
pub(super) struct Name<'n> {
    beginning: Beginning,
    bytes: &'n [u8],
}

impl<'n> Name<'n> {
    pub(super) fn of(text: &'n str) -> Self {
        let mut beginning = Beginning::default();
        for (to, from) in beginning.iter_mut().zip(text.bytes()) {
            *to = from;
        }
        Self { beginning, bytes: text.as_bytes() }
    }

    /// By bytes. Zeros come before all else, so that where the beginnings differ they say which comes first.
    fn cmp(&self, other: &Self) -> Ordering {
        self.beginning.cmp(&other.beginning).then_with(|| {
            let beginning_is_all = self.bytes.len().max(other.bytes.len()) <= self.beginning.len();
            if beginning_is_all {
                self.bytes.len().cmp(&other.bytes.len())
            } else {
                self.bytes.cmp(other.bytes)
            }
        })
    }
}

impl Node {
    fn name(self, text: &str) -> Name<'_> {
        let (beginning, span) =
            if let Self::Name(beginning, span) = self { (beginning, span) } else { Default::default() };
        Name { beginning, bytes: span.of(text.as_bytes()) }
    }
}

/// A document that is being read, or room for one.
#[derive(Default)]
pub(in crate::authn) struct Tape {
    text: String,
    nodes: Vec<Node>,
    /// The values of those containers whose end has not been read.
    open: Vec<Node>,
    found: Found,
}

impl Tape {
    /// Reads one value, and nothing else that was read before.
    pub(in crate::authn) fn read<'de, D: Deserializer<'de>>(&mut self, from: D) -> Result<(), D::Error> {
        self.reader().deserialize(from)
    }

    /// Reads one value. It is to be taken out ([`Self::finish`]) before the next is read.
    pub(in crate::authn) fn reader(&mut self) -> Reader<'_> {
        self.text.clear();
        self.nodes.clear();
        self.open.clear();
        self.found.take();
        Reader::new(self, MAX_DEPTH)
    }

    /// The object that was read.
    pub(in crate::authn) fn finish(&mut self) -> Result<Document, Defect> {
        match (self.found.take(), self.open.pop()) {
            (Some(defect), _) => Err(defect),
            (None, Some(Node::Object(members))) => {
                Ok(Document { text: self.text.as_str().into(), nodes: self.nodes.as_slice().into(), members })
            }
            (None, _) => Err(Defect::NotAnObject),
        }
    }

    pub(super) fn note(&self, defect: Defect) {
        self.found.note(defect);
    }

    pub(super) fn push(&mut self, node: Node) {
        self.open.push(node);
    }

    /// The value that is a string; one that was written with escapes is looked at.
    pub(super) fn push_text(&mut self, text: &str, escaped: bool) -> Option<()> {
        let span = self.write(text, escaped)?;
        self.open.push(Node::Text(span));
        Some(())
    }

    /// The name of the member whose value comes next.
    pub(super) fn push_name(&mut self, name: &str, escaped: bool) -> Option<()> {
        let span = self.write(name, escaped)?;
        self.open.push(Node::Name(Name::of(name).beginning, span));
        Some(())
    }

    fn write(&mut self, text: &str, escaped: bool) -> Option<Span> {
        if escaped {
            self.found.look_at(text);
        }
        let start = u32::try_from(self.text.len()).ok()?;
        let length = u32::try_from(text.len()).ok()?;
        self.text.push_str(text);
        Some(Span { start, length })
    }

    /// How far the stack reaches; to be given back when a container that begins here ends.
    pub(super) fn mark(&self) -> usize {
        self.open.len()
    }

    pub(super) fn close_array(&mut self, mark: usize) -> Option<()> {
        let elements = self.close(mark)?;
        self.open.push(Node::Array(elements));
        Some(())
    }

    pub(super) fn close_object(&mut self, mark: usize) -> Option<()> {
        let (text, open) = (self.text.as_str(), self.open.get_mut(mark..)?);
        let (members, _) = open.as_chunks_mut::<2>();
        let order = |[one, _]: &[Node; 2], [other, _]: &[Node; 2]| one.name(text).cmp(&other.name(text));
        members.sort_unstable_by(order);
        if members.array_windows().any(|[one, other]| order(one, other).is_eq()) {
            self.found.note(Defect::DuplicateMember);
        }
        let members = self.close(mark)?;
        self.open.push(Node::Object(members));
        Some(())
    }

    /// Writes down what a container holds.
    fn close(&mut self, mark: usize) -> Option<Span> {
        let held = self.open.get(mark..)?;
        let start = u32::try_from(self.nodes.len()).ok()?;
        let length = u32::try_from(held.len()).ok()?;
        self.nodes.extend_from_slice(held);
        self.open.truncate(mark);
        Some(Span { start, length })
    }
}

#[cfg(test)]
impl Document {
    /// Adds a text that no value of it has.
    pub(in crate::authn) fn append(&mut self, part: &str) -> Span {
        let mut text = String::from(std::mem::take(&mut self.text));
        let (start, length) = (text.len().try_into().unwrap(), part.len().try_into().unwrap());
        text.push_str(part);
        self.text = text.into();
        Span { start, length }
    }
}
