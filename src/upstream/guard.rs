//! Headers that clients may not send.
use http::HeaderName;

/// Every header that clients may not send.
#[derive(Debug, Default)]
pub struct Guard {
    names: Vec<String>,
}

impl Guard {
    /// Of these names, in every spelling.
    pub fn new<'a>(names: impl Iterator<Item = &'a HeaderName>) -> Self {
        Self { names: names.map(fold).collect() }
    }
    /// Whether the header is one of them.
    pub fn removes(&self, name: &HeaderName) -> bool {
        self.names.contains(&fold(name))
    }
}

fn fold(name: &HeaderName) -> String {
    name.as_str().chars().map(|c| if c.is_ascii_alphanumeric() { c } else { '-' }).collect()
}
