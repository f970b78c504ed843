//! What takes the place of everything outside the configuration file while its policies are tested: issuers' keys.

use std::cell::RefCell;
use std::collections::HashMap;
use std::sync::Arc;

use aws_lc_rs::error::Unspecified;

use super::signer::Signer;
use crate::authn::Algorithm;
use crate::authn::keys::{KeySet, Keys, Origin};
use crate::telemetry::metrics::IssuerMetrics;

/// The generated keys of the issuers of one configuration.
#[derive(Default)]
pub(in crate::config) struct StandIns {
    algorithms: RefCell<HashMap<Arc<str>, Algorithm>>,
}

impl StandIns {
    /// Keys for the issuer called `name`, whose tokens are signed with `algorithm`.
    pub(in crate::config) fn keys(
        &self,
        name: &Arc<str>,
        algorithm: Algorithm,
        metrics: IssuerMetrics,
    ) -> Result<Keys, Unspecified> {
        let document = Signer::of(algorithm)?.key_set(name)?.to_string();
        let set = KeySet::from_jwks(document.as_bytes(), Origin::File).map_err(|_| Unspecified)?;
        self.algorithms.borrow_mut().insert(Arc::clone(name), algorithm);
        Ok(Keys::of_set(name, set, metrics))
    }

    /// What the tokens of the issuer called `name` are signed with.
    pub(super) fn algorithm(&self, name: &str) -> Option<Algorithm> {
        self.algorithms.borrow().get(name).copied()
    }
}
