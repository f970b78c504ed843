//! Headers with which the gateway itself works: what an identity header cannot be called, and what a `remove`
//! pattern cannot take away.
//!
//! A name is compared in all its spellings: an upstream that reads `X_Forwarded_For` as `X-Forwarded-For` would
//! believe an identity header of that name.

use super::folded::{same, starts_with};
use super::overrides::Override;

/// Why a name is not free.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::upstream) enum Reserved {
    Host,
    Credential,
    Framing,
    HopByHop,
    Forwarding,
    Correlation,
    Overriding,
    /// Says which page a browser's request comes from, or which may read the answer.
    Crossing,
    Content,
}

impl Reserved {
    pub(in crate::upstream) fn of(name: &[u8]) -> Option<Self> {
        let named =
            TABLE.iter().find(|(known, _)| same(known.as_bytes(), name)).map(|&(_, reserved)| reserved);
        let prefixed = || {
            let known = PREFIXES.iter().find(|(begin, _)| starts_with(name, begin.as_bytes()));
            known.map(|&(_, reserved)| reserved)
        };
        let overriding = || Override::spelled(name).map(|_| Self::Overriding);
        named.or_else(prefixed).or_else(overriding)
    }

    /// A name without which a request is not a request any more, if the pattern takes it.
    pub(super) fn needed_by_requests(removed: impl Fn(&[u8]) -> bool) -> Option<&'static str> {
        let mut needed = TABLE.iter().filter(|(_, reserved)| match reserved {
            Self::Host | Self::Framing | Self::HopByHop => true,
            Self::Credential
            | Self::Forwarding
            | Self::Correlation
            | Self::Overriding
            | Self::Crossing
            | Self::Content => false,
        });
        needed.find(|(name, _)| removed(name.as_bytes())).map(|&(name, _)| name)
    }

    /// The second half of a sentence that begins with the name.
    pub(in crate::upstream) fn why(self) -> &'static str {
        match self {
            Self::Host => "tells the upstream which site is meant, and is the client's",
            Self::Credential => "carries credentials, which upstreams would take for the client's own",
            Self::Framing => "decides where a message ends, so a token could smuggle requests through it",
            Self::HopByHop => "belongs to the connection and never reaches the upstream's application",
            Self::Forwarding => "says where a request came from, and is written by the gateway itself",
            Self::Correlation => "identifies requests, not callers, and is written by the gateway itself",
            Self::Crossing => {
                "says which page a request comes from or may read its answer, and is the browser's"
            }
            Self::Content => "says how the body is to be read, and is the client's",
            Self::Overriding => "makes upstreams see another path or method than the one that was authorized",
        }
    }
}

/// What a name begins with, and that a name is reserved for it.
const PREFIXES: [(&str, Reserved); 3] = [
    ("X-Forwarded-", Reserved::Forwarding),
    ("Sec-Fetch-", Reserved::Crossing),
    ("Access-Control-", Reserved::Crossing),
];

/// Framing: RFC 9112 §6. Hop-by-hop: RFC 9110 §7.6.1, with what was written into `Connection` before it.
const TABLE: [(&str, Reserved); 28] = [
    ("Host", Reserved::Host),
    ("Authorization", Reserved::Credential),
    ("Proxy-Authorization", Reserved::Credential),
    ("Proxy-Authenticate", Reserved::Credential),
    ("Cookie", Reserved::Credential),
    ("Cookie2", Reserved::Credential),
    ("Set-Cookie", Reserved::Credential),
    ("Content-Length", Reserved::Framing),
    ("Transfer-Encoding", Reserved::Framing),
    ("Expect", Reserved::Framing),
    ("Trailer", Reserved::Framing),
    ("Connection", Reserved::HopByHop),
    ("Keep-Alive", Reserved::HopByHop),
    ("Proxy-Connection", Reserved::HopByHop),
    ("TE", Reserved::HopByHop),
    ("Upgrade", Reserved::HopByHop),
    ("HTTP2-Settings", Reserved::HopByHop),
    ("Forwarded", Reserved::Forwarding),
    ("X-Real-IP", Reserved::Forwarding),
    ("X-Client-IP", Reserved::Forwarding),
    ("True-Client-IP", Reserved::Forwarding),
    ("Via", Reserved::Forwarding),
    ("X-Request-Id", Reserved::Correlation),
    ("traceparent", Reserved::Correlation),
    ("tracestate", Reserved::Correlation),
    ("Origin", Reserved::Crossing),
    ("Referer", Reserved::Crossing),
    ("Content-Type", Reserved::Content),
];
