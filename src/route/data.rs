//! What a path may hold as data where a route allows it: encoded slashes and parameters.
//!
//! Some servers decode `%2F` before they look for a path, and cut what follows a `;`; others take both for characters of
//! a segment. Only a route whose upstream is of the second kind lets such a path through ([`PathData`]), and then they are
//! characters of one segment to the matcher too. Whatever a server of the first kind would resolve into another
//! directory (`..;`, `..%2F`) is refused in any case.

use super::Ambiguous;

/// Which of them a path holds, or a route allows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct PathData {
    /// `%2F` within a segment.
    pub encoded_slash: bool,
    /// `;` and what follows it in a segment.
    pub parameters: bool,
}

impl PathData {
    /// Refuses a path that holds what is not allowed.
    pub(super) fn within(self, allowed: Self) -> Result<(), Ambiguous> {
        if self.parameters && !allowed.parameters {
            return Err(Ambiguous("path parameter (semicolon)"));
        }
        if self.encoded_slash && !allowed.encoded_slash {
            return Err(Ambiguous("percent-encoded slash"));
        }
        Ok(())
    }

    /// Refuses a canonical segment that is a dot segment, or an empty one, to a server that splits or cuts it.
    pub(super) fn check_segment(self, segment: &str) -> Result<(), Ambiguous> {
        if self == Self::default() {
            return Ok(());
        }
        for part in segment.split("%2F") {
            match part.split_once(';') {
                Some(("", _)) => return Err(Ambiguous("path parameter of an empty segment")),
                Some((".." | ".", _)) => return Err(Ambiguous("dot segment")),
                None if matches!(part, "." | "..") => return Err(Ambiguous("dot segment")),
                Some(_) | None => {}
            }
        }
        Ok(())
    }
}

/// Stands for an encoded slash in a decoded path, where a slash would end the segment. No path holds it otherwise.
pub(super) const SLASH: char = '\0';
/// The same as an octet.
pub(super) const SLASH_OCTET: u8 = b'\0';

/// A decoded segment as the upstream reads it.
pub(super) fn with_slashes(segment: &str) -> String {
    segment.replace(SLASH, "/")
}
