//! `when`: conditions in CEL, from the file to the upstream.

use serde_json::{Value, json};

use crate::support::reply::INSUFFICIENT;
use crate::support::world::{Setup, World};
use crate::support::{Binary, binary::Finished};

const CONFIGURATION: &str = r#"
policies:
  owner: { when: 'claims.sub == path.id || "admin" in roles' }
identity: { headers: { X-User: claims.sub } }
routes:
  - name: order
    match: { path: '/orders/{id}', methods: [GET, POST] }
    access: { require: owner }
    upstream: orders
  - name: user
    match: { path: '/users/{id}/{part}' }
    access:
      require:
        scopes: users
        when: claims.sub == path.id && path.part.matches('^[a-z]+$') && request.method == 'GET'
    upstream: orders
  - name: level
    match: { path: /level/** }
    access: { require: { when: 'claims.level + 1 > 3 && claims["https://example.com/x"] != null' } }
    upstream: orders
  - name: tenant
    match: { path: /tenant/** }
    access: { require: { when: "claims.tenant in request.headers['x-tenant'] && size(request.headers['x-tenant']) == 1" } }
    upstream: orders
  - name: valid
    match: { path: /valid/** }
    access: { require: { when: 'now < timestamp(claims.valid_until) && issuer == "corporate"' } }
    upstream: orders
  - name: banned
    match: { path: /banned/** }
    access: { require: { any_of: [{ roles: admin }, { not: { when: claims.banned } }] } }
    upstream: orders
  - name: groups
    match: { path: /groups/** }
    access: { require: { when: "claims.groups.exists(g, g.startsWith('team-')) || true" } }
    upstream: orders
  - name: hidden
    match: { path: /hidden/** }
    access: { require: { when: "request.headers.all(name, name in ['host', 'x-seen', 'x-request-id'])" } }
    upstream: orders
  - name: canonical
    match: { path: /canonical/** }
    access: { require: { when: 'request.path == "/canonical/~x" && request.host == "gateway.example"' } }
    upstream: orders
"#;

/// A token with these claims.
fn token(world: &World, claims: &Value) -> String {
    let claims = claims.as_object().unwrap().iter();
    claims.fold(world.issuer.token(), |token, (name, value)| token.claim(name, value.clone())).sign()
}

#[tokio::test]
async fn a_condition_decides_by_claims_and_request() {
    let world = World::start(CONFIGURATION).await;
    let many: Vec<String> = (0..257).map(|number| format!("g{number}")).collect();
    let cases = [
        ("/orders/42", json!({ "sub": "42" }), true),
        ("/orders/42", json!({ "sub": "43" }), false),
        ("/orders/42", json!({ "sub": "43", "roles": ["admin"] }), true),
        ("/orders/%34%32", json!({ "sub": "42" }), true),
        ("/users/42/name", json!({ "sub": "42", "scope": "users" }), true),
        ("/users/42/Name", json!({ "sub": "42", "scope": "users" }), false),
        ("/users/43/name", json!({ "sub": "42", "scope": "users" }), false),
        ("/level/x", json!({ "level": 3, "https://example.com/x": 1 }), true),
        ("/level/x", json!({ "level": 2, "https://example.com/x": 1 }), false),
        ("/level/x", json!({ "level": "3", "https://example.com/x": 1 }), false),
        ("/level/x", json!({ "level": 3.5, "https://example.com/x": 1 }), false),
        ("/level/x", json!({ "level": 18_446_744_073_709_551_615_u64, "https://example.com/x": 1 }), false),
        ("/level/x", json!({ "level": 9_223_372_036_854_775_807_i64, "https://example.com/x": 1 }), false),
        ("/level/x", json!({ "level": 3 }), false),
        ("/valid/x", json!({ "valid_until": "2999-01-01T00:00:00Z" }), true),
        ("/valid/x", json!({ "valid_until": "2020-01-01T00:00:00Z" }), false),
        ("/valid/x", json!({ "valid_until": "whenever" }), false),
        ("/valid/x", json!({}), false),
        ("/banned/x", json!({ "banned": false }), true),
        ("/banned/x", json!({ "banned": true }), false),
        ("/banned/x", json!({ "banned": "true" }), false),
        ("/banned/x", json!({}), false),
        ("/banned/x", json!({ "banned": false, "roles": ["admin"] }), true),
        ("/banned/x", json!({ "roles": ["admin"] }), false),
        ("/groups/x", json!({ "groups": ["team-a"] }), true),
        ("/groups/x", json!({ "groups": many[..256] }), true),
        ("/groups/x", json!({ "groups": many }), false),
    ];
    for (path, claims, passes) in cases {
        let request = world.client.get(path).bearer(&token(&world, &claims));
        let (reply, decision) = world.decide(request).await;
        let expected = if passes { (200, "allowed") } else { (403, "policy_denied") };
        assert_eq!((reply.status, decision.reason.as_str()), expected, "{path} with {claims}");
        assert_eq!(world.upstream.take_requests().len(), usize::from(passes), "{path} with {claims}");
        if !passes {
            assert_eq!(reply.header("www-authenticate"), Some(INSUFFICIENT), "{path} with {claims}");
            reply.assert_problem();
        }
    }
}

#[tokio::test]
async fn a_condition_sees_the_request_that_is_sent_and_no_header_that_is_not_its_business() {
    let world = World::start(CONFIGURATION).await;
    let caller = token(&world, &json!({ "sub": "42", "tenant": "acme", "scope": "users" }));
    let with = |path: &str| world.client.get(path).bearer(&caller);
    let cases = [
        (with("/tenant/x").header("X-Tenant", "acme"), 200),
        (with("/tenant/x").header("X-Tenant", "other"), 403),
        (with("/tenant/x").header("X-Tenant", "other").header("X-Tenant", "acme"), 403),
        (with("/tenant/x").header_bytes("X-Tenant", b"acme\xff"), 403),
        (with("/tenant/x"), 403),
        (with("/hidden/x").header("X-Seen", "1"), 200),
        (with("/hidden/x").header("X-Forwarded-For", "1.2.3.4").header("Forwarded", "for=1.2.3.4"), 200),
        (with("/hidden/x").header("X-User", "admin").header("X_User", "admin").header("Cookie", "a=b"), 200),
        (with("/hidden/x").header("X-Other", "1"), 403),
        (with("/canonical/%7ex").header("host", "other.example"), 403),
        (world.client.host("GATEWAY.example:80").get("/canonical/%7ex?y").bearer(&caller), 200),
        (world.client.host("other.example").get("/canonical/~x").bearer(&caller), 403),
        (world.client.http2().host("gateway.example").get("/canonical/~x").bearer(&caller), 200),
        (world.client.post("/users/42/name", "x").bearer(&caller), 403),
    ];
    for (number, (request, status)) in cases.into_iter().enumerate() {
        assert_eq!(request.send().await.status, status, "case {number}");
    }
}

#[tokio::test]
async fn one_hostile_token_after_the_other_is_answered() {
    let world = World::start(
        "
routes:
  - name: costly
    match: { path: /** }
    access: { require: { when: \"claims.l.all(x, !(x + claims.t in claims.l) && !claims.t.contains(x + 'b'))\" } }
    upstream: orders
",
    )
    .await;
    world.upstream.must_not_be_reached();
    let list: Vec<String> = (0..250).map(|number| format!("{number:04}")).collect();
    let hostile = token(&world, &json!({ "l": list, "t": "a".repeat(8_000) }));
    for _ in 0..20 {
        world.assert_reason(world.client.get("/").bearer(&hostile), "policy_denied").await;
    }
}

async fn check(yaml: &str) -> (String, Finished) {
    let setup = Setup::new().await;
    let file = setup.write(yaml);
    let file = file.to_str().unwrap().to_owned();
    let run = Binary::finish(["check", &file]).await;
    (file, run)
}

#[tokio::test]
async fn mistakes_in_conditions_are_found_at_load_at_their_place() {
    let (file, run) = check(
        r#"
policies:
  owner: { when: claims.sub == path.id }
  typo: { when: 'claim.sub == "x" && request.metod == "GET"' }
routes:
  - name: order
    match: { path: '/orders/{id}' }
    access: { require: { all_of: [owner, { when: path.idd == 'x' }] } }
    upstream: orders
  - name: list
    match: { path: /orders }
    access: { require: [owner] }
    upstream: orders
  - name: bool
    match: { path: /bool }
    access: { require: { when: true } }
    upstream: orders
  - name: list-of-roles
    match: { path: /roles }
    access:
      require:
        when: |
          roles == "admin"
    upstream: orders
"#,
    )
    .await;
    assert_eq!(run.code(), Some(2), "{}", run.said());
    let start = |line: &str| {
        let rest = line.strip_prefix(&format!("{file}:")).unwrap();
        let (line, rest) = rest.split_once(':').unwrap();
        let (column, message) = rest.split_once(": ").unwrap();
        // Sections that the harness adds stand before.
        (line.parse::<usize>().unwrap(), column.parse::<usize>().unwrap(), message.to_owned())
    };
    let lines: Vec<_> = run.lines_starting(&file).into_iter().map(|line| start(&line)).collect();
    let messages: Vec<&str> = lines.iter().map(|(.., message)| message.as_str()).collect();
    assert_eq!(
        messages,
        [
            "`when` has no variable `claim`; did you mean `claims`?",
            "`when` has no field of `request` named `metod`; did you mean `method`?",
            "`when` asks for `path.idd`, which this path does not capture; did you mean `path.id`?",
            "the policy `owner` asks for `path.id`, which this path does not capture; write a path with {id}",
            "found the boolean true; expected an expression as text: put it in quotes",
            "`==` is between a list and a string; write `\"name\" in list` to ask whether a list has it",
        ],
        "{}",
        run.said()
    );
    let first = lines[0].0;
    let places: Vec<(usize, usize)> = lines.iter().map(|(line, column, _)| (line - first, *column)).collect();
    assert_eq!(places, [(0, 18), (0, 46), (4, 55), (8, 24), (12, 32), (19, 17)]);
}

#[tokio::test]
async fn tenants_of_strangers_are_kept_out_by_plain_conditions_only() {
    let yaml = |when: &str| {
        format!(
            "issuers:
  entra:
    issuer: 'https://id.example.com/{{tenant}}/v2.0'
    tenants: any
    audiences: [a]
    keys: {{ jwks_uri: 'https://id.example.com/keys' }}
routes:
  - name: a
    match: {{ path: /a }}
    access: {{ require: {{ when: {when:?} }} }}
    upstream: orders
"
        )
    };
    for (when, accepted) in [
        ("issuer_tenant in ['acme', 'bolt'] && claims.x == 1", true),
        ("issuer_tenant != 'acme'", false),
        ("claims.tid == 'acme'", false),
    ] {
        let (_, run) = check(&yaml(when)).await;
        assert_eq!(run.code(), Some(if accepted { 0 } else { 2 }), "{when}: {}", run.said());
        assert_eq!(run.said().contains("tenants: any"), !accepted, "{when}: {}", run.said());
    }
}
