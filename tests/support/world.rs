//! A whole world: an issuer, an upstream, a gateway between, and a client.

use std::path::PathBuf;

use super::client::{Client, Outgoing};
use super::{Binary, Gateway, Issuer, Reply, Scratch, Upstream};

/// What stands behind a gateway before it starts.
///
/// Configurations are written with `$ISSUER`, `$UPSTREAM`, `$DIR` and whatever `set` adds. A top-level section that
/// one leaves out is added: a plain listener, the admin address, the issuer `corporate`, the upstream `orders`.
#[derive(Debug)]
pub struct Setup {
    pub issuer: Issuer,
    pub upstream: Upstream,
    pub scratch: Scratch,
    values: Vec<(String, String)>,
}

/// A running gateway with all that it needs.
#[derive(Debug)]
pub struct World {
    pub gateway: Gateway,
    pub client: Client,
    pub issuer: Issuer,
    pub upstream: Upstream,
    pub scratch: Scratch,
}

/// A decision as `jwtgate_decisions_total` counted it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Decision {
    pub route: String,
    pub issuer: String,
    pub reason: String,
}

impl Setup {
    pub async fn new() -> Self {
        Self::with_issuer(Issuer::start().await).await
    }

    pub async fn with_issuer(issuer: Issuer) -> Self {
        Self { issuer, upstream: Upstream::start().await, scratch: Scratch::new(), values: Vec::new() }
    }

    /// What `$NAME` stands for in the configuration.
    pub fn set(mut self, name: &str, value: impl ToString) -> Self {
        self.values.push((format!("${name}"), value.to_string()));
        self
    }

    /// The whole configuration.
    pub fn render(&self, yaml: &str) -> String {
        let given = |section: &str| yaml.lines().any(|line| line.starts_with(&format!("{section}:")));
        let missing = DEFAULTS.iter().filter(|(section, _)| !given(section)).map(|(_, text)| *text);
        let text: String = missing.chain([yaml]).collect();
        let mut values = self.values.clone();
        values.push(("$ISSUER".to_owned(), self.issuer.url().to_owned()));
        values.push(("$UPSTREAM".to_owned(), format!("http://{}", self.upstream.address())));
        values.push(("$DIR".to_owned(), self.scratch.path().display().to_string()));
        // The longest first, so that `$ISSUER` leaves `$ISSUER_B` alone.
        values.sort_by_key(|(name, _)| std::cmp::Reverse(name.len()));
        values.iter().fold(text, |text, (name, value)| text.replace(name, value))
    }

    /// Writes the configuration and gives its path.
    pub fn write(&self, yaml: &str) -> PathBuf {
        self.scratch.write("jwtgate.yaml", self.render(yaml))
    }

    /// A gateway in this process, ready.
    pub async fn start(self, yaml: &str) -> World {
        let gateway = Gateway::start(&self.write(yaml)).await;
        self.around(gateway)
    }

    /// A gateway in this process that may not be ready yet.
    pub async fn start_cold(self, yaml: &str) -> World {
        let started = Gateway::try_start(&self.write(yaml)).await;
        let gateway = started.unwrap_or_else(|error| panic!("no gateway: {error}"));
        self.around(gateway)
    }

    /// The real program; the rest of the world stays with the caller.
    pub async fn run(&self, yaml: &str) -> Binary {
        Binary::run(&self.write(yaml)).await
    }

    fn around(self, gateway: Gateway) -> World {
        let client = Client::new(gateway.listener(0));
        World { gateway, client, issuer: self.issuer, upstream: self.upstream, scratch: self.scratch }
    }
}

impl World {
    pub async fn start(yaml: &str) -> Self {
        Setup::new().await.start(yaml).await
    }

    /// Sends the request and gives, beside the answer, the one decision that was counted for it.
    pub async fn decide(&self, request: Outgoing) -> (Reply, Decision) {
        let before = self.gateway.metrics().await.decisions();
        let reply = request.send().await;
        (reply, self.decision_since(&before).await)
    }

    /// The one decision counted since `before` was taken.
    pub async fn decision_since(&self, before: &[(String, String, String, f64)]) -> Decision {
        let new = eventually!(
            {
                let now = self.gateway.metrics().await.decisions();
                let new: Vec<_> = now.into_iter().filter(|one| !before.contains(one)).collect();
                (!new.is_empty()).then_some(new)
            },
            "no decision was counted for the request"
        );
        let [(route, issuer, reason, _)] = new.as_slice() else {
            panic!("one request is one decision, but these were counted: {new:?}");
        };
        Decision { route: route.clone(), issuer: issuer.clone(), reason: reason.clone() }
    }

    /// Sends the request, and asserts the reason that was counted for it.
    pub async fn assert_reason(&self, request: Outgoing, reason: &str) -> Reply {
        let (reply, decision) = self.decide(request).await;
        assert_eq!(decision.reason, reason, "the reason of {reply:#?}");
        reply
    }
}

const DEFAULTS: &[(&str, &str)] = &[
    ("listeners", "listeners:\n  - address: 127.0.0.1:0\n"),
    ("admin", "admin:\n  address: 127.0.0.1:0\n"),
    ("issuers", "issuers:\n  corporate:\n    issuer: $ISSUER\n    audiences: [orders-api]\n"),
    ("upstreams", "upstreams:\n  orders:\n    endpoints: [$UPSTREAM]\n"),
];

/// One route that wants a valid token and says who it was.
pub const AUTHENTICATED: &str = "
routes:
  - name: rest
    match: { path: /** }
    access: authenticated
    upstream: orders
identity:
  headers:
    X-User: claims.sub
";

/// A plaintext listener and an HTTPS one, with what [`super::Pki::install`] writes.
pub const PLAIN_AND_TLS: &str = "
listeners:
  - address: 127.0.0.1:0
  - address: 127.0.0.1:0
    tls: { certificate: tls.crt, key: tls.key }
";

/// Every kind of access, each under a path of its own, with identity headers.
pub const EVERY_ACCESS: &str = "
routes:
  - name: open
    match: { path: /public/** }
    access: public
    upstream: orders
  - name: maybe
    match: { path: /optional/** }
    access: optional
    upstream: orders
  - name: read
    match: { path: /orders/**, methods: [GET] }
    access: { require: { scopes: { all: ['orders:read'] } } }
    upstream: orders
  - name: admin
    match: { path: /admin/** }
    access: { require: { roles: { any: [admin] } } }
    upstream: orders
  - name: rest
    match: { path: /** }
    access: authenticated
    upstream: orders
identity:
  headers:
    X-User: claims.sub
    X-Tenant: claims.tenant
    X-Roles: { from: roles, format: csv }
";
