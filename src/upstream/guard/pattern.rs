//! The entries of `identity.remove`, and what a route removes beyond the identity headers.
//!
//! A pattern is a header's name or, with one `*` at its end, all names that begin with what stands before it, in
//! every spelling. Nothing else in it is special. A pattern that takes away `Host`, the framing or the headers of the
//! connection is refused: without them the rest of the request cannot be trusted to mean what was authorized.

use http::HeaderName;

use super::folded::{FoldedNames, same, starts_with};
use super::overrides::Override;
use super::reserved::Reserved;

/// An entry of `remove`: `X-Legacy-User` or `X-Legacy-*`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NamePattern {
    name: Box<[u8]>,
    prefix: bool,
}

impl NamePattern {
    /// From the entry as it stands in the file.
    pub fn parse(text: &str) -> Result<Self, NamePatternError> {
        let (name, prefix) = text.strip_suffix('*').map_or((text, false), |name| (name, true));
        if name.is_empty() && prefix {
            return Err(NamePatternError::Everything);
        }
        if name.contains('*') {
            return Err(NamePatternError::StarInside(text.to_owned()));
        }
        let Ok(valid) = HeaderName::from_bytes(name.as_bytes()) else {
            return Err(NamePatternError::Invalid(text.to_owned()));
        };
        let pattern = Self { name: valid.as_str().as_bytes().into(), prefix };
        match Reserved::needed_by_requests(|name| pattern.matches(name)) {
            Some(needed) => Err(NamePatternError::Needed { pattern: text.to_owned(), needed }),
            None => Ok(pattern),
        }
    }

    /// Whether a header of this name goes.
    pub fn removes(&self, name: &HeaderName) -> bool {
        self.matches(name.as_str().as_bytes())
    }

    fn matches(&self, name: &[u8]) -> bool {
        if self.prefix { starts_with(name, &self.name) } else { same(name, &self.name) }
    }
}

/// Why an entry of `remove` is no pattern.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NamePatternError {
    /// A lone `*`.
    #[error("`*` would remove every header; name them, or give a prefix such as `X-Legacy-*`")]
    Everything,
    /// A `*` that is not the last character, or one too many.
    #[error("`{0}` has a `*` that is not its end; only one is possible, as the last character")]
    StarInside(String),
    /// Not the name of a header.
    #[error("`{0}` is not the name of a header; letters, digits and hyphens make one")]
    Invalid(String),
    /// It would take away what requests are made of.
    #[error("`{pattern}` would remove `{needed}`, without which requests cannot be passed on; narrow it")]
    Needed {
        /// The entry.
        pattern: String,
        /// What it would remove.
        needed: &'static str,
    },
}

/// What one route removes: its patterns, and the overriding headers that it does not allow.
#[derive(Debug)]
pub(in crate::upstream) struct Removals {
    names: FoldedNames,
    /// The overriding headers that pass in the spelling that `allow` lists, and in no other: an upstream that takes both
    /// for one would get two values, and nobody says which of them counts.
    allowed: Box<[Override]>,
    prefixes: Box<[NamePattern]>,
}

impl Removals {
    /// A header that is both removed and allowed is removed.
    pub(in crate::upstream) fn new(remove: Vec<NamePattern>, allow: &[Override]) -> Self {
        let (prefixes, names): (Vec<_>, Vec<_>) = remove.into_iter().partition(|pattern| pattern.prefix);
        let overrides = Override::ALL.into_iter().filter(|known| !allow.contains(known));
        let overrides = overrides.map(|known| known.name().as_bytes());
        let names = FoldedNames::new(names.iter().map(|pattern| &*pattern.name).chain(overrides));
        Self { names, allowed: allow.into(), prefixes: prefixes.into() }
    }

    pub(in crate::upstream) fn contains(&self, name: &HeaderName) -> bool {
        self.names.contains(name)
            || self.allowed.iter().any(|allowed| allowed.is_disguised_as(name))
            || self.prefixes.iter().any(|prefix| prefix.removes(name))
    }
}
