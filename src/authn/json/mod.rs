//! JSON as a gate must read it: one meaning per document, whoever else reads it.
//!
//! Given bytes a stranger sent; hands on a [`Document`] whose every member was there once. Refuses what two parsers read
//! differently or what costs more than it is worth: duplicate members at any depth (RFC 8725 §2.4 and RFC 7515 §4
//! leave them to the reader), nesting beyond `MAX_DEPTH`, NUL in a name or a string, invalid UTF-8, anything after
//! the document, numbers that no `f64` holds. Recursion ends at the depth bound: deeper parts are skipped without it.
//!
//! A document is flat: one text with all its strings, one list of members and one of elements (`document`). Where it has
//! about as many members as tokens have, there is an index of them (`index`). However many values there are, it is three
//! allocations or four, which is what makes tokens cheap to read, to keep and to forget. It is looked
//! at through views that cost nothing to copy ([`Json`], [`Object`], [`Array`]).

use std::cell::{Cell, RefCell};

pub use document::Document;
pub(in crate::authn) use document::Span;
pub use name::MemberName;
pub(in crate::authn) use name::{Name, Word};
pub use number::Number;
pub use stored::Stored;
pub use view::{Array, Json, Object};

use tape::Tape;

mod document;
mod index;
mod name;
mod number;
mod read;
mod stored;
mod tape;
mod view;
mod write;

#[cfg(test)]
mod tests;

/// How many objects and arrays may stand in one another, the outermost included.
pub(super) const MAX_DEPTH: usize = 16;

/// The object that these bytes are.
pub(super) fn object(json: &[u8]) -> Result<Document, Defect> {
    // all at once, in place of string by string
    let text = str::from_utf8(json).map_err(|_| Defect::Syntax)?;
    TAPE.with_borrow_mut(|tape| {
        let mut deserializer = serde_json::Deserializer::from_str(text);
        tape.read(&mut deserializer).map_err(|_| Defect::Syntax)?;
        deserializer.end().map_err(|_| Defect::Syntax)?;
        tape.finish()
    })
}

thread_local! {
    /// The document that is being read; as long as the longest so far, which the limits on tokens bound.
    static TAPE: RefCell<Tape> = RefCell::default();
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
    /// The first defect since it was last taken.
    pub(super) fn take(&self) -> Option<Defect> {
        self.0.take()
    }

    /// Remembers a defect, unless there was one before.
    pub(super) fn note(&self, defect: Defect) {
        self.0.set(self.0.get().or(Some(defect)));
    }

    /// Looks for a NUL, which JSON allows in no string but one that is written with escapes.
    pub(super) fn look_at(&self, text: &str) {
        if text.as_bytes().contains(&0) {
            self.note(Defect::Nul);
        }
    }
}
