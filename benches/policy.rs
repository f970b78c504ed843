//! What a decision costs: ten terms without a condition, conditions as operators write them, and the costliest ones that a
//! token can be made for.

#![expect(
    clippy::expect_used,
    clippy::panic,
    reason = "a bench that cannot be set up has nothing to measure"
)]

use std::hint::black_box;
use std::pin::pin;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use aws_lc_rs::hmac;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use divan::Bencher;
use http::request::Parts;
use jwtgate::authn::{Admission, Algorithm, ClaimPath, Principal, SentToken};
use jwtgate::authz::{
    ClaimTerm, ClaimTest, Expression, Literal, NameTest, Pattern, Quantifier, RequestFacts, Requirement,
};
use jwtgate::route::{Captures, Matcher, Methods, PathPattern, RouteTable, Target};
use serde_json::{Value, json};

mod issuer;

fn main() {
    divan::main();
}

/// Ten terms over roles, scopes and claims, two of them nested; all of them hold, so all are looked at.
#[divan::bench]
fn ten_terms(bencher: Bencher<'_, '_>) {
    let names =
        |quantifier, names: &[&str]| (quantifier, names.iter().map(|&name| name.to_owned()).collect());
    let test = |terms: Vec<_>| NameTest::new(terms).expect("a test");
    let claim = |path: &str, test| Requirement::Claim(ClaimPath::parse(path).expect("a path"), test);
    let equals = |text: &str| ClaimTest::equals(Literal::string(text));
    let term = |term| ClaimTest::new(vec![term]).expect("a test");
    let requirement = Requirement::AllOf(vec![
        Requirement::Roles(test(vec![
            names(Quantifier::Any, &["admin", "clerk"]),
            names(Quantifier::None, &["banned"]),
        ])),
        Requirement::Scopes(test(vec![names(Quantifier::All, &["orders:read", "orders:write"])])),
        claim("tenant", equals("acme")),
        claim("email_verified", ClaimTest::equals(Literal::boolean(true))),
        claim("address.country", equals("CH")),
        claim("realm_access.level", ClaimTest::equals(Literal::integer(3).expect("an integer"))),
        claim("locked", term(ClaimTerm::Exists(false))),
        claim(
            "email",
            term(ClaimTerm::Matches(Arc::new(Pattern::parse(r"[^@]+@example\.com").expect("a pattern")))),
        ),
        claim(
            "department",
            term(ClaimTerm::Values(
                Quantifier::Any,
                vec![Literal::string("sales"), Literal::string("support")].into(),
            )),
        ),
    ]);
    measure(bencher, &requirement, &ordinary(), true);
}

/// Long lists of a policy against the longest that a token can bring, of which none is there.
#[divan::bench(args = [31, 300, 3_000])]
fn long_lists(bencher: Bencher<'_, '_>, length: i128) {
    let values = (1..=length).map(|number| Literal::integer(-number).expect("an integer"));
    let none = ClaimTest::new(vec![ClaimTerm::Values(Quantifier::None, values.collect())]).expect("a test");
    let requirement = Requirement::Claim(ClaimPath::parse("l").expect("a path"), none);
    measure(bencher, &requirement, &json!({ "sub": "42", "l": vec![7; 5_500] }), true);
}

/// Conditions as operators write them.
#[divan::bench(args = [
    "claims.sub == path.id || \"admin\" in roles",
    "claims.level + 1 > 3",
    "now < timestamp(claims.valid_until)",
    "claims.groups.exists(g, g.startsWith('team-'))",
    "request.headers['x-tenant'][0] == claims.tenant",
    "claims.email.matches('^[^@]+@example[.]com$')",
])]
fn condition(bencher: Bencher<'_, '_>, text: &str) {
    measure(bencher, &when(text), &ordinary(), true);
}

/// The costliest conditions that were found, with a token of the greatest size. None may take a millisecond.
#[divan::bench(args = [
    "claims.l.all(x, !claims.t.contains('aaaaaaaaaaaaaaaab'))",
    "claims.l.all(x, !claims.t.contains('ba' + x))",
    "claims.l.all(x, !claims.t.matches('a{50}b'))",
    "claims.l.all(x, !claims.t.matches('(a|aa|aaa)*[^a]{3}'))",
    "claims.l.all(x, !(x + 'x' in claims.l))",
    "claims.l.all(x, claims.l == claims.l)",
    "claims.l.all(x, claims.t + claims.t != '')",
    "claims.l.all(x, claims.l + claims.l != [])",
    "claims.l.all(x, size(claims.t) > 0)",
    "claims.l.all(x, timestamp('2026-01-01T00:00:00Z') < timestamp('2026-01-01T00:00:0' + x))",
    "claims.l.all(x, [claims, claims, claims] == [claims, claims, claims])",
    "claims.l.all(x, {x: 1, 'a': 2, 'b': 3, 'c': 4} == {x: 1, 'a': 2, 'b': 3, 'c': 4})",
    "claims.l.all(x, string(2.5e-300) != x && string(1.7e200) != x)",
    "claims.l.all(x, double('1.7976931348623157e+308') > 0.0 && int(double(x + '1')) >= 0)",
    "claims.l.all(x, 'x-tenant' in request.headers && request.headers == request.headers)",
    "claims.l.all(x, !claims.t.contains(claims.u))",
    "claims.l.all(x, !claims.t.contains(claims.u + x))",
    "claims.l.all(x, !claims.r.matches('a[ab]{11}c'))",
    "claims.l.all(x, double(claims.d) > 0.0)",
    "claims.l.all(x, string(claims.f) != x)",
    "claims.l.all(x, !(claims.t in request.headers))",
    "claims.l.all(x, size(request.headers) > 0)",
    "claims.l.all(x, size(request.headers['x-long']) > 0)",
    "claims.l.all(x, path.id != x && path.id != x && path.id != x && path.id != x && path.id != x)",
    "claims.l.all(x, claims[claims.t] == x)",
    "claims.l.all(x, claims.o == claims.o)",
    "claims.l.all(x, [x, x, x, x, x, x, x, x, x, x, x, x, x, x, x, x] != [])",
    "claims.l.map(x, [claims.l, claims.l, claims.l]) == claims.l.map(x, [claims.l, claims.l, claims.l])",
    "claims.l.map(x, claims.t + x) == []",
    "claims.l.all(x, now + duration('1h') > now && now.getFullYear() > 0 && now.getDayOfYear() > 0)",
])]
fn costliest(bencher: Bencher<'_, '_>, text: &str) {
    measure(bencher, &when(text), &hostile(), false);
}

/// A condition from its text.
#[divan::bench(args = ["claims.sub == path.id || \"admin\" in roles"])]
fn load(bencher: Bencher<'_, '_>, text: &str) {
    bencher.bench_local(|| Expression::parse(black_box(text)).is_ok());
}

fn when(text: &str) -> Requirement {
    Requirement::When(Arc::new(
        Expression::parse(text).unwrap_or_else(|mistakes| panic!("{text}: {mistakes:?}")),
    ))
}

fn measure(bencher: Bencher<'_, '_>, requirement: &Requirement, claims: &Value, holds: bool) {
    let principal = principal(claims);
    let (head, captures) = request(&if holds { "42".to_owned() } else { "b".repeat(30_000) });
    let target = Target::parse(&head).expect("a target");
    let facts = RequestFacts {
        target: &target,
        captures: &captures,
        headers: &head.headers,
        hidden: &|name| name == "authorization",
        now: now(),
    };
    if holds {
        assert!(requirement.holds(&principal, &facts), "{requirement:?}");
    }
    bencher.bench_local(|| black_box(requirement).holds(black_box(&principal), black_box(&facts)));
}

fn request(id: &str) -> (Parts, Captures) {
    let long = id.len() > 100;
    let uri = format!("/orders/{id}");
    let mut request = http::Request::builder().uri(uri).header("host", "api.example.com");
    if long {
        request = request.header("x-long", "\u{e9}".repeat(10_000));
        for index in 0..90 {
            request = request.header(format!("x-{index}"), "value");
        }
    }
    let head = request.header("x-tenant", "acme").body(()).expect("a request").into_parts().0;
    let path = PathPattern::parse("/orders/{id}").expect("a path");
    let table = RouteTable::new(vec![(Matcher::new(vec![], Methods::any(), path), ())]);
    let target = Target::parse(&head).expect("a target");
    let captures = table.find(&target).expect("a route").captures;
    (head, captures)
}

fn ordinary() -> Value {
    let groups: Vec<String> =
        (0..20).map(|number| format!("group-{number}")).chain(["team-a".into()]).collect();
    json!({
        "sub": "42", "scope": "openid profile orders:read orders:write", "tenant": "acme", "level": 3,
        "realm_access": { "roles": ["auditor", "clerk", "offline_access"], "level": 3 }, "email_verified": true,
        "email": "someone@example.com", "department": "support", "address": { "country": "CH", "locality": "Bern" },
        "valid_until": "2099-01-01T00:00:00Z", "groups": groups, "preferred_username": "someone",
        "sid": "f0c1b6de-4d4e-4f0f-8a7a-5a4a3d2c1b0a", "jti": "01959f2a-6c1e-7f3c-9c55-0d2b1f6f3e11",
    })
}

fn hostile() -> Value {
    let list: Vec<String> = (0..256).map(|number| (number % 10).to_string()).collect();
    let mut state = 1_u32;
    let random = std::iter::repeat_with(|| {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        if state >> 31 == 0 { 'a' } else { 'b' }
    });
    let members: serde_json::Map<String, Value> =
        (0..60).map(|index| (format!("member{index}"), json!(index))).collect();
    json!({
        "sub": "42", "l": list, "t": "a".repeat(4_000), "u": format!("{}b", "a".repeat(1_500)), "o": members,
        "r": random.take(2_500).collect::<String>(), "f": 5e-324,
        // half way between two doubles, as far as the digits go
        "d": "8.3234137803897884454514462926411946636628316459818863617851110869501641335202688812910299484571870880917397885639e+288",
    })
}

fn now() -> SystemTime {
    UNIX_EPOCH + Duration::from_hours(500_000)
}

/// A caller whose token has these claims.
fn principal(claims: &Value) -> Principal {
    let mut claims = claims.clone();
    let members = claims.as_object_mut().expect("claims are an object");
    members.insert("iss".into(), json!(issuer::ISSUER));
    members.insert("aud".into(), json!("orders-api"));
    members.insert("exp".into(), json!(1_800_000_300));
    let key = vec![7; 32];
    let b64 = |bytes: &[u8]| URL_SAFE_NO_PAD.encode(bytes);
    let input = format!("{}.{}", b64(br#"{"alg":"HS256"}"#), b64(claims.to_string().as_bytes()));
    let tag = hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, &key), input.as_bytes());
    let token = format!("{input}.{}", b64(tag.as_ref()));
    let authenticator = issuer::authenticator(issuer::spec(Algorithm::Hs256, 0), &key);
    let token = SentToken::new(token.as_bytes());
    let admission = Admission::default();
    match pin!(authenticator.authenticate(token, &admission, now()))
        .poll(&mut Context::from_waker(Waker::noop()))
    {
        Poll::Ready(outcome) => outcome.unwrap_or_else(|refused| panic!("the token is valid: {refused:?}")),
        Poll::Pending => panic!("the keys are fixed"),
    }
}
