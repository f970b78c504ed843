//! The real gateway in this process. The only file that knows how the library starts one.

use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;

use jwtgate::app::App;
use tokio::runtime::Runtime;
use tokio::sync::Notify;

use super::accepted;
use super::client::Client;
use super::metrics::Metrics;

/// A gateway on ports of its own. It has a runtime to itself, so that no test can starve it; dropping it ends both.
#[derive(Debug)]
pub struct Gateway {
    listeners: Vec<SocketAddr>,
    admin: SocketAddr,
    reload: Arc<Notify>,
    runtime: Option<Runtime>,
}

impl Gateway {
    /// Starts the gateway that the file describes; the error is what `run` would print.
    pub async fn try_start(config: &Path) -> Result<Self, String> {
        init_tracing();
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(2)
            .thread_name("gateway")
            .enable_all()
            .build()
            .expect("a runtime");
        let path = config.to_owned();
        let starting = runtime.spawn(async move {
            let app = App::load_with_log(&path, std::io::sink()).map_err(|error| format!("{error:?}"))?;
            let bound = app.bind().await.map_err(|error| format!("{error:?}"))?;
            let addresses = (bound.listeners(), bound.admin(), bound.reload_trigger());
            tokio::spawn(bound.run(std::future::pending()));
            Ok::<_, String>(addresses)
        });
        let started = starting.await.map_err(|error| error.to_string()).flatten();
        // Made before the error is returned: dropping a runtime where it was made, among tasks, panics.
        let mut gateway =
            Self { listeners: Vec::new(), admin: NOWHERE, reload: Arc::default(), runtime: Some(runtime) };
        (gateway.listeners, gateway.admin, gateway.reload) = started?;
        accepted::keep(config);
        Ok(gateway)
    }

    /// Starts it, and waits until it is ready.
    pub async fn start(config: &Path) -> Self {
        let gateway = Self::try_start(config).await.unwrap_or_else(|error| panic!("no gateway: {error}"));
        eventually!(
            gateway.admin().get("/readyz").try_send().await.is_ok_and(|reply| reply.status == 200),
            "the gateway never became ready"
        );
        gateway
    }

    /// The address of the listener of that number, as configured.
    pub fn listener(&self, number: usize) -> SocketAddr {
        self.listeners[number]
    }

    /// Has the configuration reloaded, as SIGHUP does.
    pub fn reload(&self) {
        self.reload.notify_one();
    }

    /// A client of the admin address.
    pub fn admin(&self) -> Client {
        Client::new(self.admin).host("localhost")
    }

    pub async fn metrics(&self) -> Metrics {
        let reply = self.admin().get("/metrics").send().await;
        assert_eq!(reply.status, 200, "{reply:?}");
        Metrics::parse(&reply.text())
    }
}

const NOWHERE: SocketAddr = SocketAddr::new(std::net::IpAddr::V4(std::net::Ipv4Addr::LOCALHOST), 0);

impl Drop for Gateway {
    fn drop(&mut self) {
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
    }
}

/// The gateway's own log goes to the test's output, which is shown when the test fails.
fn init_tracing() {
    let filter = tracing_subscriber::EnvFilter::try_from_env("JWTGATE_TEST_LOG")
        .unwrap_or_else(|_| tracing_subscriber::EnvFilter::new("jwtgate=debug"));
    // An error says that another test of this process was first.
    let _first =
        tracing_subscriber::fmt().with_env_filter(filter).with_ansi(false).with_test_writer().try_init();
}
