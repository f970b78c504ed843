//! The verified identity as headers.

use crate::config::node::{At, FromNode, Named, Node, Value};
use crate::config::problem::Problems;
use crate::config::schema::words;
use crate::config::section::section;

section! {
    /// The verified identity as headers.
    Identity {
        /// Headers and what they hold: `claims.PATH`, `roles`, `scopes`, `issuer`, `issuer_tenant` or `path.NAME`, or a map with `format`.
        /// An absent claim sets no header; a value that cannot be sent refuses the request.
        /// Example: `{"X-User": "claims.sub"}`.
        headers: optional Named<IdentityHeader> as words::IdentityHeaders,
        /// Whether the credential stays on the request.
        /// Default: `false`.
        forward_token: optional bool,
        /// More headers that clients may not send: names, or a prefix and `*`. Only where this section holds; a route's own has its own.
        /// Example: `["X-Legacy-*"]`.
        remove: optional Vec<At<String>> as Vec<words::HeaderPattern>,
        /// Lets through headers that are otherwise removed, because they make upstreams see another path or method.
        allow: optional Vec<At<String>> as Vec<words::Override>,
    }
}

section! {
    /// The long form of an identity header.
    FormattedHeader {
        /// What the header holds: `claims.PATH`, `roles`, `scopes`, `issuer`, `issuer_tenant` or `path.NAME`, or the steps of a claim's path.
        /// Example: `roles`.
        from: required Path as words::IdentityValue,
        /// How it is written.
        /// Default: `text`.
        format: optional String as words::Format,
    }
}

/// An identity header, short (`claims.sub`) or long (`{ from, format }`).
#[derive(Debug, Clone)]
pub(in crate::config) struct IdentityHeader {
    pub(in crate::config) from: Option<At<Path>>,
    pub(in crate::config) format: Option<At<String>>,
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
pub(in crate::config) enum Path {
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
