//! Host and port of a request, from a Host header or the authority of its target (RFC 9110 §7.2).
//!
//! Names are letters, digits, `-`, `_` and dots; addresses of IPv6 stand in brackets. Everything else that RFC 3986
//! allows in an authority (userinfo, escapes, `!$&'()*+,;=`) is refused: no client needs it, and servers disagree on it.

use std::net::Ipv6Addr;

use super::Ambiguous;

/// Host and port, as far as they were written.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Authority {
    /// In canonical form, see [`canonical_name`].
    pub(super) host: String,
    port: Option<u16>,
}

impl Authority {
    pub(super) fn parse(text: &[u8]) -> Result<Self, Ambiguous> {
        let text = std::str::from_utf8(text).map_err(|_| Ambiguous(MALFORMED))?;
        let name_ends = if text.starts_with('[') {
            text.find(']').map(|end| end + 1)
        } else {
            text.bytes().position(|byte| byte == b':')
        };
        let (name, port) =
            text.split_at_checked(name_ends.unwrap_or(text.len())).ok_or(Ambiguous(MALFORMED))?;
        let host = canonical_name(name).ok_or(Ambiguous(MALFORMED))?;
        Ok(Self { host, port: parse_port(port)? })
    }

    pub(super) fn port(&self) -> Option<u16> {
        self.port
    }

    /// Whether both name the same host and port, where no port means `default`.
    pub(super) fn is_same(&self, other: &Self, default: u16) -> bool {
        self.host == other.host && self.port.unwrap_or(default) == other.port.unwrap_or(default)
    }
}

/// The canonical form of a host, the only one in which a target has it: in lower case, without its final dot, an IPv6 address in its shortest form.
pub fn canonical_name(name: &str) -> Option<String> {
    if let Some(address) = name.strip_prefix('[') {
        let address: Ipv6Addr = address.strip_suffix(']')?.parse().ok()?;
        return Some(format!("[{address}]"));
    }
    let name = name.strip_suffix('.').unwrap_or(name);
    let is_label = |label: &[u8]| {
        !label.is_empty()
            && label.iter().all(|&byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'))
    };
    let mut labels = name.as_bytes().split(|&byte| byte == b'.');
    // The limit of DNS also bounds the look-up of wildcard hosts, which goes label by label.
    (name.len() <= 253 && labels.all(is_label)).then(|| name.to_ascii_lowercase())
}

/// What follows the host: nothing, or a colon and the port, which may be empty (RFC 3986 §3.2.3).
fn parse_port(text: &str) -> Result<Option<u16>, Ambiguous> {
    let digits = match text.strip_prefix(':') {
        None if text.is_empty() => return Ok(None),
        None => return Err(Ambiguous(MALFORMED)),
        Some("") => return Ok(None),
        Some(digits) => digits,
    };
    // `u16::from_str` alone would take a plus sign.
    match digits.parse() {
        Ok(port) if port != 0 && digits.bytes().all(|digit| digit.is_ascii_digit()) => Ok(Some(port)),
        Ok(_) | Err(_) => Err(Ambiguous("port that is none")),
    }
}

const MALFORMED: &str = "malformed host";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hosts_become_canonical() {
        for (text, host, port) in [
            ("api.example.com", "api.example.com", None),
            ("API.Example.COM.:8443", "api.example.com", Some(8443)),
            ("localhost:", "localhost", None),
            ("my_service-1", "my_service-1", None),
            ("127.0.0.1:80", "127.0.0.1", Some(80)),
            ("[::1]", "[::1]", None),
            ("[0:0:0:0:0:0:0:1]:443", "[::1]", Some(443)),
            ("[FE80::A]", "[fe80::a]", None),
        ] {
            assert_eq!(
                Authority::parse(text.as_bytes()),
                Ok(Authority { host: host.to_owned(), port }),
                "{text}"
            );
        }
    }

    #[test]
    fn malformed_hosts_are_refused() {
        for text in [
            "",
            " ",
            ".",
            "..",
            ":80",
            ".a",
            "a..b",
            "a..",
            "a b",
            " a",
            "a ",
            "a,b",
            "a, a",
            "user@a",
            "u:p@a",
            "a/b",
            "a?b",
            "a#b",
            "a\\b",
            "a%41",
            "a;b",
            "a\tb",
            "a\0",
            "caf\u{e9}.example",
            "a:b",
            "a:80:80",
            "a:+80",
            "a:-1",
            "a: 80",
            "a:80 ",
            "a:65536",
            "a:0",
            "::1",
            "[::1",
            "[]",
            "[::1]a",
            "[::1]80",
            "[::1%25eth0]",
            "[v1.a]",
            "[::1]:x",
            "[[::1]]",
            "]",
        ] {
            assert!(Authority::parse(text.as_bytes()).is_err(), "{text:?}");
        }
        assert!(Authority::parse(b"caf\xe9").is_err());
        assert!(Authority::parse("a".repeat(254).as_bytes()).is_err());
        assert!(Authority::parse("a".repeat(253).as_bytes()).is_ok());
    }

    #[test]
    fn the_default_port_is_no_port() {
        let same = |one: &str, other: &str, default| {
            let parse = |text: &str| Authority::parse(text.as_bytes()).unwrap();
            parse(one).is_same(&parse(other), default)
        };
        assert!(same("a:443", "A.", 443));
        assert!(same("a:8443", "a:8443", 443));
        assert!(!same("a:80", "a", 443));
        assert!(!same("a:8443", "a", 443));
        assert!(!same("a", "b", 443));
    }
}
