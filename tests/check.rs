//! `jwtgate check`: every mistake at once, each with its place and what would be right.

use std::time::Duration;

use crate::support::binary::{Finished, command};
use crate::support::keypair::KeyPair;
use crate::support::world::{AUTHENTICATED, EVERY_ACCESS, Setup};
use crate::support::{Binary, Scratch};

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

/// Sections that replace the harness' defaults, each with one mistake, and a word that its message must hold.
const MISTAKES: &[(&str, &str, &str)] = &[
    ("an unknown key", "shutdwn: { delay: 1s }\n", "shutdwn"),
    ("a duplicate key", "shutdown: { delay: 1s }\nshutdown: { delay: 2s }\n", "shutdown"),
    (
        "a duplicate name",
        "upstreams:\n  orders: { endpoints: [$UPSTREAM] }\n  orders: { endpoints: [$UPSTREAM] }\n",
        "orders",
    ),
    ("a duration without a unit", "shutdown: { delay: 5 }\n", "delay"),
    ("a duration that is none", "shutdown: { delay: soon }\n", "soon"),
    ("an empty list", "listeners: []\n", "listeners"),
    ("an empty map", "issuers: {}\n", "issuers"),
    ("a list for a map", "upstreams: [orders]\n", "upstreams"),
    ("no audiences", "issuers: { corporate: { issuer: $ISSUER } }\n", "audiences"),
    (
        "two issuers alike",
        "issuers:\n  corporate: { issuer: $ISSUER, audiences: [a] }\n  other: { issuer: $ISSUER, audiences: [b] }\n",
        "other",
    ),
    (
        "two sources of keys",
        "issuers:\n  corporate:\n    issuer: $ISSUER\n    audiences: [a]\n    keys: { discovery: {}, jwks_uri: 'https://x' }\n",
        "keys",
    ),
    (
        "an algorithm of no kind",
        "issuers:\n  corporate: { issuer: $ISSUER, audiences: [a], algorithms: [none] }\n",
        "none",
    ),
    (
        "HMAC with public keys",
        "issuers:\n  corporate: { issuer: $ISSUER, audiences: [a], algorithms: [HS256] }\n",
        "HS256",
    ),
    (
        "a network that is none",
        "listeners:\n  - { address: '127.0.0.1:0', trusted_proxies: [10.0.0.0/99] }\n",
        "10.0.0.0/99",
    ),
    ("an unset variable", "admin: { address: '${JWTGATE_TEST_UNSET}' }\n", "JWTGATE_TEST_UNSET"),
    (
        "no certificate",
        "listeners:\n  - { address: '127.0.0.1:0', tls: { certificate: no.crt, key: no.key } }\n",
        "no.crt",
    ),
    ("an identity header that is the Host", "identity: { headers: { Host: claims.sub } }\n", "Host"),
    (
        "an identity header that is Authorization",
        "identity: { headers: { Authorization: claims.sub } }\n",
        "Authorization",
    ),
    (
        "an identity header that frames",
        "identity: { headers: { Content-Length: claims.n } }\n",
        "Content-Length",
    ),
    (
        "an identity header of the forwarding",
        "identity: { headers: { X-Forwarded-For: claims.ip } }\n",
        "X-Forwarded-For",
    ),
    ("an identity value of nothing", "identity: { headers: { X-User: sub } }\n", "sub"),
    ("a format of no kind", "identity: { headers: { X-User: { from: claims.sub, format: xml } } }\n", "xml"),
];

/// Routes with one mistake each.
const BAD_ROUTES: &[(&str, &str, &str)] = &[
    ("no access", "{ name: a, match: { path: /a }, upstream: orders }", "access"),
    (
        "an access of no kind",
        "{ name: a, match: { path: /a }, access: everybody, upstream: orders }",
        "everybody",
    ),
    ("an empty access", "{ name: a, match: { path: /a }, access: {}, upstream: orders }", "access"),
    (
        "an unknown issuer",
        "{ name: a, match: { path: /a }, access: { issuers: [nobody] }, upstream: orders }",
        "nobody",
    ),
    ("an unknown upstream", "{ name: a, match: { path: /a }, access: public, upstream: nowhere }", "nowhere"),
    (
        "an unknown policy",
        "{ name: a, match: { path: /a }, access: { require: nothing }, upstream: orders }",
        "nothing",
    ),
    (
        "a bare list of roles",
        "{ name: a, match: { path: /a }, access: { require: { roles: [a, b] } }, upstream: orders }",
        "any",
    ),
    (
        "a bare list for a claim",
        "{ name: a, match: { path: /a }, access: { require: { claims: { t: [a, b] } } }, upstream: orders }",
        "any",
    ),
    (
        "a broken regex",
        "{ name: a, match: { path: /a }, access: { require: { claims: { t: { matches: '(' } } } }, upstream: orders }",
        "(",
    ),
    (
        "an empty requirement",
        "{ name: a, match: { path: /a }, access: { require: {} }, upstream: orders }",
        "require",
    ),
    ("** in the middle", "{ name: a, match: { path: '/a/**/b' }, access: public, upstream: orders }", "**"),
    (
        "a capture that is no segment",
        "{ name: a, match: { path: '/a/x{id}' }, access: public, upstream: orders }",
        "{id}",
    ),
    ("a capture twice", "{ name: a, match: { path: '/{id}/{id}' }, access: public, upstream: orders }", "id"),
    ("a path with dots", "{ name: a, match: { path: /a/../b }, access: public, upstream: orders }", ".."),
    (
        "a method of no kind",
        "{ name: a, match: { path: /a, methods: ['G T'] }, access: public, upstream: orders }",
        "G T",
    ),
    (
        "a host with a scheme",
        "{ name: a, match: { path: /a, hosts: ['https://x'] }, access: public, upstream: orders }",
        "https://x",
    ),
    (
        "a capture nobody makes",
        "{ name: a, match: { path: /a }, access: authenticated, upstream: orders, identity: { headers: { X: path.id } } }",
        "path.id",
    ),
];

/// What later issues bring.
const NOT_YET: &[(&str, &str)] = &[
    (
        "when",
        "routes: [{ name: a, match: { path: /a }, access: { require: { when: 'true' } }, upstream: orders }]\n",
    ),
    (
        "candidate",
        "routes: [{ name: a, match: { path: /a }, access: { require: { roles: a }, candidate: { roles: b } }, upstream: orders }]\n",
    ),
    (
        "enforcement",
        "routes: [{ name: a, match: { path: /a }, access: { require: { roles: a }, enforcement: observe }, upstream: orders }]\n",
    ),
    ("credentials", "credentials: [authorization, { cookie: __Host-access }]\n"),
    (
        "token_service",
        "token_service: { issuer: 'https://a', audiences: [a], users_file: users.yaml, signing: { algorithm: ES256, keys_dir: keys, rotate_every: 30d } }\n",
    ),
    ("store", "store: { memory: {} }\n"),
    ("revocation", "revocation: { file: revocations.yaml }\n"),
];

async fn assert_one_line(setup: &Setup, name: &str, yaml: &str, needle: &str) {
    let yaml = if yaml.contains("routes:") { yaml.to_owned() } else { format!("{yaml}{AUTHENTICATED}") };
    // The section under test replaces that of the route table.
    let yaml = if yaml.matches("identity:").count() > 1 { yaml.replacen(IDENTITY, "", 1) } else { yaml };
    let file = setup.write(&yaml);
    let file = file.to_str().unwrap();
    let run = check(file).await;
    assert_eq!(run.code(), Some(2), "{name}: {}", run.said());
    let lines = run.lines_starting(file);
    assert_eq!(lines.len(), 1, "{name}: one mistake is one line: {}", run.said());
    assert!(lines[0].contains(needle), "{name}: {needle:?} is not in {lines:?}");
    place(file, &lines[0]);
}

const IDENTITY: &str = "identity:\n  headers:\n    X-User: claims.sub\n";

#[tokio::test]
async fn each_mistake_is_named_at_its_place() {
    let setup = Setup::new().await;
    for (name, yaml, needle) in MISTAKES {
        assert_one_line(&setup, name, yaml, needle).await;
    }
    for (name, route, needle) in BAD_ROUTES {
        assert_one_line(&setup, name, &format!("routes:\n  - {route}\n"), needle).await;
    }
}

#[tokio::test]
async fn what_later_issues_bring_is_refused_as_not_yet() {
    let setup = Setup::new().await;
    for (name, yaml) in NOT_YET {
        let yaml =
            if yaml.contains("routes:") { (*yaml).to_owned() } else { format!("{yaml}{AUTHENTICATED}") };
        let file = setup.write(&yaml);
        let run = check(file.to_str().unwrap()).await;
        assert_eq!(run.code(), Some(2), "{name}: {}", run.said());
        let lines = run.lines_starting(file.to_str().unwrap());
        assert!(lines.iter().any(|line| line.contains("not yet")), "{name}: {}", run.said());
    }
}

/// The promise of a second, with another try for a machine that is busy with other tests.
async fn within_a_second(file: &str) -> Finished {
    for _ in 0..4 {
        let run = check(file).await;
        if run.took < Duration::from_secs(1) {
            return run;
        }
    }
    panic!("{file} took more than a second, four times")
}

#[tokio::test]
async fn a_file_that_is_no_configuration_is_one_clear_line_within_a_second() {
    let scratch = Scratch::new();
    let nine: Vec<String> = (b'b'..=b'i')
        .map(|name| {
            let (name, before) = (char::from(name), char::from(name - 1));
            format!("{name}: &{name} [{}]\n", vec![format!("*{before}"); 10].join(","))
        })
        .collect();
    let bomb = format!("a: &a [x,x,x,x,x,x,x,x,x,x]\n{}routes: *i\n", nine.concat());
    let files: Vec<(&str, Vec<u8>)> = vec![
        ("empty", Vec::new()),
        ("only a comment", b"# nothing\n".to_vec()),
        ("a mebibyte of [", vec![b'['; 1024 * 1024]),
        ("a mebibyte of {", vec![b'{'; 1024 * 1024]),
        ("a mebibyte of -", b"- ".repeat(512 * 1024)),
        ("a bomb", bomb.into_bytes()),
        ("a list", b"- a\n- b\n".to_vec()),
        ("a word", b"word\n".to_vec()),
        ("two documents", b"a: 1\n---\nb: 2\n".to_vec()),
        ("a tab", b"routes:\n\t- a\n".to_vec()),
        ("an open quote", b"routes: \"a\n".to_vec()),
        ("no UTF-8", b"routes: \xff\xfe\n".to_vec()),
        ("zero bytes", vec![0; 4096]),
        ("eight mebibytes", vec![b'#'; 8 * 1024 * 1024]),
    ];
    for (name, content) in files {
        let file = scratch.write("jwtgate.yaml", content);
        let file = file.to_str().unwrap();
        let run = within_a_second(file).await;
        assert_eq!(run.code(), Some(2), "{name}: {}", run.said());
        let lines: Vec<String> =
            run.said().lines().filter(|line| line.contains(file)).map(str::to_owned).collect();
        assert!(!lines.is_empty(), "{name}: the file is not named: {}", run.said());
        assert!(run.said().len() < 16 * 1024, "{name}: {} bytes of output", run.said().len());
        assert!(!run.said().contains("panicked"), "{name}: {}", run.said());
    }
    let missing = scratch.path().join("missing.yaml");
    for (name, file) in
        [("missing", missing.to_str().unwrap()), ("a directory", scratch.path().to_str().unwrap())]
    {
        let run = within_a_second(file).await;
        assert_eq!(run.code(), Some(2), "{name}: {}", run.said());
        let named: Vec<String> =
            run.said().lines().filter(|line| line.contains(file)).map(str::to_owned).collect();
        assert_eq!(named.len(), 1, "{name}: one clear line: {}", run.said());
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
    let pki = crate::support::Pki::new();
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
