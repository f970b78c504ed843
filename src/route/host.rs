//! Which hosts a route is for.

use super::authority::canonical_name;

/// A host, or all names below one.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct HostPattern(pub(super) Kind);

/// The canonical name that is compared with, and how.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) enum Kind {
    Exactly(String),
    Below(String),
}

impl HostPattern {
    /// A host pattern: `api.example.com`, or `*.example.com` for one or more labels before `.example.com`.
    pub fn parse(text: &str) -> Result<Self, HostPatternError> {
        if !text.is_ascii() {
            return Err(HostPatternError::NotAscii(text.to_owned()));
        }
        if text == "*" {
            return Err(HostPatternError::AllHosts);
        }
        if let Some(parent) = text.strip_prefix("*.") {
            // An address has no names below it.
            return match canonical_name(parent) {
                Some(parent) if !parent.starts_with('[') => Ok(Self(Kind::Below(parent))),
                Some(_) | None => Err(HostPatternError::Malformed(text.to_owned())),
            };
        }
        if text.contains('*') {
            return Err(HostPatternError::Wildcard(text.to_owned()));
        }
        if let Some(name) = canonical_name(text) {
            return Ok(Self(Kind::Exactly(name)));
        }
        match text.rsplit_once(':') {
            Some((name, port))
                if port.bytes().all(|byte| byte.is_ascii_digit()) && canonical_name(name).is_some() =>
            {
                Err(HostPatternError::Port(text.to_owned(), name.to_owned()))
            }
            Some(_) | None => Err(HostPatternError::Malformed(text.to_owned())),
        }
    }
}

impl Kind {
    /// Whether it is for this host, given in its canonical form.
    pub(super) fn takes(&self, host: &str) -> bool {
        match self {
            Self::Exactly(name) => name == host,
            Self::Below(parent) => host
                .strip_suffix(parent.as_str())
                .and_then(|below| below.strip_suffix('.'))
                .is_some_and(|below| !below.is_empty()),
        }
    }
}

/// Why a text is no host pattern.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum HostPatternError {
    /// `*` alone.
    #[error(
        "`*` is not a host; leave `hosts` out for all hosts, or write `*.example.com` for all names below one"
    )]
    AllHosts,
    /// A `*` elsewhere than in front.
    #[error("`{0}` has a `*` in an odd place; it stands only in front, as in `*.example.com`")]
    Wildcard(String),
    /// Hosts compare without port.
    #[error("`{0}` has a port, and ports take no part in matching; write `{1}`")]
    Port(String, String),
    /// RFC 5890 §2.3.2.1: requests carry the A-label.
    #[error(
        "`{0}` is not in ASCII, in which clients send hosts; write each label in its `xn--` form, like `xn--mnchen-3ya.de` for `münchen.de`"
    )]
    NotAscii(String),
    /// Anything else.
    #[error(
        "`{0}` is not a host; write a name like `api.example.com`, `*.example.com`, or an address like `[::1]`"
    )]
    Malformed(String),
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hosts_compare_without_case_and_final_dot() {
        for text in ["api.example.com", "API.Example.com", "api.example.com."] {
            assert_eq!(
                HostPattern::parse(text),
                Ok(HostPattern(Kind::Exactly("api.example.com".to_owned())))
            );
        }
        assert_eq!(
            HostPattern::parse("*.Example.com."),
            Ok(HostPattern(Kind::Below("example.com".to_owned())))
        );
        assert_eq!(HostPattern::parse("[::0:1]"), Ok(HostPattern(Kind::Exactly("[::1]".to_owned()))));
    }

    #[test]
    fn mistakes_say_what_would_be_right() {
        for (text, part) in [
            ("*", "leave `hosts` out"),
            (
                "münchen.de",
                "`münchen.de` is not in ASCII, in which clients send hosts; write each label in its `xn--` form",
            ),
            ("*.bücher.example", "in its `xn--` form"),
            ("a.*.b", "stands only in front"),
            ("*a.b", "stands only in front"),
            ("*.*.b", "is not a host"),
            ("*.", "is not a host"),
            ("*.[::1]", "is not a host"),
            ("*.a:80", "is not a host"),
            ("", "is not a host"),
            ("https://a", "is not a host"),
            ("a/b", "is not a host"),
            ("a b", "is not a host"),
            ("a..b", "is not a host"),
            ("a:443", "write `a`"),
            ("[::1]:443", "write `[::1]`"),
        ] {
            let message = HostPattern::parse(text).unwrap_err().to_string();
            assert!(message.contains(part) && message.contains("; "), "{text}: {message}");
        }
    }
}
