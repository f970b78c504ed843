//! What `explain` has to say beside a refusal.

use serde_json::{Value, json};

use super::{assert_discreet, decide, decide_at, head, rules};
use crate::support::world::Setup;
use crate::support::{Issuer, KeyPair, TokenBuilder};

const RULES: &str = "
issuers:
  corporate:
    issuer: $ISSUER
    audiences: [orders-api]
    algorithms: [ES256]
    roles: roles
    scopes: scope
  partner:
    issuer: $PARTNER
    audiences: [orders-api]
  down:
    issuer: http://127.0.0.1:1
    audiences: [orders-api]
  many:
    issuer: http://127.0.0.1:1/{tenant}
    tenants: [acme]
    audiences: [orders-api]
    keys: { jwks_uri: http://127.0.0.1:1/certs }
routes:
  - name: hosted
    match: { path: /hosted, hosts: [api.example.com] }
    access: authenticated
    upstream: orders
  - name: read
    match: { path: /orders, methods: [GET] }
    access: authenticated
    upstream: orders
  - name: write
    match: { path: '/{things}', methods: [POST] }
    access: authenticated
    upstream: orders
  - name: billing
    match: { path: /billing/a }
    access: { audiences: [billing-api], issuers: [corporate] }
    upstream: orders
  - name: scoped
    match: { path: /scoped/a }
    access: { require: { scopes: { all: ['orders:read'] } } }
    upstream: orders
  - name: ruled
    match: { path: /ruled/a }
    access: { require: { roles: { any: [admin, clerk] }, claims: { level: 5 } } }
    upstream: orders
  - name: tenants
    match: { path: /tenants/a }
    access: { require: { claims: { tenant: { any: [acme, other] } } } }
    upstream: orders
  - name: named
    match: { path: /named/a }
    access: authenticated
    upstream: orders
    identity: { headers: { X-Roles: claims.roles } }
";

struct World {
    rules: jwtgate::config::Rules,
    setup: Setup,
    partner: Issuer,
    now: i64,
}

async fn world() -> World {
    let partner = Issuer::start().await;
    let setup = Setup::new().await.set("PARTNER", partner.url());
    let rules = rules(&setup.write(RULES));
    World { rules, setup, partner, now: crate::support::token::now() }
}

impl World {
    /// The reason, the step that failed, and its hint.
    async fn ask(
        &self,
        method: &str,
        target: &str,
        fields: &[&str],
        token: &str,
    ) -> (String, String, String) {
        let fields: Vec<_> =
            fields.iter().map(|value| ("authorization".to_owned(), (*value).to_owned())).collect();
        let explained = decide_at(&self.rules, &head(method, "localhost", target, &fields), self.now).await;
        assert_discreet(&explained, token);
        let told = serde_json::to_value(&explained).unwrap();
        let steps = told["steps"].as_array().unwrap();
        let failed =
            steps.iter().find(|step| step["outcome"] == "fail").unwrap_or_else(|| panic!("{explained}"));
        let hint = failed["hint"].as_str().unwrap_or_default();
        assert!(explained.to_string().contains(hint), "{explained}");
        (explained.reason.to_owned(), failed["check"].as_str().unwrap().to_owned(), hint.to_owned())
    }
}

#[tokio::test]
#[expect(clippy::too_many_lines, reason = "a table")]
async fn each_mistake_with_a_token_has_its_hint() {
    let world = world().await;
    let url = world.setup.issuer.url().to_owned();
    let token = || world.setup.issuer.token();
    let now = world.now;
    let with = |name: &str, value: Value| token().claim(name, value).sign();
    let foreign = TokenBuilder::new(&url, &world.partner.key()).sign();
    let ours = |token: TokenBuilder| token.sign();
    // With so many letters of its signature.
    let cut = |letters: usize| {
        let whole = token().sign();
        let (signed, signature) = whole.rsplit_once('.').unwrap();
        format!("{signed}.{}", &signature[..letters])
    };
    let cases: Vec<(&str, String, &str, &str, &str)> = vec![
        (
            "/orders",
            with("iss", json!(format!("{url}/"))),
            "issuer_unknown",
            "iss",
            "differs from that of `corporate` by a trailing slash",
        ),
        (
            "/orders",
            with("iss", json!(url.replace("http:", "https:"))),
            "issuer_unknown",
            "iss",
            "what stands before `://`",
        ),
        ("/orders", with("iss", json!(url.to_uppercase())), "issuer_unknown", "iss", "case"),
        ("/orders", with("iss", json!("https://elsewhere.example.com")), "issuer_unknown", "iss", ""),
        // What is near to an issuer comes before what may be a tenant of another.
        (
            "/orders",
            with("iss", json!("http://127.0.0.1:1/")),
            "issuer_unknown",
            "iss",
            "differs from that of `down` by a trailing slash",
        ),
        (
            "/orders",
            with("iss", json!("http://127.0.0.1:1/acme/")),
            "issuer_unknown",
            "iss",
            "differs from that of `many` by a trailing slash",
        ),
        (
            "/orders",
            with("iss", json!("http://127.0.0.1:1/bolt")),
            "issuer_unknown",
            "iss",
            "of a tenant that `many` does not list",
        ),
        ("/orders", foreign, "key_unknown", "key", "belongs to issuer `partner`"),
        ("/orders", ours(token().header("kid", "nobody's")), "key_unknown", "key", "withdrawn"),
        (
            "/orders",
            with("exp", json!(now - 94)),
            "token_expired",
            "exp",
            "the token expired 94 s ago; if the clocks differ",
        ),
        (
            "/orders",
            with("exp", json!(now - 864_000)),
            "token_expired",
            "exp",
            "expired 10 days ago; the client must get a new one",
        ),
        ("/orders", with("exp", json!(now * 1000)), "claim_malformed", "exp", "milliseconds"),
        ("/orders", with("exp", json!("4102444800")), "claim_malformed", "exp", "`exp` is a string"),
        ("/orders", with("exp", json!(1e300)), "claim_malformed", "exp", ""),
        ("/orders", with("nbf", json!("1")), "claim_malformed", "nbf", "`nbf` is a string"),
        ("/orders", with("nbf", json!(now + 3_600)), "token_not_yet_valid", "nbf", "if the clocks differ"),
        ("/orders", with("iat", json!(now + 3_600)), "token_not_yet_valid", "iat", "if the clocks differ"),
        (
            "/orders",
            with("aud", json!("orders-api/")),
            "audience_mismatch",
            "aud",
            "differs from `orders-api` by a trailing slash",
        ),
        (
            "/orders",
            with("aud", json!("https://orders-api")),
            "audience_mismatch",
            "aud",
            "what stands before `://`",
        ),
        (
            "/orders",
            ours(token().audience("web").claim("azp", "web").claim("nonce", "n")),
            "audience_mismatch",
            "aud",
            "looks like an ID token",
        ),
        ("/billing/a", token().sign(), "audience_mismatch", "aud", "the route narrows them"),
        (
            "/orders",
            ours(token().header("typ", "logout+jwt")),
            "token_type_not_allowed",
            "typ",
            "logout token",
        ),
        ("/orders", ours(token().header("alg", "none")), "algorithm_not_allowed", "alg", "not signed at all"),
        (
            "/orders",
            ours(token().header("alg", "es256")),
            "algorithm_not_allowed",
            "alg",
            "case-sensitive: ES256",
        ),
        (
            "/orders",
            token().forged_with(&KeyPair::hmac("HS256", b"0123456789abcdef0123456789abcdef")),
            "algorithm_not_allowed",
            "alg",
            "a shared secret has signed it",
        ),
        (
            "/orders",
            ours(token().header("alg", "Ed25519")),
            "algorithm_not_allowed",
            "alg",
            "EdDSA (RFC 8037",
        ),
        ("/orders", ours(token().header("cty", "JWT")), "token_malformed", "form", ""),
        ("/orders", cut(0), "signature_invalid", "signature", "the signature is missing"),
        ("/orders", cut(40), "signature_invalid", "signature", "cut short: its signature has 30 bytes"),
        ("/orders", token().tampered(), "signature_invalid", "signature", "changed after it was signed"),
        (
            "/orders",
            "6f1ed002ab5595859014ebf0951522d9".to_owned(),
            "token_malformed",
            "form",
            "JWT access tokens",
        ),
        (
            "/orders",
            format!("{}.aaaa.bbbb.cccc.dddd", "eyJhbGciOiJSU0EtT0FFUCJ9"),
            "token_malformed",
            "form",
            "without encrypting",
        ),
        ("/orders", ours(token().claim("cnf", json!({ "jkt": "x" }))), "binding_invalid", "cnf", "DPoP"),
        (
            "/orders",
            ours(token().claim("cnf", Value::Null)),
            "binding_invalid",
            "cnf",
            "`cnf` is there and null",
        ),
        ("/orders", with("sub", json!(7)), "claim_malformed", "required_claims", "is a string"),
        (
            "/orders",
            with("iss", json!("http://127.0.0.1:1")),
            "keys_unavailable",
            "key",
            "the keys of `down` cannot be had: no keys yet",
        ),
        (
            "/scoped/a",
            with("scp", json!(["orders:read"])),
            "policy_denied",
            "policy",
            "the token has `scp`, this issuer reads `scope`",
        ),
        (
            "/scoped/a",
            ours(token().scope("Orders:Read")),
            "policy_denied",
            "policy",
            "names compare with case",
        ),
        (
            "/ruled/a",
            with("realm_access", json!({ "roles": ["admin"] })),
            "policy_denied",
            "policy",
            "the roles are at `realm_access.roles`, this issuer reads `roles`",
        ),
        (
            "/ruled/a",
            with("https://example.com/roles", json!(["admin"])),
            "policy_denied",
            "policy",
            "`https://example.com/roles`",
        ),
        (
            "/ruled/a",
            with("role", json!("admin")),
            "policy_denied",
            "policy",
            "the roles are at `role`, this issuer reads `roles`",
        ),
        (
            "/ruled/a",
            with("roles", json!("clerks,admin")),
            "policy_denied",
            "policy",
            "the token has \"clerks,admin\" as one name",
        ),
        (
            "/ruled/a",
            with("roles", json!(["clerks admin"])),
            "policy_denied",
            "policy",
            "have the issuer send a list",
        ),
        (
            "/scoped/a",
            ours(token().scope("orders:read,orders:write")),
            "policy_denied",
            "policy",
            "as one name, and commas and blanks in it separate nothing",
        ),
        (
            "/tenants/a",
            with("tenant", json!("ACME")),
            "policy_denied",
            "policy",
            "the token has ACME, the rule asks for acme; values compare with case",
        ),
        ("/tenants/a", with("tenant", json!(["Acme", "b"])), "policy_denied", "policy", "has Acme, the rule"),
        ("/tenants/a", with("tenant", json!("bolt")), "policy_denied", "policy", ""),
        (
            "/orders",
            ours(token().without("aud").claim("client_id", "orders-api")),
            "claim_missing",
            "aud",
            "orders-api is the token's `client_id`, which names the client",
        ),
        ("/orders", ours(token().without("aud").claim("client_id", "another")), "claim_missing", "aud", ""),
        (
            "/orders",
            ours(token().audience("account").claim("azp", "orders-api")),
            "audience_mismatch",
            "aud",
            "orders-api is the token's `azp`, which names the client that asked for it",
        ),
        (
            "/orders",
            ours(token().header("alg", "PS256")),
            "algorithm_not_allowed",
            "alg",
            "`algorithms` of `corporate` are ES256; if its tokens are meant to have PS256, add it there",
        ),
        ("/named/a", ours(token().roles(&["a"])), "identity_unsendable", "identity", "`json` or `base64url`"),
    ];
    for (target, token, reason, check, hint) in cases {
        let found = world.ask("GET", target, &[&format!("Bearer {token}")], &token).await;
        assert_eq!((found.0.as_str(), found.1.as_str()), (reason, check), "{hint}: {found:?}");
        assert!(
            found.2.contains(hint) && found.2.is_empty() == hint.is_empty(),
            "{reason}: {hint:?}, not {:?}",
            found.2
        );
    }
}

#[tokio::test]
async fn a_credential_that_cannot_be_read_has_its_hint() {
    let world = world().await;
    let token = world.setup.issuer.token().sign();
    for (fields, reason, hint) in [
        (vec![], "token_missing", ""),
        (vec![format!("Bearer Bearer {token}")], "credential_malformed", "`Bearer` is there twice"),
        (vec![format!("Bearer \"{token}\"")], "credential_malformed", "quoted"),
        (vec!["Bearer".to_owned()], "credential_malformed", "nothing stands behind"),
        (vec![format!("Bearer {token} x")], "credential_malformed", "more than one text"),
        (vec![token.clone()], "token_missing", "bare token"),
        (
            vec![format!("Bearer: {token}")],
            "credential_malformed",
            "a colon or an equals sign stands behind `Bearer`",
        ),
        (
            vec![format!("Bearer:{token}")],
            "credential_malformed",
            "a colon or an equals sign stands behind `Bearer`",
        ),
        (
            vec![format!("Bearer{token}")],
            "token_missing",
            "a space is missing between `Bearer` and the token",
        ),
        (vec![format!("Bearer = {token}")], "credential_malformed", "write `Authorization: Bearer TOKEN`"),
        (vec!["Basic dTpw".to_owned()], "token_missing", "other schemes"),
        (vec![format!("Bearer {token}"); 2], "credential_ambiguous", "carries several"),
    ] {
        let fields: Vec<&str> = fields.iter().map(String::as_str).collect();
        let found = world.ask("GET", "/orders", &fields, &token).await;
        assert_eq!((found.0.as_str(), found.1.as_str()), (reason, "credential"), "{found:?}");
        assert!(
            found.2.contains(hint) && found.2.is_empty() == hint.is_empty(),
            "{reason}: {hint:?}, not {:?}",
            found.2
        );
    }
}

/// Told is where the token stands and where it belongs, and not the token.
#[tokio::test]
async fn a_token_in_another_place_is_found() {
    let setup = Setup::new().await;
    let rules = rules(&setup.write(
        "routes:
  - { name: all, match: { path: /all }, access: authenticated, upstream: orders }
  - { name: own, match: { path: /own }, access: authenticated, upstream: orders, credentials: [{ cookie: session }, { header: X-Api-Token }] }
",
    ));
    let token = setup.issuer.token().sign();
    let bearer = format!("Bearer {token}");
    let cookie = format!("a=b; sess={token}");
    for (target, fields, hint) in [
        ("/all", vec![], ""),
        ("/all?a=b.c.d&access=x", vec![("x-a", "a.b.c"), ("cookie", "a=b.c.d"), ("x-auth-token", "")], ""),
        (
            &format!("/all?a=b&access_token={token}"),
            vec![],
            "stands in the parameter `access_token` of the query, where this route does not look; send it in the field \
             Authorization",
        ),
        ("/all?access_token=opaque", vec![], "the parameter `access_token`"),
        (&format!("/all?t={token}"), vec![], "the parameter `t`"),
        ("/all", vec![("cookie", &*cookie)], "stands in the cookie `sess`"),
        ("/all", vec![("x-auth-token", "opaque")], "stands in the header `x-auth-token`"),
        ("/all", vec![("x-forwarded-access-token", &*token)], "the header `x-forwarded-access-token`"),
        ("/all", vec![("x-anything", &*bearer)], "the header `x-anything`"),
        (
            "/own",
            vec![("cookie", &*cookie)],
            "the cookie `sess`, where this route does not look; send it in the cookie `session`, or the header `x-api-token`",
        ),
    ] {
        let fields: Vec<_> =
            fields.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        let explained = decide(&rules, &head("GET", "localhost", target, &fields)).await;
        assert_discreet(&explained, &token);
        assert_eq!(explained.reason, "token_missing", "{explained}");
        let step = explained.steps.iter().find(|step| step.check.name() == "credential").unwrap();
        let found = step.hint.as_deref().unwrap_or_default();
        assert!(found.contains(hint) && found.is_empty() == hint.is_empty(), "{target}: {explained}");
    }
}

#[tokio::test]
async fn a_route_that_was_just_missed_is_named() {
    let world = world().await;
    for (method, target, reason, check, hint) in [
        (
            "PUT",
            "/orders",
            "method_not_allowed",
            "method",
            "route 2, `read` (GET, HEAD /orders), would have matched but for the method",
        ),
        ("POST", "/orders", "method_not_allowed", "method", "route 3, `write`, takes it, but is not asked"),
        ("GET", "/hosted", "method_not_allowed", "method", "route 3, `write`"),
        ("GET", "/hosted/", "method_not_allowed", "method", "route 3"),
        (
            "GET",
            "/scoped/A",
            "route_not_found",
            "route",
            "route 5, `scoped` (/scoped/a), would have matched but for upper and lower case",
        ),
        ("GET", "/scoped/a/b", "route_not_found", "route", "but for a trailing segment"),
        ("GET", "/no/such/place", "route_not_found", "route", ""),
        ("GET", "/a//b", "target_ambiguous", "target", ""),
    ] {
        let found = world.ask(method, target, &[], "").await;
        assert_eq!((found.0.as_str(), found.1.as_str()), (reason, check), "{method} {target}: {found:?}");
        assert!(
            found.2.contains(hint) && found.2.is_empty() == hint.is_empty(),
            "{target}: {hint:?}, not {:?}",
            found.2
        );
    }
    // The host of an earlier route, where a later one was found.
    let explained = decide(&world.rules, &head("POST", "localhost", "/hosted", &[])).await;
    assert_eq!(explained.route.as_deref(), Some("write"));
    let route = explained.steps.iter().find(|step| step.check.name() == "route").unwrap();
    let hint = route.hint.as_deref().unwrap_or_default();
    assert!(
        hint.contains("route 1, `hosted`") && hint.contains("but for the host, it is for api.example.com"),
        "{hint:?}"
    );
}

/// The end of the chain is what an operator needs.
#[tokio::test]
async fn why_keys_cannot_be_had_is_told_to_its_end() {
    let world = world().await;
    let token = world.setup.issuer.token().claim("iss", json!("http://127.0.0.1:1")).sign();
    let field = format!("Bearer {token}");
    let (reason, check, hint) = world.ask("GET", "/orders", &[&field], &token).await;
    assert_eq!((reason.as_str(), check.as_str()), ("keys_unavailable", "key"));
    assert!(hint.contains("(1 in a row): ") && hint.contains("onnection refused"), "{hint}");
    assert!(!hint.contains('…'), "{hint}");
}

/// `null` stands in the token, and may be what is wrong with it; who is told that it is absent looks in the wrong place.
#[tokio::test]
async fn a_claim_that_is_null_is_told_as_null() {
    let world = world().await;
    let token = || world.setup.issuer.token().roles(&["admin"]).claim("level", 5);
    let absent = |name: &str| token().without(name).sign();
    let null = |name: &str| token().claim(name, Value::Null).sign();
    for (token, check, found) in [
        (null("sub"), "required_claims", "`sub` is null"),
        (null("jti"), "required_claims", "`jti` is null"),
        (token().claim("roles", json!([null])).sign(), "required_claims", "`roles` is [null]"),
        (null("iss"), "iss", "null"),
        (null("cnf"), "cnf", "null"),
        (absent("iss"), "iss", "absent"),
        (null("aud"), "aud", "null"),
        (absent("aud"), "aud", "absent"),
        (null("exp"), "exp", "null"),
        (absent("exp"), "exp", "absent"),
        (null("nbf"), "nbf", "null"),
        (token().header("crit", Value::Null).sign(), "crit", "null"),
        (null("level"), "policy.claims.level", "null"),
        (absent("level"), "policy.claims.level", "absent"),
    ] {
        let fields = [("authorization".to_owned(), format!("Bearer {token}"))];
        let explained =
            decide_at(&world.rules, &head("GET", "localhost", "/ruled/a", &fields), world.now).await;
        let told = serde_json::to_value(&explained).unwrap();
        let steps = told["steps"].as_array().unwrap();
        let step = steps.iter().find(|step| step["check"] == check).unwrap_or_else(|| panic!("{explained}"));
        assert_eq!((&step["outcome"], &step["found"]), (&json!("fail"), &json!(found)), "{explained}");
    }
}

/// A secret signs in place of a private key, or the other way round.
#[tokio::test]
async fn tokens_of_the_other_kind_of_key_have_their_hint() {
    let secret = KeyPair::hmac("HS256", &[b'k'; 64]);
    let setup = Setup::new().await;
    setup.scratch.write("hs256", secret.secret());
    let rules = rules(&setup.write(
        "
issuers:
  corporate: { issuer: $ISSUER, audiences: [orders-api], algorithms: [ES256] }
  machines: { issuer: 'https://machines.example.com', audiences: [orders-api], keys: { secret: { file: hs256 } } }
routes:
  - { name: all, match: { path: /** }, access: authenticated, upstream: orders }
",
    ));
    let machines = TokenBuilder::new("https://machines.example.com", &secret);
    for (token, hint) in [
        (
            setup.issuer.token().forged_with(&secret.clone().with_alg("HS512")),
            "this issuer's keys are public ones",
        ),
        (
            machines.clone().header("alg", "HS512").signed_with(&secret.clone().with_alg("HS512")),
            "add it to `algorithms` of `machines`",
        ),
        (machines.forged_with(&KeyPair::generate("RS256")), "the keys of `machines` are a shared secret"),
    ] {
        let fields = [("authorization".to_owned(), format!("Bearer {token}"))];
        let explained = decide(&rules, &head("GET", "localhost", "/a", &fields)).await;
        assert_eq!(explained.reason, "algorithm_not_allowed", "{explained}");
        let step = explained.steps.iter().find(|step| step.check.name() == "alg").unwrap();
        assert!(step.hint.as_ref().is_some_and(|found| found.contains(hint)), "{hint}: {explained}");
    }
}

/// Strings stand between quotes, so that what looks alike can be told apart.
#[tokio::test]
async fn what_looks_alike_is_told_apart() {
    let world = world().await;
    let url = world.setup.issuer.url().to_owned();
    let token = || world.setup.issuer.token();
    let cases = [
        ("/orders", token().claim("iss", format!("{url} ")), "iss", format!("\"{url} \"")),
        ("/orders", token().claim("iss", ""), "iss", "\"\"".to_owned()),
        ("/orders", token().claim("iss", Value::Null), "iss", "null".to_owned()),
        ("/orders", token().without("iss"), "iss", "absent".to_owned()),
        ("/orders", token().claim("aud", "absent"), "aud", "\"absent\"".to_owned()),
        ("/orders", token().claim("aud", Value::Null), "aud", "null".to_owned()),
        ("/orders", token().claim("exp", "1"), "exp", "\"1\"".to_owned()),
        ("/orders", token().header("kid", ""), "key", "kid \"\"".to_owned()),
        ("/orders", token().header("typ", " JWT"), "typ", "\" JWT\"".to_owned()),
        ("/orders", token().header("alg", "ES256 "), "alg", "\"ES256 \"".to_owned()),
        (
            "/ruled/a",
            token().roles(&["admin"]).claim("level", "5"),
            "policy.claims.level",
            "\"5\"".to_owned(),
        ),
        ("/ruled/a", token().roles(&["admin"]).claim("level", 6), "policy.claims.level", "6".to_owned()),
        ("/ruled/a", token().roles(&["admin "]), "policy.roles", "[\"admin \"]".to_owned()),
    ];
    for (target, token, check, found) in cases {
        let fields = [("authorization".to_owned(), format!("Bearer {}", token.sign()))];
        let explained = decide_at(&world.rules, &head("GET", "localhost", target, &fields), world.now).await;
        let step = explained.steps.iter().find(|step| step.check.name() == check).unwrap();
        assert_eq!(step.found.as_deref(), Some(found.as_str()), "{check}: {explained}");
    }
    let fields = [("authorization".to_owned(), format!("Bearer {}", token().claim("aud", "x").sign()))];
    let explained = decide_at(&world.rules, &head("GET", "localhost", "/orders", &fields), world.now).await;
    assert!(explained.to_string().contains("\"x\" (expected: one of \"orders-api\")"), "{explained}");
}

#[tokio::test]
async fn a_requirement_is_told_term_by_term() {
    let world = world().await;
    let fields = |token: String| vec![("authorization".to_owned(), format!("Bearer {token}"))];
    let token = world.setup.issuer.token().roles(&["clerk"]).claim("level", json!({ "a": 5 })).sign();
    let explained = decide(&world.rules, &head("GET", "localhost", "/ruled/a", &fields(token))).await;
    assert_eq!(explained.reason, "policy_denied");
    assert_eq!(explained.subject.as_deref(), Some("alice"));
    let told = serde_json::to_value(&explained).unwrap();
    let terms: Vec<_> = told["steps"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|step| step["check"].as_str().unwrap().starts_with("policy."))
        .map(|step| {
            [&step["check"], &step["outcome"], &step["expected"], &step["found"]]
                .map(|text| text.as_str().unwrap_or_default())
        })
        .collect();
    assert_eq!(
        terms,
        [
            ["policy.roles", "pass", "any of \"admin\", \"clerk\"", "[\"clerk\"]"],
            ["policy.claims.level", "fail", "any of 5", "{\"a\":5}"],
        ]
    );
    assert!(explained.to_string().contains("cannot be compared"), "{explained}");
}

/// Why a condition is false is mostly told by what it names.
#[tokio::test]
async fn a_condition_that_is_false_is_told_with_its_values() {
    let setup = Setup::new().await;
    let rules = rules(&setup.write(
        "routes:
  - name: own
    match: { path: '/users/{user}' }
    access: { require: { when: 'claims.sub == path.user && claims.org.name.startsWith(\"a\") && claims.level > 2 && !has(claims.locked)' } }
    upstream: orders
",
    ));
    let token =
        setup.issuer.token().subject("8").claim("org", json!({ "name": "b" })).claim("level", 3).sign();
    let fields = [("authorization".to_owned(), format!("Bearer {token}"))];
    let explained = decide(&rules, &head("GET", "localhost", "/users/7", &fields)).await;
    let step = explained.steps.iter().find(|step| step.check.name() == "policy.when").unwrap();
    assert_eq!(
        step.hint.as_deref(),
        Some(
            "claims.sub is \"8\", path.user is \"7\", claims.org.name is \"b\", claims.level is 3, claims.locked is absent"
        ),
        "{explained}"
    );
    let right =
        setup.issuer.token().subject("7").claim("org", json!({ "name": "ab" })).claim("level", 3).sign();
    let fields = [("authorization".to_owned(), format!("Bearer {right}"))];
    let explained = decide(&rules, &head("GET", "localhost", "/users/7", &fields)).await;
    let step = explained.steps.iter().find(|step| step.check.name() == "policy.when").unwrap();
    assert_eq!((explained.reason, &step.hint), ("allowed", &None), "{explained}");
}

/// ASN.1: a sequence of two integers.
fn der(signature: &[u8]) -> Vec<u8> {
    let integer = |bytes: &[u8]| {
        let bytes: Vec<u8> = bytes.iter().copied().skip_while(|&byte| byte == 0).collect();
        let sign = bytes.first().is_none_or(|&byte| byte >= 0x80).then_some(0);
        let bytes: Vec<u8> = sign.into_iter().chain(bytes).collect();
        [vec![0x02, u8::try_from(bytes.len()).unwrap()], bytes].concat()
    };
    let (r, s) = signature.split_at(signature.len() / 2);
    let inside = [integer(r), integer(s)].concat();
    [vec![0x30, u8::try_from(inside.len()).unwrap()], inside].concat()
}

/// A hint on a key is true of the keys that are there.
#[tokio::test]
async fn hints_on_keys_say_what_is_so() {
    let (own, other, tenant) =
        (KeyPair::generate("ES256"), KeyPair::generate("ES256"), KeyPair::generate("ES256"));
    let [own, other, tenant] = [own.with_kid("r1"), other.with_kid("r1"), tenant.with_kid("t")];
    let with = |kid: &str, members: Value| {
        let mut jwk = own.clone().with_kid(kid).jwk();
        jwk.as_object_mut().unwrap().extend(members.as_object().unwrap().clone());
        jwk
    };
    let setup = Setup::new().await;
    let keys = json!({"keys": [
        own.jwk(),
        with("enc", json!({"use": "enc"})),
        with("ops", json!({"use": null, "key_ops": ["sign"]})),
        with("alg", json!({"alg": "ES256K"})),
    ]});
    setup.scratch.write("own.json", keys.to_string());
    setup
        .scratch
        .write("other.json", json!({"keys": [other.jwk(), other.clone().with_kid("r2").jwk()]}).to_string());
    let mut of_tenant = tenant.jwk();
    of_tenant["issuer"] = json!("https://t.example.com/a/v2.0");
    setup.scratch.write("tenants.json", json!({"keys": [of_tenant]}).to_string());
    let rules = rules(&setup.write(
        "
issuers:
  own: { issuer: 'https://own.example.com', audiences: [orders-api], keys: { jwks_file: own.json }, required_claims: [tier] }
  other: { issuer: 'https://other.example.com', audiences: [orders-api], keys: { jwks_file: other.json } }
  tenants:
    issuer: https://t.example.com/{tenant}/v2.0
    tenants: [a, b]
    audiences: [orders-api]
    keys: { jwks_file: tenants.json }
routes:
  - { name: all, match: { path: /** }, access: authenticated, upstream: orders }
",
    ));
    let token = || TokenBuilder::new("https://own.example.com", &own).claim("tier", 1);
    let message = token().message();
    let encoded = |signature: &[u8]| format!("{message}.{}", crate::support::keypair::base64url(signature));
    let out_of_range = token().claims_json().replacen('{', "{\"n\":1e400,", 1);
    for (token, reason, check, hint) in [
        (token().tampered(), "signature_invalid", "signature", "changed after it was signed"),
        (
            token().signed_with(&other),
            "signature_invalid",
            "signature",
            "a key of issuer `other` has made the signature",
        ),
        (encoded(&der(&own.sign(message.as_bytes()))), "signature_invalid", "signature", "encoded in DER"),
        (encoded(&[0x30; 64]), "signature_invalid", "signature", "changed after it was signed"),
        (token().header("kid", "r2").sign(), "key_unknown", "key", "belongs to issuer `other`"),
        (token().header("kid", "r3").sign(), "key_unknown", "key", "no such key in the file"),
        (
            token().header("kid", "enc").sign(),
            "key_unknown",
            "key",
            "left out: it is not for verifying signatures",
        ),
        (
            token().header("kid", "ops").sign(),
            "key_unknown",
            "key",
            "left out: it is not for verifying signatures",
        ),
        (token().header("kid", "alg").sign(), "key_unknown", "key", "an algorithm that is not known here"),
        (
            TokenBuilder::new("https://t.example.com/b/v2.0", &tenant).sign(),
            "key_unsuitable",
            "key",
            "the key is of https://t.example.com/a/v2.0 alone",
        ),
        (
            token().header("alg", "ES384").sign(),
            "key_unsuitable",
            "key",
            "is for ES256, and the token says ES384",
        ),
        (token().raw_payload(out_of_range).sign(), "token_malformed", "form", ""),
        (token().without("tier").sign(), "claim_missing", "required_claims", "put `tier` into"),
    ] {
        let fields = [("authorization".to_owned(), format!("Bearer {token}"))];
        let explained = decide(&rules, &head("GET", "localhost", "/a", &fields)).await;
        assert_discreet(&explained, &token);
        assert_eq!(explained.reason, reason, "{explained}");
        let step = explained.steps.iter().find(|step| step.check.name() == check).unwrap();
        let found = step.hint.as_deref().unwrap_or_default();
        assert!(found.contains(hint) && found.is_empty() == hint.is_empty(), "{hint}: {explained}");
    }
    for (token, check, found) in [
        (token().claim("tier", Value::Null).sign(), "required_claims", "`tier` is null"),
        (token().without("tier").sign(), "required_claims", "`tier` is absent"),
        (
            token().raw_payload(token().claims_json().replacen('{', "{\"n\":1e400,", 1)).sign(),
            "form",
            "its payload holds a number out of range",
        ),
        (token().header("cty", "application/jwt").sign(), "form", "says that its payload is another token"),
        (token().header("cty", 1).sign(), "form", "`cty` in its header is not a string"),
    ] {
        let fields = [("authorization".to_owned(), format!("Bearer {token}"))];
        let explained = decide(&rules, &head("GET", "localhost", "/a", &fields)).await;
        let step = explained.steps.iter().find(|step| step.check.name() == check).unwrap();
        assert!(step.found.as_ref().is_some_and(|text| text.contains(found)), "{found}: {explained}");
    }
}
