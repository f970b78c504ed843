//! A set of header names in which all spellings of a name are one.
//!
//! Two names are one when they are the same after folding: every byte that is no ASCII letter and no digit becomes
//! `-`, and letters lose their case. Look-ups fold while they compare, against names that were folded at load.

use std::cmp::Ordering;

use http::HeaderName;

/// Names, each in every spelling.
#[derive(Debug, Default)]
pub(in crate::upstream) struct FoldedNames {
    /// Bit n: there is a name of n bytes; the highest bit: of 63 or more. Most headers end here.
    lengths: u64,
    /// Folded, by length and then by bytes.
    names: Box<[Box<[u8]>]>,
}

impl FoldedNames {
    pub(in crate::upstream) fn new<'a>(names: impl Iterator<Item = &'a [u8]>) -> Self {
        let mut names: Vec<Box<[u8]>> = names.map(|name| name.iter().copied().map(fold).collect()).collect();
        names.sort_unstable_by(|one, other| one.len().cmp(&other.len()).then_with(|| one.cmp(other)));
        names.dedup();
        let lengths = names.iter().fold(0, |lengths, name| lengths | length_bit(name));
        Self { lengths, names: names.into() }
    }

    pub(in crate::upstream) fn contains(&self, name: &HeaderName) -> bool {
        let name = name.as_str().as_bytes();
        self.lengths & length_bit(name) != 0
            && self.names.binary_search_by(|known| compare(known, name)).is_ok()
    }
}

/// How a folded name stands to one as it came.
fn compare(folded: &[u8], name: &[u8]) -> Ordering {
    folded.len().cmp(&name.len()).then_with(|| folded.iter().copied().cmp(name.iter().copied().map(fold)))
}

/// Whether both are spellings of one name.
pub(in crate::upstream) fn same(one: &[u8], other: &[u8]) -> bool {
    one.len() == other.len() && starts_with(one, other)
}

/// Whether a name begins with a spelling of the prefix.
pub(in crate::upstream) fn starts_with(name: &[u8], prefix: &[u8]) -> bool {
    name.len() >= prefix.len() && name.iter().zip(prefix).all(|(&one, &other)| fold(one) == fold(other))
}

const fn fold(byte: u8) -> u8 {
    if byte.is_ascii_alphanumeric() { byte.to_ascii_lowercase() } else { b'-' }
}

fn length_bit(name: &[u8]) -> u64 {
    1 << name.len().min(63)
}
