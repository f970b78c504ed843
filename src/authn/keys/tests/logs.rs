//! What the log says: one line a change, and nothing that a stranger could put there.

use std::io::{self, Write};
use std::sync::Mutex;

use tracing::subscriber::DefaultGuard;
use tracing_subscriber::fmt::MakeWriter;

use super::scripted::{Jwk, Script, Scripted, set};
use super::*;

#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl Log {
    /// Of this thread, on which the tasks of a single-threaded runtime run as well.
    fn capture(&self) -> DefaultGuard {
        // Without one for all threads, a test that listens to nothing and is the first to say a line silences it for all.
        static FOR_ALL: std::sync::Once = std::sync::Once::new();
        FOR_ALL.call_once(|| {
            let sink = tracing_subscriber::fmt().with_writer(io::sink).with_max_level(tracing::Level::INFO);
            let _another = tracing::subscriber::set_global_default(sink.finish());
        });
        let subscriber = tracing_subscriber::fmt().with_writer(self.clone()).with_ansi(false);
        tracing::subscriber::set_default(subscriber.with_max_level(tracing::Level::INFO).finish())
    }

    fn lines(&self, of: &str) -> Vec<String> {
        let text = String::from_utf8(self.0.lock().unwrap().clone()).unwrap();
        text.lines().filter(|line| line.contains(of)).map(ToOwned::to_owned).collect()
    }
}

impl Write for Log {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl<'a> MakeWriter<'a> for Log {
    type Writer = Self;

    fn make_writer(&'a self) -> Self {
        self.clone()
    }
}

#[tokio::test]
async fn a_rotation_is_one_line() {
    let log = Log::default();
    let _guard = log.capture();
    let (a, b, c) = (Jwk::new("a"), Jwk::new("b"), Jwk::new("c"));
    let issuer = Scripted::with(&[&a, &b]).await;
    let started = Fixture::new().at(&issuer);
    assert!(started.has("a").await);
    issuer.serve_keys(&[&b, &c]);
    for _ in 0..5 {
        started.keys.refresh_now().await.unwrap();
        assert!(!started.has("invented").await);
    }
    let lines = log.lines("Keys of the issuer changed");
    assert_eq!(lines.len(), 2, "{lines:?}");
    assert!(lines[0].contains("added=a, b kept=0 withdrawn="), "{}", lines[0]);
    assert!(lines[1].contains("added=c kept=1 withdrawn=a"), "{}", lines[1]);
    assert!(log.lines("invented").is_empty(), "the kid of a token");
}

#[tokio::test]
async fn an_outage_is_one_line_and_its_end_another() {
    let log = Log::default();
    let _guard = log.capture();
    let issuer = Scripted::start().await;
    issuer.script("/jwks", Script::Hangup);
    let started = Fixture::new().at(&issuer);
    eventually("failures", || started.metrics.fetch_failure.get() >= 6).await;
    assert_eq!(log.lines("could not be obtained").len(), 1);
    issuer.serve_keys(&[&Jwk::new("a")]);
    eventually("keys", || started.holds("a")).await;
    assert_eq!(log.lines("answers again").len(), 1);
}

#[tokio::test]
async fn what_an_issuer_writes_is_escaped_and_said_once() {
    let log = Log::default();
    let _guard = log.capture();
    let issuer = Scripted::start().await;
    let odd = r#"{"kty":"new","kid":"\u001b[2J\nforged line"}"#;
    let good = set(&[&Jwk::new("a")]);
    issuer.script("/jwks", Script::Json(good.replace("]}", &format!(",{odd}]}}"))));
    let started = Fixture::new().at(&issuer);
    assert!(started.has("a").await);
    // The same document in other words.
    issuer.script("/jwks", Script::Json(good.replace("]}", &format!(", {odd}]}}"))));
    started.keys.refresh_now().await.unwrap();
    let lines = log.lines("left out or odd");
    assert_eq!(lines.len(), 1, "{lines:?}");
    assert!(lines[0].contains("forged line") && !lines[0].contains('\u{1b}'), "{}", lines[0]);
}

#[tokio::test]
async fn discovery_that_fails_is_said_once_though_the_keys_can_be_had() {
    let log = Log::default();
    let _guard = log.capture();
    let issuer = Scripted::with(&[&Jwk::new("a")]).await;
    let document =
        |iss: &str| Script::Json(format!(r#"{{"issuer":"{iss}","jwks_uri":"{}"}}"#, issuer.url("/jwks")));
    let path = "/.well-known/openid-configuration";
    issuer.script(path, document(&issuer.url("")));
    let started = Fixture::new().start(KeySource::Discovery, &issuer.url(""));
    assert!(started.has("a").await);
    issuer.script(path, document("https://evil.example"));
    for _ in 0..3 {
        started.keys.refresh_now().await.unwrap();
    }
    assert!(started.has("a").await);
    let lines = log.lines("Discovery failed");
    assert_eq!(lines.len(), 1, "{lines:?}");
    assert!(lines[0].contains("is of the issuer https://evil.example"), "{}", lines[0]);
    issuer.script(path, document(&issuer.url("")));
    started.keys.refresh_now().await.unwrap();
    issuer.script(path, Script::Hangup);
    started.keys.refresh_now().await.unwrap();
    assert_eq!(log.lines("Discovery failed").len(), 2, "another time");
}
