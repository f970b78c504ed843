//! Tokens that must pass: every algorithm, every allowed shape of a header and a claim.

use serde_json::{Value, json};

use super::super::fixture::*;
use super::{Case, passes};

pub(super) fn cases() -> Vec<Case> {
    [algorithms(), headers(), payloads(), claim_shapes(), strict()].into_iter().flatten().collect()
}

fn algorithms() -> Vec<Case> {
    let signers = &*SIGNERS;
    let mut cases = Vec::new();
    for (name, kid, signer) in [
        ("RS256", "rsa", &signers.rsa),
        ("RS384", "rsa", &signers.rsa),
        ("RS512", "rsa", &signers.rsa),
        ("PS256", "rsa", &signers.rsa),
        ("PS384", "rsa", &signers.rsa),
        ("PS512", "rsa", &signers.rsa),
        ("PS256", "ps256", &signers.rsa),
        ("ES256", "p256", &signers.p256),
        ("ES384", "p384", &signers.p384),
        ("ES512", "p521", &signers.p521),
        ("EdDSA", "ed", &signers.ed),
    ] {
        cases.push(passes(
            format!("{name} by `{kid}`"),
            token(json!({"alg": name, "kid": kid}), claims(), signer),
        ));
        if kid != "ps256" {
            cases.push(passes(format!("{name}, no `kid`"), token(json!({"alg": name}), claims(), signer)));
        }
    }
    for name in ["HS256", "HS384", "HS512"] {
        let payload = with(claims(), json!({"iss": SECRET}));
        cases.push(passes(name, token(json!({"alg": name}), &payload, &signers.secret)));
        // the secret has no id, so that of a token is not looked at
        cases.push(passes(
            format!("{name}, any `kid`"),
            token(json!({"alg": name, "kid": "1"}), payload, &signers.secret),
        ));
    }
    let mixed = with(claims(), json!({"iss": MIXED}));
    for (name, kid, signer) in
        [("RS256", "rsa", &signers.rsa), ("ES256", "p256", &signers.p256), ("EdDSA", "ed", &signers.ed)]
    {
        cases.push(passes(
            format!("{name} of `mixed`"),
            token(json!({"alg": name, "kid": kid}), &mixed, signer),
        ));
    }
    cases
}

fn headers() -> Vec<Case> {
    let of = |what: &str, more: Value| {
        passes(
            format!("a header with {what}"),
            token(with(json!({"alg": "ES256", "kid": "p256"}), more), claims(), &SIGNERS.p256),
        )
    };
    let mut cases: Vec<_> =
        ["JWT", "jwt", "Jwt", "at+jwt", "AT+JWT", "application/at+jwt", "application/jwt", "Application/JWT"]
            .map(|typ| of(&format!("`typ` {typ}"), json!({"typ": typ})))
            .into();
    cases.extend([
        of("`b64` true", json!({"b64": true})),
        of("`cty` of JSON", json!({"cty": "json"})),
        of("`cty` of another type", json!({"cty": "at+jwt"})),
        of("an empty `cty`", json!({"cty": ""})),
        of("`jku`", json!({"jku": "https://evil.example.com/jwks.json"})),
        of("`jwk`", json!({"jwk": SIGNERS.foreign_p256.jwk("p256")})),
        of("`x5c`", json!({"x5c": ["AAAA"]})),
        of("`x5u`", json!({"x5u": 1})),
        of("`x5t`", json!({"x5t": "AAAA"})),
        of("`zip`", json!({"zip": "DEF"})),
        of("a parameter nobody knows", json!({"https://example.com/x": {"a": [1]}})),
        of("almost 4 KiB", json!({"x": "x".repeat(4000)})),
        of("`p2c`", json!({"p2c": 2_147_483_647_u32, "p2s": "AAAA"})),
        of("exactly 4 KiB", json!({"x": "x".repeat(4096 - HEADER_AROUND)})),
    ]);
    for header in [
        "{\"kid\":\"p256\",\"alg\":\"ES256\"}",
        " { \"alg\" : \"ES256\" , \"kid\" : \"p256\" } ",
        "{\n  \"alg\": \"ES256\",\r\n\t\"kid\": \"p256\"\n}",
        "{\"\\u0061lg\":\"\\u0045S256\",\"kid\":\"p\\u003256\"}",
    ] {
        cases.push(passes(format!("the header {header:?}"), token(header, claims(), &SIGNERS.p256)));
    }
    cases
}

/// The length of `{"alg":"ES256","kid":"p256","x":""}`.
const HEADER_AROUND: usize = 35;

fn payloads() -> Vec<Case> {
    let good = claims().to_string();
    let open = good.strip_suffix('}').unwrap();
    [
        ("blanks around it", format!(" \r\n\t{good}\n")),
        ("an escaped claim", good.replace("\"sub\"", "\"\\u0073ub\"")),
        ("names that differ in case", format!(r#"{open},"Sub":"1","SUB":"2"}}"#)),
        (
            "equal names in different objects",
            format!(r#"{open},"a":{{"sub":1,"b":[{{"sub":1}},{{"sub":2}}]}}}}"#),
        ),
        ("an empty name", format!(r#"{open},"":1}}"#)),
        ("depth 16 in arrays", format!(r#"{open},"x":{}{}}}"#, "[".repeat(15), "]".repeat(15))),
        ("depth 16 in objects", format!(r#"{open},"x":{}1{}}}"#, r#"{"a":"#.repeat(15), "}".repeat(15))),
        ("wide arrays", format!(r#"{open},"x":[{}1]}}"#, "1,".repeat(2000))),
        (
            "many claims",
            format!("{open}{}}}", (0..300).map(|n| format!(r#","c{n}":{n}"#)).collect::<String>()),
        ),
        ("text beyond ASCII", format!(r#"{open},"name":"Grüße 🦀 \ud83e\udd80"}}"#)),
        ("escaped control characters", format!(r#"{open},"x":"\u0001\n\t\u001f\u007f"}}"#)),
        ("numbers of all kinds", format!(r#"{open},"x":[0,-0,1.5,-1e-9,1e300,18446744073709551616,1E+2]}}"#)),
        ("nulls", format!(r#"{open},"x":null,"roles":null,"scope":null,"client_id":null}}"#)),
        ("a header's names among its claims", format!(r#"{open},"alg":"none","crit":["x"],"kid":"other"}}"#)),
        ("almost 16 KiB", format!(r#"{open},"x":"{}"}}"#, "x".repeat(11_900))),
    ]
    .map(|(what, payload)| {
        passes(
            format!("a payload with {what}"),
            token(r#"{"alg":"ES256","kid":"p256"}"#, payload, &SIGNERS.p256),
        )
    })
    .into()
}

fn claim_shapes() -> Vec<Case> {
    [
        json!({"aud": ["orders"]}),
        json!({"aud": ["shop", "billing"]}),
        json!({"aud": ["orders", "orders"]}),
        json!({"aud": "billing"}),
        json!({"exp": NOW + 1}),
        json!({"exp": NOW}),
        json!({"exp": NOW - 29}),
        json!({"exp": 1_800_000_300.5}),
        json!({"exp": 1_799_999_970.25}),
        json!({"exp": 4_102_444_800.5}),
        json!({"exp": 1.9e9}),
        json!({"exp": 253_402_300_799_u64}),
        json!({"nbf": NOW}),
        json!({"nbf": NOW + 30}),
        json!({"nbf": 0}),
        json!({"nbf": -1}),
        json!({"nbf": 1_800_000_029.9}),
        json!({"iat": NOW + 30}),
        json!({"iat": 0}),
        json!({"iat": null}),
        json!({"sub": null}),
        json!({"sub": ""}),
        json!({"sub": "a@b:c"}),
        json!({"jti": "0195"}),
        json!({"roles": "admin"}),
        json!({"roles": ["admin", "clerk"]}),
        json!({"roles": []}),
        json!({"scope": "read write"}),
        json!({"scope": ["read", "write"]}),
        json!({"scope": ""}),
        json!({"scp": "read"}),
        json!({"scp": ["read"]}),
        json!({"scope": "read", "scp": 1}),
        json!({"confirmation": {"jkt": "x"}}),
        json!({"tenant": {"cnf": {"jkt": "x"}}}),
    ]
    .map(|changes| passes(format!("claims {changes}"), corp(with(changes, json!({"control": true})))))
    .into()
}

fn strict() -> Vec<Case> {
    let good = json!({"iss": STRICT, "sub": "1", "aud": "orders", "exp": NOW + 60, "iat": NOW - 60, "tenant": {"id": "a"}});
    [
        json!({}),
        json!({"exp": NOW + 1}),
        json!({"exp": 1_800_000_000.5}),
        json!({"nbf": NOW}),
        json!({"iat": NOW}),
        json!({"iat": NOW - 3600}),
        json!({"tenant": {"id": 0}}),
        json!({"tenant": {"id": false}}),
        json!({"tenant.id": "whole", "tenant": null}),
        json!({"realm_access": {"roles": ["clerk"]}, "perms": ["read"]}),
        json!({"realm_access": "none", "roles": 1, "scope": 1}),
    ]
    .map(|changes| {
        let header = json!({"alg": "EdDSA", "typ": "at+jwt"});
        passes(
            format!("strict claims {changes}"),
            token(header, with(good.clone(), changes), &SIGNERS.strict),
        )
    })
    .into()
}
