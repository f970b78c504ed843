//! The meaning of conditions, beside what the evaluator of the `cel` crate makes of the same text.
//!
//! The crate's evaluator has no limits and is slow to prepare, so it decides no request; here it says what CEL is.

use std::cell::Cell;
use std::collections::HashMap;
use std::sync::Arc;

use cel::objects::Key;
use cel::{Context, Env};

use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};

use super::bounds::{conditions, values};
use super::*;

fn converted(value: &Json) -> cel::Value {
    match value {
        Json::Null => cel::Value::Null,
        Json::Bool(value) => cel::Value::Bool(*value),
        Json::Number(number) => {
            number.as_i64().map_or_else(|| cel::Value::Float(number.as_f64().unwrap()), cel::Value::Int)
        }
        Json::String(text) => cel::Value::from(text.as_str()),
        Json::Array(items) => cel::Value::from(items.iter().map(converted).collect::<Vec<_>>()),
        Json::Object(members) => dict(members.iter().map(|(name, value)| (name.as_str(), converted(value)))),
    }
}

fn dict<'m>(members: impl Iterator<Item = (&'m str, cel::Value)>) -> cel::Value {
    let members: HashMap<Key, cel::Value> = members.map(|(name, value)| (Key::from(name), value)).collect();
    cel::Value::from(members)
}

/// What the crate makes of it; none where it is no bool or fails.
fn reference(environment: &Arc<Env>, text: &str, claims: &Json) -> Option<bool> {
    let program = environment.compile(text).ok()?;
    let mut context = Context::with_env(Arc::clone(environment));
    let names = |names: &[&str]| {
        cel::Value::from(names.iter().map(|&name| cel::Value::from(name)).collect::<Vec<_>>())
    };
    context.add_variable_from_value("claims", converted(claims));
    context.add_variable_from_value("roles", names(&["clerk", "auditor"]));
    context.add_variable_from_value("scopes", names(&["orders:read"]));
    context.add_variable_from_value("issuer", "corporate");
    let captures = [("id", "42"), ("tenant", "acme")];
    context.add_variable_from_value(
        "path",
        dict(captures.map(|(name, value)| (name, value.into())).into_iter()),
    );
    let headers = dict([("x-tenant", names(&["acme", "other"]))].into_iter());
    let request = [("path", cel::Value::from("/orders/42")), ("method", "GET".into()), ("headers", headers)];
    context.add_variable_from_value("request", dict(request.into_iter()));
    match program.execute(&context) {
        Ok(cel::Value::Bool(holds)) => Some(holds),
        Ok(_) | Err(_) => None,
    }
}

/// Ours, with a request that has no headers that the crate's has not.
fn ours(expression: &Expression, claims: &Json) -> Result<bool, Fault> {
    let mut request = request();
    request.headers.remove("x-latin");
    request.headers.remove("x-secret");
    expression.evaluate(&caller(claims.clone()), &request.facts())
}

#[test]
fn the_reference_is_one() {
    let environment = Arc::new(Env::stdlib());
    let reference = |text: &str| reference(&environment, text, &json!({ "a": 3 }));
    assert_eq!(reference("claims.a + 1 == 4 && 'clerk' in roles && path.id == '42'"), Some(true));
    assert_eq!(reference("claims.b == 4"), None);
}

/// Mostly values that have something to do with one another.
fn claim() -> impl Strategy<Value = Json> {
    let usual = [
        json!(1),
        json!(2),
        json!(-1),
        json!(1.0),
        json!(2.5),
        json!("a"),
        json!("1"),
        json!(""),
        json!(true),
        json!(null),
        json!([]),
        json!(["a"]),
        json!([1, "a"]),
        json!([1, 2.0]),
        json!({ "a": 1 }),
        json!({ "a": "a", "b": [1] }),
    ];
    prop_oneof![5 => prop::sample::select(usual.to_vec()), 1 => values()]
}

#[test]
fn a_condition_means_what_cel_says() {
    let cases = 2_000;
    let (compared, answered) = (Cell::new(0), Cell::new(0));
    let environment = Arc::new(Env::stdlib());
    let members = [claim(), claim(), claim(), claim(), claim()];
    // The same cases each time.
    let random = TestRng::deterministic_rng(RngAlgorithm::ChaCha);
    let mut runner = TestRunner::new_with_rng(Config::with_cases(cases), random);
    let run = runner.run(&(conditions(false), members), |(text, [a, b, c, l, m])| {
        let claims = json!({ "a": a, "b": b, "c": c, "l": l, "m": m });
        if let Ok(expression) = Expression::parse(&text) {
            match ours(&expression, &claims) {
                // These bounds are ours alone, and to the crate infinity and "not a number" are doubles.
                Err(TooManyElements | Exhausted | NumberTooLarge | Overflow | DivisionByZero) => {}
                // The crate joins a list and a map, which CEL does not.
                Err(NoSuchOverload) if text.contains('+') => {}
                answer => {
                    let expected = reference(&environment, &text, &claims);
                    compared.set(compared.get() + 1);
                    answered.set(answered.get() + u32::from(answer.is_ok()));
                    prop_assert!(
                        answer.ok() == expected,
                        "{text} of {claims}: {answer:?}, expected {expected:?}"
                    );
                }
            }
        }
        Ok(())
    });
    run.unwrap_or_else(|error| panic!("{error}"));
    let (compared, answered) = (compared.get(), answered.get());
    assert!(compared > cases / 8 && answered > cases / 50, "{compared} compared, {answered} with an answer");
}
