//! The same tokens through an independent implementation: where we accept, it accepts; where it accepts and we do not,
//! the reason is one of those listed here.

use std::time::{SystemTime, UNIX_EPOCH};

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jsonwebtoken::{DecodingKey, Validation};
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};
use serde_json::{Map, Value, json};

use super::fixture::*;
use crate::authn::{Admission, Error};

/// What the oracle does not look at and we do: its acceptance then says nothing.
fn is_known_difference(error: &Error) -> Option<&'static str> {
    match error {
        Error::CriticalHeaderUnsupported => Some("it ignores `crit` (RFC 7515 §4.1.11)"),
        Error::TokenTypeNotAllowed => Some("it ignores `typ` (RFC 8725 §3.11)"),
        Error::TokenMalformed => {
            Some("it takes duplicate members, NUL, `b64`, `kid` absent for null, any nesting")
        }
        Error::ClaimMalformed(_) => Some("it checks fewer claims for their types, and `exp` for no range"),
        Error::TokenNotYetValid => Some("it ignores `iat`"),
        Error::BindingInvalid => Some("it ignores `cnf`"),
        Error::TokenTooLarge => Some("it has no bound"),
        Error::TokenExpired => Some("it rounds fractions of seconds"),
        Error::KeyUnknown => Some("it is given the key, whatever the `kid`"),
        Error::IssuerUnknown
        | Error::IssuerNotAllowed
        | Error::AlgorithmNotAllowed
        | Error::KeyUnsuitable
        | Error::KeysUnavailable { .. }
        | Error::SignatureInvalid
        | Error::TokenTooOld
        | Error::AudienceMismatch
        | Error::ClaimMissing(_) => None,
    }
}

/// What we take and the oracle does not.
fn is_ours_alone(token: &str) -> Option<&'static str> {
    let payload = URL_SAFE_NO_PAD.decode(token.split('.').nth(1)?).ok()?;
    let claims: Value = serde_json::from_slice(&payload).ok()?;
    (claims.get("nbf")?.as_f64()? < 0.0)
        .then_some("a time before 1970 is a time; the oracle reads unsigned numbers")
}

pub(super) struct Oracle {
    algorithm: jsonwebtoken::Algorithm,
    key: DecodingKey,
}

impl Oracle {
    pub(super) fn accepts(&self, token: &str) -> bool {
        let mut validation = Validation::new(self.algorithm);
        validation.set_audience(&["orders", "billing"]);
        validation.set_issuer(&[CORP]);
        validation.set_required_spec_claims(&["exp", "iss", "aud"]);
        validation.validate_nbf = true;
        validation.leeway = 30;
        jsonwebtoken::decode::<Map<String, Value>>(token, &self.key, &validation).is_ok()
    }
}

pub(super) fn oracles() -> Vec<(&'static str, &'static str, &'static Signer, Oracle)> {
    use jsonwebtoken::Algorithm::{ES256, ES384, EdDSA, PS256, PS384, PS512, RS256, RS384, RS512};
    let signers = &*SIGNERS;
    [
        ("RS256", "rsa", &signers.rsa, RS256),
        ("RS384", "rsa", &signers.rsa, RS384),
        ("RS512", "rsa", &signers.rsa, RS512),
        ("PS256", "rsa", &signers.rsa, PS256),
        ("PS384", "rsa", &signers.rsa, PS384),
        ("PS512", "rsa", &signers.rsa, PS512),
        ("ES256", "p256", &signers.p256, ES256),
        ("ES384", "p384", &signers.p384, ES384),
        ("EdDSA", "ed", &signers.ed, EdDSA),
    ]
    .map(|(name, kid, signer, algorithm)| {
        let jwk = serde_json::from_value(signer.jwk(kid)).unwrap();
        (name, kid, signer, Oracle { algorithm, key: DecodingKey::from_jwk(&jwk).unwrap() })
    })
    .into()
}

/// The oracle reads the clock itself, so these tokens are of the real time.
pub(super) fn real_now() -> u64 {
    #[expect(clippy::disallowed_methods, reason = "the oracle has no other clock")]
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs()
}

fn compare(
    authenticator: &crate::authn::Authenticator,
    oracle: &Oracle,
    token: &str,
    now: u64,
) -> Result<bool, String> {
    let ours = verify_on(authenticator, token, &Admission::default(), now).map_err(|failure| failure.error);
    match (ours, oracle.accepts(token)) {
        (Ok(_), true) => Ok(true),
        (Err(_), false) => Ok(false),
        (Ok(_), false) => match is_ours_alone(token) {
            Some(_) => Ok(false),
            None => Err(format!("we alone accept {token}")),
        },
        (Err(error), true) => match is_known_difference(&error) {
            Some(_) => Ok(false),
            None => Err(format!("the oracle alone accepts, we say {error}: {token}")),
        },
    }
}

pub(super) fn value() -> impl Strategy<Value = Value> {
    prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i32>().prop_map(Value::from),
        any::<f32>().prop_map(|number| json!(number)),
        "[a-z]{0,8}".prop_map(Value::from),
        Just(json!(["orders"])),
        Just(json!({})),
        Just(json!([])),
        Just(json!(CORP)),
        Just(json!("orders")),
    ]
}

/// Offsets in seconds from now, away from the edges at which the two clocks could differ.
pub(super) fn offset() -> impl Strategy<Value = i64> {
    prop_oneof![-100_000_i64..-60, -20_i64..20, 60_i64..100_000]
}

#[test]
fn on_changed_claims_and_headers_we_accept_nothing_that_the_oracle_refuses() {
    let (authenticator, oracles) = (authenticator(), oracles());
    let names = prop_oneof![
        Just("iss"),
        Just("sub"),
        Just("aud"),
        Just("exp"),
        Just("nbf"),
        Just("iat"),
        Just("cnf"),
        Just("x"),
        Just("typ"),
        Just("kid"),
        Just("crit"),
        Just("b64"),
    ];
    let changes = prop::collection::vec((names, value()), 0..3);
    let times = (offset(), prop::option::of(offset()), prop::option::of(offset()));
    let mut runner = TestRunner::new(Config { cases: 400, failure_persistence: None, ..Config::default() });
    let accepted = std::cell::Cell::new(0);
    runner
        .run(&(0..oracles.len(), changes, times), |(which, changes, (exp, nbf, iat))| {
            let (name, kid, signer, oracle) = &oracles[which];
            // for each token, so that a slow machine does not grow old over them
            let now = real_now();
            let at = |offset: i64| now.saturating_add_signed(offset);
            let mut payload = json!({"iss": CORP, "sub": "1", "aud": ["orders"], "exp": at(exp)});
            let mut header = json!({"alg": name, "kid": kid});
            for (name, time) in [("nbf", nbf), ("iat", iat)] {
                if let Some(offset) = time {
                    payload[name] = at(offset).into();
                }
            }
            for (name, value) in changes {
                let target =
                    if ["typ", "kid", "crit", "b64"].contains(&name) { &mut header } else { &mut payload };
                target[name] = value;
            }
            let token = token(header, payload, signer);
            match compare(&authenticator, oracle, &token, now) {
                Ok(both) => accepted.set(accepted.get() + usize::from(both)),
                Err(difference) => return Err(TestCaseError::fail(difference)),
            }
            Ok(())
        })
        .unwrap();
    let accepted = accepted.get();
    assert!(accepted > 20, "{accepted} tokens were accepted by both: the comparison must reach that far");
}

#[test]
fn on_changed_text_we_accept_nothing_that_the_oracle_refuses() {
    let (authenticator, oracles, now) = (authenticator(), oracles(), real_now());
    let tokens: Vec<_> = oracles
        .iter()
        .map(|(name, kid, signer, _)| {
            let payload = json!({"iss": CORP, "sub": "1", "aud": "orders", "exp": now + 600});
            token(json!({"alg": name, "kid": kid}), payload, signer)
        })
        .collect();
    for (token, (_, _, _, oracle)) in tokens.iter().zip(&oracles) {
        assert_eq!(compare(&authenticator, oracle, token, now), Ok(true));
    }
    let mut runner = TestRunner::new(Config { cases: 600, failure_persistence: None, ..Config::default() });
    let edits = prop::collection::vec((any::<prop::sample::Index>(), "[A-Za-z0-9._=+/-]?", 0..2_usize), 1..4);
    runner
        .run(&(0..tokens.len(), edits), |(which, edits)| {
            let mut token = tokens[which].clone();
            for (place, text, removed) in edits {
                let place = place.index(token.len());
                token.replace_range(place..(place + removed).min(token.len()), &text);
            }
            let both =
                compare(&authenticator, &oracles[which].3, &token, now).map_err(TestCaseError::fail)?;
            prop_assert!(!both || token == tokens[which], "changed and accepted: {}", token);
            Ok(())
        })
        .unwrap();
}

#[test]
fn no_token_makes_it_panic() {
    let authenticator = authenticator();
    let mut runner = TestRunner::new(Config { cases: 2000, failure_persistence: None, ..Config::default() });
    let json = prop::collection::vec(
        prop_oneof![
            Just("{"),
            Just("}"),
            Just("["),
            Just("]"),
            Just(":"),
            Just(","),
            Just("\"alg\""),
            Just("\"ES256\""),
            Just("\"iss\""),
            Just("\"https://id.example.com\""),
            Just("1e9"),
            Just("-0"),
            Just("null"),
            Just("\"\\u0000\""),
            Just("\"crit\""),
        ],
        0..12,
    )
    .prop_map(|parts| parts.concat());
    let strategy =
        (json.clone(), json, prop::collection::vec(any::<u8>(), 0..80), "[A-Za-z0-9._~+/-]{0,120}={0,2}");
    runner
        .run(&strategy, |(header, payload, signature, text)| {
            let token = format!("{}.{}.{}", b64(header.as_bytes()), b64(payload.as_bytes()), b64(&signature));
            prop_assert!(verify(&authenticator, &token).is_err());
            prop_assert!(verify(&authenticator, &text).is_err());
            Ok(())
        })
        .unwrap();
}
