//! What the placeholders of a path pattern stood for.

use std::sync::Arc;

use super::data::{self, SLASH};

/// The captures of a path pattern: name and the segment it stood for, percent-decoded once.
#[derive(Debug, Clone, Default)]
pub struct Captures {
    /// Shared with the pattern; `None` where it captures nothing, so that the common route shares no counter.
    names: Option<Arc<[Arc<str>]>>,
    /// The values in the order of the names, each followed by [`SLASH`], which no decoded segment holds any more.
    values: String,
}

impl Captures {
    pub(super) fn new<'a>(names: &Arc<[Arc<str>]>, values: impl Iterator<Item = &'a str>) -> Self {
        if names.is_empty() {
            return Self::default();
        }
        let mut joined = String::new();
        for value in values {
            joined.push_str(&data::with_slashes(value));
            joined.push(SLASH);
        }
        Self { names: Some(Arc::clone(names)), values: joined }
    }

    /// The decoded segment captured as `name`.
    pub fn value(&self, name: &str) -> Option<&str> {
        self.iter().find(|(known, _)| *known == name).map(|(_, value)| value)
    }

    /// How long the values are together: what looking for one costs.
    pub fn bytes(&self) -> usize {
        self.values.len()
    }

    /// Names and decoded segments, in the order of the path.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        let names = self.names.iter().flat_map(|names| names.iter());
        names.map(|name| &**name).zip(self.values.split_terminator(SLASH))
    }

    /// Captures for the unit tests of later stages.
    #[cfg(test)]
    pub(crate) fn for_test(captures: &[(&str, &str)]) -> Self {
        let names: Arc<[Arc<str>]> = captures.iter().map(|(name, _)| Arc::from(*name)).collect();
        Self::new(&names, captures.iter().map(|(_, value)| *value))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_found_by_name() {
        let captures = Captures::for_test(&[("tenant", "acme & co"), ("id", "42")]);
        assert_eq!(captures.value("tenant"), Some("acme & co"));
        assert_eq!(captures.value("id"), Some("42"));
        assert_eq!(captures.value("other"), None);
        assert_eq!(captures.iter().count(), 2);
    }

    #[test]
    fn nothing_captured_is_nothing() {
        assert_eq!(Captures::for_test(&[]).iter().count(), 0);
        assert_eq!(Captures::default().value("id"), None);
    }
}
