//! A condition as what joins its parts; what a part asks is not looked into. For comparing conditions.

use super::evaluate::Evaluation;
use super::node::{Comprehension, Node};
use super::text::code;
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
    /// The text of a part, with other names for the captures that it looks at; none where one has no other name, or where it
    /// looks at all of them together.
    pub fn with_captures<'n>(part: &str, name: impl Fn(&str) -> Option<&'n str>) -> Option<String> {
        const PATH: &str = "path";
        // A capture may have a hyphen, and a subtraction has blanks around it.
        let is_of_name = |letter: char| letter.is_alphanumeric() || matches!(letter, '_' | '-');
        let (mut renamed, mut copied) = (String::new(), 0);
        for (at, _) in code(part) {
            let (before, rest) = part.split_at_checked(at)?;
            let Some(behind) = rest.strip_prefix(PATH).filter(|behind| !behind.starts_with(is_of_name))
            else {
                continue;
            };
            // A field of this name, or the end of another name.
            if before.ends_with(|letter| is_of_name(letter) || letter == '.') {
                continue;
            }
            let behind = behind.strip_prefix('.')?;
            let capture = behind.split(|letter| !is_of_name(letter)).next().unwrap_or_default();
            // A function of all of them.
            if behind.get(capture.len()..)?.starts_with('(') {
                return None;
            }
            let begin = at + PATH.len() + 1;
            renamed.push_str(part.get(copied..begin)?);
            renamed.push_str(name(capture)?);
            copied = begin + capture.len();
        }
        renamed.push_str(part.get(copied..)?);
        Some(renamed)
    }

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
            | Node::Matches(..) => match is_closed(node).then(|| Evaluation::new(None).holds(node)) {
                Some(Ok(value)) => Self::Constant(value),
                // What always fails is no answer, as of a part that may.
                Some(Err(_)) | None => Self::Part(node.to_string()),
            },
        }
    }
}

/// Whether a part asks nothing of the caller and the request, so that it is the same for all of them.
fn is_closed(node: &Node) -> bool {
    match node {
        // The element is one of the comprehension around it, whose range is looked at too.
        Node::Constant(_) | Node::Element => true,
        Node::Variable(_) | Node::Capture(_) => false,
        Node::Field(inner, _)
        | Node::Has(inner, _)
        | Node::Not(inner)
        | Node::Negate(inner)
        | Node::Matches(inner, _) => is_closed(inner),
        Node::Index(one, other) | Node::Logic(_, one, other) | Node::Binary(_, one, other) => {
            is_closed(one) && is_closed(other)
        }
        Node::List(items) | Node::Call(_, items) => items.iter().all(is_closed),
        Node::Dict(entries) => entries.iter().all(|(key, value)| is_closed(key) && is_closed(value)),
        Node::Choice(parts) => parts.iter().all(is_closed),
        Node::Comprehension(comprehension) => {
            let Comprehension { range, condition, made, .. } = &**comprehension;
            is_closed(range) && condition.iter().chain(made).all(is_closed)
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
    fn captures_have_other_names() {
        for (text, expected) in [
            ("path.a == path.b", Some("path.b == path.c")),
            ("path['a'] + path.a == r'path.a' + \"path\"", Some("(path.b + path.b) == 'path.apath'")),
            ("path.a.startsWith('x')", Some("path.b.startsWith('x')")),
            ("path['x-y'] == 'z'", Some("path.yx == 'z'")),
            ("claims.path.a == request.path", Some("claims.path.a == request.path")),
            ("path.d == ''", None),
            ("path.exists(p, p == 'a')", None),
            ("size(path) == 1", None),
            ("path[claims.a] == ''", None),
        ] {
            let Outline::Part(part) = Expression::parse(text).unwrap().outline() else { panic!("{text}") };
            let name = |name: &str| match name {
                "a" => Some("b"),
                "b" => Some("c"),
                "x-y" => Some("yx"),
                _ => None,
            };
            assert_eq!(Outline::with_captures(&part, name).as_deref(), expected, "{part}");
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
            ("[1, 2].exists(x, x > 1)", "true"),
            ("[1, 2].map(x, x + 1) == [2, 4]", "false"),
            ("'a'.matches('^a$') && claims.a", "(true & <claims.a>)"),
            ("(true ? {'a': dyn(1)}.a : 2) == 1", "true"),
            ("(true || false) != !(1 > 2)", "false"),
            ("[1, 2].exists(x, x == claims.a)", "<[1, 2].exists(x, x == claims.a)>"),
            ("['a'].exists(x, x > 1)", "<['a'].exists(x, x > 1)>"),
            ("[now].exists(x, x == x)", "<[now].exists(x, x == x)>"),
            ("claims.a ? claims.b : claims.c", "<claims.a ? claims.b : claims.c>"),
            ("roles.exists(r, r == 'a' || r == 'b')", "<roles.exists(x, (x == 'a') || (x == 'b'))>"),
        ] {
            assert_eq!(drawn(&Expression::parse(text).unwrap().outline()), expected, "{text}");
        }
    }
}
