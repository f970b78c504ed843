//! The roles or the scopes of a caller, where they stand in its claims.

use std::fmt;

use serde::{Serialize, Serializer};

use super::json::{Document, Span, same};

/// Names that a token gives its caller, in the order in which it does.
#[derive(Clone, Copy)]
pub struct Names<'p> {
    claims: &'p Document,
    places: &'p [Span],
}

impl<'p> Names<'p> {
    pub(super) fn new(claims: &'p Document, places: &'p [Span]) -> Self {
        Self { claims, places }
    }

    /// How many there are.
    pub fn len(self) -> usize {
        self.places.len()
    }

    /// Whether there are none.
    pub fn is_empty(self) -> bool {
        self.places.is_empty()
    }

    /// The one at this index; costs the same for each.
    pub fn get(self, index: usize) -> Option<&'p str> {
        self.places.get(index).map(|&place| self.claims.text(place))
    }

    /// Whether this is one of them.
    pub fn contains(self, name: &str) -> bool {
        // Most differ in length, and need not be looked at.
        let is_it =
            |&place: &Span| place.len() == name.len() && same(self.claims.bytes(place), name.as_bytes());
        self.places.iter().any(is_it)
    }

    /// Each of them.
    pub fn iter(self) -> impl ExactSizeIterator<Item = &'p str> + Clone {
        self.places.iter().map(move |&place| self.claims.text(place))
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
