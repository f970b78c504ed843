//! Keys that outlive the process.

use std::time::SystemTime;

use super::super::OnStart;
use super::super::last_known::LastKnown;
use super::super::shared::wall_clock;
use super::scripted::{Jwk, Script, Scripted};
use super::*;

fn keeping(directory: &tempfile::TempDir) -> Fixture {
    let mut fixture = Fixture::new();
    fixture.options.on_start = OnStart::LastKnownGood { state_dir: directory.path().to_owned() };
    fixture
}

#[tokio::test]
async fn a_restart_during_an_outage_serves_at_once() {
    let issuer = Scripted::with(&[&Jwk::new("a")]).await;
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("main.keys.json");
    let started = keeping(&directory).at(&issuer);
    assert!(!started.keys.is_ready(Instant::now()), "there is nothing yet");
    assert!(started.has("a").await);
    eventually("the file", || file.exists()).await;
    drop(started);

    issuer.script("/jwks", Script::Hangup);
    let source = KeySource::JwksUri(issuer.url("/jwks"));
    let started = keeping(&directory).make(source.clone(), "https://id.example.com");
    assert!(started.keys.is_ready(Instant::now()), "before it is even started");
    started.keys.start();
    assert!(started.has("a").await);
    eventually("a fetch", || started.metrics.fetch_failure.get() > 0).await;
    assert!(started.has("a").await);

    issuer.serve_keys(&[&Jwk::new("b")]);
    eventually("the issuer is back", || started.holds("b")).await;
    assert!(!started.has("a").await);
    assert_eq!(started.keys.generation(), 1);

    // Another issuer, another source, or less patience: not these keys.
    let foreign = keeping(&directory).make(source.clone(), "https://other.example.com");
    assert!(!foreign.holds("b"));
    let elsewhere = keeping(&directory).make(KeySource::JwksUri(issuer.url("/x")), "https://id.example.com");
    assert!(!elsewhere.holds("b"));
    let mut impatient = keeping(&directory);
    impatient.options.max_stale = Duration::ZERO;
    assert!(!impatient.make(source, "https://id.example.com").holds("b"));
    let left: Vec<_> =
        std::fs::read_dir(directory.path()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    assert_eq!(left, ["main.keys.json"], "temporary files are left");
}

#[tokio::test]
async fn a_kept_file_is_checked_before_it_is_believed() {
    let directory = tempfile::tempdir().unwrap();
    let made =
        || LastKnown::new("a/b".into(), directory.path().to_owned(), "https://i", "https://i/k".to_owned());
    let jwks = scripted::set(&[&Jwk::new("a")]);
    let now = wall_clock();
    let day = Duration::from_hours(24);
    assert!(made().load(day, now).is_none());
    made().keep(Some(jwks.clone().into_bytes())).await;
    let file = directory.path().join("a%2Fb.keys.json");
    let (set, age) = made().load(day, now + Duration::from_hours(1)).unwrap();
    assert_eq!(set.keys().len(), 1);
    assert!(age >= Duration::from_mins(59) && age <= Duration::from_mins(61), "{age:?}");
    assert!(made().load(day, now + day + Duration::from_mins(1)).is_none(), "too old");
    assert!(made().load(day, SystemTime::UNIX_EPOCH).is_none(), "from the future");
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        assert_eq!(std::fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
    }
    let text = std::fs::read_to_string(&file).unwrap();
    for damaged in [
        text.replace("P-256", "P-384"),
        text.replace("\"version\":1", "\"version\":2"),
        text.chars().take(100).collect(),
        String::new(),
        "{}".to_owned(),
    ] {
        std::fs::write(&file, &damaged).unwrap();
        assert!(made().load(day, now + Duration::from_mins(1)).is_none(), "{damaged}");
    }
    std::fs::write(&file, &text).unwrap();
    assert!(made().load(day, now + Duration::from_mins(1)).is_some());
}

#[tokio::test]
async fn a_directory_that_cannot_be_written_costs_nothing_else() {
    let issuer = Scripted::with(&[&Jwk::new("a")]).await;
    let directory = tempfile::tempdir().unwrap();
    let source = KeySource::JwksUri(issuer.url("/jwks"));
    let started = keeping(&directory).make(source, "https://id.example.com");
    drop(directory);
    started.keys.start();
    assert!(started.has("a").await);
    assert!(!started.has("b").await);
}

#[tokio::test]
async fn keys_that_somebody_else_could_have_put_there_are_not_believed() {
    use std::os::unix::fs::PermissionsExt;
    let directory = tempfile::tempdir().unwrap();
    let made =
        || LastKnown::new("main".into(), directory.path().to_owned(), "https://i", "https://i/k".to_owned());
    made().keep(Some(scripted::set(&[&Jwk::new("a")]).into_bytes())).await;
    let file = directory.path().join("main.keys.json");
    let later = wall_clock() + Duration::from_secs(1);
    let is_believed = |directory_mode: u32, file_mode: u32| {
        let set = |path: &std::path::Path, mode| {
            std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode)).unwrap();
        };
        set(directory.path(), directory_mode);
        set(&file, file_mode);
        made().load(Duration::from_hours(1), later).is_some()
    };
    // As made here; as Kubernetes makes volumes with fsGroup; like /tmp.
    for (directory_mode, file_mode) in [(0o755, 0o600), (0o2775, 0o660), (0o1777, 0o600)] {
        assert!(is_believed(directory_mode, file_mode), "{directory_mode:o} {file_mode:o}");
    }
    for (directory_mode, file_mode) in [(0o777, 0o600), (0o2777, 0o660), (0o755, 0o666), (0o1777, 0o602)] {
        assert!(!is_believed(directory_mode, file_mode), "{directory_mode:o} {file_mode:o}");
    }
    let elsewhere = directory.path().join("elsewhere");
    std::fs::rename(&file, &elsewhere).unwrap();
    std::os::unix::fs::symlink(&elsewhere, &file).unwrap();
    assert!(!is_believed(0o755, 0o600), "a link");
}
