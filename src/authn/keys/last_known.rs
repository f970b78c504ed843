//! Keys kept over a restart: what `on_start: last_known_good` serves while the issuer is down.
//!
//! Given each good key set, it keeps the document in a file of the issuer's own, replaced in one step, so that a
//! crash leaves the old one or the new one. A file is believed only if it is whole (its digest), of the same issuer
//! and source, not from the future and no older than `max_stale`; it is parsed like a fresh answer. Public keys are no
//! secret, but who can write this file can sign tokens: it is made readable and writable by its owner alone, and not
//! believed where somebody else could have put or changed it.

use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use aws_lc_rs::digest::{SHA256, digest};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::{Deserialize, Serialize};

use super::custody::{self, Exposure, OpenError};
use super::report::chain;
use super::set::{KeySet, Origin};
use super::shared::wall_clock;

/// The keys of one issuer that outlive the process.
#[derive(Debug)]
pub(super) struct LastKnown {
    name: Arc<str>,
    directory: PathBuf,
    issuer: String,
    source: String,
    document: Option<Vec<u8>>,
    written: Option<SystemTime>,
}

/// The file.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Record {
    version: u32,
    issuer: String,
    source: String,
    /// Seconds since the Unix epoch.
    obtained_at: u64,
    /// SHA-256 of the document, base64url.
    digest: String,
    document: String,
}

impl LastKnown {
    /// Nothing is read yet.
    pub(super) fn new(name: Arc<str>, directory: PathBuf, issuer: &str, source: String) -> Self {
        Self { name, directory, issuer: issuer.to_owned(), source, document: None, written: None }
    }

    /// The keys of an earlier run and their age, if there are any that may be trusted.
    pub(super) fn load(&self, max_stale: Duration, now: SystemTime) -> Option<(KeySet, Duration)> {
        let path = self.path();
        match self.read(&path, max_stale, now) {
            Ok(found) => {
                let age = found.1.as_secs();
                tracing::info!(issuer = &*self.name, age, "Starting with the last known keys of the issuer");
                Some(found)
            }
            Err(Unusable::Unreadable(error)) if error.kind() == io::ErrorKind::NotFound => None,
            Err(error) => {
                let (path, reason) = (path.display(), chain(&error));
                tracing::warn!(issuer = &*self.name, %path, %reason, "The last known keys of the issuer are not used");
                None
            }
        }
    }

    /// The issuer has confirmed its keys, with this document or, without one, with the last.
    pub(super) async fn keep(&mut self, document: Option<Vec<u8>>) {
        let now = wall_clock();
        let is_new = document.is_some();
        if let Some(document) = document {
            self.document = Some(document);
        }
        let recent =
            self.written.is_some_and(|at| now.duration_since(at).is_ok_and(|age| age < REWRITE_AFTER));
        if recent && !is_new {
            return;
        }
        let Some(text) = self.document.as_deref().and_then(|document| self.record(document, now)) else {
            return;
        };
        let (directory, path) = (self.directory.clone(), self.path());
        let written = tokio::task::spawn_blocking(move || write(&directory, &path, &text));
        // A disk that hangs must not keep the keys from being refreshed.
        match tokio::time::timeout(WRITE_TIMEOUT, written).await {
            Ok(Ok(Ok(()))) => self.written = Some(now),
            Ok(Ok(Err(error))) => {
                tracing::warn!(issuer = &*self.name, %error, "The issuer's keys could not be kept for a restart");
            }
            Ok(Err(_)) | Err(_) => {
                tracing::warn!(issuer = &*self.name, "The issuer's keys could not be kept for a restart");
            }
        }
    }

    fn read(
        &self,
        path: &Path,
        max_stale: Duration,
        now: SystemTime,
    ) -> Result<(KeySet, Duration), Unusable> {
        if let Some(exposure) = custody::exposure(&self.directory) {
            return Err(Unusable::Exposed(exposure));
        }
        let file = custody::open(path)?;
        if file.metadata().map_err(Unusable::Unreadable)?.len() > FILE_LIMIT {
            return Err(Unusable::Damaged);
        }
        let mut text = Vec::new();
        file.take(FILE_LIMIT).read_to_end(&mut text).map_err(Unusable::Unreadable)?;
        let record: Record = serde_json::from_slice(&text).map_err(Unusable::Malformed)?;
        if record.version != VERSION || record.digest != sum(record.document.as_bytes()) {
            return Err(Unusable::Damaged);
        }
        if record.issuer != self.issuer || record.source != self.source {
            return Err(Unusable::Foreign);
        }
        let obtained = SystemTime::UNIX_EPOCH.checked_add(Duration::from_secs(record.obtained_at));
        let age = obtained.and_then(|at| now.duration_since(at).ok()).ok_or(Unusable::FromTheFuture)?;
        if age >= max_stale {
            return Err(Unusable::TooOld);
        }
        let set = KeySet::from_jwks_of(&self.issuer, record.document.as_bytes(), Origin::Remote)
            .map_err(Unusable::KeySet)?;
        Ok((set, age))
    }

    fn record(&self, document: &[u8], now: SystemTime) -> Option<Vec<u8>> {
        let record = Record {
            version: VERSION,
            issuer: self.issuer.clone(),
            source: self.source.clone(),
            obtained_at: now.duration_since(SystemTime::UNIX_EPOCH).ok()?.as_secs(),
            digest: sum(document),
            document: str::from_utf8(document).ok()?.to_owned(),
        };
        serde_json::to_vec(&record).ok()
    }

    /// The name of an issuer is the operator's and may hold anything; that of a file may not.
    fn path(&self) -> PathBuf {
        let plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_');
        let spelled =
            |byte: u8| if plain(byte) { char::from(byte).to_string() } else { format!("%{byte:02X}") };
        let name: String = self.name.bytes().map(spelled).collect();
        self.directory.join(name + ".keys.json")
    }
}

#[derive(Debug, thiserror::Error)]
enum Unusable {
    #[error("the file cannot be read")]
    Unreadable(#[source] io::Error),
    #[error("somebody else may have written the file")]
    Exposed(#[source] Exposure),
    #[error("the file is not one of ours")]
    Malformed(#[source] serde_json::Error),
    #[error("the file is damaged")]
    Damaged,
    #[error("the file is of another issuer or source")]
    Foreign,
    #[error("the file is from the future")]
    FromTheFuture,
    #[error("the keys are older than max_stale")]
    TooOld,
    #[error("the keys are no good key set")]
    KeySet(#[source] super::KeySetError),
}

impl From<OpenError> for Unusable {
    fn from(error: OpenError) -> Self {
        match error {
            OpenError::Io(error) => Self::Unreadable(error),
            OpenError::Exposed(exposure) => Self::Exposed(exposure),
        }
    }
}

/// In one step: a new file beside the old one, on the disk before it takes its name.
fn write(directory: &Path, path: &Path, text: &[u8]) -> io::Result<()> {
    let mut file = tempfile::Builder::new().prefix(".keys-").tempfile_in(directory)?;
    file.write_all(text)?;
    file.as_file().sync_all()?;
    file.persist(path).map_err(|error| error.error)?;
    std::fs::File::open(directory)?.sync_all()
}

fn sum(document: &[u8]) -> String {
    URL_SAFE_NO_PAD.encode(digest(&SHA256, document))
}

const FILE_LIMIT: u64 = 4 * 1024 * 1024;
/// An unchanged document is written again this often, so that its age on disk stays close to the truth.
const REWRITE_AFTER: Duration = Duration::from_mins(1);
const VERSION: u32 = 1;
const WRITE_TIMEOUT: Duration = Duration::from_secs(5);
