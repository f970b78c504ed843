//! The configurations that the gateway accepted, kept for whoever holds them against the schema afterwards.

use std::hash::{DefaultHasher, Hash, Hasher};
use std::path::Path;

/// Keeps the text of an accepted configuration in the directory that `JWTGATE_TEST_CONFIGURATIONS` names, if it does.
pub fn keep(config: &Path) {
    let Some(directory) = std::env::var_os("JWTGATE_TEST_CONFIGURATIONS") else { return };
    // A test may have changed or removed it by now: then there is nothing to keep.
    let Ok(text) = std::fs::read_to_string(config) else { return };
    let mut hasher = DefaultHasher::new();
    text.hash(&mut hasher);
    let name = format!("{:016x}.yaml", hasher.finish());
    std::fs::write(Path::new(&directory).join(name), text).expect("the directory of configurations");
}
