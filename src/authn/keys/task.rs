//! What keeps the keys of an issuer fresh, made from the configuration and not yet started.

use std::sync::Arc;
use std::time::Instant;

use tokio::task::AbortHandle;

use super::last_known::LastKnown;
use super::local::{self, Follower, KeyFile};
use super::provider::Provider;
use super::remote::Remote;
use super::shared::{Shared, wall_clock};
use super::source::{FetchOptions, KeySourceError, OnStart};

/// What keeps the keys of an issuer fresh once it is started.
#[derive(Debug)]
pub(super) enum Task {
    Remote(Box<Remote>),
    File(Box<Follower>),
    /// The value of a variable never changes.
    Nothing,
}

impl Task {
    /// The task of a URL; with the keys of an earlier run, where they are wanted and may be trusted.
    pub(super) fn remote(
        shared: &Arc<Shared>,
        issuer: &str,
        provider: Provider,
        options: &FetchOptions,
    ) -> Result<Self, KeySourceError> {
        if let Some(path) = &options.bearer_token_file {
            drop(local::read_token(path)?);
        }
        let OnStart::LastKnownGood { state_dir } = &options.on_start else {
            let remote = Remote::new(Arc::clone(shared), provider, options, None, None);
            return Ok(Self::Remote(Box::new(remote)));
        };
        if !state_dir.is_dir() {
            return Err(KeySourceError::StateDirectory { path: state_dir.clone() });
        }
        let last_known =
            LastKnown::new(Arc::clone(&shared.issuer), state_dir.clone(), issuer, provider.source());
        let mut trusted_until = None;
        let now = Instant::now();
        if let Some((set, age)) = last_known.load(options.max_stale, wall_clock())
            && provider.takes(&set)
            && let Some(obtained) = now.checked_sub(age)
        {
            trusted_until = obtained.checked_add(options.max_stale);
            shared.take(Arc::new(set), trusted_until);
            shared.fetches.note(|progress| progress.obtained = Some(obtained));
        }
        let remote = Remote::new(Arc::clone(shared), provider, options, Some(last_known), trusted_until);
        Ok(Self::Remote(Box::new(remote)))
    }

    /// The task of a file, which is read here for the first time.
    pub(super) fn file(shared: &Arc<Shared>, file: KeyFile) -> Result<Self, KeySourceError> {
        file.hand_over(file.load()?, shared);
        shared.fetches.note(|progress| progress.obtained = Some(Instant::now()));
        Ok(Self::File(Box::new(Follower::new(Arc::clone(shared), file))))
    }

    /// Whether there is something that can change.
    pub(super) fn is_something(&self) -> bool {
        match self {
            Self::Remote(_) | Self::File(_) => true,
            Self::Nothing => false,
        }
    }

    /// Starts it; none if there is nothing to do.
    pub(super) fn spawn(self) -> Option<AbortHandle> {
        match self {
            Self::Remote(remote) => Some(tokio::spawn(remote.run()).abort_handle()),
            Self::File(follower) => Some(tokio::spawn(follower.run()).abort_handle()),
            Self::Nothing => None,
        }
    }
}
