//! Plain values of the configuration, to be compared with the values of claims.
//!
//! A literal is a string, a boolean or a number. Two values are equal when they are of the same JSON type and the
//! same in value: `1` is `1.0`, but neither is `"1"` or `true`. Integers compare exactly, not as doubles:
//! `9007199254740993` is not `9007199254740992`. Integers beyond 64 bits are refused, because reading JSON rounds
//! them: a claim of that size arrives as a double outside the range of the literals and so is equal to none of them.

use std::borrow::Cow;
use std::fmt;
use std::ops::Deref;

use serde_json::Value;

use super::claim::any;
use super::listed::{Index, Key};
use super::name::Quantifier;
use super::written::quoted;
use crate::authn::json::{Json, Number, Stored};

/// A plain value, as an operator wrote it.
#[derive(Debug, Clone, PartialEq)]
pub struct Literal(Scalar);

impl Literal {
    /// A string, compared byte for byte.
    pub fn string(text: &str) -> Self {
        Self(Scalar::Text(text.into()))
    }

    /// `true` or `false`.
    pub fn boolean(value: bool) -> Self {
        Self(Scalar::Boolean(value))
    }

    /// An integer of at most 64 bits, signed or not.
    pub fn integer(value: i128) -> Result<Self, LiteralError> {
        let fits = (i128::from(i64::MIN)..=i128::from(u64::MAX)).contains(&value);
        if fits { Ok(Self(Scalar::Integer(value))) } else { Err(LiteralError::IntegerTooLarge) }
    }

    /// Any other number between the least and the greatest integer of 64 bits: a token's integers beyond them have been
    /// rounded when they are read, so that several would be equal to one.
    pub fn float(value: f64) -> Result<Self, LiteralError> {
        if !value.is_finite() {
            Err(LiteralError::NotFinite)
        } else if value > -TWO_TO_63 && value < TWO_TO_64 {
            Ok(Self(Scalar::of_double(value)))
        } else {
            Err(LiteralError::IntegerTooLarge)
        }
    }

    /// The text, where it is one.
    pub fn as_text(&self) -> Option<&str> {
        if let Scalar::Text(text) = &self.0 { Some(text) } else { None }
    }

    /// As an operator writes it: YAML within flow maps and lists.
    pub fn written(&self) -> String {
        if let Scalar::Text(text) = &self.0 { quoted(text) } else { self.to_string() }
    }

    /// As a claim of a token has it.
    pub fn to_json(&self) -> Value {
        match &self.0 {
            Scalar::Text(text) => Value::from(&**text),
            Scalar::Boolean(value) => Value::from(*value),
            Scalar::Double(value) => Value::from(*value),
            Scalar::Integer(value) => match (i64::try_from(*value), u64::try_from(*value)) {
                (Ok(value), _) => Value::from(value),
                (_, Ok(value)) => Value::from(value),
                // Literals are of 64 bits.
                (Err(_), Err(_)) => Value::Null,
            },
        }
    }

    /// Whether the claim's value is this one.
    pub(super) fn equals(&self, value: Stored<'_>) -> bool {
        match &self.0 {
            Scalar::Text(text) => value.is_text(text),
            Scalar::Boolean(boolean) => value.as_bool() == Some(*boolean),
            Scalar::Integer(_) | Scalar::Double(_) => {
                value.as_number().is_some_and(|number| self.0 == Scalar::of(number))
            }
        }
    }

    /// Whether the claim is this one, or an array that holds it.
    pub(super) fn is_in(&self, claim: Stored<'_>) -> bool {
        any(claim, |member| self.equals(member))
    }
}

/// The values of a list, in its order.
#[derive(Debug)]
pub struct Literals {
    all: Box<[Literal]>,
    /// Whether one of them is a string, a boolean, a number.
    kinds: [bool; 3],
    /// Of all, where there are many.
    index: Option<Index>,
}

impl Literals {
    /// Whether any of them, or all of them, are in the claim; for `none` whether any is, which is what it must not.
    pub(super) fn are_in(&self, quantifier: Quantifier, claim: Stored<'_>) -> bool {
        match (&self.index, quantifier) {
            (Some(index), _) => match claim.elements() {
                None => index.has(quantifier, key(claim).into_iter()),
                Some(members) => index.has(quantifier, members.filter_map(key)),
            },
            (None, Quantifier::Any | Quantifier::None) => self.iter().any(|literal| literal.is_in(claim)),
            (None, Quantifier::All) => self.iter().all(|literal| literal.is_in(claim)),
        }
    }

    /// Whether the value is of the JSON type of one of them, so that being different means something.
    pub(super) fn compare_with(&self, value: Stored<'_>) -> bool {
        let [text, boolean, number] = self.kinds;
        (text && value.is_string())
            || (boolean && value.as_bool().is_some())
            || (number && value.as_number().is_some())
    }
}

impl From<Vec<Literal>> for Literals {
    fn from(all: Vec<Literal>) -> Self {
        let has = |is: fn(&Scalar) -> bool| all.iter().any(|literal| is(&literal.0));
        let kinds = [
            has(|value| matches!(value, Scalar::Text(_))),
            has(|value| matches!(value, Scalar::Boolean(_))),
            has(|value| matches!(value, Scalar::Integer(_) | Scalar::Double(_))),
        ];
        Self { kinds, index: Index::of_long(all.iter().map(|literal| literal.0.key())), all: all.into() }
    }
}

impl FromIterator<Literal> for Literals {
    fn from_iter<I: IntoIterator<Item = Literal>>(all: I) -> Self {
        Vec::from_iter(all).into()
    }
}

impl Deref for Literals {
    type Target = [Literal];

    fn deref(&self) -> &[Literal] {
        &self.all
    }
}

/// What the value is found by; None of a type that no literal has.
fn key(value: Stored<'_>) -> Option<Key<'_>> {
    match value.read() {
        Json::String(text) => Some(Key::Text(Cow::Borrowed(text))),
        Json::Bool(value) => Some(Key::Boolean(value)),
        Json::Number(number) => Some(Scalar::of(number).key()),
        Json::Null | Json::Array(_) | Json::Object(_) => None,
    }
}

impl fmt::Display for Literal {
    /// As JSON has it.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Scalar::Text(text) => write!(f, "{text:?}"),
            Scalar::Boolean(value) => write!(f, "{value}"),
            Scalar::Integer(value) => write!(f, "{value}"),
            Scalar::Double(value) => write!(f, "{value}"),
        }
    }
}

/// A value in the one form in which equal ones are the same.
#[derive(Debug, Clone, PartialEq)]
enum Scalar {
    Text(Box<str>),
    Boolean(bool),
    /// A number that is whole and of 64 bits, however it was written.
    Integer(i128),
    /// Every other number.
    Double(f64),
}

impl Scalar {
    fn key(&self) -> Key<'static> {
        match self {
            Self::Text(text) => Key::Text(Cow::Owned(text.to_string())),
            Self::Boolean(value) => Key::Boolean(*value),
            Self::Integer(value) => Key::Integer(*value),
            // Zeros are integers, and none is NaN: equal ones have equal bits.
            Self::Double(value) => Key::Double(value.to_bits()),
        }
    }

    fn of(number: Number) -> Self {
        match number {
            Number::Unsigned(integer) => Self::Integer(integer.into()),
            Number::Negative(integer) => Self::Integer(integer.into()),
            Number::Double(value) => Self::of_double(value),
        }
    }

    #[expect(
        clippy::as_conversions,
        clippy::cast_possible_truncation,
        reason = "whole and within 65 bits, hence exact; there is no other way to an integer"
    )]
    fn of_double(value: f64) -> Self {
        // Both bounds are excluded: an integer of the JSON text just beyond 64 bits was rounded to one of them.
        if value.fract() == 0.0 && value > -TWO_TO_63 && value < TWO_TO_64 {
            Self::Integer(value as i128)
        } else {
            Self::Double(value)
        }
    }
}

const TWO_TO_63: f64 = 9_223_372_036_854_775_808.0;
const TWO_TO_64: f64 = 18_446_744_073_709_551_616.0;

/// Why a number is no literal.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum LiteralError {
    /// Below the least signed or above the greatest unsigned integer of 64 bits.
    #[error(
        "the number is beyond 64 bits, where integers of tokens are rounded and no longer equal to themselves alone; a token that has them as strings can be compared"
    )]
    IntegerTooLarge,
    /// Infinity, or not a number.
    #[error("the number is not finite; JSON knows no such number")]
    NotFinite,
}
