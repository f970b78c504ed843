//! What a route requires: every form of `require`, what holds and what fails closed.

use serde_json::{Value, json};

use crate::support::reply::INSUFFICIENT;
use crate::support::world::World;

const POLICIES: &str = "
policies:
  staff: { roles: { any: [admin, clerk] } }
  reader: { scopes: { all: ['orders:read'] } }
  busy: { any_of: [staff, { claims: { vip: true } }] }
";

/// A requirement in YAML, with claims that meet it and claims that do not.
struct Case {
    require: &'static str,
    meets: Vec<Value>,
    fails: Vec<Value>,
}

fn case(require: &'static str, meets: Vec<Value>, fails: Vec<Value>) -> Case {
    Case { require, meets, fails }
}

fn configuration(cases: &[Case]) -> String {
    let route = |(number, case): (usize, &Case)| {
        format!(
            "  - name: r{number}\n    match: {{ path: /r{number}/** }}\n    access: {{ require: {} }}\n    upstream: orders\n",
            case.require
        )
    };
    format!("{POLICIES}routes:\n{}", cases.iter().enumerate().map(route).collect::<String>())
}

async fn prove(cases: Vec<Case>) {
    let world = World::start(&configuration(&cases)).await;
    for (number, case) in cases.iter().enumerate() {
        let all = case
            .meets
            .iter()
            .map(|claims| (claims, true))
            .chain(case.fails.iter().map(|claims| (claims, false)));
        for (claims, meets) in all {
            let token = claims.as_object().unwrap().iter();
            let token =
                token.fold(world.issuer.token(), |token, (name, value)| token.claim(name, value.clone()));
            let request = world.client.get(&format!("/r{number}/x")).bearer(&token.sign());
            let (reply, decision) = world.decide(request).await;
            let expected = if meets { (200, "allowed") } else { (403, "policy_denied") };
            let found = (reply.status, decision.reason.as_str());
            assert_eq!(found, expected, "{} with {claims}", case.require);
            assert_eq!((decision.issuer.as_str(), decision.route), ("corporate", format!("r{number}")));
            let seen = world.upstream.take_requests();
            assert_eq!(seen.len(), usize::from(meets), "{} with {claims}", case.require);
            if !meets {
                let challenge = reply.header("www-authenticate").unwrap_or_default();
                assert!(challenge.starts_with(INSUFFICIENT), "{challenge}");
                reply.assert_problem();
            }
        }
    }
}

fn roles(names: &[&str]) -> Value {
    json!({ "roles": names })
}

fn scope(names: &str) -> Value {
    json!({ "scope": names })
}

#[tokio::test]
async fn roles_and_scopes() {
    let ab = || roles(&["a", "b"]);
    prove(vec![
        case(
            "{ roles: admin }",
            vec![roles(&["x", "admin"]), json!({ "roles": "admin" })],
            vec![json!({}), roles(&["Admin"]), roles(&[]), json!({ "roles": "admin clerk" })],
        ),
        case("{ roles: { any: [a, c] } }", vec![ab(), roles(&["c"])], vec![roles(&["b"]), json!({})]),
        case(
            "{ roles: { all: [a, b] } }",
            vec![ab(), roles(&["b", "x", "a"])],
            vec![roles(&["a"]), json!({})],
        ),
        case(
            "{ roles: { none: [a, c] } }",
            vec![roles(&["b"]), json!({}), roles(&[])],
            vec![ab(), roles(&["c"])],
        ),
        case(
            "{ roles: { any: [a], none: [banned] } }",
            vec![ab()],
            vec![roles(&["a", "banned"]), roles(&["b"])],
        ),
        case(
            "{ scopes: 'orders:read' }",
            vec![
                scope("orders:read"),
                scope("x orders:read y"),
                json!({ "scope": ["orders:read"] }),
                json!({ "scp": ["orders:read"] }),
                json!({ "scp": "orders:read" }),
            ],
            vec![scope("orders:reader"), scope(""), json!({}), json!({ "scope": "x", "scp": "orders:read" })],
        ),
        case("{ scopes: { all: [a, b] } }", vec![scope("b a")], vec![scope("a"), scope("a,b"), scope("ab")]),
        case(
            "{ scopes: a, roles: b }",
            vec![json!({ "scope": "a", "roles": ["b"] })],
            vec![scope("a"), roles(&["b"])],
        ),
    ])
    .await;
}

#[tokio::test]
async fn claims_by_value() {
    let of = |name: &str, value: Value| json!({ name: value });
    prove(vec![
        case(
            "{ claims: { tenant: acme } }",
            vec![of("tenant", json!("acme")), of("tenant", json!(["x", "acme"]))],
            vec![
                of("tenant", json!("Acme")),
                of("tenant", json!("acme2")),
                json!({}),
                of("tenant", json!(null)),
                of("tenant", json!([])),
                of("tenant", json!({ "acme": 1 })),
            ],
        ),
        case(
            "{ claims: { level: 5 } }",
            vec![of("level", json!(5)), of("level", json!(5.0)), of("level", json!([4, 5]))],
            vec![of("level", json!("5")), of("level", json!(5.1)), of("level", json!(true))],
        ),
        case(
            "{ claims: { vip: true } }",
            vec![of("vip", json!(true))],
            vec![of("vip", json!("true")), of("vip", json!(1)), of("vip", json!(false))],
        ),
        case("{ claims: { code: '5' } }", vec![of("code", json!("5"))], vec![of("code", json!(5))]),
        case(
            "{ claims: { t: { any: [a, b] } } }",
            vec![of("t", json!("b")), of("t", json!(["x", "a"]))],
            vec![of("t", json!("c")), of("t", json!(["c"])), json!({})],
        ),
        case(
            "{ claims: { t: { all: [a, b] } } }",
            vec![of("t", json!(["b", "a", "c"]))],
            vec![of("t", json!(["a"])), of("t", json!("a")), json!({})],
        ),
        case(
            "{ claims: { t: { none: [a, b] } } }",
            vec![of("t", json!(["c"])), of("t", json!("c")), json!({}), of("t", json!(null))],
            vec![of("t", json!("a")), of("t", json!(["c", "b"]))],
        ),
        case(
            "{ claims: { t: { exists: true } } }",
            vec![of("t", json!("")), of("t", json!({})), of("t", json!(false))],
            vec![json!({}), of("t", json!(null))],
        ),
        case(
            "{ claims: { t: { exists: false } } }",
            vec![json!({}), of("t", json!(null))],
            vec![of("t", json!("x")), of("t", json!(false))],
        ),
        case(
            "{ claims: { t: { matches: '[a-c]+' } } }",
            vec![of("t", json!("abc"))],
            vec![
                of("t", json!("abcd")),
                of("t", json!("xabc")),
                of("t", json!("abc\n")),
                of("t", json!("")),
                json!({}),
                of("t", json!(5)),
            ],
        ),
        case(
            // Too large for anything but a table.
            "{ claims: { t: { matches: '[^@]{1,64}@.{0,300}' } } }",
            vec![json!({ "t": "ä@" }), json!({ "t": format!("a@{}", "ö".repeat(300)) })],
            vec![json!({ "t": format!("a@{}", "ö".repeat(301)) }), json!({ "t": "@b" }), json!({ "t": 1 })],
        ),
        case(
            "{ claims: { t: { matches: 'a|b' } } }",
            vec![of("t", json!("a")), of("t", json!("b"))],
            vec![of("t", json!("ax")), of("t", json!("xb"))],
        ),
        case(
            "{ claims: { a: 1, b: 2 } }",
            vec![json!({ "a": 1, "b": 2 })],
            vec![json!({ "a": 1 }), json!({ "b": 2 })],
        ),
    ])
    .await;
}

#[tokio::test]
async fn a_claim_is_named_by_its_path() {
    prove(vec![
        case(
            "{ claims: { org.tenant: acme } }",
            vec![
                json!({ "org": { "tenant": "acme" } }),
                json!({ "org.tenant": "acme" }),
                json!({ "org.tenant": "acme", "org": { "tenant": "x" } }),
            ],
            vec![
                json!({ "org": { "tenant": "x" }, "tenant": "acme" }),
                json!({ "org.tenant": "x", "org": { "tenant": "acme" } }),
                json!({ "org": "acme" }),
                json!({ "org": [{ "tenant": "acme" }] }),
            ],
        ),
        case(
            "{ claims: { 'https://example.com/plan': gold } }",
            vec![json!({ "https://example.com/plan": "gold" })],
            vec![json!({ "plan": "gold" }), json!({ "https://example.com/plan/": "gold" })],
        ),
    ])
    .await;
}

#[tokio::test]
async fn combinations_and_named_policies() {
    let admin = || roles(&["admin"]);
    prove(vec![
        case("staff", vec![admin(), roles(&["clerk"])], vec![json!({}), roles(&["guest"])]),
        case(
            "[staff, reader]",
            vec![json!({ "roles": ["clerk"], "scope": "orders:read" })],
            vec![admin(), scope("orders:read")],
        ),
        case("busy", vec![admin(), json!({ "vip": true })], vec![json!({ "vip": false }), json!({})]),
        case("{ any_of: [staff, { scopes: a }] }", vec![admin(), scope("a")], vec![scope("b")]),
        case(
            "{ all_of: [staff, { scopes: a }] }",
            vec![json!({ "roles": "clerk", "scope": "a" })],
            vec![admin(), scope("a")],
        ),
        case("{ not: staff }", vec![json!({}), roles(&["guest"])], vec![admin()]),
        case(
            "{ not: { claims: { level: 5 } } }",
            vec![json!({ "level": 6 }), json!({})],
            vec![json!({ "level": 5 })],
        ),
        case(
            "{ scopes: a, not: { roles: banned } }",
            vec![scope("a")],
            vec![json!({ "scope": "a", "roles": ["banned"] })],
        ),
    ])
    .await;
}

#[tokio::test]
async fn a_claim_that_cannot_be_compared_fails_the_whole_requirement() {
    prove(vec![
        case("{ not: { claims: { level: 5 } } }", vec![], vec![json!({ "level": { "a": 5 } })]),
        case(
            "{ not: { claims: { name: { matches: 'a.*' } } } }",
            vec![json!({ "name": "bob" })],
            vec![json!({ "name": 5 }), json!({ "name": ["bob"] })],
        ),
        case(
            "{ any_of: [{ claims: { name: { matches: 'a.*' } } }, { roles: admin }] }",
            vec![json!({ "name": "al" })],
            vec![json!({ "name": 5, "roles": ["admin"] })],
        ),
        case(
            "{ not: { not: { claims: { level: 5 } } } }",
            vec![json!({ "level": 5 })],
            vec![json!({ "level": {} })],
        ),
    ])
    .await;
}

#[tokio::test]
async fn the_challenge_names_the_scopes_only_when_they_were_what_was_missing() {
    let world = World::start(
        "
routes:
  - name: both
    match: { path: /both }
    access: { require: { roles: admin, scopes: { all: ['orders:read', 'orders:list'] } } }
    upstream: orders
  - name: one
    match: { path: /one }
    access: { require: { scopes: 'orders:read' } }
    upstream: orders
",
    )
    .await;
    world.upstream.must_not_be_reached();
    let with = |path: &str, token: String| world.client.get(path).bearer(&token);
    let plain = world.issuer.token();
    let one = with("/one", plain.clone().scope("x").sign()).send().await;
    one.assert_refused(403, Some(r#"Bearer error="insufficient_scope", scope="orders:read""#));
    let scopes = with("/both", plain.clone().roles(&["admin"]).sign()).send().await;
    let both = r#"Bearer error="insufficient_scope", scope="orders:read orders:list""#;
    scopes.assert_refused(403, Some(both));
    let role = with("/both", plain.scope("orders:read orders:list").sign()).send().await;
    role.assert_refused(403, Some(INSUFFICIENT));
}
