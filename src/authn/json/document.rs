//! A document as one text, one list of members and one of elements.
//!
//! The elements of an array, and the members of an object, stand side by side, so that an element is found by its index
//! and a member by its name. What is inside them stands before them in the lists: a container is written when its end is
//! read. Members are sorted by name.

use serde_json::{Map, Value};

use super::Defect;
use super::index::Index;
use super::name::{Label, Name, Word};
use super::tape::Tape;
use super::view::Object;

/// A JSON object that was read, and never changes.
#[derive(Clone, Default)]
pub struct Document {
    pub(super) text: Box<str>,
    pub(super) members: Box<[Member]>,
    pub(super) elements: Box<[Node]>,
    /// The outermost members.
    pub(super) outermost: Span,
    /// Of the outermost members, where they are neither few nor many.
    pub(super) index: Option<Box<Index>>,
}

/// A value.
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
    /// A part of the elements.
    Array(Span),
    /// A part of the members.
    Object(Span),
}

/// A name and its value.
#[derive(Clone, Copy)]
pub(super) struct Member {
    pub(super) name: Label,
    pub(super) value: Node,
}

/// A part of a document's text, or of one of its lists.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub(in crate::authn) struct Span {
    start: u32,
    length: u32,
}

impl Span {
    /// So many from there on, unless that is beyond 32 bits.
    pub(super) fn new(start: usize, length: usize) -> Option<Self> {
        Some(Self { start: u32::try_from(start).ok()?, length: u32::try_from(length).ok()? })
    }

    pub(in crate::authn) fn of<T>(self, all: &[T]) -> &[T] {
        let start = usize::try_from(self.start).unwrap_or(usize::MAX);
        let rest = all.get(start..).unwrap_or_default();
        rest.get(..self.len()).unwrap_or_default()
    }

    pub(in crate::authn) fn len(self) -> usize {
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
        Object::new(self, self.outermost)
    }

    /// How many bytes its allocations have.
    pub(in crate::authn) fn sizes(&self) -> [usize; 4] {
        let Self { text, members, elements, index, .. } = self;
        let index = index.as_deref().map_or(0, size_of_val);
        [text.len(), size_of_val(&**members), size_of_val(&**elements), index]
    }

    /// Where a part of its text stands, so that it can be kept without a copy; None for any other text.
    pub(in crate::authn) fn place(&self, part: &str) -> Option<Span> {
        let start = part.as_ptr().addr().checked_sub(self.text.as_ptr().addr())?;
        // What has the same place and length is the same.
        self.text.get(start..start.checked_add(part.len())?)?;
        Span::new(start, part.len())
    }

    /// This part of its text.
    pub(in crate::authn) fn text(&self, place: Span) -> &str {
        let start = usize::try_from(place.start).unwrap_or(usize::MAX);
        start.checked_add(place.len()).and_then(|end| self.text.get(start..end)).unwrap_or_default()
    }

    /// The bytes of this part of its text.
    pub(super) fn bytes(&self, place: Span) -> &[u8] {
        place.of(self.text.as_bytes())
    }

    /// A part of its text, as [`Self::place`] finds it, to be held against names.
    pub(in crate::authn) fn word(&self, part: &str) -> Option<Word> {
        self.place(part).map(|place| Word::new(part, place))
    }

    /// Whether a word of its text is this name.
    pub(in crate::authn) fn is(&self, word: Word, name: Name<'_>) -> bool {
        word.is(name, &self.text)
    }

    /// The value of the member of this name, among these.
    pub(super) fn find(&self, among: Span, name: Name<'_>) -> Option<&Node> {
        let members = among.of(&self.members);
        let is = |member: &Member| member.name.is(name, &self.text);
        let index = self.index.as_ref().filter(|_| among == self.outermost);
        let found = if let Some(index) = index {
            index.find(name, members, is)
        } else if members.len() <= FEW {
            // Among few, asking each is foreseeable, and faster than halving, which is not.
            members.iter().find(|member| is(member))
        } else {
            let place = members.binary_search_by(|member| member.name.compare(name, &self.text)).ok()?;
            members.get(place)
        };
        found.map(|member| &member.value)
    }
}

/// So many members are looked through one by one, where there is no index of them.
pub(super) const FEW: usize = 8;

#[cfg(test)]
impl Document {
    /// Adds a text that no value of it has.
    pub(in crate::authn) fn append(&mut self, part: &str) -> Word {
        let mut text = String::from(std::mem::take(&mut self.text));
        let place = Span::new(text.len(), part.len()).unwrap();
        text.push_str(part);
        self.text = text.into();
        Word::new(part, place)
    }
}
