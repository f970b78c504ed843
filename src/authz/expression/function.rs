//! The functions of the language that conditions have, and what they do.

use super::compare::whole;
use super::evaluate::lookup;
use super::fault::Fault;
use super::fuel::{COPIED, Fuel, LONG_DOUBLE, MATCHED, SEARCHED};
use super::instant::{Part, Span, Timestamp};
use super::value::{Kind, Text, Value};

/// A function whose name and number of arguments were right.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Function {
    Size,
    Contains,
    StartsWith,
    EndsWith,
    Int,
    Double,
    Text,
    Bool,
    Timestamp,
    Duration,
    Type,
    Dyn,
    Part(Part),
}

/// How a function is called.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Style {
    /// `size(x)`
    Global,
    /// `x.contains(y)`
    Method,
    /// Either way.
    Both,
}

/// What is known of a function before it is called.
#[derive(Debug)]
pub(super) struct Signature {
    pub(super) name: &'static str,
    pub(super) style: Style,
    /// What each argument may be, the receiver of a method first.
    pub(super) takes: &'static [&'static [Kind]],
    pub(super) gives: Kind,
    pub(super) function: Function,
    /// How it is written, for messages.
    pub(super) example: &'static str,
}

const TEXTS: &[&[Kind]] = &[&[Kind::Text], &[Kind::Text]];
const MOMENT: &[&[Kind]] = &[&[Kind::Timestamp]];
const TIME: &[&[Kind]] = &[&[Kind::Timestamp, Kind::Duration]];

const fn method(
    name: &'static str,
    takes: &'static [&'static [Kind]],
    gives: Kind,
    function: Function,
    example: &'static str,
) -> Signature {
    Signature { name, style: Style::Method, takes, gives, function, example }
}

const fn global(
    name: &'static str,
    takes: &'static [&'static [Kind]],
    gives: Kind,
    function: Function,
    example: &'static str,
) -> Signature {
    Signature { style: Style::Global, ..method(name, takes, gives, function, example) }
}

/// Every function but `has`, `matches` and the comprehensions, which are more than functions.
pub(super) const FUNCTIONS: [Signature; 22] = [
    Signature {
        name: "size",
        style: Style::Both,
        takes: &[&[Kind::Text, Kind::List, Kind::Dict]],
        gives: Kind::Int,
        function: Function::Size,
        example: "size(x)",
    },
    method("contains", TEXTS, Kind::Bool, Function::Contains, "text.contains('part')"),
    method("startsWith", TEXTS, Kind::Bool, Function::StartsWith, "text.startsWith('start')"),
    method("endsWith", TEXTS, Kind::Bool, Function::EndsWith, "text.endsWith('end')"),
    global(
        "int",
        &[&[Kind::Int, Kind::Double, Kind::Text, Kind::Timestamp]],
        Kind::Int,
        Function::Int,
        "int(x)",
    ),
    global("double", &[&[Kind::Int, Kind::Double, Kind::Text]], Kind::Double, Function::Double, "double(x)"),
    global(
        "string",
        &[&[Kind::Bool, Kind::Int, Kind::Double, Kind::Text]],
        Kind::Text,
        Function::Text,
        "string(x)",
    ),
    global("bool", &[&[Kind::Bool, Kind::Text]], Kind::Bool, Function::Bool, "bool(x)"),
    global(
        "timestamp",
        &[&[Kind::Int, Kind::Text, Kind::Timestamp]],
        Kind::Timestamp,
        Function::Timestamp,
        "timestamp(x)",
    ),
    global(
        "duration",
        &[&[Kind::Text, Kind::Duration]],
        Kind::Duration,
        Function::Duration,
        "duration('36h')",
    ),
    global("type", &[&[Kind::Any]], Kind::Type, Function::Type, "type(x)"),
    global("dyn", &[&[Kind::Any]], Kind::Any, Function::Dyn, "dyn(x)"),
    method("getFullYear", MOMENT, Kind::Int, Function::Part(Part::FullYear), "now.getFullYear()"),
    method("getMonth", MOMENT, Kind::Int, Function::Part(Part::Month), "now.getMonth()"),
    method("getDate", MOMENT, Kind::Int, Function::Part(Part::Date), "now.getDate()"),
    method("getDayOfMonth", MOMENT, Kind::Int, Function::Part(Part::DayOfMonth), "now.getDayOfMonth()"),
    method("getDayOfWeek", MOMENT, Kind::Int, Function::Part(Part::DayOfWeek), "now.getDayOfWeek()"),
    method("getDayOfYear", MOMENT, Kind::Int, Function::Part(Part::DayOfYear), "now.getDayOfYear()"),
    method("getHours", TIME, Kind::Int, Function::Part(Part::Hours), "now.getHours()"),
    method("getMinutes", TIME, Kind::Int, Function::Part(Part::Minutes), "now.getMinutes()"),
    method("getSeconds", TIME, Kind::Int, Function::Part(Part::Seconds), "now.getSeconds()"),
    method("getMilliseconds", MOMENT, Kind::Int, Function::Part(Part::Milliseconds), "now.getMilliseconds()"),
];

/// Calls a function. Its arguments are as many as its signature says.
pub(super) fn call<'a>(
    function: Function,
    arguments: &[Value<'a>],
    fuel: &mut Fuel,
) -> Result<Value<'a>, Fault> {
    let value = arguments.first().ok_or(Fault::NoSuchOverload)?;
    match function {
        Function::Size => size(value, fuel),
        Function::Contains | Function::StartsWith | Function::EndsWith => {
            let (Some(text), Some(part)) = (value.as_str(), arguments.get(1).and_then(Value::as_str)) else {
                return Err(Fault::NoSuchOverload);
            };
            let holds = match function {
                Function::StartsWith => {
                    fuel.pay_bytes(part.len().min(text.len()), COPIED)?;
                    text.starts_with(part)
                }
                Function::EndsWith => {
                    fuel.pay_bytes(part.len().min(text.len()), COPIED)?;
                    text.ends_with(part)
                }
                _ => {
                    fuel.pay_bytes(text.len() + part.len(), SEARCHED)?;
                    text.contains(part)
                }
            };
            Ok(Value::Bool(holds))
        }
        Function::Int => int(value, fuel),
        Function::Double => double(value, fuel),
        Function::Text => text(value, fuel),
        Function::Bool => match value {
            Value::Bool(value) => Ok(Value::Bool(*value)),
            Value::Text(text) => match text.as_str() {
                "true" | "True" | "TRUE" | "t" | "1" => Ok(Value::Bool(true)),
                "false" | "False" | "FALSE" | "f" | "0" => Ok(Value::Bool(false)),
                _ => Err(Fault::Conversion),
            },
            _ => Err(Fault::NoSuchOverload),
        },
        Function::Timestamp => match value {
            Value::Timestamp(at) => Ok(Value::Timestamp(*at)),
            Value::Int(seconds) => Timestamp::from_seconds(*seconds).map(Value::Timestamp),
            Value::Text(text) => Timestamp::parse(short(text, fuel)?).map(Value::Timestamp),
            _ => Err(Fault::NoSuchOverload),
        },
        Function::Duration => match value {
            Value::Duration(span) => Ok(Value::Duration(*span)),
            Value::Text(text) => Span::parse(short(text, fuel)?).map(Value::Duration),
            _ => Err(Fault::NoSuchOverload),
        },
        Function::Type => Ok(Value::Type(value.kind())),
        Function::Dyn => Ok(value.clone()),
        Function::Part(part) => match value {
            Value::Timestamp(at) => at.part(part).map(Value::Int),
            Value::Duration(span) => span.part(part).map(Value::Int),
            _ => Err(Fault::NoSuchOverload),
        },
    }
}

fn size<'a>(value: &Value<'a>, fuel: &mut Fuel) -> Result<Value<'a>, Fault> {
    let size = match value {
        Value::Text(text) => {
            fuel.pay_bytes(text.as_str().len(), COPIED)?;
            text.as_str().chars().count()
        }
        Value::List(list) => list.len(),
        Value::Dict(dict) => lookup::size(dict, fuel)?,
        _ => return Err(Fault::NoSuchOverload),
    };
    i64::try_from(size).map(Value::Int).map_err(|_| Fault::Overflow)
}

fn int<'a>(value: &Value<'a>, fuel: &mut Fuel) -> Result<Value<'a>, Fault> {
    match value {
        Value::Int(value) => Ok(Value::Int(*value)),
        Value::Double(value) => whole(*value).map(Value::Int).ok_or(Fault::Overflow),
        Value::Timestamp(at) => Ok(Value::Int(at.seconds())),
        Value::Text(text) => short(text, fuel)?.parse().map(Value::Int).map_err(|_| Fault::Conversion),
        _ => Err(Fault::NoSuchOverload),
    }
}

#[expect(
    clippy::as_conversions,
    clippy::cast_precision_loss,
    reason = "the language rounds here; there is no other way to a double"
)]
fn double<'a>(value: &Value<'a>, fuel: &mut Fuel) -> Result<Value<'a>, Fault> {
    match value {
        Value::Int(value) => Ok(Value::Double(*value as f64)),
        Value::Double(value) => Ok(Value::Double(*value)),
        Value::Text(text) => parse_double(short(text, fuel)?, fuel).map(Value::Double),
        _ => Err(Fault::NoSuchOverload),
    }
}

fn text<'a>(value: &Value<'a>, fuel: &mut Fuel) -> Result<Value<'a>, Fault> {
    fuel.pay(LONGEST_CONVERTED / MATCHED)?;
    match value {
        Value::Text(text) => Ok(Value::Text(text.clone())),
        Value::Bool(value) => Ok(Value::borrowed(if *value { "true" } else { "false" })),
        Value::Int(value) => Ok(Value::made(value.to_string())),
        Value::Double(value) => Ok(Value::made(value.to_string())),
        _ => Err(Fault::NoSuchOverload),
    }
}

/// Up to 19 digits are read at once; with more, the nearest double may have to be found by long multiplication.
fn parse_double(text: &str, fuel: &mut Fuel) -> Result<f64, Fault> {
    if text.bytes().filter(u8::is_ascii_digit).count() > 19 {
        fuel.pay(LONG_DOUBLE)?;
    }
    // `nan` and `inf` are read, too, and what is too large becomes infinite.
    text.parse().ok().filter(|double: &f64| double.is_finite()).ok_or(Fault::Conversion)
}

/// A text that is short enough to be a number, a time or a duration.
fn short<'t>(text: &'t Text<'_>, fuel: &mut Fuel) -> Result<&'t str, Fault> {
    let text = text.as_str();
    fuel.pay(LONGEST_CONVERTED / MATCHED)?;
    if text.len() > LONGEST_CONVERTED { Err(Fault::Conversion) } else { Ok(text) }
}

/// Bytes of a text that is converted to another type. No number, time or duration needs more.
const LONGEST_CONVERTED: usize = 128;
