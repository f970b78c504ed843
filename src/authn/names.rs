//! The roles or the scopes of a caller, where they stand in its claims.

use std::fmt;

use serde::{Serialize, Serializer};

use super::json::{Document, Name, Word};

/// Names that a token gives its caller, in the order in which it does.
#[derive(Clone, Copy)]
pub struct Names<'p> {
    claims: &'p Document,
    words: &'p [Word],
}

impl<'p> Names<'p> {
    pub(super) fn new(claims: &'p Document, words: &'p [Word]) -> Self {
        Self { claims, words }
    }

    /// How many there are.
    pub fn len(self) -> usize {
        self.words.len()
    }

    /// Whether there are none.
    pub fn is_empty(self) -> bool {
        self.words.is_empty()
    }

    /// The one at this index; costs the same for each.
    pub fn get(self, index: usize) -> Option<&'p str> {
        self.words.get(index).map(|&word| self.claims.text(word.place()))
    }

    /// Whether this is one of them.
    pub fn contains(self, name: &str) -> bool {
        let name = Name::of(name.as_bytes());
        self.words.iter().any(|&word| self.claims.is(word, name))
    }

    /// Each of them.
    pub fn iter(self) -> impl ExactSizeIterator<Item = &'p str> + Clone {
        self.words.iter().map(move |&word| self.claims.text(word.place()))
    }
}

impl Serialize for Names<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.iter())
    }
}

impl fmt::Debug for Names<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.iter()).finish()
    }
}

impl PartialEq for Names<'_> {
    fn eq(&self, other: &Self) -> bool {
        self.iter().eq(other.iter())
    }
}
