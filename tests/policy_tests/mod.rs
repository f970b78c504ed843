//! `jwtgate test`: policy tests decide as `run` would, and say what differs.

mod coverage;
mod crossing;
mod engine;
mod examples;
mod formats;
mod keys;
mod mistakes;

use crate::support::binary::Finished;
use crate::support::{Binary, Scratch};

/// A configuration with an issuer of each kind and every kind of access. The files that it names are not there, and
/// neither is its variable.
const CONFIG: &str = "\
listeners:
  - address: 0.0.0.0:8443
    tls: { certificate: no.crt, key: no.key, client_ca: no.pem }
issuers:
  corporate:
    issuer: https://id.example.com/realms/main
    audiences: [orders-api, billing-api]
    roles: realm_access.roles
  machines:
    issuer: https://machines.example.com
    audiences: [orders-api]
    algorithms: [HS256]
    keys: { secret: { env: JWTGATE_TEST_NOT_SET } }
    token_types: [at+jwt]
  partners:
    issuer: https://login.example.com/{tenant}/v2.0
    tenants: [acme, bolt]
    audiences: [orders-api]
    algorithms: [ES384, RS256]
    keys: { jwks_file: no.json }
upstreams:
  orders:
    endpoints: ['${JWTGATE_TEST_NOT_SET}']
    tls: { ca: no.pem }
policies:
  staff: { roles: { any: [admin, clerk] } }
identity:
  headers:
    X-User: claims.sub
    X-Tenant: issuer_tenant
    X-Roles: { from: roles, format: csv }
routes:
  - name: health
    match: { path: /health }
    access: public
    upstream: orders
  - name: one-order
    match: { hosts: [api.example.com], methods: [GET, PUT], path: '/orders/{id}' }
    access: { issuers: [corporate, machines], require: { scopes: { all: ['orders:read'] } } }
    upstream: orders
  - name: staff
    match: { path: /admin/** }
    access: { require: staff }
    upstream: orders
  - name: catalogue
    match: { path: /catalogue/** }
    access: optional
    upstream: orders
  - name: rest
    match: { path: /api/** }
    access: authenticated
    upstream: orders
";

/// Runs the tests of one file beside the configuration above.
async fn run(scratch: &Scratch, tests: &str, options: &[&str]) -> Finished {
    scratch.write("jwtgate.yaml", CONFIG);
    let file = scratch.write("orders.test.yaml", format!("config: jwtgate.yaml\ntests:\n{tests}"));
    let file = file.to_str().unwrap();
    Binary::finish([&["test"], options, &[file]].concat()).await
}

/// What was said, without the directory that the files lie in.
fn said(run: &Finished, scratch: &Scratch) -> String {
    run.stdout.replace(&format!("{}/", scratch.path().display()), "")
}
