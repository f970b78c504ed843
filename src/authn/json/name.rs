//! Names of members, and how they are told apart: mostly by how they begin, in one comparison of integers.

use std::cmp::Ordering;

use super::document::Span;

/// The first four bytes, filled up with zeros; the greater integer is the later name.
type Beginning = u32;

/// The name of a member: how it begins, and where it stands in the text of its document.
#[derive(Clone, Copy)]
pub(super) struct Label {
    beginning: Beginning,
    place: Span,
}

/// A text of the document that names are held against: what mostly tells it from them, and where it stands.
#[derive(Debug, Clone, Copy)]
pub(in crate::authn) struct Word {
    hash: u32,
    place: Span,
}

/// A name that is compared with others.
#[derive(Clone, Copy)]
pub(in crate::authn) struct Name<'n> {
    beginning: Beginning,
    hash: u32,
    bytes: &'n [u8],
}

impl<'n> Name<'n> {
    pub(in crate::authn) fn of(bytes: &'n [u8]) -> Self {
        let beginning = match bytes.first_chunk() {
            Some(&first) => Beginning::from_be_bytes(first),
            None => (0..4).fold(0, |beginning, index| {
                beginning << 8 | Beginning::from(bytes.get(index).copied().unwrap_or_default())
            }),
        };
        let end = u32::from(bytes.last().copied().unwrap_or_default());
        let length = u32::try_from(bytes.len()).unwrap_or(u32::MAX);
        Self { beginning, hash: (beginning.wrapping_add(end) ^ length << 8).wrapping_mul(GOLDEN), bytes }
    }

    /// Of how it begins and ends, and how long it is; the highest bits depend on all of that.
    pub(super) fn hash(self) -> u32 {
        self.hash
    }
}

/// A name that is looked for again and again.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct MemberName {
    beginning: Beginning,
    hash: u32,
    text: Box<str>,
}

impl MemberName {
    /// The name itself.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    pub(super) fn name(&self) -> Name<'_> {
        Name { beginning: self.beginning, hash: self.hash, bytes: self.text.as_bytes() }
    }
}

impl From<&str> for MemberName {
    fn from(text: &str) -> Self {
        let Name { beginning, hash, .. } = Name::of(text.as_bytes());
        Self { beginning, hash, text: text.into() }
    }
}

/// 2³² by the golden ratio: whatever is multiplied by it reaches the highest bits.
const GOLDEN: u32 = 0x9e37_79b1;

impl Label {
    /// Of a name that stands there.
    pub(super) fn new(name: Name<'_>, place: Span) -> Self {
        Self { beginning: name.beginning, place }
    }

    pub(super) fn place(self) -> Span {
        self.place
    }

    /// Whether this is the name. Length and beginning nearly always tell, without a look at the text.
    pub(super) fn is(self, name: Name<'_>, text: &str) -> bool {
        self.beginning == name.beginning
            && self.place.len() == name.bytes.len()
            && (self.place.len() <= ALL || same(self.place.of(text.as_bytes()), name.bytes))
    }

    /// By bytes.
    pub(super) fn compare(self, name: Name<'_>, text: &str) -> Ordering {
        self.compare_with(name.beginning, name.bytes, text)
    }

    /// The same for another label of the text.
    pub(super) fn order(self, other: Self, text: &str) -> Ordering {
        self.compare_with(other.beginning, other.place.of(text.as_bytes()), text)
    }

    /// Zeros come before all else, so that where the beginnings differ they say which comes first.
    fn compare_with(self, beginning: Beginning, bytes: &[u8], text: &str) -> Ordering {
        self.beginning.cmp(&beginning).then_with(|| {
            if self.place.len().max(bytes.len()) <= ALL {
                self.place.len().cmp(&bytes.len())
            } else {
                self.place.of(text.as_bytes()).cmp(bytes)
            }
        })
    }
}

/// A name of so many bytes is all beginning.
const ALL: usize = 4;

impl Word {
    /// Of a text that stands there.
    pub(super) fn new(text: &str, place: Span) -> Self {
        Self { hash: Name::of(text.as_bytes()).hash, place }
    }

    pub(in crate::authn) fn place(self) -> Span {
        self.place
    }

    /// Whether this is the name; the text is that of its document.
    pub(super) fn is(self, name: Name<'_>, text: &str) -> bool {
        self.hash == name.hash && same(self.place.of(text.as_bytes()), name.bytes)
    }
}

/// Whether two texts are the same; quick where they are short, as names and most values are.
pub(super) fn same(one: &[u8], other: &[u8]) -> bool {
    if one.len() != other.len() {
        return false;
    }
    match one.len() {
        // by how they begin and how they end, which overlap
        8..=16 => {
            one.first_chunk::<8>() == other.first_chunk() && one.last_chunk::<8>() == other.last_chunk()
        }
        4..8 => one.first_chunk::<4>() == other.first_chunk() && one.last_chunk::<4>() == other.last_chunk(),
        _ => one == other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_are_the_same_where_each_byte_is() {
        let text: Vec<u8> = (0..40).collect();
        for length in 0..=text.len() {
            let one = &text[..length];
            assert!(same(one, one) && !same(one, &text[..(length + 1) % 40]), "{length}");
            for changed in 0..length {
                let mut other = one.to_vec();
                other[changed] ^= 1;
                assert!(!same(one, &other), "{length} bytes, but for that at {changed}");
            }
        }
    }
}
