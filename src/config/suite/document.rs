//! The policy test file, key for key.
//!
//! As `config::document` is for the configuration: what could be read is handed on and the rest recorded; no meaning here.

use super::describe::Reason;
use super::value::{Claim, OrAbsent, Texts};
use crate::config::node::{At, FromNode, Named, Node, Value};
use crate::config::problem::Problems;
use crate::config::section::section;
use crate::telemetry::Decision;

section! {
    /// The whole file.
    Document {
        /// The configuration that is tested; paths are relative to the test file.
        /// Example: `jwtgate.yaml`.
        config: required String,
        /// Variables of the configuration, before those of the process.
        environment: optional Named<String>,
        /// Requests, and what is to become of each.
        tests: required Vec<At<Test>>,
    }
}

section! {
    /// One request and what is to become of it.
    Test {
        /// What the test shows; each test of a file has a name of its own.
        name: required String,
        /// What the client sends.
        request: required Request,
        /// What the client proves itself with; without it nothing.
        token: optional Token,
        /// What is to become of the request: at least one thing, the rest may be anything.
        expect: required Expect,
    }
}

section! {
    /// What the client sends.
    Request {
        /// As the client spells it.
        /// Default: `GET`.
        method: optional String,
        /// Default: `localhost`.
        host: optional String,
        /// With its query, percent-encoded.
        /// Example: `/orders/42?all=1`.
        path: required String,
        /// More headers, each with a value or a list of them.
        headers: optional Named<Texts>,
    }
}

/// What the client proves itself with.
#[derive(Debug, Clone)]
pub(in crate::config) enum Token {
    /// Sent as it stands.
    Written(String),
    Signed(Box<Signed>),
}

impl FromNode for Token {
    fn from_node(node: &Node, problems: &mut Problems) -> Option<Self> {
        const EXPECTED: &str = "a map with `issuer` and `claims`, or a token as text";
        if matches!(node.value, Value::Map(_)) {
            return Signed::from_node(node, problems).map(Box::new).map(Self::Signed);
        }
        node.text(EXPECTED, problems).map(|text| Self::Written(text.to_owned()))
    }
}

section! {
    /// A token that is signed for the test.
    Signed {
        /// The configured name of the issuer.
        issuer: required String,
        /// Whose token it is, of an issuer with tenants.
        tenant: optional String,
        /// Claims, in place of those that are filled in (`iss`, `aud`, `iat`, `exp`) or beside them; null: without it.
        /// `exp`, `nbf`, `iat` and `auth_time` may be relative to now, as in `-60s` or `5m`.
        claims: optional Named<Claim>,
        /// The token's header, in place of what fits the issuer.
        header: optional Header,
        /// Whether the issuer's key made the signature.
        /// Default: `valid`.
        signature: optional Signature,
    }
}

section! {
    /// The token's header, where it is not to be the usual one.
    Header {
        /// The algorithm that it names; null: none.
        alg: optional OrAbsent,
        /// The key that it names; null: none.
        kid: optional OrAbsent,
        /// Its type; null: none.
        typ: optional OrAbsent,
    }
}

/// Whether the issuer's key made the signature.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::config) enum Signature {
    Valid,
    Invalid,
}

impl FromNode for Signature {
    fn from_node(node: &Node, problems: &mut Problems) -> Option<Self> {
        node.parse_text("`valid` or `invalid`", problems, |text| match text {
            "valid" => Ok(Self::Valid),
            "invalid" => Ok(Self::Invalid),
            other => Err(format!("`{other}` is no kind of signature")),
        })
    }
}

section! {
    /// What is to become of the request.
    Expect {
        /// Whether the request passes.
        decision: optional Decision,
        /// The status of the gateway's own answer; 200 where the request passes.
        status: optional Status,
        /// The reason code.
        reason: optional String as Reason,
        /// The name of the route; null: none matches.
        route: optional OrAbsent,
        /// The verified `sub`; null: nobody is verified.
        subject: optional OrAbsent,
        /// Identity headers that the upstream gets, these and maybe others; null: absent.
        headers: optional Named<OrAbsent>,
    }
}

impl FromNode for Decision {
    fn from_node(node: &Node, problems: &mut Problems) -> Option<Self> {
        node.parse_text("`allow` or `deny`", problems, |text| match text {
            "allow" => Ok(Self::Allow),
            "deny" => Ok(Self::Deny),
            other => Err(format!("`{other}` is no decision")),
        })
    }
}

/// The status of an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::config) struct Status(pub(super) u16);

impl FromNode for Status {
    fn from_node(node: &Node, problems: &mut Problems) -> Option<Self> {
        if let Value::Integer(number) = node.value
            && let Ok(status) = u16::try_from(number)
        {
            return Some(Self(status));
        }
        node.mismatch("a status, like 200 or 403", problems);
        None
    }
}
