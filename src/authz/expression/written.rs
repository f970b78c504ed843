//! A compiled condition as text: one for all ways to write it.
//!
//! Blanks, quotes, comments and needless brackets are gone, and what is constant is its value. Two parts that are written
//! differently here ask something else, so that the text stands for the part where conditions are compared.

use std::fmt;

use super::function::{FUNCTIONS, Function, Style};
use super::node::{Comprehension, Form, Node, Operator, Variable};
use super::value::{Dict, Kind, List, Value};

impl fmt::Display for Node {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Constant(value) => value.fmt(f),
            Self::Variable(variable) => f.write_str(name(*variable)),
            Self::Capture(capture) => write!(f, "path.{capture}"),
            Self::Element => f.write_str(ELEMENT),
            Self::Field(of, field) => write!(f, "{}.{field}", Inner(of)),
            Self::Has(of, field) => write!(f, "has({}.{field})", Inner(of)),
            Self::Index(of, index) => match &**index {
                // The same as a field of this name, in every answer.
                Self::Constant(Value::Text(name)) if is_name(name.as_str()) => {
                    write!(f, "{}.{}", Inner(of), name.as_str())
                }
                index => write!(f, "{}[{index}]", Inner(of)),
            },
            Self::List(items) => write!(f, "[{}]", Listed(items)),
            Self::Dict(entries) => {
                let entries: Vec<String> =
                    entries.iter().map(|(key, value)| format!("{key}: {value}")).collect();
                write!(f, "{{{}}}", entries.join(", "))
            }
            Self::Not(inner) => write!(f, "!{}", Inner(inner)),
            Self::Negate(inner) => write!(f, "-{}", Inner(inner)),
            Self::Logic(either, one, other) => {
                write!(f, "{} {} {}", Inner(one), if *either { "||" } else { "&&" }, Inner(other))
            }
            Self::Choice(parts) => {
                let [condition, one, other] = &**parts;
                write!(f, "{} ? {} : {}", Inner(condition), Inner(one), Inner(other))
            }
            Self::Binary(operator, one, other) => {
                write!(f, "{} {} {}", Inner(one), sign(*operator), Inner(other))
            }
            Self::Comprehension(comprehension) => comprehension.fmt(f),
            Self::Call(function, arguments) => call(*function, arguments, f),
            Self::Matches(text, search) => {
                write!(f, "{}.matches({})", Inner(text), Quoted(search.pattern()))
            }
        }
    }
}

/// Of all comprehensions, because they do not nest.
const ELEMENT: &str = "x";

impl fmt::Display for Comprehension {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let form = match self.form {
            Form::All => "all",
            Form::Exists => "exists",
            Form::ExistsOne => "exists_one",
            Form::Map => "map",
            Form::Filter => "filter",
        };
        write!(f, "{}.{form}({ELEMENT}", Inner(&self.range))?;
        self.condition.iter().chain(&self.made).try_for_each(|part| write!(f, ", {part}"))?;
        f.write_str(")")
    }
}

fn call(function: Function, arguments: &[Node], f: &mut fmt::Formatter<'_>) -> fmt::Result {
    let signature = FUNCTIONS.iter().find(|signature| signature.function == function);
    let name = signature.map_or("", |signature| signature.name);
    match (signature.map(|signature| signature.style), arguments) {
        (Some(Style::Method), [receiver, arguments @ ..]) => {
            write!(f, "{}.{name}({})", Inner(receiver), Listed(arguments))
        }
        _ => write!(f, "{name}({})", Listed(arguments)),
    }
}

impl fmt::Display for Value<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Null => f.write_str("null"),
            Self::Bool(value) => value.fmt(f),
            Self::Int(value) => value.fmt(f),
            // With its point, which an integer has not.
            Self::Double(value) => write!(f, "{value:?}"),
            Self::Text(text) => Quoted(text.as_str()).fmt(f),
            Self::List(List::Made(items)) => write!(f, "[{}]", Listed(items)),
            Self::Dict(Dict::Made(entries)) => {
                let entries: Vec<String> =
                    entries.iter().map(|(key, value)| format!("{key}: {value}")).collect();
                write!(f, "{{{}}}", entries.join(", "))
            }
            // Of a token or a request, and in no condition.
            Self::List(list) => write!(f, "{list:?}"),
            Self::Dict(dict) => write!(f, "{dict:?}"),
            Self::Timestamp(at) => write!(f, "timestamp({at})"),
            Self::Duration(span) => write!(f, "duration('{span}')"),
            Self::Type(kind) => {
                let named = Kind::NAMED.iter().find(|(_, known)| known == kind);
                f.write_str(named.map_or_else(|| kind.name(), |(name, _)| name))
            }
        }
    }
}

/// A part of another one, in brackets where it would otherwise run into it.
struct Inner<'n>(&'n Node);

impl fmt::Display for Inner<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self(node) = self;
        let runs_on = matches!(
            node,
            Node::Not(_) | Node::Negate(_) | Node::Logic(..) | Node::Choice(_) | Node::Binary(..)
        );
        if runs_on { write!(f, "({node})") } else { node.fmt(f) }
    }
}

struct Listed<'l, T>(&'l [T]);

impl<T: fmt::Display> fmt::Display for Listed<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, item) in self.0.iter().enumerate() {
            write!(f, "{}{item}", if index == 0 { "" } else { ", " })?;
        }
        Ok(())
    }
}

/// A string as it is written; with escapes where it holds quotes or more than text.
struct Quoted<'t>(&'t str);

impl fmt::Display for Quoted<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self(text) = self;
        let is_plain = !text.contains(|c: char| c.is_control() || matches!(c, '\'' | '\\'));
        if is_plain { write!(f, "'{text}'") } else { write!(f, "{text:?}") }
    }
}

fn is_name(text: &str) -> bool {
    text.starts_with(|first: char| first.is_ascii_alphabetic() || first == '_')
        && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
}

const fn name(variable: Variable) -> &'static str {
    match variable {
        Variable::Claims => "claims",
        Variable::Roles => "roles",
        Variable::Scopes => "scopes",
        Variable::Issuer => "issuer",
        Variable::IssuerTenant => "issuer_tenant",
        Variable::Path => "path",
        Variable::Method => "request.method",
        Variable::Host => "request.host",
        Variable::RequestPath => "request.path",
        Variable::Headers => "request.headers",
        Variable::Now => "now",
    }
}

const fn sign(operator: Operator) -> &'static str {
    match operator {
        Operator::Equal => "==",
        Operator::NotEqual => "!=",
        Operator::Less => "<",
        Operator::LessOrEqual => "<=",
        Operator::Greater => ">",
        Operator::GreaterOrEqual => ">=",
        Operator::In => "in",
        Operator::Add => "+",
        Operator::Subtract => "-",
        Operator::Multiply => "*",
        Operator::Divide => "/",
        Operator::Remainder => "%",
    }
}

#[cfg(test)]
mod tests {
    use super::super::Expression;

    /// What every condition of a line becomes.
    #[test]
    fn ways_to_write_a_condition_are_one() {
        for (written, ways) in [
            ("claims.a == 1", &["claims.a==1", "( claims.a )\n == (1) // one", "claims[\"a\"] == 2 - 1"][..]),
            ("'admin' in roles", &["\"admin\" in roles", "r'admin' in roles", "'''admin''' in (roles)"]),
            ("has(claims.a) && (!(claims.b || claims.c))", &["has( claims.a)&&!(claims.b||claims.c)"]),
            ("claims.a == \"it's\"", &["claims.a == 'it\\'s'"]),
            ("claims.g.exists(x, x.startsWith('a'))", &["claims.g.exists(group, group.startsWith(\"a\"))"]),
            (
                "(size(claims.g) > 0) ? true : ((-claims.n) < 1.0)",
                &["claims.g.size() > 0 ? 1 == 1 : -claims.n < 1.0"],
            ),
            (
                "(now - timestamp(0)) < duration('36h')",
                &["now - timestamp('1970-01-01T00:00:00Z') < duration('2160m')"],
            ),
            (
                "claims.a.matches('^x$') || ('y' in ['x', 'z', path.id])",
                &["(claims.a).matches(\"^x$\") || 'y' in ['x','z',path.id]"],
            ),
        ] {
            for way in ways.iter().chain([&written]) {
                assert_eq!(Expression::parse(way).expect(way).node.to_string(), written, "{way}");
            }
        }
    }

    #[test]
    fn what_asks_something_else_is_written_differently() {
        for (one, other) in [
            ("claims.a == 1", "claims.a == 1.0"),
            ("claims.a == '1'", "claims.a == 1"),
            ("claims.a == 'true'", "claims.a == true"),
            ("claims.a && (claims.b || claims.c)", "claims.a && claims.b || claims.c"),
            ("claims.a - (claims.b - claims.c) == 0", "claims.a - claims.b - claims.c == 0"),
            ("path.id == 'a'", "path.it == 'a'"),
            ("type(claims.a) == int", "claims.a == 'int'"),
            ("claims.g.all(x, x == 1)", "claims.g.exists(x, x == 1)"),
            ("duration('1s') < now - timestamp(0)", "duration('1ms') < now - timestamp(0)"),
        ] {
            let written = |text: &str| Expression::parse(text).expect(text).node.to_string();
            assert_ne!(written(one), written(other));
        }
    }
}
