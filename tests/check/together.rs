//! Mistakes that must not hide one another, and the place of each.

use super::{Binary, check, place};
use crate::support::Pki;
use crate::support::world::{AUTHENTICATED, Setup};

/// The lines of `check`, each with the text that stands at its place.
async fn found(setup: &Setup, yaml: &str) -> Vec<(String, String)> {
    let path = setup.write(yaml);
    let text = setup.render(yaml);
    let file = path.to_str().unwrap();
    let run = check(file).await;
    assert_eq!(run.code(), Some(2), "{}", run.said());
    let found = run.lines_starting(file).into_iter().map(|line| {
        let (row, column) = place(file, &line);
        let rest: String = text.lines().nth(row - 1).unwrap().chars().skip(column - 1).collect();
        (rest, line)
    });
    found.collect()
}

/// Every one of these words starts the text at the place of one line, and there are no other lines.
async fn expect(setup: &Setup, yaml: &str, places: &[&str]) {
    let found = found(setup, yaml).await;
    for start in places {
        let hits = found.iter().filter(|(rest, _)| rest.starts_with(start)).count();
        assert_eq!(hits, 1, "{start}: {found:#?}");
    }
    assert_eq!(found.len(), places.len(), "{found:#?}");
}

#[tokio::test]
async fn mistakes_of_an_issuer_are_found_together() {
    let setup = Setup::new().await;
    setup.scratch.write("short", "short");
    let yaml = format!(
        "issuers:
  set:
    issuer: https://a
    audiences: [a]
    algorithms: [XX1]
    required_claims: ['a..b']
    roles: 'c..d'
    keys: {{ allow_http: false, jwks_uri: 'nowhere', proxy: 'pr0xy' }}
  secret:
    issuer: https://b
    audiences: [a]
    algorithms: [HS256, XX2]
    keys: {{ secret: {{ file: short }} }}
{AUTHENTICATED}"
    );
    expect(&setup, &yaml, &["XX1", "'a..b'", "'c..d'", "'nowhere'", "'pr0xy'", "XX2", "{ file: short"]).await;
}

#[tokio::test]
async fn mistakes_of_an_upstream_are_found_together() {
    let setup = Setup::new().await;
    setup.scratch.write("no.pem", "not PEM");
    let yaml = format!(
        "upstreams:
  orders:
    endpoints: ['ftp://x']
    tls: {{ ca: no.pem, server_name: '-- --' }}
  other:
    endpoints: ['https://x']
    tls: {{ ca: missing.pem, server_name: '++ ++' }}
{AUTHENTICATED}"
    );
    expect(&setup, &yaml, &["'ftp://x'", "no.pem", "'-- --'", "missing.pem", "'++ ++'"]).await;
}

#[tokio::test]
async fn mistakes_of_a_listener_are_found_together_and_at_their_keys() {
    let setup = Setup::new().await;
    Pki::new().install(&setup.scratch);
    setup.scratch.write("no.pem", "not PEM");
    setup.scratch.write("other.key", Pki::new().server(&["localhost"]).key);
    setup.scratch.write(
        "locked.key",
        "-----BEGIN ENCRYPTED PRIVATE KEY-----\nAAAA\n-----END ENCRYPTED PRIVATE KEY-----\n",
    );
    let yaml = format!(
        "listeners:
  - address: 127.0.0.1:0
    tls: {{ certificate: tls.crt, key: other.key, client_ca: missing.pem }}
  - address: 127.0.0.1:0
    tls: {{ certificate: tls.crt, client_ca: no.pem, key: locked.key }}
  - address: 127.0.0.1:0
    tls: {{ key: tls.key, certificate: no.pem }}
{AUTHENTICATED}"
    );
    let found = found(&setup, &yaml).await;
    let starts = ["other.key", "missing.pem", "no.pem, key", "locked.key", "no.pem }"];
    for start in starts {
        assert!(found.iter().any(|(rest, _)| rest.starts_with(start)), "{start}: {found:#?}");
    }
    assert_eq!(found.len(), starts.len(), "{found:#?}");
    assert!(found.iter().any(|(_, line)| line.contains("encrypted")), "{found:#?}");
}

#[tokio::test]
async fn each_method_is_looked_at() {
    let setup = Setup::new().await;
    let yaml = "routes:
  - { name: a, match: { path: /a, methods: [get, 'P T', put, GET] }, access: public, upstream: orders }
";
    expect(&setup, yaml, &["get,", "'P T'", "put,"]).await;
}

#[tokio::test]
async fn an_empty_map_for_the_whole_file_is_one_line() {
    let scratch = crate::support::Scratch::new();
    let file = scratch.write("jwtgate.yaml", "{}\n");
    let run = check(file.to_str().unwrap()).await;
    assert_eq!(run.lines_starting(file.to_str().unwrap()).len(), 1, "{}", run.said());
    assert!(run.said().contains("`listeners`, `upstreams`, `routes`"), "{}", run.said());
}

#[tokio::test]
async fn pages_that_cannot_send_a_token_are_a_warning() {
    let setup = Setup::new().await;
    for (cors, warned) in [
        ("{ origins: ['https://a'] }", true),
        ("{ origins: ['*'], headers: ['*'] }", true),
        ("{ origins: ['https://a'], headers: [content-type], credentials: true }", true),
        ("{ origins: ['https://a'], headers: [Content-Type, authorization] }", false),
    ] {
        let route =
            "routes:\n  - { name: a, match: { path: /a }, access: authenticated, upstream: orders, cors: ";
        let file = setup.write(&format!("{route}{cors} }}\n"));
        let file = file.to_str().unwrap();
        let run = Binary::finish(["check", file]).await;
        assert_eq!(run.code(), Some(0), "{}", run.said());
        let mut lines = run.lines_starting(file);
        lines.retain(|line| line.contains("warning: "));
        assert_eq!(lines.len(), usize::from(warned), "{cors}: {lines:?}");
        assert!(lines.iter().all(|line| line.contains("Authorization")), "{lines:?}");
    }
}

#[tokio::test]
async fn a_token_in_the_query_is_a_warning() {
    let setup = Setup::new().await;
    let file =
        setup.write(&format!("credentials: [authorization, {{ query: access_token }}]\n{AUTHENTICATED}"));
    let file = file.to_str().unwrap();
    let run = Binary::finish(["check", file]).await;
    assert_eq!(run.code(), Some(0), "{}", run.said());
    let lines = run.lines_starting(file);
    assert!(lines.len() == 1 && lines[0].contains("warning: ") && lines[0].contains("query"), "{lines:?}");
    let run = Binary::finish(["check", "--strict", file]).await;
    assert_eq!(run.code(), Some(2), "{}", run.said());
}

#[tokio::test]
async fn a_route_that_no_request_reaches_is_a_warning() {
    let setup = Setup::new().await;
    let route = |name: &str, matches: &str| {
        format!("  - {{ name: {name}, match: {{ {matches} }}, access: authenticated, upstream: orders }}\n")
    };
    let routes = [
        route("a", "path: '/a/{x}', methods: [GET, PUT]"),
        route("b", "path: '/a/{y}', methods: [POST]"),
        route("twin", "path: '/a/{z}', methods: [GET]"),
        route("hosted", "path: '/a/{x}', hosts: [a.example]"),
        route("some", "path: '/**', methods: [GET]"),
        route("more", "path: '/**', methods: [POST]"),
        route("late", "path: /late"),
    ];
    let file = setup.write(&format!("routes:\n{}", routes.concat()));
    let file = file.to_str().unwrap();
    let run = check(file).await;
    assert_eq!(run.code(), Some(0), "{}", run.said());
    let lines = run.lines_starting(file);
    let expected = ["`twin`: `a`", "`hosted`: `a`", "`late`: `some`"];
    assert_eq!(lines.len(), expected.len(), "{}", run.said());
    assert!(lines.iter().zip(expected).all(|(line, part)| line.contains(part)), "{lines:#?}");
    let strict = Binary::finish(["check", "--strict", file]).await;
    assert_eq!(strict.code(), Some(2), "{}", strict.said());
}

#[tokio::test]
async fn a_claim_may_be_named_by_a_list_of_its_steps() {
    let setup = Setup::new().await;
    let route = |claims: &str| {
        format!(
            "routes:\n  - name: a\n    match: {{ path: /a }}\n    access: {{ require: {{ claims: {{ {claims} }} }} }}\n    upstream: orders\n"
        )
    };
    for right in ["[realm_access, level]: 3", "? [realm_access, level] : 3", "1.10: x", "7: x", "true: x"] {
        let file = setup.write(&route(right));
        let run = check(file.to_str().unwrap()).await;
        assert_eq!(run.code(), Some(0), "{right}: {}", run.said());
    }
    let wrong = format!("[a, b]: 1\n{}", route("{ a: b }: 3, [a, [b]]: 3"));
    expect(&setup, &wrong, &["[a, b]: 1", "{ a: b }", "[a, [b]]"]).await;
}
