//! The policy test file, key for key.
//!
//! As `config::document` is for the configuration: what could be read is handed on and the rest recorded; no meaning here.

use super::value::{Claim, OrAbsent, Texts};
use crate::config::node::{At, FromNode, Named, Node, Value};
use crate::config::problem::Problems;
use crate::config::section::section;
use crate::telemetry::Decision;

section! {
    /// The whole file.
    Document {
        config: required String,
        environment: optional Named<String>,
        tests: required Vec<At<Test>>,
    }
}

section! {
    /// One request and what is to become of it.
    Test {
        name: required String,
        request: required Request,
        token: optional Token,
        expect: required Expect,
    }
}

section! {
    /// What the client sends.
    Request {
        method: optional String,
        host: optional String,
        path: required String,
        headers: optional Named<Texts>,
    }
}

/// What the client proves itself with.
#[derive(Debug, Clone)]
pub(super) enum Token {
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
        issuer: required String,
        tenant: optional String,
        claims: optional Named<Claim>,
        header: optional Header,
        signature: optional Signature,
    }
}

section! {
    /// The token's header, where it is not to be the usual one.
    Header {
        alg: optional OrAbsent,
        kid: optional OrAbsent,
        typ: optional OrAbsent,
    }
}

/// Whether the issuer's key made the signature.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Signature {
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
        decision: optional Decision,
        status: optional Status,
        reason: optional String,
        route: optional OrAbsent,
        subject: optional OrAbsent,
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
pub(super) struct Status(pub(super) u16);

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
