//! The configuration file, key for key.
//!
//! Given the tree of the file, it hands on what could be read and records the rest. No meaning here: names are not
//! resolved and files are not opened; `compile` does that.
//!
//! What is written above a key is what editors show for it, by way of `schema`; `as` names what a text or a tree means there.

use std::net::SocketAddr;
use std::time::Duration;

use super::node::{At, FromNode, Given, Named, Node, Size, Undisclosed, Value};
use super::problem::Problems;
use super::schema::{Requirement, words};
use super::section::{Fields, section};

section! {
    /// The whole file.
    Document {
        /// Where clients connect.
        listeners: required Vec<Listener>,
        /// Metrics and probes: `/livez`, `/readyz`, `/metrics`, and `POST /issuers/NAME/refresh`. Never on a listener.
        admin: optional Admin,
        /// Whose tokens are accepted, by the name that metrics, logs and routes give them.
        /// Needed as soon as a route asks for a token.
        issuers: optional Named<Issuer>,
        /// Where requests go, by the name that routes and metrics give them.
        upstreams: required Named<Upstream>,
        /// Requirements by name, for use in `require`.
        policies: optional Named<Node> as Named<Requirement>,
        /// How the gateway stops.
        shutdown: optional Shutdown,
        /// Which request may do what.
        /// The first route whose hosts and path match is chosen; its methods then decide 405, unless a later route has the very
        /// same hosts and path and takes the method.
        routes: required Vec<Route>,
        /// Where a token may be, on every route without `credentials` of its own.
        /// A request carries one, and no place of any list reaches an upstream, on any route, unless `identity.forward_token` is true.
        /// Default: `["authorization"]`.
        credentials: optional Vec<At<Credential>>,
        /// The verified identity as headers, on every route without an `identity` of its own.
        /// Every header named in any of them is removed from what clients send, on every route and in every spelling.
        identity: optional Identity,
        /// Bounds of what a client may send as a token.
        limits: optional Limits,
    }
    later { "token_service", "store", "revocation" }
}

section! {
    /// A socket that clients connect to.
    Listener {
        /// An IP address and a port; port 0 takes a free one.
        /// Example: `0.0.0.0:8443`.
        address: required Address,
        /// The certificate; without it the listener speaks plaintext, for traffic that never leaves the pod.
        tls: optional ListenerTls,
        /// Networks whose X-Forwarded-*, Forwarded and X-Real-IP are believed and extended; without it nobody's.
        /// Example: `["10.0.0.0/8"]`.
        trusted_proxies: optional Vec<At<Network>>,
    }
}

section! {
    /// The certificate of a listener.
    ListenerTls {
        /// The file of a PEM chain, the server's own certificate first; read again when it changes.
        /// Example: `tls/tls.crt`.
        certificate: required String,
        /// The file of the PEM private key that belongs to the certificate; read again when it changes.
        /// Example: `tls/tls.key`.
        key: required String,
        /// A PEM file of certificate authorities, read again when it changes: client certificates are then required, and
        /// verified against these.
        client_ca: optional String,
    }
}

section! {
    /// Where metrics and probes are answered.
    Admin {
        /// An IP address and a port.
        /// Default: `127.0.0.1:9901`.
        address: optional Address,
    }
    later { "token_file" }
}

section! {
    /// Who issues tokens.
    #[expect(clippy::struct_field_names, reason = "the fields are the keys of the file")]
    Issuer {
        /// Equal to the token's `iss`, byte for byte (RFC 7519 §4.1.1); two sections may not share it.
        /// `{tenant}` stands for one whole segment of its path, together with `tenants`.
        /// Example: `https://id.example.com/realms/main`.
        issuer: required String,
        /// What the `{tenant}` of the issuer may be: a list of tenants, or `any`; then every route that takes this issuer's tokens
        /// must name the tenants.
        tenants: optional Tenants,
        /// The token's `aud` must hold at least one of them (RFC 7519 §4.1.3).
        /// Example: `["orders-api"]`.
        audiences: required Vec<At<String>>,
        /// Accepted `alg` of a token (RFC 7518 §3.1, RFC 8037), which must also fit the key.
        /// Without it: the asymmetric ones; with a `secret`: HS256.
        /// Example: `["RS256"]`.
        algorithms: optional Vec<At<String>> as Vec<words::Algorithm>,
        /// Where the keys are: at most one of `discovery`, `jwks_uri`, `jwks_file`, `pem_file` and `secret`.
        /// Default: `{"discovery": {}}`.
        keys: optional Given<Keys> as words::OneSource,
        /// How far clocks may differ, for `exp`, `nbf` and `iat`; a duration.
        /// Default: `30s`.
        clock_skew: optional Duration,
        /// Accepted `typ` of a token, compared as RFC 7515 §4.1.9 says; `absent` is a token without one.
        /// Default: `["JWT", "at+jwt", "absent"]`.
        token_types: optional Vec<At<String>>,
        /// The longest time since `iat`, which is then required; a duration. Without it `exp` alone bounds a token's life.
        /// Example: `24h`.
        max_age: optional Duration,
        /// Claims that a token must have beyond `iss`, `aud` and `exp`, which are always required.
        /// Example: `["sub"]`.
        required_claims: optional Vec<At<Path>>,
        /// Where this issuer puts roles: a dotted path, or a list of steps.
        /// Default: `roles`.
        /// Example: `realm_access.roles`.
        roles: optional Path,
        /// Where this issuer puts scopes, a space-separated string or an array (RFC 8693 §4.2): a dotted path, or a list of steps.
        /// Without it: `scope`, else `scp`.
        scopes: optional Path,
        /// The bounds of this issuer's verified tokens.
        token_cache: optional TokenCache,
    }
}

section! {
    /// The bounds of an issuer's verified tokens.
    TokenCache {
        /// The most memory that they may take; a size.
        /// Default: `32MiB`.
        max_size: optional Size,
    }
}

section! {
    /// Where an issuer's keys are.
    Keys {
        /// `issuer` less one trailing slash and `/.well-known/openid-configuration` names the key set (OpenID Connect Discovery 1.0).
        /// Takes no options: `{}`.
        discovery: optional Given<Discovery>,
        /// The URL of a key set (RFC 7517 §5), which is fetched; https, or http to loopback.
        /// Example: `https://id.example.com/certs`.
        jwks_uri: optional Given<String>,
        /// The file of a key set (RFC 7517 §5), read again when it changes.
        /// Example: `keys/jwks.json`.
        jwks_file: optional Given<String>,
        /// A file of public keys or certificates in PEM, read again when it changes.
        /// Example: `keys/public.pem`.
        pem_file: optional Given<String>,
        /// Where an HMAC secret is, at least as long as its hash (RFC 7518 §3.2).
        /// Example: `{"file": "secrets/hs256"}`.
        secret: optional Given<Secret>,
        /// A file with the token that is sent when fetching, for key sets that want a credential; read for each fetch.
        bearer_token_file: optional String,
        /// When to ask again: as Cache-Control or Expires of the answer say, within these bounds.
        refresh: optional Refresh,
        /// How long the last good keys serve while the issuer gives none; then 503. A duration.
        /// Default: `24h`.
        max_stale: optional Duration,
        /// How to start while the keys cannot be had.
        /// Default: `require`.
        on_start: optional String as words::OnStart,
        /// A directory for kept keys, one file an issuer; needed by `on_start: last_known_good`. Who can write there can sign tokens.
        /// Example: `/var/lib/jwtgate`.
        state_dir: optional String,
        /// A PEM file of certificate authorities that vouch for the issuer, in place of the system's; read for each fetch.
        ca: optional String,
        /// Whether keys may be fetched over plain http from elsewhere than loopback, which `check` warns about.
        /// Default: `false`.
        allow_http: optional bool,
        /// Fetch through this HTTP proxy; without it `HTTPS_PROXY`, `HTTP_PROXY` and `ALL_PROXY` less `NO_PROXY` say. Loopback: never.
        /// Example: `http://proxy:3128`.
        proxy: optional Undisclosed,
    }
}

/// Discovery takes no options.
#[derive(Debug, Clone, Copy)]
pub(super) struct Discovery;

impl FromNode for Discovery {
    fn from_node(node: &Node, problems: &mut Problems) -> Option<Self> {
        Fields::of(node, &[], &[], &[], problems).map(|_| Self)
    }
}

/// Where an HMAC secret is.
#[derive(Debug, Clone)]
pub(super) enum Secret {
    File(At<String>),
    Env(At<String>),
}

impl FromNode for Secret {
    fn from_node(node: &Node, problems: &mut Problems) -> Option<Self> {
        const RIGHT: &str = "give `{ file: PATH }` or `{ env: NAME }`";
        if matches!(node.value, Value::Unknown) {
            return None;
        }
        let Value::Map(_) = node.value else {
            // What stands here may be the secret itself: it is not repeated.
            problems.error(node.at, "a secret does not stand in the configuration itself", RIGHT);
            return None;
        };
        let fields = Fields::of(node, &["file", "env"], &[], &[], problems)?;
        match (fields.node("file"), fields.node("env")) {
            (Some(file), None) => At::from_node(file, problems).map(Self::File),
            (None, Some(env)) => At::from_node(env, problems).map(Self::Env),
            (None, None) if fields.faulty => None,
            _ => {
                problems.error(node.at, "a secret has one place", RIGHT);
                None
            }
        }
    }
}

section! {
    /// How often keys are fetched again.
    Refresh {
        /// Not sooner, whatever the answer says; a duration.
        /// Default: `30s`.
        min: optional Duration,
        /// Not later: a key that was withdrawn is dead by then; a duration.
        /// Default: `1h`.
        max: optional Duration,
    }
}

section! {
    /// An API.
    Upstream {
        /// http or https, host and port; several take requests in turn, and one that cannot be connected to is passed over.
        /// Example: `["http://127.0.0.1:3000"]`.
        endpoints: required Vec<At<String>> as Vec<words::HttpUrl>,
        /// How long the upstream may take.
        timeouts: optional Timeouts,
        /// How an https endpoint proves who it is.
        tls: optional UpstreamTls,
    }
}

section! {
    /// How long an upstream may take.
    Timeouts {
        /// To connect, with the TLS handshake; a duration.
        /// Default: `2s`.
        connect: optional Duration,
        /// From the request sent to the head of the answer; a duration.
        /// Default: `30s`.
        response: optional Duration,
    }
}

section! {
    /// How an upstream proves who it is.
    UpstreamTls {
        /// A PEM file of certificate authorities, read again when it changes; without it the system's.
        ca: optional String,
        /// The name that the certificate must have; without it the endpoint's host.
        /// Example: `orders.internal`.
        server_name: optional String,
    }
}

section! {
    /// How the gateway stops.
    Shutdown {
        /// Not ready any more, but serving, while load balancers take notice; a duration.
        /// Default: `5s`.
        delay: optional Duration,
        /// Then this long for what is in flight; a duration.
        /// Default: `30s`.
        timeout: optional Duration,
    }
}

section! {
    /// Bounds of what a client may send.
    Limits {
        /// The longest token, 256B to 64KiB; a longer one is `token_too_large`.
        /// Default: `16KiB`.
        token: optional Size,
        /// The longest header of a token (its first segment, decoded), 256B to 64KiB.
        /// Default: `4KiB`.
        token_header: optional Size,
    }
}

section! {
    /// One rule.
    Route {
        /// The name in metrics and logs; each route has its own.
        /// Example: `orders`.
        name: required String,
        /// Which requests the route is for.
        r#match: required Match,
        /// Who may pass: `public`, `optional`, `authenticated`, or a map with what is asked beyond a valid token.
        /// There is no default.
        access: required Access,
        /// Where the requests go: a name under `upstreams`.
        upstream: required String,
        /// Where a token may be, in place of the list for all routes; not on a public route.
        credentials: optional Vec<At<Credential>>,
        /// What the upstream takes for characters of a segment of its paths, and other servers do not.
        path: optional PathRules,
        /// Which pages of other origins may use the route (CORS, Fetch standard). Preflights are answered by the gateway.
        cors: optional Cors,
        /// The verified identity as headers, in place of the section of that name for all routes.
        identity: optional Identity,
    }
}

section! {
    /// Which requests a rule is for.
    Match {
        /// Hosts, without case, port and final dot; `*.` is one or more labels. Without it any.
        /// Example: `["api.example.com", "*.api.example.com"]`.
        hosts: optional Vec<At<String>>,
        /// Methods; GET includes HEAD. Without it any.
        /// Example: `["GET"]`.
        methods: optional Vec<At<String>> as Vec<words::Method>,
        /// The path: `{id}` is one segment, never empty; `/a/**` is `/a`, `/a/` and all below.
        /// Example: `/orders/{id}`.
        /// Example: `/admin/**`.
        path: required String as words::PathPattern,
    }
}

section! {
    /// Which pages of other origins may use a rule.
    Cors {
        /// Scheme, host and port as browsers send them, or `*` alone for every page.
        /// Example: `["https://app.example.com"]`.
        origins: required Vec<At<String>>,
        /// Methods that pages may use, or `*` alone for all. Without it the route's own; without those GET, HEAD and POST.
        /// Example: `["GET", "PUT"]`.
        methods: optional Vec<At<String>> as Vec<words::MethodOrAll>,
        /// Headers that pages may set beyond the harmless ones, or `*` alone for all but Authorization. Without it none.
        /// Example: `["Authorization", "Content-Type"]`.
        headers: optional Vec<At<String>>,
        /// Headers of the answer that pages may read, beyond the usual and X-Request-Id, WWW-Authenticate, Retry-After.
        /// Example: `["ETag"]`.
        expose: optional Vec<At<String>>,
        /// How long browsers may remember the answer to a preflight; a duration. Without it as long as they like, 5 s.
        /// Example: `10m`.
        max_age: optional Duration,
        /// Whether requests may carry cookies, for origins named one by one; a cookie may then also change something.
        /// Default: `false`.
        credentials: optional bool,
    }
}

section! {
    /// What the paths of a rule may hold.
    PathRules {
        /// To captures and `**` they are characters of one segment, and they are sent as they came; a literal never equals them.
        /// Example: `["encoded_slash"]`.
        allow: required Vec<At<String>> as Vec<words::PathData>,
    }
}

section! {
    /// What a rule asks of the caller beyond a valid token.
    Conditions {
        /// Whose tokens pass: names under `issuers`. Without it all of them.
        issuers: optional Vec<At<String>>,
        /// Narrows the issuers' own: the token's `aud` must hold one of these too.
        audiences: optional Vec<At<String>>,
        /// What the caller must be: a policy, a list of policies (all of them), or a requirement.
        /// Example: `{"scopes": {"all": ["orders:read"]}}`.
        require: optional Node as Requirement,
        /// A second requirement, evaluated, counted and logged beside the first; it decides nothing.
        /// Example: `{"roles": {"any": ["admin", "clerk"]}}`.
        candidate: optional Node as Requirement,
        /// `observe` lets every request pass, and records what would have been decided.
        /// Default: `enforce`.
        enforcement: optional Enforcement,
    }
}

/// Whether a rule keeps out whom it refuses.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Enforcement {
    Enforce,
    Observe,
}

impl FromNode for Enforcement {
    fn from_node(node: &Node, problems: &mut Problems) -> Option<Self> {
        node.parse_text("`enforce` or `observe`", problems, |text| match text {
            "enforce" => Ok(Self::Enforce),
            "observe" => Ok(Self::Observe),
            other => Err(format!("`{other}` is no kind of enforcement")),
        })
    }
}

section! {
    /// The verified identity as headers.
    Identity {
        /// Headers and what they hold: `claims.PATH`, `roles`, `scopes`, `issuer`, `issuer_tenant` or `path.NAME`, or a map with `format`.
        /// An absent claim sets no header; a value that cannot be sent refuses the request.
        /// Example: `{"X-User": "claims.sub"}`.
        headers: optional Named<IdentityHeader> as words::IdentityHeaders,
        /// Whether the credential stays on the request.
        /// Default: `false`.
        forward_token: optional bool,
        /// More headers that clients may not send: names, or a prefix and `*`.
        /// Example: `["X-Legacy-*"]`.
        remove: optional Vec<At<String>> as Vec<words::HeaderPattern>,
        /// Lets through headers that are otherwise removed, because they make upstreams see another path or method.
        allow: optional Vec<At<String>> as Vec<words::Override>,
    }
}

section! {
    /// The long form of an identity header.
    FormattedHeader {
        /// What the header holds: `claims.PATH`, `roles`, `scopes`, `issuer`, `issuer_tenant` or `path.NAME`, or the steps of a claim's path.
        /// Example: `roles`.
        from: required Path as words::IdentityValue,
        /// How it is written.
        /// Default: `text`.
        format: optional String as words::Format,
    }
}

/// A place for a token.
#[derive(Debug, Clone)]
pub(super) enum Credential {
    Authorization,
    Cookie(At<String>),
    Header(At<String>),
    Query(At<String>),
}

impl FromNode for Credential {
    fn from_node(node: &Node, problems: &mut Problems) -> Option<Self> {
        const EXPECTED: &str = "`authorization`, or `cookie`, `header` or `query` with a name";
        if !matches!(node.value, Value::Map(_)) {
            return node.parse_text(EXPECTED, problems, |text| match text {
                "authorization" => Ok(Self::Authorization),
                other => Err(format!("`{other}` is no place for a token")),
            });
        }
        let fields = Fields::of(node, &["cookie", "header", "query"], &[], &[], problems)?;
        match (fields.node("cookie"), fields.node("header"), fields.node("query")) {
            (Some(cookie), None, None) => At::from_node(cookie, problems).map(Self::Cookie),
            (None, Some(header), None) => At::from_node(header, problems).map(Self::Header),
            (None, None, Some(query)) => At::from_node(query, problems).map(Self::Query),
            _ if fields.faulty => None,
            _ => {
                problems.error(
                    node.at,
                    "a place for a token is one place",
                    "write each as an item of its own",
                );
                None
            }
        }
    }
}

/// The tenants of an issuer.
#[derive(Debug, Clone)]
pub(super) enum Tenants {
    Any,
    Listed(Vec<At<String>>),
}

impl FromNode for Tenants {
    fn from_node(node: &Node, problems: &mut Problems) -> Option<Self> {
        if matches!(node.value, Value::List(_)) {
            return Vec::from_node(node, problems).map(Self::Listed);
        }
        node.parse_text("`any`, or a list of tenants", problems, |text| match text {
            "any" => Ok(Self::Any),
            other => Err(format!("`{other}` is neither `any` nor a list")),
        })
    }
}

/// What `access` may be.
#[derive(Debug, Clone)]
pub(super) enum Access {
    Public,
    Optional,
    Authenticated,
    Conditions(Box<Conditions>),
}

impl FromNode for Access {
    fn from_node(node: &Node, problems: &mut Problems) -> Option<Self> {
        const EXPECTED: &str =
            "`public`, `optional`, `authenticated`, or a map with `require`, `issuers` or `audiences`";
        if matches!(node.value, Value::Map(_)) {
            return Conditions::from_node(node, problems).map(Box::new).map(Self::Conditions);
        }
        node.parse_text(EXPECTED, problems, |text| match text {
            "public" => Ok(Self::Public),
            "optional" => Ok(Self::Optional),
            "authenticated" => Ok(Self::Authenticated),
            other => Err(format!("`{other}` is no kind of access")),
        })
    }
}

/// An identity header, short (`claims.sub`) or long (`{ from, format }`).
#[derive(Debug, Clone)]
pub(super) struct IdentityHeader {
    pub(super) from: Option<At<Path>>,
    pub(super) format: Option<At<String>>,
}

impl FromNode for IdentityHeader {
    fn from_node(node: &Node, problems: &mut Problems) -> Option<Self> {
        if matches!(node.value, Value::Map(_)) {
            let FormattedHeader { from, format } = FormattedHeader::from_node(node, problems)?;
            return Some(Self { from, format });
        }
        Some(Self { from: Some(At::from_node(node, problems)?), format: None })
    }
}

/// A path: dotted text, or a list of its steps.
#[derive(Debug, Clone)]
pub(super) enum Path {
    Dotted(String),
    Steps(Vec<String>),
}

impl FromNode for Path {
    fn from_node(node: &Node, problems: &mut Problems) -> Option<Self> {
        if let Value::List(items) = &node.value {
            let steps: Vec<String> = Vec::from_node(node, problems)?;
            // Fewer steps would be another path.
            return (steps.len() == items.len()).then_some(Self::Steps(steps));
        }
        node.text("a path as text, or a list of its steps", problems)
            .map(|text| Self::Dotted(text.to_owned()))
    }
}

/// A socket address, with the text that names it in metrics.
#[derive(Debug, Clone)]
pub(super) struct Address {
    pub(super) text: String,
    pub(super) socket: SocketAddr,
}

impl FromNode for Address {
    fn from_node(node: &Node, problems: &mut Problems) -> Option<Self> {
        node.parse_text("an IP address and a port, like 0.0.0.0:8443 or [::]:8443", problems, |text| {
            match text.parse() {
                Ok(socket) => Ok(Self { text: text.to_owned(), socket }),
                Err(_) => Err(format!("`{text}` is not an address to listen on")),
            }
        })
    }
}

/// A network, or one address.
#[derive(Debug, Clone, Copy)]
pub(super) struct Network(pub(super) ipnet::IpNet);

impl FromNode for Network {
    fn from_node(node: &Node, problems: &mut Problems) -> Option<Self> {
        node.parse_text("a network like 10.0.0.0/8, or one address", problems, |text| {
            let network = text.parse::<ipnet::IpNet>().ok();
            network
                .or_else(|| text.parse::<std::net::IpAddr>().ok().map(ipnet::IpNet::from))
                .map(Self)
                .ok_or_else(|| format!("`{text}` is not a network"))
        })
    }
}
