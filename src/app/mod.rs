//! Wires the gateway, binds it, serves, and drains.
//!
//! `App` is wired and holds a configuration that compiled; `Bound` also holds its sockets and knows their addresses, so
//! that tests and the demo run on port 0. While it runs, `reload` and `sockets` change what is served. Knows every module and is known by none but `cli`.

mod contents;
mod readiness;
mod refresh;
mod reload;
mod sockets;

use std::io;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use tokio::sync::Notify;
use tokio::time::{sleep, timeout};

use self::readiness::Readiness;
use self::refresh::Refresh;
use self::reload::Reloader;
use self::sockets::{Socket, Sockets};
use crate::admin::{Admin, Health};
use crate::authn;
use crate::config::{self, Problems, Settings, Shutdown};
use crate::listener::Drain;
use crate::proxy::{Proxy, Publisher};
use crate::telemetry::metrics::Metrics;
use crate::telemetry::{AccessLog, AccessLogWriter, Telemetry};

/// Why the gateway does not run.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The configuration does not compile.
    #[error("the configuration is refused")]
    Config(#[from] Box<Problems>),
    /// An address cannot be listened on.
    #[error("cannot listen on {address}")]
    Bind {
        /// The address, as configured.
        address: String,
        /// Why not.
        source: io::Error,
    },
    /// An address that this process itself is still in the way of, until a reload has taken that away.
    #[error(
        "cannot listen on {address}, because this process itself listens on {held} until the change is made; it takes two \
         reloads: give the one on {held} another port first, and this address afterwards"
    )]
    Held {
        /// The address, as configured.
        address: String,
        /// The one that is served.
        held: SocketAddr,
    },
    /// The process lacks something that it cannot do without.
    #[error("cannot start")]
    Start(#[source] io::Error),
    /// Two metrics have one name.
    #[error("cannot register the metrics")]
    Metrics(#[from] prometheus::Error),
}

/// A gateway that is wired and not yet listening.
#[derive(Debug)]
pub struct App {
    path: PathBuf,
    settings: Settings,
    publisher: Publisher,
    telemetry: Telemetry,
    log_writer: AccessLogWriter,
}

impl App {
    /// Reads and compiles a configuration file; the access log goes to standard output.
    ///
    /// # Errors
    /// Every problem of the file, or what the process lacks.
    pub fn load(path: &Path) -> Result<Self, Error> {
        Self::load_with_log(path, io::stdout())
    }

    /// As `load`, with the access log going to `log`.
    ///
    /// # Errors
    /// As `load`.
    pub fn load_with_log(path: &Path, log: impl io::Write + Send + 'static) -> Result<Self, Error> {
        let metrics = Arc::new(Metrics::new()?);
        let config::Compiled { settings, snapshot, warnings } = config::load(path, &metrics, None)?;
        for warning in warnings.lines() {
            tracing::warn!(warning, "Configuration");
        }
        #[expect(clippy::disallowed_methods, reason = "the time of a configuration, not of a request")]
        let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
        metrics.loaded(now);
        authn::prepare();
        let (access_log, log_writer) = AccessLog::start(log).map_err(Error::Start)?;
        let telemetry = Telemetry { metrics, access_log };
        Ok(Self {
            path: path.to_owned(),
            settings,
            publisher: Publisher::new(snapshot),
            telemetry,
            log_writer,
        })
    }

    /// Binds every address.
    ///
    /// # Errors
    /// The first address that cannot be bound.
    pub async fn bind(self) -> Result<Bound, Error> {
        let Self { path, settings, publisher, telemetry, log_writer } = self;
        let mut listeners = Vec::with_capacity(settings.listeners.len());
        for spec in settings.listeners.iter().cloned() {
            listeners.push(Socket::bind(spec, &telemetry.metrics).await?);
        }
        let admin = Socket::bind_admin(settings.admin).await?;
        let reload = Arc::default();
        Ok(Bound { path, listeners, admin, settings, publisher, telemetry, log_writer, reload })
    }
}

/// A gateway that listens: clients can connect, and are served from `run` on.
#[derive(Debug)]
pub struct Bound {
    path: PathBuf,
    listeners: Vec<Socket>,
    admin: Socket,
    settings: Settings,
    publisher: Publisher,
    telemetry: Telemetry,
    log_writer: AccessLogWriter,
    reload: Arc<Notify>,
}

impl Bound {
    /// Whoever notifies it has the configuration reloaded now; a changed file is also found without.
    pub fn reload_trigger(&self) -> Arc<Notify> {
        Arc::clone(&self.reload)
    }

    /// The addresses of the listeners, in the order of the configuration, with the ports chosen for port 0.
    pub fn listeners(&self) -> Vec<SocketAddr> {
        self.listeners.iter().map(|socket| socket.bound).collect()
    }

    /// The address of metrics and probes.
    pub fn admin(&self) -> SocketAddr {
        self.admin.bound
    }

    /// Serves until `shutdown` resolves, then drains: not ready but serving for the configured delay, then up to the
    /// configured timeout for what is in flight.
    pub async fn run(self, shutdown: impl Future<Output = ()>) {
        let Self { path, listeners, admin, settings, publisher, telemetry, log_writer, reload } = self;
        let snapshots = publisher.snapshots();
        for issuer in snapshots.current().authenticator().issuers() {
            issuer.keys().start();
        }
        let drain = Drain::new();
        let admin_drain = Drain::new();
        let readiness = Arc::new(Readiness::new(snapshots.clone(), listeners.len()));
        let refresh = Arc::new(Refresh::new(snapshots.clone()));
        let proxy = Proxy::new(snapshots, telemetry.clone(), drain.clone());
        let health: Arc<dyn Health> = readiness.clone();
        let service = Admin::new(health, refresh, Arc::clone(&telemetry.metrics));
        let sockets = Sockets::serve(
            (listeners, proxy, drain.clone()),
            (admin, service, admin_drain.clone()),
            Arc::clone(&telemetry.metrics),
        );
        let mut reloader = Reloader {
            path,
            settings,
            publisher,
            sockets,
            readiness: Arc::clone(&readiness),
            metrics: telemetry.metrics,
            trigger: reload,
            refused: None,
            waiting: None,
        };
        // Until the end: a drain serves requests too, but by the configuration that it began with.
        tokio::select! {
            biased;
            () = shutdown => {}
            () = reloader.run() => {}
        }
        let plan: Shutdown = reloader.settings.shutdown;
        readiness.drain();
        tracing::info!(delay = ?plan.delay, timeout = ?plan.timeout, "Draining");
        sleep(plan.delay).await;
        drain.stop();
        if timeout(plan.timeout, drain.drained()).await.is_err() {
            tracing::warn!(open = drain.open(), "The timeout has passed, closing what is still open");
            drain.force();
            // Closing takes a moment; what still does not end cannot keep the process.
            if timeout(LAST, drain.drained()).await.is_err() {
                tracing::warn!(open = drain.open(), "Some connections did not close");
            }
        }
        admin_drain.force();
        if timeout(LAST, admin_drain.drained()).await.is_err() {
            tracing::debug!("An admin connection did not close");
        }
        log_writer.close();
        tracing::info!("Stopped");
    }
}

/// How long a forced close may take.
const LAST: Duration = Duration::from_secs(1);
