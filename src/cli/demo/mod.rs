//! `jwtgate demo`: the main job on one machine, with the curl lines to try.
//!
//! An issuer, a sample API, and the gateway of `run` with a configuration file of its own: the demo is no second
//! implementation. Everything lives in one temporary directory, which goes when the demo ends.

mod api;
mod issuer;
mod pki;

use std::io::{self, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::path::Path;
use std::process::ExitCode;
use std::sync::Arc;

use prometheus::IntGauge;
use tempfile::TempDir;
use tokio::signal::unix::{SignalKind, signal};

use self::api::SampleApi;
use self::issuer::DevelopmentIssuer;
use super::run::{explain, runtime, shutdown_signal};
use super::{SUCCESS, complain, failure};
use crate::app::{self, App, Bound};
use crate::listener::{Drain, Listener, ListenerSpec};

pub(super) fn demo() -> ExitCode {
    match runtime().map_err(Error::Io).and_then(|runtime| runtime.block_on(run())) {
        Ok(()) => SUCCESS,
        Err(Error::App(error)) => explain(&error),
        Err(error) => {
            complain([format!("jwtgate: the demo cannot start: {error}")]);
            failure()
        }
    }
}

/// Why the demo does not run.
#[derive(Debug, thiserror::Error)]
enum Error {
    #[error(transparent)]
    App(#[from] app::Error),
    #[error("{0}")]
    Io(#[from] io::Error),
    #[error("cannot make a certificate: {0}")]
    Certificate(#[from] rcgen::Error),
    #[error("cannot make a key: {0}")]
    Key(#[from] aws_lc_rs::error::Unspecified),
    #[error("cannot sign a token: {0}")]
    Token(#[from] jsonwebtoken::errors::Error),
    #[error("cannot count connections: {0}")]
    Metrics(#[from] prometheus::Error),
}

async fn run() -> Result<(), Error> {
    let directory = tempfile::Builder::new().prefix("jwtgate-demo-").tempdir()?;
    // Nothing is left behind, however impatient the signals are. A closed terminal ends the demo too.
    let left = directory.path().to_owned();
    let shutdown = shutdown_signal(move || drop(std::fs::remove_dir_all(left)))?;
    let mut hangup = signal(SignalKind::hangup())?;
    let shutdown = async move {
        tokio::select! {
            () = shutdown => {}
            _ = hangup.recv() => {}
        }
    };
    let drain = Drain::new();
    let issuer = bind().await?;
    let issuer_url = format!("http://{}", issuer.local_addr()?);
    let service = DevelopmentIssuer::new(&issuer_url)?;
    let tokens = Tokens::of(&service)?;
    drain.spawn(issuer.serve(service, drain.clone()));
    let api = bind().await?;
    let api_url = format!("http://{}", api.local_addr()?);
    drain.spawn(api.serve(SampleApi, drain.clone()));

    pki::write(directory.path())?;
    let gateway = free_or_any(8443);
    let admin = free_or_any(9901);
    let file = directory.path().join("jwtgate.yaml");
    std::fs::write(&file, configuration(gateway, admin, &issuer_url, &api_url))?;
    let bound = App::load(&file)?.bind().await?;
    let story = Story { directory: &directory, issuer_url: &issuer_url, api_url: &api_url, tokens: &tokens };
    story.tell(&bound, [(8443, gateway), (9901, admin)])?;
    bound.run(shutdown).await;
    drain.force();
    directory.close()?;
    Ok(())
}

async fn bind() -> Result<Listener, Error> {
    let address = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
    let spec = ListenerSpec { name: "demo".into(), address, tls: None, trusted_proxies: Arc::default() };
    Ok(Listener::bind(spec, IntGauge::new("demo_connections", "Connections of the demo's own services.")?)
        .await?)
}

/// The address with this port, or with any free one where the port is taken.
fn free_or_any(port: u16) -> SocketAddr {
    let wanted = SocketAddr::from((Ipv4Addr::LOCALHOST, port));
    match TcpListener::bind(wanted) {
        Ok(_) => wanted,
        Err(_) => SocketAddr::from((Ipv4Addr::LOCALHOST, 0)),
    }
}

fn configuration(gateway: SocketAddr, admin: SocketAddr, issuer: &str, api: &str) -> String {
    format!(
        "# The configuration of `jwtgate demo`.
listeners:
  - address: {gateway}
    tls: {{ certificate: tls.crt, key: tls.key }}
admin: {{ address: {admin} }}
issuers:
  demo:
    issuer: {issuer}
    audiences: [orders-api]
upstreams:
  api: {{ endpoints: [{api}] }}
policies:
  admins: {{ roles: {{ any: [admin] }} }}
identity:
  headers:
    X-User: claims.sub
    X-Roles: {{ from: roles, format: csv }}
shutdown: {{ delay: 0s, timeout: 2s }}
routes:
  - name: health
    match: {{ path: /health }}
    access: public
    upstream: api
  - name: admin
    match: {{ path: /admin/** }}
    access: {{ require: admins }}
    upstream: api
  - name: rest
    match: {{ path: /** }}
    access: authenticated
    upstream: api
"
    )
}

/// A token for each sample user, and a forged one.
struct Tokens {
    alice: String,
    bob: String,
    carol: String,
    forged: String,
}

impl Tokens {
    fn of(issuer: &DevelopmentIssuer) -> Result<Self, Error> {
        let bob = issuer.token("bob")?;
        // Bob's token with Alice's claims: the signature is Bob's, so it does not fit.
        let alice = issuer.token("alice")?;
        let segment = |token: &str, index| token.split('.').nth(index).unwrap_or_default().to_owned();
        let forged = [segment(&bob, 0), segment(&alice, 1), segment(&bob, 2)].join(".");
        Ok(Self { alice, bob, carol: issuer.token("carol")?, forged })
    }
}

/// What is printed.
struct Story<'a> {
    directory: &'a TempDir,
    issuer_url: &'a str,
    api_url: &'a str,
    tokens: &'a Tokens,
}

impl Story<'_> {
    fn tell(&self, bound: &Bound, ports: [(u16, SocketAddr); 2]) -> io::Result<()> {
        let mut out = io::stdout().lock();
        for (port, _) in ports.iter().filter(|(_, chosen)| chosen.port() == 0) {
            writeln!(out, "Port {port} is taken; another was picked.")?;
        }
        let gateway: Vec<SocketAddr> = bound.listeners();
        let Some(gateway) = gateway.first() else { return Ok(()) };
        let directory: &Path = self.directory.path();
        let (issuer, api, admin) = (self.issuer_url, self.api_url, bound.admin());
        writeln!(out, "jwtgate demo is running; Ctrl-C ends it and leaves nothing behind.\n")?;
        writeln!(out, "  gateway        https://{gateway}")?;
        writeln!(out, "  metrics        http://{admin}/metrics (probes: /livez, /readyz?verbose)")?;
        writeln!(
            out,
            "  issuer         {issuer} (/.well-known/openid-configuration, /jwks.json, /token/NAME)"
        )?;
        writeln!(out, "  sample API     {api} (answers with what it received)")?;
        writeln!(out, "  configuration  {}", directory.join("jwtgate.yaml").display())?;
        writeln!(out, "  certificate authority  {}\n", directory.join("ca.pem").display())?;
        writeln!(out, "Sample users: alice (roles admin, clerk), bob (role clerk), carol (no role).")?;
        writeln!(
            out,
            "Their tokens are good for eight hours; the issuer gives new ones under /token/NAME.\n"
        )?;
        let curl = format!("curl -i --cacert {} https://{gateway}", directory.join("ca.pem").display());
        let bearer = |token: &str| format!("-H 'Authorization: Bearer {token}'");
        let Tokens { alice, bob, carol, forged } = self.tokens;
        for (title, line) in [
            ("401: nobody without a token", format!("{curl}/orders/42")),
            (
                "200: the API receives who is calling, and not the token",
                format!("{curl}/orders/42 {}", bearer(carol)),
            ),
            ("200: an admin may", format!("{curl}/admin/users {}", bearer(alice))),
            ("403: a clerk may not", format!("{curl}/admin/users {}", bearer(bob))),
            ("401: a forged token is refused", format!("{curl}/admin/users {}", bearer(forged))),
        ] {
            writeln!(out, "# {title}\n{line}\n")?;
        }
        writeln!(out, "Each request is one line of the access log, below.")?;
        out.flush()
    }
}
