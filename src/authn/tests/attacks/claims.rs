//! Claims of a wrong issuer, time, audience or type in a token whose signature is good [8, 10, 11].

use serde_json::{Value, json};

use super::super::fixture::*;
use super::{Case, malformed, missing, refused};
use crate::authn::Error::{
    self, AudienceMismatch, BindingInvalid, IssuerUnknown, TokenExpired, TokenNotYetValid, TokenTooOld,
};

pub(super) fn cases() -> Vec<Case> {
    [issuers(), times(), audiences(), types(), strict(), order()].into_iter().flatten().collect()
}

/// A well-signed token whose claim is this value; `null` stays `null`.
fn claim(name: &str, value: &Value) -> String {
    let mut claims = claims();
    claims[name] = value.clone();
    token(json!({"alg": "ES256", "kid": "p256"}), claims, &SIGNERS.p256)
}

fn absent(name: &str) -> String {
    corp(json!({name: null}))
}

fn lines(name: &'static str, lines: Vec<(Value, Error)>) -> impl Iterator<Item = Case> {
    lines
        .into_iter()
        .map(move |(value, error)| refused(format!("`{name}`: {value}"), error, claim(name, &value)))
}

fn issuers() -> Vec<Case> {
    let wrong_types = [json!([CORP]), json!({"iss": CORP}), json!(1), json!(true), json!([])];
    let others = [
        "",
        "https://id.example.com/",
        "https://ID.example.com",
        "HTTPS://id.example.com",
        "http://id.example.com",
        "https://id.example.com ",
        " https://id.example.com",
        "https://id.example.com:443",
        "https://id.example.co",
        "https://id.example.com.evil.example",
        "id.example.com",
        "corp",
        "https://id.example.com\n",
        "https://id%2eexample.com",
        "https://id.example.com?x",
        "*",
        "https://idxexample.com",
    ];
    let mut cases = vec![refused("no `iss`", missing("iss"), absent("iss"))];
    cases.extend(lines("iss", vec![(Value::Null, malformed("iss"))]));
    cases.extend(lines("iss", wrong_types.map(|value| (value, malformed("iss"))).into()));
    cases.extend(lines("iss", others.map(|iss| (json!(iss), IssuerUnknown)).into()));
    cases
}

fn times() -> Vec<Case> {
    let mut cases = vec![refused("no `exp`", missing("exp"), absent("exp"))];
    cases.extend(lines("exp", vec![(Value::Null, malformed("exp"))]));
    for name in ["exp", "nbf", "iat"] {
        let wrong = [
            json!("9999999999"),
            json!("1800000300"),
            json!(""),
            json!([1]),
            json!([NOW + 300]),
            json!({}),
            json!({"$numberLong": "1"}),
            json!(true),
            json!(false),
            json!(1e30),
            json!(1e300),
            json!(1e19),
            json!(i64::MAX),
            json!(i64::MIN),
            json!(u64::MAX),
            json!(18_446_744_073_709_551_616.0),
            json!(-1e19),
            json!(253_402_300_800_u64),
            json!((NOW + 300) * 1000),
        ];
        cases.extend(lines(name, wrong.map(|value| (value, malformed(name))).into()));
    }
    let past = [
        json!(0),
        json!(-1),
        json!(-1.5),
        json!(1),
        json!(-253_402_300_799_i64),
        json!(NOW - 30),
        json!(NOW - 31),
        json!(1_799_999_969.9),
    ];
    cases.extend(lines("exp", past.map(|value| (value, TokenExpired)).into()));
    for name in ["nbf", "iat"] {
        cases.extend(lines(name, vec![(Value::Null, malformed(name))]));
        let ahead = [
            json!(NOW + 31),
            json!(NOW + 3600),
            json!(1_800_000_030.1),
            json!(4_102_444_800.5),
            json!(253_402_300_799_u64),
        ];
        cases.extend(lines(name, ahead.map(|value| (value, TokenNotYetValid)).into()));
    }
    cases
}

fn audiences() -> Vec<Case> {
    let mut cases = vec![refused("no `aud`", missing("aud"), absent("aud"))];
    let mismatch = [
        json!(""),
        json!([]),
        json!([""]),
        json!("order"),
        json!("orders "),
        json!("Orders"),
        json!("orders,billing"),
        json!("orders billing"),
        json!(["shop"]),
        json!(["shop", "stock"]),
        json!("*"),
        json!("corp"),
        json!(CORP),
        json!("[\"orders\"]"),
    ];
    let wrong = [
        json!(1),
        json!(0),
        json!(true),
        json!(false),
        json!({}),
        json!({"0": "orders"}),
        json!(["orders", 1]),
        json!([1, "orders"]),
        json!([["orders"]]),
        json!(["orders", null]),
        json!([{"aud": "orders"}]),
        json!([null]),
    ];
    cases.extend(lines("aud", vec![(Value::Null, malformed("aud"))]));
    cases.extend(lines("aud", mismatch.map(|value| (value, AudienceMismatch)).into()));
    cases.extend(lines("aud", wrong.map(|value| (value, malformed("aud"))).into()));
    cases
}

fn types() -> Vec<Case> {
    let mut cases = Vec::new();
    for name in ["sub", "jti"] {
        let wrong = [json!(42), json!(["admin"]), json!({"id": 1}), json!(true), json!([]), Value::Null];
        cases.extend(lines(name, wrong.map(|value| (value, malformed(name))).into()));
    }
    for name in ["roles", "scope", "scp"] {
        let wrong = [
            json!(1),
            json!(true),
            json!({}),
            json!({"admin": true}),
            json!(["a", 1]),
            json!([["admin"]]),
            json!([null]),
        ];
        cases.extend(lines(name, wrong.map(|value| (value, malformed(name))).into()));
    }
    let bindings = [
        json!({"jkt": "0ZcOCORZNYy-DWpqq30jZyJGHTN0d2HglBV3uiguA4I"}),
        json!({"x5t#S256": "bwcK0esc3ACC3DB2Y5_lESsXE8o9ltc05O89jdN-dg2"}),
        json!({"jwk": {}}),
        json!({}),
        json!([]),
        json!(""),
        json!("none"),
        json!(false),
        json!(0),
        Value::Null,
    ];
    cases.extend(lines("cnf", bindings.map(|value| (value, BindingInvalid)).into()));
    cases
}

/// An issuer without leeway, with a maximum age and required claims, some of them nested.
fn strict() -> Vec<Case> {
    let good = json!({
        "iss": STRICT, "sub": "1", "aud": "orders", "exp": NOW + 60, "iat": NOW - 60, "tenant": {"id": "a"},
        "realm_access": {"roles": ["clerk"]}, "perms": "read",
    });
    [
        ("expired without leeway", json!({"exp": NOW}), TokenExpired),
        ("expired a second ago", json!({"exp": NOW - 1}), TokenExpired),
        ("ahead without leeway", json!({"nbf": NOW + 1}), TokenNotYetValid),
        ("`iat` ahead without leeway", json!({"iat": NOW + 1}), TokenNotYetValid),
        ("too old", json!({"iat": NOW - 3601}), TokenTooOld),
        ("too old by a fraction", json!({"iat": 1_799_996_399.5}), TokenTooOld),
        ("of 1970", json!({"iat": 0}), TokenTooOld),
        ("of before 1970", json!({"iat": -5}), TokenTooOld),
        ("of no known age", json!({"iat": null}), missing("iat")),
        ("without `sub`", json!({"sub": null}), missing("sub")),
        ("without a tenant", json!({"tenant": null}), missing("tenant.id")),
        ("with a tenant of no id", json!({"tenant": {}}), missing("tenant.id")),
        ("with a tenant of null id", json!({"tenant": {"id": Value::Null}}), missing("tenant.id")),
        ("with a tenant that is a string", json!({"tenant": "id"}), missing("tenant.id")),
        ("with a tenant that is an array", json!({"tenant": [{"id": "a"}]}), missing("tenant.id")),
        (
            "with roles of a wrong type",
            json!({"realm_access": {"roles": 1}}),
            malformed("realm_access.roles"),
        ),
        ("with scopes of a wrong type", json!({"perms": {"read": true}}), malformed("perms")),
        ("of another audience", json!({"aud": "shop"}), AudienceMismatch),
        ("expired by a fraction", json!({"exp": 1_799_999_999.999}), TokenExpired),
        ("of an age of a wrong type", json!({"iat": "1800000000"}), malformed("iat")),
        ("of an age that is an array", json!({"iat": [NOW]}), malformed("iat")),
        ("bound to a key", json!({"cnf": {"jkt": "x"}}), BindingInvalid),
    ]
    .map(|(what, changes, error)| {
        let header = json!({"alg": "EdDSA", "typ": "at+jwt"});
        refused(
            format!("a strict issuer's token {what}"),
            error,
            token(header, with(good.clone(), changes), &SIGNERS.strict),
        )
    })
    .into()
}

/// Tokens with several faults: the first check in the contract's order is the reason.
fn order() -> Vec<Case> {
    let all = json!({"exp": 1, "nbf": "x", "iat": "x", "aud": "shop", "cnf": {}, "sub": 1});
    let faults = |mended: &[&str]| {
        let mut changes = all.clone();
        for name in mended {
            changes.as_object_mut().unwrap().remove(*name);
        }
        changes
    };
    [
        ("everything", faults(&[]), TokenExpired),
        ("all but `exp`", faults(&["exp"]), malformed("nbf")),
        ("all from `iat` on", faults(&["exp", "nbf"]), malformed("iat")),
        ("all from `aud` on", faults(&["exp", "nbf", "iat"]), AudienceMismatch),
        ("`sub` and `cnf`", faults(&["exp", "nbf", "iat", "aud"]), malformed("sub")),
        ("`cnf` alone", faults(&["exp", "nbf", "iat", "aud", "sub"]), BindingInvalid),
    ]
    .map(|(what, changes, error)| {
        refused(format!("wrong: {what}"), error, corp(with(changes, json!({"order": 1}))))
    })
    .into()
}
