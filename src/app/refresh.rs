//! An operator's refresh of an issuer's keys: from the name in a path to the issuer of the current configuration.

use std::pin::Pin;
use std::sync::Arc;

use crate::admin::{Issuers, Refreshed};
use crate::authn::Issuer;
use crate::proxy::Snapshots;

/// The issuers of whatever configuration is in force.
#[derive(Debug)]
pub(super) struct Refresh {
    snapshots: Snapshots,
}

impl Refresh {
    /// The issuers of these snapshots.
    pub(super) fn new(snapshots: Snapshots) -> Self {
        Self { snapshots }
    }

    fn find(&self, name: &str) -> Option<Arc<Issuer>> {
        let snapshot = self.snapshots.current();
        snapshot.authenticator().issuers().iter().find(|issuer| &*issuer.spec().name == name).cloned()
    }
}

impl Issuers for Refresh {
    fn refresh<'a>(&'a self, name: &'a str) -> Pin<Box<dyn Future<Output = Refreshed> + Send + 'a>> {
        Box::pin(async move {
            let Some(issuer) = self.find(name) else { return Refreshed::Unknown };
            tracing::info!(issuer = name, "An operator asks for the issuer's keys");
            match issuer.keys().refresh_now().await {
                Ok(()) => Refreshed::Done(issuer.keys().describe()),
                Err(error) => Refreshed::Failed(error.to_string()),
            }
        })
    }
}
