//! `check --diff OLD NEW`: whoever is let in is told of, first, and nothing is told where all decisions are equal.

use super::compared::{lines, strict};
use super::{Pki, Setup};

const ISSUERS: &str = "issuers: { corporate: { issuer: $ISSUER, audiences: [a] } }\n";

/// A file with these routes: name, match, access.
fn routes(routes: &[(&str, &str, &str)]) -> String {
    let route = |(name, matched, access): &(&str, &str, &str)| {
        format!("  - {{ name: {name}, match: {{ {matched} }}, access: {access}, upstream: orders }}\n")
    };
    format!("{ISSUERS}routes:\n{}", routes.iter().map(route).collect::<String>())
}

/// A file with one route that requires this.
fn required(policies: &str, require: &str) -> String {
    format!(
        "policies: {{ {policies} }}\n{}",
        routes(&[("a", "path: '/a/{id}'", &format!("{{ require: {require} }}"))])
    )
}

#[tokio::test]
async fn what_a_method_kept_from_later_routes_is_told_when_it_opens() {
    let setup = Setup::new().await;
    let closed = ("closed", "path: /a, methods: [GET]", "authenticated");
    let rest = ("rest", "path: '/**'", "public");
    for (new, expected) in [
        (
            routes(&[rest]),
            &[
                "OPENED: route `rest`: takes requests like GET /a (public), which `closed` took (authenticated)",
                "OPENED: route `rest`: takes requests like POST /a (public), which `closed` refused for their method",
                "changed: route `closed`: removed: GET /a, authenticated",
            ][..],
        ),
        (
            routes(&[rest, closed]),
            &[
                "OPENED: route `rest`: takes requests like GET /a (public), which `closed` took (authenticated)",
                "OPENED: route `rest`: takes requests like POST /a (public), which `closed` refused for their method",
            ],
        ),
        // Of the very same hosts and path, a later route takes what the first refuses.
        (
            routes(&[closed, rest, ("more", "path: /a/, methods: [POST]", "optional")]),
            &["OPENED: route `more`: added: POST /a/, optional"],
        ),
        (
            routes(&[closed, rest, ("more", "path: '/{any}', methods: [POST]", "optional")]),
            &["changed: route `more`: added: POST /{any}, optional"],
        ),
        (
            routes(&[("closed", "path: /a, methods: [GET], hosts: [a.example]", "authenticated"), rest]),
            &[
                "OPENED: route `rest`: takes requests like GET /a (public), which `closed` took (authenticated)",
                "OPENED: route `rest`: takes requests like POST /a (public), which `closed` refused for their method",
                "changed: route `closed`: hosts: any → [a.example]",
            ],
        ),
    ] {
        let (old, is_open) = (routes(&[closed, rest]), expected[0].starts_with("OPENED"));
        let mut found = lines(&setup, &old, &new).await;
        found.sort();
        assert_eq!(found, expected, "{new}");
        assert_eq!(strict(&setup, &old, &new).await, if is_open { 2 } else { 0 }, "{new}");
    }
    // The other way round nothing opens.
    let found = lines(&setup, &routes(&[rest]), &routes(&[closed, rest])).await;
    assert_eq!(
        found,
        [
            "changed: route `closed`: added: GET /a, authenticated",
            "closed: route `rest`: no longer takes requests like POST /a (public), which `closed` refuses for their method",
            "closed: route `closed`: takes requests like GET /a (authenticated), which `rest` took (public)",
        ]
    );
}

/// What a method keeps from a route that stands elsewhere now is told beside where it stands.
#[tokio::test]
async fn what_a_method_keeps_from_a_route_that_moves_is_told() {
    let setup = Setup::new().await;
    let read = ("read", "hosts: [a.example], path: '/o/{id}', methods: [GET]", "authenticated");
    let with = |matched: &str| routes(&[read, ("write", matched, "{ require: { roles: a } }")]);
    let old = with("hosts: [a.example], path: '/o/{id}', methods: [PUT]");
    let refused = "route `write`: no longer takes requests like PUT a.example/o/0 (authenticated, with a requirement), which `read` refuses for their method";
    let took = "route `write`: takes requests like PUT a.example/o/0 (authenticated, with a requirement), which `read` refused for their method";
    for (matched, stands) in [
        ("hosts: [a.example], path: '/o/1', methods: [PUT]", "path: /o/{id} → /o/1"),
        ("path: '/o/{id}', methods: [PUT]", "hosts: [a.example] → any"),
    ] {
        let new = with(matched);
        let found = lines(&setup, &old, &new).await;
        assert!(found.contains(&format!("stricter: {refused}")), "{matched}: {found:#?}");
        assert!(found.iter().any(|line| line.ends_with(stands)), "{matched}: {found:#?}");
        let found = lines(&setup, &new, &old).await;
        assert!(found.contains(&format!("looser: {took}")), "{matched}: {found:#?}");
    }
}

/// Of a candidate it is said what is different, also where only the policy is that it names.
#[tokio::test]
async fn a_candidate_that_changes_is_told_by_what_it_asks() {
    let setup = Setup::new().await;
    let file = |policy: &str, candidate: &str| {
        let access = format!("{{ require: {{ roles: x }}, candidate: {candidate} }}");
        format!("policies: {{ p: {policy}, q: {{ roles: c }} }}\n{}", routes(&[("a", "path: /a", &access)]))
    };
    let old = file("{ roles: a }", "p");
    for (new, expected) in [
        (
            file("{ roles: { any: [a, b] } }", "p"),
            "changed: route `a`: candidate: requires p, which decides otherwise than before; now passes a caller with the roles b",
        ),
        (
            file("{ roles: a }", "q"),
            "changed: route `a`: candidate: requires q, before p; now passes a caller with the roles c, and no longer passes a caller with the roles a",
        ),
        (file("{ roles: a }", "{ roles: { any: [a] } }"), "no difference"),
    ] {
        let found = lines(&setup, &old, &new).await;
        assert!(found.iter().any(|line| line == expected), "{found:#?}");
    }
}

/// What it asks is told of a route that comes or goes, and that nobody can meet it.
#[tokio::test]
async fn a_route_that_comes_is_told_with_what_it_asks() {
    let setup = Setup::new().await;
    let old = routes(&[("old", "path: /old", "authenticated")]);
    for (access, come, gone) in [
        (
            "authenticated",
            "looser: route `new`: added: GET /new, authenticated",
            "stricter: route `new`: removed: GET /new, authenticated",
        ),
        (
            "{ require: { roles: a } }",
            "looser: route `new`: added: GET /new, authenticated, with a requirement",
            "stricter: route `new`: removed: GET /new, authenticated, with a requirement",
        ),
        (
            "{ require: { roles: { all: [a], none: [a] } } }",
            "changed: route `new`: added: GET /new, authenticated, with a requirement that nobody can meet",
            "changed: route `new`: removed: GET /new, authenticated, with a requirement that nobody can meet",
        ),
        (
            "{ require: { roles: a }, enforcement: observe }",
            "OPENED: route `new`: added: GET /new, observe",
            "closed: route `new`: removed: GET /new, observe",
        ),
    ] {
        let new =
            routes(&[("old", "path: /old", "authenticated"), ("new", "path: /new, methods: [GET]", access)]);
        assert_eq!(lines(&setup, &old, &new).await, [come]);
        assert_eq!(lines(&setup, &new, &old).await, [gone]);
    }
}

#[tokio::test]
async fn what_was_open_before_or_is_out_of_reach_does_not_open() {
    let setup = Setup::new().await;
    let all = ("all", "path: '/a/**'", "public");
    for (old, new, expected) in [
        (
            routes(&[all]),
            routes(&[("one", "path: /a/b", "public"), all]),
            &[
                "changed: route `one`: added: any method /a/b, public",
                "changed: route `one`: takes requests like GET /a/b (public), which `all` took (public)",
            ][..],
        ),
        (
            routes(&[all, ("one", "path: /a/b", "authenticated")]),
            routes(&[all, ("one", "path: /a/b", "public")]),
            &["changed: route `one`: access: authenticated → public"],
        ),
        (
            routes(&[
                ("one", "path: /a/b, methods: [GET]", "public"),
                ("all", "path: '/a/{x}', methods: [GET]", "public"),
            ]),
            routes(&[
                ("one", "path: '/a/{x}', methods: [GET]", "public"),
                ("all", "path: '/a/{x}', methods: [GET]", "public"),
            ]),
            &[
                "changed: route `one`: path: /a/b → /a/{x}",
                "changed: route `one`: takes requests like GET /a/0 (public), which `all` took (public)",
            ],
        ),
    ] {
        assert_eq!(lines(&setup, &old, &new).await, expected, "{new}");
        assert_eq!(strict(&setup, &old, &new).await, 0, "{new}");
    }
}

#[tokio::test]
async fn names_that_no_sample_may_have_are_avoided() {
    let setup = Setup::new().await;
    // A capture is more than what a route is named for, whatever that is.
    let named = [
        ("zero", "path: /a/0", "public"),
        ("host", "hosts: [any.example, any.invalid], path: /b", "public"),
        ("odd", "path: '/caf\u{e9} x', methods: [GET, POST, PUT, DELETE]", "public"),
    ];
    let with = |access: &str| {
        let mut all = named.to_vec();
        all.extend([
            ("a", "path: '/a/{id}'", access),
            ("b", "hosts: ['*.example'], path: /b", access),
            ("c", "path: /b", access),
            ("d", "path: '/{x}', methods: [PURGE]", access),
        ]);
        routes(&all)
    };
    let found = lines(&setup, &with("authenticated"), &with("public")).await;
    let opened = |name: &str| format!("OPENED: route `{name}`: access: authenticated → public");
    assert_eq!(found, ["a", "b", "c", "d"].map(opened));
    let gone = routes(&[("odd", "path: '/caf%C3%A9%20x'", "public")]);
    let found = lines(&setup, &routes(&[named[2]]), &gone).await;
    assert_eq!(found, ["OPENED: route `odd`: methods: [DELETE, GET, POST, PUT] → any"]);
}

#[tokio::test]
#[expect(clippy::too_many_lines, reason = "a table")]
async fn whoever_is_let_in_counts_for_more_than_who_is_kept_out() {
    let setup = Setup::new().await;
    Pki::new().install(&setup.scratch);
    for (policies, old, new, expected) in [
        (
            "p: { roles: a }",
            "{ claims: { t: { matches: 'a+' } }, roles: a }",
            "{ claims: { t: { matches: 'a+' } } }",
            "looser: route `a`: requires { claims: { t: { matches: 'a+' } } }, before { roles: a, claims: { t: { matches: 'a+' } } }; now passes a caller with the claims t: a text that matches `a+`",
        ),
        (
            "p: { roles: a }",
            "{ any_of: [{ claims: { t: { matches: 'a+' } } }, { roles: a }] }",
            "{ claims: { t: { matches: 'a+', exists: true } } }",
            "stricter: route `a`: requires { claims: { t: { exists: true, matches: 'a+' } } }, before { any_of: [{ claims: { t: { matches: 'a+' } } }, { roles: a }] }; no longer passes a caller with the roles a",
        ),
        (
            "p: { roles: a }",
            "{ claims: { t: { matches: 'a+' } } }",
            "{ claims: { t: { matches: 'b+' } } }",
            "looser: route `a`: requires { claims: { t: { matches: 'b+' } } }, before { claims: { t: { matches: 'a+' } } }; may now pass a caller with the claims t: a text that matches `b+`, and may no longer pass a caller with the claims t: a text that matches `a+`; what a changed condition means is not looked into",
        ),
        // What has no answer denies everybody; without it others pass.
        (
            "p: { roles: a }",
            "{ any_of: [{ when: claims.n > 1 }, { roles: a }] }",
            "{ roles: a }",
            "looser: route `a`: requires { roles: a }, before { any_of: [{ when: 'claims.n > 1' }, { roles: a }] }; may now pass a caller with the roles a and no answer to `claims.n > 1`, and no longer passes a caller with `claims.n > 1` true; whether there is such a caller is not looked into",
        ),
        (
            "p: { roles: a }",
            "{ not: { claims: { banned: true } } }",
            "{ not: { claims: { banned: { any: [true, 'yes'] } } } }",
            "looser: route `a`: requires { not: { claims: { banned: { any: [true, yes] } } } }, before { not: { claims: { banned: true } } }; now passes a caller with the claims banned: a text other than \"yes\"",
        ),
        (
            "p: { roles: a }",
            "{ claims: { t: { exists: true } } }",
            "{ claims: { t: { matches: '(?s).*' } } }",
            "stricter: route `a`: requires { claims: { t: { matches: '(?s).*' } } }, before { claims: { t: { exists: true } } }; may no longer pass a caller with the claims t: a text that does not match `(?s).*`; whether there is such a caller is not looked into",
        ),
        (
            "p: { roles: a }",
            "{ roles: a }",
            "{ claims: { roles: { any: [a] } } }",
            "looser: route `a`: requires { claims: { roles: a } }, before { roles: a }; may now pass a caller with the claims roles: \"a\", and may no longer pass a caller with the roles a; whether there is such a caller is not looked into",
        ),
        (
            "p: { roles: a }",
            "{ when: claims.n > 3 && claims.n > 2 }",
            "{ when: claims.n > 3 }",
            "looser: route `a`: requires { when: 'claims.n > 3' }, before { when: 'claims.n > 3 && claims.n > 2' }; may now pass a caller with `claims.n > 3` true; whether there is such a caller is not looked into",
        ),
        // What a policy lets in, `not` keeps out.
        (
            "p: { roles: a }",
            "{ not: p }",
            "{ not: { roles: { all: [a, b] } } }",
            "looser: route `a`: requires { not: { roles: { all: [a, b] } } }, before { not: p }; now passes a caller with the roles a",
        ),
        (
            "p: { roles: a }",
            "{ when: claims.sub == path.id && 'a' in roles }",
            "{ when: 'true' }",
            "looser: route `a`: requires { when: 'true' }, before { when: 'claims.sub == path.id && ''a'' in roles' }; now passes a caller with none of what they mention",
        ),
    ] {
        let (old, new) = (required(policies, old), required(policies, new));
        assert_eq!(lines(&setup, &old, &new).await, [expected], "{new}");
        assert_eq!(
            strict(&setup, &old, &new).await,
            if expected.starts_with("looser") { 2 } else { 0 },
            "{new}"
        );
    }
    // A policy that becomes stricter lets in whom a route keeps out by it.
    let found = lines(
        &setup,
        &required("p: { roles: a }", "{ not: p }"),
        &required("p: { roles: { all: [a, b] } }", "{ not: p }"),
    )
    .await;
    assert_eq!(
        found,
        [
            "looser: route `a`: requires { not: p }, which decides otherwise than before; now passes a caller with the roles a",
            "stricter: policy `p`: requires { roles: { all: [a, b] } }, before { roles: a }; no longer passes a caller with the roles a (asked for by `a`)",
        ]
    );
    // Captures of the same name that are other segments.
    let owned = |path: &str| {
        routes(&[("a", &format!("path: '{path}'"), "{ require: { when: claims.sub == path.id } }")])
    };
    let found = lines(&setup, &owned("/{id}/{x}"), &owned("/{x}/{id}")).await;
    assert!(found[0].starts_with("looser: route `a`: requires"), "{found:#?}");
    assert!(found[0].contains("`claims.sub == path.id` true"), "{found:#?}");
    // One that is called otherwise is the same one.
    let named = |path: &str, condition: &str| {
        routes(&[("a", &format!("path: '{path}'"), &format!("{{ require: {{ when: \"{condition}\" }} }}"))])
    };
    let old = named("/a/{id}/{x}", "claims.sub == path.id && path.x != 'path.id'");
    for (path, condition, expected) in [
        ("/a/{oid}/{x}", "claims.sub == path.oid && path.x != 'path.id'", "no difference"),
        ("/a/{x}/{id}", "claims.sub == path['x'] && path.id != 'path.id'", "no difference"),
        (
            "/a/{oid}/{x}",
            "claims.sub == path.oid && path.x != 'path.oid'",
            "looser: route `a`: requires { when: 'claims.sub == path.oid && path.x != ''path.oid''' }, before { when: 'claims.sub == path.id && path.x != ''path.id''' }; may now pass a caller with `claims.sub == path.oid` true and `path.x != 'path.oid'` true, and may no longer pass a caller with `claims.sub == path.oid` true and `path.x != 'path.id'` true; what a changed condition means is not looked into",
        ),
    ] {
        let found = lines(&setup, &old, &named(path, condition)).await;
        assert_eq!(found, [expected], "{path} {condition}");
    }
    let all = |name: &str| named(&format!("/a/{{{name}}}"), "path.exists(p, p == 'id')");
    let found = lines(&setup, &all("id"), &all("oid")).await;
    assert!(found[0].contains(" with `path.exists(x, x == 'id')` (before) true"), "{found:#?}");
    let found = lines(&setup, &owned("/a/{id}"), &owned("/a/{id}/b/{x}")).await;
    assert!(!found.iter().any(|line| line.contains("requires")), "{found:#?}");
}

#[tokio::test]
async fn lists_that_gain_and_lose_gain() {
    let setup = Setup::new().await;
    Pki::new().install(&setup.scratch);
    let file = |listener: &str, issuer: &str, rest: &str, access: &str| {
        format!(
            "listeners:\n  - {{ address: '127.0.0.1:8443', tls: {{ certificate: tls.crt, key: tls.key, client_ca: ca.pem }} }}\n{listener}\
             issuers:\n  one: {{ issuer: $ISSUER, audiences: [a, b]{issuer} }}\n  two: {{ issuer: 'https://two', audiences: [a, b] }}\n{rest}\
             routes: [{{ name: a, match: {{ path: /a }}, access: {access}, upstream: orders }}]\n"
        )
    };
    let plain = |access: &str| file("", "", "", access);
    let all = "authenticated";
    for (old, new, expected) in [
        (plain("{ issuers: [one] }"), plain("{ issuers: [two] }"), "route `a`: issuers: [one] → [two]"),
        (plain("{ audiences: [a] }"), plain("{ audiences: [b] }"), "route `a`: audiences: [a] → [b]"),
        (
            file("", ", algorithms: [RS256]", "", all),
            file("", ", algorithms: [ES256]", "", all),
            "issuer `one`: algorithms: [RS256] → [ES256]",
        ),
        (
            file("", ", required_claims: [sub]", "", all),
            file("", ", required_claims: [jti]", "", all),
            "issuer `one`: required_claims: [sub] → [jti]",
        ),
        (
            file("", ", required_claims: [[x, y]]", "", all),
            file("", ", required_claims: [[y, x]]", "", all),
            "issuer `one`: required_claims: [[x, y]] → [[y, x]]",
        ),
        (
            file("", ", required_claims: [['a, b']]", "", all),
            file("", ", required_claims: [[a, b]]", "", all),
            "issuer `one`: required_claims: [[a, b]] → [[a, b]]",
        ),
        (
            file("", ", token_types: [JWT]", "", all),
            file("", ", token_types: [absent]", "", all),
            "issuer `one`: token_types: [JWT] → [absent]",
        ),
        (
            file("", "", "", all),
            file("", ", scopes: permissions", "", all),
            "issuer `one`: scopes: scope, else scp → permissions",
        ),
        (
            file("", "", "credentials: [authorization]\n", all),
            file("", "", "credentials: [{ header: X-Token }]\n", all),
            "credentials: [authorization] → [{ header: X-Token }]",
        ),
        (
            file("", "", "", all),
            file("", "", "limits: { token: 32KiB }\n", all),
            "limits.token: 16KiB → 32KiB",
        ),
        (
            file("", "", "", all),
            file(
                "  - { address: '127.0.0.1:8444', tls: { certificate: tls.crt, key: tls.key } }\n",
                "",
                "",
                all,
            ),
            "listener `127.0.0.1:8444`: added, with TLS",
        ),
        (plain("optional"), plain("public"), "route `a`: access: optional → public"),
    ] {
        let found = lines(&setup, &old, &new).await;
        assert_eq!(found, [format!("looser: {expected}")], "{new}");
        assert_eq!(strict(&setup, &old, &new).await, 2, "{new}");
    }
}

/// Two ways to write the same, each the other way round too.
#[tokio::test]
async fn what_decides_alike_is_no_difference() {
    let setup = Setup::new().await;
    let policies = "staff: { roles: { any: [admin, clerk] } }, both: { scopes: { all: [r, w] } }";
    for (one, other) in [
        ("staff", "[staff]"),
        ("staff", "{ roles: { any: [clerk, admin] } }"),
        ("staff", "{ any_of: [{ roles: clerk }, { roles: admin }] }"),
        ("[staff, both]", "{ all_of: [both, staff] }"),
        ("[staff, both]", "{ scopes: { all: [w, r] }, roles: { any: [admin, clerk] } }"),
        ("{ roles: admin }", "{ roles: { any: [admin] } }"),
        ("{ roles: admin }", "{ roles: { all: [admin] } }"),
        ("{ roles: { any: [a, b, a] } }", "{ roles: { any: [b, a] } }"),
        ("{ scopes: { all: [r] }, roles: { none: [x, y] } }", "{ roles: { none: [y, x] }, scopes: r }"),
        ("{ claims: { t: acme, u: 1 } }", "{ claims: { u: 1.0, t: { any: [acme] } } }"),
        ("{ claims: { t: { any: [acme, 1] } } }", "{ claims: { t: { any: [1, acme] } } }"),
        (
            "{ claims: { t: { all: [a, b], exists: true } } }",
            "{ claims: { t: { exists: true, all: [b, a] } } }",
        ),
        (
            "{ claims: { t: { matches: 'a+', none: [aa] } } }",
            "{ all_of: [{ claims: { t: { matches: 'a+', none: [aa] } } }] }",
        ),
        ("{ when: claims.n > 1 }", "{ when: \"claims.n>1\" }"),
        ("{ when: \"claims.t == 'x'\" }", "{ when: 'claims.t == \"x\"' }"),
        ("{ when: claims.n > 1 && claims.t }", "{ when: 'claims.t && (claims.n > 1)' }"),
        ("{ when: claims.sub == path.id }", "{ when: 'claims[\"sub\"] == path[\"id\"]' }"),
        ("{ not: { not: staff } }", "staff"),
    ] {
        let (one, other) = (required(policies, one), required(policies, other));
        assert_eq!(lines(&setup, &one, &other).await, ["no difference"], "{other}");
        assert_eq!(lines(&setup, &other, &one).await, ["no difference"], "{one}");
    }
    for (one, other) in
        [("path: /a/b", "path: /a/b/"), ("path: '/a/**'", "path: '/a/**/'"), ("path: /a%3Ab", "path: '/a:b'")]
    {
        let file = |matched: &str| routes(&[("a", matched, "authenticated")]);
        assert_eq!(lines(&setup, &file(one), &file(other)).await, ["no difference"], "{other}");
    }
}
