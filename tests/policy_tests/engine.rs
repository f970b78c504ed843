//! What tests can ask: each answer is that of the engine.

use super::{run, said};
use crate::support::{Binary, Scratch};

/// Name, request and token, and what becomes of it.
const ANSWERS: &[(&str, &str, &str)] = &[
    (
        "public",
        "request: { path: /health }",
        "decision: allow, status: 200, reason: public, route: health, subject: null",
    ),
    (
        "no route",
        "request: { path: /nowhere }",
        "decision: deny, status: 404, reason: route_not_found, route: null",
    ),
    (
        "a path of two meanings",
        "request: { path: /api/../health }",
        "status: 400, reason: target_ambiguous, route: null",
    ),
    (
        "another method",
        "request: { method: DELETE, host: api.example.com, path: /orders/1 }",
        "status: 405, reason: method_not_allowed, route: one-order",
    ),
    (
        "another host",
        "request: { host: example.com, path: /orders/1 }",
        "status: 404, reason: route_not_found",
    ),
    (
        "a method in another case",
        "request: { method: get, host: api.example.com, path: /orders/1 }",
        "status: 405, reason: method_not_allowed, route: one-order",
    ),
    (
        "an empty subject",
        "request: { path: /api/a }, token: { issuer: corporate, claims: { sub: '' } }",
        "decision: allow, subject: '', headers: { X-User: '' }",
    ),
    (
        "an empty type beside an empty field",
        "request: { path: /api/a, headers: { X-Empty: '' } }, token: { issuer: corporate, header: { typ: '' } }",
        "reason: token_type_not_allowed",
    ),
    ("nobody", "request: { path: /api/a }", "status: 401, reason: token_missing, route: rest, subject: null"),
    (
        "anonymous",
        "request: { path: /catalogue/a }",
        "decision: allow, reason: anonymous, headers: { X-User: null }",
    ),
    (
        "a valid token",
        "request: { path: /api/a }, token: { issuer: corporate, claims: { sub: '42' } }",
        "decision: allow, reason: allowed, subject: '42', headers: { X-User: '42', X-Tenant: null, x-roles: null }",
    ),
    (
        "roles where the issuer has them",
        "request: { path: /admin/a }, token: { issuer: corporate, claims: { realm_access: { roles: [clerk, x] } } }",
        "decision: allow, headers: { X-Roles: 'clerk,x' }",
    ),
    (
        "roles elsewhere",
        "request: { path: /admin/a }, token: { issuer: corporate, claims: { roles: [clerk] } }",
        "decision: deny, status: 403, reason: policy_denied, route: staff, headers: { X-Roles: null }",
    ),
    (
        "the scope",
        "request: { host: api.example.com, path: /orders/1 }, token: { issuer: machines, claims: { scope: 'a orders:read' } }",
        "decision: allow, route: one-order",
    ),
    (
        "an issuer that the route does not take",
        "request: { host: api.example.com, path: /orders/1 }, token: { issuer: partners, tenant: acme, claims: { scope: 'orders:read' } }",
        "status: 401, reason: issuer_not_allowed",
    ),
    (
        "a tenant",
        "request: { path: /api/a }, token: { issuer: partners, tenant: bolt }",
        "decision: allow, headers: { X-Tenant: bolt }",
    ),
    (
        "a tenant that is not listed",
        "request: { path: /api/a }, token: { issuer: partners, claims: { iss: 'https://login.example.com/other/v2.0' } }",
        "status: 401, reason: issuer_unknown",
    ),
    (
        "an unknown issuer",
        "request: { path: /api/a }, token: { issuer: corporate, claims: { iss: 'https://id.example.org' } }",
        "status: 401, reason: issuer_unknown",
    ),
    (
        "another issuer's name on this one's token",
        "request: { path: /api/a }, token: { issuer: corporate, claims: { iss: 'https://machines.example.com' } }",
        "status: 401, reason: algorithm_not_allowed",
    ),
    (
        "expired",
        "request: { path: /api/a }, token: { issuer: corporate, claims: { exp: -60s } }",
        "reason: token_expired",
    ),
    (
        "within the skew",
        "request: { path: /api/a }, token: { issuer: corporate, claims: { exp: -20s } }",
        "decision: allow",
    ),
    (
        "expired at a date",
        "request: { path: /api/a }, token: { issuer: corporate, claims: { exp: 1000000000 } }",
        "reason: token_expired",
    ),
    (
        "not yet",
        "request: { path: /api/a }, token: { issuer: corporate, claims: { nbf: 5m } }",
        "reason: token_not_yet_valid",
    ),
    (
        "without exp",
        "request: { path: /api/a }, token: { issuer: corporate, claims: { exp: null } }",
        "reason: claim_missing",
    ),
    (
        "an exp that is none",
        "request: { path: /api/a }, token: { issuer: corporate, claims: { exp: true } }",
        "reason: claim_malformed",
    ),
    (
        "another audience",
        "request: { path: /api/a }, token: { issuer: corporate, claims: { aud: [x, y] } }",
        "reason: audience_mismatch",
    ),
    (
        "a bound token",
        "request: { path: /api/a }, token: { issuer: corporate, claims: { cnf: { jkt: x } } }",
        "reason: binding_invalid",
    ),
    (
        "a forged signature",
        "request: { path: /api/a }, token: { issuer: corporate, signature: invalid }",
        "reason: signature_invalid",
    ),
    (
        "a forged signature of HMAC",
        "request: { path: /api/a }, token: { issuer: machines, signature: invalid }",
        "reason: signature_invalid",
    ),
    (
        "no algorithm",
        "request: { path: /api/a }, token: { issuer: corporate, header: { alg: none } }",
        "reason: algorithm_not_allowed",
    ),
    (
        "another padding",
        "request: { path: /api/a }, token: { issuer: corporate, header: { alg: PS512 } }",
        "decision: allow",
    ),
    (
        "the issuer's second algorithm",
        "request: { path: /api/a }, token: { issuer: partners, tenant: acme, header: { alg: RS256 } }",
        "reason: key_unsuitable",
    ),
    (
        "an unknown key",
        "request: { path: /api/a }, token: { issuer: corporate, header: { kid: other } }",
        "reason: key_unknown",
    ),
    (
        "no kid",
        "request: { path: /api/a }, token: { issuer: corporate, header: { kid: null } }",
        "decision: allow",
    ),
    (
        "the issuer's only type",
        "request: { path: /api/a }, token: { issuer: machines, header: { typ: at+jwt } }",
        "decision: allow",
    ),
    (
        "another type",
        "request: { path: /api/a }, token: { issuer: machines, header: { typ: JWT } }",
        "reason: token_type_not_allowed",
    ),
    (
        "no type",
        "request: { path: /api/a }, token: { issuer: machines, header: { typ: null } }",
        "reason: token_type_not_allowed",
    ),
    ("what is no token", "request: { path: /api/a }, token: not-a-token", "reason: token_malformed"),
    (
        "what is no credential",
        "request: { path: /api/a }, token: a b",
        "status: 400, reason: credential_malformed",
    ),
    (
        "two credentials",
        "request: { path: /api/a, headers: { Authorization: [Basic YTpi] } }, token: { issuer: corporate }",
        "status: 400, reason: credential_ambiguous",
    ),
    (
        "another scheme",
        "request: { path: /api/a, headers: { Authorization: Basic YTpi } }",
        "reason: token_missing",
    ),
    (
        "a list of roles with a comma",
        "request: { path: /api/a }, token: { issuer: corporate, claims: { realm_access: { roles: ['a,b'] } } }",
        "status: 403, reason: identity_unsendable",
    ),
    (
        "a bad token where none is needed",
        "request: { path: /catalogue/a }, token: { issuer: corporate, claims: { exp: -1h } }",
        "status: 401, reason: token_expired, route: catalogue",
    ),
];

/// The tests of the table, each to expect this.
fn tests<'a>(expect: impl Fn(&'a str) -> String) -> String {
    let test = |(name, given, answer): &(&str, &str, &'a str)| {
        format!("  - {{ name: {name}, {given}, expect: {{ {} }} }}\n", expect(answer))
    };
    ANSWERS.iter().map(test).collect()
}

#[tokio::test]
async fn every_answer_is_that_of_the_engine() {
    let scratch = Scratch::new();
    let run = run(&scratch, &tests(str::to_owned), &[]).await;
    assert_eq!(run.stdout, format!("{} passed, 0 failed", ANSWERS.len()), "{}", run.stderr);
    assert_eq!((run.code(), run.stderr.as_str()), (Some(0), ""));
}

/// A test that cannot fail proves nothing: with every answer turned round, every one of them does.
#[tokio::test]
async fn every_answer_may_fail() {
    let scratch = Scratch::new();
    let turned = tests(|answer| {
        let allows = answer.contains("decision: allow");
        format!("decision: {}", if allows { "deny" } else { "allow" })
    });
    let run = run(&scratch, &turned, &[]).await;
    assert_eq!(run.code(), Some(1), "{}", run.said());
    let failed = run.stdout.lines().filter(|line| line.contains(": FAILED: ")).count();
    assert_eq!(failed, ANSWERS.len(), "{}", run.stdout);
    assert!(run.stdout.ends_with(&format!("\n0 passed, {} failed", ANSWERS.len())), "{}", run.stdout);
}

#[tokio::test]
async fn a_failure_says_what_was_expected_what_was_found_and_every_step() {
    let scratch = Scratch::new();
    let tests = "  - name: passes
    request: { path: /health }
    expect: { decision: allow }
  - name: a clerk reads an order
    request: { host: api.example.com, path: /orders/1 }
    token: { issuer: corporate, claims: { sub: '42', scope: 'orders:list' } }
    expect:
      decision: allow
      status: 200
      reason: allowed
      route: rest
      subject: '42'
      headers: { X-User: '42', X-Tenant: null }
";
    let run = run(&scratch, tests, &[]).await;
    assert_eq!(run.code(), Some(1), "{}", run.said());
    let said = said(&run, &scratch);
    let head = "\
orders.test.yaml:6:5: FAILED: a clerk reads an order
  decision: expected allow, found deny
  status: expected 200, found 403
  reason: expected allowed, found policy_denied
  route: expected `rest`, found `one-order`
  header X-User: expected `42`, found none
";
    assert!(said.starts_with(head), "{said}");
    assert!(said.ends_with("\n1 passed, 1 failed"), "{said}");
    let steps: Vec<&str> = said.lines().filter(|line| line.starts_with("    ")).collect();
    let step = |words: &[&str]| steps.iter().any(|step| words.iter().all(|word| step.contains(word)));
    assert!(step(&["pass", "signature"]), "{said}");
    assert!(step(&["FAIL", "scopes", "orders:read", "orders:list"]), "{said}");
    assert!(!said.contains("skip"), "{said}");
    // A token may be pasted into a report, but not by us.
    assert!(!run.said().contains("eyJ"), "{}", run.said());
}

/// The clock does not matter, nor does the order of files, and a token of a file is not another's.
#[tokio::test]
async fn files_are_tested_together_and_each_by_itself() {
    let scratch = Scratch::new();
    let one = run(&scratch, &tests(str::to_owned), &[]).await;
    let file = scratch.path().join("orders.test.yaml");
    let bad = scratch.write("bad.test.yaml", "config: jwtgate.yaml\ntests: []\n");
    let fails = scratch.write(
        "fails.test.yaml",
        "config: jwtgate.yaml\ntests:\n  - { name: x, request: { path: /health }, expect: { status: 404 } }\n",
    );
    let [file, bad, fails] = [&file, &bad, &fails].map(|path| path.to_str().unwrap());
    let count = ANSWERS.len();
    for (files, code, sum) in [
        (vec![file, file], 0, format!("{} passed, 0 failed", 2 * count)),
        (vec![fails, file], 1, format!("{count} passed, 1 failed")),
        (vec![bad, file, fails], 2, format!("{count} passed, 1 failed")),
        (vec![bad], 2, String::new()),
    ] {
        let run = Binary::finish([&["test"], files.as_slice()].concat()).await;
        assert_eq!(run.code(), Some(code), "{}", run.said());
        assert_eq!(run.stdout.lines().last().unwrap_or_default(), sum, "{}", run.said());
    }
    assert_eq!(one.code(), Some(0));
}

/// A caller whose roles cannot be sent goes on as nobody, and is still who the token says.
#[tokio::test]
async fn the_caller_is_told_where_a_route_only_observes_and_sends_nobody() {
    let scratch = Scratch::new();
    scratch.write(
        "jwtgate.yaml",
        "listeners: [{ address: '127.0.0.1:8080' }]
issuers:
  corporate: { issuer: 'https://id.example.com', audiences: [orders-api] }
upstreams:
  orders: { endpoints: ['http://127.0.0.1:9'] }
routes:
  - { name: all, match: { path: /** }, access: { require: { roles: staff }, enforcement: observe }, upstream: orders }
identity:
  headers: { X-Roles: { from: roles, format: csv } }
",
    );
    let file = scratch.write(
        "observed.test.yaml",
        r#"config: jwtgate.yaml
tests:
  - name: a comma in a role
    request: { path: /a }
    token: { issuer: corporate, claims: { sub: u, roles: ["staff", "a,b"] } }
    expect: { decision: allow, reason: identity_unsendable, subject: u, headers: { X-Roles: null } }
  - name: a subject that would make a line of its own
    request: { path: /a }
    token: { issuer: corporate, claims: { sub: "\x1b[31mred\nallow" } }
    expect: { subject: u }
"#,
    );
    let run = Binary::finish(["test", file.to_str().unwrap()]).await;
    assert!(run.stdout.ends_with("1 passed, 1 failed"), "{}", run.said());
    assert!(run.stdout.contains(r"expected `u`, found `\u{1b}[31mred\nallow`"), "{}", run.said());
    assert!(run.stdout.contains(r"subject: \u{1b}[31mred\nallow"), "{}", run.said());
    assert!(!run.stdout.contains('\x1b'), "{}", run.said());
}
