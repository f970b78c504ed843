//! Long lists of the configuration, in which each value is found at once.
//!
//! Tokens bring long lists too: each value of the one held against each of the other would take milliseconds. With what
//! is here it takes one look for each of the token's.

use std::borrow::Cow;
use std::collections::HashMap;
use std::mem;

use super::name::Quantifier;

/// A value, in the one form in which equal ones are the same.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) enum Key<'k> {
    Text(Cow<'k, str>),
    Boolean(bool),
    Integer(i128),
    /// The bits of a double that is no integer.
    Double(u64),
}

/// Where in a list each value stands.
#[derive(Debug)]
pub(super) struct Index(HashMap<Key<'static>, usize>);

impl Index {
    /// Of a list that is long; short ones are looked through faster.
    pub(super) fn of_long(list: impl ExactSizeIterator<Item = Key<'static>>) -> Option<Self> {
        if list.len() < LONG {
            return None;
        }
        let mut places = HashMap::with_capacity(list.len());
        for key in list {
            let next = places.len();
            places.entry(key).or_insert(next);
        }
        Some(Self(places))
    }

    /// Whether any of the list, or all of it, is among these; for `none` whether any is, which is what it must not.
    pub(super) fn has<'k>(&self, quantifier: Quantifier, those: impl Iterator<Item = Key<'k>>) -> bool {
        let places: &HashMap<Key<'k>, usize> = &self.0;
        let mut found = those.filter_map(|key| places.get(&key).copied());
        match quantifier {
            Quantifier::Any | Quantifier::None => found.next().is_some(),
            Quantifier::All => {
                let (mut seen, mut missing) = (vec![false; places.len()], places.len());
                for place in found {
                    if seen.get_mut(place).is_some_and(|seen| !mem::replace(seen, true)) {
                        missing -= 1;
                    }
                }
                missing == 0
            }
        }
    }
}

/// So many values are a long list. With fewer, most tokens cost less when each value is held against each.
const LONG: usize = 32;
