//! Mistakes as operators make them, each with all that `check` says of it.
//!
//! To be read: would you know what to change? Every line is a place, what is wrong there, and what would be right.

use super::{Binary, check};
use crate::support::Scratch;

const BASE: &str = "\
listeners:
  - address: 127.0.0.1:8080
issuers:
  corporate:
    issuer: https://id.example.com/realms/main
    audiences: [orders-api]
    clock_skew: 30s
upstreams:
  orders:
    endpoints: [http://127.0.0.1:3000]
policies:
  staff: { roles: { any: [admin, clerk] } }
  reader: { scopes: orders:read }
identity:
  headers:
    X-User: claims.sub
routes:
  - name: health
    match: { path: /health }
    access: public
    upstream: orders
  - name: order
    match: { path: '/orders/{id}', methods: [GET] }
    access: { issuers: [corporate], require: [staff, reader] }
    upstream: orders
    identity: { headers: { X-Order: path.id } }
  - name: rest
    match: { path: /** }
    access: authenticated
    upstream: orders
";

/// What the mistake is, the text of the base that it replaces, with what, and what is said: LINE:COLUMN: MESSAGE.
const MISTAKES: &[(&str, &str, &str, &[&str])] = &[
    ("a key indented too little", "    audiences: [orders-api]", "  audiences: [orders-api]", &[]),
    ("a key indented too much", "    clock_skew: 30s", "      clock_skew: 30s", &[]),
    ("a tab for indentation", "    audiences: [orders-api]", "\taudiences: [orders-api]", &[]),
    ("a list item out of line", "  - name: rest", "   - name: rest", &[]),
    ("no space behind a colon", "    clock_skew: 30s", "    clock_skew:30s", &[]),
    ("an open quote", "'/orders/{id}'", "'/orders/{id}", &[]),
    ("braces without quotes in a flow map", "'/orders/{id}'", "/orders/{id}", &[]),
    ("a mistyped key", "audiences: [orders-api]", "audience: [orders-api]", &[]),
    (
        "a key of another product",
        "    audiences: [orders-api]",
        "    audiences: [orders-api]\n    jwks_url: https://id.example.com/certs",
        &[],
    ),
    ("a mistyped issuer", "issuers: [corporate]", "issuers: [corprate]", &[]),
    ("a mistyped policy", "require: [staff, reader]", "require: [staff, raeder]", &[]),
    (
        "a mistyped upstream",
        "    access: public\n    upstream: orders",
        "    access: public\n    upstream: order",
        &[],
    ),
    ("a bare list of roles", "{ any: [admin, clerk] }", "[admin, clerk]", &[]),
    ("`scope` for `scopes`", "{ scopes: orders:read }", "{ scope: orders:read }", &[]),
    ("scopes in one string", "{ scopes: orders:read }", "{ scopes: 'orders:read orders:write' }", &[]),
    ("a duration without its unit", "clock_skew: 30s", "clock_skew: 30", &[]),
    ("a duration in words", "clock_skew: 30s", "clock_skew: 30 seconds", &[]),
    ("no upstream", "    access: public\n    upstream: orders", "    access: public", &[]),
    ("no audiences", "    audiences: [orders-api]\n", "", &[]),
    ("one audience without a list", "audiences: [orders-api]", "audiences: orders-api", &[]),
    ("no access", "    access: authenticated\n", "", &[]),
    ("access that is no word of ours", "access: public", "access: anonymous", &[]),
    (
        "a requirement right below access",
        "access: { issuers: [corporate], require: [staff, reader] }",
        "access: { roles: admin }",
        &[],
    ),
    (
        "policies that require one another",
        "  reader: { scopes: orders:read }",
        "  reader: { any_of: [staff, writer] }\n  writer: { all_of: [reader] }",
        &[],
    ),
    ("a mistyped capture", "X-Order: path.id", "X-Order: path.order", &[]),
    ("one capture twice", "'/orders/{id}'", "'/orders/{id}/items/{id}'", &[]),
    ("`**` in the middle", "'/orders/{id}'", "'/orders/**/items'", &[]),
    ("a single star", "'/orders/{id}'", "'/orders/*'", &[]),
    ("a capture of another router", "'/orders/{id}'", "'/orders/:id'", &[]),
    (
        "keys over plain http",
        "issuer: https://id.example.com/realms/main",
        "issuer: http://id.example.com/realms/main",
        &[],
    ),
    ("a secret in the file", "    clock_skew: 30s", "    keys: { secret: c2VjcmV0LXNlY3JldA }", &[]),
    (
        "an unset variable",
        "issuer: https://id.example.com/realms/main",
        "issuer: https://${IDP_HOST_OF_TESTS}/realms/main",
        &[],
    ),
    ("a route name twice", "- name: rest", "- name: order", &[]),
    (
        "a section twice",
        "routes:\n",
        "upstreams: { billing: { endpoints: [http://127.0.0.1:3001] } }\nroutes:\n",
        &[],
    ),
    (
        "a broken regular expression",
        "{ scopes: orders:read }",
        "{ claims: { email: { matches: '[^@+@example\\.com' } } }",
        &[],
    ),
    ("an algorithm in small letters", "    clock_skew: 30s", "    algorithms: [rs256]", &[]),
    ("HMAC with public keys", "    clock_skew: 30s", "    algorithms: [RS256, HS256]", &[]),
    ("methods in small letters", "methods: [GET]", "methods: [get]", &[]),
    ("a host with its port", "methods: [GET]", "hosts: ['api.example.com:443']", &[]),
    ("an upstream with a path", "[http://127.0.0.1:3000]", "[http://127.0.0.1:3000/api]", &[]),
    ("an upstream without a scheme", "[http://127.0.0.1:3000]", "[127.0.0.1:3000]", &[]),
    ("an address without a port", "127.0.0.1:8080", "127.0.0.1", &[]),
    ("a host name to listen on", "127.0.0.1:8080", "localhost:8080", &[]),
    ("an identity value without its kind", "X-User: claims.sub", "X-User: sub", &[]),
    ("a header that is not ours", "X-User: claims.sub", "Authorization: claims.sub", &[]),
    (
        "a certificate that is not there",
        "127.0.0.1:8080",
        "127.0.0.1:8080\n    tls: { certificate: tls.crt, key: tls.key }",
        &[],
    ),
    (
        "the admin address on a listener",
        "issuers:\n  corporate",
        "admin: { address: 127.0.0.1:8080 }\nissuers:\n  corporate",
        &[],
    ),
    ("a claim that is null", "{ scopes: orders:read }", "{ claims: { tenant: null } }", &[]),
    ("a condition of its own language", "{ scopes: orders:read }", "claims.sub == path.id", &[]),
];

#[tokio::test]
async fn each_mistake_says_what_to_change() {
    let scratch = Scratch::new();
    let mut faults = Vec::new();
    for (name, from, to, expected) in MISTAKES {
        assert!(BASE.contains(from), "{name}: {from}");
        let file = scratch.write("jwtgate.yaml", BASE.replacen(from, to, 1));
        let file = format!("{}:", file.display());
        let run = check(file.trim_end_matches(':')).await;
        let said: Vec<String> =
            run.said().lines().filter(|line| !line.is_empty()).map(|line| line.replace(&file, "")).collect();
        let silent = said.iter().all(|line| line == " ok");
        if said != *expected || run.code() != Some(2) || silent {
            faults.push(format!("{name} ({:?}):\n    {}", run.code(), said.join("\n    ")));
        }
    }
    assert!(faults.is_empty(), "\n{}", faults.join("\n"));
    assert!(MISTAKES.len() >= 20);
}

#[tokio::test]
async fn the_base_of_the_mistakes_has_none() {
    let file = Scratch::new();
    let path = file.write("jwtgate.yaml", BASE);
    let run = Binary::finish(["check", "--strict", path.to_str().unwrap()]).await;
    assert_eq!(run.code(), Some(0), "{}", run.said());
}
