//! Operators, and which types they can be between.

use std::slice;

use cel::IdedExpr;
use cel::common::ast::{Expr, LiteralValue, operators};

use super::name::{is_headers, note};
use super::{Compiler, Part, header, is_constant, time};
use crate::authz::expression::node::{Node, Operator, Variable};
use crate::authz::expression::value::{Kind, List, Value};

const BINARY: [(&str, Operator, &str); 12] = [
    (operators::EQUALS, Operator::Equal, "=="),
    (operators::NOT_EQUALS, Operator::NotEqual, "!="),
    (operators::LESS, Operator::Less, "<"),
    (operators::LESS_EQUALS, Operator::LessOrEqual, "<="),
    (operators::GREATER, Operator::Greater, ">"),
    (operators::GREATER_EQUALS, Operator::GreaterOrEqual, ">="),
    (operators::IN, Operator::In, "in"),
    (operators::ADD, Operator::Add, "+"),
    (operators::SUBSTRACT, Operator::Subtract, "-"),
    (operators::MULTIPLY, Operator::Multiply, "*"),
    (operators::DIVIDE, Operator::Divide, "/"),
    (operators::MODULO, Operator::Remainder, "%"),
];

impl Compiler {
    /// A call that is an operator; none if the name is none of one. The inner option is none if it is wrong.
    #[expect(clippy::option_option, reason = "no operator, wrong, or compiled")]
    pub(super) fn operator(&mut self, name: &str, arguments: &[IdedExpr]) -> Option<Option<Part>> {
        Some(match (name, arguments) {
            (operators::LOGICAL_AND, [one, other]) => self.logic(false, one, other),
            (operators::LOGICAL_OR, [one, other]) => self.logic(true, one, other),
            (operators::LOGICAL_NOT, [inner]) => self.not(inner),
            (operators::NEGATE, [inner]) => self.negate(inner),
            (operators::CONDITIONAL, [condition, one, other]) => self.choice(condition, one, other),
            (operators::INDEX, [of, index]) => self.index(of, index),
            (_, [one, other]) => {
                let &(_, operator, symbol) = BINARY.iter().find(|(known, ..)| *known == name)?;
                self.binary(operator, symbol, one, other)
            }
            _ => return None,
        })
    }

    fn logic(&mut self, deciding: bool, one: &IdedExpr, other: &IdedExpr) -> Option<Part> {
        let symbol = if deciding { "||" } else { "&&" };
        let (one, other) = (self.condition(one, symbol), self.condition(other, symbol));
        Some((Node::Logic(deciding, Box::new(one?), Box::new(other?)), Kind::Bool))
    }

    fn not(&mut self, inner: &IdedExpr) -> Option<Part> {
        let inner = self.condition(inner, "!")?;
        Some((Node::Not(Box::new(inner)), Kind::Bool))
    }

    fn choice(&mut self, condition: &IdedExpr, one: &IdedExpr, other: &IdedExpr) -> Option<Part> {
        let (condition, one, other) = (self.condition(condition, "?"), self.part(one), self.part(other));
        let ((one, kind), (other, of)) = (one?, other?);
        let kind = if kind == of { kind } else { Kind::Any };
        Some((Node::Choice(Box::new([condition?, one, other])), kind))
    }

    /// A part that is asked whether it is true.
    pub(super) fn condition(&mut self, tree: &IdedExpr, symbol: &str) -> Option<Node> {
        let (node, kind) = self.part(tree)?;
        if matches!(kind, Kind::Bool | Kind::Any) {
            return Some(node);
        }
        let wrong = format!("`{symbol}` is between conditions, and one side is {}", kind.name());
        self.wrong(wrong, "compare it with something").map(|(node, _)| node)
    }

    fn negate(&mut self, inner: &IdedExpr) -> Option<Part> {
        let (node, kind) = self.part(inner)?;
        if !kind.is_number() && !matches!(kind, Kind::Duration | Kind::Any) {
            return self.wrong(format!("`-` stands before {}", kind.name()), "it stands before numbers");
        }
        let constant = is_constant(&node);
        self.folded(Node::Negate(Box::new(node)), kind, constant)
    }

    fn binary(&mut self, operator: Operator, symbol: &str, one: &IdedExpr, other: &IdedExpr) -> Option<Part> {
        if operator == Operator::In
            && let (Expr::Literal(LiteralValue::String(name)), Expr::Select(select)) =
                (&one.expr, &other.expr)
            && is_headers(&select.operand, &select.field)
        {
            self.header(name.inner())?;
        }
        if operator == Operator::Subtract
            && let Some((wrong, right)) = self.dashed(one, other)
        {
            return self.wrong(wrong, right);
        }
        let (one, other) = (self.part(one), self.part(other));
        let ((one, left), (other, right)) = (one?, other?);
        let possible = !header::is_list_among_texts(operator, &one, &other);
        let Some(kind) = result(operator, left, right).filter(|_| possible) else {
            let among = if possible { "" } else { " of strings" };
            let wrong = format!("`{symbol}` is between {} and {}{among}", left.name(), right.name());
            let instead = header::instead_of_operator(operator, symbol, &one, &other)
                .or_else(|| time::instead_of_number(operator, (&one, left), (&other, right)));
            return self.wrong(wrong, instead.unwrap_or_else(|| advice(operator, left, right).to_owned()));
        };
        self.note_literals(operator, &one, &other);
        if matches!(operator, Operator::Equal | Operator::NotEqual)
            && (left == Kind::Any) != (right == Kind::Any)
        {
            let instead = header::instead_of_operator(operator, symbol, &one, &other);
            self.mentions.headers_as_texts.extend(instead);
        }
        self.mentions.beside_times.extend(time::claim_beside((&one, left), (&other, right)));
        let constant = is_constant(&one) && is_constant(&other);
        self.folded(Node::Binary(operator, Box::new(one), Box::new(other)), kind, constant)
    }
}

impl Compiler {
    /// With which literals `issuer` and the parts of the request are compared.
    fn note_literals(&mut self, operator: Operator, one: &Node, other: &Node) {
        let (variable, literal) = match (operator, one, other) {
            (
                Operator::Equal | Operator::NotEqual | Operator::In,
                Node::Variable(variable),
                Node::Constant(literal),
            )
            | (Operator::Equal | Operator::NotEqual, Node::Constant(literal), Node::Variable(variable)) => {
                (*variable, literal)
            }
            _ => return,
        };
        let names = match variable {
            Variable::Issuer => &mut self.mentions.issuers,
            Variable::Method => &mut self.mentions.methods,
            Variable::RequestPath => &mut self.mentions.paths,
            Variable::Host => &mut self.mentions.hosts,
            _ => return,
        };
        let literals =
            if let Value::List(List::Made(items)) = literal { items } else { slice::from_ref(literal) };
        for literal in literals.iter().filter_map(Value::as_str) {
            note(names, literal);
        }
    }
}

/// What comes of an operator between values of these types; none if nothing ever does.
fn result(operator: Operator, one: Kind, other: Kind) -> Option<Kind> {
    let open = one == Kind::Any || other == Kind::Any;
    match operator {
        Operator::Equal | Operator::NotEqual => {
            // Different types are never equal, which is no sensible question. Null is asked for to learn whether it is.
            let comparable = open
                || one == other
                || (one.is_number() && other.is_number())
                || one == Kind::Null
                || other == Kind::Null;
            comparable.then_some(Kind::Bool)
        }
        Operator::Less | Operator::LessOrEqual | Operator::Greater | Operator::GreaterOrEqual => {
            let ordered = |kind: Kind| {
                matches!(
                    kind,
                    Kind::Any
                        | Kind::Bool
                        | Kind::Int
                        | Kind::Double
                        | Kind::Number
                        | Kind::Text
                        | Kind::Timestamp
                        | Kind::Duration
                )
            };
            let alike = open || one == other || (one.is_number() && other.is_number());
            (alike && ordered(one) && ordered(other)).then_some(Kind::Bool)
        }
        Operator::In => matches!(other, Kind::Any | Kind::List | Kind::Dict).then_some(Kind::Bool),
        Operator::Add => match (one, other) {
            (Kind::Timestamp, Kind::Duration) | (Kind::Duration, Kind::Timestamp) => Some(Kind::Timestamp),
            _ => alike(one, other, &[Kind::Int, Kind::Double, Kind::Text, Kind::List, Kind::Duration]),
        },
        Operator::Subtract => match (one, other) {
            (Kind::Timestamp, Kind::Timestamp) => Some(Kind::Duration),
            (Kind::Timestamp, Kind::Duration) => Some(Kind::Timestamp),
            _ => alike(one, other, &[Kind::Int, Kind::Double, Kind::Duration]),
        },
        Operator::Multiply | Operator::Divide => alike(one, other, &[Kind::Int, Kind::Double]),
        Operator::Remainder => alike(one, other, &[Kind::Int]),
    }
}

/// The type of both sides, if it is one of these. Where a side is unknown, so is the result.
fn alike(one: Kind, other: Kind, possible: &[Kind]) -> Option<Kind> {
    let may = |kind: Kind| {
        kind == Kind::Any
            || kind.is_among(possible)
            || matches!(kind, Kind::Timestamp if possible.contains(&Kind::Duration))
    };
    match (one, other) {
        (Kind::Any, kind) | (kind, Kind::Any) => may(kind).then_some(Kind::Any),
        (Kind::Number, kind) | (kind, Kind::Number) => {
            (kind.is_number() && kind.is_among(possible)).then_some(kind)
        }
        _ => (one == other && possible.contains(&one)).then_some(one),
    }
}

fn advice(operator: Operator, one: Kind, other: Kind) -> &'static str {
    match (operator, one, other) {
        (Operator::Equal, Kind::List, Kind::Text) | (Operator::Equal, Kind::Text, Kind::List) => {
            "write `\"name\" in list` to ask whether a list has it"
        }
        (Operator::Equal | Operator::NotEqual, ..) => "values of different types are never equal",
        (Operator::In, _, Kind::Text) => "write `text.contains(\"part\")`, or give a list",
        (Operator::In, ..) => "only a list or a map can stand behind `in`",
        (_, Kind::Int, Kind::Double) | (_, Kind::Double, Kind::Int) => {
            "write both as `int`, or both as `double`: 1.0, double(x), int(x)"
        }
        (_, Kind::Timestamp, Kind::Text) | (_, Kind::Text, Kind::Timestamp) => {
            "write `timestamp(…)` around the text"
        }
        _ => "give two values of one type that has it",
    }
}
