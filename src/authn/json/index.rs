//! Where the outermost members of a document are: what policies ask for, often several for each request.
//!
//! A hash table with linear probing. It only says whom to ask; who asks compares the names. What must stay true: at least half
//! of it is empty, so that the names of whoever makes tokens to that end cost no more than [`MOST`] comparisons.

use super::document::FEW;
use super::name::Name;

/// The places of members, found by their names.
#[derive(Clone, Copy)]
pub(super) struct Index {
    /// One more than the place of a member; zero where there is none.
    slots: [u8; SLOTS],
}

impl Index {
    /// Of these names in their order; not of few, which are as soon looked through, and not of many.
    pub(super) fn of<'n>(names: impl ExactSizeIterator<Item = Name<'n>>) -> Option<Box<Self>> {
        if !(FEW + 1..=MOST).contains(&names.len()) {
            return None;
        }
        let mut slots = [0; SLOTS];
        for (place, name) in (1..).zip(names) {
            let free = probe(name).find(|&slot| slots.get(slot) == Some(&0));
            *slots.get_mut(free?)? = place;
        }
        Some(Box::new(Self { slots }))
    }

    /// The member that `is` of this name, among those that the names are of.
    pub(super) fn find<'m, M>(
        &self,
        name: Name<'_>,
        among: &'m [M],
        is: impl Fn(&M) -> bool,
    ) -> Option<&'m M> {
        for slot in probe(name) {
            let member = among.get(usize::from(*self.slots.get(slot)?).checked_sub(1)?)?;
            if is(member) {
                return Some(member);
            }
        }
        None
    }
}

/// Where to look for a name, one after the other, until it is found or a slot is empty.
fn probe(name: Name<'_>) -> impl Iterator<Item = usize> {
    let first = usize::try_from(name.hash() >> (u32::BITS - SLOTS.ilog2())).unwrap_or_default();
    (0..SLOTS).map(move |next| (first + next) % SLOTS)
}

const SLOTS: usize = 64;
/// So many members are in an index at most.
const MOST: usize = SLOTS / 2;

#[cfg(test)]
mod tests {
    use super::*;

    fn slot(name: &str) -> Option<usize> {
        probe(Name::of(name.as_bytes())).next()
    }

    /// Each of the names is found among as many of them as an index takes, or fewer, and no other is.
    fn are_found(names: &[String]) {
        for length in FEW + 1..=MOST {
            let there = &names[..length];
            let index = Index::of(there.iter().map(|name| Name::of(name.as_bytes()))).unwrap();
            for (place, name) in names.iter().enumerate() {
                let found = index.find(Name::of(name.as_bytes()), there, |other| other == name);
                assert_eq!(found, there.get(place), "{name} of {length}");
            }
        }
    }

    #[test]
    fn names_are_where_they_were_put_and_no_others_are_found() {
        let numbered = || (0..).map(|number| format!("https://example.com/{number}"));
        are_found(&numbered().take(2 * MOST).collect::<Vec<_>>());
        let shared = slot("https://example.com/0");
        are_found(&numbered().filter(|name| slot(name) == shared).take(2 * MOST).collect::<Vec<_>>());
        for other in [FEW, MOST + 1] {
            assert!(Index::of((0..other).map(|_| Name::of(b"a"))).is_none());
        }
    }

    #[test]
    fn names_that_differ_a_little_are_in_different_slots() {
        for (one, other) in [("sub", "pub"), ("role", "rolf"), ("email", "email_verified"), ("a", "b")] {
            assert_ne!(slot(one), slot(other), "{one} {other}");
        }
    }
}
