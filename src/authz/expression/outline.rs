//! A condition as what joins its parts; what a part asks is not looked into. For comparing conditions.

use super::node::Node;
use super::value::Value;

/// A condition, or a part of one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outline {
    /// Always true, or never.
    Constant(bool),
    /// True, false or without an answer, by what the caller and the request are: in one text for all ways to write it.
    Part(String),
    /// The opposite.
    Not(Box<Self>),
    /// `||` (or with false `&&`) of two. True on either side decides (or false), also beside a side without an answer.
    Either(bool, Box<[Self; 2]>),
}

impl Outline {
    pub(super) fn of(node: &Node) -> Self {
        match node {
            Node::Constant(Value::Bool(value)) => Self::Constant(*value),
            Node::Not(inner) => Self::Not(Box::new(Self::of(inner))),
            Node::Logic(deciding, one, other) => {
                Self::Either(*deciding, Box::new([Self::of(one), Self::of(other)]))
            }
            Node::Constant(_)
            | Node::Variable(_)
            | Node::Capture(_)
            | Node::Element
            | Node::Field(..)
            | Node::Has(..)
            | Node::Index(..)
            | Node::List(_)
            | Node::Dict(_)
            | Node::Negate(_)
            | Node::Choice(_)
            | Node::Binary(..)
            | Node::Comprehension(_)
            | Node::Call(..)
            | Node::Matches(..) => Self::Part(node.to_string()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::authz::Expression;

    fn drawn(outline: &Outline) -> String {
        match outline {
            Outline::Constant(value) => value.to_string(),
            Outline::Part(text) => format!("<{text}>"),
            Outline::Not(inner) => format!("!{}", drawn(inner)),
            Outline::Either(deciding, sides) => {
                let sign = if *deciding { "|" } else { "&" };
                format!("({} {sign} {})", drawn(&sides[0]), drawn(&sides[1]))
            }
        }
    }

    #[test]
    fn what_joins_the_parts_is_told() {
        for (text, expected) in [
            ("claims.a", "<claims.a>"),
            ("claims.a && claims.b || claims.c", "((<claims.a> & <claims.b>) | <claims.c>)"),
            ("(claims.a || claims.b)&&!claims.c", "((<claims.a> | <claims.b>) & !<claims.c>)"),
            ("claims.a == '||' && true", "(<claims.a == '||'> & true)"),
            ("1 == 1", "true"),
            ("claims.a ? claims.b : claims.c", "<claims.a ? claims.b : claims.c>"),
            ("roles.exists(r, r == 'a' || r == 'b')", "<roles.exists(x, (x == 'a') || (x == 'b'))>"),
        ] {
            assert_eq!(drawn(&Expression::parse(text).unwrap().outline()), expected, "{text}");
        }
    }
}
