//! A document's values, to be looked at. A view is two words or three, and free to copy.

use super::document::{Document, Member, Node, Span};
use super::name::{MemberName, Name};
use super::number::Number;
use super::stored::Stored;

/// A value of a document.
#[derive(Clone, Copy, PartialEq)]
pub enum Json<'d> {
    /// `null`.
    Null,
    /// `true` or `false`.
    Bool(bool),
    /// A number.
    Number(Number),
    /// A string, without its escapes.
    String(&'d str),
    /// An array.
    Array(Array<'d>),
    /// An object.
    Object(Object<'d>),
}

impl<'d> Json<'d> {
    pub(super) fn of(document: &'d Document, node: Node) -> Self {
        match node {
            Node::Null => Self::Null,
            Node::Bool(value) => Self::Bool(value),
            Node::Unsigned(bytes) => Self::Number(Number::Unsigned(u64::from_ne_bytes(bytes))),
            Node::Negative(bytes) => Self::Number(Number::Negative(i64::from_ne_bytes(bytes))),
            Node::Double(bytes) => Self::Number(Number::Double(f64::from_ne_bytes(bytes))),
            Node::Text(span) => Self::String(document.text(span)),
            Node::Array(span) => Self::Array(Array { document, span }),
            Node::Object(span) => Self::Object(Object { document, span }),
        }
    }

    /// Whether it is `null`.
    pub fn is_null(self) -> bool {
        matches!(self, Self::Null)
    }

    /// Whether it is a string.
    pub fn is_string(self) -> bool {
        matches!(self, Self::String(_))
    }

    /// The string, where it is one.
    pub fn as_str(self) -> Option<&'d str> {
        if let Self::String(text) = self { Some(text) } else { None }
    }

    /// The double nearest to the number, where it is one.
    pub fn as_f64(self) -> Option<f64> {
        if let Self::Number(number) = self { Some(number.as_f64()) } else { None }
    }

    /// The array, where it is one.
    pub fn as_array(self) -> Option<Array<'d>> {
        if let Self::Array(array) = self { Some(array) } else { None }
    }

    /// The object, where it is one.
    pub fn as_object(self) -> Option<Object<'d>> {
        if let Self::Object(object) = self { Some(object) } else { None }
    }
}

impl From<Number> for Node {
    fn from(number: Number) -> Self {
        match number {
            Number::Unsigned(value) => Self::Unsigned(value.to_ne_bytes()),
            Number::Negative(value) => Self::Negative(value.to_ne_bytes()),
            Number::Double(value) => Self::Double(value.to_ne_bytes()),
        }
    }
}

/// An array of a document.
#[derive(Clone, Copy)]
pub struct Array<'d> {
    document: &'d Document,
    span: Span,
}

impl<'d> Array<'d> {
    fn nodes(self) -> &'d [Node] {
        self.span.of(&self.document.elements)
    }

    /// How many elements it has.
    pub fn len(self) -> usize {
        self.span.len()
    }

    /// Whether it has none.
    pub fn is_empty(self) -> bool {
        self.len() == 0
    }

    /// The element at this index; costs the same for each.
    pub fn get(self, index: usize) -> Option<Json<'d>> {
        self.nodes().get(index).map(|&node| Json::of(self.document, node))
    }

    /// Each element.
    pub fn iter(self) -> impl ExactSizeIterator<Item = Json<'d>> + Clone {
        self.nodes().iter().map(move |&node| Json::of(self.document, node))
    }
}

impl PartialEq for Array<'_> {
    fn eq(&self, other: &Self) -> bool {
        self.len() == other.len() && self.iter().eq(other.iter())
    }
}

/// An object of a document. No two of its members have one name.
#[derive(Clone, Copy)]
pub struct Object<'d> {
    document: &'d Document,
    span: Span,
}

impl<'d> Object<'d> {
    pub(super) fn new(document: &'d Document, span: Span) -> Self {
        Self { document, span }
    }

    fn members(self) -> &'d [Member] {
        self.span.of(&self.document.members)
    }

    /// How many members it has.
    pub fn len(self) -> usize {
        self.span.len()
    }

    /// Whether it has none.
    pub fn is_empty(self) -> bool {
        self.len() == 0
    }

    /// The value of the member of this name.
    pub fn get(self, name: &str) -> Option<Json<'d>> {
        self.find(Name::of(name.as_bytes())).map(Stored::read)
    }

    fn find(self, name: Name<'_>) -> Option<Stored<'d>> {
        self.document.find(self.span, name).map(|node| Stored::new(self.document, node))
    }

    /// The same, not yet read, by a name that is asked for often.
    pub fn stored(self, name: &MemberName) -> Option<Stored<'d>> {
        self.find(name.name())
    }

    /// Whether there is a member of this name.
    pub fn contains_key(self, name: &str) -> bool {
        self.get(name).is_some()
    }

    /// Each name and its value, by name.
    pub fn iter(self) -> impl ExactSizeIterator<Item = (&'d str, Json<'d>)> + Clone {
        let document = self.document;
        let pair =
            move |&Member { name, value }: &Member| (document.text(name.place()), Json::of(document, value));
        self.members().iter().map(pair)
    }

    /// Each name, in their order.
    pub fn keys(self) -> impl ExactSizeIterator<Item = &'d str> + Clone {
        self.iter().map(|(name, _)| name)
    }
}

impl PartialEq for Object<'_> {
    fn eq(&self, other: &Self) -> bool {
        self.len() == other.len() && self.iter().eq(other.iter())
    }
}

impl PartialEq for Document {
    fn eq(&self, other: &Self) -> bool {
        self.members() == other.members()
    }
}
