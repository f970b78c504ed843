//! Paths of the file, relative to the file.

use std::path::{Path, PathBuf};

use crate::config::node::At;
use crate::config::problem::Problems;

/// The directory that paths start from.
#[derive(Debug, Clone, Copy)]
pub(super) struct Base<'a>(pub(super) &'a Path);

impl Base<'_> {
    /// The path that `written` means; a file that is not there is recorded.
    pub(super) fn file(self, written: &At<String>, problems: &mut Problems) -> Option<PathBuf> {
        let path = self.path(written);
        match std::fs::metadata(&path) {
            Ok(metadata) if metadata.is_dir() => {
                problems.error(
                    written.at,
                    format_args!("`{}` is a directory", written.value),
                    "name the file in it",
                );
                None
            }
            Ok(_) => Some(path),
            Err(error) => {
                let wrong = format!("`{}` cannot be read: {error}", written.value);
                problems.missing(
                    written.at,
                    wrong,
                    "paths are relative to this file; name a file that is there",
                );
                None
            }
        }
    }

    /// The path that `written` means, whether or not something is there.
    pub(super) fn path(self, written: &At<String>) -> PathBuf {
        self.0.join(&written.value)
    }
}
