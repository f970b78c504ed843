//! Numbers of JSON.

use std::fmt;

/// A number: an integer of 64 bits where it was written as one that fits, else a double, which is finite.
///
/// Two are equal if they are of the same kind, too: `1` is not `1.0` here. Whoever compares by value says so.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Number {
    /// From 0 to 2^64 - 1.
    Unsigned(u64),
    /// From -2^63 to -1.
    Negative(i64),
    /// Every other one: with a fraction or an exponent, or rounded because it has more than 64 bits.
    Double(f64),
}

impl Number {
    /// The integer, where it is one of 64 bits with a sign.
    pub fn as_i64(self) -> Option<i64> {
        match self {
            Self::Unsigned(value) => i64::try_from(value).ok(),
            Self::Negative(value) => Some(value),
            Self::Double(_) => None,
        }
    }

    /// The integer, where it is one of 64 bits without a sign.
    pub fn as_u64(self) -> Option<u64> {
        if let Self::Unsigned(value) = self { Some(value) } else { None }
    }

    /// The nearest double.
    #[expect(
        clippy::as_conversions,
        clippy::cast_precision_loss,
        reason = "rounds to the nearest, which is what is asked for"
    )]
    pub fn as_f64(self) -> f64 {
        match self {
            Self::Unsigned(value) => value as f64,
            Self::Negative(value) => value as f64,
            Self::Double(value) => value,
        }
    }
}

impl From<u64> for Number {
    fn from(value: u64) -> Self {
        Self::Unsigned(value)
    }
}

impl From<i64> for Number {
    fn from(value: i64) -> Self {
        u64::try_from(value).map_or(Self::Negative(value), Self::Unsigned)
    }
}

impl From<Number> for serde_json::Value {
    fn from(number: Number) -> Self {
        match number {
            Number::Unsigned(value) => value.into(),
            Number::Negative(value) => value.into(),
            Number::Double(value) => value.into(),
        }
    }
}

impl fmt::Display for Number {
    /// As JSON has it.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unsigned(value) => write!(f, "{value}"),
            Self::Negative(value) => write!(f, "{value}"),
            // the shortest text that is read as the same double
            Self::Double(value) => serde_json::Value::from(*value).fmt(f),
        }
    }
}
