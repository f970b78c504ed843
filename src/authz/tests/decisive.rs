//! Which parts a decision hangs on.

use serde_json::json;

use super::*;

/// The ways of the parts that decide on a caller, as `0.1`, or `policy:0.1`; the whole is the empty one.
fn ways(requirement: &Requirement, roles: &[&str], scopes: &[&str], claims: Value) -> Vec<String> {
    let found = decisive(requirement, &caller(roles, scopes, claims), &RequestFacts::for_test());
    let way = |Decisive { policy, way }: Decisive<'_>| {
        let way = way.iter().map(usize::to_string).collect::<Vec<_>>().join(".");
        policy.map_or(way.clone(), |policy| format!("{policy}:{way}"))
    };
    found.into_iter().map(way).collect()
}

/// A requirement, the caller's roles and scopes, and what decides.
type Case = (Requirement, &'static [&'static str], &'static [&'static str], &'static [&'static str]);

#[test]
fn of_alternatives_the_only_one_decides_and_of_the_rest_the_only_one_missing() {
    let either = || AnyOf(vec![Roles(any(&["a"])), Scopes(any(&["b"]))]);
    let both = || AllOf(vec![Roles(any(&["a"])), Scopes(any(&["b"]))]);
    let every = || Every(vec![Roles(any(&["a"])), not(Scopes(any(&["b"])))]);
    let cases: &[Case] = &[
        (either(), &["a"], &[], &["", "0"]),
        (either(), &[], &["b"], &["", "1"]),
        (either(), &["a"], &["b"], &[""]),
        (either(), &[], &[], &["", "0", "1"]),
        (both(), &["a"], &[], &["", "1"]),
        (both(), &[], &["b"], &["", "0"]),
        (both(), &["a"], &["b"], &["", "0", "1"]),
        (both(), &[], &[], &[""]),
        (every(), &["a"], &[], &["", "0", "1", "1.0"]),
        (every(), &["a"], &["b"], &["", "1", "1.0"]),
        (every(), &[], &["b"], &[""]),
        // What is inside decides only where what is around it does.
        (AnyOf(vec![both(), Roles(any(&["c"]))]), &["a", "b", "c"], &["b"], &[""]),
        (AnyOf(vec![both(), Roles(any(&["c"]))]), &["a"], &[], &["", "0", "0.1", "1"]),
    ];
    for (requirement, roles, scopes, expected) in cases {
        assert_eq!(
            ways(requirement, roles, scopes, json!({})),
            *expected,
            "{requirement:?} of {roles:?}, {scopes:?}"
        );
    }
}

#[test]
fn members_of_lists_decide_alone() {
    let several =
        NameTest::new([names(Quantifier::Any, &["a", "b"]), names(Quantifier::None, &["x"])]).unwrap();
    let several = Roles(several);
    let cases: &[(&Requirement, &[&str], &[&str])] = &[
        (&Roles(any(&["a", "b"])), &["a"], &["", "0"]),
        (&Roles(any(&["a", "b"])), &["a", "b"], &[""]),
        (&Roles(any(&["a", "b"])), &[], &["", "0", "1"]),
        (&Roles(all(&["a", "b"])), &["a"], &["", "1"]),
        (&Roles(all(&["a", "b"])), &[], &[""]),
        (&Roles(all(&["a", "b"])), &["b", "a"], &["", "0", "1"]),
        (&Roles(none(&["a", "b"])), &["b"], &["", "1"]),
        (&Roles(none(&["a", "b"])), &["b", "a"], &[""]),
        (&Roles(any(&["a"])), &["a"], &[""]),
        (&several, &["a"], &["", "0", "0.0", "1"]),
        (&several, &["a", "b", "x"], &["", "1"]),
        (&several, &[], &["", "0", "0.0", "0.1"]),
        (&several, &["x"], &[""]),
    ];
    for (requirement, roles, expected) in cases {
        assert_eq!(ways(requirement, roles, &[], json!({})), *expected, "{requirement:?} of {roles:?}");
    }
    let plan = claim(&json!({ "any": ["gold", "black"], "matches": "g.*" }));
    assert_eq!(ways(&plan, &[], &[], json!({ "c": "gold" })), ["", "0", "0.0", "1"]);
    assert_eq!(ways(&plan, &[], &[], json!({ "c": "black" })), ["", "1"]);
    assert_eq!(ways(&plan, &[], &[], json!({ "c": "green" })), ["", "0", "0.0", "0.1"]);
    // What cannot be compared says nothing of the values.
    assert_eq!(ways(&plan, &[], &[], json!({ "c": 7 })), [""]);
}

#[test]
fn what_cannot_be_decided_decides() {
    let level = || claim(&json!(3));
    let wrong = json!({ "c": "3" });
    let every = Every(vec![Roles(any(&["a"])), level()]);
    assert_eq!(ways(&every, &["a"], &[], wrong.clone()), ["", "1"]);
    assert_eq!(ways(&every, &[], &[], wrong.clone()), [""]);
    let either = AnyOf(vec![Roles(any(&["a"])), level()]);
    assert_eq!(ways(&either, &["a"], &[], wrong.clone()), ["", "1"]);
    assert_eq!(ways(&AnyOf(vec![level(), claim(&json!(4))]), &["a"], &[], wrong), [""]);
}

#[test]
fn parts_of_a_policy_have_their_ways_in_it() {
    let staff = Requirement::policy("staff", Roles(any(&["a", "b"])));
    let requirement = Every(vec![Policy(staff), Scopes(any(&["s"]))]);
    assert_eq!(ways(&requirement, &["b"], &["s"], json!({})), ["", "0", "staff:", "staff:1", "1"]);
    assert_eq!(ways(&requirement, &["b"], &[], json!({})), ["", "1"]);
}

/// What is asked for in several places comes out alike in each, so that none of them can fail alone.
#[test]
fn what_stands_in_several_places_decides_in_each() {
    let staff = Requirement::policy("staff", Roles(any(&["s", "t"])));
    let of = |name: &'static str| {
        let own = AllOf(vec![Policy(Arc::clone(&staff)), Roles(any(&[name]))]);
        Policy(Requirement::policy(name, own))
    };
    let both = Every(vec![of("a"), of("b")]);
    let in_both = ["a:0", "staff:", "staff:0", "staff:1", "b:0"];
    assert_eq!(ways(&both, &["a", "b"], &[], json!({})), [&[""][..], &in_both].concat());
    assert_eq!(ways(&both, &["a", "s"], &[], json!({})), ["", "1", "b:", "b:1"]);
    // Not where something else fails too.
    assert_eq!(ways(&both, &["a"], &[], json!({})), [""]);
    // Without the name, and where they stand otherwise.
    let mixed = || AnyOf(vec![Every(vec![Roles(any(&["a"])), Scopes(any(&["b"]))]), not(Roles(any(&["a"])))]);
    assert_eq!(ways(&mixed(), &["a"], &["b"], json!({})), ["", "0", "0.0", "0.1"]);
    let named = Every(vec![of("a"), not(not(Roles(any(&["s", "t"]))))]);
    let expected = ["", "0", "a:", "a:0", "staff:", "staff:0", "1", "1.0", "1.0.0"];
    let found = ways(&named, &["a", "s"], &[], json!({}));
    assert!(expected.iter().all(|way| found.contains(&(*way).to_owned())), "{found:?}");
    assert_eq!(
        ways(&named, &["a"], &[], json!({})),
        ["", "a:0", "staff:", "staff:0", "staff:1", "1.0.0", "1.0.0.0", "1.0.0.1"]
    );
    // A claim that cannot be compared.
    let levels = Every(vec![not(claim(&json!(3))), AllOf(vec![not(claim(&json!(3)))])]);
    let found = ways(&levels, &[], &[], json!({ "c": "3" }));
    assert_eq!(found, ["", "0", "0.0", "1", "1.0", "1.0.0"]);
}
