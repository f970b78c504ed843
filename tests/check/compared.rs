//! `check --diff OLD NEW`: what is different, in words, the most dangerous first.

use super::{Binary, Setup};
use crate::support::world::AUTHENTICATED;

const BASE: &str = "policies:
  staff: { roles: { any: [admin, clerk] } }
routes:
  - { name: health, match: { path: /health }, access: public, upstream: orders }
  - name: orders
    match: { path: '/orders/{id}', methods: [GET, PUT] }
    access: { require: { scopes: { all: [orders:read] }, claims: { tenant: acme } } }
    upstream: orders
  - { name: admin, match: { path: '/admin/**' }, access: { require: staff }, upstream: orders }
  - { name: rest, match: { path: '/**' }, access: authenticated, upstream: orders }
";

/// What is said of a file in which `from` is replaced.
async fn lines(setup: &Setup, old: &str, new: &str) -> Vec<String> {
    let [old, new] = [("old.yaml", old), ("new.yaml", new)]
        .map(|(name, yaml)| setup.scratch.write(name, setup.render(yaml)));
    let run = Binary::finish(["check", "--diff", old.to_str().unwrap(), new.to_str().unwrap()]).await;
    assert_eq!((run.code(), run.stderr.as_str()), (Some(0), ""), "{}", run.said());
    run.stdout.lines().map(str::to_owned).collect()
}

#[tokio::test]
async fn each_change_is_said_in_words() {
    let setup = Setup::new().await;
    let mut faults = Vec::new();
    for (from, to, expected) in [
        (
            "access: { require: staff }",
            "access: { require: staff, enforcement: observe }",
            &["OPENED: route `admin`: access: authenticated → observe"][..],
        ),
        (
            "access: { require: staff }",
            "access: { require: staff, candidate: { roles: admin } }",
            &["changed: route `admin`: candidate.roles: none → admin"],
        ),
        (
            "access: { require: staff }",
            "access: public",
            &["OPENED: route `admin`: access: authenticated → public"],
        ),
        (
            "access: public",
            "access: authenticated",
            &["closed: route `health`: access: public → authenticated"],
        ),
        ("access: public", "access: optional", &["changed: route `health`: access: public → optional"]),
        (
            "{ scopes: { all: [orders:read] }, claims",
            "{ scopes: { any: [orders:read, orders:all] }, claims",
            &[
                "looser: route `orders`: requires { scopes: { any: [orders:read, orders:all] }, claims: { tenant: acme } }, before { scopes: orders:read, claims: { tenant: acme } }; now passes a caller with the scopes orders:all and the claims tenant: \"acme\"",
            ],
        ),
        (
            "tenant: acme }",
            "tenant: acme, level: 3 }",
            &[
                "stricter: route `orders`: requires { scopes: orders:read, claims: { tenant: acme, level: 3 } }, before { scopes: orders:read, claims: { tenant: acme } }; no longer passes a caller with the scopes orders:read and the claims tenant: \"acme\"",
            ],
        ),
        (
            "{ any: [admin, clerk] }",
            "{ any: [admin, auditor] }",
            &[
                "changed: policy `staff`: requires { roles: { any: [admin, auditor] } }, before { roles: { any: [admin, clerk] } }; now passes a caller with the roles auditor, and no longer a caller with the roles clerk (asked for by `admin`)",
            ],
        ),
        (
            "{ roles: { any: [admin, clerk] } }",
            "{ any_of: [{ roles: admin }, { roles: clerk }] }",
            &[
                "changed: policy `staff`: requires { any_of: [{ roles: admin }, { roles: clerk }] }, before { roles: { any: [admin, clerk] } }; no caller was found for whom that makes a difference (asked for by `admin`)",
            ],
        ),
        (
            "  - { name: admin, match: { path: '/admin/**' }, access: { require: staff }, upstream: orders }\n",
            "",
            &[
                "changed: route `admin`: removed: any method /admin/**, authenticated",
                "looser: route `rest`: takes requests like GET /admin (authenticated), which `admin` took (authenticated, with a requirement)",
            ],
        ),
        ("name: admin,", "name: office,", &["changed: route `office`: renamed, before `admin`"]),
        (
            "routes:\n",
            "routes:\n  - { name: first, match: { path: '/admin/open' }, access: public, upstream: orders }\n",
            &[
                "OPENED: route `first`: added: any method /admin/open, public",
                "OPENED: route `first`: takes requests like GET /admin/open (public), which `admin` took (authenticated, with a requirement)",
            ],
        ),
        (
            "path: /health",
            "path: /health/live",
            &[
                "changed: route `health`: path: /health → /health/live",
                "closed: route `rest`: takes requests like GET /health (authenticated), which `health` took (public)",
                "OPENED: route `health`: takes requests like GET /health/live (public), which `rest` took (authenticated)",
            ],
        ),
        ("methods: [GET, PUT]", "methods: [PUT]", &["changed: route `orders`: methods: [GET, PUT] → [PUT]"]),
        (
            "match: { path: '/admin/**' }",
            "match: { path: '/admin/**', hosts: [a.example] }",
            &[
                "changed: route `admin`: hosts: any → [a.example]",
                "looser: route `rest`: takes requests like GET /admin (authenticated), which `admin` took (authenticated, with a requirement)",
            ],
        ),
        (
            "access: { require: staff }",
            "access: { require: staff, issuers: [corporate] }",
            &["stricter: route `admin`: issuers: any → [corporate]"],
        ),
        ("policies:", "shutdown: { delay: 1s }\npolicies:", &["changed: shutdown.delay: 5000ms → 1s"]),
        (
            "policies:",
            "identity: { headers: { X-User: claims.sub } }\npolicies:",
            &["changed: identity.headers.X-User: none → claims.sub"],
        ),
        (
            "upstream: orders }\n  - { name: rest",
            "upstream: orders, identity: { forward_token: true } }\n  - { name: rest",
            &["changed: route `admin`: identity.forward_token: false → true"],
        ),
    ] {
        let new = BASE.replacen(from, to, 1);
        assert_ne!(new, BASE, "{from}");
        let mut found = lines(&setup, BASE, &new).await;
        let mut expected: Vec<String> = expected.iter().map(|&line| line.to_owned()).collect();
        assert!(
            found
                .iter()
                .skip_while(|line| line.starts_with("OPENED"))
                .all(|line| !line.starts_with("OPENED")),
            "{found:#?}"
        );
        found.sort();
        expected.sort();
        if found != expected {
            faults.push(format!("{to}: {found:#?}"));
        }
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

#[tokio::test]
async fn the_order_of_routes_counts_where_a_request_sees_it() {
    let setup = Setup::new().await;
    let route = |name: &str, path: &str, access: &str| {
        format!("  - {{ name: {name}, match: {{ path: '{path}' }}, access: {access}, upstream: orders }}\n")
    };
    let (open, closed, other) = (
        route("open", "/a/**", "public"),
        route("closed", "/a/b", "authenticated"),
        route("other", "/b", "authenticated"),
    );
    let file = |routes: &[&String]| {
        format!("routes:\n{}", routes.iter().map(|route| route.as_str()).collect::<String>())
    };
    let found = lines(&setup, &file(&[&closed, &open, &other]), &file(&[&open, &closed, &other])).await;
    assert_eq!(
        found,
        ["OPENED: route `open`: takes requests like GET /a/b (public), which `closed` took (authenticated)"]
    );
    let found = lines(&setup, &file(&[&closed, &open, &other]), &file(&[&other, &closed, &open])).await;
    assert_eq!(found, ["no difference"]);
    // Neither lies within the other: only a path of both shows it.
    let (below, across) = (route("below", "/a/b/**", "authenticated"), route("across", "/a/{x}/c", "public"));
    let found = lines(&setup, &file(&[&below, &across]), &file(&[&across, &below])).await;
    assert_eq!(
        found,
        [
            "OPENED: route `across`: takes requests like GET /a/b/c (public), which `below` took (authenticated)"
        ]
    );
}

#[tokio::test]
async fn more_methods_of_a_public_route_open_it_and_a_changed_condition_is_not_guessed_at() {
    let setup = Setup::new().await;
    let file = |methods: &str| {
        format!("routes: [{{ name: a, match: {{ path: /a{methods} }}, access: public, upstream: orders }}]\n")
    };
    let found = lines(&setup, &file(", methods: [GET]"), &file("")).await;
    assert_eq!(found, ["OPENED: route `a`: methods: [GET] → any"]);
    let file = |when: &str| {
        format!(
            "routes: [{{ name: a, match: {{ path: /a }}, access: {{ require: {{ when: '{when}' }} }}, upstream: orders }}]\n"
        )
    };
    let found = lines(&setup, &file("claims.a"), &file("claims.a || claims.b")).await;
    assert_eq!(
        found,
        [
            "changed: route `a`: requires { when: 'claims.a || claims.b' }, before { when: 'claims.a' }; what a changed condition means cannot be told"
        ]
    );
}

#[tokio::test]
async fn what_means_the_same_is_no_difference() {
    let setup = Setup::new().await;
    let issuer =
        |keys: &str| format!("issuers:\n  corporate: {{ issuer: $ISSUER, {keys} }}\n{AUTHENTICATED}");
    for (old, new) in [
        (
            "audiences: [a, b]",
            "clock_skew: 30000ms, audiences: [b, 'a'], roles: roles, keys: { discovery: {} }",
        ),
        (
            "max_age: 60m, audiences: [a]",
            "audiences: [\"a\"], max_age: 1h, # a comment\n token_types: [absent, JWT, at+jwt]",
        ),
    ] {
        assert_eq!(lines(&setup, &issuer(old), &issuer(new)).await, ["no difference"], "{new}");
    }
    for (old, new, expected) in [
        ("audiences: [a]", "audiences: [a, b]", "looser: issuer `corporate`: audiences: [a] → [a, b]"),
        (
            "audiences: [a], algorithms: [RS256, ES256]",
            "audiences: [a], algorithms: [ES256]",
            "stricter: issuer `corporate`: algorithms: [RS256, ES256] → [ES256]",
        ),
        (
            "audiences: [a]",
            "audiences: [a], keys: { jwks_uri: 'https://x/y', proxy: 'http://u:hidden@p' }",
            "changed: issuer `corporate`: keys.jwks_uri: none → https://x/y",
        ),
        (
            "audiences: [a], roles: [x, y]",
            "audiences: [a], roles: [y, x]",
            "changed: issuer `corporate`: roles: [x, y] → [y, x]",
        ),
        (
            "audiences: [a] }\n  two: { issuer: 'https://two', audiences: [a]",
            "audiences: [a]",
            "changed: issuer `two`: removed",
        ),
        (
            "audiences: [a]",
            "audiences: [a] }\n  two: { issuer: 'https://two', audiences: [a]",
            "changed: issuer `two`: added, and its tokens are taken by the routes without `issuers`: `rest`",
        ),
    ] {
        let found = lines(&setup, &issuer(old), &issuer(new)).await;
        assert!(found.iter().any(|line| line == expected), "{expected}: {found:#?}");
        assert!(!found.concat().contains("hidden"), "{found:#?}");
    }
}

#[tokio::test]
async fn as_json_and_with_an_exit_status() {
    let setup = Setup::new().await;
    let opened = BASE.replacen("access: { require: staff }", "access: optional", 1);
    let [old, new, bad] = [("old.yaml", BASE), ("new.yaml", &opened), ("bad.yaml", "unknown: 1\n")]
        .map(|(name, yaml)| setup.scratch.write(name, setup.render(yaml)).to_str().unwrap().to_owned());
    let run = Binary::finish(["check", "--format", "json", "--diff", &old, &new]).await;
    assert_eq!(run.code(), Some(0), "{}", run.said());
    let found: serde_json::Value = serde_json::from_str(&run.stdout).unwrap();
    let expected = serde_json::json!([
        { "change": "opened", "subject": "route", "name": "admin", "message": "access: authenticated → optional" },
    ]);
    assert_eq!(found, expected);
    for (arguments, code) in [
        ([&["--strict", "--diff"][..], &[old.as_str(), &new]].concat(), 2),
        ([&["--strict", "--diff"][..], &[new.as_str(), &old]].concat(), 0),
        (vec!["--diff", &old, &bad], 2),
        (vec!["--diff", &bad, &old], 2),
        (vec!["--diff", &old], 2),
        (vec!["--diff", &old, &new, &new], 2),
    ] {
        let run = Binary::finish([&["check"][..], &arguments].concat()).await;
        assert_eq!(run.code(), Some(code), "{arguments:?}: {}", run.said());
    }
}
