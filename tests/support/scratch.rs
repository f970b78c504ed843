//! A directory of the test's own, with the files a configuration names.

use std::path::{Path, PathBuf};

/// A temporary directory that removes itself.
#[derive(Debug)]
pub struct Scratch(tempfile::TempDir);

impl Scratch {
    pub fn new() -> Self {
        Self(tempfile::Builder::new().prefix("jwtgate-test-").tempdir().expect("a temporary directory"))
    }

    pub fn path(&self) -> &Path {
        self.0.path()
    }

    /// Writes a file, with the directories above it, and gives its path.
    pub fn write(&self, name: &str, content: impl AsRef<[u8]>) -> PathBuf {
        let path = self.0.path().join(name);
        std::fs::create_dir_all(path.parent().expect("a parent")).expect("the directories above");
        std::fs::write(&path, content).expect("a written file");
        path
    }

    /// Replaces a file in one step, as an operator's tool does: a reader sees the old or the new, never a part.
    pub fn replace(&self, name: &str, content: impl AsRef<[u8]>) {
        let new = self.write(&format!("{name}.new"), content);
        std::fs::rename(new, self.0.path().join(name)).expect("a replaced file");
    }
}
