//! The examples of `config/` keep what their tests promise, and their tests cover all of them.

use std::path::{Path, PathBuf};

use crate::support::Binary;

#[tokio::test]
async fn the_tests_of_the_examples_pass_and_cover_everything() {
    let config = Path::new(env!("CARGO_MANIFEST_DIR")).join("config");
    let mut files = test_files(&config);
    files.sort();
    assert!(!files.is_empty(), "no tests below {}", config.display());
    for file in files {
        let file = file.to_str().unwrap();
        let run = Binary::finish(["test", "--coverage=require", file]).await;
        assert_eq!(run.code(), Some(0), "{file}: {}", run.said());
        assert_eq!(run.stdout.lines().count(), 1, "{file}: {}", run.said());
    }
}

fn test_files(directory: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(directory).unwrap().map(|entry| entry.unwrap().path());
    entries
        .flat_map(|path| {
            if path.is_dir() {
                test_files(&path)
            } else {
                let is_test = path.to_str().unwrap().ends_with(".test.yaml");
                is_test.then_some(path).into_iter().collect()
            }
        })
        .collect()
}
