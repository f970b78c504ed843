//! What the log says about keys: one line a change, nothing that a stranger wrote unescaped or at length.

use std::error::Error;
use std::fmt;
use std::sync::{Mutex, PoisonError};

use super::engine::Keys;
use super::set::{KeySet, SkippedKey};
use super::store::Rotation;

/// A text from a document of the issuer, fit for a log line: escaped, and no longer than anyone reads.
pub fn printable(text: &str) -> String {
    let mut printable: String = text.chars().take(TEXT_LIMIT).flat_map(char::escape_debug).collect();
    if text.chars().nth(TEXT_LIMIT).is_some() {
        printable.push('…');
    }
    printable
}

/// A key by its id, or else by its place in the set, which counts from 0 and is told from 1.
fn named(index: usize, kid: Option<&str>) -> String {
    kid.map_or_else(|| format!("key {}", index + 1), printable)
}

impl fmt::Display for SkippedKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} is not used: it {}", named(self.index, self.kid.as_deref()), self.why)
    }
}

/// An error and its causes in one line.
pub(super) fn chain(error: &dyn Error) -> String {
    let mut line = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        let text = error.to_string();
        // Some errors say their cause themselves.
        if !line.ends_with(&text) {
            line.push_str(": ");
            line.push_str(&text);
        }
        cause = error.source();
    }
    line.chars().take(LINE_LIMIT).collect()
}

/// The keys of an issuer have changed.
pub(super) fn rotation(issuer: &str, rotation: &Rotation) {
    if rotation.is_change() {
        tracing::info!(
            issuer,
            added = %listed(&rotation.added),
            kept = rotation.kept,
            withdrawn = %listed(&rotation.withdrawn),
            "Keys of the issuer changed"
        );
    }
}

/// What is left out of an issuer's documents, or odd about them. A document that is served with its members in another
/// order each time is a new one each time, and what is odd about it is still said once.
#[derive(Debug, Default)]
pub(super) struct Oddities {
    last: Mutex<Vec<String>>,
}

impl Oddities {
    /// Reports what is odd about a new document, unless that was said of the last one.
    pub(super) fn report(&self, issuer: &str, set: &KeySet) {
        let skipped = set.skipped().iter().map(ToString::to_string);
        let notes =
            set.notes().iter().map(|key| format!("{} {}", named(key.index, key.kid.as_deref()), key.note));
        let oddities: Vec<String> = skipped.chain(notes).collect();
        let mut last = self.last.lock().unwrap_or_else(PoisonError::into_inner);
        if *last != oddities {
            if !oddities.is_empty() {
                tracing::warn!(issuer, keys = %listed(&oddities), "Some keys of the issuer are left out or odd");
            }
            *last = oddities;
        }
    }
}

impl Keys {
    /// The keys that are there now and are not used, for people who ask.
    pub fn left_out(&self) -> Vec<SkippedKey> {
        self.shared.store.current().map(|set| set.skipped().to_vec()).unwrap_or_default()
    }

    /// Whether they are asked for, and not read from a file or a variable.
    pub fn are_fetched(&self) -> bool {
        self.made_from.source.is_remote()
    }
}

fn listed(kids: &[String]) -> String {
    match kids.get(..KIDS_LISTED) {
        Some(first) if kids.len() > KIDS_LISTED => format!("{}, …", first.join(", ")),
        Some(_) | None => kids.join(", "),
    }
}

const KIDS_LISTED: usize = 16;
const LINE_LIMIT: usize = 400;
const TEXT_LIMIT: usize = 80;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_stranger_wrote_is_escaped_and_cut() {
        assert_eq!(printable("a\n\u{1b}[31m\""), "a\\n\\u{1b}[31m\\\"");
        assert_eq!(printable(&"é".repeat(1000)).chars().count(), TEXT_LIMIT + 1);
        let skipped = super::super::KeySetError::Key { index: 0, source: super::super::KeyDefect::Point };
        assert_eq!(chain(&skipped), "key 1 cannot be used: it has a point that is not on its curve");
        let kids: Vec<String> = (0..20).map(|n| n.to_string()).collect();
        assert!(listed(&kids).ends_with("15, …"));
        assert_eq!(listed(&["a".to_owned()]), "a");
    }
}
