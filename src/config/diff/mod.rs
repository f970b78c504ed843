//! What is different between two configurations that compile, in words.
//!
//! Compared is what they mean, not how they are written: order of keys and lists, quotes, comments, units and defaults
//! that are written out make no difference. The most dangerous comes first: what opens a route.

mod alike;
mod answer;
mod caller;
mod danger;
mod decision;
mod defaults;
mod formula;
mod headers;
mod listeners;
mod policies;
mod proof;
mod reasons;
mod requirement;
mod routes;
mod section;
mod shifts;
#[cfg(test)]
mod tests;
mod traffic;
mod value;
mod view;
mod witness;
mod world;

use super::document::Document;
use super::node::Node;

/// What a difference does; in the order in which they are listed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Change {
    /// Requests without a token pass where they did not.
    Opened,
    /// Callers pass who did not, or it cannot be told that none does.
    Looser,
    /// Something else, or more than one of these.
    Changed,
    /// Callers do not pass any more who did.
    Stricter,
    /// Requests without a token do not pass any more.
    Closed,
}

impl Change {
    /// In one word.
    pub fn name(self) -> &'static str {
        match self {
            Self::Opened => "opened",
            Self::Looser => "looser",
            Self::Changed => "changed",
            Self::Stricter => "stricter",
            Self::Closed => "closed",
        }
    }
}

/// One difference.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Difference {
    /// What it does.
    pub change: Change,
    /// What it is of: `route`, `policy`, `issuer`, `upstream`, `listener`, or a section of the file.
    pub subject: &'static str,
    /// The name, where it is of something that has one.
    pub name: Option<String>,
    /// What is different.
    pub message: String,
}

impl Difference {
    fn new(change: Change, subject: &'static str, name: &str, message: impl Into<String>) -> Self {
        Self { change, subject, name: Some(name.to_owned()), message: message.into() }
    }

    /// Of what has no name.
    fn of_file(change: Change, message: impl Into<String>) -> Self {
        Self { change, subject: "file", name: None, message: message.into() }
    }
}

/// A file: its tree and its document.
pub(super) type File<'f> = (&'f Node, &'f Document);

/// Everything that is different in `new`.
pub(super) fn compare(old: File<'_>, new: File<'_>) -> Vec<Difference> {
    let (policies, told) = policies::compare(old, new);
    let mut found = routes::compare(old, new, &told);
    found.extend(policies);
    found.extend(section::compare(old.0, new.0));
    found.extend(headers::compare(old.0, new.0));
    // Stable: within one kind, the order of the file.
    found.sort_by_key(|difference| difference.change);
    found
}
