//! Paths of the file, relative to the file.

use std::path::{Path, PathBuf};

use crate::config::node::At;
use crate::config::problem::Problems;
use crate::config::suite::StandIns;

/// The directory that paths start from, and whether what lies there counts.
#[derive(Clone, Copy)]
pub(in crate::config) struct Base<'a> {
    directory: &'a Path,
    stand_ins: Option<&'a StandIns>,
}

impl<'a> Base<'a> {
    /// The files below `directory`.
    pub(in crate::config) fn at(directory: &'a Path) -> Self {
        Self { directory, stand_ins: None }
    }

    /// No files and no variables at all: issuers' keys are these, and nothing else decides requests.
    pub(in crate::config) fn tested_with(directory: &'a Path, stand_ins: &'a StandIns) -> Self {
        Self { directory, stand_ins: Some(stand_ins) }
    }

    /// What stands in for the keys of issuers, where the configuration is tested.
    pub(super) fn stand_ins(self) -> Option<&'a StandIns> {
        self.stand_ins
    }

    /// The path that `written` means; a file that is not there is recorded.
    pub(super) fn file(self, written: &At<String>, problems: &mut Problems) -> Option<PathBuf> {
        let path = self.path(written);
        if self.stand_ins.is_some() {
            return Some(path);
        }
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
        self.directory.join(&written.value)
    }
}
