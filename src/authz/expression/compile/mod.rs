//! The syntax tree in, a compiled condition out, or everything that is wrong with it.
//!
//! Each part is compiled together with what is known of its type, so that a condition which can never be true or
//! false, and a name that nobody defined, are found when the configuration is loaded and not by a request.

mod call;
mod comprehension;
mod dash;
mod header;
mod name;
mod operator;
mod time;

use cel::IdedExpr;
use cel::common::ast::{EntryExpr, Expr, LiteralValue};

use super::evaluate::Evaluation;
use super::mistake::{Mistake, Mistakes, Place};
use super::node::Node;
use super::syntax::{self, MAX_DEPTH};
use super::value::{Kind, Value};

/// A part of a condition, and what is known of its value.
pub(super) type Part = (Node, Kind);
pub(super) use time::BesideTime;

/// The condition that a text states.
pub(super) fn compile(text: &str) -> Result<(Node, Mentions), Mistakes> {
    let (tree, places) = syntax::parse(text).map_err(Mistakes::from)?;
    if !is_shallow(&tree, MAX_DEPTH) {
        return Err(syntax::too_deep().into());
    }
    let mut compiler = Compiler::default();
    let part = compiler.part(&tree);
    if let Some((_, kind)) = &part
        && !matches!(kind, Kind::Bool | Kind::Any)
    {
        let wrong = format!("the expression yields {}, and a condition is true or false", kind.name());
        compiler.mistakes.push(Mistake::new(wrong, "compare it with something"));
    }
    let found = |place: &mut Place| {
        if let Place::Part(part) = *place {
            *place = places.of(text, part).map_or(Place::Unknown, Place::Byte);
        }
    };
    let computes_headers = compiler.headers > compiler.named_headers;
    let Compiler { mut mistakes, mut mentions, .. } = compiler;
    mentions.computes_headers = computes_headers;
    mentions.captured_at.iter_mut().for_each(found);
    mistakes.iter_mut().map(|mistake| &mut mistake.place).for_each(found);
    match part {
        Some((node, _)) if mistakes.is_empty() => Ok((node, mentions)),
        Some(_) | None => Err(Mistakes { list: mistakes, mentions: Box::new(mentions) }),
    }
}

/// What a condition says by name, each name once.
#[derive(Debug, Default)]
pub(super) struct Mentions {
    /// The captures.
    pub(super) captures: Vec<String>,
    /// Where each of them is named first.
    captured_at: Vec<Place>,
    /// The headers.
    pub(super) headers: Vec<String>,
    /// Whether it also asks for headers whose names it does not say.
    pub(super) computes_headers: bool,
    /// What `issuer` is compared with.
    pub(super) issuers: Vec<String>,
    /// What `request.method` is compared with.
    pub(super) methods: Vec<String>,
    /// What `request.path` is compared with.
    pub(super) paths: Vec<String>,
    /// What `request.host` is compared with.
    pub(super) hosts: Vec<String>,
    /// Whether `request.method` is looked at.
    pub(super) method: bool,
    /// The patterns of `matches`.
    pub(super) patterns: Vec<String>,
    /// The claims that stand beside a time, and may be of any type.
    pub(super) beside_times: Vec<BesideTime>,
    /// What to write in place of a comparison between a header and what may be of any type.
    pub(super) headers_as_texts: Vec<String>,
}

impl Mentions {
    /// The byte of the condition at which a capture is named first, where that is known.
    pub(super) fn place_of_capture(&self, name: &str) -> Option<usize> {
        let (_, place) = self.captures.iter().zip(&self.captured_at).find(|(known, _)| *known == name)?;
        place.byte()
    }
}

/// What is found while a tree is compiled. Where a part cannot be compiled, its mistake is recorded and the rest goes on.
#[derive(Debug, Default)]
struct Compiler {
    mistakes: Vec<Mistake>,
    mentions: Mentions,
    /// The number of the part that was begun last.
    part: u64,
    /// The variable of the comprehension around the part.
    element: Option<String>,
    /// How often `request.headers` stands in it.
    headers: usize,
    /// How often with the name of one written out.
    named_headers: usize,
    /// Bytes of the patterns so far.
    tables: usize,
}

impl Compiler {
    fn wrong(&mut self, wrong: impl std::fmt::Display, right: impl std::fmt::Display) -> Option<Part> {
        self.mistakes.push(Mistake::new(wrong, right));
        None
    }

    /// A part. What is found wrong with it stands where it stands, unless it was found in a part of it.
    fn part(&mut self, tree: &IdedExpr) -> Option<Part> {
        let found = self.mistakes.len();
        self.part = tree.id;
        let part = self.compiled(tree);
        for mistake in self.mistakes.iter_mut().skip(found) {
            if mistake.place == Place::Unknown {
                mistake.place = Place::Part(tree.id);
            }
        }
        part
    }

    fn compiled(&mut self, tree: &IdedExpr) -> Option<Part> {
        match &tree.expr {
            Expr::Literal(literal) => self.literal(literal),
            Expr::Ident(name) => self.name(name),
            Expr::Select(select) => self.select(&select.operand, &select.field, select.test),
            Expr::Call(call) => self.call(call),
            Expr::List(list) => {
                let items: Vec<Option<Part>> = list.elements.iter().map(|item| self.part(item)).collect();
                let items: Option<Vec<Part>> = items.into_iter().collect();
                let items: Box<[Node]> = items?.into_iter().map(|(node, _)| node).collect();
                let constant = items.iter().all(is_constant);
                self.folded(Node::List(items), Kind::List, constant)
            }
            Expr::Map(map) => {
                let mut entries = Vec::new();
                for entry in &map.entries {
                    let EntryExpr::MapEntry(entry) = &entry.expr else { continue };
                    let (key, value) = (self.part(&entry.key), self.part(&entry.value));
                    entries.push(key.zip(value));
                }
                let entries: Option<Vec<(Part, Part)>> = entries.into_iter().collect();
                let entries: Box<[(Node, Node)]> =
                    entries?.into_iter().map(|((key, _), (value, _))| (key, value)).collect();
                let constant = entries.iter().all(|(key, value)| is_constant(key) && is_constant(value));
                self.folded(Node::Dict(entries), Kind::Dict, constant)
            }
            Expr::Struct(message) => {
                let wrong = format!("`when` has no message type `{}`", message.type_name);
                self.wrong(wrong, "write a map: `{\"name\": value}`")
            }
            // Macros are not expanded, and nothing else makes them.
            Expr::Comprehension(_) | Expr::Unspecified => {
                self.wrong("the expression cannot be compiled", "write it in a simpler way")
            }
        }
    }

    fn literal(&mut self, literal: &LiteralValue) -> Option<Part> {
        let value = match literal {
            LiteralValue::Boolean(value) => Value::Bool(*value.inner()),
            LiteralValue::Int(value) => Value::Int(*value.inner()),
            LiteralValue::Double(value) if !value.inner().is_finite() => {
                return self.wrong("a number is beyond every `double`", "write at most 1.7e308");
            }
            LiteralValue::Double(value) => Value::Double(*value.inner()),
            LiteralValue::String(value) => Value::made(value.inner()),
            LiteralValue::Null => Value::Null,
            LiteralValue::UInt(value) => {
                let number = value.inner();
                return self.wrong(
                    format!("`{number}u` is unsigned, and the integers of a token are `int`"),
                    format!("write {number}"),
                );
            }
            LiteralValue::Bytes(_) => {
                return self.wrong("`when` has no bytes, because tokens have none", "write a string");
            }
        };
        let kind = value.kind();
        Some((Node::Constant(value), kind))
    }

    /// A part whose parts are all constant is computed now: then an error in it is found now.
    fn folded(&mut self, node: Node, kind: Kind, constant: bool) -> Option<Part> {
        if !constant {
            return Some((node, kind));
        }
        match Evaluation::new(None).value(&node) {
            Ok(value) => {
                let kind = value.kind();
                Some((Node::Constant(value), kind))
            }
            Err(fault) => {
                self.wrong(format!("a part of the expression always fails: {fault}"), "mend or remove it")
            }
        }
    }
}

const fn is_constant(node: &Node) -> bool {
    matches!(node, Node::Constant(_))
}

/// Whether nothing stands deeper than this. Ends as soon as it knows, so that it recurses no deeper either.
fn is_shallow(tree: &IdedExpr, depth: usize) -> bool {
    let Some(depth) = depth.checked_sub(1) else { return false };
    let inner = |tree: &IdedExpr| is_shallow(tree, depth);
    match &tree.expr {
        Expr::Call(call) => call.target.as_deref().is_none_or(inner) && call.args.iter().all(inner),
        Expr::Select(select) => inner(&select.operand),
        Expr::List(list) => list.elements.iter().all(inner),
        Expr::Map(map) => map.entries.iter().all(|entry| match &entry.expr {
            EntryExpr::MapEntry(entry) => inner(&entry.key) && inner(&entry.value),
            EntryExpr::StructField(field) => inner(&field.value),
        }),
        Expr::Struct(message) => message.entries.iter().all(|entry| match &entry.expr {
            EntryExpr::MapEntry(entry) => inner(&entry.key) && inner(&entry.value),
            EntryExpr::StructField(field) => inner(&field.value),
        }),
        Expr::Comprehension(_) | Expr::Ident(_) | Expr::Literal(_) | Expr::Unspecified => true,
    }
}
