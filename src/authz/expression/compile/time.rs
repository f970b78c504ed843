//! A time is no number, and the times of a token are numbers: seconds since 1970 (RFC 7519 §2).

use crate::authz::expression::node::{Node, Operator, Variable};
use crate::authz::expression::value::{Kind, Value};

/// A claim that stands beside a timestamp.
#[derive(Debug)]
pub(in crate::authz::expression) struct BesideTime {
    /// The steps of its path.
    pub(in crate::authz::expression) steps: Vec<String>,
    /// As it is written.
    pub(in crate::authz::expression) written: String,
}

/// What to write in place of an operator between a time and a number.
pub(super) fn instead_of_number(
    operator: Operator,
    one: (&Node, Kind),
    other: (&Node, Kind),
) -> Option<String> {
    let (time, (number, kind)) = match (one, other) {
        ((_, time), number) | (number, (_, time)) if is_time(time) && number.1.is_number() => (time, number),
        _ => return None,
    };
    let is_span = time == Kind::Duration || matches!(operator, Operator::Add | Operator::Subtract);
    match number {
        Node::Constant(Value::Int(seconds)) if is_span => Some(format!("write `duration('{seconds}s')`")),
        _ if matches!(kind, Kind::Number | Kind::Int) && (kind == Kind::Number || !is_span) => {
            Some(format!("write `timestamp({number})` for a number of seconds since 1970"))
        }
        _ => None,
    }
}

/// The claim that stands beside a timestamp, where it may be of any type.
pub(super) fn claim_beside(one: (&Node, Kind), other: (&Node, Kind)) -> Option<BesideTime> {
    match (one, other) {
        ((_, Kind::Timestamp), (claim, Kind::Any)) | ((claim, Kind::Any), (_, Kind::Timestamp)) => {
            Some(BesideTime { steps: steps(claim)?, written: claim.to_string() })
        }
        _ => None,
    }
}

const fn is_time(kind: Kind) -> bool {
    matches!(kind, Kind::Timestamp | Kind::Duration)
}

/// The path of a claim; none of anything else.
fn steps(node: &Node) -> Option<Vec<String>> {
    let (of, step) = match node {
        Node::Variable(Variable::Claims) => return Some(Vec::new()),
        Node::Field(of, step) => (of, &**step),
        Node::Index(of, index) => match &**index {
            Node::Constant(Value::Text(step)) => (of, step.as_str()),
            _ => return None,
        },
        _ => return None,
    };
    let mut steps = steps(of)?;
    steps.push(step.to_owned());
    Some(steps)
}
