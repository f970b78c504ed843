//! Equality and order.
//!
//! As the language defines them: numbers compare by value whatever their type, other values of different types are
//! not equal, and have no order.

use std::cmp::Ordering;

use super::evaluate::lookup;
use super::fault::Fault;
use super::fuel::{COPIED, Fuel};
use super::value::{Dict, List, TWO_TO_63, Value};

/// Whether two values are equal. Their nesting is bounded by the token's and the condition's.
pub(super) fn equal(one: &Value<'_>, other: &Value<'_>, fuel: &mut Fuel) -> Result<bool, Fault> {
    fuel.pay(1)?;
    Ok(match (one, other) {
        (Value::Null, Value::Null) => true,
        (Value::Bool(one), Value::Bool(other)) => one == other,
        (Value::Int(one), Value::Int(other)) => one == other,
        (Value::Int(_) | Value::Double(_), Value::Int(_) | Value::Double(_)) => {
            numbers(one, other) == Some(Ordering::Equal)
        }
        (Value::Text(one), Value::Text(other)) => {
            let (one, other) = (one.as_str(), other.as_str());
            if one.len() != other.len() {
                return Ok(false);
            }
            fuel.pay_bytes(one.len(), COPIED)?;
            one == other
        }
        (Value::Timestamp(one), Value::Timestamp(other)) => one == other,
        (Value::Duration(one), Value::Duration(other)) => one == other,
        (Value::Type(one), Value::Type(other)) => one == other,
        (Value::List(one), Value::List(other)) => lists(one, other, fuel)?,
        (Value::Dict(one), Value::Dict(other)) => dicts(one, other, fuel)?,
        _ => false,
    })
}

fn lists(one: &List<'_>, other: &List<'_>, fuel: &mut Fuel) -> Result<bool, Fault> {
    if one.len() != other.len() {
        return Ok(false);
    }
    for index in 0..one.len() {
        // Beside what the comparison costs, two elements are taken.
        fuel.pay(1)?;
        let (Some(one), Some(other)) = (one.get(index), other.get(index)) else { return Ok(false) };
        if !equal(&one?, &other?, fuel)? {
            return Ok(false);
        }
    }
    Ok(true)
}

fn dicts(one: &Dict<'_>, other: &Dict<'_>, fuel: &mut Fuel) -> Result<bool, Fault> {
    let keys = lookup::keys(one, fuel)?;
    if keys.len() != lookup::keys(other, fuel)?.len() {
        return Ok(false);
    }
    for key in keys.iter() {
        let (Some(one), Some(other)) = (lookup::find(one, key, fuel)?, lookup::find(other, key, fuel)?)
        else {
            return Ok(false);
        };
        if !equal(&one, &other, fuel)? {
            return Ok(false);
        }
    }
    Ok(true)
}

/// Which of two values comes first.
pub(super) fn order(one: &Value<'_>, other: &Value<'_>, fuel: &mut Fuel) -> Result<Option<Ordering>, Fault> {
    Ok(match (one, other) {
        (Value::Bool(one), Value::Bool(other)) => Some(one.cmp(other)),
        (Value::Int(_) | Value::Double(_), Value::Int(_) | Value::Double(_)) => numbers(one, other),
        (Value::Text(one), Value::Text(other)) => {
            let (one, other) = (one.as_str(), other.as_str());
            fuel.pay_bytes(one.len().min(other.len()), COPIED)?;
            // By code points, which is by bytes.
            Some(one.cmp(other))
        }
        (Value::Timestamp(one), Value::Timestamp(other)) => Some(one.cmp(other)),
        (Value::Duration(one), Value::Duration(other)) => Some(one.cmp(other)),
        _ => return Err(Fault::NoSuchOverload),
    })
}

/// Exact, also where an integer has more digits than a double holds.
fn numbers(one: &Value<'_>, other: &Value<'_>) -> Option<Ordering> {
    match (one, other) {
        (Value::Int(one), Value::Int(other)) => Some(one.cmp(other)),
        (Value::Double(one), Value::Double(other)) => one.partial_cmp(other),
        (Value::Int(one), Value::Double(other)) => with_double(*one, *other),
        (Value::Double(one), Value::Int(other)) => with_double(*other, *one).map(Ordering::reverse),
        _ => None,
    }
}

fn with_double(integer: i64, double: f64) -> Option<Ordering> {
    if double.is_nan() {
        return None;
    }
    match whole(double) {
        // Beyond 64 bits the sign says it all.
        None => Some(if double > 0.0 { Ordering::Less } else { Ordering::Greater }),
        Some(floor) if floor == integer && double.fract() != 0.0 => {
            Some(if double > 0.0 { Ordering::Less } else { Ordering::Greater })
        }
        Some(whole) => Some(integer.cmp(&whole)),
    }
}

/// A double without its fraction, where that is an integer of 64 bits.
#[expect(
    clippy::as_conversions,
    clippy::cast_possible_truncation,
    reason = "within 64 bits, and meant to drop the fraction"
)]
pub(super) fn whole(double: f64) -> Option<i64> {
    (-TWO_TO_63..TWO_TO_63).contains(&double).then_some(double as i64)
}
