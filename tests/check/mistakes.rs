//! One mistake after the other, each alone in its file: one line, at the right place, with the word it is about.

use super::{check, place};
use crate::support::Pki;
use crate::support::world::{AUTHENTICATED, Setup};

/// Sections that replace the harness' defaults, each with one mistake, and a word that its message must hold.
const MISTAKES: &[(&str, &str, &str)] = &[
    ("an unknown key", "shutdwn: { delay: 1s }\n", "shutdwn"),
    ("a duplicate key", "shutdown: { delay: 1s }\nshutdown: { delay: 2s }\n", "shutdown"),
    (
        "a duplicate name",
        "upstreams:\n  orders: { endpoints: [$UPSTREAM] }\n  orders: { endpoints: [$UPSTREAM] }\n",
        "orders",
    ),
    ("a duration without a unit", "shutdown: { delay: 5 }\n", "unit"),
    ("a duration that is none", "shutdown: { delay: soon }\n", "soon"),
    ("an empty list", "listeners: []\n", "empty"),
    ("an empty map", "policies: {}\n", "empty"),
    ("no places for tokens", "credentials: []\n", "empty"),
    ("a place of no kind", "credentials: [authorisation]\n", "`authorisation`"),
    ("a place of no kind, with a name", "credentials: [{ cooky: a }]\n", "`cookie`"),
    ("two places in one", "credentials: [{ cookie: a, header: X-A }]\n", "item of its own"),
    (
        "a number that is none",
        "policies: { a: { claims: { b: 1e400 } } }\n",
        "the number `1e400` is too large to be read",
    ),
    (
        "access as a policy",
        "policies: { a: { all_of: [authenticated] } }\n",
        "write `access: authenticated`, without `require`",
    ),
    (
        "a host that is not in ASCII",
        "routes: [{ name: a, match: { path: /, hosts: [münchen.de] }, access: public, upstream: orders }]\n",
        "write each label in its `xn--` form",
    ),
    ("a place twice", "credentials: [{ cookie: a }, authorization, { cookie: A }]\n", "already"),
    ("a header twice", "credentials: [{ header: X-Api-Token }, { header: x_api_token }]\n", "already"),
    ("a cookie of no name", "credentials: [{ cookie: 'a=b' }]\n", "`a=b`"),
    ("a parameter that needs escapes", "credentials: [{ query: 'a b' }]\n", "`a b`"),
    ("a header of no name", "credentials: [{ header: 'X Token' }]\n", "`X Token`"),
    ("Authorization as a header", "credentials: [{ header: Authorization }]\n", "`authorization`"),
    ("Cookie as a header", "credentials: [{ header: Cookie }]\n", "`cookie: NAME`"),
    ("Host as a header", "credentials: [{ header: host }]\n", "cannot hold a token"),
    ("framing as a header", "credentials: [{ header: Content-Length }]\n", "cannot hold a token"),
    ("the origin as a header", "credentials: [{ header: Origin }]\n", "cannot hold a token"),
    ("the site as a header", "credentials: [{ header: Sec-Fetch-Site }]\n", "is the browser's"),
    ("CORS as a header", "credentials: [{ header: Access-Control-Allow-Origin }]\n", "is the browser's"),
    ("the referring page as a header", "credentials: [{ header: referer }]\n", "is the browser's"),
    (
        "the kind of content as a header",
        "credentials: [{ header: content_type }]\n",
        "how the body is to be read",
    ),
    (
        "the origin as an identity header",
        "identity: { headers: { Origin: claims.sub } }\n",
        "`Origin` cannot be an identity header",
    ),
    ("hop-by-hop as a header", "credentials: [{ header: TE }]\n", "cannot hold a token"),
    (
        "forwarding as a header",
        "credentials: [{ header: X-Forwarded-Access-Token }]\n",
        "cannot hold a token",
    ),
    ("an identity header as a place", "credentials: [{ header: x_user }]\n", "identity header"),
    ("a list for a map", "policies: [staff]\n", "list"),
    ("no audiences", "issuers: { corporate: { issuer: $ISSUER } }\n", "audiences"),
    (
        "an algorithm by its later name",
        "issuers: { corporate: { issuer: $ISSUER, audiences: [a], algorithms: [Ed25519] } }\n",
        "unknown algorithm `Ed25519`; did you mean EdDSA?",
    ),
    (
        "an algorithm that another one is near to",
        "issuers: { corporate: { issuer: $ISSUER, audiences: [a], algorithms: [ES256K] } }\n",
        "unknown algorithm `ES256K`; known: RS256",
    ),
    (
        "two issuers alike",
        "issuers:\n  corporate: { issuer: $ISSUER, audiences: [a] }\n  other: { issuer: $ISSUER, audiences: [b] }\n",
        "same",
    ),
    (
        "two sources of keys",
        "issuers:\n  corporate:\n    issuer: $ISSUER\n    audiences: [a]\n    keys: { discovery: {}, jwks_uri: 'https://x' }\n",
        "keys",
    ),
    (
        "a file as a place to fetch from",
        "issuers:\n  corporate:\n    issuer: $ISSUER\n    audiences: [a]\n    keys: { jwks_uri: 'file:///etc/keys.json' }\n",
        "a file is not fetched, give its path as jwks_file",
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
        "listeners:\n  - { address: '127.0.0.1:0', tls: { certificate: no.crt, key: tls.key } }\n",
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
    (
        "a secret in the file itself",
        "issuers:\n  corporate: { issuer: $ISSUER, audiences: [a], algorithms: [HS256], keys: { secret: s3cr3t-of-mine } }\n",
        "itself",
    ),
    (
        "an empty secret",
        "issuers:\n  corporate: { issuer: $ISSUER, audiences: [a], algorithms: [HS256], keys: { secret: {} } }\n",
        "empty",
    ),
    (
        "a secret with an unknown key",
        "issuers:\n  corporate: { issuer: $ISSUER, audiences: [a], algorithms: [HS256], keys: { secret: { value: x } } }\n",
        "value",
    ),
    (
        "a secret that is missing",
        "issuers:\n  corporate: { issuer: $ISSUER, audiences: [a], algorithms: [HS256], keys: { secret: { file: no-secret } } }\n",
        "no-secret",
    ),
    (
        "a secret that is not set",
        "issuers:\n  corporate: { issuer: $ISSUER, audiences: [a], algorithms: [HS256], keys: { secret: { env: JWTGATE_TEST_UNSET } } }\n",
        "JWTGATE_TEST_UNSET",
    ),
    (
        "keys that are no map",
        "issuers:\n  corporate: { issuer: $ISSUER, audiences: [a], algorithms: [HS256], keys: [secret] }\n",
        "a list",
    ),
    (
        "two sources, one of them a secret",
        "issuers:\n  corporate: { issuer: $ISSUER, audiences: [a], algorithms: [HS256], keys: { secret: { file: a }, jwks_uri: 'https://x' } }\n",
        "2 sources",
    ),
    (
        "an algorithm that is no text",
        "issuers:\n  corporate: { issuer: $ISSUER, audiences: [a], algorithms: [5] }\n",
        "the number 5",
    ),
    (
        "a path whose step is a list",
        "issuers:\n  corporate: { issuer: $ISSUER, audiences: [a], roles: [[a]] }\n",
        "a list",
    ),
    (
        "TLS over http endpoints",
        "upstreams:\n  orders: { endpoints: ['http://127.0.0.1:1'], tls: { server_name: orders } }\n",
        "https",
    ),
    (
        "an endpoint twice in other letters",
        "upstreams:\n  orders: { endpoints: ['http://a:1', 'http://A:1'] }\n",
        "twice",
    ),
    (
        "an endpoint twice, once with its port",
        "upstreams:\n  orders: { endpoints: ['http://a', 'http://a:80'] }\n",
        "twice",
    ),
    (
        "a listener on an address that another covers",
        "listeners: [{ address: '0.0.0.0:18443' }, { address: '127.0.0.1:18443' }]\n",
        "one address",
    ),
    (
        "a shared identity of a capture nobody makes",
        "identity: { headers: { X-Order: path.nope } }\n",
        "`nope`",
    ),
    (
        "a quoted boolean",
        "identity: { headers: { X-User: claims.sub }, forward_token: 'true' }\n",
        "without quotes",
    ),
    ("an empty text", "admin: { address: '' }\n", "the text is empty"),
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
    ("an empty access", "{ name: a, match: { path: /a }, access: {}, upstream: orders }", "empty"),
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
        "a list below `not`",
        "{ name: a, match: { path: /a }, access: { require: { not: [x, y] } }, upstream: orders }",
        ": a list below `not` could mean none of them, or not all of them; write `not: { any_of: […] }` where none of them \
         may hold, `not: { all_of: […] }` where not all of them may",
    ),
    (
        "a list of maps below `not`",
        "{ name: a, match: { path: /a }, access: { require: { not: [{ roles: guest }] } }, upstream: orders }",
        "write `not: { any_of: […] }`",
    ),
    (
        "a list in `any_of`",
        "{ name: a, match: { path: /a }, access: { require: { any_of: [[x, y], { roles: a }] } }, upstream: orders }",
        ": a list in a list of requirements could mean any or all of them; write `{ any_of: […] }` or `{ all_of: […] }`",
    ),
    (
        "a list in `all_of`",
        "{ name: a, match: { path: /a }, access: { require: { all_of: [[x]] } }, upstream: orders }",
        "could mean any or all",
    ),
    (
        "a number below `not`",
        "{ name: a, match: { path: /a }, access: { require: { not: 5 } }, upstream: orders }",
        "expected the name of a policy, or a map like",
    ),
    (
        "a broken regex",
        "{ name: a, match: { path: /a }, access: { require: { claims: { t: { matches: '(' } } } }, upstream: orders }",
        "regular expression",
    ),
    (
        "an empty requirement",
        "{ name: a, match: { path: /a }, access: { require: {} }, upstream: orders }",
        "require",
    ),
    (
        "a requirement without `require`",
        "{ name: a, match: { path: /a }, access: { roles: admin }, upstream: orders }",
        "`roles`",
    ),
    (
        "enforcement of nothing",
        "{ name: a, match: { path: /a }, access: { enforcement: observe }, upstream: orders }",
        "asks for nothing",
    ),
    (
        "no kind of enforcement",
        "{ name: a, match: { path: /a }, access: { require: { roles: a }, enforcement: off }, upstream: orders }",
        "no kind of enforcement",
    ),
    (
        "a candidate that is no requirement",
        "{ name: a, match: { path: /a }, access: { require: { roles: a }, candidate: { role: b } }, upstream: orders }",
        "did you mean `roles`",
    ),
    (
        "a key in the place of the only one that is missing",
        "{ name: a, match: { prefix: /x }, access: public, upstream: orders }",
        "`prefix`",
    ),
    (
        "an empty list of names",
        "{ name: a, match: { path: /a }, access: { require: { roles: { any: [] } } }, upstream: orders }",
        "the list is empty",
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
        "credentials where no token is looked at",
        "{ name: a, match: { path: /a }, access: public, upstream: orders, credentials: [authorization] }",
        "public",
    ),
    (
        "no places of its own",
        "{ name: a, match: { path: /a }, access: authenticated, upstream: orders, credentials: [] }",
        "empty",
    ),
    (
        "something that no path may hold",
        "{ name: a, match: { path: /a }, access: public, upstream: orders, path: { allow: [backslash] } }",
        "`backslash`",
    ),
    (
        "an allowance twice",
        "{ name: a, match: { path: /a }, access: public, upstream: orders, path: { allow: [parameters, parameters] } }",
        "twice",
    ),
    (
        "an allowance of nothing",
        "{ name: a, match: { path: /a }, access: public, upstream: orders, path: { allow: [] } }",
        "empty",
    ),
    (
        "a literal with an encoded slash",
        "{ name: a, match: { path: '/a%2Fb' }, access: public, upstream: orders, path: { allow: [encoded_slash] } }",
        "a capture",
    ),
    (
        "every page with credentials",
        "{ name: a, match: { path: /a }, access: public, upstream: orders, cors: { origins: ['*'], credentials: true } }",
        "in the name of",
    ),
    (
        "every method with credentials",
        "{ name: a, match: { path: /a }, access: public, upstream: orders, cors: { origins: ['https://a'], credentials: true, methods: ['*'] } }",
        "with credentials",
    ),
    (
        "every header with credentials",
        "{ name: a, match: { path: /a }, access: public, upstream: orders, cors: { origins: ['https://a'], credentials: true, headers: ['*'] } }",
        "with credentials",
    ),
    (
        "an origin beside every origin",
        "{ name: a, match: { path: /a }, access: public, upstream: orders, cors: { origins: ['https://a', '*'] } }",
        "every origin",
    ),
    (
        "an origin with a path",
        "{ name: a, match: { path: /a }, access: public, upstream: orders, cors: { origins: ['https://a/'] } }",
        "`https://a/`",
    ),
    (
        "an origin without a scheme",
        "{ name: a, match: { path: /a }, access: public, upstream: orders, cors: { origins: [app.example.com] } }",
        "`app.example.com`",
    ),
    (
        "an origin in upper case",
        "{ name: a, match: { path: /a }, access: public, upstream: orders, cors: { origins: ['https://App.example.com'] } }",
        "lower case",
    ),
    (
        "the origin null",
        "{ name: a, match: { path: /a }, access: public, upstream: orders, cors: { origins: ['null'] } }",
        "sandbox",
    ),
    (
        "an origin twice",
        "{ name: a, match: { path: /a }, access: public, upstream: orders, cors: { origins: ['https://a', 'https://a:443'] } }",
        "twice",
    ),
    (
        "no origins",
        "{ name: a, match: { path: /a }, access: public, upstream: orders, cors: { methods: [GET] } }",
        "`origins`",
    ),
    (
        "an empty list of origins",
        "{ name: a, match: { path: /a }, access: public, upstream: orders, cors: { origins: [] } }",
        "empty",
    ),
    (
        "a method in lower case for other origins",
        "{ name: a, match: { path: /a }, access: public, upstream: orders, cors: { origins: ['https://a'], methods: [get] } }",
        "GET",
    ),
    (
        "a header of no name for other origins",
        "{ name: a, match: { path: /a }, access: public, upstream: orders, cors: { origins: ['https://a'], headers: ['X Y'] } }",
        "`X Y`",
    ),
    (
        "part of a second",
        "{ name: a, match: { path: /a }, access: public, upstream: orders, cors: { origins: ['https://a'], max_age: 1500ms } }",
        "second",
    ),
    (
        "a regular expression as a path",
        "{ name: a, match: { path: '^/orders/.*$' }, access: public, upstream: orders }",
        "templates and no regular expressions; write `/orders/**`",
    ),
    (
        "what looks like one behind a slash",
        "{ name: a, match: { path: '/orders/.*' }, access: public, upstream: orders }",
        "write `/orders/**`",
    ),
    (
        "an address as a path",
        "{ name: a, match: { path: 'https://api.example.com/orders' }, access: public, upstream: orders }",
        "write `hosts: [api.example.com]` and `path: /orders`",
    ),
    (
        "a star for a segment",
        "{ name: a, match: { path: '/orders/*/items' }, access: public, upstream: orders }",
        "write `/orders/{name}/items` for any one segment",
    ),
    (
        "a capture with an expression",
        "{ name: a, match: { path: '/orders/{id:[0-9]+}' }, access: public, upstream: orders }",
        "a capture takes any text; write `{id}`",
    ),
    (
        "a dash in the name of a capture",
        "{ name: a, match: { path: '/{order-id}' }, access: { require: { when: claims.sub == path.order-id } }, upstream: orders }",
        "`path.order-id` is `path.order` minus `id`; write `path[\"order-id\"]`",
    ),
    (
        "a dash in the name of a claim",
        "{ name: a, match: { path: '/{order-id}' }, access: { require: { when: claims.realm-access.roles == 1 } }, upstream: orders }",
        "write `claims[\"realm-access\"].roles`",
    ),
    (
        "dashes in the name of a header",
        "{ name: a, match: { path: '/{order-id}' }, access: { require: { when: 'request.headers.x-my-id[0] == claims.sub' } }, upstream: orders }",
        "write `request.headers[\"x-my-id\"]",
    ),
    (
        "a capture nobody makes",
        "{ name: a, match: { path: /a }, access: authenticated, upstream: orders, identity: { headers: { X: path.id } } }",
        "`id`",
    ),
];

/// What later issues bring.
const NOT_YET: &[(&str, &str)] = &[
    (
        "token_service",
        "token_service: { issuer: 'https://a', audiences: [a], users_file: users.yaml, signing: { algorithm: ES256, keys_dir: keys, rotate_every: 30d } }\n",
    ),
    ("store", "store: { memory: {} }\n"),
    ("revocation", "revocation: { file: revocations.yaml }\n"),
];

const IDENTITY: &str = "identity:\n  headers:\n    X-User: claims.sub\n";

/// What is wrong with what `check` says of a configuration with one mistake; none when nothing is.
async fn fault(setup: &Setup, yaml: &str, needle: &str) -> Option<String> {
    let yaml = if yaml.contains("routes:") { yaml.to_owned() } else { format!("{yaml}{AUTHENTICATED}") };
    // The section under test replaces that of the route table.
    let yaml = if yaml.matches("identity:").count() > 1 { yaml.replacen(IDENTITY, "", 1) } else { yaml };
    let file = setup.write(&yaml);
    let file = file.to_str().unwrap();
    let run = check(file).await;
    let lines = run.lines_starting(file);
    match lines.as_slice() {
        _ if run.code() != Some(2) => {
            Some(format!("expected exit status 2, found {:?}: {}", run.code(), run.said()))
        }
        [line] if line.contains(needle) => {
            place(file, line);
            None
        }
        [line] => Some(format!("{needle:?} is not in {line:?}")),
        _ => Some(format!("one mistake is one line: {}", run.said())),
    }
}

#[tokio::test]
async fn each_mistake_is_named_at_its_place() {
    let setup = Setup::new().await;
    Pki::new().install(&setup.scratch);
    let mut faults = Vec::new();
    for (name, yaml, needle) in MISTAKES {
        faults.extend(fault(&setup, yaml, needle).await.map(|fault| format!("{name}: {fault}")));
    }
    for (name, route, needle) in BAD_ROUTES {
        let yaml = format!("routes:\n  - {route}\n");
        faults.extend(fault(&setup, &yaml, needle).await.map(|fault| format!("{name}: {fault}")));
    }
    assert!(faults.is_empty(), "{faults:#?}");
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
