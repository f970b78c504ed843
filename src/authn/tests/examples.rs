//! The examples of the standards: RFC 7515 appendix A, RFC 7519 sections 3.1 and 6.1, RFC 7520 section 4, RFC 8037
//! appendix A.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};

use super::fixture::*;
use crate::authn::keys::{KeySet, Keys, Origin, Selection};
use crate::authn::{Admission, Algorithm, Algorithms, Authenticator, Error, Issuer, IssuerSpec, TokenLimits};

/// RFC 7515 A.1 to A.3 and RFC 7519 §3.1: `{"iss":"joe", "exp":1300819380, "http://example.com/is_root":true}`.
const JOE: &str =
    "eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ";

/// RFC 7520 §4: a sentence of J. R. R. Tolkien's.
const FRODO: &str = "SXTigJlzIGEgZGFuZ2Vyb3VzIGJ1c2luZXNzLCBGcm9kbywgZ29pbmcgb3V0IHlvdXIgZG9vci4gWW91IHN0ZXAgb250byB0aGUgcm9hZCwgYW5kIGlmIHlvdSBkb24ndCBrZWVwIHlvdXIgZmVldCwgdGhlcmXigJlzIG5vIGtub3dpbmcgd2hlcmUgeW91IG1pZ2h0IGJlIHN3ZXB0IG9mZiB0by4";

struct Example {
    name: &'static str,
    algorithm: Algorithm,
    /// The key as the RFC prints it, private parts left out but for one, which must not matter.
    jwk: Value,
    header: &'static str,
    payload: &'static str,
    signature: &'static str,
}

fn examples() -> [Example; 9] {
    let bilbo = json!({
        "kty": "RSA", "kid": "bilbo.baggins@hobbiton.example", "use": "sig", "e": "AQAB",
        "n": "n4EPtAOCc9AlkeQHPzHStgAbgs7bTZLwUBZdR8_KuKPEHLd4rHVTeT-O-XV2jRojdNhxJWTDvNd7nqQ0VEiZQHz_AJmSCpMaJMRBSFKrKb2wqVwGU_NsYOYL-QtiWN2lbzcEe6XC0dApr5ydQLrHqkHHig3RBordaZ6Aj-oBHqFEHYpPe7Tpe-OfVfHd1E6cS6M1FZcD1NNLYD5lFHpPI9bTwJlsde3uhGqC0ZCuEHg8lhzwOHrtIQbS0FVbb9k3-tVTU4fg_3L_vniUFAKwuCLqKnS2BYwdq_mzSnbLY7h_qixoR7jig3__kRhuaxwUkRz5iaiQkqgc5gHdrNP5zw",
    });
    [
        Example {
            name: "RFC 7515 A.1, RFC 7519 3.1",
            algorithm: Algorithm::Hs256,
            jwk: json!({"kty": "oct", "k": "AyM1SysPpbyDfgZld3umj1qzKObwVMkoqQ-EstJQLr_T-1qS0gZH75aKtMN3Yj0iPS4hcgUuTwjAzZr1Z9CAow"}),
            header: "eyJ0eXAiOiJKV1QiLA0KICJhbGciOiJIUzI1NiJ9",
            payload: JOE,
            signature: "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk",
        },
        Example {
            name: "RFC 7515 A.2",
            algorithm: Algorithm::Rs256,
            jwk: json!({"kty": "RSA", "e": "AQAB", "n": "ofgWCuLjybRlzo0tZWJjNiuSfb4p4fAkd_wWJcyQoTbji9k0l8W26mPddxHmfHQp-Vaw-4qPCJrcS2mJPMEzP1Pt0Bm4d4QlL-yRT-SFd2lZS-pCgNMsD1W_YpRPEwOWvG6b32690r2jZ47soMZo9wGzjb_7OMg0LOL-bSf63kpaSHSXndS5z5rexMdbBYUsLA9e-KXBdQOS-UTo7WTBEMa2R2CapHg665xsmtdVMTBQY4uDZlxvb3qCo5ZwKh9kG4LT6_I5IhlJH7aGhyxXFvUK-DWNmoudF8NAco9_h9iaGNj8q2ethFkMLs91kzk2PAcDTW9gb54h4FRWyuXpoQ"}),
            header: "eyJhbGciOiJSUzI1NiJ9",
            payload: JOE,
            signature: "cC4hiUPoj9Eetdgtv3hF80EGrhuB__dzERat0XF9g2VtQgr9PJbu3XOiZj5RZmh7AAuHIm4Bh-0Qc_lF5YKt_O8W2Fp5jujGbds9uJdbF9CUAr7t1dnZcAcQjbKBYNX4BAynRFdiuB--f_nZLgrnbyTyWzO75vRK5h6xBArLIARNPvkSjtQBMHlb1L07Qe7K0GarZRmB_eSN9383LcOLn6_dO--xi12jzDwusC-eOkHWEsqtFZESc6BfI7noOPqvhJ1phCnvWh6IeYI2w9QOYEUipUTI8np6LbgGY9Fs98rqVt5AXLIhWkWywlVmtVrBp0igcN_IoypGlUPQGe77Rw",
        },
        Example {
            name: "RFC 7515 A.3",
            algorithm: Algorithm::Es256,
            jwk: json!({"kty": "EC", "crv": "P-256", "x": "f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU", "y": "x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0", "d": "jpsQnnGQmL-YBIffH1136cspYG6-0iY7X1fCE9-E9LI"}),
            header: "eyJhbGciOiJFUzI1NiJ9",
            payload: JOE,
            signature: "DtEhU3ljbEg8L38VWAfUAqOyKAM6-Xx-F4GawxaepmXFCgfTjDxw5djxLa8ISlSApmWQxfKTUJqPP3-Kg6NU1Q",
        },
        Example {
            name: "RFC 7515 A.4",
            algorithm: Algorithm::Es512,
            jwk: json!({"kty": "EC", "crv": "P-521", "x": "AekpBQ8ST8a8VcfVOTNl353vSrDCLLJXmPk06wTjxrrjcBpXp5EOnYG_NjFZ6OvLFV1jSfS9tsz4qUxcWceqwQGk", "y": "ADSmRA43Z1DSNx_RvcLI87cdL07l6jQyyBXMoxVg_l2Th-x3S1WDhjDly79ajL4Kkd0AZMaZmh9ubmf63e3kyMj2"}),
            header: "eyJhbGciOiJFUzUxMiJ9",
            payload: "UGF5bG9hZA",
            signature: "AdwMgeerwtHoh-l192l60hp9wAHZFVJbLfD_UxMi70cwnZOYaRI1bKPWROc-mZZqwqT2SI-KGDKB34XO0aw_7XdtAG8GaSwFKdCAPZgoXD2YBJZCPEX3xKpRwcdOO8KpEHwJjyqOgzDO7iKvU8vcnwNrmxYbSW9ERBXukOXolLzeO_Jn",
        },
        Example {
            name: "RFC 7520 4.1",
            algorithm: Algorithm::Rs256,
            jwk: bilbo.clone(),
            header: "eyJhbGciOiJSUzI1NiIsImtpZCI6ImJpbGJvLmJhZ2dpbnNAaG9iYml0b24uZXhhbXBsZSJ9",
            payload: FRODO,
            signature: "MRjdkly7_-oTPTS3AXP41iQIGKa80A0ZmTuV5MEaHoxnW2e5CZ5NlKtainoFmKZopdHM1O2U4mwzJdQx996ivp83xuglII7PNDi84wnB-BDkoBwA78185hX-Es4JIwmDLJK3lfWRa-XtL0RnltuYv746iYTh_qHRD68BNt1uSNCrUCTJDt5aAE6x8wW1Kt9eRo4QPocSadnHXFxnt8Is9UzpERV0ePPQdLuW3IS_de3xyIrDaLGdjluPxUAhb6L2aXic1U12podGU0KLUQSE_oI-ZnmKJ3F4uOZDnd6QZWJushZ41Axf_fcIe8u9ipH84ogoree7vjbU5y18kDquDg",
        },
        Example {
            name: "RFC 7520 4.2",
            algorithm: Algorithm::Ps384,
            jwk: bilbo,
            header: "eyJhbGciOiJQUzM4NCIsImtpZCI6ImJpbGJvLmJhZ2dpbnNAaG9iYml0b24uZXhhbXBsZSJ9",
            payload: FRODO,
            signature: "cu22eBqkYDKgIlTpzDXGvaFfz6WGoz7fUDcfT0kkOy42miAh2qyBzk1xEsnk2IpN6-tPid6VrklHkqsGqDqHCdP6O8TTB5dDDItllVo6_1OLPpcbUrhiUSMxbbXUvdvWXzg-UD8biiReQFlfz28zGWVsdiNAUf8ZnyPEgVFn442ZdNqiVJRmBqrYRXe8P_ijQ7p8Vdz0TTrxUeT3lm8d9shnr2lfJT8ImUjvAA2Xez2Mlp8cBE5awDzT0qI0n6uiP1aCN_2_jLAeQTlqRHtfa64QQSUmFAAjVKPbByi7xho0uTOcbH510a6GYmJUAfmWjwZ6oD4ifKo8DYM-X72Eaw",
        },
        Example {
            name: "RFC 7520 4.3",
            algorithm: Algorithm::Es512,
            jwk: json!({"kty": "EC", "kid": "bilbo.baggins@hobbiton.example", "use": "sig", "crv": "P-521", "x": "AHKZLLOsCOzz5cY97ewNUajB957y-C-U88c3v13nmGZx6sYl_oJXu9A5RkTKqjqvjyekWF-7ytDyRXYgCF5cj0Kt", "y": "AdymlHvOiLxXkEhayXQnNCvDX4h9htZaCJN34kfmC6pV5OhQHiraVySsUdaQkAgDPrwQrJmbnX9cwlGfP-HqHZR1"}),
            header: "eyJhbGciOiJFUzUxMiIsImtpZCI6ImJpbGJvLmJhZ2dpbnNAaG9iYml0b24uZXhhbXBsZSJ9",
            payload: FRODO,
            signature: "AE_R_YZCChjn4791jSQCrdPZCNYqHXCTZH0-JZGYNlaAjP2kqaluUIIUnC9qvbu9Plon7KRTzoNEuT4Va2cmL1eJAQy3mtPBu_u_sDDyYjnAMDxXPn7XrT0lw-kvAD890jl8e2puQens_IEKBpHABlsbEPX6sFY8OcGDqoRuBomu9xQ2",
        },
        Example {
            name: "RFC 7520 4.4",
            algorithm: Algorithm::Hs256,
            jwk: json!({"kty": "oct", "kid": "018c0ae5-4d9b-471b-bfd6-eef314bc7037", "use": "sig", "alg": "HS256", "k": "hJtXIZ2uSN5kbQfbtTNWbpdmhkV8FJG-Onbc6mxCcYg"}),
            header: "eyJhbGciOiJIUzI1NiIsImtpZCI6IjAxOGMwYWU1LTRkOWItNDcxYi1iZmQ2LWVlZjMxNGJjNzAzNyJ9",
            payload: FRODO,
            signature: "s0h6KThzkfBBBkLspW1h84VsJZFTsPPqMDA7g1Md7p0",
        },
        Example {
            name: "RFC 8037 A.4",
            algorithm: Algorithm::EdDsa,
            jwk: json!({"kty": "OKP", "crv": "Ed25519", "x": "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo", "d": "nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A"}),
            header: "eyJhbGciOiJFZERTQSJ9",
            payload: "RXhhbXBsZSBvZiBFZDI1NTE5IHNpZ25pbmc",
            signature: "hgyY0il_MGCjP0JzlnLWG1PPOt7-09PGcvMg3AIbQR6dWbhijcNR4ki4iylGjg5BhVsPt9g7sVvpAr_MuM0KAg",
        },
    ]
}

fn keys(example: &Example) -> KeySet {
    KeySet::from_jwks(json!({"keys": [example.jwk]}).to_string().as_bytes(), Origin::File).unwrap()
}

#[test]
fn the_signatures_of_the_standards_are_good_and_no_others() {
    for example in examples() {
        let set = keys(&example);
        let Selection::Keys(keys) = set.select(example.jwk["kid"].as_str(), example.algorithm) else {
            panic!("{}: no key", example.name);
        };
        let message = format!("{}.{}", example.header, example.payload);
        let mut signature = URL_SAFE_NO_PAD.decode(example.signature).unwrap();
        for algorithm in Algorithm::ALL {
            let verified = keys[0].verify(algorithm, message.as_bytes(), &signature);
            assert_eq!(verified, algorithm == example.algorithm, "{} as {algorithm}", example.name);
        }
        assert!(!keys[0].verify(example.algorithm, &message.as_bytes()[1..], &signature), "{}", example.name);
        signature[7] ^= 0x40;
        assert!(!keys[0].verify(example.algorithm, message.as_bytes(), &signature), "{}", example.name);
    }
}

/// The examples whose payload is a claims set, as tokens. They lack `aud`, which is what stops them in the end.
#[test]
fn the_tokens_of_the_standards_pass_up_to_their_missing_audience() {
    for example in examples().into_iter().filter(|example| example.payload == JOE) {
        let spec = IssuerSpec {
            algorithms: Algorithms::new(Algorithm::ALL.to_vec()).unwrap(),
            ..spec("joe", "joe")
        };
        let issuer = Issuer::new(spec, Keys::fixed(keys(&example)), metrics());
        let authenticator = Authenticator::new(vec![issuer.into()], TokenLimits::default());
        let on = |token: &str, now| {
            verify_on(&authenticator, token, &Admission::default(), now).unwrap_err().error
        };
        let token = format!("{}.{}.{}", example.header, example.payload, example.signature);
        assert_eq!(on(&token, 1_300_819_379), Error::ClaimMissing("aud".into()), "{}", example.name);
        assert_eq!(on(&token, 1_300_819_409), Error::ClaimMissing("aud".into()), "{}", example.name);
        assert_eq!(on(&token, 1_300_819_410), Error::TokenExpired, "{}", example.name);
        let forged =
            format!("{}.{}.{}", example.header, example.payload, example.signature.replace('f', "g"));
        assert_eq!(on(&forged, 1_300_819_379), Error::SignatureInvalid, "{}", example.name);
        // RFC 7515 A.5, RFC 7519 6.1: the same claims, unsecured
        let unsecured = format!("eyJhbGciOiJub25lIn0.{JOE}.");
        assert_eq!(on(&unsecured, 1_300_819_379), Error::AlgorithmNotAllowed);
    }
}
