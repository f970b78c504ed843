//! What a listener asks of its connections, which may change while it serves.
//!
//! A connection takes the terms that hold when it is accepted, and keeps them to its end: a change refuses nobody and closes
//! nothing. The address is no part of it, because a bound socket cannot change it.

use std::sync::{Arc, PoisonError, RwLock};

use super::{ListenerSpec, ServerTls};

/// The terms of one listener. Clones share them.
#[derive(Debug, Clone)]
pub struct Terms(Arc<RwLock<ListenerSpec>>);

impl Terms {
    pub(super) fn new(spec: ListenerSpec) -> Self {
        Self(Arc::new(RwLock::new(spec)))
    }

    /// What holds for a connection that is accepted now.
    pub fn current(&self) -> ListenerSpec {
        self.0.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// From now on connections get the certificate and the trusted proxies of `spec`; the address and its name stay. Where the
    /// files of the certificate are the same, what has been made of them stays too, and with it the sessions of clients.
    ///
    /// Returns whether anything changed.
    pub fn change(&self, spec: &ListenerSpec) -> bool {
        let mut current = self.0.write().unwrap_or_else(PoisonError::into_inner);
        let changed = current.tls != spec.tls || current.trusted_proxies != spec.trusted_proxies;
        if current.tls != spec.tls {
            current.tls.clone_from(&spec.tls);
        }
        current.trusted_proxies = Arc::clone(&spec.trusted_proxies);
        changed
    }

    /// The certificate, to be read again where its files have changed.
    pub(super) fn tls(&self) -> Option<ServerTls> {
        self.0.read().unwrap_or_else(PoisonError::into_inner).tls.clone()
    }
}
