//! Who is at the other end of a connection.

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;

use http::HeaderMap;
use ipnet::IpNet;

/// The other end of one connection, known before any request is read from it.
#[derive(Debug, Clone)]
pub struct Peer {
    address: SocketAddr,
    listener: Arc<str>,
    tls: bool,
    trusted_proxies: Arc<[IpNet]>,
}

impl Peer {
    /// The other end of a connection accepted on the listener configured as `listener`.
    pub fn new(address: SocketAddr, listener: Arc<str>, tls: bool, trusted_proxies: Arc<[IpNet]>) -> Self {
        Self { address, listener, tls, trusted_proxies }
    }

    /// The socket address of the other end (`network.peer.address`).
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// The configured address of the listener that accepted the connection.
    pub fn listener(&self) -> &str {
        &self.listener
    }

    /// `https` on a TLS listener, else `http`.
    pub fn scheme(&self) -> &'static str {
        if self.tls { "https" } else { "http" }
    }

    /// Whether the peer is one of the listener's `trusted_proxies`, whose forwarding headers are believed.
    pub fn is_trusted_proxy(&self) -> bool {
        todo!()
    }

    /// The address of the client: the peer's, or, behind trusted proxies, the last address of
    /// `X-Forwarded-For` that is not itself a trusted proxy.
    pub fn client(&self, _headers: &HeaderMap) -> IpAddr {
        todo!()
    }
}
