//! Mistakes as operators make them, each with all that `check` says of it.
//!
//! To be read: would you know what to change? Every line is a place, what is wrong there, and what would be right.

use super::{Binary, check};
use crate::support::Scratch;

const BASE: &str = "\
listeners:
  - address: 127.0.0.1:8080
issuers:
  corporate:
    issuer: https://id.example.com/realms/main
    audiences: [orders-api]
    clock_skew: 30s
upstreams:
  orders:
    endpoints: [http://127.0.0.1:3000]
policies:
  staff: { roles: { any: [admin, clerk] } }
  reader: { scopes: orders:read }
identity:
  headers:
    X-User: claims.sub
routes:
  - name: health
    match: { path: /health }
    access: public
    upstream: orders
  - name: order
    match: { path: '/orders/{id}', methods: [GET] }
    access: { issuers: [corporate], require: [staff, reader] }
    upstream: orders
    identity: { headers: { X-Order: path.id } }
  - name: rest
    match: { path: /** }
    access: authenticated
    upstream: orders
";

/// What the mistake is, the text of the base that it replaces, with what, and what is said: LINE:COLUMN: MESSAGE.
const MISTAKES: &[(&str, &str, &str, &[&str])] = &[
    (
        "a key indented too little",
        "    audiences: [orders-api]",
        "  audiences: [orders-api]",
        &[
            "7:5: not valid YAML: the indentation fits none of the keys above; indent a key like the keys beside it, and what belongs to a key deeper; look at the line above too",
        ],
    ),
    (
        "a key indented too much",
        "    clock_skew: 30s",
        "      clock_skew: 30s",
        &[
            "7:7: not valid YAML: the indentation fits none of the keys above; indent a key like the keys beside it, and what belongs to a key deeper; look at the line above too",
        ],
    ),
    (
        "a tab for indentation",
        "    audiences: [orders-api]",
        "\taudiences: [orders-api]",
        &["6:1: a tab, where YAML wants spaces; indent with spaces alone"],
    ),
    (
        "a list item out of line",
        "  - name: rest",
        "   - name: rest",
        &[
            "27:4: not valid YAML: the next item of the list should start here; put its `-` right below the `-` of the items above",
        ],
    ),
    (
        "no space behind a colon",
        "    clock_skew: 30s",
        "    clock_skew:30s",
        &[
            "7:5: not valid YAML: a text alone, where a key should stand; write `key: value`, with a space behind the colon",
        ],
    ),
    (
        "an open quote",
        "'/orders/{id}'",
        "'/orders/{id}",
        &[
            "23:20: not valid YAML: a quote is not closed; close the one that starts here; between single quotes, `'` is written twice",
        ],
    ),
    (
        "braces without quotes in a flow map",
        "'/orders/{id}'",
        "/orders/{id}",
        &[
            "23:28: not valid YAML: neither a comma nor the closing bracket follows here; put a comma between entries, and quotes around a value that holds brackets, braces, commas or `: `",
        ],
    ),
    (
        "a mistyped key",
        "audiences: [orders-api]",
        "audience: [orders-api]",
        &["6:5: unknown key `audience`; did you mean `audiences`?"],
    ),
    (
        "a key of another product",
        "    audiences: [orders-api]",
        "    audiences: [orders-api]\n    jwks_url: https://id.example.com/certs",
        &["7:5: unknown key `jwks_url`; did you mean `jwks_uri`? it belongs into `keys: { jwks_uri: … }`"],
    ),
    (
        "a mistyped issuer",
        "issuers: [corporate]",
        "issuers: [corprate]",
        &["24:25: no issuer named `corprate`; did you mean `corporate`?"],
    ),
    (
        "a mistyped policy",
        "require: [staff, reader]",
        "require: [staff, raeder]",
        &["24:54: no policy named `raeder`; did you mean `reader`?"],
    ),
    (
        "a mistyped upstream",
        "    access: public\n    upstream: orders",
        "    access: public\n    upstream: order",
        &["21:15: no upstream named `order`; did you mean `orders`?"],
    ),
    (
        "a bare list of roles",
        "{ any: [admin, clerk] }",
        "[admin, clerk]",
        &["12:19: a bare list of roles could mean any or all of them; write `any: […]` or `all: […]`"],
    ),
    (
        "`scope` for `scopes`",
        "{ scopes: orders:read }",
        "{ scope: orders:read }",
        &["13:13: unknown key `scope`; did you mean `scopes`?"],
    ),
    (
        "scopes in one string",
        "{ scopes: orders:read }",
        "{ scopes: 'orders:read orders:write' }",
        &[
            "13:11: warning: `orders:read orders:write` is one name with a space in it, which no scope has (RFC 6749 section 3.3); write `all: [orders:read, orders:write]` or `any: [orders:read, orders:write]` [space-in-name]",
        ],
    ),
    (
        "a duration without its unit",
        "clock_skew: 30s",
        "clock_skew: 30",
        &["7:17: found the number 30; expected a duration with its unit, like 250ms, 30s, 5m, 24h or 7d"],
    ),
    (
        "a duration in words",
        "clock_skew: 30s",
        "clock_skew: 30 seconds",
        &[
            "7:17: `30 seconds` is not a duration; expected a duration with its unit, like 250ms, 30s, 5m, 24h or 7d",
        ],
    ),
    (
        "no upstream",
        "    access: public\n    upstream: orders",
        "    access: public",
        &["18:5: `upstream` is missing; add `upstream: …` here"],
    ),
    (
        "no audiences",
        "    audiences: [orders-api]\n",
        "",
        &["5:5: `audiences` is missing; add `audiences: …` here"],
    ),
    (
        "one audience without a list",
        "audiences: [orders-api]",
        "audiences: orders-api",
        &["6:16: found `orders-api`; expected a list, like [a, b]"],
    ),
    ("no access", "    access: authenticated\n", "", &["27:5: `access` is missing; add `access: …` here"]),
    (
        "access that is no word of ours",
        "access: public",
        "access: anonymous",
        &[
            "20:13: `anonymous` is no kind of access; expected `public`, `optional`, `authenticated`, or a map with `require`, `issuers` or `audiences`",
        ],
    ),
    (
        "a requirement right below access",
        "access: { issuers: [corporate], require: [staff, reader] }",
        "access: { roles: admin }",
        &["24:15: unknown key `roles`; it belongs into `require: { roles: … }`"],
    ),
    (
        "policies that require one another",
        "  reader: { scopes: orders:read }",
        "  reader: { any_of: [staff, writer] }\n  writer: { all_of: [reader] }",
        &["14:22: policy `reader` requires itself, through `writer`; let one of them not name the next"],
    ),
    (
        "a mistyped capture",
        "X-Order: path.id",
        "X-Order: path.order",
        &["26:37: no path that this is for captures `order`; captured are id"],
    ),
    (
        "one capture twice",
        "'/orders/{id}'",
        "'/orders/{id}/items/{id}'",
        &["23:20: `{id}` is there twice; give every capture its own name"],
    ),
    (
        "`**` in the middle",
        "'/orders/{id}'",
        "'/orders/**/items'",
        &[
            "23:20: `**` stands for the rest of a path and so only comes last; write `{name}` for one segment in the middle",
        ],
    ),
    (
        "a single star",
        "'/orders/{id}'",
        "'/orders/*'",
        &[
            "23:20: `*` is no segment; write `/orders/{name}` for any one segment, or `/orders/**` for all below",
        ],
    ),
    (
        "a capture of another router",
        "'/orders/{id}'",
        "'/orders/:id'",
        &[
            "23:20: warning: `:id` in a path is no capture, but stands for itself; write `{id}` for any one segment [colon-segment]",
            "26:37: no path that this is for captures `id`; give a path a capture like {id}",
        ],
    ),
    (
        "keys over plain http",
        "issuer: https://id.example.com/realms/main",
        "issuer: http://id.example.com/realms/main",
        &[
            "5:13: the issuer cannot be asked where its keys are: keys over plain HTTP can be replaced by anyone on the way, give an https URL, or set allow_http: true; without discovery, name their source under keys",
        ],
    ),
    (
        "a secret in the file",
        "    clock_skew: 30s",
        "    keys: { secret: c2VjcmV0LXNlY3JldA }",
        &[
            "7:21: a secret does not stand in the configuration itself; give `{ file: PATH }` or `{ env: NAME }`",
        ],
    ),
    (
        "an unset variable",
        "issuer: https://id.example.com/realms/main",
        "issuer: https://${IDP_HOST_OF_TESTS}/realms/main",
        &[
            "5:13: environment variable IDP_HOST_OF_TESTS is not set; set it, or write `${IDP_HOST_OF_TESTS:-default}`",
        ],
    ),
    (
        "a route name twice",
        "- name: rest",
        "- name: order",
        &[
            "27:11: a route named `order` is already on line 22; give each route a name of its own: metrics and logs go by it",
        ],
    ),
    (
        "a section twice",
        "routes:\n",
        "upstreams: { billing: { endpoints: [http://127.0.0.1:3001] } }\nroutes:\n",
        &["17:1: duplicate key `upstreams`, first given on line 8; give it once"],
    ),
    (
        "a broken regular expression",
        "{ scopes: orders:read }",
        "{ claims: { email: { matches: '[^@+@example\\.com$' } } }",
        &[
            "13:41: not a regular expression: unclosed character class; expected a regular expression of the whole value, with `\\` before a character that stands for itself",
        ],
    ),
    (
        "an algorithm in small letters",
        "    clock_skew: 30s",
        "    algorithms: [rs256]",
        &["7:18: unknown algorithm `rs256`; did you mean RS256?"],
    ),
    (
        "HMAC with public keys",
        "    clock_skew: 30s",
        "    algorithms: [RS256, HS256]",
        &[
            "7:25: HS256 needs a `secret`, and these keys are public; name asymmetric algorithms, or give `keys: { secret: … }`",
        ],
    ),
    (
        "methods in small letters",
        "methods: [GET]",
        "methods: [get]",
        &["23:46: methods are case-sensitive, and `get` is not in upper case; write GET"],
    ),
    (
        "a word for all methods",
        "methods: [GET]",
        "methods: [All]",
        &[
            "23:46: `All` is no method, and stands for none; leave `methods` out for all of them, or name each",
        ],
    ),
    (
        "a host with its port",
        "methods: [GET]",
        "hosts: ['api.example.com:443']",
        &[
            "23:44: `api.example.com:443` has a port, and ports take no part in matching; write `api.example.com`",
        ],
    ),
    (
        "an upstream with a path",
        "[http://127.0.0.1:3000]",
        "[http://127.0.0.1:3000/api]",
        &["10:17: an endpoint has no path, requests keep their own; write only http://HOST:PORT"],
    ),
    (
        "an upstream without a scheme",
        "[http://127.0.0.1:3000]",
        "[127.0.0.1:3000]",
        &[
            "10:17: the scheme is missing; write http:// or https:// before the host, as in http://127.0.0.1:3000",
        ],
    ),
    (
        "an address without a port",
        "127.0.0.1:8080",
        "127.0.0.1",
        &[
            "2:14: `127.0.0.1` is not an address to listen on; expected an IP address and a port, like 0.0.0.0:8443 or [::]:8443",
        ],
    ),
    (
        "a host name to listen on",
        "127.0.0.1:8080",
        "localhost:8080",
        &[
            "2:14: `localhost:8080` is not an address to listen on; expected an IP address and a port, like 0.0.0.0:8443 or [::]:8443",
        ],
    ),
    (
        "an identity value without its kind",
        "X-User: claims.sub",
        "X-User: sub",
        &[
            "16:13: `sub` is no identity value; use `claims.PATH`, `roles`, `scopes`, `issuer`, `issuer_tenant` or `path.NAME`",
        ],
    ),
    (
        "a header that is not ours",
        "X-User: claims.sub",
        "Authorization: claims.sub",
        &[
            "16:5: `Authorization` cannot be an identity header: it carries credentials, which upstreams would take for the client's own; choose another header",
        ],
    ),
    (
        "a certificate that is not there",
        "127.0.0.1:8080",
        "127.0.0.1:8080\n    tls: { certificate: tls.crt, key: tls.key }",
        &[
            "3:25: `tls.crt` cannot be read: No such file or directory (os error 2); paths are relative to this file; name a file that is there",
            "3:39: `tls.key` cannot be read: No such file or directory (os error 2); paths are relative to this file; name a file that is there",
        ],
    ),
    (
        "the admin address on a listener",
        "issuers:\n  corporate",
        "admin: { address: 127.0.0.1:8080 }\nissuers:\n  corporate",
        &["3:19: 127.0.0.1:8080 is used twice; give each listener and `admin` an address of its own"],
    ),
    (
        "a claim that is null",
        "{ scopes: orders:read }",
        "{ claims: { tenant: null } }",
        &["13:31: nothing to compare with; give a value, or `exists: false` for an absent claim"],
    ),
    (
        "a condition of its own language",
        "{ scopes: orders:read }",
        "claims.sub == path.id",
        &["13:11: no policy named `claims.sub == path.id`; known: staff, reader"],
    ),
];

#[tokio::test]
async fn each_mistake_says_what_to_change() {
    let scratch = Scratch::new();
    let mut faults = Vec::new();
    for (name, from, to, expected) in MISTAKES {
        assert!(BASE.contains(from), "{name}: {from}");
        let file = scratch.write("jwtgate.yaml", BASE.replacen(from, to, 1));
        let file = format!("{}:", file.display());
        let run = check(file.trim_end_matches(':')).await;
        let said: Vec<String> =
            run.said().lines().filter(|line| !line.is_empty()).map(|line| line.replace(&file, "")).collect();
        let warned = said.iter().all(|line| line.contains(": warning: "));
        if said != *expected || run.code() != Some(if warned { 0 } else { 2 }) {
            faults.push(format!("{name} ({:?}):\n    {}", run.code(), said.join("\n    ")));
        }
    }
    assert!(faults.is_empty(), "\n{}", faults.join("\n"));
    assert!(MISTAKES.len() >= 20);
}

#[tokio::test]
async fn the_base_of_the_mistakes_has_none() {
    let file = Scratch::new();
    let path = file.write("jwtgate.yaml", BASE);
    let run = Binary::finish(["check", "--strict", path.to_str().unwrap()]).await;
    assert_eq!(run.code(), Some(0), "{}", run.said());
}
