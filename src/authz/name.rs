//! Tests on lists of names: the entries `roles` and `scopes` of a requirement.
//!
//! Given what the operator wrote (a single name, or `any`, `all`, `none` with a list each), hands on a [`NameTest`]
//! in which no list is empty: `all` of nothing would hold for everybody, `any` of nothing for nobody, and an
//! operator who wrote either meant something else. Names are compared byte for byte; nothing in them is a pattern.

use std::borrow::Cow;
use std::fmt;

use super::listed::{Index, Key};
use crate::authn::Names;

/// What a caller's roles, or scopes, must be like. Several terms must all hold.
#[derive(Debug)]
pub struct NameTest {
    terms: Box<[NameTerm]>,
}

/// One entry: how its names count, and the names.
#[derive(Debug)]
struct NameTerm {
    quantifier: Quantifier,
    names: Box<[Box<str>]>,
    /// Of the names, where there are many.
    index: Option<Index>,
}

/// What a caller has of the names that are asked for.
pub(super) trait Held {
    /// Whether this is one of them.
    fn has(&self, name: &str) -> bool;
    /// Each of them.
    fn each(&self) -> impl Iterator<Item = &str>;
}

impl Held for Names<'_> {
    fn has(&self, name: &str) -> bool {
        self.contains(name)
    }

    fn each(&self) -> impl Iterator<Item = &str> {
        self.iter()
    }
}

impl Held for Option<&str> {
    fn has(&self, name: &str) -> bool {
        *self == Some(name)
    }

    fn each(&self) -> impl Iterator<Item = &str> {
        self.iter().copied()
    }
}

impl NameTest {
    /// The single name that must be there.
    pub fn one(name: &str) -> Result<Self, NameTestError> {
        Self::new([(Quantifier::All, vec![name.to_owned()])])
    }

    /// From the entries `any`, `all`, `none`, in any order. Refuses lists that are empty or hold an empty name.
    pub fn new(terms: impl IntoIterator<Item = (Quantifier, Vec<String>)>) -> Result<Self, NameTestError> {
        let terms: Box<[_]> = terms
            .into_iter()
            .map(|(quantifier, names)| {
                if names.is_empty() {
                    return Err(NameTestError::EmptyList(quantifier));
                }
                if names.iter().any(String::is_empty) {
                    return Err(NameTestError::EmptyName);
                }
                let names: Box<[Box<str>]> = names.into_iter().map(String::into_boxed_str).collect();
                let index = Index::of_long(names.iter().map(|name| Key::Text(Cow::Owned(name.to_string()))));
                Ok(NameTerm { quantifier, names, index })
            })
            .collect::<Result<_, _>>()?;
        if terms.is_empty() { Err(NameTestError::Nothing) } else { Ok(Self { terms }) }
    }

    /// Each term: how its names count, and the names. For messages and lints.
    pub fn terms(&self) -> impl Iterator<Item = (Quantifier, &[Box<str>])> {
        self.terms.iter().map(|term| (term.quantifier, &*term.names))
    }

    /// Whether a caller passes who has these names.
    pub(super) fn holds(&self, held: &impl Held) -> bool {
        self.terms.iter().all(|NameTerm { quantifier, names, index }| {
            if let Some(index) = index {
                let those = held.each().map(|name| Key::Text(Cow::Borrowed(name)));
                return index.has(*quantifier, those) != (*quantifier == Quantifier::None);
            }
            let mut present = names.iter().map(|name| held.has(name));
            match quantifier {
                Quantifier::Any => present.any(|present| present),
                Quantifier::All => present.all(|present| present),
                Quantifier::None => !present.any(|present| present),
            }
        })
    }
}

/// How the members of a list count.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Quantifier {
    /// At least one of them is there.
    Any,
    /// Each of them is there.
    All,
    /// Not one of them is there.
    None,
}

impl fmt::Display for Quantifier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Any => "any",
            Self::All => "all",
            Self::None => "none",
        })
    }
}

/// Why entries of `roles` or `scopes` are no test.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NameTestError {
    /// Neither a name nor a list.
    #[error("nothing is asked for; give a single name, or `any`, `all` or `none` with a list of names")]
    Nothing,
    /// A list without names.
    #[error("the list of `{0}` is empty; {why}, so give at least one name", why = why_not_empty(*.0))]
    EmptyList(Quantifier),
    /// A name without letters.
    #[error("a name is empty; no token can hold it")]
    EmptyName,
}

/// What an empty list would mean; shared with the tests on claims.
pub(super) const fn why_not_empty(quantifier: Quantifier) -> &'static str {
    match quantifier {
        Quantifier::Any => "`any` of nothing never holds",
        Quantifier::All => "`all` of nothing always holds",
        Quantifier::None => "`none` of nothing always holds",
    }
}
