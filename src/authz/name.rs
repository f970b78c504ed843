//! Tests on lists of names: the entries `roles` and `scopes` of a requirement.
//!
//! Given what the operator wrote (a single name, or `any`, `all`, `none` with a list each), hands on a [`NameTest`]
//! in which no list is empty: `all` of nothing would hold for everybody, `any` of nothing for nobody, and an
//! operator who wrote either meant something else. Names are compared byte for byte; nothing in them is a pattern.

use std::fmt;

/// What a caller's roles, or scopes, must be like. Several terms must all hold.
#[derive(Debug)]
pub struct NameTest {
    terms: Box<[NameTerm]>,
}

/// One entry: how its names count, and the names.
type NameTerm = (Quantifier, Box<[Box<str>]>);

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
                Ok((quantifier, names.into_iter().map(String::into_boxed_str).collect()))
            })
            .collect::<Result<_, _>>()?;
        if terms.is_empty() { Err(NameTestError::Nothing) } else { Ok(Self { terms }) }
    }

    /// Each term: how its names count, and the names. For messages and lints.
    pub fn terms(&self) -> impl Iterator<Item = (Quantifier, &[Box<str>])> {
        self.terms.iter().map(|(quantifier, names)| (*quantifier, &**names))
    }

    /// Whether a caller passes of whom `has` says which names they have.
    pub(super) fn holds(&self, has: impl Fn(&str) -> bool) -> bool {
        self.terms().all(|(quantifier, names)| {
            let mut present = names.iter().map(|name| has(name));
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
