//! One address of an upstream.
//!
//! Given the text of an `endpoints` entry it hands on scheme, host and port. It refuses whatever a URL may carry
//! beyond them: a path or a query would be dropped in silence, and a password would end up in logs.

use std::fmt;
use std::net::IpAddr;
use std::str::FromStr;

use http::HeaderValue;
use http::uri::Authority;

/// Where requests are sent: `http` or `https`, a host and a port.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Endpoint {
    tls: bool,
    host: Box<str>,
    port: u16,
    /// Host and port as they were written, for requests that name no host of their own.
    authority: HeaderValue,
}

impl Endpoint {
    /// From its URL: `http://127.0.0.1:3000`, `https://orders.internal`, `http://[::1]:3000`.
    pub fn parse(text: &str) -> Result<Self, EndpointError> {
        let (scheme, rest) = text.split_once("://").ok_or(EndpointError::NoScheme)?;
        let tls = match scheme.to_ascii_lowercase().as_str() {
            "http" => false,
            "https" => true,
            _ => return Err(EndpointError::UnknownScheme),
        };
        let end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
        let (authority, beyond) = rest.split_at(end);
        match beyond {
            "" | "/" => (),
            _ if beyond.starts_with('/') => return Err(EndpointError::Path),
            _ => return Err(EndpointError::Query),
        }
        if authority.contains('@') {
            return Err(EndpointError::Userinfo);
        }
        let (host, port) = split_port(authority)?;
        let port = match port {
            None if tls => 443,
            None => 80,
            Some(port) => parse_port(port)?,
        };
        let host = parse_host(host)?;
        let authority = Authority::from_str(authority).map_err(|_| EndpointError::Host)?;
        let authority = HeaderValue::from_str(authority.as_str()).map_err(|_| EndpointError::Host)?;
        Ok(Self { tls, host, port, authority })
    }

    /// Whether it is reached over TLS.
    pub fn is_https(&self) -> bool {
        self.tls
    }

    /// The host: a name, or an address without brackets.
    pub fn host(&self) -> &str {
        &self.host
    }

    /// The port, the scheme's own where none was given.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// Whether both are one address, however they are written: names compare without case, and a port may be left out
    /// where it is the scheme's own.
    pub fn is_same(&self, other: &Self) -> bool {
        self.tls == other.tls && self.port == other.port && self.host.eq_ignore_ascii_case(&other.host)
    }

    pub(super) fn authority(&self) -> &HeaderValue {
        &self.authority
    }
}

impl fmt::Display for Endpoint {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let scheme = if self.tls { "https" } else { "http" };
        let brackets = if self.host.contains(':') { ("[", "]") } else { ("", "") };
        write!(formatter, "{scheme}://{}{}{}:{}", brackets.0, self.host, brackets.1, self.port)
    }
}

/// What is wrong with an endpoint; what would be right.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum EndpointError {
    /// Not a URL.
    #[error("the scheme is missing; write http:// or https:// before the host, as in http://127.0.0.1:3000")]
    NoScheme,
    /// Another scheme.
    #[error("the scheme is neither http nor https; write http://HOST:PORT or https://HOST:PORT")]
    UnknownScheme,
    /// A host that is none.
    #[error("the host is not a name or an address; write it as in http://orders:3000 or http://[::1]:3000")]
    Host,
    /// A port that is none.
    #[error("the port is not a number from 1 to 65535; write it as in http://127.0.0.1:3000")]
    Port,
    /// User name or password.
    #[error("an endpoint carries no user name or password; write only http://HOST:PORT")]
    Userinfo,
    /// A path.
    #[error("an endpoint has no path, requests keep their own; write only http://HOST:PORT")]
    Path,
    /// A query or fragment.
    #[error("an endpoint has no query or fragment; write only http://HOST:PORT")]
    Query,
}

fn split_port(authority: &str) -> Result<(&str, Option<&str>), EndpointError> {
    if let Some(bracketed) = authority.strip_prefix('[') {
        let (host, rest) = bracketed.split_once(']').ok_or(EndpointError::Host)?;
        // Only an IPv6 address stands in brackets (RFC 3986 §3.2.2).
        host.parse::<std::net::Ipv6Addr>().map_err(|_| EndpointError::Host)?;
        return match rest {
            "" => Ok((host, None)),
            _ => rest.strip_prefix(':').map(|port| (host, Some(port))).ok_or(EndpointError::Port),
        };
    }
    match authority.split_once(':') {
        None => Ok((authority, None)),
        Some((_, port)) if port.contains(':') => Err(EndpointError::Host),
        Some((host, port)) => Ok((host, Some(port))),
    }
}

fn parse_port(port: &str) -> Result<u16, EndpointError> {
    // `u16::from_str` would take a plus sign.
    let digits = port.bytes().all(|byte| byte.is_ascii_digit());
    let port: u16 = port.parse().map_err(|_| EndpointError::Port)?;
    if digits && port != 0 { Ok(port) } else { Err(EndpointError::Port) }
}

fn parse_host(host: &str) -> Result<Box<str>, EndpointError> {
    if host.parse::<IpAddr>().is_ok() {
        return Ok(host.into());
    }
    let is_label = |label: &str| {
        !label.is_empty() && label.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte))
    };
    let name = host.strip_suffix('.').unwrap_or(host);
    // A name whose last label is a number is an address with a mistake in it, such as 127.0.0.1.1.
    let numeric = name.rsplit('.').next().is_some_and(|last| last.bytes().all(|byte| byte.is_ascii_digit()));
    if name.split('.').all(is_label) && !numeric { Ok(host.into()) } else { Err(EndpointError::Host) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn endpoints_have_scheme_host_and_port() {
        for (text, shown) in [
            ("http://127.0.0.1:3000", "http://127.0.0.1:3000"),
            ("HTTP://orders", "http://orders:80"),
            ("https://orders.internal", "https://orders.internal:443"),
            ("https://orders.internal/", "https://orders.internal:443"),
            ("http://[::1]:3000", "http://[::1]:3000"),
            ("http://my_service.ns.svc.cluster.local.:8080", "http://my_service.ns.svc.cluster.local.:8080"),
        ] {
            assert_eq!(Endpoint::parse(text).unwrap().to_string(), shown);
        }
    }

    #[test]
    fn what_is_no_endpoint_is_refused_for_its_reason() {
        for (text, error) in [
            ("", EndpointError::NoScheme),
            ("127.0.0.1:3000", EndpointError::NoScheme),
            ("ftp://orders", EndpointError::UnknownScheme),
            ("unix:///run/orders.sock", EndpointError::UnknownScheme),
            ("http://", EndpointError::Host),
            ("http://:3000", EndpointError::Host),
            ("http://orders api:3000", EndpointError::Host),
            ("http://127.0.0.1.1", EndpointError::Host),
            ("http://::1:3000", EndpointError::Host),
            ("http://[orders]:3000", EndpointError::Host),
            ("http://[::1", EndpointError::Host),
            ("http://orders:", EndpointError::Port),
            ("http://orders:0", EndpointError::Port),
            ("http://orders:+80", EndpointError::Port),
            ("http://orders:65536", EndpointError::Port),
            ("http://[::1]3000", EndpointError::Port),
            ("http://user:secret@orders", EndpointError::Userinfo),
            ("http://orders/api", EndpointError::Path),
            ("http://orders?x=1", EndpointError::Query),
            ("http://orders#x", EndpointError::Query),
        ] {
            assert_eq!(Endpoint::parse(text), Err(error), "{text}");
        }
    }
}
