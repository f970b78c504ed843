//! Tests of routes whose token is in a cookie, and of preflights: a token goes where its route looks for one.

use crate::support::{Binary, Scratch};

const CONFIG: &str = "\
listeners:
  - address: 127.0.0.1:8443
    tls: { certificate: no.crt, key: no.key }
issuers:
  corporate: { issuer: https://id.example.com, audiences: [orders-api] }
upstreams:
  orders: { endpoints: ['http://127.0.0.1:9'] }
credentials: [{ cookie: __Host-access }, authorization]
identity: { headers: { X-User: claims.sub } }
routes:
  - name: app
    match: { path: /app/** }
    access: authenticated
    upstream: orders
    cors: { origins: ['https://app.example.com'], headers: [Authorization] }
  - name: query
    match: { path: /query }
    access: authenticated
    upstream: orders
    credentials: [{ query: access_token }]
";

const TESTS: &str = "\
config: jwtgate.yaml
tests:
  - name: a preflight
    request: { method: OPTIONS, path: /app/a, headers: { Origin: https://app.example.com, Access-Control-Request-Method: GET } }
    expect: { decision: allow, status: 204, reason: public, route: app, subject: null }
  - name: a preflight of another page
    request: { method: OPTIONS, path: /app/a, headers: { Origin: https://b.example.com, Access-Control-Request-Method: GET } }
    expect: { decision: deny, status: 403, reason: cross_site, route: app }
  - name: a cookie reads
    request: { path: /app/a }
    token: { issuer: corporate }
    expect: { decision: allow, status: 200, reason: allowed }
  - name: a cookie of nobody knows where writes
    request: { method: POST, path: /app/a }
    token: { issuer: corporate }
    expect: { status: 403, reason: cross_site }
  - name: a cookie writes
    request: { method: POST, host: api.example.com, path: /app/a, headers: { Origin: https://api.example.com } }
    token: { issuer: corporate, claims: { sub: '42' } }
    expect: { decision: allow, subject: '42' }
  - name: the listener does TLS
    request: { method: POST, host: api.example.com, path: /app/a, headers: { Origin: http://api.example.com } }
    token: { issuer: corporate }
    expect: { reason: cross_site }
  - name: two places
    request: { path: /app/a, headers: { Authorization: Bearer a.b.c } }
    token: { issuer: corporate }
    expect: { reason: credential_ambiguous }
  - name: the query
    request: { path: '/query?a=1' }
    token: { issuer: corporate }
    expect: { decision: allow }
  - name: not in a query
    request: { path: /query }
    token: a&access_token=b
    expect: { reason: credential_malformed }
";

async fn run(scratch: &Scratch, tests: &str, options: &[&str]) -> crate::support::binary::Finished {
    scratch.write("jwtgate.yaml", CONFIG);
    let file = scratch.write("app.test.yaml", tests);
    Binary::finish([&["test"], options, &[file.to_str().unwrap()]].concat()).await
}

#[tokio::test]
async fn tokens_and_preflights_are_decided_as_run_would() {
    let scratch = Scratch::new();
    let run = run(&scratch, TESTS, &[]).await;
    assert_eq!((run.code(), run.stdout.as_str()), (Some(0), "9 passed, 0 failed"), "{}", run.said());
}

#[tokio::test]
async fn a_preflight_covers_no_route_and_has_one_answer() {
    let scratch = Scratch::new();
    let preflights: String = TESTS.split_inclusive('\n').take(8).collect();
    let covered = run(&scratch, &preflights, &["--coverage"]).await;
    assert!(covered.stdout.contains("route `app`: no test has seen it allow or deny"), "{}", covered.said());
    let other = preflights.replace("status: 204, reason: public", "status: 204, reason: allowed");
    let other = run(&scratch, &other, &[]).await;
    assert_eq!(other.code(), Some(2), "{}", other.said());
    assert!(other.said().contains("a preflight that is answered is `public`"), "{}", other.said());
    let failed = preflights.replace("status: 204", "status: 200");
    let failed = run(&scratch, &failed, &[]).await;
    assert!(failed.stdout.contains("status: expected 200, found 204"), "{}", failed.said());
    assert!(failed.stdout.contains("pass  preflight"), "{}", failed.said());
}
