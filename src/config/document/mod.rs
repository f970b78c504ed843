//! The configuration file, key for key.
//!
//! Given the tree of the file, it hands on what could be read and records the rest. No meaning here: names are not
//! resolved and files are not opened; `compile` does that.
//!
//! What is written above a key is what editors show for it, by way of `schema`; `as` names what a text or a tree means there.

mod identity;
mod issuer;
mod route;

use std::net::SocketAddr;
use std::time::Duration;

pub(super) use self::identity::{FormattedHeader, Identity, IdentityHeader, Path};
pub(super) use self::issuer::{Discovery, Issuer, Keys, Secret, Tenants};
pub(super) use self::route::{Access, Conditions, Cors, Credential, Enforcement, Match, PathRules, Route};
use super::node::{At, FromNode, Named, Node, Size};
use super::problem::Problems;
use super::schema::{Requirement, words};
use super::section::section;

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
