//! MATCH: which rule is this?
mod target;
pub use target::Target;

/// The captures of a path pattern: name and the segment it stood for, percent-decoded once.
#[derive(Debug, Clone, Default)]
pub struct Captures(Vec<(std::sync::Arc<str>, String)>);

impl Captures {
    /// The decoded segment captured as `name`.
    pub fn value(&self, name: &str) -> Option<&str> {
        self.0.iter().find(|(known, _)| &**known == name).map(|(_, value)| value.as_str())
    }
}
