//! Names: variables, the fields of `request`, captures, and the names of types.

use cel::IdedExpr;
use cel::common::ast::{Expr, LiteralValue};

use super::{Compiler, Part, header};
use crate::authz::expression::mistake::{Mistake, Place};
use crate::authz::expression::node::{Node, Variable};
use crate::authz::expression::value::{Kind, Value};

const VARIABLES: [(&str, Variable, Kind); 7] = [
    ("claims", Variable::Claims, Kind::Dict),
    ("roles", Variable::Roles, Kind::List),
    ("scopes", Variable::Scopes, Kind::List),
    ("issuer", Variable::Issuer, Kind::Text),
    ("issuer_tenant", Variable::IssuerTenant, Kind::Text),
    ("path", Variable::Path, Kind::Dict),
    ("now", Variable::Now, Kind::Timestamp),
];

const FIELDS: [(&str, Variable, Kind); 4] = [
    ("method", Variable::Method, Kind::Text),
    ("host", Variable::Host, Kind::Text),
    ("path", Variable::RequestPath, Kind::Text),
    ("headers", Variable::Headers, Kind::Dict),
];

/// What others call the token.
const TOKENS: [&str; 6] = ["token", "jwt", "user", "auth", "principal", "payload"];

const REQUEST: &str = "request";

impl Compiler {
    /// A name that stands alone.
    pub(super) fn name(&mut self, name: &str) -> Option<Part> {
        if self.element.as_deref() == Some(name) {
            return Some((Node::Element, Kind::Any));
        }
        if let Some(&(_, variable, kind)) = VARIABLES.iter().find(|(known, ..)| *known == name) {
            return Some((Node::Variable(variable), kind));
        }
        if let Some(&(_, kind)) = Kind::NAMED.iter().find(|(known, _)| *known == name) {
            return Some((Node::Constant(Value::Type(kind)), Kind::Type));
        }
        if name == REQUEST {
            let fields = FIELDS.map(|(field, ..)| format!("request.{field}")).join(", ");
            return self.wrong("`request` by itself is no value", format!("name one of {fields}"));
        }
        let known = VARIABLES.iter().map(|(known, ..)| *known).chain([REQUEST]).collect();
        let mut mistake = Mistake::unknown("variable", name, known);
        let claims = if TOKENS.contains(&name) {
            "what the token holds is `claims`".to_owned()
        } else {
            format!("a claim of the token is `claims.{name}`")
        };
        mistake.right = format!("{}; {claims}", mistake.right);
        self.mistakes.push(mistake);
        None
    }

    /// `operand.field`, or with `test` `has(operand.field)`.
    pub(super) fn select(&mut self, operand: &IdedExpr, field: &str, test: bool) -> Option<Part> {
        if let Some(part) = self.known_field(operand, field)? {
            return Some(if test { (Node::Constant(Value::Bool(true)), Kind::Bool) } else { part });
        }
        let (node, kind) = self.part(operand)?;
        if !matches!(kind, Kind::Dict | Kind::Any) {
            let wrong = format!("`.{field}` is asked of {}", kind.name());
            return self.wrong(wrong, "only maps have fields");
        }
        let of = kind_of_field(&node, field);
        let (node, field) = (Box::new(node), field.into());
        Some(if test { (Node::Has(node, field), Kind::Bool) } else { (Node::Field(node, field), of) })
    }

    /// `operand[index]`
    pub(super) fn index(&mut self, operand: &IdedExpr, index: &IdedExpr) -> Option<Part> {
        if let Expr::Literal(LiteralValue::String(name)) = &index.expr
            && let Some(part) = self.known_field(operand, name.inner())?
        {
            return Some(part);
        }
        let (node, index) = (self.part(operand), self.part(index));
        let ((node, kind), (index, of)) = (node?, index?);
        match (kind, of) {
            (Kind::Dict | Kind::Any, _)
            | (Kind::List, Kind::Int | Kind::Double | Kind::Number | Kind::Any) => {}
            (Kind::List, _) => {
                let wrong = format!("the index of a list is {}", of.name());
                return self.wrong(wrong, "give a number, counted from 0; `x in list` says whether it has x");
            }
            _ => {
                let wrong = format!("an element is taken of {}", kind.name());
                return self.wrong(wrong, "only lists and maps have elements");
            }
        }
        let field = if let Node::Constant(index) = &index { index.as_str() } else { None };
        let of = kind_of_field(&node, field.unwrap_or_default());
        Some((Node::Index(Box::new(node), Box::new(index)), of))
    }

    /// What is known by name: a field of `request`, a header, a capture. The outer option is none if that is wrong.
    #[expect(clippy::option_option, reason = "wrong, something else, or known")]
    fn known_field(&mut self, operand: &IdedExpr, field: &str) -> Option<Option<Part>> {
        match &operand.expr {
            Expr::Ident(name) if self.element.as_deref() == Some(name) => Some(None),
            Expr::Ident(name) if name == REQUEST => {
                if let Some(&(_, variable, kind)) = FIELDS.iter().find(|(known, ..)| *known == field) {
                    self.headers += usize::from(variable == Variable::Headers);
                    self.mentions.method |= variable == Variable::Method;
                    return Some(Some((Node::Variable(variable), kind)));
                }
                let known = FIELDS.iter().map(|(known, ..)| *known).collect();
                self.mistakes.push(Mistake::unknown("field of `request` named", field, known));
                None
            }
            Expr::Ident(name) if name == "path" => {
                note(&mut self.mentions.captures, field);
                if self.mentions.captured_at.len() < self.mentions.captures.len() {
                    self.mentions.captured_at.push(Place::Part(self.part));
                }
                Some(Some((Node::Capture(field.into()), Kind::Text)))
            }
            Expr::Select(select) if is_headers(&select.operand, &select.field) => {
                self.header(field)?;
                Some(None)
            }
            _ => Some(None),
        }
    }

    /// A header is asked for: whether one of this name can ever be there.
    pub(super) fn header(&mut self, name: &str) -> Option<()> {
        if name.bytes().any(|byte| byte.is_ascii_uppercase()) {
            let right = format!("write '{}'", name.to_ascii_lowercase());
            let wrong = format!("the names of headers are in lower case, and `{name}` is not");
            self.mistakes.push(Mistake::new(wrong, right));
            return None;
        }
        let forwarding = name.starts_with("x-forwarded") || matches!(name, "forwarded" | "x-real-ip");
        if forwarding || matches!(name, "authorization" | "proxy-authorization" | "cookie") {
            let right = "credentials and forwarding headers are no part of `request.headers`; go by claims";
            self.mistakes.push(Mistake::new(format!("`when` does not see the header `{name}`"), right));
            return None;
        }
        note(&mut self.mentions.headers, name);
        self.named_headers += 1;
        Some(())
    }
}

/// Whether this names something that a condition sees.
pub(super) fn is_variable(name: &str) -> bool {
    name == REQUEST || VARIABLES.iter().any(|(known, ..)| *known == name)
}

/// What is known of the value under a name.
fn kind_of_field(of: &Node, field: &str) -> Kind {
    match of {
        _ if header::are_all(of) => Kind::List,
        // No token comes this far in which they are anything else (RFC 7519 §2).
        Node::Variable(Variable::Claims) if ["exp", "nbf", "iat"].contains(&field) => Kind::Number,
        _ => Kind::Any,
    }
}

pub(super) fn note(names: &mut Vec<String>, name: &str) {
    if !names.iter().any(|known| known == name) {
        names.push(name.to_owned());
    }
}

/// Whether `operand.field` is `request.headers`.
pub(super) fn is_headers(operand: &IdedExpr, field: &str) -> bool {
    field == "headers" && matches!(&operand.expr, Expr::Ident(name) if name == REQUEST)
}
