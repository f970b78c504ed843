//! Conditions: the first line of the input is one, the rest the claims of the caller whom it is held against.

#![no_main]

use std::sync::LazyLock;
use std::time::{Duration, UNIX_EPOCH};

use http::request::Parts;
use jwtgate::authn::SentToken;
use jwtgate::authz::{Expression, Fault, RequestFacts};
use jwtgate::route::{Captures, Matcher, Methods, PathPattern, RouteTable, Target};
use jwtgate_fuzz::{AUDIENCE, ISSUER, NOW, signed, verify};
use libfuzzer_sys::fuzz_target;
use serde_json::{Value, json};

/// One request, with a capture and headers of which one is hidden and one no text.
static REQUEST: LazyLock<(Parts, Target, Captures)> = LazyLock::new(|| {
    let request = http::Request::builder()
        .uri("/orders/caf%C3%A9")
        .header("host", "api.example.com")
        .header("x-tenant", "acme")
        .header("x-tenant", "other")
        .header("x-latin", http::HeaderValue::from_bytes(b"caf\xe9").expect("a value"))
        .header("authorization", "Bearer secret");
    let head = request.body(()).expect("a request").into_parts().0;
    let target = Target::parse(&head).expect("a target");
    let path = PathPattern::parse("/orders/{id}").expect("a path");
    let table = RouteTable::new(vec![(Matcher::new(vec![], Methods::any(), path), ())]);
    let captures = table.find(&target).expect("a route").captures;
    (head, target, captures)
});

fuzz_target!(|input: &[u8]| {
    let Ok(input) = std::str::from_utf8(input) else { return };
    let (condition, claims) = input.split_once('\n').unwrap_or((input, "{}"));
    let expression = match Expression::parse(condition) {
        Ok(expression) => expression,
        Err(mistakes) => {
            assert!(!mistakes.is_empty());
            // what a panic of the parser becomes
            assert!(mistakes.iter().all(|mistake| mistake.wrong() != "the expression cannot be parsed"));
            return;
        }
    };
    assert_eq!(expression.source(), condition);
    let mut claims: Value = serde_json::from_str(claims).unwrap_or_else(|_| json!({}));
    let Some(members) = claims.as_object_mut() else { return };
    members.insert("iss".into(), json!(ISSUER));
    members.insert("aud".into(), json!(AUDIENCE));
    members.insert("exp".into(), json!(NOW + 60));
    let token = signed(br#"{"alg":"HS256"}"#, claims.to_string().as_bytes());
    let Ok(caller) = verify(SentToken::new(token.as_bytes())) else { return };
    let (head, target, captures) = &*REQUEST;
    let facts = RequestFacts {
        target,
        captures,
        headers: &head.headers,
        hidden: &|name| name == "authorization",
        now: UNIX_EPOCH + Duration::from_secs(NOW),
    };
    let answer = expression.evaluate(&caller, &facts);
    assert_eq!(answer, expression.evaluate(&caller, &facts));
    // An error on either side of `!` is one of the whole: the opposite never holds where the condition has no answer.
    if let Ok(opposite) = Expression::parse(&format!("!({condition})")) {
        let opposite = opposite.evaluate(&caller, &facts);
        // it costs one unit more
        if opposite != Err(Fault::Exhausted) {
            assert_eq!(opposite.ok(), answer.ok().map(|holds| !holds));
        }
    }
});
