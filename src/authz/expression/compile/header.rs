//! A header is a list of strings, its values in the order in which they came, and is often taken for one string.

use crate::authz::expression::node::{Node, Operator, Variable};
use crate::authz::expression::value::{Kind, List, Value};

/// Whether these are all headers, each of which is a list.
pub(super) const fn are_all(node: &Node) -> bool {
    matches!(node, Node::Variable(Variable::Headers))
}

/// Whether this is one header.
fn is_one(node: &Node) -> bool {
    matches!(node, Node::Field(of, _) | Node::Index(of, _) if are_all(of))
}

/// Whether this asks if the list of a header is one of some strings, which it never is.
pub(super) fn is_list_among_texts(operator: Operator, one: &Node, other: &Node) -> bool {
    let texts = match other {
        Node::Constant(Value::List(List::Made(items))) => items.iter().all(|item| item.kind() == Kind::Text),
        Node::Variable(Variable::Roles | Variable::Scopes) => true,
        _ => false,
    };
    operator == Operator::In && is_one(one) && texts
}

/// What to write in place of an operator between a header and something else.
pub(super) fn instead_of_operator(
    operator: Operator,
    symbol: &str,
    one: &Node,
    other: &Node,
) -> Option<String> {
    let (header, value) = if is_one(one) {
        (one, other)
    } else if is_one(other) {
        (other, one)
    } else {
        return None;
    };
    Some(match operator {
        Operator::Equal => format!("{LIST}: write `{value} in {header}`, or `{header}[0] == {value}`"),
        Operator::NotEqual => format!("{LIST}: write `!({value} in {header})`, or `{header}[0] != {value}`"),
        Operator::In => {
            format!("{LIST}: write `{header}.exists(v, v in {value})`, or `{header}[0] in {value}`")
        }
        _ => {
            format!("{LIST}: write `{header}[0]` for its first value, or `{header}.exists(v, v {symbol} …)`")
        }
    })
}

/// What to write in place of a function of a header.
pub(super) fn instead_of_function(name: &str, of: &Node) -> Option<String> {
    is_one(of)
        .then(|| format!("{LIST}: write `{of}[0]` for its first value, or `{of}.exists(v, v.{name}(…))`"))
}

const LIST: &str = "a header is a list of strings";
