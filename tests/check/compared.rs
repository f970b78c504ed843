//! `check --diff OLD NEW`: what is different, in words, the most dangerous first.

use super::{Binary, Pki, Setup};
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
pub(super) async fn lines(setup: &Setup, old: &str, new: &str) -> Vec<String> {
    let [old, new] = [("old.yaml", old), ("new.yaml", new)]
        .map(|(name, yaml)| setup.scratch.write(name, setup.render(yaml)));
    let run = Binary::finish(["check", "--diff", old.to_str().unwrap(), new.to_str().unwrap()]).await;
    assert_eq!((run.code(), run.stderr.as_str()), (Some(0), ""), "{}", run.said());
    run.stdout.lines().map(str::to_owned).collect()
}

/// The exit status of `--strict`.
pub(super) async fn strict(setup: &Setup, old: &str, new: &str) -> i32 {
    let [old, new] = [("old.yaml", old), ("new.yaml", new)]
        .map(|(name, yaml)| setup.scratch.write(name, setup.render(yaml)));
    let run =
        Binary::finish(["check", "--strict", "--diff", old.to_str().unwrap(), new.to_str().unwrap()]).await;
    run.code().unwrap()
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
            &["changed: route `admin`: candidate: none → { roles: admin }"],
        ),
        // What is certain is told so, and what depends on what a condition asks is not.
        (
            "access: { require: staff }",
            "access: { require: { when: '\"admin\" in roles || \"clerk\" in roles' } }",
            &[
                "looser: route `admin`: requires { when: '\"admin\" in roles || \"clerk\" in roles' }, before staff; may now pass a caller with `'admin' in roles` true, and may no longer pass a caller with the roles admin; whether there is such a caller is not looked into",
            ],
        ),
        (
            "access: { require: staff }",
            "access: { require: { all_of: [staff, { when: claims.mfa }] } }",
            &[
                "stricter: route `admin`: requires { all_of: [staff, { when: 'claims.mfa' }] }, before staff; no longer passes a caller with the roles admin",
            ],
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
        ("access: public", "access: optional", &["stricter: route `health`: access: public → optional"]),
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
                "looser: policy `staff`: requires { roles: { any: [admin, auditor] } }, before { roles: { any: [admin, clerk] } }; now passes a caller with the roles auditor, and no longer passes a caller with the roles clerk (asked for by `admin`)",
            ],
        ),
        (
            "{ roles: { any: [admin, clerk] } }",
            "{ any_of: [{ roles: admin }, { roles: clerk }] }",
            &["no difference"],
        ),
        (
            "  - { name: admin, match: { path: '/admin/**' }, access: { require: staff }, upstream: orders }\n",
            "",
            &[
                "changed: route `admin`: removed: any method /admin/**, authenticated, with a requirement",
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
                "OPENED: route `health`: path: /health → /health/live",
                "closed: route `rest`: takes requests like GET /health (authenticated), which `health` took (public)",
                "OPENED: route `health`: takes requests like GET /health/live (public), which `rest` took (authenticated)",
            ],
        ),
        ("methods: [GET, PUT]", "methods: [PUT]", &["stricter: route `orders`: methods: [GET, PUT] → [PUT]"]),
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
            // The only one that there is.
            &["no difference"],
        ),
        ("policies:", "shutdown: { delay: 1s }\npolicies:", &["changed: shutdown.delay: 5s → 1s"]),
        (
            "policies:",
            "identity: { headers: { X-User: claims.sub } }\npolicies:",
            &["changed: identity.headers.X-User: none → claims.sub"],
        ),
        (
            "upstream: orders }\n  - { name: rest",
            "upstream: orders, identity: { forward_token: true } }\n  - { name: rest",
            &["looser: route `admin`: identity.forward_token: false → true"],
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
    let told = "what a changed condition means is not looked into";
    for (old, new, expected) in [
        (
            "claims.a",
            "claims.b",
            format!("looser: route `a`: requires {{ when: 'claims.b' }}, before {{ when: 'claims.a' }}; may now pass a caller with `claims.b` true, and may no longer pass a caller with `claims.a` true; {told}"),
        ),
        (
            "claims.a && claims.b",
            "claims.a && claims.c",
            format!("looser: route `a`: requires {{ when: 'claims.a && claims.c' }}, before {{ when: 'claims.a && claims.b' }}; may now pass a caller with `claims.a` true and `claims.c` true, and may no longer pass a caller with `claims.a` true and `claims.b` true; {told}"),
        ),
        // A part that went and an alternative that came can be told, whatever they ask.
        (
            "claims.a && claims.b",
            "claims.a",
            "looser: route `a`: requires { when: 'claims.a' }, before { when: 'claims.a && claims.b' }; now passes a caller with `claims.a` true".to_owned(),
        ),
        (
            "claims.a",
            "true",
            "looser: route `a`: requires { when: 'true' }, before { when: 'claims.a' }; now passes a caller with none of what they mention".to_owned(),
        ),
        (
            "claims.a",
            "claims.a || claims.b",
            "looser: route `a`: requires { when: 'claims.a || claims.b' }, before { when: 'claims.a' }; now passes a caller with `claims.b` true".to_owned(),
        ),
        (
            "claims.a",
            "claims.a && (claims.b || claims.c)",
            "stricter: route `a`: requires { when: 'claims.a && (claims.b || claims.c)' }, before { when: 'claims.a' }; no longer passes a caller with `claims.a` true".to_owned(),
        ),
    ] {
        assert_eq!(lines(&setup, &file(old), &file(new)).await, [expected], "{old} → {new}");
    }
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
            "looser: issuer `corporate`: keys.jwks_uri: none → https://x/y",
        ),
        (
            "audiences: [a], roles: [x, y]",
            "audiences: [a], roles: [y, x]",
            "looser: issuer `corporate`: roles: [x, y] → [y, x]",
        ),
        (
            "audiences: [a] }\n  two: { issuer: 'https://two', audiences: [a]",
            "audiences: [a]",
            "stricter: issuer `two`: removed, and its tokens were taken by the routes without `issuers`: `rest`",
        ),
        (
            "audiences: [a]",
            "audiences: [a] }\n  two: { issuer: 'https://two', audiences: [a]",
            "looser: issuer `two`: added, and its tokens are taken by the routes without `issuers`: `rest`",
        ),
    ] {
        let found = lines(&setup, &issuer(old), &issuer(new)).await;
        assert!(found.iter().any(|line| line == expected), "{expected}: {found:#?}");
        assert!(!found.concat().contains("hidden"), "{found:#?}");
    }
}

/// A configuration with everything that opens or loosens in a stricter form.
const STRICT: &str = "listeners:
  - address: 127.0.0.1:8443
    tls: { certificate: tls.crt, key: tls.key, client_ca: ca.pem }
    trusted_proxies: [10.1.0.0/16]
issuers:
  corporate:
    issuer: $ISSUER
    audiences: [orders-api]
    algorithms: [ES256]
    token_types: [at+jwt]
    max_age: 1h
    required_claims: [sub]
    keys: { max_stale: 1h }
  machines: { issuer: 'https://machines.example.com', audiences: [orders-api], keys: { secret: { file: hs256 } } }
policies:
  staff: { roles: { any: [admin, clerk] }, when: 'claims.mfa && claims.level > 2' }
credentials: [{ cookie: __Host-access }]
identity: { headers: { X-User: claims.sub, X-Tenant: claims.tenant }, remove: [X-Legacy-*] }
routes:
  - name: app
    match: { path: '/app/{id}', methods: [GET], hosts: [api.example.com] }
    access: { issuers: [corporate], audiences: [orders-api], require: staff }
    cors: { origins: ['https://app.example.com'], headers: [Authorization] }
    upstream: orders
  - { name: rest, match: { path: '/rest/**' }, access: { issuers: [corporate], require: { scopes: a } }, upstream: orders }
";

/// Each way to open or loosen it is said to be one, and its opposite to be stricter or closed.
#[tokio::test]
async fn what_opens_or_loosens_comes_before_mere_changes() {
    let setup = Setup::new().await;
    Pki::new().install(&setup.scratch);
    setup.scratch.write("hs256", [b'k'; 32]);
    let strict = STRICT.replace("upstream: orders }\n", "upstream: orders }\nshutdown: { delay: 9s }\n");
    let mut faults = Vec::new();
    for (from, to, expected) in [
        (
            "issuers: [corporate], audiences",
            "issuers: [corporate, machines], audiences",
            "route `app`: issuers: [corporate] → [corporate, machines]",
        ),
        ("issuers: [corporate], audiences", "audiences", "route `app`: issuers: [corporate] → any"),
        (
            ", audiences: [orders-api], require: staff",
            ", audiences: [orders-api, billing-api], require: staff",
            "route `app`: audiences: [orders-api] → [billing-api, orders-api]",
        ),
        (
            ", audiences: [orders-api], require: staff",
            ", require: staff",
            "route `app`: audiences: [orders-api] → any",
        ),
        (", require: staff", "", "route `app`: requires authenticated, before staff"),
        (", require: { scopes: a }", "", "route `rest`: requires authenticated, before { scopes: a }"),
        ("{ scopes: a }", "{ scopes: { any: [a, b] } }", "route `rest`: requires"),
        (", when: 'claims.mfa && claims.level > 2'", "", "policy `staff`: requires"),
        ("claims.mfa && claims.level", "claims.level", "policy `staff`: requires"),
        ("> 2'", "> 2 || claims.vip'", "policy `staff`: requires"),
        (
            "require: staff }",
            "require: staff, enforcement: observe }",
            "route `app`: access: authenticated → observe",
        ),
        ("methods: [GET], ", "", "route `app`: methods: [GET] → any"),
        (", hosts: [api.example.com]", "", "route `app`: hosts: [api.example.com] → any"),
        ("/app/{id}", "/app/**", "route `app`: path: /app/{id} → /app/**"),
        (
            "remove: [X-Legacy-*] }",
            "remove: [X-Legacy-*], forward_token: true }",
            "identity.forward_token: false → true",
        ),
        (", remove: [X-Legacy-*]", "", "identity.remove: [X-Legacy-*] → none"),
        (
            "remove: [X-Legacy-*] }",
            "remove: [X-Legacy-*], allow: [X-Original-URL] }",
            "identity.allow: none → [X-Original-URL]",
        ),
        (", X-Tenant: claims.tenant", "", "identity: clients may send `X-Tenant` now"),
        (
            "[10.1.0.0/16]",
            "[10.0.0.0/8]",
            "listener `127.0.0.1:8443`: trusted_proxies: [10.1.0.0/16] → [10.0.0.0/8]",
        ),
        ("[10.1.0.0/16]", "[10.1.0.0/16, 192.0.2.1]", "listener `127.0.0.1:8443`: trusted_proxies"),
        (", client_ca: ca.pem", "", "listener `127.0.0.1:8443`: tls.client_ca: ca.pem → none"),
        (
            "    tls: { certificate: tls.crt, key: tls.key, client_ca: ca.pem }\n",
            "",
            "listener `127.0.0.1:8443`: tls: { certificate: tls.crt, key: tls.key, client_ca: ca.pem } → none",
        ),
        (
            "headers: [Authorization] }",
            "headers: [Authorization], credentials: true }",
            "route `app`: cors.credentials: false → true",
        ),
        (
            "['https://app.example.com']",
            "['https://app.example.com', 'https://b.example.com']",
            "route `app`: cors.origins",
        ),
        (
            "['https://app.example.com']",
            "['*']",
            "route `app`: cors.origins: [https://app.example.com] → [*]",
        ),
        (
            "headers: [Authorization] }",
            "headers: [Authorization], methods: [GET, PUT] }",
            "route `app`: cors.methods: [GET] → [GET, PUT]",
        ),
        (
            "    upstream: orders\n  - { name: rest",
            "    upstream: orders\n    path: { allow: [encoded_slash] }\n  - { name: rest",
            "route `app`: path.allow: none → [encoded_slash]",
        ),
        (
            "[{ cookie: __Host-access }]",
            "[{ cookie: __Host-access }, { query: access_token }]",
            "credentials: [{ cookie: __Host-access }] → [{ cookie: __Host-access }, { query: access_token }]",
        ),
        (
            "scopes: a } }, upstream",
            "scopes: a } }, credentials: [{ cookie: __Host-access }, { query: t }], upstream",
            "route `rest`: credentials: [{ cookie: __Host-access }] → [{ cookie: __Host-access }, { query: t }]",
        ),
        (
            "    audiences: [orders-api]\n",
            "    audiences: [orders-api, other]\n",
            "issuer `corporate`: audiences: [orders-api] → [orders-api, other]",
        ),
        (
            "    algorithms: [ES256]\n",
            "",
            "issuer `corporate`: algorithms: [ES256] → all that are asymmetric",
        ),
        (
            "    algorithms: [ES256]\n",
            "    algorithms: [ES256, RS256]\n",
            "issuer `corporate`: algorithms: [ES256] → [ES256, RS256]",
        ),
        (
            "keys: { max_stale: 1h }",
            "keys: { secret: { file: hs256 } }",
            "issuer `corporate`: algorithms: [ES256] → [HS256]",
        ),
        (
            "    token_types: [at+jwt]\n",
            "",
            "issuer `corporate`: token_types: [at+jwt] → [JWT, at+jwt, absent]",
        ),
        ("    max_age: 1h\n", "    max_age: 90m\n", "issuer `corporate`: max_age: 1h → 90m"),
        ("    max_age: 1h\n", "    max_age: 7200000ms\n", "issuer `corporate`: max_age: 1h → 2h"),
        ("    max_age: 1h\n", "", "issuer `corporate`: max_age: 1h → any age"),
        (
            "    max_age: 1h\n",
            "    max_age: 1h\n    clock_skew: 1m\n",
            "issuer `corporate`: clock_skew: 30s → 1m",
        ),
        ("    required_claims: [sub]\n", "", "issuer `corporate`: required_claims: [sub] → none"),
        ("max_stale: 1h", "max_stale: 2d", "issuer `corporate`: keys.max_stale: 1h → 2d"),
        (
            "max_stale: 1h",
            "max_stale: 1h, allow_http: true",
            "issuer `corporate`: keys.allow_http: false → true",
        ),
        (
            "credentials:",
            "admin: { address: '0.0.0.0:9901' }\ncredentials:",
            "admin.address: 127.0.0.1:0 → 0.0.0.0:9901",
        ),
    ] {
        let loose = STRICT.replacen(from, to, 1);
        let loose = if to.contains("HS256") || to.contains("secret") {
            loose.replace("    algorithms: [ES256]\n", "    algorithms: [HS256]\n")
        } else {
            loose
        };
        assert_ne!(loose, STRICT, "{from}");
        let rank = |line: &String| {
            ["OPENED", "looser", "changed", "stricter", "closed"]
                .iter()
                .position(|word| line.starts_with(word))
                .unwrap()
        };
        // With a mere change beside it, which must not come first.
        let found = lines(&setup, &strict, &loose).await;
        let is_said = |line: &&String| line.contains(expected) && rank(line) < 2;
        if !found.iter().any(|line| is_said(&line)) || rank(&found[0]) > 1 || !found.is_sorted_by_key(rank) {
            faults.push(format!("{to}: {found:#?}"));
        }
        let back = lines(&setup, &loose, STRICT).await;
        // From a secret to keys that are fetched it is another's tokens that pass.
        let counts = |line: &String| !line.contains("shutdown") && rank(line) < 2 && !to.contains("secret");
        if back.iter().any(counts)
            || !back.iter().any(|line| rank(line) > 2) && !expected.starts_with("identity: ")
        {
            faults.push(format!("back from {to}: {back:#?}"));
        }
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

/// An identity header that is still removed, in another spelling or by a prefix, is none that clients may send.
#[tokio::test]
async fn what_is_still_removed_is_not_said_to_pass() {
    let setup = Setup::new().await;
    Pki::new().install(&setup.scratch);
    setup.scratch.write("hs256", [b'k'; 32]);
    for (from, to) in [
        ("X-Tenant: claims.tenant", "X.Tenant: claims.tenant"),
        (", X-Tenant: claims.tenant }, remove: [X-Legacy-*]", " }, remove: [X_Tenant]"),
        (", X-Tenant: claims.tenant }, remove: [X-Legacy-*]", " }, remove: [X.Ten*]"),
    ] {
        let found = lines(&setup, STRICT, &STRICT.replacen(from, to, 1)).await;
        assert!(!found.is_empty(), "{to}");
        assert!(!found.iter().any(|line| line.contains("clients may send")), "{to}: {found:#?}");
    }
}

/// A default that is written out is no difference, wherever it stands.
#[tokio::test]
async fn a_default_that_is_written_out_is_no_difference() {
    let setup = Setup::new().await;
    setup.scratch.write("hs256", [b'k'; 32]);
    let short = "issuers:
  corporate: { issuer: $ISSUER, audiences: [a] }
  machines: { issuer: 'https://machines.example.com', audiences: [a], keys: { secret: { file: hs256 } } }
identity: { headers: { X-User: claims.sub, X-Roles: { from: roles, format: csv } } }
routes:
  - name: a
    match: { path: /a, methods: [GET, PUT], hosts: [api.example.com] }
    access: { require: { scopes: a } }
    cors: { origins: ['https://app.example.com'] }
    upstream: orders
  - { name: b, match: { path: /b }, access: authenticated, cors: { origins: ['*'] }, upstream: orders }
";
    let long = "admin: { address: '127.0.0.1:9901' }
limits: { token: 16384B, token_header: 4KiB }
shutdown: { delay: 5000ms, timeout: 30s }
credentials: [authorization]
issuers:
  corporate:
    issuer: $ISSUER
    audiences: [a]
    algorithms: [EdDSA, RS256, RS384, RS512, PS256, PS384, PS512, ES256, ES384, ES512]
    keys: { discovery: {}, refresh: { min: 30s, max: 60m }, max_stale: 1d, on_start: require, allow_http: false }
    clock_skew: 30s
    token_types: [absent, JWT, at+jwt]
    roles: roles
    token_cache: { max_size: 32768KiB }
  machines: { issuer: 'https://machines.example.com', audiences: [a], algorithms: [HS256], keys: { secret: { file: hs256 } } }
identity:
  headers: { X-User: { from: claims.sub, format: text }, X-Roles: { from: roles, format: csv } }
  forward_token: false
routes:
  - name: a
    match: { path: /a, methods: [PUT, HEAD, GET], hosts: [API.example.com] }
    access: { require: { scopes: { all: [a] } }, issuers: [machines, corporate], enforcement: enforce }
    cors: { origins: ['https://app.example.com'], methods: [PUT, GET], credentials: false }
    credentials: [authorization]
    upstream: orders
  - { name: b, match: { path: /b }, access: authenticated, cors: { origins: ['*'], methods: [GET, HEAD, POST] }, upstream: orders }
";
    let upstreams = "upstreams: { orders: { endpoints: ['http://127.0.0.1:9'] } }\n";
    let timeouts = "upstreams: { orders: { endpoints: ['http://127.0.0.1:9'], timeouts: { connect: 2s, response: 30000ms } } }\n";
    let (short, long) = (
        format!("{upstreams}{short}"),
        format!("{timeouts}{long}").replace("admin: { address: '127.0.0.1:9901' }\n", ""),
    );
    assert_eq!(lines(&setup, &short, &long).await, ["no difference"]);
    assert_eq!(lines(&setup, &long, &short).await, ["no difference"]);
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
