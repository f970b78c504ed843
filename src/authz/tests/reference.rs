//! Evaluation against the contract's sentences taken literally: is anything incomparable anywhere? If not, plain logic.

use proptest::prelude::{
    Just, ProptestConfig, Strategy, prop, prop_assert, prop_assert_eq, prop_oneof, proptest,
};

use super::*;
use crate::authn::json::Json;

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    #[test]
    fn evaluation_is_what_the_contract_says(requirement in requirements(), principal in callers()) {
        prop_assert_eq!(requirement.holds(&principal, &RequestFacts::for_test()), allows(&requirement, &principal));
    }

    #[test]
    fn what_names_tenants_is_open_to_no_other(requirement in requirements(), principal in callers()) {
        if requirement.names_tenants() && requirement.holds(&principal, &RequestFacts::for_test()) {
            prop_assert!(matches!(principal.issuer_tenant(), Some(tenant) if tenant != "stranger"));
        }
    }

    #[test]
    fn a_challenge_is_of_scope_tokens_and_never_of_those_the_caller_has_alone(
        requirement in requirements(),
        principal in callers(),
    ) {
        if let Err(Denied { scope: Some(scope), principal }) = authorize(&requirement, principal, &RequestFacts::for_test()) {
            prop_assert!(scope.split(' ').all(is_scope_token));
            prop_assert!(scope.split(' ').any(|name| principal.scopes().iter().all(|held| held != name)));
        }
    }
}

fn allows(requirement: &Requirement, principal: &Principal) -> bool {
    comparable(requirement, principal) && truth(requirement, principal)
}

fn comparable(requirement: &Requirement, principal: &Principal) -> bool {
    match requirement {
        Authenticated | Roles(_) | Scopes(_) | IssuerTenant(_) => true,
        // Those of the strategy below fail where `d` is absent.
        When(_) => principal.claims().contains_key("d"),
        Requirement::Claim(path, test) => {
            let claim = path.find(principal.claims()).map(Json::to_value);
            let claim = claim.as_ref();
            test.terms().iter().all(|term| match (term, claim) {
                (ClaimTerm::Exists(_), _) | (_, None) => true,
                (ClaimTerm::Matches(_), Some(claim)) => claim.is_string(),
                (ClaimTerm::Values(quantifier, literals), Some(claim)) => {
                    let hits =
                        literals.iter().filter(|literal| members(claim).iter().any(|m| same(literal, m)));
                    let decided = match quantifier {
                        Quantifier::All => hits.count() == literals.len(),
                        Quantifier::Any | Quantifier::None => hits.count() > 0,
                    };
                    decided
                        || members(claim).iter().all(|m| m.is_null() || literals.iter().any(|l| alike(l, m)))
                }
            })
        }
        Every(parts) | AllOf(parts) | AnyOf(parts) => parts.iter().all(|part| comparable(part, principal)),
        Requirement::Not(part) => comparable(part, principal),
        Policy(policy) => comparable(policy.requirement(), principal),
    }
}

fn truth(requirement: &Requirement, principal: &Principal) -> bool {
    match requirement {
        Authenticated => true,
        Roles(test) => names_hold(test, principal.roles().iter()),
        Scopes(test) => names_hold(test, principal.scopes().iter()),
        IssuerTenant(test) => names_hold(test, principal.issuer_tenant().into_iter()),
        When(_) => principal.claims().get("d").and_then(Json::as_f64) == Some(1.0),
        Requirement::Claim(path, test) => {
            let claim = path.find(principal.claims()).map(Json::to_value);
            let claim = claim.as_ref();
            let members = claim.map(members).unwrap_or_default();
            test.terms().iter().all(|term| match term {
                ClaimTerm::Exists(exists) => *exists == claim.is_some(),
                ClaimTerm::Matches(_) => {
                    claim.and_then(Value::as_str).is_some_and(|text| text == "a" || text == "b")
                }
                ClaimTerm::Values(quantifier, literals) => {
                    let hits = literals.iter().filter(|l| members.iter().any(|m| same(l, m))).count();
                    counted(*quantifier, hits, literals.len())
                }
            })
        }
        Every(parts) | AllOf(parts) => parts.iter().all(|part| truth(part, principal)),
        AnyOf(parts) => parts.iter().any(|part| truth(part, principal)),
        Requirement::Not(part) => !truth(part, principal),
        Policy(policy) => truth(policy.requirement(), principal),
    }
}

fn names_hold<'n>(test: &NameTest, has: impl Iterator<Item = &'n str>) -> bool {
    let has: Vec<&str> = has.collect();
    test.terms().all(|(quantifier, names)| {
        let hits = names.iter().filter(|name| has.contains(&&***name)).count();
        counted(quantifier, hits, names.len())
    })
}

fn counted(quantifier: Quantifier, hits: usize, of: usize) -> bool {
    match quantifier {
        Quantifier::Any => hits > 0,
        Quantifier::All => hits == of,
        Quantifier::None => hits == 0,
    }
}

fn members(claim: &Value) -> Vec<Value> {
    claim.as_array().cloned().unwrap_or_else(|| vec![claim.clone()])
}

/// By the text of the JSON, with whole numbers brought to one form.
fn same(literal: &Literal, value: &Value) -> bool {
    let text = value.to_string();
    value_of(literal) == text.strip_suffix(".0").unwrap_or(&text)
}

fn alike(literal: &Literal, value: &Value) -> bool {
    std::mem::discriminant(&serde_json::from_str::<Value>(&value_of(literal)).unwrap())
        == std::mem::discriminant(value)
}

fn value_of(wanted: &Literal) -> String {
    let candidates = ["\"a\"", "\"b\"", "\"1\"", "1", "2", "2.5", "true", "false"];
    let find = |text: &&&str| literal(&serde_json::from_str(text).unwrap()) == *wanted;
    (*candidates.iter().find(find).unwrap()).to_owned()
}

fn scalars() -> impl Strategy<Value = Value> {
    prop::sample::select(vec![
        json!("a"),
        json!("b"),
        json!("1"),
        json!(1),
        json!(1.0),
        json!(2),
        json!(2.5),
        json!(true),
        json!(false),
    ])
}

fn claim_values() -> impl Strategy<Value = Value> {
    let odd = prop::sample::select(vec![json!(null), json!({}), json!({"a": 1}), json!(["a"]), json!("aa")]);
    let member = prop_oneof![4 => scalars(), 1 => odd];
    prop_oneof![member.clone(), prop::collection::vec(member, 0..4).prop_map(Value::from)]
}

/// A list, or one that says the same at such length that it is looked up in another way.
fn lists<T: Clone + std::fmt::Debug>(member: impl Strategy<Value = T>) -> impl Strategy<Value = Vec<T>> {
    (prop::collection::vec(member, 1..3), prop::bool::ANY).prop_map(|(list, is_long)| {
        let length = if is_long { 40 } else { list.len() };
        list.iter().cycle().take(length).cloned().collect()
    })
}

fn name_tests() -> impl Strategy<Value = NameTest> {
    let list = lists(prop::sample::select(vec!["a", "b", "c"]));
    let quantifier = prop::sample::select(vec![Quantifier::Any, Quantifier::All, Quantifier::None]);
    prop::collection::vec((quantifier, list), 1..3).prop_map(|terms| {
        NameTest::new(terms.iter().map(|(quantifier, list)| names(*quantifier, list))).unwrap()
    })
}

fn claim_specs() -> impl Strategy<Value = Value> {
    let entry = prop_oneof![
        (prop::sample::select(vec!["any", "all", "none"]), lists(scalars()))
            .prop_map(|(key, list)| (key.to_owned(), json!(list))),
        prop::bool::ANY.prop_map(|exists| ("exists".to_owned(), json!(exists))),
        Just(("matches".to_owned(), json!("a|b"))),
    ];
    let map =
        prop::collection::vec(entry, 1..3).prop_map(|entries| Value::Object(entries.into_iter().collect()));
    prop_oneof![scalars(), map]
}

fn requirements() -> impl Strategy<Value = Requirement> {
    let claim = (prop::sample::select(vec!["c", "d", "d.e"]), claim_specs())
        .prop_map(|(path, spec)| claim_at(path, &spec));
    let leaf = prop_oneof![
        1 => Just(()).prop_map(|()| Authenticated),
        2 => name_tests().prop_map(Roles),
        2 => name_tests().prop_map(Scopes),
        2 => name_tests().prop_map(IssuerTenant),
        1 => Just(()).prop_map(|()| When(Arc::new(Expression::parse("claims.d == 1").unwrap()))),
        4 => claim,
    ];
    leaf.prop_recursive(4, 24, 4, |inner| {
        prop_oneof![
            inner.clone().prop_map(not),
            inner.clone().prop_map(|part| Policy(Requirement::policy("p", part))),
            prop::collection::vec(inner.clone(), 1..4).prop_map(AllOf),
            prop::collection::vec(inner.clone(), 1..4).prop_map(Every),
            prop::collection::vec(inner, 1..4).prop_map(AnyOf),
        ]
    })
}

fn callers() -> impl Strategy<Value = Principal> {
    let held = || prop::sample::subsequence(vec!["a", "b", "c"], 0..=3);
    let claims = (
        prop::option::of(claim_values()),
        prop::option::of(claim_values()),
        prop::option::of(claim_values()),
    );
    let tenant = prop::option::of(prop::sample::select(vec!["a", "b", "stranger"]));
    (held(), held(), claims, tenant).prop_map(|(roles, scopes, (c, d, e), tenant)| {
        let mut claims = serde_json::Map::new();
        claims.extend(c.map(|value| ("c".to_owned(), value)));
        claims
            .extend(d.or_else(|| e.map(|value| json!({ "e": value }))).map(|value| ("d".to_owned(), value)));
        let caller = caller(&roles, &scopes, Value::Object(claims));
        if let Some(tenant) = tenant { caller.of_tenant(tenant) } else { caller }
    })
}
