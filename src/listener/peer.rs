//! Who is at the other end of a connection.
//!
//! Given the socket address of an accepted connection and the networks that the listener trusts, it answers two
//! questions for every request on that connection: are its forwarding headers believed, and which address is the
//! client's. An untrusted peer cannot influence either answer. What must stay true: `X-Forwarded-For` is read from
//! the right, because everything to the left of the last trusted hop is whatever the client chose to send.

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;

use http::header::FORWARDED;
use http::{HeaderMap, HeaderName, HeaderValue};
use ipnet::IpNet;

use crate::field::{Field, has, only};

/// The other end of one connection, known before any request is read from it.
#[derive(Debug, Clone)]
pub struct Peer {
    address: SocketAddr,
    /// The address as a header value, rendered once for a connection instead of once for a request.
    forwarded_for: HeaderValue,
    listener: Arc<str>,
    tls: bool,
    trusted: bool,
    trusted_proxies: Arc<[IpNet]>,
}

impl Peer {
    /// The other end of a connection accepted on the listener configured as `listener`.
    pub fn new(address: SocketAddr, listener: Arc<str>, tls: bool, trusted_proxies: Arc<[IpNet]>) -> Self {
        // A dual-stack socket shows IPv4 clients as ::ffff:a.b.c.d, which no IPv4 network would match.
        let ip = address.ip().to_canonical();
        let trusted = contains(&trusted_proxies, ip);
        // The text of an address is always a header value; the fallback names the "unknown" of RFC 7239 §6.2.
        let forwarded_for =
            HeaderValue::try_from(ip.to_string()).unwrap_or(HeaderValue::from_static("unknown"));
        let address = SocketAddr::new(ip, address.port());
        Self { address, forwarded_for, listener, tls, trusted, trusted_proxies }
    }

    /// The socket address of the other end (`network.peer.address`).
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// The IP address of the other end as `X-Forwarded-For` names it.
    pub fn forwarded_for(&self) -> &HeaderValue {
        &self.forwarded_for
    }

    /// The configured address of the listener that accepted the connection.
    pub fn listener(&self) -> &str {
        &self.listener
    }

    /// `https` on a TLS listener, else `http`.
    pub fn scheme(&self) -> &'static str {
        if self.tls { "https" } else { "http" }
    }

    /// The scheme that the client used, where it is known: what a trusted proxy says of it, else the listener's where that
    /// speaks TLS. Of plaintext it is not known: something in front may have taken off the TLS.
    pub fn client_scheme(&self, headers: &HeaderMap) -> Option<&'static str> {
        let own = self.tls.then_some("https");
        if !self.trusted {
            return own;
        }
        match only(headers, &X_FORWARDED_PROTO) {
            Field::One(scheme) => known_scheme(scheme.as_bytes()),
            Field::Several => None,
            Field::Absent if has(headers, &FORWARDED) => forwarded_scheme(headers),
            Field::Absent => own,
        }
    }

    /// Whether the peer is one of the listener's `trusted_proxies`, whose forwarding headers are believed.
    pub fn is_trusted_proxy(&self) -> bool {
        self.trusted
    }

    /// The address of the client: the peer's, or, behind trusted proxies, the last address of
    /// `X-Forwarded-For` that is not itself a trusted proxy.
    ///
    /// An entry that is no address ends the walk: whoever wrote it is not known to have told the truth before it.
    pub fn client(&self, headers: &HeaderMap) -> IpAddr {
        let mut client = self.address.ip();
        if !self.trusted {
            return client;
        }
        for value in headers.get_all(X_FORWARDED_FOR).iter().rev() {
            let Ok(list) = value.to_str() else { return client };
            for entry in list.rsplit(',') {
                let Some(address) = entry_address(entry.trim()) else { return client };
                client = address;
                if !contains(&self.trusted_proxies, client) {
                    return client;
                }
            }
        }
        client
    }
}

const X_FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");
const X_FORWARDED_PROTO: HeaderName = HeaderName::from_static("x-forwarded-proto");

fn known_scheme(text: &[u8]) -> Option<&'static str> {
    ["https", "http"].into_iter().find(|scheme| text.eq_ignore_ascii_case(scheme.as_bytes()))
}

/// The `proto` of `Forwarded` (RFC 7239 §5.4), where all of its elements that have one agree.
fn forwarded_scheme(headers: &HeaderMap) -> Option<&'static str> {
    let mut found = None;
    for value in headers.get_all(FORWARDED) {
        for parameter in value.as_bytes().split(|&byte| byte == b',' || byte == b';') {
            let parameter = parameter.trim_ascii();
            let Some((name, scheme)) = parameter.split_at_checked("proto=".len()) else { continue };
            if !name.eq_ignore_ascii_case(b"proto=") {
                continue;
            }
            let scheme =
                scheme.strip_prefix(b"\"").and_then(|rest| rest.strip_suffix(b"\"")).unwrap_or(scheme);
            let scheme = known_scheme(scheme)?;
            if found.is_some_and(|found| found != scheme) {
                return None;
            }
            found = Some(scheme);
        }
    }
    found
}

/// An entry of `X-Forwarded-For`: an address, or an address with a port as some load balancers write it.
fn entry_address(entry: &str) -> Option<IpAddr> {
    let bracketed = || entry.strip_prefix('[')?.strip_suffix(']')?.parse().ok();
    let address: IpAddr = entry
        .parse()
        .ok()
        .or_else(|| entry.parse::<SocketAddr>().ok().map(|with_port| with_port.ip()))
        .or_else(bracketed)?;
    Some(address.to_canonical())
}

fn contains(networks: &[IpNet], address: IpAddr) -> bool {
    networks.iter().any(|network| network.contains(&address))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn peer(address: &str) -> Peer {
        let trusted: Arc<[IpNet]> = ["10.0.0.0/8", "fd00::/8"].iter().map(|n| n.parse().unwrap()).collect();
        Peer::new(address.parse().unwrap(), "127.0.0.1:8080".into(), false, trusted)
    }

    fn client(peer: &Peer, values: &[&str]) -> String {
        let mut headers = HeaderMap::new();
        for value in values {
            headers.append(X_FORWARDED_FOR, HeaderValue::from_bytes(value.as_bytes()).unwrap());
        }
        peer.client(&headers).to_string()
    }

    #[test]
    fn an_untrusted_peer_is_the_client_whatever_it_says() {
        let peer = peer("203.0.113.9:4000");
        assert!(!peer.is_trusted_proxy());
        assert_eq!(client(&peer, &["10.0.0.1"]), "203.0.113.9");
    }

    #[test]
    fn behind_trusted_proxies_the_last_untrusted_address_is_the_client() {
        let peer = peer("10.1.1.1:4000");
        assert!(peer.is_trusted_proxy());
        assert_eq!(client(&peer, &[]), "10.1.1.1");
        assert_eq!(client(&peer, &["198.51.100.7"]), "198.51.100.7");
        assert_eq!(client(&peer, &["1.2.3.4, 198.51.100.7, 10.9.9.9"]), "198.51.100.7");
        assert_eq!(client(&peer, &["1.2.3.4, 198.51.100.7", "10.9.9.9,10.8.8.8"]), "198.51.100.7");
        assert_eq!(client(&peer, &["198.51.100.7:5123"]), "198.51.100.7");
        assert_eq!(client(&peer, &["[2001:db8::1]:5123"]), "2001:db8::1");
        assert_eq!(client(&peer, &["[2001:db8::1]"]), "2001:db8::1");
    }

    #[test]
    fn garbage_stops_the_walk() {
        let peer = peer("10.1.1.1:4000");
        assert_eq!(client(&peer, &["1.2.3.4, unknown, 10.9.9.9"]), "10.9.9.9");
        assert_eq!(client(&peer, &["1.2.3.4,, 10.9.9.9"]), "10.9.9.9");
        assert_eq!(client(&peer, &["1.2.3.4", "\u{fc}", "10.9.9.9"]), "10.9.9.9");
        assert_eq!(client(&peer, &[""]), "10.1.1.1");
    }

    #[test]
    fn the_scheme_of_the_client_is_known_from_tls_or_a_trusted_proxy() {
        let trusted: Arc<[IpNet]> = vec!["10.0.0.0/8".parse().unwrap()].into();
        for (address, tls, said, scheme) in [
            ("203.0.113.9:1", true, &[][..], Some("https")),
            ("203.0.113.9:1", true, &["http"], Some("https")),
            ("203.0.113.9:1", false, &[], None),
            ("203.0.113.9:1", false, &["https"], None),
            ("10.0.0.1:1", true, &[], Some("https")),
            ("10.0.0.1:1", true, &["http"], Some("http")),
            ("10.0.0.1:1", false, &["https"], Some("https")),
            ("10.0.0.1:1", false, &[], None),
            ("10.0.0.1:1", true, &["https", "http"], None),
            ("10.0.0.1:1", true, &["https, http"], None),
            ("10.0.0.1:1", false, &["HTTPS"], Some("https")),
        ] {
            let peer = Peer::new(address.parse().unwrap(), "a".into(), tls, Arc::clone(&trusted));
            let mut headers = HeaderMap::new();
            for value in said {
                headers.append(X_FORWARDED_PROTO, HeaderValue::from_static(value));
            }
            assert_eq!(peer.client_scheme(&headers), scheme, "{address} {tls} {said:?}");
        }
    }

    #[test]
    fn forwarded_says_the_scheme_where_nothing_else_does() {
        let trusted: Arc<[IpNet]> = vec!["10.0.0.0/8".parse().unwrap()].into();
        for (address, forwarded, said, scheme) in [
            ("10.0.0.1:1", "for=1.2.3.4;proto=https", None, Some("https")),
            ("10.0.0.1:1", "for=1.2.3.4; Proto=\"HTTP\"", None, Some("http")),
            ("10.0.0.1:1", "proto=https, for=10.0.0.2;proto=https", None, Some("https")),
            ("10.0.0.1:1", "proto=https, proto=http", None, None),
            ("10.0.0.1:1", "proto=ftp", None, None),
            ("10.0.0.1:1", "for=1.2.3.4", None, None),
            ("10.0.0.1:1", "proto=https", Some("http"), Some("http")),
            ("203.0.113.9:1", "proto=https", None, None),
        ] {
            let peer = Peer::new(address.parse().unwrap(), "a".into(), false, Arc::clone(&trusted));
            let mut headers = HeaderMap::new();
            headers.insert(FORWARDED, HeaderValue::from_static(forwarded));
            if let Some(said) = said {
                headers.insert(X_FORWARDED_PROTO, HeaderValue::from_static(said));
            }
            assert_eq!(peer.client_scheme(&headers), scheme, "{address} {forwarded} {said:?}");
        }
    }

    #[test]
    fn a_mapped_address_is_its_ipv4_address() {
        let peer = peer("[::ffff:10.2.3.4]:4000");
        assert!(peer.is_trusted_proxy());
        assert_eq!(peer.forwarded_for(), "10.2.3.4");
        assert_eq!(client(&peer, &["::ffff:10.0.0.1", "198.51.100.7"]), "198.51.100.7");
    }
}
