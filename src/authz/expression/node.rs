//! A condition, compiled: every name is resolved, every pattern compiled, and what is constant is a value.

use super::function::Function;
use super::search::Search;
use super::value::Value;

/// One step of a condition.
#[derive(Debug)]
pub(super) enum Node {
    Constant(Value<'static>),
    Variable(Variable),
    /// `path.NAME`
    Capture(Box<str>),
    /// The variable of the comprehension that this stands in; there is only one, because they do not nest.
    Element,
    /// `map.NAME`
    Field(Box<Self>, Box<str>),
    /// `has(map.NAME)`
    Has(Box<Self>, Box<str>),
    /// `list[index]`, `map[key]`
    Index(Box<Self>, Box<Self>),
    List(Box<[Self]>),
    Dict(Box<[(Self, Self)]>),
    Not(Box<Self>),
    Negate(Box<Self>),
    /// `&&`, or with `true` `||`: the value that decides whatever the other side is.
    Logic(bool, Box<Self>, Box<Self>),
    /// `condition ? one : other`
    Choice(Box<[Self; 3]>),
    Binary(Operator, Box<Self>, Box<Self>),
    Comprehension(Box<Comprehension>),
    Call(Function, Box<[Self]>),
    /// `text.matches('…')`
    Matches(Box<Self>, Box<Search>),
}

/// What a condition is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Variable {
    Claims,
    Roles,
    Scopes,
    Issuer,
    IssuerTenant,
    /// All captures by name.
    Path,
    Method,
    Host,
    RequestPath,
    Headers,
    Now,
}

/// An operator between two values.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Operator {
    Equal,
    NotEqual,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
    In,
    Add,
    Subtract,
    Multiply,
    Divide,
    Remainder,
}

/// `range.all(x, body)` and its kin.
#[derive(Debug)]
pub(super) struct Comprehension {
    pub(super) form: Form,
    pub(super) range: Node,
    /// The condition on an element; of `map` only where it has three arguments.
    pub(super) condition: Option<Node>,
    /// What `map` makes of an element.
    pub(super) made: Option<Node>,
}

/// Which comprehension.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Form {
    All,
    Exists,
    ExistsOne,
    Map,
    Filter,
}
