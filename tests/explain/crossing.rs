//! Preflights, places of a token, pages of other origins, paths that hold data, and conditions: told as `run` decides.

use jwtgate::explain::{Explanation, Outcome};
use serde_json::{Value, json};

use super::{assert_discreet, decide, head, rules};
use crate::support::world::Setup;

const RULES: &str = "
listeners:
  - address: 127.0.0.1:0
    tls: { certificate: no.crt, key: no.key }
credentials: [authorization, { cookie: access }]
routes:
  - name: read
    match: { path: '/orders/{id}', methods: [GET] }
    access: authenticated
    upstream: orders
    cors: { origins: ['https://app.example.com'], headers: [Authorization] }
  - name: write
    match: { path: '/orders/{id}', methods: [PUT] }
    access: authenticated
    upstream: orders
    cors: { origins: ['https://admin.example.com'], headers: [Authorization], credentials: true }
  - name: form
    match: { path: '/forms/{id}' }
    access: authenticated
    upstream: orders
    cors: { origins: ['https://admin.example.com'], methods: [GET], credentials: true }
  - name: strict
    match: { path: '/files/{name}' }
    access: authenticated
    upstream: orders
  - name: partner
    match: { path: /partner }
    access: authenticated
    upstream: orders
    credentials: [{ header: X-Partner }, { query: access_token }]
  - name: ruled
    match: { path: '/ruled/{id}' }
    access: { require: { when: 'claims.level > 3 && path.id == claims.sub' } }
    upstream: orders
  - name: negated
    match: { path: /negated }
    access: { require: { not: { when: 'claims.level > 3' } } }
    upstream: orders
";

/// The step of this check.
fn step<'a>(explained: &'a Explanation, check: &str) -> &'a jwtgate::explain::Step {
    let found = explained.steps.iter().find(|step| step.check.name() == check);
    found.unwrap_or_else(|| panic!("no step {check}: {explained}"))
}

fn fields(given: &[(&str, &str)], token: &str) -> Vec<(String, String)> {
    given.iter().map(|(name, value)| ((*name).to_owned(), value.replace("$T", token))).collect()
}

#[tokio::test]
async fn a_preflight_is_decided_by_the_route_that_it_asks_about() {
    let setup = Setup::new().await;
    let rules = rules(&setup.write(RULES));
    let ask = async |path: &str, origin: &str, method: &str| {
        let given = [("origin", origin), ("access-control-request-method", method)];
        decide(&rules, &head("OPTIONS", "localhost", path, &fields(&given, ""))).await
    };
    for (origin, method, status, reason, route) in [
        ("https://app.example.com", "GET", 204, "public", "read"),
        ("https://admin.example.com", "PUT", 204, "public", "write"),
        ("https://admin.example.com", "GET", 403, "cross_site", "read"),
        ("null", "PUT", 403, "cross_site", "write"),
    ] {
        let explained = ask("/orders/1", origin, method).await;
        let answer = (explained.status, explained.reason, explained.route.as_deref());
        assert_eq!(answer, (status, reason, Some(route)), "{explained}");
        let last = step(&explained, "preflight");
        assert_eq!(last.outcome == Outcome::Pass, status == 204, "{explained}");
        assert_eq!(last.found.as_deref(), Some(origin));
        let found = step(&explained, "method").found.as_deref().unwrap();
        assert_eq!(found, format!("{method}, for which this preflight asks"));
        let hint = last.hint.as_deref().unwrap_or_default();
        let advised = status == 403 && origin != "null";
        assert_eq!(hint.contains(&format!("`{route}`, add {origin} to `origins`")), advised, "{hint}");
        assert_eq!(hint.contains("no list can name it"), origin == "null", "{hint}");
        assert!(explained.steps.iter().skip(4).all(|step| step.outcome == Outcome::Skip), "{explained}");
    }
    let other = ask("/orders/1", "https://app.example.com", "DELETE").await;
    assert_eq!(other.reason, "method_not_allowed");
    assert!(other.steps.iter().all(|step| step.check.name() != "preflight"), "{other}");
}

/// Method, target, fields (`$T` is a good token), reason, and what the step of the credential says was found and hints at.
type Case = (
    &'static str,
    &'static str,
    &'static [(&'static str, &'static str)],
    &'static str,
    &'static str,
    &'static str,
);

const CASES: &[Case] = &[
    ("GET", "/orders/1", &[("cookie", "a=1; access=$T")], "allowed", "bytes in the cookie `access`", ""),
    ("GET", "/partner", &[("x-partner", "$T")], "allowed", "bytes in the header `x-partner`", ""),
    ("GET", "/partner?access_token=$T", &[], "allowed", "in the parameter `access_token` of the query", ""),
    ("GET", "/partner", &[], "token_missing", "none", ""),
    (
        "GET",
        "/partner",
        &[("authorization", "Bearer $T")],
        "token_missing",
        "an Authorization field, which this route does not look at",
        "takes a token in the header `x-partner`, or the parameter `access_token` of the query, and not in Authorization",
    ),
    (
        "GET",
        "/orders/1",
        &[("authorization", "Bearer $T"), ("cookie", "access=x")],
        "credential_ambiguous",
        "a token in the field Authorization, a token in the cookie `access`",
        "one each in the field Authorization and in the cookie `access`",
    ),
    (
        "GET",
        "/orders/1",
        &[("cookie", "access=$T; access=$T")],
        "credential_ambiguous",
        "more than one credential in the cookie `access`",
        "the request carries several",
    ),
    (
        "GET",
        "/partner",
        &[("x-partner", "Bearer $T")],
        "credential_malformed",
        "not exactly one token in the header `x-partner`",
        "without `Bearer`",
    ),
    (
        "PUT",
        "/orders/1",
        &[("cookie", "access=$T")],
        "cross_site",
        "neither Origin nor Sec-Fetch-Site",
        "must say where it comes from",
    ),
    (
        "PUT",
        "/orders/1",
        &[("cookie", "access=$T"), ("origin", "https://app.example.com")],
        "cross_site",
        "Origin https://app.example.com",
        "list it in `cors` of the route, with `credentials: true`",
    ),
    (
        "PUT",
        "/orders/1",
        &[("cookie", "access=$T"), ("origin", "http://localhost")],
        "cross_site",
        "Origin http://localhost",
        "the client used another scheme",
    ),
    (
        "PUT",
        "/orders/1",
        &[("cookie", "access=$T"), ("origin", "null")],
        "cross_site",
        "Origin null",
        "whose `Sec-Fetch-Site: same-origin` would do; no list can name it",
    ),
    (
        "PUT",
        "/orders/1",
        &[("cookie", "access=$T"), ("origin", "null"), ("sec-fetch-site", "same-origin")],
        "allowed",
        "cookie",
        "",
    ),
    (
        "PUT",
        "/orders/1",
        &[("cookie", "access=$T"), ("sec-fetch-site", "same-site")],
        "cross_site",
        "Sec-Fetch-Site same-site",
        "a page of another origin",
    ),
    (
        "PUT",
        "/orders/1",
        &[("cookie", "access=$T"), ("origin", "https://localhost"), ("origin", "https://localhost")],
        "cross_site",
        "Origin https://localhost, Origin https://localhost",
        "several times",
    ),
    (
        "PUT",
        "/orders/1",
        &[("cookie", "access=$T"), ("origin", "https://localhost")],
        "allowed",
        "cookie",
        "",
    ),
    (
        "PUT",
        "/orders/1",
        &[("cookie", "access=$T"), ("origin", "https://admin.example.com")],
        "allowed",
        "cookie",
        "",
    ),
    (
        "POST",
        "/forms/1",
        &[("cookie", "access=$T"), ("origin", "https://admin.example.com")],
        "cross_site",
        "Origin https://admin.example.com",
        "not for POST; if they may, list it in `methods` of `cors`",
    ),
];

#[tokio::test]
async fn a_credential_is_told_by_its_place() {
    let setup = Setup::new().await;
    let rules = rules(&setup.write(RULES));
    let token = setup.issuer.token().sign();
    for (method, target, given, reason, found, hint) in CASES {
        let target = target.replace("$T", &token);
        let explained = decide(&rules, &head(method, "localhost", &target, &fields(given, &token))).await;
        assert_discreet(&explained, &token);
        assert_eq!(explained.reason, *reason, "{explained}");
        let step = step(&explained, "credential");
        assert!(step.found.as_deref().unwrap().contains(found), "{found}: {explained}");
        let told = step.hint.as_deref().unwrap_or_default();
        assert!(told.contains(hint) && told.is_empty() == hint.is_empty(), "{hint:?}: {explained}");
    }
}

#[tokio::test]
async fn a_path_that_its_route_does_not_allow_is_told_with_the_route() {
    let setup = Setup::new().await;
    let rules = rules(&setup.write(RULES));
    for (target, found, hint) in [
        (
            "/files/a%2Fb",
            "/files/a%2Fb: percent-encoded slash",
            "route 4, `strict` (/files/{name}), has this path and does not allow `%2F` in it",
        ),
        (
            "/files/a%2Fb;c",
            ": path parameter (semicolon)",
            "add `path: { allow: [encoded_slash, parameters] }`",
        ),
        ("/nowhere/a;b", ": path parameter (semicolon)", "no route has this path"),
        ("/files/../a", "dot segment", ""),
    ] {
        let explained = decide(&rules, &head("GET", "localhost", target, &[])).await;
        assert_eq!((explained.reason, explained.route.as_deref()), ("target_ambiguous", None), "{explained}");
        let step = step(&explained, "target");
        assert!(step.found.as_deref().unwrap().contains(found), "{explained}");
        let told = step.hint.as_deref().unwrap_or_default();
        assert!(told.contains(hint) && told.is_empty() == hint.is_empty(), "{hint:?}: {explained}");
    }
}

#[tokio::test]
async fn a_condition_is_told_with_its_answer_or_why_it_has_none() {
    let setup = Setup::new().await;
    let rules = rules(&setup.write(RULES));
    let with = |level: Value| setup.issuer.token().claim("level", level).sign();
    for (target, token, reason, check, found) in [
        ("/ruled/alice", with(json!(1)), "policy_denied", "policy.when", "false"),
        ("/negated", with(json!(1)), "allowed", "policy.not.when", "false"),
        ("/negated", with(json!(5)), "policy_denied", "policy.not.when", "true"),
        (
            "/negated",
            setup.issuer.token().sign(),
            "policy_denied",
            "policy.not.when",
            "the condition has no answer: ",
        ),
        ("/negated", with(json!("x")), "policy_denied", "policy.not.when", "the condition has no answer: "),
        ("/ruled/alice", with(json!(5)), "allowed", "policy.when", "true"),
    ] {
        let given = [("authorization", "Bearer $T"), ("cookie", "other=s3cret-of-another-cookie")];
        let explained = decide(&rules, &head("GET", "localhost", target, &fields(&given, &token))).await;
        assert_discreet(&explained, &token);
        assert_discreet(&explained, "s3cret-of-another-cookie");
        assert_eq!(explained.reason, reason, "{explained}");
        let step = step(&explained, check);
        assert!(step.expected.as_deref().unwrap().contains("claims.level > 3"), "{explained}");
        assert!(step.found.as_deref().unwrap().starts_with(found), "{found}: {explained}");
        assert_eq!(step.outcome == Outcome::Pass, found == "true", "{explained}");
        // Without an answer it says what that means, and where it is false what the values were.
        assert_eq!(step.hint.is_some(), found != "true", "{explained}");
    }
}
