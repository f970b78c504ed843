//! What is wrong with a condition, found when the configuration is loaded.

use std::fmt;
use std::ops::Deref;

use super::compile::Mentions;

/// Everything that is wrong with a condition, and what it names all the same.
#[derive(Debug)]
pub struct Mistakes {
    pub(super) list: Vec<Mistake>,
    /// As far as the condition could be read.
    pub(super) mentions: Box<Mentions>,
}

impl Mistakes {
    /// The captures that it names.
    pub fn captures(&self) -> &[String] {
        &self.mentions.captures
    }

    /// The byte of its text at which it first names a capture, where that is known.
    pub fn place_of_capture(&self, name: &str) -> Option<usize> {
        self.mentions.place_of_capture(name)
    }
}

impl From<Mistake> for Mistakes {
    fn from(mistake: Mistake) -> Self {
        Self { list: vec![mistake], mentions: Box::default() }
    }
}

impl Deref for Mistakes {
    type Target = [Mistake];

    fn deref(&self) -> &[Mistake] {
        &self.list
    }
}

/// One thing that is wrong with a condition, and what would be right.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mistake {
    pub(super) wrong: String,
    pub(super) right: String,
    /// A name that is not known, and the names that are, for whoever can tell which was meant.
    pub(super) unknown: Option<(String, Vec<&'static str>)>,
    /// Where it stands.
    pub(super) place: Place,
}

/// Where in a condition something is wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Place {
    /// Somewhere.
    Unknown,
    /// At the part of the syntax tree that has this number.
    Part(u64),
    /// At this byte of the text.
    Byte(usize),
}

impl Place {
    /// The byte, where it is known.
    pub(super) fn byte(self) -> Option<usize> {
        match self {
            Self::Byte(at) => Some(at),
            Self::Part(_) | Self::Unknown => None,
        }
    }
}

impl Mistake {
    pub(super) fn new(wrong: impl fmt::Display, right: impl fmt::Display) -> Self {
        Self { wrong: wrong.to_string(), right: right.to_string(), unknown: None, place: Place::Unknown }
    }

    /// A name that is none of the `known`.
    pub(super) fn unknown(what: &str, name: &str, known: Vec<&'static str>) -> Self {
        let wrong = format!("`when` has no {what} `{name}`");
        let right = format!("known: {}", known.join(", "));
        Self { unknown: Some((name.to_owned(), known)), ..Self::new(wrong, right) }
    }

    /// What is wrong.
    pub fn wrong(&self) -> &str {
        &self.wrong
    }

    /// What would be right.
    pub fn right(&self) -> &str {
        &self.right
    }

    /// The byte of the condition at which it stands, where that is known.
    pub fn offset(&self) -> Option<usize> {
        self.place.byte()
    }

    /// The name that is not known, and those that are.
    pub fn unknown_name(&self) -> Option<(&str, &[&'static str])> {
        self.unknown.as_ref().map(|(name, known)| (name.as_str(), known.as_slice()))
    }
}
