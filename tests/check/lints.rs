//! What `check` finds beyond mistakes: each lint where it is due, and not where it is nearly due.

use std::os::unix::fs::PermissionsExt;

use super::{Binary, Setup, check};
use crate::support::Pki;
use crate::support::keypair::KeyPair;
use crate::support::world::AUTHENTICATED;

/// A name, the sections that replace the harness' defaults, and each finding: what stands at its place, its code, and a part
/// of its message.
type Case = (&'static str, &'static str, &'static [(&'static str, &'static str, &'static str)]);

const ROUTES: &[Case] = &[
    (
        "a capture of another router",
        "routes:
  - { name: a, match: { path: '/a/:id' }, access: authenticated, upstream: orders }
  - { name: b, match: { path: '/b/x:y' }, access: authenticated, upstream: orders }
",
        &[("'/a/:id'", "colon-segment", "write `{id}` for any one segment")],
    ),
    (
        "patterns that match nothing, or anywhere",
        "policies:
  searched: { when: \"claims.email.matches('@example[.]com')\" }
  part: { any_of: [{ when: \"claims.a.matches('a$b')\" }, { not: { claims: { a: { matches: 'x^y' } } } }] }
  fine: { when: \"claims.a.matches('^/a/') && claims.b.matches('.*x.*') && claims.c.matches('b$') && claims.d.matches('^/a/|^/a$') && claims.e.matches('(^|,)a(,|$)')\" }
  behind: { when: \"claims.email.matches('.*@example[.]com')\" }
  before: { when: \"claims.email.matches('admin.*')\" }
  dots: { when: \"claims.email.matches(r'adm\\\\.*')\" }
  divided: { when: \"claims.email.matches('^a|b$')\" }
  class: { when: \"claims.a.matches('^[a&&b]$')\" }
routes:
  - { name: a, match: { path: /a }, access: { require: [searched, part, fine, behind, before, dots, divided, class] }, upstream: orders }
  - { name: b, match: { path: /b }, access: { require: { claims: { a: { matches: '^robot-[0-9]+$' }, b: { matches: x } } } }, upstream: orders }
",
        &[
            ("\"claims.email", "unanchored-pattern", "holds wherever `@example[.]com` is found in the text"),
            ("\"claims.a.matches('a$b')", "impossible-pattern", "no text matches `a$b`"),
            ("'x^y'", "impossible-pattern", "no text matches `x^y`: it asks for something before its beginning"),
            ("\"claims.email", "unanchored-pattern", "behind what `.*@example[.]com` finds, anything may stand too; write `$`"),
            ("\"claims.email", "unanchored-pattern", "before what `admin.*` finds, anything may stand too; write `^`"),
            ("\"claims.email", "unanchored-pattern", r"holds wherever `adm\.*` is found"),
            ("\"claims.email", "unanchored-pattern", "`|` divides the whole of `^a|b$`, and `^` and `$` bind only the"),
            ("\"claims.a", "impossible-pattern", "no text matches `^[a&&b]$`: a class in it has no character"),
        ],
    ),
    (
        "conditions that depend on nothing",
        "policies:
  all: { when: 'true' }
  none: { any_of: [{ roles: a }, { when: 'claims.sub == \"x\" && 1 > 2' }] }
  fine: { when: 'claims.admin || now > timestamp(\"2030-01-01T00:00:00Z\") || [1, 2].exists(x, x == claims.n)' }
  below: { not: { when: '1 > 2' } }
  list: { when: '[1, 2].exists(x, x > 1)' }
  text: { when: '\"a\".matches(\"^b$\")' }
routes:
  - { name: a, match: { path: /a }, access: { require: [all, none, fine, below, list, text], candidate: { when: '!(false && claims.a)' } }, upstream: orders }
",
        &[
            ("'true'", "constant-condition", "this is true of every request, whoever calls"),
            ("'claims.sub", "constant-condition", "this is false of every request, whoever calls"),
            ("'1 > 2'", "constant-condition", "this is false of every request, whoever calls"),
            ("'[1, 2]", "constant-condition", "true of every request"),
            ("'\"a\"", "constant-condition", "false of every request"),
            ("'!(false", "constant-condition", "true of every request"),
        ],
    ),
    (
        "slips that stand for themselves",
        "identity: { headers: { X-User: claims.sub, X-Realm: 'claims.realm[name]' }, remove: [X-Legacy-*, X-Old] }
policies:
  path: { claims: { $.realm_access.roles: x, 'realm_access[roles]': x, 'https://a/b[c': x, realm.roles: x } }
  text: { when: \"request.headers['x-tenant'] == claims.tenant\" }
  not: { when: \"claims.tenant != request.headers['x-tenant']\" }
  fine: { when: \"request.headers['x-a'][0] == claims.a && claims.a in request.headers['x-a'] && request.headers['x-a'] == request.headers['x-b']\" }
  commas: { roles: 'a, b' }
  listed: { scopes: { any: ['a,b'] } }
  names: { roles: { any: ['cn=a,ou=b', 'Billing Admin', 'a,'] } }
routes:
  - { name: a, match: { path: '/a/[0-9]+', methods: [GTE, PURGE, GET] }, access: { require: [path, text, not, fine] }, upstream: orders }
  - { name: b, match: { path: '/b/[id]' }, access: { require: [commas, listed, names] }, upstream: orders }
  - { name: c, match: { path: '/c/(x|y)' }, access: public, upstream: orders, identity: { headers: { X-User: claims.sub } } }
  - { name: d, match: { path: '/d$' }, access: public, upstream: orders, identity: { remove: [X-Other] } }
  - { name: e, match: { path: '/e/$metadata/f(1)/g+/v1.0', hosts: [e] }, access: public, upstream: orders }
",
        &[
            ("'claims.realm[name]'", "foreign-claim-path", "write `claims.realm.name`"),
            ("$.realm_access", "foreign-claim-path", "write `realm_access.roles`"),
            ("'realm_access[", "foreign-claim-path", "write `realm_access.roles`"),
            ("\"request.headers['x-tenant'] ==", "header-as-text", "write `claims.tenant in request.headers"),
            ("\"claims.tenant !=", "header-as-text", "!= claims.tenant`"),
            ("{ roles: 'a, b'", "space-in-name", "`a, b` is one name with a comma in it, which separates nothing; write `all: [a, b]`"),
            ("{ scopes: { any", "space-in-name", "`a,b` is one name with a comma"),
            ("'/a/[0-9]+'", "path-expression", "write `{name}` for any one segment"),
            ("GTE", "unlikely-method", "did you mean GET?"),
            ("'/b/[id]'", "path-expression", "write `{id}` for any one segment"),
            ("'/c/(x|y)'", "path-expression", "`(x|y)` in a path is no expression"),
            ("{ headers: { X-User: claims.sub } } }", "remove-replaced", "clients can send X-Legacy-*, X-Old on this route; write `remove: [X-Legacy-*, X-Old]` here too"),
            ("'/d$'", "path-expression", "`d$` in a path"),
        ],
    ),
    (
        "a variable without braces",
        "issuers: { corporate: { issuer: 'https://$IDP_HOST/a', audiences: ['$$IDP_URL', '$1', 'a$', \"${NOT_SET:-$}x\"] } }
routes:
  - { name: a, match: { path: /a }, access: { require: { claims: { a: { matches: 'a$|^$B$' } } } }, upstream: orders }
",
        &[("'https://$IDP_HOST/a'", "bare-variable", "write `${IDP_HOST}` for the variable, or `$$IDP_HOST`")],
    ),
    (
        "methods that no client sends, or that the route does not take",
        "routes:
  - { name: a, match: { path: /a, methods: [ALL] }, access: authenticated, upstream: orders }
  - { name: b, match: { path: /b, methods: [ANY, PURGE] }, access: authenticated, upstream: orders }
  - name: c
    match: { path: /c, methods: [GET] }
    access: public
    upstream: orders
    cors: { origins: [https://a.example.com], methods: [GET, HEAD, PUT] }
  - name: d
    match: { path: /d, methods: [GET] }
    access: public
    upstream: orders
    cors: { origins: [https://a.example.com], methods: ['*'] }
",
        &[
            ("ALL]", "catch-all-method", "leave `methods` out for all of them"),
            ("ANY,", "catch-all-method", "`ANY` is the name of a method here"),
            ("PUT]", "cors-method", "this route takes only GET"),
        ],
    ),
    (
        "conditions that name what is never there",
        "policies:
  typo: { when: 'issuer == \"corprate\"' }
  fine: { when: \"issuer in ['corporate'] && request.method != 'GET' && request.headers['x-tenant'] == [claims.t]\" }
credentials: [authorization, { header: X-Api-Token }]
identity: { headers: { X-User: claims.sub } }
routes:
  - { name: a, match: { path: /a }, access: { require: [typo, fine] }, upstream: orders }
  - name: b
    match: { path: /b }
    access: { require: { any_of: [fine, { not: { when: \"request.method in ['get', 'PUT']\" } }] } }
    upstream: orders
    identity: { headers: { X-Person: claims.sub } }
  - name: c
    match: { path: /c }
    access:
      require: { roles: x }
      candidate:
        when: has(request.headers.x_user) || 'x-person' in request.headers || 'x-api-token' in request.headers
    upstream: orders
",
        &[
            ("'issuer == ", "never-there", "no issuer has that name; did you mean `corporate`?"),
            ("\"request.method in", "never-there", "compared with `get`, and methods are in upper case; write 'GET'"),
            ("has(request", "never-there", "does not see the header `x_user`"),
            ("has(request", "never-there", "does not see the header `x-person`"),
            ("has(request", "never-there", "does not see the header `x-api-token`"),
        ],
    ),
    (
        "hosts and paths in a form that no request has",
        "routes:
  - name: a
    match: { path: '/p/{id}' }
    access: { require: { when: \"request.path != '/p/a%7eb' && request.host != 'internal.example.com:8443'\" } }
    upstream: orders
  - name: b
    match: { path: '/b/{id}' }
    access: { require: { when: \"request.path in ['/b/%c3%a9', '/b/a?x', '/b/../c'] || request.host in ['API.example.com', 'a.'] || 'a b' == request.host\" } }
    upstream: orders
  - name: fine
    match: { path: '/c/{id}' }
    access: { require: { when: \"request.path in ['/c/a~b', '/c/%C3%A9', '/c/a:b', '/c/a%2Fb', '*'] || request.host in ['a.example', '[::1]']\" } }
    upstream: orders
",
        &[
            ("\"request.path != ", "never-there", "compared with `/p/a%7eb`, and paths are compared in their canonical form; write '/p/a~b'"),
            ("\"request.path != ", "never-there", "`internal.example.com:8443`, and hosts are in lower case, without a port and a final dot; write 'internal.example.com'"),
            ("\"request.path in ['/b", "never-there", "write '/b/%C3%A9'"),
            ("\"request.path in ['/b", "never-there", "no request has such a path (query"),
            ("\"request.path in ['/b", "never-there", "no request has such a path (dot segment)"),
            ("\"request.path in ['/b", "never-there", "write 'api.example.com'"),
            ("\"request.path in ['/b", "never-there", "write 'a'"),
            ("\"request.path in ['/b", "never-there", "compared with `a b`, and no request has such a host"),
        ],
    ),
    (
        "an encoded slash past a stricter route",
        "routes:
  - { name: admin, match: { path: '/files/admin/**' }, access: { require: { roles: admin } }, upstream: orders }
  - name: files
    match: { path: '/files/{name}' }
    access: authenticated
    path: { allow: [parameters, encoded_slash] }
    upstream: orders
",
        &[
            ("parameters, ", "path-parameter", "`/files/admin;x` has this route, and not what `admin` on line 13"),
            ("encoded_slash", "encoded-slash", "paths of `admin` on line 13 (/files/admin/**), with a slash encoded"),
        ],
    ),
    (
        "an encoded slash beside routes that ask for the same or less",
        "routes:
  - { name: open, match: { path: '/files/open/**' }, access: public, upstream: orders }
  - { name: same, match: { path: '/files/same/**' }, access: { require: { roles: { any: [a, b] } } }, upstream: orders }
  - { name: other, match: { path: '/others/admin/**' }, access: { require: { roles: admin } }, upstream: orders }
  - name: files
    match: { path: '/files/{name}' }
    access: { require: { roles: { any: [a, b] } } }
    path: { allow: [encoded_slash] }
    upstream: orders
",
        &[],
    ),
    (
        "parameters past stricter routes",
        "routes:
  - { name: admin, match: { path: '/admin/**' }, access: { require: { roles: admin } }, upstream: orders }
  - { name: users, match: { path: '/{area}/users' }, access: { require: { roles: users } }, upstream: orders }
  - name: rest
    match: { path: /** }
    access: authenticated
    path: { allow: [encoded_slash, parameters] } # jwtgate:allow encoded-slash: the upstream does not decode it
    upstream: orders
",
        &[("parameters] }", "path-parameter", "`/admin;x` has this route, and not what `admin` on line 13 (/admin/**) asks for, and so it is with 1 more")],
    ),
    (
        "parameters past a route of some methods",
        "routes:
  - { name: write, match: { path: '/a/b', methods: [POST] }, access: { require: { roles: a } }, upstream: orders }
  - { name: one, match: { path: '/a/{x}', methods: [GET] }, access: public, path: { allow: [parameters] }, upstream: orders }
  - { name: two, match: { path: '/a/{x}', methods: [POST] }, access: public, path: { allow: [parameters] }, upstream: orders }
",
        &[("parameters] }", "path-parameter", "`/a/b;x` has this route, and not what `write`")],
    ),
    (
        "parameters where no stricter route is dodged",
        "routes:
  - { name: one, match: { path: '/admin/{x}' }, access: { require: { roles: admin } }, path: { allow: [parameters] }, upstream: orders }
  - { name: open, match: { path: '/open/**' }, access: public, upstream: orders }
  - { name: first, match: { path: '/{x}/**' }, access: authenticated, upstream: orders }
  - { name: rest, match: { path: '/**' }, access: authenticated, path: { allow: [parameters] }, upstream: orders }
",
        &[],
    ),
    (
        "conditions that name what their route does not take",
        "issuers:
  corporate: { issuer: $ISSUER, audiences: [a] }
  other: { issuer: 'https://other.example', audiences: [a] }
policies:
  shared: { when: 'issuer == \"other\" || request.method == \"POST\"' }
routes:
  - name: a
    match: { path: /a, methods: [GET] }
    access:
      issuers: [corporate]
      require: { all_of: [shared, { when: 'request.method == \"POST\" || issuer == \"other\"' }] }
    upstream: orders
  - name: b
    match: { path: /b, methods: [GET, PUT] }
    access:
      issuers: [corporate, other]
      require: { when: 'request.method in [\"HEAD\", \"PUT\"] && issuer != \"other\"' }
    upstream: orders
",
        &[
            ("'request.method == ", "never-there", "compared with `POST`, and this route takes only GET, HEAD; leave"),
            ("'request.method == ", "never-there", "compared with `other`, and this route takes only corporate; leave"),
        ],
    ),
    (
        "a route behind a wider path",
        "routes:
  - { name: wide, match: { path: '/a/**' }, access: authenticated, upstream: orders }
  - { name: late, match: { path: '/a/b' }, access: public, upstream: orders }
",
        &[("{ path: '/a/b'", "unreachable-route", "`late`: `wide` on line 13 takes every host and path of it; put it before it")],
    ),
    (
        "a route before a wider path",
        "routes:
  - { name: early, match: { path: '/a/b' }, access: public, upstream: orders }
  - { name: wide, match: { path: '/a/**' }, access: authenticated, upstream: orders }
",
        &[],
    ),
    (
        "a route behind one of other methods",
        "routes:
  - { name: get, match: { path: '/{x}', methods: [GET] }, access: authenticated, upstream: orders }
  - { name: post, match: { path: '/a', methods: [POST] }, access: authenticated, upstream: orders }
",
        &[("{ path: '/a'", "unreachable-route", "`get` on line 13 takes every host and path")],
    ),
    (
        "routes that share out the methods of one path",
        "routes:
  - { name: get, match: { path: '/a/{x}', methods: [GET] }, access: authenticated, upstream: orders }
  - { name: put, match: { path: '/a/{y}', methods: [PUT] }, access: authenticated, upstream: orders }
  - { name: rest, match: { path: '/a/{z}' }, access: authenticated, upstream: orders }
",
        &[],
    ),
    (
        "a route whose methods two others take",
        "routes:
  - { name: get, match: { path: '/a', methods: [GET] }, access: authenticated, upstream: orders }
  - { name: put, match: { path: '/a', methods: [PUT] }, access: authenticated, upstream: orders }
  - { name: both, match: { path: '/a', methods: [GET, PUT] }, access: authenticated, upstream: orders }
",
        &[("{ path: '/a', methods: [GET, PUT]", "unreachable-route", "`get` on line 13 and `put` on line 14 take all of its methods")],
    ),
    (
        "a host below a wildcard",
        "routes:
  - { name: all, match: { path: '/**', hosts: ['*.example.com'] }, access: authenticated, upstream: orders }
  - { name: api, match: { path: '/x', hosts: [api.example.com] }, access: authenticated, upstream: orders }
  - { name: top, match: { path: '/x', hosts: [example.com, api.example.com] }, access: authenticated, upstream: orders }
",
        &[("{ path: '/x', hosts: [api", "unreachable-route", "`all`")],
    ),
];

const UNUSED: &[Case] = &[
    (
        "an issuer that no route names",
        "issuers:
  corporate: { issuer: $ISSUER, audiences: [a] }
  other: { issuer: 'https://other.example', audiences: [a] }
routes:
  - { name: a, match: { path: /a }, access: { issuers: [corporate] }, upstream: orders }
  - { name: b, match: { path: /b }, access: public, upstream: orders }
",
        &[(
            "other:",
            "unused-issuer",
            "no route takes tokens of the issuer `other`; name it under `issuers`",
        )],
    ),
    (
        "an issuer that a route takes without naming it",
        "issuers:
  corporate: { issuer: $ISSUER, audiences: [a] }
  other: { issuer: 'https://other.example', audiences: [a] }
routes:
  - { name: a, match: { path: /a }, access: { issuers: [corporate] }, upstream: orders }
  - { name: b, match: { path: /b }, access: optional, upstream: orders }
",
        &[],
    ),
    (
        "an issuer of public routes alone",
        "routes: [{ name: b, match: { path: /b }, access: public, upstream: orders }]\n",
        &[("corporate:", "unused-issuer", "`corporate`")],
    ),
    (
        "a policy that only an unused one names",
        "policies:
  used: { roles: a }
  inner: { roles: b }
  outer: { any_of: [inner, { roles: c }] }
routes: [{ name: b, match: { path: /b }, access: { require: [used] }, upstream: orders }]
",
        &[
            ("inner:", "unused-policy", "no route asks for the policy `inner`"),
            ("outer:", "unused-policy", "no route asks for the policy `outer`"),
        ],
    ),
    (
        "a policy that a used one names",
        "policies:
  inner: { roles: b }
  outer: { not: inner }
routes: [{ name: b, match: { path: /b }, access: { require: { all_of: [outer] } }, upstream: orders }]
",
        &[],
    ),
    (
        "an upstream that no route leads to",
        "upstreams:
  orders: { endpoints: [$UPSTREAM] }
  spare: { endpoints: [$UPSTREAM] }
routes: [{ name: b, match: { path: /b }, access: authenticated, upstream: orders }]
",
        &[("spare:", "unused-upstream", "no route leads to the upstream `spare`")],
    ),
];

/// Requirements, each alone under one route.
const REQUIREMENTS: &[Case] = &[
    (
        "a scope required and excluded",
        "{ scopes: { all: [a, b], none: [b] } }",
        &[(
            "{ scopes",
            "impossible-requirement",
            "the scope `b` is required and excluded; remove one of the two",
        )],
    ),
    ("scopes of which one is left", "{ scopes: { any: [a, b], none: [b] } }", &[]),
    (
        "scopes of which none is left",
        "{ scopes: { any: [a, b], none: [b, a] } }",
        &[("{ scopes", "impossible-requirement", "the scope must be one of `a`, `b`, and each is excluded")],
    ),
    (
        "a role in two policies",
        "[admin, not-admin]",
        &[(
            "[admin",
            "impossible-requirement",
            "the role `admin` is required (by the policy `admin`) and excluded (by the policy `not-admin`)",
        )],
    ),
    ("policies that go together", "[admin, clerk]", &[]),
    (
        "a role and its opposite below not",
        "{ roles: admin, not: { roles: { any: [admin, clerk] } } }",
        &[("{ roles: admin", "impossible-requirement", "the role `admin`")],
    ),
    ("a role, and not both of two", "{ roles: admin, not: { roles: { all: [admin, clerk] } } }", &[]),
    (
        "a claim that is there and is not",
        "{ claims: { t: { exists: false, any: [x] } } }",
        &[("{ claims", "impossible-requirement", "the claim `t` must be there and must be absent")],
    ),
    ("a claim that is absent and none of", "{ claims: { t: { exists: false, none: [x] } } }", &[]),
    (
        "a claim that every token has",
        "{ claims: { exp: { exists: false } } }",
        &[("{ claims", "impossible-requirement", "every token has the claim `exp`")],
    ),
    (
        "a value that does not match",
        "{ claims: { t: { any: [acme, x1], matches: '[a-z]+[A-Z]' } } }",
        &[("{ claims", "impossible-requirement", "does not match `[a-z]+[A-Z]`")],
    ),
    ("a value of which one matches", "{ claims: { t: { any: [acme, x1], matches: '[a-z]+' } } }", &[]),
    (
        "a claim of two values",
        "{ all_of: [{ claims: { t: a } }, { claims: { t: b } }] }",
        &[(
            "{ all_of",
            "claim-of-two-values",
            "the claim `t` must be `a` and `b`, which only an array claim can be; write `t: { any: [a, b] }`",
        )],
    ),
    ("an array claim of two values", "{ claims: { t: { all: [a, b] } } }", &[]),
    ("the number and the text of one value", "{ claims: { t: { any: [1], none: ['1'] } } }", &[]),
    (
        "the number in two spellings",
        "{ claims: { t: { any: [1], none: [1.0] } } }",
        &[("{ claims", "impossible-requirement", "must be `1` and must not be")],
    ),
    (
        "two tenants",
        "{ issuer_tenant: { all: [a, b] } }",
        &[("{ issuer_tenant", "impossible-requirement", "a token is of one tenant")],
    ),
    (
        "alternatives that are all impossible",
        "{ scopes: { none: [a, b] }, any_of: [{ scopes: a }, { scopes: b }] }",
        &[("{ scopes: { none", "impossible-requirement", "the scope `a`")],
    ),
    (
        "alternatives of which one is left",
        "{ scopes: { none: [a] }, any_of: [{ scopes: a }, { scopes: b }] }",
        &[],
    ),
    (
        "an inner one, once",
        "{ any_of: [{ roles: a }, { scopes: { all: [x], none: [x] } }] }",
        &[("{ scopes", "impossible-requirement", "the scope `x`")],
    ),
    (
        "a role or not that role",
        "{ any_of: [{ roles: a }, { not: { roles: a } }] }",
        &[("{ any_of", "needless-requirement", "this holds for every verified caller")],
    ),
    ("a role or not another", "{ any_of: [{ roles: a }, { not: { roles: b } }] }", &[]),
    (
        "the presence of what every token has",
        "{ claims: { iss: { exists: true } } }",
        &[("{ claims", "needless-requirement", "every verified caller")],
    ),
    (
        "a claim or not that claim, which cannot always be compared",
        "{ any_of: [{ claims: { t: a } }, { not: { claims: { t: a } } }] }",
        &[],
    ),
];

const LISTENERS: &[Case] = &[
    (
        "plaintext for others",
        "listeners: [{ address: '0.0.0.0:18080' }]\n",
        &[("'0.0.0.0", "plaintext-listener", "0.0.0.0:18080 takes tokens in plain text")],
    ),
    (
        "plaintext for others over IPv6",
        "listeners: [{ address: '[fd00::1]:18080' }]\n",
        &[("'[fd00", "plaintext-listener", "[fd00::1]")],
    ),
    (
        "plaintext on loopback",
        "listeners: [{ address: '[::1]:18080' }, { address: '127.0.0.2:18080' }]\n",
        &[],
    ),
    (
        "TLS for others",
        "listeners: [{ address: '0.0.0.0:18080', tls: { certificate: tls.crt, key: tls.key } }]\n",
        &[],
    ),
    (
        "an expired certificate",
        "listeners: [{ address: '0.0.0.0:18080', tls: { certificate: old.crt, key: old.key } }]\n",
        &[("old.crt", "certificate-expired", "the certificate expired on 2020-01-02; renew it")],
    ),
    (
        "a certificate of the future",
        "listeners: [{ address: '0.0.0.0:18080', tls: { certificate: new.crt, key: new.key } }]\n",
        &[("new.crt", "certificate-not-yet-valid", "not valid before 2999-01-01")],
    ),
    (
        "a certificate at its end",
        "listeners: [{ address: '0.0.0.0:18080', tls: { certificate: end.crt, key: end.key } }]\n",
        &[("end.crt", "certificate-expires-soon", "expires on")],
    ),
];

const ISSUERS: &[Case] = &[
    (
        "keys fetched over http",
        "issuers: { corporate: { issuer: 'http://id.example', audiences: [a], keys: { allow_http: true } } }\n",
        &[("true", "allow-http", "plain http")],
    ),
    (
        "a key for another algorithm",
        "issuers: { corporate: { issuer: $ISSUER, audiences: [a], algorithms: [RS256], keys: { jwks_file: es.json } } }\n",
        &[(
            "es.json",
            "no-fitting-key",
            "none of the keys in it is for RS256; its keys are for ES256: name these",
        )],
    ),
    (
        "a key for one of the algorithms",
        "issuers: { corporate: { issuer: $ISSUER, audiences: [a], algorithms: [RS256, ES256], keys: { jwks_file: es.json } } }\n",
        &[],
    ),
    (
        "a PEM file for another algorithm",
        "issuers: { corporate: { issuer: $ISSUER, audiences: [a], algorithms: [ES256], keys: { pem_file: rs.pem } } }\n",
        &[("rs.pem", "no-fitting-key", "RS256")],
    ),
    (
        "a PEM file for the default algorithms",
        "issuers: { corporate: { issuer: $ISSUER, audiences: [a], keys: { pem_file: rs.pem } } }\n",
        &[],
    ),
    (
        "a PEM file with five keys of a kind",
        "issuers: { corporate: { issuer: $ISSUER, audiences: [a], algorithms: [ES256], keys: { pem_file: five.pem } } }\n",
        &[("five.pem", "untried-key", "key 5 in it is never tried: 4 keys of its kind")],
    ),
    (
        "a PEM file with four keys of a kind",
        "issuers: { corporate: { issuer: $ISSUER, audiences: [a], algorithms: [ES256], keys: { pem_file: four.pem } } }\n",
        &[],
    ),
    (
        "a set with five named keys of a kind",
        "issuers: { corporate: { issuer: $ISSUER, audiences: [a], algorithms: [ES256], keys: { jwks_file: five.json } } }\n",
        &[],
    ),
    (
        "a set with a private key",
        "issuers: { corporate: { issuer: $ISSUER, audiences: [a], algorithms: [ES256], keys: { jwks_file: private.json } } }\n",
        &[("private.json", "private-key", "key 1 in it holds private parts")],
    ),
    (
        "a set without keys",
        "issuers: { corporate: { issuer: $ISSUER, audiences: [a], keys: { jwks_file: empty.json } } }\n",
        &[("empty.json", "no-usable-key", "the key set holds no usable key; every token is refused")],
    ),
    (
        "an issuer with a blank at its end",
        "issuers:
  corporate: { issuer: 'https://id.example.com ', audiences: [a], keys: { jwks_file: es.json } }
",
        &[("'https", "unlikely-issuer", "at its ends are part of it, and no `iss` has any; remove them")],
    ),
    (
        "an issuer with a line break at its end",
        "issuers:
  corporate: { issuer: \"https://id.example.com\\n\", audiences: [a], keys: { jwks_file: es.json } }
",
        &[("\"https", "unlikely-issuer", "or line breaks at its ends")],
    ),
    (
        "an issuer that is a document",
        "issuers:
  corporate: { issuer: https://id.example.com/a/.well-known/openid-configuration, audiences: [a], keys: { jwks_file: es.json } }
",
        &[("https", "unlikely-issuer", "write what stands as `issuer` in that document, like https://id.example.com/a")],
    ),
    (
        "an issuer with a placeholder of others",
        "issuers:
  corporate: { issuer: 'https://login.microsoftonline.com/{tenantid}/v2.0', audiences: [a], keys: { jwks_file: es.json } }
",
        &[("'https", "unlikely-issuer", "`{tenantid}` stands for nothing here, and no `iss` has it; write `{tenant}`")],
    ),
    (
        "an issuer that is an alias",
        "issuers:
  corporate: { issuer: https://login.microsoftonline.com/common/v2.0, audiences: [a], keys: { jwks_file: es.json } }
",
        &[("https", "unlikely-issuer", "in place of `common`; write that id")],
    ),
    (
        "an issuer that is an alias of some",
        "issuers:
  corporate: { issuer: https://login.microsoftonline.com/organizations/v2.0, audiences: [a], keys: { jwks_file: es.json } }
",
        &[("https", "unlikely-issuer", "in place of `organizations`")],
    ),
    (
        "an issuer of a tenant",
        "issuers:
  corporate: { issuer: https://login.microsoftonline.com/11111111-2222-3333-4444-555555555555/v2.0, audiences: [a], keys: { jwks_file: es.json } }
",
        &[],
    ),
    (
        "two issuers but for a slash",
        "issuers:
  corporate: { issuer: https://id.example.com, audiences: [a], keys: { jwks_file: es.json } }
  other: { issuer: 'https://id.example.com/', audiences: [a], keys: { jwks_file: es.json } }
",
        &[("'https://id.example.com/'", "alike-issuers", "that of `corporate` on line ")],
    ),
    (
        "two issuers of one host",
        "issuers:
  corporate: { issuer: https://id.example.com/a, audiences: [a], keys: { jwks_file: es.json } }
  other: { issuer: 'https://id.example.com/b/', audiences: [a], keys: { jwks_file: es.json } }
",
        &[],
    ),
    (
        "audiences as no token has them",
        "issuers:
  corporate: { issuer: $ISSUER, audiences: ['a ', 'b,c', 'd e', 'api://f', 'https://g/', 'https://h/?i=1,2', 'api://j k', 'api://l,api://m'] }
",
        &[
            ("'a '", "unlikely-audience", "the white space at its ends is part of it"),
            ("'b,c'", "unlikely-audience", "one audience with a comma in it, which separates nothing here; write a list"),
            ("'d e'", "unlikely-audience", "one audience with white space in it, which separates nothing"),
            ("'api://j", "unlikely-audience", "it has a `:` and white space, which no URI has"),
            ("'api://l", "unlikely-audience", "one audience with a comma in it"),
        ],
    ),
    (
        "token types as no token has them",
        "issuers:
  corporate: { issuer: $ISSUER, audiences: [a], token_types: [at_jwt, none, 'at+jwt ', 'a b', JWT, application/at+jwt, application/jwt, x+jwt, absent] }
",
        &[
            ("at_jwt", "unlikely-token-type", "no token has the type `at_jwt`; write `at+jwt`"),
            ("none", "unlikely-token-type", "write `absent` for tokens without one"),
            ("'at+jwt '", "unlikely-token-type", "write `at+jwt`"),
            ("'a b'", "unlikely-token-type", "`a b` is no media type"),
        ],
    ),
    (
        "a set most of whose keys are left out",
        "issuers:
  corporate: { issuer: $ISSUER, audiences: [a], algorithms: [ES256], keys: { jwks_file: mostly.json } }
",
        &[("mostly.json", "left-out-key", "2 of its 3 keys are left out: enc is not used: it is not for verifying signatures, key 3 is not used: it is on an unknown curve; tokens of these keys are refused")],
    ),
    (
        "a set with a key for encryption",
        "issuers:
  corporate: { issuer: $ISSUER, audiences: [a], algorithms: [ES256], keys: { jwks_file: enc.json } }
",
        &[],
    ),
    (
        "a set of shared secrets",
        "issuers:
  corporate: { issuer: $ISSUER, audiences: [a], algorithms: [ES256], keys: { jwks_file: oct.json } }
",
        &[("oct.json", "no-fitting-key", "none of the keys in it is for ES256; shared secrets belong into `keys: { secret: { file: … } }`")],
    ),
    (
        "a set with a shared secret",
        "issuers:
  corporate: { issuer: $ISSUER, audiences: [a], algorithms: [ES256], keys: { jwks_file: mixed.json } }
",
        &[("mixed.json", "left-out-key", "no token is verified with a shared secret from here: mac; shared secrets belong into")],
    ),
    (
        "keys fetched all the time",
        "issuers: { corporate: { issuer: $ISSUER, audiences: [a], keys: { refresh: { min: 4s } } } }\n",
        &[("4s", "frequent-refresh", "is asked for its keys that often; give 5s or more")],
    ),
    (
        "keys fetched often",
        "issuers: { corporate: { issuer: $ISSUER, audiences: [a], keys: { refresh: { min: 5s } } } }\n",
        &[],
    ),
    (
        "a directory of kept keys for everybody",
        "issuers: { corporate: { issuer: $ISSUER, audiences: [a], keys: { on_start: last_known_good, state_dir: open } } }\n",
        &[("open", "exposed-state-dir", "may be written by everybody (mode 0777); who can write it")],
    ),
    (
        "a directory of kept keys",
        "issuers: { corporate: { issuer: $ISSUER, audiences: [a], keys: { on_start: last_known_good, state_dir: kept } } }\n",
        &[],
    ),
    (
        "clocks far apart",
        "issuers: { corporate: { issuer: $ISSUER, audiences: [a], clock_skew: 301s } }\n",
        &[("301s", "large-clock-skew", "for that long after they expired")],
    ),
    (
        "times and sizes of another unit",
        "issuers: { corporate: { issuer: $ISSUER, audiences: [a], max_age: 31d, token_cache: { max_size: 32KiB }, keys: { max_stale: 24s } },
  other: { issuer: 'https://other', audiences: [a], max_age: 24s } }
upstreams: { orders: { endpoints: [$UPSTREAM], timeouts: { connect: 2ms, response: 30ms } } }
shutdown: { timeout: 30ms }
",
        &[
            ("31d", "large-max-age", "tokens pass that were issued 31 days ago; give 30d at most"),
            ("32KiB", "small-token-cache", "32768 bytes hold 9 tokens of a usual size"),
            ("24s } },", "short-time", "24s is hardly meant: a short failure of the issuer"),
            ("24s } }", "short-time", "24s is hardly meant: tokens of a minute are refused already; give 60s or more"),
            ("2ms", "short-time", "2ms is hardly meant: to connect takes longer over a network; give 10ms or more"),
            ("30ms } }", "short-time", "30ms is hardly meant: many answers take longer; give 100ms or more"),
            ("30ms }", "short-time", "30ms is hardly meant: what is in flight is cut off; give 1s or more"),
        ],
    ),
    (
        "times and sizes",
        "issuers: { corporate: { issuer: $ISSUER, audiences: [a], max_age: 30d, token_cache: { max_size: 256KiB }, keys: { max_stale: 1m } },
  other: { issuer: 'https://other', audiences: [a], max_age: 1m } }
upstreams: { orders: { endpoints: [$UPSTREAM], timeouts: { connect: 10ms, response: 100ms } } }
shutdown: { timeout: 1s, delay: 0s }
",
        &[],
    ),
    ("clocks apart", "issuers: { corporate: { issuer: $ISSUER, audiences: [a], clock_skew: 5m } }\n", &[]),
    (
        "asterisks",
        "issuers: { corporate: { issuer: $ISSUER, audiences: ['*'], token_types: ['*', JWT] } }\n",
        &[
            ("'*'], token", "literal-wildcard", "`*` is compared as it is"),
            ("'*', JWT", "literal-wildcard", "name each `typ`"),
        ],
    ),
    (
        "an algorithm twice",
        "issuers: { corporate: { issuer: $ISSUER, audiences: [a], algorithms: [ES256, RS256, ES256] } }\n",
        &[("ES256] }", "repeated-algorithm", "ES256 is in the list already")],
    ),
    (
        "an audience of nobody",
        "routes: [{ name: a, match: { path: /a }, access: { audiences: [b] }, upstream: orders }]\n",
        &[("b]", "foreign-audience", "no issuer of this route has the audience `b`: a token passes only if it holds two, one of the route's and one of its issuer's own (`orders-api`)")],
    ),
    (
        "an audience of nobody beside one of somebody",
        "routes: [{ name: a, match: { path: /a }, access: { audiences: [b, orders-api] }, upstream: orders }]\n",
        &[("b, orders", "foreign-audience", "the audience `b`; a token then needs one of orders-api as well")],
    ),
    (
        "issuers without an audience of their route",
        "issuers:
  corporate: { issuer: $ISSUER, audiences: [a] }
  partner: { issuer: 'https://partner.example', audiences: [p, q] }
  both: { issuer: 'https://both.example', audiences: [a, p] }
routes:
  - { name: listed, match: { path: /a }, access: { issuers: [corporate, partner, both], audiences: [a] }, upstream: orders }
  - { name: every, match: { path: /b }, access: { audiences: [a] }, upstream: orders }
  - { name: fine, match: { path: /c }, access: { issuers: [corporate, both], audiences: [a] }, upstream: orders }
  - { name: each, match: { path: /d }, access: { audiences: [a, q] }, upstream: orders }
",
        &[
            ("partner, both]", "disjoint-audiences", "the issuer `partner` has none of this route's audiences: its tokens pass only if they hold two"),
            ("a] }", "disjoint-audiences", "of this route's issuers, `partner` has none of these audiences"),
        ],
    ),
    (
        "a list as text",
        "identity: { headers: { X-Roles: roles } }\nroutes: [{ name: a, match: { path: /a }, access: authenticated, upstream: orders }]\n",
        &[("roles }", "list-as-text", "a list cannot be sent as text")],
    ),
];

/// What is wrong with the findings of one case.
async fn faults(setup: &Setup, (name, yaml, expected): &Case) -> Vec<String> {
    let yaml = if yaml.contains("routes:") { (*yaml).to_owned() } else { format!("{yaml}{AUTHENTICATED}") };
    let text = setup.render(&yaml);
    let file = setup.write(&yaml);
    let file = file.to_str().unwrap();
    let run = Binary::finish(["check", "--strict", "--format", "json", file]).await;
    let code = if expected.is_empty() { 0 } else { 2 };
    let mut faults = Vec::new();
    if run.code() != Some(code) {
        faults.push(format!("{name}: exit status {:?}: {}", run.code(), run.said()));
    }
    let found: Vec<serde_json::Value> = serde_json::from_str(&run.stdout).unwrap_or_default();
    if found.len() != expected.len() {
        faults.push(format!("{name}: {} findings: {}", found.len(), run.said()));
    }
    for (found, (place, code, part)) in found.iter().zip(*expected) {
        let number = |key: &str| usize::try_from(found[key].as_u64().unwrap()).unwrap();
        let line = text.lines().nth(number("line") - 1).unwrap();
        let rest: String = line.chars().skip(number("column") - 1).collect();
        let message = found["message"].as_str().unwrap();
        let right = rest.starts_with(place) && found["code"] == *code && message.contains(part);
        if !right || found["severity"] != "warning" || !message.contains("; ") {
            faults.push(format!(
                "{name}: expected {code} at {place:?} with {part:?}, found {found} at {rest:?}"
            ));
        }
    }
    faults
}

#[tokio::test]
async fn each_lint_is_found_where_it_is_due_and_not_where_it_is_nearly_due() {
    let setup = Setup::new().await;
    let pki = Pki::new();
    pki.install(&setup.scratch);
    let now = time::OffsetDateTime::now_utc();
    let day = |year, day| time::Date::from_ordinal_date(year, day).unwrap().midnight().assume_utc();
    for (name, from, to) in [
        ("old", day(2019, 1), day(2020, 2)),
        ("new", day(2999, 1), day(3000, 1)),
        ("end", now - 80 * time::Duration::DAY, now + 3 * time::Duration::DAY),
    ] {
        let certified = pki.server_between(&["localhost"], from, to);
        setup.scratch.write(&format!("{name}.crt"), certified.certificate);
        setup.scratch.write(&format!("{name}.key"), certified.key);
    }
    let keys = serde_json::json!({ "keys": [KeyPair::generate("ES256").jwk()] });
    setup.scratch.write("es.json", keys.to_string());
    let five: Vec<KeyPair> =
        (0..5).map(|n| KeyPair::generate("ES256").with_kid(&format!("key-{n}"))).collect();
    let pem = |keys: &[KeyPair]| keys.iter().map(KeyPair::public_pem).collect::<String>();
    setup.scratch.write("five.pem", pem(&five));
    setup.scratch.write("four.pem", pem(&five[..4]));
    let jwks: Vec<_> = five.iter().map(KeyPair::jwk).collect();
    setup.scratch.write("five.json", serde_json::json!({ "keys": jwks }).to_string());
    let mut private = five[0].jwk();
    private["d"] = "AAAA".into();
    let with = |name: &str, value: &str| {
        let mut key = KeyPair::generate("ES256").with_kid(value).jwk();
        key[name] = value.into();
        key
    };
    let (good, enc) = (KeyPair::generate("ES256").jwk(), with("use", "enc"));
    let oct = serde_json::json!({ "kty": "oct", "kid": "mac", "k": "A".repeat(86) });
    let mut curve = with("crv", "secp256k1");
    curve.as_object_mut().unwrap().remove("kid");
    for (name, keys) in [
        ("mostly.json", vec![&good, &enc, &curve]),
        ("enc.json", vec![&good, &enc]),
        ("oct.json", vec![&oct]),
        ("mixed.json", vec![&good, &oct]),
    ] {
        setup.scratch.write(name, serde_json::json!({ "keys": keys }).to_string());
    }
    setup.scratch.write("empty.json", r#"{"keys":[]}"#);
    for (name, mode) in [("open", 0o777), ("kept", 0o2770)] {
        let directory = setup.scratch.path().join(name);
        std::fs::create_dir(&directory).unwrap();
        std::fs::set_permissions(directory, std::fs::Permissions::from_mode(mode)).unwrap();
    }
    setup.scratch.write("private.json", serde_json::json!({ "keys": [private] }).to_string());
    setup.scratch.write("rs.pem", KeyPair::generate("RS256").public_pem());
    let mut found = Vec::new();
    for case in [ROUTES, UNUSED, LISTENERS, ISSUERS].concat() {
        found.extend(faults(&setup, &case).await);
    }
    assert!(found.is_empty(), "{found:#?}");
}

const THEIRS: Case = (
    "a directory of kept keys of another user",
    "issuers: { corporate: { issuer: $ISSUER, audiences: [a], keys: { on_start: last_known_good, state_dir: theirs } } }\n",
    &[(
        "theirs",
        "exposed-state-dir",
        "belongs to the user 65532, and this process is of the user 0; only a gateway of that user",
    )],
);

/// `check` runs as somebody, and the gateway perhaps as another.
#[tokio::test]
async fn a_directory_of_kept_keys_of_another_user_is_found_where_the_gateway_runs() {
    let setup = Setup::new().await;
    let directory = setup.scratch.path().join("theirs");
    std::fs::create_dir(&directory).unwrap();
    if std::os::unix::fs::chown(&directory, Some(65_532), None).is_err() {
        // Only root can give a directory away; how it is judged is tested where it is.
        return;
    }
    let found = faults(&setup, &THEIRS).await;
    assert!(found.is_empty(), "{found:#?}");
    let file = setup.write(&format!("{}{AUTHENTICATED}", THEIRS.1));
    let run = Binary::finish(["check", "--strict", "--offline", file.to_str().unwrap()]).await;
    assert_eq!(run.code(), Some(0), "{}", run.said());
}

#[tokio::test]
async fn requirements_that_nobody_or_everybody_meets_are_found() {
    let setup = Setup::new().await;
    let mut found = Vec::new();
    for (name, require, expected) in REQUIREMENTS {
        // Every policy has its route, so that none is unused.
        let yaml = format!(
            "policies:
  admin: {{ roles: admin }}
  clerk: {{ roles: clerk }}
  not-admin: {{ not: {{ roles: admin }} }}
issuers:
  corporate: {{ issuer: '$ISSUER/{{tenant}}', tenants: [a, b], audiences: [a], keys: {{ jwks_uri: 'http://127.0.0.1/keys' }} }}
routes:
  - {{ name: a, match: {{ path: /a }}, access: {{ require: admin }}, upstream: orders }}
  - {{ name: b, match: {{ path: /b }}, access: {{ require: clerk }}, upstream: orders }}
  - {{ name: c, match: {{ path: /c }}, access: {{ require: not-admin }}, upstream: orders }}
  - {{ name: e, match: {{ path: /e }}, access: {{ require: {require} }}, upstream: orders }}
"
        );
        let yaml: &'static str = Box::leak(yaml.into_boxed_str());
        found.extend(faults(&setup, &(name, yaml, expected)).await);
    }
    // A policy that is impossible by itself is reported once, where it is defined, whoever names it, wherever it stands.
    let yaml = "policies:
  outer: { all_of: [inner, { roles: a }] }
  inner: { roles: { all: [x], none: [x] } }
routes:
  - { name: a, match: { path: /a }, access: { require: [outer, inner] }, upstream: orders }
";
    found.extend(
        faults(&setup, &("by definition", yaml, &[("{ roles: { all", "impossible-requirement", "`x`")]))
            .await,
    );
    assert!(found.is_empty(), "{found:#?}");
}

#[tokio::test]
async fn lints_wait_until_there_are_no_errors() {
    let setup = Setup::new().await;
    let file = setup.write(
        "upstreams: { orders: { endpoints: [$UPSTREAM] }, spare: { endpoints: [$UPSTREAM] } }
routes: [{ name: a, match: { path: /a }, access: authenticated, upstream: sapre }]
",
    );
    let file = file.to_str().unwrap();
    let run = check(file).await;
    assert_eq!(run.lines_starting(file).len(), 1, "{}", run.said());
    assert!(run.said().contains("did you mean `spare`?"), "{}", run.said());
}

/// What the samples show is found by nobody, or allowed with its reason; their files are elsewhere.
#[tokio::test]
async fn the_samples_are_free_of_findings() {
    let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("config");
    let mut checked = 0;
    for folder in [root.clone(), root.join("issuers"), root.join("examples")] {
        let Ok(entries) = std::fs::read_dir(&folder) else { continue };
        for file in entries.map(|entry| entry.unwrap().path()) {
            let is_yaml = file.extension().is_some_and(|extension| extension == "yaml");
            // Policy tests lie beside the configurations that they are of.
            if !is_yaml
                || !std::fs::read_to_string(&file).unwrap().lines().any(|line| line.starts_with("routes:"))
            {
                continue;
            }
            checked += 1;
            let run =
                Binary::finish(["check", "--offline", "--format", "json", file.to_str().unwrap()]).await;
            let found: Vec<serde_json::Value> = serde_json::from_str(&run.stdout).unwrap();
            let found: Vec<_> =
                found.into_iter().filter(|finding| finding["code"] != "missing-here").collect();
            assert!(found.is_empty(), "{}: {found:#?}", file.display());
        }
    }
    assert!(checked >= 10, "{checked}");
}

/// `path.id` is no capture where the path says `:id`: the cause is said beside the error.
#[tokio::test]
async fn what_may_be_the_cause_of_an_error_is_said_beside_it() {
    let setup = Setup::new().await;
    let file = setup.write(
        "routes: [{ name: a, match: { path: '/a/:id' }, access: { require: { when: 'path.id == sub || token.x' } }, upstream: orders }]\n",
    );
    let run = check(file.to_str().unwrap()).await;
    assert_eq!(run.code(), Some(2), "{}", run.said());
    for part in
        ["[colon-segment]", "a claim of the token is `claims.sub`", "what the token holds is `claims`"]
    {
        assert!(run.said().contains(part), "{part}: {}", run.said());
    }
}
