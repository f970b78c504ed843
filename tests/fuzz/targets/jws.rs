//! A token's form and header. The input is a token as it is, and the header of a token that is well signed.

#![no_main]

use jwtgate::authn::{BearerToken, SentToken, Unauthenticated};
use jwtgate_fuzz::{AUDIENCE, ISSUER, NOW, signed, unb64, verify};
use libfuzzer_sys::fuzz_target;
use serde_json::Value;

fuzz_target!(|input: &[u8]| {
    let outcome = verify(SentToken::new(input));
    // only whoever knows the secret can make one: the seeds hold one
    if outcome.is_ok() {
        assert_sound(std::str::from_utf8(input).expect("a token68 is ASCII"));
    }
    assert_eq!(matches!(outcome, Err(Unauthenticated::Credential(_))), BearerToken::parse(input).is_err());
    let payload = format!(r#"{{"iss":"{ISSUER}","aud":"{AUDIENCE}","exp":{}}}"#, NOW + 60);
    let token = signed(input, payload.as_bytes());
    if verify(SentToken::new(token.as_bytes())).is_ok() {
        assert_sound(&token);
    }
});

/// What must be true of every token that passed, by another reader of JSON.
fn assert_sound(token: &str) {
    let segments: Vec<_> = token.split('.').collect();
    assert_eq!(segments.len(), 3, "{token}");
    let [header, payload, signature] = [0, 1, 2].map(|at| unb64(segments[at]).expect("base64url"));
    assert_eq!(signature.len(), 32, "{token}");
    assert!(header.len() <= 4 * 1024 && token.len() <= 16 * 1024);
    let header: Value = serde_json::from_slice(&header).expect("a header in JSON");
    let _: Value = serde_json::from_slice(&payload).expect("a payload in JSON");
    assert_eq!(header["alg"], "HS256", "{header}");
    assert!(header.get("crit").is_none(), "{header}");
    assert!(header.get("b64").is_none_or(|b64| *b64 == true), "{header}");
    assert!(header.get("kid").is_none_or(|kid| kid == "mac"), "{header}");
    let typ = header.get("typ").map(|typ| typ.as_str().expect("a string").to_ascii_lowercase());
    let typ = typ.as_deref().map(|typ| typ.strip_prefix("application/").unwrap_or(typ));
    assert!(matches!(typ, None | Some("jwt" | "at+jwt")), "{header}");
}
