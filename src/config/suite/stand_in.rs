//! What takes the place of everything outside the configuration file while its policies are tested: issuers' keys.
//!
//! They come in the form in which the gateway would have the issuer's own, so that a token's `kid` means the same: a secret
//! and keys in PEM have none, and that of a token is then not looked at.

use std::cell::RefCell;
use std::collections::HashMap;
use std::sync::Arc;

use aws_lc_rs::error::Unspecified;

use super::signer::Signer;
use crate::authn::keys::{KeySet, KeySetError, KeySource, Keys, Origin};
use crate::authn::{Algorithm, Algorithms};
use crate::telemetry::metrics::IssuerMetrics;

/// The generated keys of the issuers of one configuration.
#[derive(Default)]
pub(in crate::config) struct StandIns {
    known: RefCell<HashMap<Arc<str>, StandIn>>,
}

/// What signs the tokens of one issuer.
#[derive(Debug, Clone, Copy)]
pub(super) struct StandIn {
    pub(super) algorithm: Algorithm,
    /// Whether its keys have ids: that of this one is the issuer's name.
    pub(super) has_kid: bool,
}

impl StandIns {
    /// Keys for the issuer called `name`, in place of those from `source`, whose tokens have one of these `algorithms` and
    /// are signed with `algorithm`.
    pub(in crate::config) fn keys(
        &self,
        name: &Arc<str>,
        source: &KeySource,
        algorithms: &Algorithms,
        algorithm: Algorithm,
        metrics: IssuerMetrics,
    ) -> Result<Keys, Unspecified> {
        let signer = Signer::of(algorithm)?;
        let unnamed = match source {
            KeySource::Discovery | KeySource::JwksUri(_) | KeySource::JwksFile(_) => None,
            KeySource::PemFile(_) => Some(KeySet::from_pem(signer.pem()?.as_bytes())),
            KeySource::Secret(_) => signer.secret().map(|secret| KeySet::from_secret(secret, algorithms)),
        };
        let has_kid = unnamed.is_none();
        let set: Result<KeySet, KeySetError> = match unnamed {
            Some(set) => set,
            None => KeySet::from_jwks(signer.key_set(name)?.to_string().as_bytes(), Origin::File),
        };
        let set = set.map_err(|_| Unspecified)?;
        self.known.borrow_mut().insert(Arc::clone(name), StandIn { algorithm, has_kid });
        Ok(Keys::of_set(name, set, metrics))
    }

    /// What the tokens of the issuer called `name` are signed with.
    pub(super) fn of(&self, name: &str) -> Option<StandIn> {
        self.known.borrow().get(name).copied()
    }
}
