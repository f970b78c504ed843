//! The contract's table, row by row, and what a refusal names.

mod decisive;
mod reference;

use std::sync::Arc;

use serde_json::{Value, json};

use super::*;
use crate::authn::ClaimPath;
use Requirement::{AllOf, AnyOf, Authenticated, Every, IssuerTenant, Policy, Roles, Scopes, When};

fn names(quantifier: Quantifier, names: &[&str]) -> (Quantifier, Vec<String>) {
    (quantifier, names.iter().map(|&name| name.to_owned()).collect())
}

fn any(list: &[&str]) -> NameTest {
    NameTest::new([names(Quantifier::Any, list)]).unwrap()
}

fn all(list: &[&str]) -> NameTest {
    NameTest::new([names(Quantifier::All, list)]).unwrap()
}

fn none(list: &[&str]) -> NameTest {
    NameTest::new([names(Quantifier::None, list)]).unwrap()
}

fn not(part: Requirement) -> Requirement {
    Requirement::Not(Box::new(part))
}

fn literal(value: &Value) -> Literal {
    match value {
        Value::String(text) => Literal::string(text),
        Value::Bool(boolean) => Literal::boolean(*boolean),
        Value::Number(number) => match (number.as_i64(), number.as_u64(), number.as_f64()) {
            (Some(integer), ..) => Literal::integer(integer.into()).unwrap(),
            (_, Some(integer), _) => Literal::integer(integer.into()).unwrap(),
            (.., Some(float)) => Literal::float(float).unwrap(),
            (None, None, None) => unreachable!(),
        },
        Value::Null | Value::Array(_) | Value::Object(_) => panic!("{value} is no literal"),
    }
}

/// `claims: { c: SPEC }`, with the specification as it would stand in the file.
fn claim(spec: &Value) -> Requirement {
    claim_at("c", spec)
}

fn claim_at(path: &str, spec: &Value) -> Requirement {
    let list = |value: &Value| value.as_array().unwrap().iter().map(literal).collect();
    let test = if let Value::Object(entries) = spec {
        let term = |(key, value): (&String, &Value)| match key.as_str() {
            "any" => ClaimTerm::Values(Quantifier::Any, list(value)),
            "all" => ClaimTerm::Values(Quantifier::All, list(value)),
            "none" => ClaimTerm::Values(Quantifier::None, list(value)),
            "exists" => ClaimTerm::Exists(value.as_bool().unwrap()),
            "matches" => ClaimTerm::Matches(Arc::new(Pattern::parse(value.as_str().unwrap()).unwrap())),
            _ => panic!("no such entry"),
        };
        ClaimTest::new(entries.iter().map(term).collect()).unwrap()
    } else {
        ClaimTest::equals(literal(spec))
    };
    Requirement::Claim(ClaimPath::parse(path).unwrap(), test)
}

fn caller(roles: &[&str], scopes: &[&str], claims: Value) -> Principal {
    Principal::for_test("corporate", roles, scopes, claims)
}

fn holds(requirement: &Requirement, principal: &Principal) -> bool {
    let permit = authorize(requirement, principal.clone(), &RequestFacts::for_test());
    if let Ok(permit) = &permit {
        assert_eq!(permit.principal().unwrap().roles(), principal.roles());
    }
    permit.is_ok()
}

#[test]
fn roles_and_scopes_are_compared_as_the_lists_say() {
    let both = [names(Quantifier::Any, &["a", "b"]), names(Quantifier::None, &["x"])];
    let many: Vec<String> = (0..40).map(|number| format!("r{number}")).collect();
    let many: Vec<&str> = many.iter().map(String::as_str).collect();
    let cases: Vec<(NameTest, &[&str], bool)> = vec![
        (NameTest::one("a").unwrap(), &["b", "a"], true),
        (NameTest::one("a").unwrap(), &["b"], false),
        (NameTest::one("a").unwrap(), &["A", "a ", "aa", ""], false),
        (NameTest::one("a").unwrap(), &[], false),
        (NameTest::one("a.*[b`").unwrap(), &["a.*[b`"], true),
        (NameTest::one("a.").unwrap(), &["ab"], false),
        (any(&["a", "b"]), &["b"], true),
        (any(&["a", "b"]), &["c"], false),
        (any(&["a", "b"]), &[], false),
        (all(&["a", "b"]), &["b", "c", "a"], true),
        (all(&["a", "b"]), &["a"], false),
        (none(&["a", "b"]), &["c"], true),
        (none(&["a", "b"]), &[], true),
        (none(&["a", "b"]), &["c", "b"], false),
        (NameTest::new(both.clone()).unwrap(), &["a"], true),
        (NameTest::new(both.clone()).unwrap(), &["a", "x"], false),
        (NameTest::new(both).unwrap(), &["y"], false),
        (any(&many), &["z", "r19"], true),
        (any(&many), &["z"], false),
        (all(&many[..32]), &many, true),
        (all(&many), &many[..39], false),
        (none(&many), &["z", "r7"], false),
        (none(&many), &["z"], true),
    ];
    for (test, has, expected) in cases {
        let shown = format!("{test:?} of {has:?}");
        let caller = caller(has, &[], json!({}));
        assert_eq!(test.holds(&caller.roles()), expected, "{shown}");
    }
    let principal = caller(&["r"], &["s"], json!({}));
    assert!(holds(&Roles(any(&["r"])), &principal) && holds(&Scopes(any(&["s"])), &principal));
    assert!(!holds(&Roles(any(&["s"])), &principal) && !holds(&Scopes(any(&["r"])), &principal));
}

#[test]
fn lists_of_nothing_are_refused_with_the_reason() {
    let refusal = |terms: Vec<(Quantifier, Vec<String>)>| NameTest::new(terms).unwrap_err();
    assert_eq!(refusal(vec![]), NameTestError::Nothing);
    assert_eq!(
        refusal(vec![names(Quantifier::Any, &["a"]), names(Quantifier::All, &[])]).to_string(),
        "the list of `all` is empty; `all` of nothing always holds, so give at least one name"
    );
    assert_eq!(refusal(vec![names(Quantifier::None, &["a", ""])]), NameTestError::EmptyName);
    assert_eq!(NameTest::one("").unwrap_err(), NameTestError::EmptyName);
    assert_eq!(ClaimTest::new(vec![]).unwrap_err(), ClaimTestError::Nothing);
    let empty = ClaimTerm::Values(Quantifier::None, vec![].into());
    assert_eq!(
        ClaimTest::new(vec![ClaimTerm::Exists(true), empty]).unwrap_err().to_string(),
        "the list of `none` is empty; `none` of nothing always holds, so give at least one value"
    );
}

/// What a test says of a claim: yes, no, or nothing at all.
#[derive(Debug, PartialEq, Clone, Copy)]
enum Says {
    Yes,
    No,
    Nothing,
}

fn says(requirement: &Requirement, claims: Value) -> Says {
    let principal = caller(&[], &[], claims);
    match requirement.evaluate(&principal, &RequestFacts::for_test(), true) {
        Ok(true) => Says::Yes,
        Ok(false) => Says::No,
        Err(_) => Says::Nothing,
    }
}

#[test]
fn a_claim_is_compared_by_value_within_its_json_type() {
    use Says::{No, Nothing, Yes};
    let cases = [
        // a plain value
        (json!("acme"), json!("acme"), Yes),
        (json!("acme"), json!("Acme"), No),
        (json!("acme"), json!(""), No),
        (json!("acme"), json!(7), Nothing),
        (json!("acme"), json!(true), Nothing),
        (json!("acme"), json!({"name": "acme"}), Nothing),
        (json!("1"), json!(1), Nothing),
        (json!(1), json!("1"), Nothing),
        (json!(true), json!("true"), Nothing),
        (json!(true), json!(1), Nothing),
        (json!(true), json!(true), Yes),
        (json!(true), json!(false), No),
        (json!(1), json!(1.0), Yes),
        (json!(1.0), json!(1), Yes),
        (json!(0), json!(-0.0), Yes),
        (json!(1.5), json!(1.5), Yes),
        (json!(1), json!(1.5), No),
        (json!(9_007_199_254_740_993_u64), json!(9_007_199_254_740_993_u64), Yes),
        (json!(9_007_199_254_740_993_u64), json!(9_007_199_254_740_992_u64), No),
        (json!(9_007_199_254_740_993_u64), json!(9_007_199_254_740_992.0), No),
        (json!(9_007_199_254_740_992.0), json!(9_007_199_254_740_993_u64), No),
        (json!(u64::MAX), json!(u64::MAX), Yes),
        (json!(u64::MAX), json!(-1), No),
        (json!(i64::MIN), json!(i64::MIN), Yes),
        // in an array
        (json!("acme"), json!(["x", "acme"]), Yes),
        (json!("acme"), json!(["x"]), No),
        (json!("acme"), json!([]), No),
        (json!("acme"), json!([null, "x"]), No),
        (json!("acme"), json!([7, {"a": 1}, "acme"]), Yes),
        (json!("acme"), json!(["x", 7]), Nothing),
        (json!("acme"), json!([["acme"]]), Nothing),
        (json!("acme"), json!([{"name": "acme"}]), Nothing),
        (json!(1), json!([2.0, 1.0]), Yes),
        // any, all, none
        (json!({"any": ["a", "b"]}), json!("b"), Yes),
        (json!({"any": ["a", "b"]}), json!(["c", "a"]), Yes),
        (json!({"any": ["a", "b"]}), json!(["c"]), No),
        (json!({"any": ["a", 1]}), json!(1.0), Yes),
        (json!({"any": ["a", 1]}), json!(["c", 2]), No),
        (json!({"any": ["a", 1]}), json!([true]), Nothing),
        (json!({"any": ["a"]}), json!({}), Nothing),
        (json!({"all": ["a", "b"]}), json!(["b", "c", "a"]), Yes),
        (json!({"all": ["a", "b"]}), json!(["a"]), No),
        (json!({"all": ["a", "b"]}), json!("a"), No),
        (json!({"all": ["a"]}), json!("a"), Yes),
        (json!({"all": ["a"]}), json!([]), No),
        (json!({"all": ["a", "b"]}), json!(["a", {}]), Nothing),
        (json!({"none": ["a", "b"]}), json!(["c"]), Yes),
        (json!({"none": ["a", "b"]}), json!([]), Yes),
        (json!({"none": ["a", "b"]}), json!("c"), Yes),
        (json!({"none": ["a", "b"]}), json!("a"), No),
        (json!({"none": ["a", "b"]}), json!(["c", "a", 1]), No),
        (json!({"none": ["a", "b"]}), json!(["c", {"name": "a"}]), Nothing),
        (json!({"none": ["a"]}), json!(1), Nothing),
        // exists
        (json!({"exists": true}), json!({}), Yes),
        (json!({"exists": true}), json!([]), Yes),
        (json!({"exists": false}), json!(0), No),
        // matches
        (json!({"matches": "a|ab"}), json!("ab"), Yes),
        (json!({"matches": "a|ab"}), json!("abc"), No),
        (json!({"matches": "a"}), json!("xa"), No),
        (json!({"matches": "a"}), json!("a\n"), No),
        (json!({"matches": "(?m)^a$"}), json!("a\nb"), No),
        (json!({"matches": "[a-z]+@corp\\.com"}), json!("a@evil@corp.com"), No),
        (json!({"matches": "[a-z]+@corp\\.com"}), json!("a@corp.com"), Yes),
        (json!({"matches": "\\d+"}), json!(7), Nothing),
        (json!({"matches": "a"}), json!(["a"]), Nothing),
        // several
        (json!({"any": ["a", "b"], "none": ["x"]}), json!(["a"]), Yes),
        (json!({"any": ["a", "b"], "none": ["x"]}), json!(["a", "x"]), No),
        (json!({"exists": false, "matches": "a"}), json!(7), Nothing),
        (json!({"none": ["b"], "matches": "a"}), json!("a"), Yes),
    ];
    for (spec, value, expected) in cases {
        assert_eq!(says(&claim(&spec), json!({ "c": value })), expected, "{spec} of {value}");
    }
}

#[test]
fn an_absent_or_null_claim_satisfies_only_exists_false_and_none() {
    let cases = [
        (json!("a"), false),
        (json!({"any": ["a"]}), false),
        (json!({"all": ["a"]}), false),
        (json!({"none": ["a"]}), true),
        (json!({"exists": true}), false),
        (json!({"exists": false}), true),
        (json!({"matches": ".*"}), false),
        (json!({"exists": false, "none": ["a"]}), true),
        (json!({"exists": true, "none": ["a"]}), false),
    ];
    for (spec, expected) in cases {
        for claims in [json!({}), json!({"c": null})] {
            assert_eq!(holds(&claim(&spec), &caller(&[], &[], claims)), expected, "{spec}");
        }
    }
}

#[test]
fn an_integer_that_json_rounds_is_equal_to_no_literal() {
    for (text, neighbour) in
        [("18446744073709551616", i128::from(u64::MAX)), ("-9223372036854775809", i128::from(i64::MIN))]
    {
        let claims: Value = serde_json::from_str(&format!(r#"{{"c": {text}}}"#)).unwrap();
        let test = ClaimTest::equals(Literal::integer(neighbour).unwrap());
        assert_eq!(
            says(&Requirement::Claim(ClaimPath::parse("c").unwrap(), test), claims),
            Says::No,
            "{text}"
        );
    }
    assert_eq!(Literal::integer(i128::from(u64::MAX) + 1), Err(LiteralError::IntegerTooLarge));
    assert_eq!(Literal::integer(i128::from(i64::MIN) - 1), Err(LiteralError::IntegerTooLarge));
    // As YAML reads integers that are too large for it.
    for beyond in [18_446_744_073_709_551_616.0, -9_223_372_036_854_775_808.0, 1e22, -1e300] {
        assert_eq!(Literal::float(beyond), Err(LiteralError::IntegerTooLarge), "{beyond}");
    }
    assert!(Literal::float(18_446_744_073_709_549_568.0).is_ok());
    assert_eq!(Literal::float(f64::NAN), Err(LiteralError::NotFinite));
    assert_eq!(Literal::float(f64::INFINITY), Err(LiteralError::NotFinite));
}

#[test]
fn what_cannot_be_compared_denies_the_whole_requirement() {
    let mixed = || claim(&json!(true));
    let requirements = [
        mixed(),
        not(mixed()),
        not(not(mixed())),
        AnyOf(vec![Authenticated, mixed()]),
        AnyOf(vec![mixed(), Authenticated]),
        not(AllOf(vec![Roles(any(&["absent"])), mixed()])),
        AnyOf(vec![
            Authenticated,
            not(AllOf(vec![Roles(any(&["absent"])), AnyOf(vec![Authenticated, mixed()])])),
        ]),
        Policy(Requirement::policy("p", not(mixed()))),
        claim(&json!({"exists": false, "none": [true]})),
        not(claim(&json!({"exists": false, "any": [true]}))),
    ];
    for requirement in &requirements {
        for value in [json!("true"), json!({}), json!(["true"])] {
            let principal = caller(&["admin"], &[], json!({ "c": value }));
            assert!(!holds(requirement, &principal), "{requirement:?} of {value}");
        }
    }
    assert!(holds(&not(mixed()), &caller(&[], &[], json!({"c": false}))));
    assert!(holds(&not(mixed()), &caller(&[], &[], json!({}))));
}

#[test]
fn branches_combine_as_they_read() {
    let principal = caller(&["clerk"], &[], json!({}));
    let (yes, no) = (|| Roles(any(&["clerk"])), || Roles(any(&["admin"])));
    assert!(holds(&Authenticated, &principal));
    assert!(holds(&AllOf(vec![yes(), yes()]), &principal));
    assert!(!holds(&AllOf(vec![yes(), no()]), &principal));
    assert!(holds(&AnyOf(vec![no(), yes()]), &principal));
    assert!(!holds(&AnyOf(vec![no(), no()]), &principal));
    assert!(holds(&not(no()), &principal));
    assert!(!holds(&not(yes()), &principal));
    let staff = Requirement::policy("staff", yes());
    assert_eq!(
        (&**staff.name(), staff.requirement().holds(&principal, &RequestFacts::for_test())),
        ("staff", true)
    );
    assert!(holds(&AllOf(vec![Policy(staff.clone()), Policy(staff)]), &principal));
}

#[test]
fn an_empty_list_never_opens_the_door() {
    let principal = caller(&[], &[], json!({}));
    for empty in [|| AllOf(vec![]), || AnyOf(vec![])] {
        for requirement in [empty(), not(empty()), AnyOf(vec![Authenticated, empty()])] {
            assert!(!holds(&requirement, &principal), "{requirement:?}");
        }
    }
}

#[test]
fn a_pattern_cannot_leave_its_anchors_or_grow_without_bound() {
    let refusal = |expression: &str| Pattern::parse(expression).unwrap_err();
    assert!(matches!(refusal("a)|(b"), PatternError::Syntax(_)));
    assert_eq!(refusal("("), PatternError::Syntax("unclosed group".to_owned()));
    assert_eq!(refusal("(?x)a # c"), PatternError::OpenEnd);
    assert_eq!(refusal("((a{1000}){1000}){1000}"), PatternError::TooLarge);
    assert!(matches!(refusal(&"(".repeat(10_000)), PatternError::Syntax(_)));
    assert!(matches!(refusal(&format!("{}a{}", "(".repeat(100), ")".repeat(100))), PatternError::Syntax(_)));
    assert!(!refusal("a(b").to_string().contains('\n'));
}

#[test]
fn a_refusal_names_scopes_only_where_they_were_what_was_missing() {
    let scopes = |test| Scopes(test);
    let banned =
        NameTest::new([names(Quantifier::Any, &["b", "x"]), names(Quantifier::None, &["b"])]).unwrap();
    let cases: Vec<(Requirement, &[&str], Option<&str>)> = vec![
        (scopes(NameTest::one("read").unwrap()), &[], Some("read")),
        (scopes(all(&["read", "write"])), &["write"], Some("read write")),
        (scopes(all(&["read", "read"])), &[], Some("read")),
        (scopes(any(&["read", "write"])), &["other"], Some("read write")),
        (scopes(none(&["write"])), &["write"], None),
        (scopes(banned), &[], Some("x")),
        (AllOf(vec![scopes(any(&["a", "b"])), scopes(all(&["c"]))]), &["b"], Some("b c")),
        (AllOf(vec![scopes(all(&["a"])), Roles(any(&["admin"]))]), &[], None),
        (AllOf(vec![scopes(all(&["a"])), Roles(any(&["clerk"]))]), &[], Some("a")),
        (AllOf(vec![scopes(all(&["a"])), claim(&json!("acme"))]), &[], Some("a")),
        (AllOf(vec![scopes(all(&["a"])), claim(&json!("other"))]), &[], None),
        (AllOf(vec![scopes(all(&["a"])), claim(&json!(7))]), &[], None),
        (AnyOf(vec![Roles(any(&["admin"])), scopes(all(&["a", "b"]))]), &[], Some("a b")),
        (AnyOf(vec![scopes(all(&["a"])), scopes(all(&["b"]))]), &[], Some("a b")),
        (
            AnyOf(vec![AllOf(vec![Roles(any(&["admin"])), scopes(all(&["a"]))]), scopes(all(&["b"]))]),
            &[],
            Some("b"),
        ),
        (
            AllOf(vec![AnyOf(vec![Roles(any(&["clerk"])), scopes(all(&["a"]))]), scopes(all(&["b"]))]),
            &[],
            Some("b"),
        ),
        (not(scopes(all(&["a"]))), &["a"], None),
        (not(scopes(none(&["a"]))), &[], None),
        (AllOf(vec![not(scopes(all(&["a"]))), scopes(any(&["a", "b"]))]), &[], Some("b")),
        (AllOf(vec![not(Roles(any(&["clerk"]))), scopes(all(&["a"]))]), &[], None),
        (Policy(Requirement::policy("p", scopes(all(&["a"])))), &[], Some("a")),
        (scopes(all(&["a b"])), &[], None),
        (scopes(all(&["a", "é"])), &[], None),
        (scopes(all(&["a\"", "b"])), &[], None),
        (scopes(all(&["a\\b"])), &[], None),
        (Roles(any(&["admin"])), &[], None),
        (AllOf(vec![]), &[], None),
    ];
    for (requirement, held, expected) in cases {
        let principal = caller(&["clerk"], held, json!({"c": "acme"}));
        let denied = authorize(&requirement, principal, &RequestFacts::for_test()).unwrap_err();
        assert_eq!(denied.scope.as_deref(), expected, "{requirement:?} with {held:?}");
        assert!(denied.principal.roles().iter().eq(["clerk"]));
    }
}
