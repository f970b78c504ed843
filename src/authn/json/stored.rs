//! A value where it stands in its document, for whoever looks at many and reads few of them: two words, which pass
//! through functions in registers, where a [`Json`] is written down and read again.

use super::document::{Document, Node};
use super::name::same;
use super::number::Number;
use super::view::{Json, Object};

/// A value that has not been read.
#[derive(Clone, Copy)]
pub struct Stored<'d> {
    document: &'d Document,
    node: &'d Node,
}

impl<'d> Stored<'d> {
    pub(super) fn new(document: &'d Document, node: &'d Node) -> Self {
        Self { document, node }
    }

    /// The value.
    pub fn read(self) -> Json<'d> {
        Json::of(self.document, *self.node)
    }

    /// Whether it is `null`.
    pub fn is_null(self) -> bool {
        matches!(self.node, Node::Null)
    }

    /// Whether it is a string.
    pub fn is_string(self) -> bool {
        matches!(self.node, Node::Text(_))
    }

    /// Whether it is this string.
    pub fn is_text(self, text: &str) -> bool {
        let Node::Text(place) = *self.node else { return false };
        place.len() == text.len() && same(self.document.bytes(place), text.as_bytes())
    }

    /// Whether it is `true`, where it is `true` or `false`.
    pub fn as_bool(self) -> Option<bool> {
        if let Node::Bool(value) = *self.node { Some(value) } else { None }
    }

    /// The number, where it is one.
    pub fn as_number(self) -> Option<Number> {
        if let Json::Number(number) = self.read() { Some(number) } else { None }
    }

    /// The object, where it is one.
    pub fn as_object(self) -> Option<Object<'d>> {
        if let Node::Object(span) = *self.node { Some(Object::new(self.document, span)) } else { None }
    }

    /// Each element, where it is an array.
    pub fn elements(self) -> Option<impl Iterator<Item = Self> + Clone> {
        let Self { document, node } = self;
        let Node::Array(span) = *node else { return None };
        Some(span.of(&document.elements).iter().map(move |node| Self { document, node }))
    }
}
