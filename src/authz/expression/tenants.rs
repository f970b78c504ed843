//! Which conditions hold for callers of named tenants only.

use super::node::{Node, Operator, Variable};
use super::value::{List, Value};

/// Whether the condition is true for tenants that it names, and for no others. Anything that is not plain is no.
pub(super) fn are_named(node: &Node) -> bool {
    match node {
        Node::Logic(false, one, other) => are_named(one) || are_named(other),
        Node::Logic(true, one, other) => are_named(one) && are_named(other),
        Node::Binary(Operator::Equal, one, other) => {
            (is_tenant(one) && is_text(other)) || (is_text(one) && is_tenant(other))
        }
        Node::Binary(Operator::In, one, other) => is_tenant(one) && is_list_of_texts(other),
        _ => false,
    }
}

const fn is_tenant(node: &Node) -> bool {
    matches!(node, Node::Variable(Variable::IssuerTenant))
}

const fn is_text(node: &Node) -> bool {
    matches!(node, Node::Constant(Value::Text(_)))
}

fn is_list_of_texts(node: &Node) -> bool {
    let Node::Constant(Value::List(List::Made(items))) = node else { return false };
    items.iter().all(|item| matches!(item, Value::Text(_)))
}
