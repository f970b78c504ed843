//! Names that other parts of the file refer to.

use std::sync::Arc;

use crate::config::node::At;
use crate::config::problem::{Problems, closest};

/// What the file gives a name, in the order of the file. A name whose value could not be read is known all the same, so
/// that what refers to it is not reported too.
#[derive(Debug)]
pub(super) struct Names<T> {
    kind: &'static str,
    section: &'static str,
    known: Vec<(String, Option<Arc<T>>)>,
    /// The section could not be read, so that any name may have been meant.
    broken: bool,
}

impl<T> Names<T> {
    /// No names yet of `kind` (`upstream`), given under `section` (`upstreams`).
    pub(super) fn new(kind: &'static str, section: &'static str, broken: bool) -> Self {
        Self { kind, section, known: Vec::new(), broken }
    }

    pub(super) fn add(&mut self, name: &str, value: Option<Arc<T>>) {
        self.known.push((name.to_owned(), value));
    }

    pub(super) fn is_empty(&self) -> bool {
        self.known.is_empty() && !self.broken
    }

    pub(super) fn values(&self) -> impl Iterator<Item = &Arc<T>> {
        self.known.iter().filter_map(|(_, value)| value.as_ref())
    }

    /// What `name` refers to; a name that refers to nothing is recorded.
    pub(super) fn resolve(&self, name: &At<String>, problems: &mut Problems) -> Option<&Arc<T>> {
        if let Some((_, value)) = self.known.iter().find(|(known, _)| *known == name.value) {
            return value.as_ref();
        }
        if self.broken {
            return None;
        }
        let names = || self.known.iter().map(|(known, _)| known.as_str());
        let right = match closest(&name.value, names()) {
            Some(near) => format!("did you mean `{near}`?"),
            None if self.is_empty() => format!("there is no `{}` section with names", self.section),
            None => format!("known: {}", names().collect::<Vec<_>>().join(", ")),
        };
        problems.error(name.at, format_args!("no {} named `{}`", self.kind, name.value), right);
        None
    }
}
