//! Generated configurations: a few routes that overlap, with everything that a route may have.

use crate::support::Dice;

const PATHS: &[&str] = &[
    "/orders",
    "/orders/{id}",
    "/orders/**",
    "/{tenant}/items/{id}",
    "/public/**",
    "/Admin",
    "/a/b/c",
    "/a/**",
    "/**",
];
const METHODS: &[&str] = &["", "", ", methods: [GET]", ", methods: [POST, PUT]", ", methods: [DELETE]"];
const HOSTS: &[&str] = &[
    "",
    "",
    "",
    ", hosts: [api.example.com]",
    ", hosts: ['*.example.com']",
    ", hosts: [other.example.net, localhost]",
];
const ACCESSES: &[&str] = &[
    "public",
    "optional",
    "authenticated",
    "{ require: staff }",
    "{ require: [staff, reader] }",
    "{ require: { scopes: { all: ['orders:read'] } } }",
    "{ require: { claims: { tenant: acme } }, issuers: [corporate] }",
    "{ require: { not: { claims: { level: 5 } } } }",
    "{ require: { any_of: [staff, { claims: { tenant: { matches: 'a.*' } } }] } }",
    "{ require: { claims: { email: { exists: true }, tenant: { none: [evil] } } } }",
    "{ issuers: [partner] }",
    "{ audiences: [billing-api] }",
    "{ require: staff, candidate: reader }",
    "{ require: staff, enforcement: observe }",
    "{ require: { scopes: 'orders:read' }, audiences: [orders-api], enforcement: observe, candidate: staff }",
    "{ require: { when: 'claims.tenant == \"acme\" || \"admin\" in roles' } }",
    "{ require: { when: 'claims.level + 1 > 3' } }",
    "{ require: { not: { when: 'request.path.startsWith(\"/orders\") && request.method == \"POST\"' } } }",
    "{ require: { any_of: [staff, { when: 'now < timestamp(claims.exp) && issuer == \"corporate\" && request.host != \"x\"' }] } }",
    "{ require: { when: 'request.headers.all(name, name != \"x-seen\")' } }",
];
const IDENTITIES: &[&str] = &[
    "",
    "",
    "    identity: { headers: { X-User: claims.sub }, forward_token: true }\n",
    "    identity: { headers: { X-Tenant: claims.tenant, X-Roles: { from: roles, format: csv } } }\n",
    "    identity: { headers: { X-Claims: { from: claims.address, format: base64url }, X-Issuer: issuer } }\n",
];
const SECTIONS: &[&str] = &[
    "",
    "    max_age: 1h\n",
    "    required_claims: [sub, tenant]\n",
    "    algorithms: [RS256, ES256]\n    clock_skew: 0s\n",
    "    token_types: [at+jwt]\n",
    "    roles: realm_access.roles\n    scopes: scp\n",
];

/// Where tokens may be: of all routes, and of one.
const PLACES: &[&str] = &[
    "",
    "credentials: [authorization, { cookie: access }]\n",
    "credentials: [authorization, { cookie: access }, { header: X-Api-Token }, { query: access_token }]\n",
];
const OWN_PLACES: &[&str] = &[
    "",
    "",
    "",
    "    credentials: [{ cookie: access }, authorization]\n",
    "    credentials: [{ header: X-Api-Token }]\n",
    "    credentials: [{ query: access_token }]\n",
];
const CORS: &[&str] = &[
    "",
    "",
    "    cors: { origins: ['https://app.example.com'], headers: [Authorization], methods: [PUT] }\n",
    "    cors: { origins: ['https://app.example.com', 'http://other.example.net'], headers: [Authorization], credentials: true }\n",
    "    cors: { origins: ['*'], headers: [Authorization] }\n",
];
const DATA: &[&str] =
    &["", "", "    path: { allow: [encoded_slash] }\n", "    path: { allow: [encoded_slash, parameters] }\n"];

pub(super) fn configuration(dice: &mut Dice) -> String {
    let mut text = format!(
        "issuers:
  corporate:
    issuer: $ISSUER
    audiences: [orders-api, billing-api]
{}  partner:
    issuer: $PARTNER
    audiences: [orders-api]
  down:
    issuer: http://127.0.0.1:1
    audiences: [orders-api]
    keys: {{ discovery: {{}}, on_start: degrade }}
policies:
  staff: {{ roles: {{ any: [admin, clerk] }} }}
  reader: {{ scopes: {{ any: ['orders:read', 'orders:list'] }} }}
identity:
  headers: {{ X-User: claims.sub, X-Tenant: claims.tenant }}
{}routes:
",
        dice.one(SECTIONS),
        dice.one(PLACES)
    );
    for number in 0..4 + dice.below(6) {
        let path = *dice.one(PATHS);
        let captured = if path.contains("{id}") && dice.below(2) == 0 {
            "    identity: { headers: { X-User: claims.sub, X-Id: path.id } }\n"
        } else {
            *dice.one(IDENTITIES)
        };
        let (hosts, methods, access) = (dice.one(HOSTS), dice.one(METHODS), dice.one(ACCESSES));
        text.push_str(&format!(
            "  - name: r{number}\n    match: {{ path: '{path}'{hosts}{methods} }}\n    access: {access}\n    upstream: orders\n{captured}{}{}{}",
            if *access == "public" { &"" } else { dice.one(OWN_PLACES) },
            dice.one(CORS),
            dice.one(DATA)
        ));
    }
    text
}
