//! Where the outermost members of a document are: what policies ask for, often several for each request.

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

    /// The member that `is` of this name, among those that the names are of; few are asked.
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
    let first = usize::try_from(name.number()).unwrap_or_default();
    (0..SLOTS).map(move |next| first.wrapping_add(next) % SLOTS)
}

const SLOTS: usize = 64;
/// Of the slots a quarter stays empty at least, so that a name that is not there is soon known not to be.
const MOST: usize = SLOTS / 4 * 3;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_where_they_were_put_and_no_others_are_found() {
        let names: Vec<String> = (0..MOST).map(|number| format!("https://example.com/{number}")).collect();
        for length in FEW + 1..=MOST {
            let index = Index::of(names[..length].iter().map(|name| Name::of(name))).unwrap();
            for (place, name) in names.iter().enumerate() {
                let found = index.find(Name::of(name), &names[..length], |other| other == name);
                assert_eq!(found, names[..length].get(place), "{name} of {length}");
            }
        }
        for other in [FEW, MOST + 1] {
            assert!(Index::of((0..other).map(|_| Name::of("a"))).is_none());
        }
    }
}
