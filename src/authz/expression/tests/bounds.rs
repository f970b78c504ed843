//! What a token can make a condition cost: never more than the budget, whatever is written and whatever is sent.

use super::*;
use crate::authz::expression::evaluate::{Evaluation, Scope};
use crate::authz::expression::fuel::{BUDGET, MAX_ELEMENTS};

/// The units that an evaluation used, and its answer.
fn spent(text: &str, claims: Json) -> (u32, Result<bool, Fault>) {
    let expression = Expression::parse(text).unwrap_or_else(|mistakes| panic!("{text}: {mistakes:?}"));
    let (principal, request) = (caller(claims), request());
    let facts = request.facts();
    let mut evaluation = Evaluation::new(Some(Scope { principal: &principal, facts: &facts }));
    let answer = evaluation.holds(&expression.node);
    (BUDGET - evaluation.fuel_left(), answer)
}

fn list(count: usize) -> Json {
    (0..count).map(|index| json!(format!("{index:05}"))).collect()
}

#[test]
fn comprehensions_see_256_elements_and_no_more() {
    for form in [
        "claims.l.all(x, x != '')",
        "claims.l.exists(x, x == '00000')",
        "claims.l.exists_one(x, x == '00000')",
        "size(claims.l.map(x, x)) > 0",
        "size(claims.l.filter(x, true)) > 0",
        "claims.m.all(x, x != '')",
    ] {
        let claims = |count: usize| {
            let members = (0..count).map(|index| (index.to_string(), json!(1))).collect();
            json!({ "l": list(count), "m": Json::Object(members) })
        };
        assert_eq!(evaluate(form, claims(MAX_ELEMENTS)), Ok(true), "{form}");
        assert_eq!(evaluate(form, claims(MAX_ELEMENTS + 1)), Err(TooManyElements), "{form}");
        // No alternative makes up for it.
        assert_eq!(
            evaluate(&format!("true && ({form} || true)"), claims(MAX_ELEMENTS + 1)),
            Err(TooManyElements)
        );
        assert_eq!(evaluate(&format!("{form} && false"), claims(MAX_ELEMENTS + 1)), Err(TooManyElements));
    }
}

#[test]
fn nothing_costs_more_than_the_budget() {
    let long = "a".repeat(16_000);
    let claims = json!({
        "t": long, "u": format!("{}b", "a".repeat(7_000)), "l": list(256), "m": list(1_600),
        "n": vec![json!(1); 8_000], "deep": nested(14),
    });
    let exhausted = [
        "claims.l.all(x, claims.t.contains('aaaaaaaaaaaaaaaaaaaaaaaaab') == false)",
        "claims.l.all(x, claims.t.matches('a{50}b') == false)",
        "claims.l.all(x, !(x + 'x' in claims.m))",
        "claims.l.all(x, claims.m == claims.m)",
        "claims.l.all(x, claims.t + claims.t != '')",
        "claims.l.all(x, size(claims.t) == 16000)",
        "claims.l.all(x, claims.n + claims.n != [])",
        "claims.l.all(x, claims.deep == claims.deep && claims.n == claims.n)",
        "claims.l.all(x, timestamp('2026-01-01T00:00:00Z') < now && timestamp(x + 'T00:00:00Z') < now)",
        "claims.l.map(x, claims.n).all(x, x == claims.n)",
        "claims.l.all(x, request.headers.all(y, true))",
    ];
    for text in exhausted {
        // the last is refused at load, since comprehensions do not nest
        if Expression::parse(text).is_err() {
            assert!(text.contains("all(y"));
            continue;
        }
        let (units, answer) = spent(text, claims.clone());
        assert!(units <= BUDGET, "{text}: {units}");
        assert!(matches!(answer, Err(Exhausted | Conversion)), "{text}: {answer:?} for {units}");
        if answer == Err(Exhausted) {
            let made_up_for = format!("({text}) || true");
            assert_eq!(spent(&made_up_for, claims.clone()).1, Err(Exhausted), "{made_up_for}");
        }
    }
}

/// What a client can make long pays by its length, wherever it comes from.
#[test]
fn what_is_long_costs_by_its_bytes() {
    let mut request = request();
    let segment = "a".repeat(32_000);
    request.captures = Captures::for_test(&[("id", &segment), ("tenant", "acme")]);
    for index in 0..90 {
        let name = HeaderName::try_from(format!("x-{index:0>500}")).unwrap();
        request.headers.append(name, HeaderValue::from_static("a"));
    }
    let value = HeaderValue::try_from("\u{e9}".repeat(16_000)).unwrap();
    request.headers.append("x-long", value);
    let digits = format!("1{}e-280", "2345678901".repeat(12));
    let alike = format!("x-{:0>500}", 999);
    let principal = caller(json!({ "t": "a".repeat(8_000), "d": digits, "n": vec![1; 500], "k": alike }));
    let facts = request.facts();
    for (text, least) in [
        ("path.tenant != ''", 32_000 / 64),
        ("path['tenant'] != ''", 32_000 / 64),
        ("'tenant' in path", 32_000 / 64),
        ("size(path) == 2", 32_000 / 64),
        ("!(claims.t in request.headers)", 8_000 / 8),
        ("!(claims.k in request.headers)", 90 * 500 / 8),
        ("size(request.headers) > 90", 90 * 500 / 8),
        ("'x-long' in request.headers", 32_000 / 32),
        ("size({claims.t + 'a': 1, claims.t + 'b': 1, claims.t + 'c': 1}) == 3", 3 * 8_000 / 64),
        ("{claims.t + 'a': 1, claims.t + 'b': 1, claims.t + 'c': 1}[claims.t + 'c'] == 1", 6 * 8_000 / 64),
        ("double(claims.d) > 0.0", 600),
        ("[claims.t, claims.t] + [claims.t] != []", 3 * 3),
        ("claims.n == claims.n", 2 * 500),
    ] {
        let expression = Expression::parse(text).unwrap_or_else(|mistakes| panic!("{text}: {mistakes:?}"));
        let mut evaluation = Evaluation::new(Some(Scope { principal: &principal, facts: &facts }));
        assert_eq!(evaluation.holds(&expression.node), Ok(true), "{text}");
        let units = BUDGET - evaluation.fuel_left();
        assert!(units >= least, "{text}: {units}");
    }
}

#[test]
fn doubles_are_finite_or_an_error() {
    let claims =
        json!({ "nan": "nan", "inf": "-inf", "long": "1e999", "zero": 0.0, "most": 9e18, "text": "1.7e308" });
    for (text, fault) in [
        ("double(claims.nan) < 1.0", Conversion),
        ("!(double(claims.nan) >= 1.0)", Conversion),
        ("double(claims.inf) < 1.0", Conversion),
        ("double(claims.long) > 1.0", Conversion),
        ("claims.zero / claims.zero != 1.0", DivisionByZero),
        ("1.0 / claims.zero > 1.0", DivisionByZero),
        ("double(claims.text) * claims.most > 1.0", Overflow),
        ("-double(claims.text) - double(claims.text) < 1.0", Overflow),
    ] {
        assert_eq!(evaluate(text, claims.clone()), Err(fault), "{text}");
    }
    assert!(Expression::parse("claims.x < 1e999").is_err());
}

#[test]
fn the_patterns_of_a_condition_are_bounded_together() {
    let many = |count: usize| {
        let terms: Vec<String> =
            (0..count).map(|index| format!("claims.a.matches('[ab]*a[ab]{{11}}{index}')")).collect();
        Expression::parse(&terms.join(" && "))
    };
    assert!(many(2).is_ok());
    let mistakes = many(40).unwrap_err();
    assert!(mistakes[0].wrong().contains("regular expressions before it are too large"), "{mistakes:?}");
    // Those that are too large by themselves end it, too: each takes the time of the largest to find that out.
    let terms: Vec<String> =
        (0..40).map(|index| format!("claims.a.matches('[ab]*a[ab]{{40}}{index}')")).collect();
    let mistakes = Expression::parse(&terms.join(" && ")).unwrap_err();
    let tried = mistakes
        .iter()
        .filter(|mistake| mistake.wrong().contains("once compiled") && !mistake.wrong().contains("before"));
    assert!(tried.count() <= 5, "{mistakes:?}");
}

#[test]
fn what_operators_write_is_far_from_the_budget() {
    let claims = json!({ "sub": "42", "groups": list(256), "email": "ada@example.com" });
    for text in [
        "claims.sub == path.id || \"admin\" in roles",
        "claims.groups.exists(g, g == '00200' || g.startsWith('team-'))",
        "claims.groups.all(g, g.matches('^[0-9]+$'))",
        "claims.groups.exists(g, g in ['x', 'y', '00255'])",
    ] {
        let (units, answer) = spent(text, claims.clone());
        assert_eq!(answer, Ok(true), "{text}");
        assert!(units < BUDGET / 2, "{text}: {units}");
    }
}

fn nested(depth: usize) -> Json {
    (0..depth).fold(json!(1), |inner, _| json!([inner, "x"]))
}

#[test]
fn length_and_nesting_end_at_load() {
    let refused = |text: &str| {
        let mistakes = Expression::parse(text).unwrap_err();
        mistakes.iter().map(|mistake| mistake.wrong().to_owned()).collect::<Vec<_>>().join("; ")
    };
    assert!(refused(&format!("claims.a == '{}'", "x".repeat(3_000))).contains("bytes long"));
    for text in [
        format!("{}true{}", "(".repeat(900), ")".repeat(900)),
        format!("{}1{} == 1", "[".repeat(900), "]".repeat(900)),
        format!("{}1{} == 1", "{1:".repeat(400), "}".repeat(400)),
        format!("{}true", "!(".repeat(300)) + &")".repeat(300),
        format!("1 == 1{}", " + 1".repeat(400)),
        format!("claims{} == 1", ".a".repeat(900)),
        format!("claims{} == 1", "[0]".repeat(600)),
        format!("{}true", "true ? true : ".repeat(100)),
        format!("claims{}", ".f(1".repeat(300)) + &")".repeat(300),
        "(".repeat(2_000),
        "[".repeat(2_000),
        "a.b(".repeat(500),
    ] {
        let start: String = text.chars().take(20).collect();
        let refusal = refused(&text);
        assert!(
            refusal.contains("nested too deep") || refusal.contains("not a CEL expression"),
            "{start}: {refusal}"
        );
    }
    // Long chains of conditions are no nesting.
    let chain = vec!["claims.sub == '42'"; 80].join(" && ");
    assert_eq!(evaluate(&chain, claims()), Ok(true));
}

/// Conditions put together from parts, sensible or not.
/// Without `clocks`, of what the crate has without its features.
pub(super) fn conditions(clocks: bool) -> impl Strategy<Value = String> {
    let comparison = prop::sample::select(vec!["==", "!=", "<", "<=", ">", ">=", "in"]);
    let test = prop::sample::select(vec!["contains", "startsWith", "endsWith"]);
    let quantifier = prop::sample::select(vec!["all", "exists", "exists_one"]);
    let simple = prop_oneof![
        6 => (terms(clocks), comparison, terms(clocks)).prop_map(|(one, operator, other)| format!("{one} {operator} {other}")),
        1 => (terms(clocks), test, terms(clocks)).prop_map(|(one, name, other)| format!("{one}.{name}({other})")),
        1 => prop::sample::select(vec!["has(claims.a)", "has(claims.b.a)", "claims.c", "true"]).prop_map(str::to_owned),
        1 => Just(if clocks { "claims.a.matches('^a?$')" } else { "claims.a" }.to_owned()),
        1 => (terms(clocks), quantifier.clone(), terms(clocks)).prop_map(|(range, name, body)| format!("{range}.{name}(x, x == {body})")),
        1 => (terms(clocks), quantifier, terms(clocks)).prop_map(|(range, name, body)| format!("{range}.{name}(x, {body} < x)")),
    ];
    simple.prop_recursive(3, 8, 2, |inner| {
        prop_oneof![
            2 => (inner.clone(), inner.clone()).prop_map(|(one, other)| format!("({one}) && ({other})")),
            2 => (inner.clone(), inner.clone()).prop_map(|(one, other)| format!("({one}) || ({other})")),
            1 => inner.clone().prop_map(|one| format!("!({one})")),
            1 => (inner.clone(), inner.clone(), inner).prop_map(|(c, one, other)| format!("(({c}) ? ({one}) : ({other}))")),
        ]
    })
}

fn terms(clocks: bool) -> impl Strategy<Value = String> {
    let claim = prop::sample::select(vec!["claims.a", "claims.b", "claims.c", "claims.l", "claims.m"]);
    let mut others = vec![
        "claims",
        "roles",
        "scopes",
        "issuer",
        "path.id",
        "path",
        "request.headers",
        "request.headers['x-tenant']",
        "request.path",
        "1",
        "-1",
        "2.5",
        "0",
        "9223372036854775807",
        "'a'",
        "'1'",
        "''",
        "true",
        "null",
        "[]",
        "{}",
        "['a', 1]",
        "{'a': 1}",
        "int",
    ];
    if clocks {
        others.extend(["now", "issuer_tenant", "duration('1h')", "timestamp(0)"]);
    }
    // Of any type, so that more is left to the evaluation.
    let other = prop::sample::select(others)
        .prop_map(move |other| if clocks { other.into() } else { format!("dyn({other})") });
    let leaf = prop_oneof![3 => claim.prop_map(str::to_owned), 1 => other];
    leaf.prop_recursive(2, 5, 2, move |inner| {
        let operator = prop::sample::select(vec!["+", "-", "*", "/", "%"]);
        let mut globals = vec!["size", "int", "double", "string", "bool", "type", "dyn", "-"];
        let mut methods = vec!["size"];
        if clocks {
            globals.extend(["timestamp", "duration"]);
            methods.extend(["getHours", "getFullYear"]);
        }
        let global = prop::sample::select(globals);
        prop_oneof![
            3 => (inner.clone(), operator, inner.clone()).prop_map(|(one, operator, other)| format!("({one} {operator} {other})")),
            2 => (global, inner.clone()).prop_map(|(name, one)| format!("{name}({one})")),
            1 => (inner.clone(), inner.clone()).prop_map(|(one, other)| format!("{one}[{other}]")),
            1 => (inner.clone(), inner.clone()).prop_map(|(one, other)| format!("[{one}, {other}]")),
            1 => (inner.clone(), inner.clone()).prop_map(|(one, other)| format!("{{{one}: {other}}}")),
            1 => (inner.clone(), inner.clone()).prop_map(|(range, body)| format!("{range}.map(x, [x, {body}])")),
            1 => (inner.clone(), inner.clone()).prop_map(|(range, body)| format!("{range}.filter(x, x != {body})")),
            1 => inner.clone().prop_map(|one| format!("{one}.a")),
            1 => (inner, prop::sample::select(methods)).prop_map(|(one, name)| format!("{one}.{name}()")),
        ]
    })
}

pub(super) fn values() -> impl Strategy<Value = Json> {
    let leaf = prop_oneof![
        Just(json!(null)),
        any::<bool>().prop_map(|value| json!(value)),
        any::<i64>().prop_map(|value| json!(value)),
        any::<u64>().prop_map(|value| json!(value)),
        any::<f64>().prop_map(|value| json!(value)),
        (-2..3).prop_map(|value| json!(value)),
        "[a1:.-]{0,3}".prop_map(|value| json!(value)),
        any::<String>().prop_map(|value| json!(value)),
    ];
    leaf.prop_recursive(3, 12, 4, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(|items| json!(items)),
            prop::collection::btree_map("[abc]", inner, 0..3).prop_map(|members| json!(members)),
        ]
    })
}

proptest! {
    #[test]
    fn nothing_panics_and_nothing_leaves_the_bounds(
        text in conditions(true),
        members in prop::collection::btree_map("[abclm]", values(), 0..5),
    ) {
        if let Ok(expression) = Expression::parse(&text) {
            let (principal, request) = (caller(json!(members)), request());
            let facts = request.facts();
            let mut evaluation = Evaluation::new(Some(Scope { principal: &principal, facts: &facts }));
            let answer = evaluation.holds(&expression.node);
            prop_assert!(evaluation.fuel_left() <= BUDGET);
            prop_assert!(answer != Err(Exhausted) || evaluation.fuel_left() == 0);
        }
    }

    #[test]
    fn no_text_makes_the_parser_panic(text in r#"[a-c0-9'"(){}\[\]!&|=<>+*/%.?:, \\\-]{0,40}|\PC{0,40}"#) {
        if let Err(mistakes) = Expression::parse(&text) {
            prop_assert!(!mistakes.is_empty());
            prop_assert!(mistakes.iter().all(|mistake| mistake.wrong() != "the expression cannot be parsed"), "{text}");
        }
    }
}
