//! Requirements, routes and files, made up from few names so that they meet.

use proptest::prelude::{Strategy, prop_oneof};
use proptest::sample::{select, subsequence};

pub(super) fn requirement() -> impl Strategy<Value = String> {
    let names = select(vec![
        "a",
        "b",
        "{ any: [a, b] }",
        "{ any: [b, a] }",
        "{ all: [a, b] }",
        "{ none: [a] }",
        "{ any: [a], none: [b] }",
    ]);
    let test = select(vec![
        "acme",
        "{ any: [acme] }",
        "{ any: [acme, abc] }",
        "{ all: [acme, abc] }",
        "{ none: [acme] }",
        "{ any: [acme, 1] }",
        "{ none: [1] }",
        "{ exists: true }",
        "{ exists: false }",
        "{ matches: 'a.*' }",
        "{ matches: 'ac.*' }",
        "{ matches: 'a.*', none: [abc] }",
        "true",
        "1",
        "{ any: [true, false] }",
    ]);
    let condition = select(vec![
        "claims.n > 1",
        "claims.n>1",
        "claims.n > 1 && claims.t == 'acme'",
        "claims.t == \"acme\"",
        "claims.t == 'acme' || claims.n > 1",
        "'a' in roles",
        "!('a' in roles)",
        "true",
        "false",
        "claims.sub == path.id",
        "path.exists(x, x == 'b')",
        "request.method == 'GET'",
        "'a' in roles && true",
    ]);
    let leaf = prop_oneof![
        3 => (select(vec!["roles", "scopes"]), names).prop_map(|(key, names)| format!("{{ {key}: {names} }}")),
        3 => (select(vec!["t", "u", "t.e"]), test).prop_map(|(claim, test)| format!("{{ claims: {{ {claim}: {test} }} }}")),
        2 => condition.prop_map(|text| format!("{{ when: '{}' }}", text.replace('\'', "''"))),
        2 => select(vec!["p", "q", "[p, q]"]).prop_map(str::to_owned),
    ];
    leaf.prop_recursive(2, 6, 2, |inner| {
        // Within another requirement, a list does not say whether any or all of it is meant.
        let inner = inner.prop_map(|text| match text.as_str() {
            "[p, q]" => "{ all_of: [p, q] }".to_owned(),
            _ => text,
        });
        let pair = || (inner.clone(), inner.clone());
        prop_oneof![
            pair().prop_map(|(one, other)| format!("{{ any_of: [{one}, {other}] }}")),
            pair().prop_map(|(one, other)| format!("{{ all_of: [{one}, {other}] }}")),
            inner.clone().prop_map(|one| format!("{{ not: {one} }}")),
        ]
    })
}

/// What a policy may be: one that names no other.
pub(super) fn policy() -> impl Strategy<Value = String> {
    requirement().prop_map(|text| {
        let is_name = |text: &str| ["p", "q", "[p, q]"].contains(&text);
        if is_name(&text)
            || text.contains("[p")
            || text.contains("[q")
            || text.contains(" p")
            || text.contains(" q")
        {
            "{ roles: a }".to_owned()
        } else {
            text
        }
    })
}

fn access() -> impl Strategy<Value = String> {
    let conditions = (
        select(vec!["", "issuers: [one], ", "issuers: [two], ", "issuers: [two, one], "]),
        select(vec!["", "", "audiences: [x], ", "audiences: [y, x], "]),
        requirement(),
        select(vec!["", "", "", "", ", enforcement: observe", ", candidate: p"]),
    );
    prop_oneof![
        2 => select(vec!["public", "optional", "authenticated"]).prop_map(str::to_owned),
        5 => conditions.prop_map(|(issuers, audiences, requirement, rest)| {
            format!("{{ {issuers}{audiences}require: {requirement}{rest} }}")
        }),
    ]
}

/// A route but for its name.
fn route() -> impl Strategy<Value = String> {
    let hosts = select(vec![
        "",
        "",
        "",
        "hosts: [a.e], ",
        "hosts: ['*.a.e'], ",
        "hosts: [b.a.e, a.e], ",
        "hosts: ['*.e'], ",
    ]);
    let methods = select(vec![
        "",
        "",
        "methods: [GET], ",
        "methods: [GET, PUT], ",
        "methods: [POST], ",
        "methods: [PURGE], ",
    ]);
    let path = select(vec![
        "/**",
        "/a",
        "/a/",
        "/a/b",
        "/a/{id}",
        "/a/**",
        "/{id}/b",
        "/{x}/{id}",
        "/c/**",
        "/{id}/**",
        "/c/0/b",
    ]);
    let data = select(vec!["", "", "", ", path: { allow: [encoded_slash] }"]);
    (hosts, methods, path, access(), data).prop_map(|(hosts, methods, path, access, data)| {
        format!("match: {{ {hosts}{methods}path: '{path}' }}, access: {access}, upstream: u{data}")
    })
}

/// Two files that have most in common.
pub(super) fn files() -> impl Strategy<Value = (String, String)> {
    let routes = proptest::collection::vec((route(), proptest::option::weighted(0.3, route())), 1..5);
    let policies = (
        policy(),
        policy(),
        proptest::option::weighted(0.3, policy()),
        proptest::option::weighted(0.2, policy()),
    );
    let some = || subsequence(vec![0, 1, 2, 3], 2..=4);
    // Some are renamed, and some take the name of another one.
    let names = select(vec![
        ["r0", "r1", "r2", "r3"],
        ["r0", "r1", "r2", "r3"],
        ["r0", "s1", "s2", "r3"],
        ["r1", "r0", "r2", "r3"],
    ]);
    let rest = (some(), prop_oneof![some(), some().prop_shuffle()], names, select(vec![1, 2, 2, 2]));
    (routes, policies, rest).prop_map(|(routes, (p, q, other_p, other_q), (old, new, names, issuers))| {
        let file = |issuers: usize, p: &str, q: &str, routes: Vec<String>| {
            let issuers = [
                "one: { issuer: 'https://one', audiences: [x, y] }",
                "two: { issuer: 'https://two', audiences: [x, y] }",
            ]
            .get(..issuers)
            .unwrap()
            .join(", ");
            format!("issuers: {{ {issuers} }}\npolicies: {{ p: {p}, q: {q} }}\nroutes:\n{}", routes.concat())
        };
        let line = |name: &str, route: &str| format!("- {{ name: {name}, {route} }}\n");
        let chosen = |which: &[usize]| -> Vec<usize> {
            which.iter().copied().filter(|index| *index < routes.len()).collect()
        };
        let before =
            chosen(&old).into_iter().map(|index| line(&format!("r{index}"), &routes[index].0)).collect();
        let after: Vec<String> = chosen(&new)
            .into_iter()
            .map(|index| line(names[index], routes[index].1.as_ref().unwrap_or(&routes[index].0)))
            .collect();
        let new = file(issuers, other_p.as_ref().unwrap_or(&p), other_q.as_ref().unwrap_or(&q), after);
        (file(2, &p, &q, before), new)
    })
}
