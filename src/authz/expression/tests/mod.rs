//! Expressions against claims and requests: what holds, what does not, what has no answer, what is refused at load.

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use http::{HeaderMap, HeaderName, HeaderValue};
use proptest::prelude::{Just, Strategy, any, prop, prop_assert, prop_oneof, proptest};
use serde_json::{Value as Json, json};

use super::*;
use crate::authz::facts::target;
use crate::route::{Captures, Target};
use Fault::{
    Conversion, DivisionByZero, Exhausted, HeaderNotText, IndexOutOfRange, NoSuchKey, NoSuchOverload,
    NotBool, NumberTooLarge, Overflow, TooManyElements, Unbound,
};

mod bounds;
mod differential;
mod mistakes;

/// A request that owns what conditions borrow.
struct Request {
    target: Target,
    captures: Captures,
    headers: HeaderMap,
    now: SystemTime,
}

fn request() -> Request {
    let mut headers = HeaderMap::new();
    for (name, value) in
        [("x-tenant", &b"acme"[..]), ("x-tenant", b"other"), ("x-latin", b"caf\xe9"), ("x-secret", b"hidden")]
    {
        headers.append(HeaderName::from_static(name), HeaderValue::from_bytes(value).unwrap());
    }
    Request {
        target: target("GET", "/orders/42?x=1"),
        captures: Captures::for_test(&[("id", "42"), ("tenant", "acme")]),
        headers,
        // 2026-11-01T12:00:00.5Z
        now: SystemTime::UNIX_EPOCH + Duration::from_millis(1_793_534_400_500),
    }
}

impl Request {
    fn facts(&self) -> RequestFacts<'_> {
        let Self { target, captures, headers, now } = self;
        RequestFacts { target, captures, headers, hidden: &|name| name == "x-secret", now: *now }
    }
}

fn caller(claims: Json) -> Principal {
    Principal::for_test("corporate", &["clerk", "auditor"], &["orders:read"], claims)
}

fn claims() -> Json {
    json!({
        "sub": "42", "level": 3, "score": 2.5, "whole": 3.0, "vip": true, "nothing": null,
        "groups": ["a", "b", "c"], "numbers": [1, 2.5, 3], "mixed": [1, "a", true, null],
        "address": { "city": "Bern", "codes": [3000, 3001] },
        "https://example.com/x": "namespaced", "a.b": "dotted",
        "huge": 18_446_744_073_709_551_615_u64, "vast": 1e300, "least": i64::MIN, "most": i64::MAX,
        "email": "ada@example.com", "valid_until": "2026-12-01T00:00:00Z", "born": 1_000_000_000,
        "age": "36h", "text": "caf\u{e9} \u{1f980}", "empty": "", "list": [], "map": {},
    })
}

fn evaluate(text: &str, claims: Json) -> Result<bool, Fault> {
    let expression = Expression::parse(text).unwrap_or_else(|mistakes| panic!("{text}: {mistakes:?}"));
    expression.evaluate(&caller(claims), &request().facts())
}

#[test]
fn what_holds_and_what_does_not() {
    for (text, expected) in [
        // the contract's own
        ("claims.sub == path.id || \"admin\" in roles", true),
        ("claims.sub == path.tenant || \"admin\" in roles", false),
        ("claims.level + 1 > 3", true),
        ("claims['https://example.com/x'] == 'namespaced'", true),
        ("claims['a.b'] == 'dotted'", true),
        ("has(claims.x)", false),
        ("has(claims.nothing) && claims.nothing == null", true),
        ("now < timestamp(claims.valid_until)", true),
        (
            "request.headers['x-tenant'][0] == claims['address']['city'] || request.headers['x-tenant'][0] == 'acme'",
            true,
        ),
        ("'other' in request.headers['x-tenant'] && size(request.headers['x-tenant']) == 2", true),
        // variables
        ("'clerk' in roles && !('admin' in roles) && size(roles) == 2", true),
        ("scopes == ['orders:read']", true),
        ("issuer == 'corporate'", true),
        (
            "request.method == 'GET' && request.host == 'api.example.com' && request.path == '/orders/42'",
            true,
        ),
        ("request['method'] == 'GET' && path['id'] == '42'", true),
        ("path == {'id': '42', 'tenant': 'acme'}", true),
        ("'id' in path && size(path) == 2 && has(path.id)", true),
        ("'x-secret' in request.headers", false),
        ("request.headers.exists(name, name == 'x-secret')", false),
        ("size(request.headers) == 2", true),
        ("'x-absent' in request.headers", false),
        // numbers
        (
            "claims.level == 3 && claims.level == 3.0 && claims.whole == 3 && claims.score < claims.level",
            true,
        ),
        ("type(claims.level) == int && type(claims.whole) == double", true),
        (
            "claims.level * 2 - 1 == 5 && claims.level / 2 == 1 && claims.level % 2 == 1 && -claims.level == -3",
            true,
        ),
        ("-7 / 2 == -3 && -7 % 2 == -1 && 7.0 / 2.0 == 3.5", true),
        ("claims.score * 2.0 == 5.0 && double(claims.level) + 0.5 == 3.5 && int(claims.score) == 2", true),
        ("claims.most == 9223372036854775807 && claims.least < -9223372036854775807", true),
        ("9007199254740993 == 9007199254740992.0", false),
        ("9007199254740993 > 9007199254740992.0 && -9007199254740993 < -9007199254740992.0", true),
        ("3 < 3.5 && -3 > -3.5 && 3.5 > 3 && -3.5 < -3 && !(3 < 2.5) && !(3 > 3.5)", true),
        ("double('1e300') > 9223372036854775807 && double('-1e300') < 0", true),
        (
            "int(path.id) == 42 && int('-7') == -7 && double('1.5') == 1.5 && string(claims.level) == '3'",
            true,
        ),
        ("string(claims.score) == '2.5' && string(true) == 'true' && bool('true')", true),
        // text
        (
            "claims.email.endsWith('@example.com') && claims.email.startsWith('ada') && claims.email.contains('@')",
            true,
        ),
        ("claims.email.matches('^[a-z]+@example[.]com$')", true),
        ("claims.email.matches('exam')", true),
        ("matches(claims.email, '^exam')", false),
        ("size(claims.text) == 6 && claims.text.size() == 6 && size(claims.empty) == 0", true),
        ("'a' + claims.sub == 'a42' && 'a' < 'b' && 'Z' < 'a' && 'é' > 'z'", true),
        // lists and maps
        (
            "claims.groups == ['a', 'b', 'c'] && claims.groups != ['a'] && ['a'] + ['b', 'c'] == claims.groups",
            true,
        ),
        ("claims.groups[0] == 'a' && claims.numbers[2] == 3 && claims.address.codes[1] == 3001", true),
        ("claims.address == {'city': 'Bern', 'codes': [3000, 3001]}", true),
        ("claims.address == {'city': 'Bern'}", false),
        ("'city' in claims.address && !('street' in claims.address) && !(1 in claims.address)", true),
        ("1 in claims.mixed && 'a' in claims.mixed && null in claims.mixed && !(2 in claims.mixed)", true),
        ("2.5 in claims.numbers && 1.0 in claims.numbers", true),
        ("{'a': 1, 2: 'b', true: 'c'}[2] == 'b'", true),
        ("{'admin': 3, 'clerk': 1}[roles[0]] < claims.level", true),
        (
            "type(claims.groups) == list && type(claims.address) == map && type(claims.nothing) == null_type",
            true,
        ),
        ("type(claims.sub) == string && type(type(1)) == type && type(claims.vip) == bool", true),
        // comprehensions
        (
            "claims.groups.exists(g, g == 'b') && claims.groups.all(g, g < 'd') && claims.groups.exists_one(g, g == 'a')",
            true,
        ),
        ("claims.groups.exists_one(g, g < 'c')", false),
        ("claims.numbers.map(n, n * n) == [1, 4]", false),
        ("[1, 2, 3].map(n, n * n) == [1, 4, 9] && [1, 2, 3].map(n, n > 1, n + 1) == [3, 4]", true),
        ("claims.groups.filter(g, g != 'b') == ['a', 'c']", true),
        ("claims.groups.filter(g, g != 'b').exists(g, g == 'c')", true),
        ("claims.address.exists(key, key == 'city')", true),
        ("claims.list.all(x, x) && !claims.list.exists(x, x) && size(claims.map) == 0", true),
        ("claims.groups.all(claims, claims < 'd') && claims.sub == '42'", true),
        ("claims.groups.exists(path, path == 'a')", true),
        ("claims.mixed.exists(x, x > 0)", true),
        ("claims.mixed.all(x, x > 1)", false),
        // logic makes up for errors on the other side, as the language says
        ("claims.absent == 1 || true", true),
        ("true || claims.absent == 1", true),
        ("claims.absent == 1 && false", false),
        ("claims.vip ? claims.level == 3 : claims.absent", true),
        ("claims.level == '3'", false),
        ("claims.level != '3'", true),
        // time
        (
            "now - timestamp(claims.born) > duration('36h') && timestamp(claims.born).getFullYear() == 2001",
            true,
        ),
        (
            "now.getHours() == 12 && now.getDayOfWeek() == 0 && now.getMonth() == 10 && now.getDate() == 1",
            true,
        ),
        ("now + duration(claims.age) == timestamp('2026-11-03T00:00:00.5Z') && int(now) == 1793534400", true),
        (
            "duration('90m').getHours() == 1 && duration('90m').getMinutes() == 90 && -duration('1s') < duration('0s')",
            true,
        ),
        ("timestamp(1793534400) < now && timestamp('2026-11-01T13:00:00.5+01:00') == now", true),
        ("true", true),
        ("false", false),
    ] {
        assert_eq!(evaluate(text, claims()), Ok(expected), "{text}");
    }
}

#[test]
fn what_has_no_answer() {
    for (text, fault) in [
        ("claims.absent == 'x'", NoSuchKey),
        ("claims.sub.length == 1", NoSuchOverload),
        ("has(claims.absent.x)", NoSuchKey),
        ("!(claims.absent == 'x')", NoSuchKey),
        ("claims.sub", NotBool),
        ("claims.sub && true", NotBool),
        ("claims.level ? true : false", NotBool),
        ("claims.vip ? claims.sub : claims.level", NotBool),
        ("claims.level < '4'", NoSuchOverload),
        ("claims.level + '1' == '31'", NoSuchOverload),
        ("claims.level + 1.0 > 3.0", NoSuchOverload),
        ("claims.most + 1 > 0", Overflow),
        ("claims.least - 1 < 0", Overflow),
        ("-claims.least > 0", Overflow),
        ("claims.least / -1 > 0", Overflow),
        ("claims.least % -1 == 0", Overflow),
        ("claims.most * 2 > 0", Overflow),
        ("claims.level / (claims.level - 3) == 1", DivisionByZero),
        ("claims.level % (claims.level - 3) == 1", DivisionByZero),
        ("claims.huge > 0", NumberTooLarge),
        ("claims.vast > 0", NumberTooLarge),
        ("claims.groups[3] == 'd'", IndexOutOfRange),
        ("claims.groups[-1] == 'c'", IndexOutOfRange),
        ("claims.groups['a'] == 'c'", NoSuchOverload),
        ("claims.groups[0.5] == 'c'", NoSuchOverload),
        ("'a' in claims.sub", NoSuchOverload),
        ("null in claims.address", NoSuchOverload),
        ("claims.address[null] == 1", NoSuchOverload),
        ("claims.level.contains('a')", NoSuchOverload),
        ("claims.level.matches('a')", NoSuchOverload),
        ("size(claims.level) == 1", NoSuchOverload),
        ("int(claims.email) == 1", Conversion),
        ("int(claims.groups) == 1", NoSuchOverload),
        ("timestamp(claims.email) < now", Conversion),
        ("timestamp(claims.most) < now", Overflow),
        ("now + duration('80000000h') < now", Overflow),
        ("duration(claims.email) < duration('1s')", Conversion),
        ("issuer_tenant == 'acme'", Unbound),
        ("issuer_tenant != 'acme'", Unbound),
        ("request.headers['x-absent'][0] == ''", NoSuchKey),
        ("request.headers['x-secret'][0] == 'hidden'", NoSuchKey),
        ("request.headers['x-latin'][0] == 'x'", HeaderNotText),
        ("claims.mixed.exists(x, x > 1)", NoSuchOverload),
        ("claims.mixed.all(x, x > 0)", NoSuchOverload),
        ("claims.mixed.exists_one(x, x > 0)", NoSuchOverload),
        ("claims.sub.exists(x, true)", NoSuchOverload),
        ("claims.absent == 1 || false", NoSuchKey),
        ("false || claims.absent == 1", NoSuchKey),
        ("{'a': 1, claims.sub: 2, path.id: 3}.a == 1", Fault::Key),
        ("{claims.score: 1}[2.5] == 1", Fault::Key),
        ("claims['absent'] == 1", NoSuchKey),
    ] {
        assert_eq!(evaluate(text, claims()), Err(fault), "{text}");
    }
}

#[test]
fn a_condition_that_has_no_answer_denies_the_whole_requirement() {
    use crate::authz::Requirement::{self, AllOf, AnyOf, Authenticated, Not};
    let when = |text: &str| Requirement::When(Arc::new(Expression::parse(text).unwrap()));
    let not = |part| Not(Box::new(part));
    let failing = || when("claims.absent == 1");
    let (request, principal) = (request(), caller(claims()));
    let holds = |requirement: &Requirement| requirement.holds(&principal, &request.facts());
    for requirement in [
        failing(),
        not(failing()),
        AnyOf(vec![Authenticated, failing()]),
        AnyOf(vec![failing(), Authenticated]),
        not(AllOf(vec![when("false"), failing()])),
        Requirement::Policy(Requirement::policy("p", not(failing()))),
        not(when("claims.sub")),
    ] {
        assert!(!holds(&requirement), "{requirement:?}");
        let denied = crate::authz::authorize(&requirement, principal.clone(), &request.facts()).unwrap_err();
        assert_eq!(denied.scope, None, "{requirement:?}");
    }
    assert!(holds(&not(when("claims.level > 3"))) && holds(&AnyOf(vec![when("false"), Authenticated])));
}

#[test]
fn a_condition_is_no_missing_scope() {
    use crate::authz::{NameTest, Requirement};
    let scope = || Requirement::Scopes(NameTest::one("orders:write").unwrap());
    let challenge = |text: &str| {
        let when = Requirement::When(Arc::new(Expression::parse(text).unwrap()));
        let requirement = Requirement::AllOf(vec![scope(), when]);
        let request = request();
        crate::authz::authorize(&requirement, caller(claims()), &request.facts()).unwrap_err().scope
    };
    assert_eq!(challenge("claims.level == 3").as_deref(), Some("orders:write"));
    assert_eq!(challenge("claims.level == 4"), None);
    assert_eq!(challenge("'orders:write' in scopes"), None);
}

#[test]
fn tenants_are_named_by_plain_conditions_only() {
    for (text, named) in [
        ("issuer_tenant == 'acme'", true),
        ("'acme' == issuer_tenant", true),
        ("issuer_tenant in ['acme', 'other']", true),
        ("issuer_tenant in []", true),
        ("claims.vip && issuer_tenant == 'acme'", true),
        ("issuer_tenant == 'acme' || issuer_tenant == 'other'", true),
        ("issuer_tenant == 'acme' || claims.vip", false),
        ("issuer_tenant != 'acme'", false),
        ("!(issuer_tenant == 'acme')", false),
        ("issuer_tenant == claims.tenant", false),
        ("issuer_tenant in claims.tenants", false),
        ("issuer_tenant in ['acme', claims.tenant]", false),
        ("claims.vip ? issuer_tenant == 'acme' : true", false),
        ("(issuer_tenant == 'acme') == claims.vip", false),
        ("claims.tenant == 'acme'", false),
        ("['acme'].exists(issuer_tenant, issuer_tenant == 'acme')", false),
    ] {
        assert_eq!(Expression::parse(text).unwrap().names_tenants(), named, "{text}");
    }
    let (request, tenant) = (request(), caller(json!({})).of_tenant("acme"));
    let holds = |text: &str| Expression::parse(text).unwrap().evaluate(&tenant, &request.facts());
    assert_eq!(holds("issuer_tenant == 'acme'"), Ok(true));
    assert_eq!(holds("issuer_tenant in ['other']"), Ok(false));
}
