//! Keys in files: mistakes found at start, changes followed, broken changes survived.

use std::error::Error;
use std::path::Path;

use super::super::{KeySourceError, SecretSource};
use super::scripted::{Jwk, set};
use super::*;

const ISSUER: &str = "https://id.example.com";

fn error(source: KeySource) -> KeySourceError {
    let metrics = Metrics::new().unwrap().issuer("main");
    let algorithms = Algorithms::new(vec![Algorithm::Hs256]).unwrap();
    Keys::new(&"main".into(), ISSUER, &algorithms, source, &FetchOptions::default(), metrics).unwrap_err()
}

#[test]
fn a_mistake_names_its_file_and_what_would_be_right() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("key");
    let message = |source: KeySource| {
        let error = error(source);
        let cause = error.source().map(ToString::to_string).unwrap_or_default();
        assert!(error.to_string().contains("key") && error.to_string().contains("; "), "{error}");
        (error.is_missing(), cause)
    };
    assert!(message(KeySource::JwksFile(path.clone())).0);
    assert!(message(KeySource::PemFile(path.clone())).0);
    assert!(message(KeySource::Secret(SecretSource::File(path.clone()))).0);
    assert!(message(KeySource::PemFile(directory.path().join("key").join("x"))).0);
    let folder = directory.path().join("key.d");
    std::fs::create_dir(&folder).unwrap();
    assert!(message(KeySource::PemFile(folder)).1.contains("not a regular file"));
    std::fs::write(&path, "{}").unwrap();
    assert!(!message(KeySource::JwksFile(path.clone())).0);
    assert!(!message(KeySource::PemFile(path.clone())).0);
    std::fs::write(&path, "a".repeat(31)).unwrap();
    assert!(message(KeySource::Secret(SecretSource::File(path.clone()))).1.contains("less than 32 bytes"));
    std::fs::write(&path, "a".repeat(31) + "\n").unwrap();
    assert!(
        message(KeySource::Secret(SecretSource::File(path.clone()))).1.contains("less than 32 bytes"),
        "newline counted"
    );
    std::fs::write(&path, " ".repeat(2 * 1024 * 1024)).unwrap();
    assert!(message(KeySource::JwksFile(path)).1.contains("larger"));
    let unset = error(KeySource::Secret(SecretSource::Env("JWTGATE_NO_SUCH_VARIABLE".to_owned())));
    assert!(unset.is_missing() && unset.to_string().contains("JWTGATE_NO_SUCH_VARIABLE"));
    assert!(!error(KeySource::JwksUri("http://id.example.com/jwks".to_owned())).is_missing());
}

#[tokio::test]
async fn one_newline_is_not_part_of_a_secret() {
    let directory = tempfile::tempdir().unwrap();
    let algorithms = Algorithms::new(vec![Algorithm::Hs256]).unwrap();
    let mut identities = Vec::new();
    for (name, end) in [("none", ""), ("one", "\n"), ("two", "\n\n"), ("windows", "\r\n"), ("bare", "\r")] {
        let path = directory.path().join(name);
        std::fs::write(&path, "s".repeat(32) + end).unwrap();
        let source = KeySource::Secret(SecretSource::File(path));
        let metrics = Metrics::new().unwrap().issuer("main");
        let keys = Keys::new(&"main".into(), ISSUER, &algorithms, source, &FetchOptions::default(), metrics)
            .unwrap();
        assert!(keys.is_ready(Instant::now()));
        identities.push(*keys.select(None, Algorithm::Hs256).await.unwrap()[0].identity());
    }
    assert_eq!(identities[0], identities[1]);
    assert_ne!(identities[0], identities[2]);
    assert_eq!(identities[0], identities[3]);
    assert_ne!(identities[0], identities[4]);
}

#[tokio::test]
async fn a_file_is_followed_through_changes_and_mistakes() {
    let (a, b) = (Jwk::new("a"), Jwk::new("b"));
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("jwks.json");
    std::fs::write(&path, set(&[&a])).unwrap();
    let started = Fixture::new().start(KeySource::JwksFile(path.clone()), ISSUER);
    assert!(started.has("a").await);
    assert!(started.keys.is_ready(Instant::now()));
    assert_eq!(started.select("b").await, Err(KeyFailure::Unknown), "a file is not asked");

    for broken in ["", "{", r#"{"keys":{}}"#, set(&[&a]).trim_end_matches(']')] {
        std::fs::write(&path, broken).unwrap();
        eventually("the mistake is seen", || started.keys.describe().contains("cannot be used")).await;
        assert!(started.has("a").await);
    }
    std::fs::remove_file(&path).unwrap();
    eventually("the loss is seen", || started.keys.describe().contains("cannot be read")).await;
    assert!(started.has("a").await);
    assert!(started.keys.broken_file().is_some_and(|why| why.contains("cannot be read")));
    // Once for each that was seen, and the loss.
    let failures = started.metrics.fetch_failure.get();
    assert!(failures >= 2 && started.metrics.fetch_success.get() == 0, "{failures}");
    assert_eq!(started.keys.generation(), 0);

    std::fs::write(&path, set(&[&b])).unwrap();
    eventually("the change is seen", || started.holds("b")).await;
    assert!(!started.has("a").await);
    assert_eq!(started.keys.generation(), 1);
    eventually("all is well", || !started.keys.describe().contains("cannot")).await;
    assert!(started.keys.broken_file().is_none());
    assert_eq!((started.metrics.fetch_failure.get(), started.metrics.fetch_success.get()), (failures, 1));

    std::fs::write(&path, set(&[&a, &b])).unwrap();
    started.keys.refresh_now().await.unwrap();
    assert!(started.has("a").await);
    std::fs::write(&path, "{").unwrap();
    assert!(started.keys.refresh_now().await.is_err());
}

#[tokio::test]
async fn a_key_set_that_lists_no_key_is_a_withdrawal_and_one_of_broken_keys_is_broken() {
    let (a, b) = (Jwk::new("a"), Jwk::new("b"));
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("jwks.json");
    std::fs::write(&path, set(&[&a])).unwrap();
    let started = Fixture::new().start(KeySource::JwksFile(path.clone()), ISSUER);
    assert!(started.has("a").await);

    let encryption = set(&[&a]).replace(r#""kty""#, r#""use":"enc","kty""#);
    let damaged = set(&[&a]).replace(r#""x":""#, r#""x":"AAAA"#);
    for broken in [encryption, damaged, r#"{"keys":[{"kty":"XX"}]}"#.to_owned()] {
        std::fs::write(&path, &broken).unwrap();
        assert!(started.keys.refresh_now().await.is_err(), "{broken}");
        assert!(started.holds("a") && started.keys.broken_file().is_some(), "{broken}");
    }

    std::fs::write(&path, r#"{"keys":[]}"#).unwrap();
    eventually("the withdrawal is seen", || !started.holds("a")).await;
    assert_eq!(started.select("a").await, Err(KeyFailure::Unknown));
    let without = started.keys.select(None, Algorithm::Es256).await;
    assert_eq!(without.err(), Some(KeyFailure::Unknown));
    assert_eq!((started.keys.generation(), started.metrics.keys.get()), (1, 0));
    assert!(started.keys.is_ready(Instant::now()) && !started.keys.are_missing());
    std::fs::write(&path, "{").unwrap();
    eventually("the mistake is seen", || started.keys.describe().contains("cannot be used")).await;
    assert_eq!(started.select("a").await, Err(KeyFailure::Unknown), "a broken file brings no key back");
    std::fs::write(&path, set(&[&b])).unwrap();
    eventually("the new key is seen", || started.holds("b")).await;
}

#[cfg(unix)]
#[tokio::test]
async fn the_swap_of_a_mounted_volume_is_seen() {
    use std::os::unix::fs::symlink;
    let directory = tempfile::tempdir().unwrap();
    let root = directory.path();
    let generation = |name: &str, jwk: &Jwk| {
        std::fs::create_dir(root.join(name)).unwrap();
        std::fs::write(root.join(name).join("jwks.json"), set(&[jwk])).unwrap();
    };
    let swap = |name: &str| {
        symlink(name, root.join("..data_tmp")).unwrap();
        std::fs::rename(root.join("..data_tmp"), root.join("..data")).unwrap();
    };
    generation("..1", &Jwk::new("a"));
    swap("..1");
    symlink(Path::new("..data").join("jwks.json"), root.join("jwks.json")).unwrap();
    let started = Fixture::new().start(KeySource::JwksFile(root.join("jwks.json")), ISSUER);
    assert!(started.has("a").await);
    for (name, kid, before) in [("..2", "b", "..1"), ("..3", "c", "..2")] {
        generation(name, &Jwk::new(kid));
        swap(name);
        std::fs::remove_dir_all(root.join(before)).unwrap();
        eventually("the swap is seen", || started.holds(kid)).await;
    }
}
