//! Values while a condition is evaluated.
//!
//! What comes from the token or the request is borrowed as it lies there: nothing is converted before the condition
//! asks for it, and no clone copies more than a pointer. Only what the condition itself makes is owned, and shared.

use std::sync::Arc;

use super::fault::Fault;
use super::instant::{Span, Timestamp};
use crate::authn::Names;
use crate::authn::json::{Array, Json, Number, Object};
use crate::authz::facts::RequestFacts;

/// A value of the language.
#[derive(Debug, Clone)]
pub(super) enum Value<'a> {
    Null,
    Bool(bool),
    Int(i64),
    Double(f64),
    Text(Text<'a>),
    List(List<'a>),
    Dict(Dict<'a>),
    Timestamp(Timestamp),
    Duration(Span),
    Type(Kind),
}

/// What is known of a value: while loading perhaps nothing, while evaluating its type.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// Any type: known when the condition is evaluated.
    Any,
    /// An int or a double: which of them, known when the condition is evaluated.
    Number,
    Null,
    Bool,
    Int,
    Double,
    Text,
    List,
    Dict,
    Timestamp,
    Duration,
    Type,
}

impl Kind {
    /// The types that have a name in the language.
    pub(super) const NAMED: [(&'static str, Self); 8] = [
        ("null_type", Self::Null),
        ("bool", Self::Bool),
        ("int", Self::Int),
        ("double", Self::Double),
        ("string", Self::Text),
        ("list", Self::List),
        ("map", Self::Dict),
        ("type", Self::Type),
    ];

    /// For messages.
    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Any => "any value",
            Self::Number => "a number",
            Self::Null => "null",
            Self::Bool => "a bool",
            Self::Int => "an int",
            Self::Double => "a double",
            Self::Text => "a string",
            Self::List => "a list",
            Self::Dict => "a map",
            Self::Timestamp => "a timestamp",
            Self::Duration => "a duration",
            Self::Type => "a type",
        }
    }

    pub(super) const fn is_number(self) -> bool {
        matches!(self, Self::Int | Self::Double | Self::Number)
    }

    /// Whether a value of which this is known may be of one of these types.
    pub(super) fn is_among(self, types: &[Self]) -> bool {
        types.contains(&self) || (self == Self::Number && types.iter().any(|kind| kind.is_number()))
    }
}

/// A string.
#[derive(Debug, Clone)]
pub(super) enum Text<'a> {
    Borrowed(&'a str),
    Made(Arc<str>),
}

impl Text<'_> {
    pub(super) fn as_str(&self) -> &str {
        match self {
            Self::Borrowed(text) => text,
            Self::Made(text) => text,
        }
    }
}

/// A list.
#[derive(Debug, Clone)]
pub(super) enum List<'a> {
    Claim(Array<'a>),
    Names(Names<'a>),
    Made(Arc<[Value<'a>]>),
}

impl<'a> List<'a> {
    pub(super) fn len(&self) -> usize {
        match self {
            Self::Claim(items) => items.len(),
            Self::Names(items) => items.len(),
            Self::Made(items) => items.len(),
        }
    }

    /// The element at this index; none beyond the end.
    pub(super) fn get(&self, index: usize) -> Option<Result<Value<'a>, Fault>> {
        match self {
            Self::Claim(items) => items.get(index).map(Value::of),
            Self::Names(items) => items.get(index).map(|name| Ok(Value::borrowed(name))),
            Self::Made(items) => items.get(index).cloned().map(Ok),
        }
    }
}

/// A map.
#[derive(Debug, Clone)]
pub(super) enum Dict<'a> {
    Claim(Object<'a>),
    Headers(&'a RequestFacts<'a>),
    Captures(&'a RequestFacts<'a>),
    Made(Arc<[(Value<'a>, Value<'a>)]>),
}

impl<'a> Value<'a> {
    /// A value of a token. An integer beyond 64 bits has lost its last digits when the token was read, and can be
    /// told neither from its neighbours nor from a double: it is an error, and so a denial.
    pub(super) fn of(value: Json<'a>) -> Result<Self, Fault> {
        Ok(match value {
            Json::Null => Self::Null,
            Json::Bool(value) => Self::Bool(value),
            Json::Number(number) => Self::number(number)?,
            Json::String(text) => Self::borrowed(text),
            Json::Array(items) => Self::List(List::Claim(items)),
            Json::Object(members) => Self::Dict(Dict::Claim(members)),
        })
    }

    fn number(number: Number) -> Result<Self, Fault> {
        match number {
            Number::Double(double) if double.abs() < TWO_TO_63 => Ok(Self::Double(double)),
            number => number.as_i64().map(Self::Int).ok_or(Fault::NumberTooLarge),
        }
    }

    pub(super) fn borrowed(text: &'a str) -> Self {
        Self::Text(Text::Borrowed(text))
    }

    pub(super) fn made(text: impl Into<Arc<str>>) -> Self {
        Self::Text(Text::Made(text.into()))
    }

    pub(super) const fn kind(&self) -> Kind {
        match self {
            Self::Null => Kind::Null,
            Self::Bool(_) => Kind::Bool,
            Self::Int(_) => Kind::Int,
            Self::Double(_) => Kind::Double,
            Self::Text(_) => Kind::Text,
            Self::List(_) => Kind::List,
            Self::Dict(_) => Kind::Dict,
            Self::Timestamp(_) => Kind::Timestamp,
            Self::Duration(_) => Kind::Duration,
            Self::Type(_) => Kind::Type,
        }
    }

    pub(super) fn as_str(&self) -> Option<&str> {
        if let Self::Text(text) = self { Some(text.as_str()) } else { None }
    }
}

pub(super) const TWO_TO_63: f64 = 9_223_372_036_854_775_808.0;
