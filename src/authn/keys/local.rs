//! Keys in files and variables, and the task that follows a file.
//!
//! Given a path, it reads the file when the gateway starts, so that a mistake is found by `check`, and looks again
//! twice a second. It compares contents, never times, and opens the path anew each time: Kubernetes replaces a mounted
//! file by swapping a link two levels up. A change counts once two looks agree on it, so that a file caught half
//! written is not taken for broken. A broken file changes nothing and is reported once; a whole key set without a usable key is the
//! operator's word that the keys are withdrawn, and they go; a gateway that starts then starts without them.

use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Instant;

use aws_lc_rs::digest::{SHA256, digest};
use zeroize::Zeroizing;

use super::fetches::{Cause, Failure};
use super::report;
use super::set::{KeySet, Origin};
use super::shared::Shared;
use super::source::KeySourceError;
use crate::authn::Algorithms;

/// A file that holds keys.
#[derive(Debug, Clone)]
pub(super) struct KeyFile {
    pub(super) path: PathBuf,
    pub(super) kind: Kind,
    pub(super) issuer: Arc<str>,
    pub(super) algorithms: Algorithms,
}

/// What is in it.
#[derive(Debug, Clone, Copy)]
pub(super) enum Kind {
    Jwks,
    Pem,
    Secret,
}

impl KeyFile {
    /// Reads it once.
    pub(super) fn load(&self) -> Result<KeySet, KeySourceError> {
        self.parse(&self.read()?)
    }

    fn read(&self) -> Result<Zeroizing<Vec<u8>>, KeySourceError> {
        read_bounded(&self.path, FILE_LIMIT).map_err(|source| KeySourceError::Unreadable {
            path: self.path.clone(),
            needed: self.kind.needed(),
            source,
        })
    }

    fn parse(&self, content: &[u8]) -> Result<KeySet, KeySourceError> {
        let set = match self.kind {
            Kind::Jwks => {
                KeySet::from_jwks_of(&self.issuer, content, Origin::File).or_else(KeySet::withdrawn)
            }
            Kind::Pem => KeySet::from_pem(content),
            Kind::Secret => KeySet::from_secret(trimmed(content), &self.algorithms),
        };
        set.map_err(|source| KeySourceError::Unusable {
            path: self.path.clone(),
            needed: self.kind.needed(),
            source,
        })
    }
}

impl KeyFile {
    /// Takes what was in it. Says whether that changed anything.
    pub(super) fn hand_over(&self, set: KeySet, shared: &Shared) -> bool {
        let (is_empty, had_keys) = (set.keys().is_empty(), shared.store.current().is_some());
        let is_change = shared.take(Arc::new(set), None);
        if is_empty && (is_change || !had_keys) {
            let (issuer, path) = (&*shared.issuer, self.path.display());
            tracing::warn!(issuer, %path, "The key file lists no key: all keys of the issuer are withdrawn");
        }
        is_change
    }
}

impl Kind {
    fn needed(self) -> &'static str {
        match self {
            Self::Jwks => "a JWK set (RFC 7517) with at least one key for signatures",
            Self::Pem => "PEM public keys or certificates",
            Self::Secret => {
                "a secret of random bytes, at least as many as the hash of each of the issuer's algorithms has (`openssl rand -hex 32`)"
            }
        }
    }
}

/// The bearer token in this file; read when the gateway starts, to find out whether it can be.
pub(super) fn read_token(path: &Path) -> Result<Zeroizing<Vec<u8>>, KeySourceError> {
    let needed = "a bearer token for the fetches of the issuer's keys";
    read_bounded(path, FILE_LIMIT).map_err(|source| KeySourceError::Unreadable {
        path: path.to_owned(),
        needed,
        source,
    })
}

/// The secret in this environment variable.
pub(super) fn secret_of_variable(name: &str, algorithms: &Algorithms) -> Result<KeySet, KeySourceError> {
    use std::os::unix::ffi::OsStringExt;
    let value =
        std::env::var_os(name).ok_or_else(|| KeySourceError::VariableUnset { name: name.to_owned() })?;
    let value = Zeroizing::new(value.into_vec());
    KeySet::from_secret(trimmed(&value), algorithms)
        .map_err(|source| KeySourceError::VariableUnusable { name: name.to_owned(), source })
}

/// The task that follows a file.
#[derive(Debug)]
pub(super) struct Follower {
    shared: Arc<Shared>,
    file: KeyFile,
    /// What was last acted on. None before the first look: the file was read when the task was made.
    current: Option<Look>,
    pending: Option<Look>,
}

/// What a look at the file saw.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Look {
    Content([u8; 32]),
    Unreadable(io::ErrorKind),
}

impl Follower {
    pub(super) fn new(shared: Arc<Shared>, file: KeyFile) -> Self {
        Self { shared, file, current: None, pending: None }
    }

    /// Follows the file for as long as it is polled.
    pub(super) async fn run(mut self) {
        loop {
            tokio::select! {
                () = tokio::time::sleep(self.shared.timing.file_poll) => self.look(false).await,
                () = self.shared.fetches.asked() => {
                    if self.shared.fetches.wanted() == Some(Cause::Forced) {
                        self.shared.fetches.begin();
                        self.look(true).await;
                        self.shared.fetches.end(|_| {});
                    }
                }
            }
        }
    }

    /// Looks at the file. `at_once`: a change need not be seen twice.
    async fn look(&mut self, at_once: bool) {
        let file = self.file.clone();
        let Ok(read) = tokio::task::spawn_blocking(move || file.read()).await else { return };
        let look = match &read {
            Ok(content) => Look::content(content),
            Err(KeySourceError::Unreadable { source, .. }) => Look::Unreadable(source.kind()),
            Err(_) => Look::Unreadable(io::ErrorKind::Other),
        };
        if self.current == Some(look) {
            self.pending = None;
            self.confirm();
        } else if at_once || self.pending == Some(look) {
            self.pending = None;
            self.current = Some(look);
            self.act(read);
        } else {
            self.pending = Some(look);
        }
    }

    fn confirm(&self) {
        self.shared.fetches.note(|progress| {
            if progress.failure.is_none() {
                progress.obtained = Some(Instant::now());
            }
        });
    }

    fn act(&self, read: Result<Zeroizing<Vec<u8>>, KeySourceError>) {
        let issuer = &*self.shared.issuer;
        let path = self.file.path.display();
        match read.and_then(|content| self.file.parse(&content)) {
            Ok(set) => {
                self.shared.metrics.fetch_success.inc();
                self.shared.fetches.note(|progress| progress.failure = None);
                self.confirm();
                if self.file.hand_over(set, &self.shared) {
                    tracing::info!(issuer, %path, "The key file has been read again");
                }
            }
            Err(error) => {
                self.shared.metrics.fetch_failure.inc();
                let reason: Arc<str> = report::chain(&error).into();
                tracing::warn!(issuer, %path, %reason, "The key file is broken, the last good keys stand");
                self.shared.fetches.note(|progress| {
                    progress.failure = Some(Failure { at: Instant::now(), reason, in_a_row: 1 });
                });
            }
        }
    }
}

impl Look {
    fn content(content: &[u8]) -> Self {
        let mut sum = [0; 32];
        sum.copy_from_slice(digest(&SHA256, content).as_ref());
        Self::Content(sum)
    }
}

/// The content of a regular file of at most so many bytes; what a pipe or a device would do to a reader is not found
/// out.
pub(super) fn read_bounded(path: &Path, limit: u64) -> io::Result<Zeroizing<Vec<u8>>> {
    let metadata = std::fs::metadata(path)?;
    if !metadata.is_file() {
        return Err(io::Error::new(io::ErrorKind::InvalidInput, "not a regular file"));
    }
    if metadata.len() > limit {
        return Err(io::Error::new(io::ErrorKind::FileTooLarge, "larger than any key file"));
    }
    let mut content = Zeroizing::new(Vec::new());
    std::fs::File::open(path)?.take(limit).read_to_end(&mut content)?;
    Ok(content)
}

/// A secret without one trailing newline, which editors and `echo` add; on Windows that is two bytes.
fn trimmed(secret: &[u8]) -> &[u8] {
    secret.strip_suffix(b"\r\n").or_else(|| secret.strip_suffix(b"\n")).unwrap_or(secret)
}

const FILE_LIMIT: u64 = 1024 * 1024;
