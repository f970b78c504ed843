//! `+`, `-`, `*`, `/`, `%`: checked, never wrapped, and never between an `int` and a `double`.
//!
//! A double that is infinite or no number is an error, where CEL goes on with it: a comparison with "not a number" is
//! false, and its opposite would let everybody pass.

use super::fault::Fault;
use super::fuel::{COPIED, Fuel};
use super::node::Operator;
use super::value::{List, Value};

pub(super) fn arithmetic<'a>(
    operator: Operator,
    one: &Value<'a>,
    other: &Value<'a>,
    fuel: &mut Fuel,
) -> Result<Value<'a>, Fault> {
    match (one, other) {
        (Value::Int(one), Value::Int(other)) => integers(operator, *one, *other).map(Value::Int),
        (Value::Double(one), Value::Double(other)) => doubles(operator, *one, *other).map(Value::Double),
        (Value::Text(one), Value::Text(other)) if operator == Operator::Add => {
            let (one, other) = (one.as_str(), other.as_str());
            fuel.pay_bytes((one.len() + other.len()) * 2, COPIED)?;
            Ok(Value::made([one, other].concat()))
        }
        (Value::List(one), Value::List(other)) if operator == Operator::Add => {
            // Each is copied from list to list on its way.
            fuel.pay((one.len() + other.len()) * 3)?;
            let items =
                |list: &List<'a>| (0..list.len()).filter_map(|index| list.get(index)).collect::<Vec<_>>();
            let joined: Result<Vec<Value<'a>>, Fault> = items(one).into_iter().chain(items(other)).collect();
            Ok(Value::List(List::Made(joined?.into())))
        }
        (Value::Timestamp(one), Value::Duration(other)) => match operator {
            Operator::Add => one.plus(*other).map(Value::Timestamp),
            Operator::Subtract => one.minus(*other).map(Value::Timestamp),
            _ => Err(Fault::NoSuchOverload),
        },
        (Value::Duration(one), Value::Timestamp(other)) if operator == Operator::Add => {
            other.plus(*one).map(Value::Timestamp)
        }
        (Value::Timestamp(one), Value::Timestamp(other)) if operator == Operator::Subtract => {
            one.since(*other).map(Value::Duration)
        }
        (Value::Duration(one), Value::Duration(other)) => match operator {
            Operator::Add => one.plus(*other).map(Value::Duration),
            Operator::Subtract => one.minus(*other).map(Value::Duration),
            _ => Err(Fault::NoSuchOverload),
        },
        _ => Err(Fault::NoSuchOverload),
    }
}

fn integers(operator: Operator, one: i64, other: i64) -> Result<i64, Fault> {
    match operator {
        Operator::Add => one.checked_add(other),
        Operator::Subtract => one.checked_sub(other),
        Operator::Multiply => one.checked_mul(other),
        Operator::Divide | Operator::Remainder if other == 0 => return Err(Fault::DivisionByZero),
        Operator::Divide => one.checked_div(other),
        Operator::Remainder => one.checked_rem(other),
        _ => return Err(Fault::NoSuchOverload),
    }
    .ok_or(Fault::Overflow)
}

fn doubles(operator: Operator, one: f64, other: f64) -> Result<f64, Fault> {
    let result = match operator {
        Operator::Add => one + other,
        Operator::Subtract => one - other,
        Operator::Multiply => one * other,
        Operator::Divide if other == 0.0 => return Err(Fault::DivisionByZero),
        Operator::Divide => one / other,
        _ => return Err(Fault::NoSuchOverload),
    };
    if result.is_finite() { Ok(result) } else { Err(Fault::Overflow) }
}
