//! The names of identity headers.
//!
//! Free but for those with which the gateway or HTTP itself works; an identity header of such a name would let what
//! stands in a token decide where a message ends, or whom the upstream believes to speak.

use std::fmt;

use http::HeaderName;

use crate::upstream::guard::{Reserved, same};

/// The name of an identity header.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IdentityName {
    header: HeaderName,
    written: Box<str>,
}

impl IdentityName {
    /// From the key below `identity.headers`.
    pub fn parse(text: &str) -> Result<Self, IdentityNameError> {
        let Ok(header) = HeaderName::from_bytes(text.as_bytes()) else {
            return Err(IdentityNameError::Invalid(text.to_owned()));
        };
        match Reserved::of(text.as_bytes()) {
            _ if ABOUT_USERS.contains(&header.as_str()) => Ok(Self { header, written: text.into() }),
            Some(reserved) => Err(IdentityNameError::Reserved { name: text.to_owned(), why: reserved.why() }),
            None => Ok(Self { header, written: text.into() }),
        }
    }

    /// The header.
    pub fn header(&self) -> &HeaderName {
        &self.header
    }

    /// Pairs of names that an upstream may take for one (`X-User`, `x_user`): the position of the later one, and that
    /// of the first that it clashes with. In one section, they are a mistake.
    pub fn clashes(names: &[Self]) -> Vec<(usize, usize)> {
        let bytes: Vec<&[u8]> = names.iter().map(|name| name.header.as_str().as_bytes()).collect();
        let later = bytes.iter().enumerate();
        later
            .filter_map(|(at, name)| {
                bytes
                    .iter()
                    .position(|other| same(name, other))
                    .filter(|&first| first < at)
                    .map(|first| (at, first))
            })
            .collect()
    }
}

/// Named like forwarding headers, but about who calls and not from where: many applications read them.
const ABOUT_USERS: [&str; 4] =
    ["x-forwarded-user", "x-forwarded-email", "x-forwarded-groups", "x-forwarded-preferred-username"];

impl fmt::Display for IdentityName {
    /// As the operator wrote it.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.written)
    }
}

/// Why a name is no name of an identity header.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum IdentityNameError {
    /// Not the name of a header at all.
    #[error("`{0}` is not the name of a header; letters, digits and hyphens make one")]
    Invalid(String),
    /// The name has a meaning of its own.
    #[error("`{name}` cannot be an identity header: it {why}")]
    Reserved {
        /// The name, as written.
        name: String,
        /// What it means.
        why: &'static str,
    },
}
