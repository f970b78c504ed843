//! Ten thousand generated requests, decided by the running program and by `explain`: the same status, the same reason, the
//! same route and the same identity headers.

use std::collections::{BTreeMap, HashMap};

use serde_json::{Value, json};

use super::{assert_discreet, decide, head, rules};
use crate::support::world::Setup;
use crate::support::{Client, Issuer, KeyPair};

/// A generator of its own, so that a run can be repeated.
struct Dice(u64);

impl Dice {
    fn below(&mut self, bound: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 % u64::try_from(bound).unwrap()).unwrap()
    }

    fn one<'a, T>(&mut self, of: &'a [T]) -> &'a T {
        &of[self.below(of.len())]
    }
}

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

fn configuration(dice: &mut Dice) -> String {
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
routes:
",
        dice.one(SECTIONS)
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
            "  - name: r{number}\n    match: {{ path: '{path}'{hosts}{methods} }}\n    access: {access}\n    upstream: orders\n{captured}"
        ));
    }
    text
}

fn tokens(corporate: &Issuer, partner: &Issuer) -> Vec<String> {
    let token = corporate.token();
    let with = |name: &str, value: Value| token.clone().claim(name, value).sign();
    let header = |name: &str, value: Value| token.clone().header(name, value).sign();
    let full = token
        .clone()
        .roles(&["clerk", "x"])
        .scope("orders:read a")
        .claim("tenant", "acme")
        .claim("email", "a@b");
    let full = full.claim("realm_access", json!({ "roles": ["admin"] })).claim("scp", json!(["orders:read"]));
    let full = full.claim("address", json!({ "city": "Ulm" }));
    let now = crate::support::token::now();
    let jwe = format!("{}.a.b.c.{}", "eyJhbGciOiJSU0EtT0FFUCIsImVuYyI6IkEyNTZHQ00ifQ", "d".repeat(40));
    let mut all = vec![
        full.sign(),
        full.clone().header("typ", "at+jwt").sign(),
        full.clone().claim("level", 5).sign(),
        full.clone().claim("level", json!({ "a": 5 })).sign(),
        full.clone().claim("tenant", json!(["acme", "b"])).sign(),
        full.clone().claim("tenant", 7).sign(),
        full.clone().claim("tenant", "a\r\nx-user: root").sign(),
        full.clone().roles(&["clerk", "a,b"]).sign(),
        full.clone().audience("billing-api").sign(),
        full.clone().audience(json!(["billing-api", "orders-api"])).sign(),
        full.clone().claim("iat", now - 7_200).sign(),
        full.clone().without("iat").sign(),
        full.clone().without("sub").sign(),
        full.tampered(),
        full.unsigned(),
        token.sign(),
        token.clone().audience("else").sign(),
        token.clone().audience(json!([])).sign(),
        token.clone().without("aud").sign(),
        token.clone().without("exp").sign(),
        token.clone().without("iss").sign(),
        header("kid", json!("unknown")),
        header("kid", json!(partner.key().kid)),
        header("kid", json!(7)),
        header("typ", json!("logout+jwt")),
        header("crit", json!(["x"])),
        header("alg", json!("none")),
        header("alg", json!("RS256")),
        token.clone().forged_with(&KeyPair::hmac("HS256", b"0123456789abcdef0123456789abcdef")),
        token.clone().raw_payload("[]").sign(),
        token.clone().raw_payload("{\"a\":1,\"a\":2}").sign(),
        with("iss", json!(7)),
        with("iss", json!(format!("{}/", corporate.url()))),
        with("iss", json!("http://127.0.0.1:1")),
        with("iss", json!(partner.url())),
        with("exp", json!(now - 94)),
        with("exp", json!("tomorrow")),
        with("exp", json!(now * 1000)),
        with("nbf", json!(now + 3_600)),
        with("iat", json!(now + 3_600)),
        with("aud", json!(7)),
        with("sub", json!(7)),
        with("jti", json!(7)),
        with("roles", json!(7)),
        with("cnf", json!({ "jkt": "x" })),
        with("filler", json!("x".repeat(20_000))),
        partner.token().roles(&["admin"]).claim("tenant", "acme").sign(),
        partner.token().tampered(),
        jwe,
        "b64.part".to_owned(),
        "opaque-1f0c2a5d9b3e4f60".to_owned(),
        "a.b.c".to_owned(),
        format!("{}=", full.sign()),
    ];
    // The good ones more often, so that requirements and identities are reached.
    for _ in 0..12 {
        all.push(full.sign());
        all.push(full.clone().header("typ", "at+jwt").sign());
    }
    all
}

const TARGETS: &[&str] = &[
    "/orders",
    "/orders/",
    "/orders/42",
    "/orders/42?x=1",
    "/Orders/42",
    "/orders/42/lines",
    "/acme/items/7",
    "/acme/items/",
    "/public/a",
    "/public",
    "/Admin",
    "/admin",
    "/a/b/c",
    "/a/b",
    "/",
    "/else/where",
    "/orders//42",
    "/orders/%2e%2e/x",
    "/orders/a%2Fb",
    "/orders/a;b",
    "/orders/%41",
    "/orders/a%20b",
    "/orders/%zz",
];
const REQUEST_METHODS: &[&str] = &["GET", "GET", "GET", "HEAD", "POST", "DELETE", "PUT", "BREW"];
const REQUEST_HOSTS: &[&str] = &[
    "api.example.com",
    "API.example.com.:80",
    "a.b.example.com",
    "other.example.net",
    "localhost",
    "b_d!host",
];

struct Generated {
    method: &'static str,
    host: &'static str,
    target: &'static str,
    fields: Vec<(String, String)>,
    token: String,
}

fn request(dice: &mut Dice, tokens: &[String]) -> Generated {
    let token = dice.one(tokens).clone();
    let field = |value: String| ("authorization".to_owned(), value);
    let mut fields = match dice.below(20) {
        0 | 1 => vec![],
        2 => vec![field(format!("Basic {token}"))],
        3 => vec![field(format!("Bearer Bearer {token}"))],
        4 => vec![field(format!("Bearer {token}")), field(format!("Bearer {token}"))],
        5 => vec![field("Bearer".to_owned())],
        6 => vec![field(format!("bEARER   {token}"))],
        _ => vec![field(format!("Bearer {token}"))],
    };
    if dice.below(4) == 0 {
        fields.push((dice.one(&["x-user", "x_user", "x-tenant"]).to_string(), "forged".to_owned()));
    }
    Generated {
        method: dice.one::<&'static str>(REQUEST_METHODS),
        host: dice.one::<&'static str>(REQUEST_HOSTS),
        target: dice.one::<&'static str>(TARGETS),
        fields,
        token,
    }
}

/// What a gateway made of a request.
#[derive(Debug, PartialEq)]
struct Outcome {
    status: u16,
    reason: String,
    decision: String,
    route: Option<String>,
    headers: BTreeMap<String, String>,
}

const IDENTITY: &[&str] = &["x-user", "x-tenant", "x-roles", "x-claims", "x-issuer", "x-id"];
const ROUNDS: u64 = 5;
const REQUESTS: usize = 2_000;

#[tokio::test]
async fn ten_thousand_requests_are_explained_as_they_are_decided() {
    let mut reasons: HashMap<String, usize> = HashMap::new();
    for round in 1..=ROUNDS {
        for (reason, count) in compare(round.wrapping_mul(0x9e37_79b9_7f4a_7c15)).await {
            *reasons.entry(reason).or_default() += count;
        }
    }
    // The generator must reach what it is for.
    assert_eq!(reasons.values().sum::<usize>(), usize::try_from(ROUNDS).unwrap() * REQUESTS);
    for reason in [
        "allowed",
        "public",
        "target_ambiguous",
        "route_not_found",
        "method_not_allowed",
        "credential_malformed",
        "credential_ambiguous",
        "token_missing",
        "token_too_large",
        "token_malformed",
        "critical_header_unsupported",
        "issuer_unknown",
        "algorithm_not_allowed",
        "token_type_not_allowed",
        "key_unknown",
        "keys_unavailable",
        "signature_invalid",
        "token_expired",
        "token_not_yet_valid",
        "audience_mismatch",
        "claim_missing",
        "claim_malformed",
        "binding_invalid",
        "policy_denied",
        "identity_unsendable",
    ] {
        assert!(reasons.contains_key(reason), "no request came to {reason}: {reasons:?}");
    }
}

async fn compare(seed: u64) -> HashMap<String, usize> {
    let mut dice = Dice(seed);
    let partner = Issuer::start().await;
    let setup = Setup::new().await.set("PARTNER", partner.url());
    let yaml = configuration(&mut dice);
    let mut binary = setup.run(&yaml).await;
    let rules = rules(&setup.scratch.path().join("jwtgate.yaml"));
    let tokens = tokens(&setup.issuer, &partner);
    let client = binary.client().await;
    let mut connection = client.connect().await.unwrap();
    let mut sent = Vec::with_capacity(REQUESTS);
    for number in 0..REQUESTS {
        let generated = request(&mut dice, &tokens);
        let id = format!("request-{number}");
        let client: Client = client.host(generated.host);
        let outgoing =
            client.request(generated.method.parse().unwrap(), generated.target).header("x-request-id", &id);
        let outgoing =
            generated.fields.iter().fold(outgoing, |request, (name, value)| request.header(name, value));
        if connection.is_closed() {
            connection = client.connect().await.unwrap();
        }
        let reply =
            connection.send(outgoing).await.unwrap_or_else(|error| panic!("{yaml}\n{number}: {error}"));
        let explained =
            decide(&rules, &head(generated.method, generated.host, generated.target, &generated.fields))
                .await;
        assert_discreet(&explained, &generated.token);
        sent.push((id, generated, reply.status, explained));
    }
    let lines = eventually!(
        {
            let lines = binary.stdout();
            (lines.len() >= REQUESTS).then_some(lines)
        },
        "not every request was logged"
    );
    let log: HashMap<String, Value> = lines
        .iter()
        .map(|line| serde_json::from_str::<Value>(line).unwrap())
        .map(|line| (line["request_id"].as_str().unwrap().to_owned(), line))
        .collect();
    let requests = setup.upstream.requests();
    let arrived: HashMap<&str, _> =
        requests.iter().map(|one| (one.header("x-request-id").unwrap(), one)).collect();
    let mut reasons = HashMap::new();
    for (id, generated, status, explained) in &sent {
        let line = &log[id];
        let text = |name: &str| line[name].as_str().unwrap_or_default().to_owned();
        let header = |name: &&&str| Some((name.to_string(), arrived.get(&**id)?.header(name)?.to_owned()));
        // On routes that set nothing of a name, nothing of it arrives: the client's own was removed.
        let decided = Outcome {
            status: *status,
            reason: text("auth.reason"),
            decision: text("auth.decision"),
            route: line["http.route"].as_str().map(str::to_owned),
            headers: IDENTITY.iter().filter_map(|name| header(&name)).collect(),
        };
        let told = serde_json::to_value(explained).unwrap();
        let told = Outcome {
            status: u16::try_from(told["status"].as_u64().unwrap()).unwrap(),
            reason: told["reason"].as_str().unwrap().to_owned(),
            decision: told["decision"].as_str().unwrap().to_owned(),
            route: told["route"].as_str().map(str::to_owned),
            headers: explained
                .headers
                .iter()
                .map(|(name, value)| (name.to_ascii_lowercase(), value.clone()))
                .collect(),
        };
        assert_eq!(
            told, decided,
            "told, decided: {} {} {} in\n{yaml}\n{explained}",
            generated.method, generated.host, generated.target
        );
        assert_steps(explained);
        *reasons.entry(decided.reason).or_default() += 1;
    }
    reasons
}

/// The steps say what the decision says: one that failed, where one did, and nothing looked at after it.
fn assert_steps(explained: &jwtgate::explain::Explanation) {
    use jwtgate::explain::{Check, Outcome as Step};
    let steps = explained.steps.iter().filter(|step| !matches!(step.check, Check::Term(_)));
    let steps: Vec<_> = steps.collect();
    let failed: Vec<usize> = (0..steps.len()).filter(|&at| steps[at].outcome == Step::Fail).collect();
    let passes = ["allowed", "public", "anonymous"].contains(&explained.reason);
    assert_eq!(failed.len(), usize::from(!passes), "{explained}");
    if let [at] = failed.as_slice() {
        assert!(steps[at + 1..].iter().all(|step| step.outcome == Step::Skip), "{explained}");
        assert!(steps[*at].expected.is_some() && steps[*at].found.is_some(), "{explained}");
    }
}
