//! `jwtgate check`: every mistake at once, each with its place and what would be right.

mod compared;
mod conditions;
mod disclosure;
mod formats;
mod hostile_files;
mod lints;
mod loosened;
mod mistakes;
mod silenced;
mod together;
mod twenty;

use crate::support::binary::{Finished, command};
use crate::support::keypair::KeyPair;
use crate::support::world::{AUTHENTICATED, EVERY_ACCESS, Setup};
use crate::support::{Binary, Pki, Scratch};

async fn check(file: &str) -> Finished {
    Binary::finish(["check", file]).await
}

/// Line and column of `FILE:LINE:COLUMN: what is wrong; what would be right`.
fn place(file: &str, line: &str) -> (usize, usize) {
    let rest = line.strip_prefix(file).and_then(|rest| rest.strip_prefix(':'));
    let rest = rest.unwrap_or_else(|| panic!("not FILE:LINE:COLUMN: {line}"));
    let mut parts = rest.splitn(3, ':');
    let mut number = || parts.next().unwrap().parse().unwrap_or_else(|_| panic!("no number in {line}"));
    let place = (number(), number());
    let message = parts.next().unwrap();
    let (wrong, right) =
        message.split_once("; ").unwrap_or_else(|| panic!("it does not say what is right: {line}"));
    assert!(wrong.starts_with(' ') && wrong.trim().len() > 3 && right.trim().len() > 3, "{line}");
    place
}

#[tokio::test]
async fn ten_mistakes_are_ten_lines() {
    let scratch = Scratch::new();
    let yaml = "\
listeners:
  - address: 127.0.0.1:99999
issuers:
  corporate:
    issuer: https://id.example.com
    audiences: []
    algorithms: [RS256, XX999]
    clock_skew: 30
    keys: { jwks_file: missing.json }
upstreams:
  orders:
    endpoints: ['ftp://127.0.0.1:1']
routes:
  - name: a
    match: { path: orders }
    access: { require: nobody }
    upstream: nowhere
  - name: b
    match: { path: /b }
    access: public
    upstream: orders
    acess: public
";
    let file = scratch.write("jwtgate.yaml", yaml);
    let file = file.to_str().unwrap();
    for arguments in [vec!["check", file], vec!["run", "--config", file]] {
        let run = Binary::finish(&arguments).await;
        assert_eq!(run.code(), Some(2), "{}", run.said());
        let lines = run.lines_starting(file);
        let mut places: Vec<usize> = lines.iter().map(|line| place(file, line).0).collect();
        places.sort_unstable();
        assert_eq!(places, [2, 6, 7, 8, 9, 12, 15, 16, 17, 22], "{lines:#?}");
    }
}

#[tokio::test]
async fn a_right_configuration_is_exit_0_and_nothing_is_fetched_or_bound() {
    let setup = Setup::new().await;
    let taken = setup.upstream.address();
    let file = setup.write(&format!("listeners:\n  - address: {taken}\n{EVERY_ACCESS}"));
    for arguments in [vec!["check"], vec!["check", "--strict"], vec!["check", "--offline"]] {
        let run = Binary::finish([&arguments[..], &[file.to_str().unwrap()]].concat()).await;
        assert_eq!(run.code(), Some(0), "{arguments:?}: {}", run.said());
    }
    assert_eq!(setup.issuer.discoveries() + setup.issuer.fetches(), 0);
}

#[tokio::test]
async fn the_configuration_of_the_contract_is_right() {
    let setup = Setup::new().await;
    let pki = Pki::new();
    pki.install(&setup.scratch);
    setup
        .scratch
        .write("jwks.json", serde_json::json!({ "keys": [KeyPair::generate("ES256").jwk()] }).to_string());
    setup.scratch.write("public.pem", KeyPair::generate("RS256").public_pem());
    setup.scratch.write("hs256", "thirty-two bytes or more of a secret");
    let file = setup.write(
        "
listeners:
  - address: 0.0.0.0:8443
    tls: { certificate: tls.crt, key: tls.key, client_ca: ca.pem }
    trusted_proxies: [10.0.0.0/8]
  - address: 127.0.0.1:8080
issuers:
  corporate:
    issuer: https://id.example.com/realms/main
    audiences: [orders-api]
    algorithms: [RS256, ES256]
    keys: { discovery: {} }
    clock_skew: 30s
    token_types: [JWT, at+jwt, absent]
    max_age: 24h
    required_claims: [sub]
    roles: realm_access.roles
    scopes: scope
  set: { issuer: 'https://a', audiences: [a], keys: { jwks_uri: 'https://a/certs' } }
  file: { issuer: 'https://b', audiences: [a], keys: { jwks_file: jwks.json } }
  pem: { issuer: 'https://c', audiences: [a], keys: { pem_file: public.pem } }
  secret: { issuer: 'https://d', audiences: [a], keys: { secret: { file: hs256 } } }
upstreams:
  orders:
    endpoints: [http://127.0.0.1:3000, https://orders.internal:8443]
    timeouts: { connect: 2s, response: 30s }
    tls: { ca: ca.pem, server_name: orders.internal }
policies:
  staff: { roles: { any: [admin, clerk] } }
shutdown: { delay: 5s, timeout: 30s }
routes:
  - name: health
    match: { path: /health }
    access: public
    upstream: orders
  - name: one-order
    match: { hosts: [api.example.com, '*.example.org'], methods: [GET], path: '/orders/{id}' }
    access:
      issuers: [corporate]
      audiences: [orders-api]
      require:
        scopes: { all: ['orders:read'] }
        claims: { tenant: acme }
    upstream: orders
  - name: staff
    match: { path: /admin/** }
    access: { require: staff }
    upstream: orders
  - name: rest
    match: { path: /** }
    access: authenticated
    upstream: orders
credentials:
  - authorization
identity:
  headers:
    X-User: claims.sub
    X-Tenant: claims.tenant
    X-Roles: { from: roles, format: csv }
  forward_token: false
  remove: [X-Legacy-*]
",
    );
    let run = check(file.to_str().unwrap()).await;
    assert_eq!(run.code(), Some(0), "{}", run.said());
}

#[tokio::test]
async fn several_files_are_checked_in_one_go() {
    let setup = Setup::new().await;
    let good = setup.scratch.write("good.yaml", setup.render(AUTHENTICATED));
    let one = setup.scratch.write("one.yaml", setup.render(&format!("one: 1\n{AUTHENTICATED}")));
    let two = setup.scratch.write("two.yaml", setup.render(&format!("two: 1\n{AUTHENTICATED}")));
    let [good, one, two] = [&good, &one, &two].map(|path| path.to_str().unwrap());
    let run = Binary::finish(["check", one, good, two]).await;
    assert_eq!(run.code(), Some(2), "{}", run.said());
    let counts = [one, good, two].map(|file| run.lines_starting(&format!("{file}:")).len());
    assert_eq!(counts[0], 1, "{}", run.said());
    assert_eq!(counts[2], 1, "{}", run.said());
    assert!(
        run.lines_starting(&format!("{good}:")).iter().all(|line| !line.contains("unknown")),
        "{}",
        run.said()
    );
}

#[tokio::test]
async fn offline_what_is_missing_here_is_a_warning_and_strict_makes_it_an_error() {
    let setup = Setup::new().await;
    let file = setup.write(&format!(
        "admin: {{ address: '${{JWTGATE_TEST_ADMIN_ADDRESS}}' }}\nissuers:\n  corporate:\n    issuer: $ISSUER\n    audiences: [a]\n    keys: {{ jwks_file: not-here.json }}\n{AUTHENTICATED}"
    ));
    let file = file.to_str().unwrap();
    for (arguments, expected) in [
        (vec!["check", file], 2),
        (vec!["check", "--offline", file], 0),
        (vec!["check", "--offline", "--strict", file], 2),
    ] {
        let run = Binary::finish(&arguments).await;
        assert_eq!(run.code(), Some(expected), "{arguments:?}: {}", run.said());
        for needle in ["not-here.json", "JWTGATE_TEST_ADMIN_ADDRESS"] {
            assert!(run.said().contains(needle), "{arguments:?}: {needle} in {}", run.said());
        }
    }
    // A mistake that is no matter of place stays one.
    let broken = setup.write(&format!("unknown: 1\n{AUTHENTICATED}"));
    let run = Binary::finish(["check", "--offline", broken.to_str().unwrap()]).await;
    assert_eq!(run.code(), Some(2), "{}", run.said());
}

#[tokio::test]
async fn variables_are_taken_in_every_scalar() {
    let setup = Setup::new().await;
    let file = setup.write(&format!(
        "admin: {{ address: \"${{JWTGATE_TEST_ADMIN}}\" }}
issuers:
  corporate:
    issuer: https://${{JWTGATE_TEST_HOST:-id.example.com}}/a
    audiences: [\"$${{literal}}\", a$b, '${{JWTGATE_TEST_EMPTY:-}}x']
shutdown: {{ delay: '${{JWTGATE_TEST_DELAY:-5}}s' }}
{AUTHENTICATED}"
    ));
    let with = |delay: Option<&str>| {
        let mut command = command(["check", file.to_str().unwrap()]);
        command.env("JWTGATE_TEST_ADMIN", "127.0.0.1:0");
        if let Some(delay) = delay {
            command.env("JWTGATE_TEST_DELAY", delay);
        }
        command
    };
    let run = Binary::finish_command(with(None)).await;
    assert_eq!(run.code(), Some(0), "{}", run.said());
    let run = Binary::finish_command(with(Some("soon"))).await;
    assert_eq!(run.code(), Some(2), "{}", run.said());
    // A value cannot bring structure with it.
    let run = Binary::finish_command(with(Some("1s }\nunknown: { a: 1"))).await;
    assert_eq!(run.lines_starting(&format!("{}:", file.display())).len(), 1, "{}", run.said());
    assert!(!run.said().contains("unknown key"), "{}", run.said());
}
