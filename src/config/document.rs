//! The configuration file, key for key.
//!
//! Given the tree of the file, it hands on what could be read and records the rest. No meaning here: names are not
//! resolved and files are not opened; `compile` does that. `config/reference.yaml` says what each key is for.

use std::net::SocketAddr;
use std::time::Duration;

use super::node::{At, FromNode, Given, Named, Node, Size, Undisclosed, Value};
use super::problem::Problems;
use super::section::{Fields, section};

section! {
    /// The whole file.
    Document {
        listeners: required Vec<Listener>,
        admin: optional Admin,
        issuers: optional Named<Issuer>,
        upstreams: required Named<Upstream>,
        policies: optional Named<Node>,
        shutdown: optional Shutdown,
        routes: required Vec<Route>,
        credentials: optional Vec<At<Node>>,
        identity: optional Identity,
        limits: optional Limits,
    }
    later { "token_service", "store", "revocation" }
}

section! {
    /// A socket that clients connect to.
    Listener {
        address: required Address,
        tls: optional ListenerTls,
        trusted_proxies: optional Vec<At<Network>>,
    }
}

section! {
    /// The certificate of a listener.
    ListenerTls {
        certificate: required String,
        key: required String,
        client_ca: optional String,
    }
}

section! {
    /// Where metrics and probes are answered.
    Admin {
        address: optional Address,
    }
    later { "token_file" }
}

section! {
    /// Who issues tokens.
    #[expect(clippy::struct_field_names, reason = "the fields are the keys of the file")]
    Issuer {
        issuer: required String,
        tenants: optional Tenants,
        audiences: required Vec<At<String>>,
        algorithms: optional Vec<At<String>>,
        keys: optional Given<Keys>,
        clock_skew: optional Duration,
        token_types: optional Vec<At<String>>,
        max_age: optional Duration,
        required_claims: optional Vec<At<Path>>,
        roles: optional Path,
        scopes: optional Path,
        token_cache: optional TokenCache,
    }
}

section! {
    /// The bounds of an issuer's verified tokens.
    TokenCache {
        max_size: optional Size,
    }
}

section! {
    /// Where an issuer's keys are.
    Keys {
        discovery: optional Given<Discovery>,
        jwks_uri: optional Given<String>,
        jwks_file: optional Given<String>,
        pem_file: optional Given<String>,
        secret: optional Given<Secret>,
        bearer_token_file: optional String,
        refresh: optional Refresh,
        max_stale: optional Duration,
        on_start: optional String,
        state_dir: optional String,
        ca: optional String,
        allow_http: optional bool,
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
        min: optional Duration,
        max: optional Duration,
    }
}

section! {
    /// An API.
    Upstream {
        endpoints: required Vec<At<String>>,
        timeouts: optional Timeouts,
        tls: optional UpstreamTls,
    }
}

section! {
    /// How long an upstream may take.
    Timeouts {
        connect: optional Duration,
        response: optional Duration,
    }
}

section! {
    /// How an upstream proves who it is.
    UpstreamTls {
        ca: optional String,
        server_name: optional String,
    }
}

section! {
    /// How the gateway stops.
    Shutdown {
        delay: optional Duration,
        timeout: optional Duration,
    }
}

section! {
    /// Bounds of what a client may send.
    Limits {
        token: optional Size,
        token_header: optional Size,
    }
}

section! {
    /// One rule.
    Route {
        name: required String,
        r#match: required Match,
        access: required Access,
        upstream: required String,
        identity: optional Identity,
    }
    later { "credentials", "path", "cors" }
}

section! {
    /// Which requests a rule is for.
    Match {
        hosts: optional Vec<At<String>>,
        methods: optional Vec<At<String>>,
        path: required String,
    }
}

section! {
    /// What a rule asks of the caller beyond a valid token.
    Conditions {
        issuers: optional Vec<At<String>>,
        audiences: optional Vec<At<String>>,
        require: optional Node,
        candidate: optional Node,
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
        headers: optional Named<IdentityHeader>,
        forward_token: optional bool,
        remove: optional Vec<At<String>>,
        allow: optional Vec<At<String>>,
    }
}

section! {
    /// The long form of an identity header.
    FormattedHeader {
        from: required Path,
        format: optional String,
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
    Conditions(Conditions),
}

impl FromNode for Access {
    fn from_node(node: &Node, problems: &mut Problems) -> Option<Self> {
        const EXPECTED: &str =
            "`public`, `optional`, `authenticated`, or a map with `require`, `issuers` or `audiences`";
        if matches!(node.value, Value::Map(_)) {
            return Conditions::from_node(node, problems).map(Self::Conditions);
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
