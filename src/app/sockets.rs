//! The addresses that are served, and their change while they are.
//!
//! Given the settings of a configuration it binds what is new, and only then, in one step that cannot fail, changes what
//! stays, starts what is new and stops what is gone. A listener is the same one as long as its configured address is. What
//! must stay true: no change closes a connection or a socket of an address that stays.

use std::io::ErrorKind;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use prometheus::IntGauge;
use tokio::task::JoinHandle;
use tokio::time::{sleep, timeout};

use super::{Error, LAST};
use crate::admin::Admin;
use crate::config::Settings;
use crate::listener::{Drain, Listener, ListenerSpec, Service, Terms, overlap};
use crate::proxy::Proxy;
use crate::telemetry::Held;
use crate::telemetry::metrics::Metrics;

/// A bound socket that nobody serves yet.
#[derive(Debug)]
pub(super) struct Socket {
    listener: Listener,
    /// With the port chosen for port 0.
    pub(super) bound: SocketAddr,
    configured: SocketAddr,
}

impl Socket {
    /// Binds a listener of clients.
    pub(super) async fn bind(spec: ListenerSpec, metrics: &Metrics) -> Result<Self, Error> {
        let gauge = metrics.connections(&spec.name);
        Self::bind_counted(spec, gauge).await
    }

    /// Binds the admin address. Scrapes and probes are not clients: they stay out of `jwtgate_connections`.
    pub(super) async fn bind_admin(address: SocketAddr) -> Result<Self, Error> {
        let spec = ListenerSpec {
            name: address.to_string().into(),
            address,
            tls: None,
            trusted_proxies: Arc::default(),
        };
        let uncounted = IntGauge::new("admin_connections", "Connections of the admin address.")?;
        Self::bind_counted(spec, uncounted.into()).await
    }

    async fn bind_counted(spec: ListenerSpec, gauge: Held<IntGauge>) -> Result<Self, Error> {
        let (address, configured) = (spec.name.to_string(), spec.address);
        let bound = async {
            let listener = Listener::bind(spec, gauge).await?;
            let bound = listener.local_addr()?;
            Ok(Self { listener, bound, configured })
        };
        bound.await.map_err(|source| Error::Bind { address, source })
    }

    /// Serves until the process ends, or the returned handle's `stop`.
    fn serve<S: Service>(self, drain: &Drain, service: impl FnOnce(Drain) -> S) -> Serving {
        let own = drain.child();
        let terms = self.listener.terms();
        let accepting = drain.start(self.listener.serve(service(own.clone()), own.clone()));
        Serving { address: self.configured, bound: self.bound, terms, drain: own, accepting }
    }
}

/// A socket that is served.
#[derive(Debug)]
struct Serving {
    /// As configured: what makes it the same one in the next configuration.
    address: SocketAddr,
    /// With the port chosen for port 0.
    bound: SocketAddr,
    terms: Terms,
    drain: Drain,
    accepting: JoinHandle<()>,
}

impl Serving {
    /// Accepts no more, and lets the connections end what they are at, for `patience` at most. Resolves once the address is
    /// free again.
    async fn stop(self, patience: Duration) {
        self.drain.stop();
        drop(tokio::spawn(async move {
            sleep(patience).await;
            self.drain.force();
        }));
        if timeout(LAST, self.accepting).await.is_err() {
            tracing::warn!(address = %self.address, "A listener that was removed still accepts connections");
        }
    }
}

/// Every address of the gateway, while it runs.
#[derive(Debug)]
pub(super) struct Sockets {
    listeners: Vec<Serving>,
    admin: Serving,
    proxy: Proxy,
    service: Admin,
    drain: Drain,
    admin_drain: Drain,
    metrics: Arc<Metrics>,
}

/// A change that can be made: everything that is new is bound.
#[derive(Debug)]
pub(super) struct Change {
    /// For each listener of the settings, the index of the one that it is now, or a new socket.
    listeners: Vec<Result<(usize, ListenerSpec), Socket>>,
    admin: Option<Socket>,
}

impl Sockets {
    /// Serves clients with `proxy` until `drain` stops, and probes with `service` until `admin_drain` does.
    pub(super) fn serve(
        (listeners, proxy, drain): (Vec<Socket>, Proxy, Drain),
        (admin, service, admin_drain): (Socket, Admin, Drain),
        metrics: Arc<Metrics>,
    ) -> Self {
        let listeners = listeners.into_iter().map(|socket| start(socket, &proxy, &drain)).collect();
        let admin = start_admin(admin, &service, &admin_drain);
        Self { listeners, admin, proxy, service, drain, admin_drain, metrics }
    }

    /// Binds what `settings` add to what is served.
    ///
    /// # Errors
    /// The first address that cannot be bound; then nothing has changed.
    pub(super) async fn prepare(&self, settings: &Settings) -> Result<Change, Error> {
        let mut taken = vec![false; self.listeners.len()];
        let mut listeners = Vec::with_capacity(settings.listeners.len());
        for spec in &settings.listeners {
            let free = self.listeners.iter().zip(&mut taken).enumerate();
            let same =
                free.into_iter().find(|(_, (serving, taken))| serving.address == spec.address && !**taken);
            listeners.push(if let Some((index, (_, taken))) = same {
                *taken = true;
                Ok((index, spec.clone()))
            } else {
                let socket = Socket::bind(spec.clone(), &self.metrics).await;
                Err(socket.map_err(|error| self.explain(error, spec.address))?)
            });
        }
        let moved = settings.admin != self.admin.address;
        let admin = if moved {
            let socket = Socket::bind_admin(settings.admin).await;
            Some(socket.map_err(|error| self.explain(error, settings.admin))?)
        } else {
            None
        };
        Ok(Change { listeners, admin })
    }

    /// Why an address cannot be bound, where it is this process itself that has it: what is served goes only once what
    /// takes its place is bound.
    fn explain(&self, error: Error, wanted: SocketAddr) -> Error {
        let Error::Bind { address, source } = error else { return error };
        let mut served = self.listeners.iter().chain([&self.admin]).map(|serving| serving.bound);
        match served.find(|served| source.kind() == ErrorKind::AddrInUse && overlap(*served, wanted)) {
            Some(held) => Error::Held { address, held },
            None => Error::Bind { address, source },
        }
    }

    /// Makes the change. What is gone has `patience` to end. Resolves once its addresses are free again, but the change is made
    /// at the first poll.
    pub(super) async fn apply(&mut self, change: Change, patience: Duration) {
        let mut before: Vec<Option<Serving>> = self.listeners.drain(..).map(Some).collect();
        for listener in change.listeners {
            match listener {
                Ok((index, spec)) => {
                    let Some(serving) = before.get_mut(index).and_then(Option::take) else { continue };
                    if serving.terms.change(&spec) {
                        tracing::info!(address = %spec.name, "New connections of this listener get its changed settings");
                    }
                    self.listeners.push(serving);
                }
                Err(socket) => self.listeners.push(start(socket, &self.proxy, &self.drain)),
            }
        }
        let mut gone: Vec<Serving> = before.into_iter().flatten().collect();
        if let Some(socket) = change.admin {
            let admin = start_admin(socket, &self.service, &self.admin_drain);
            gone.push(std::mem::replace(&mut self.admin, admin));
        }
        // All at once, before the first is waited for.
        let stopping: Vec<_> = gone
            .into_iter()
            .map(|serving| {
                tracing::info!(address = %serving.address, "No longer listening");
                tokio::spawn(serving.stop(patience))
            })
            .collect();
        for stopped in stopping {
            if stopped.await.is_err() {
                return;
            }
        }
    }
}

fn start(socket: Socket, proxy: &Proxy, drain: &Drain) -> Serving {
    tracing::info!(address = %socket.bound, "Listening");
    socket.serve(drain, |drain| proxy.clone().with_drain(drain))
}

fn start_admin(socket: Socket, service: &Admin, drain: &Drain) -> Serving {
    tracing::info!(address = %socket.bound, "Listening for metrics and probes");
    socket.serve(drain, |_| service.clone())
}
