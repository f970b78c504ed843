//! Generated pairs of files: whoever passes the new one alone was told of, and where nothing is told all decisions are equal.

mod generated;

use std::path::Path;

use http::Request;
use http::header::HOST;
use proptest::prelude::{ProptestConfig, prop_assert, prop_assert_eq, proptest};
use proptest::test_runner::RngSeed;
use serde_json::{Value, json};

use self::generated::{files, policy, requirement};
use super::policies::Requirements;
use super::view::{View, views};
use super::{Change, Difference};
use crate::authn::Principal;
use crate::authz::RequestFacts;
use crate::config::document::Document;
use crate::config::node::{FromNode, Node};
use crate::config::problem::Problems;
use crate::config::source;
use crate::route::{PathData, RouteTable, Target};

/// A file, as far as it decides.
struct Decider {
    node: Node,
    document: Document,
}

/// A token that an issuer has signed.
struct Token {
    issuer: &'static str,
    audience: &'static str,
    caller: Principal,
}

/// Who comes: without a token, with one that is not valid, or with one that is.
enum Caller {
    Nobody,
    Forger,
    Known(Token),
}

impl Decider {
    fn of(text: &str) -> Self {
        let mut problems = Problems::new(Path::new("gate.yaml"), false);
        let (node, _) = source::parse(text, &|_| None, &mut problems).unwrap();
        let document = Document::from_node(&node, &mut problems).unwrap();
        Self { node, document }
    }

    fn differences(&self, newer: &Self) -> Vec<Difference> {
        super::compare((&self.node, &self.document), (&newer.node, &newer.document))
    }

    /// For every request and every caller the route that lets it pass, if one does.
    fn decisions(&self, targets: &[Target], callers: &[Caller]) -> Vec<Option<String>> {
        let routes = views((&self.node, &self.document));
        let mut requirements = Requirements::of(&self.document);
        let table = RouteTable::new(
            routes.iter().map(|route| (route.matcher.clone().allowing(data(route)), route)).collect(),
        );
        let mut found = Vec::new();
        for target in targets {
            let way = table.find(target).ok().map(|way| {
                let requirement = requirements.compiled(way.route.access_key("require")).unwrap();
                (way.route, way.captures, requirement)
            });
            found.extend(callers.iter().map(|caller| {
                let (route, captures, requirement) = way.as_ref()?;
                let facts = RequestFacts { target, captures, ..RequestFacts::for_test() };
                let passes = match (route.access, caller) {
                    ("public" | "observe", _) | ("optional", Caller::Nobody) => true,
                    (_, Caller::Nobody | Caller::Forger) => false,
                    (access, Caller::Known(Token { issuer, audience, caller })) => {
                        let audiences = route.access_key("audiences");
                        route.issuers().contains(*issuer)
                            && audiences
                                .is_none_or(|list| list.children().iter().any(|one| one.plain() == *audience))
                            && (access == "optional" || requirement.holds(caller, &facts))
                    }
                };
                passes.then(|| route.name.clone())
            }));
        }
        found
    }
}

fn data(route: &View<'_>) -> PathData {
    PathData { encoded_slash: route.node.get("path").is_some(), parameters: false }
}

fn targets() -> Vec<Target> {
    let mut targets = Vec::new();
    for host in ["a.e", "b.a.e", "y.x"] {
        for path in ["/", "/a", "/a/b", "/a/0", "/c", "/c/b", "/c/0/b", "/a/b/c", "/a/x%2Fy"] {
            for method in ["GET", "PUT", "POST", "PURGE", "purge"] {
                let request =
                    Request::builder().method(method).uri(path).header(HOST, host).body(()).unwrap();
                targets.push(Target::parse(&request.into_parts().0).unwrap());
            }
        }
    }
    targets
}

/// One claim or two at a time; `which` sees to it that all come up.
fn callers(which: usize) -> Vec<Caller> {
    let texts = [
        json!(null),
        json!("acme"),
        json!("abc"),
        json!("zz"),
        json!(1),
        json!(true),
        json!({ "e": "acme" }),
        json!([]),
        json!(["acme"]),
        json!(["abc", 1]),
        json!(["acme", "abc", "zz"]),
        json!([{}, "acme"]),
        json!([null]),
    ];
    let numbers = [json!(null), json!(0), json!(2), json!("x")];
    let names: [&[&str]; 4] = [&[], &["a"], &["b"], &["a", "b"]];
    let mut callers = vec![Caller::Nobody, Caller::Forger];
    for index in 0..24 {
        let at = |step: usize| which.wrapping_mul(31).wrapping_add(index).wrapping_mul(2_654_435_761) >> step;
        let mut claims = json!({ "sub": if at(3) % 2 == 0 { "0" } else { "b" } });
        for (name, value) in
            [("t", &texts[at(5) % 13]), ("u", &texts[at(9) % 13]), ("n", &numbers[at(13) % 4])]
        {
            if !value.is_null() {
                claims[name] = Value::clone(value);
            }
        }
        let (issuer, audience) = (["one", "two"][at(17) % 2], ["x", "y"][at(18) % 2]);
        let caller = Principal::for_test(issuer, names[at(19) % 4], names[at(21) % 4], claims);
        callers.push(Caller::Known(Token { issuer, audience, caller }));
    }
    callers
}

proptest! {
    #![proptest_config(ProptestConfig { rng_seed: RngSeed::Fixed(7), failure_persistence: None, ..ProptestConfig::with_cases(60) })]

    #[test]
    fn whom_the_new_file_lets_in_is_told((old, new) in files(), which in 0_usize..1000) {
        let (before, after) = (Decider::of(&old), Decider::of(&new));
        let told = before.differences(&after);
        let (targets, callers) = (targets(), callers(which));
        let (was, now) = (before.decisions(&targets, &callers), after.decisions(&targets, &callers));
        for (index, (was, now)) in was.iter().zip(&now).enumerate() {
            let target = &targets[index / callers.len()];
            if let (None, Some(route)) = (was, now) {
                let quoted = format!("`{route}`");
                let is_told = |one: &Difference| {
                    one.change <= Change::Looser && (one.name.as_ref() == Some(route) || one.message.contains(&quoted))
                };
                prop_assert!(told.iter().any(is_told), "{old}\n{new}\n{target:?} {} {told:#?}", index % callers.len());
            }
            if told.is_empty() {
                prop_assert!(was.is_some() == now.is_some(), "{old}\n{new}\n{target:?} {}", index % callers.len());
            }
        }
    }

    /// Nobody is told of what only is written otherwise.
    #[test]
    fn what_is_written_otherwise_is_no_difference(asked in requirement(), (p, q) in (policy(), policy())) {
        let file = |require: &str, other: &str| {
            Decider::of(&format!(
                "issuers: {{ one: {{ issuer: 'https://one', audiences: [x] }} }}\npolicies: {{ p: {p}, q: {q}, other: {other} }}\n\
                 routes: [{{ name: r, match: {{ path: '/a/{{id}}' }}, access: {{ require: {require} }}, upstream: u }}]\n"
            ))
        };
        // A list of names stands under `require` alone.
        let item = if asked == "[p, q]" { "{ all_of: [p, q] }" } else { asked.as_str() };
        let plain = file(&asked, item);
        for other in [
            format!("{{ not: {{ not: {item} }} }}"),
            format!("{{ all_of: [{item}, {item}] }}"),
            format!("{{ any_of: [{item}] }}"),
            format!("{{ not: {{ any_of: [{{ not: {item} }}] }} }}"),
            "other".to_owned(),
            "[other, other]".to_owned(),
            "{ any_of: [{ all_of: [other] }, other] }".to_owned(),
        ] {
            prop_assert_eq!(plain.differences(&file(&other, item)), [], "{}", other);
        }
    }
}

/// What takes long to try is told by its parts.
#[test]
fn long_lists_in_another_order_are_no_difference() {
    let file = |numbers: &mut dyn Iterator<Item = usize>| {
        let parts = numbers.map(|n| format!("{{ any_of: [{{ roles: a{n} }}, {{ scopes: b{n} }}] }}"));
        Decider::of(&format!(
            "issuers: {{ one: {{ issuer: 'https://one', audiences: [x] }} }}\n\
             routes: [{{ name: r, match: {{ path: /a }}, access: {{ require: {{ all_of: [{}] }} }}, upstream: u }}]\n",
            parts.collect::<Vec<_>>().join(", ")
        ))
    };
    let plain = file(&mut (0..25));
    assert_eq!(plain.differences(&file(&mut (0..25).rev())), []);
    let found = plain.differences(&file(&mut (1..25).rev()));
    assert!(found[0].message.contains("now passes a caller with the"), "{found:?}");
    assert_eq!(found[0].change, Change::Looser, "{found:?}");
}
