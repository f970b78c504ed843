//! The headers that the conditions of one route look at.
//!
//! A condition looks at one spelling of a name, and an upstream may read another: beside `X-Tenant`, which was held
//! against the token, a client could send an `X_Tenant` that nobody has seen. So the other spellings of a name that a
//! condition of the route says go no further on that route, and none of them may come in a trailer, which comes after
//! the decision and which servers may merge with the headers. Where a condition asks for names that it does not say,
//! other spellings make it fail, and no trailer at all goes further.

use http::HeaderName;

use super::folded::FoldedNames;

/// Names that the conditions of a route say.
#[derive(Debug, Default)]
pub struct Watched {
    spelled: Box<[HeaderName]>,
    names: FoldedNames,
    /// Whether the conditions also look at names that they do not say.
    others: bool,
}

impl Watched {
    /// From the names as they are written. What is no name of a header is never there, and is left out.
    pub fn new<'a>(names: impl Iterator<Item = &'a str>) -> Self {
        let spelled: Box<[HeaderName]> = names.filter_map(|name| name.parse().ok()).collect();
        let names = FoldedNames::new(spelled.iter().map(|name| name.as_str().as_bytes()));
        Self { spelled, names, others: false }
    }

    /// The same where the conditions look at other names too, which only a request tells.
    #[must_use]
    pub fn and_others(self, others: bool) -> Self {
        Self { others, ..self }
    }

    /// Whether a header of this name is one of them in a spelling that no condition looks at.
    pub(in crate::upstream) fn removes(&self, name: &HeaderName) -> bool {
        self.names.contains(name) && !self.spelled.contains(name)
    }

    /// Whether a trailer of this name would add to one of them, in any spelling.
    pub(in crate::upstream) fn removes_trailer(&self, name: &HeaderName) -> bool {
        self.others || self.names.contains(name)
    }
}
