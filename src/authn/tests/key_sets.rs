//! Key sets of every kind: what is used, what is left out, what is refused.

use aws_lc_rs::encoding::AsDer as _;
use aws_lc_rs::rsa::{KeyPair as RsaKeyPair, KeySize};
use aws_lc_rs::signature::{self, EcdsaKeyPair, Ed25519KeyPair, KeyPair as _};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use proptest::prelude::*;
use serde_json::{Value, json};

use super::fixture::b64;
use crate::authn::json::{
    self,
    Defect::{DuplicateMember, TooDeep},
};
use crate::authn::keys::{
    KeyDefect, KeyNote, KeySet, KeySetError, MAX_KEYS, MAX_TRIED, Note, Origin, PemError, Selection,
};
use crate::authn::{Algorithm, Algorithms};

fn pem(label: &str, der: &[u8]) -> String {
    format!("-----BEGIN {label}-----\n{}\n-----END {label}-----\n", STANDARD.encode(der))
}

/// An RSA public key of this size that nobody has the private half of.
fn rsa(bytes: usize) -> Value {
    json!({"kty": "RSA", "n": b64(&vec![0xf1; bytes]), "e": "AQAB"})
}

/// What stands before the point in a `SubjectPublicKeyInfo` (RFC 8410 §4).
const ED25519_INFO: [u8; 12] = [0x30, 0x2a, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x03, 0x21, 0x00];

/// RFC 7515 A.3.
fn p256() -> Value {
    json!({
        "kty": "EC", "crv": "P-256", "x": "f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU",
        "y": "x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0",
    })
}

/// RFC 8037 A.2.
fn ed25519() -> Value {
    json!({"kty": "OKP", "crv": "Ed25519", "x": "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"})
}

fn oct(bytes: usize) -> Value {
    json!({"kty": "oct", "k": b64(&vec![7; bytes])})
}

fn with(mut key: Value, changes: Value) -> Value {
    key.as_object_mut().unwrap().extend(changes.as_object().unwrap().clone());
    key
}

fn set(keys: &[Value], origin: Origin) -> Result<KeySet, KeySetError> {
    KeySet::from_jwks(json!({"keys": keys}).to_string().as_bytes(), origin)
}

/// Why this key is left out of a set in which another one serves.
fn defect(key: Value, origin: Origin) -> Option<KeyDefect> {
    let set = set(&[with(ed25519(), json!({"kid": "serves"})), key], origin).unwrap();
    assert_eq!(set.keys()[0].kid(), Some("serves"));
    assert_eq!(set.keys().len() + set.skipped().len(), 2);
    set.skipped().first().map(|skipped| skipped.why)
}

#[test]
fn a_key_that_cannot_be_used_costs_only_itself() {
    use KeyDefect::*;
    let no = |key: Value, without: &str| {
        let mut key = key;
        key.as_object_mut().unwrap().remove(without);
        key
    };
    for (key, expected) in [
        (json!({}), Missing("kty")),
        (json!({"kty": 1}), Malformed("kty")),
        (json!({"kty": "LMS"}), UnknownType),
        (json!({"kty": "rsa"}), UnknownType),
        (with(p256(), json!({"crv": "secp256k1"})), UnknownCurve),
        (with(p256(), json!({"crv": "P-384"})), Malformed("x")),
        (with(ed25519(), json!({"crv": "Ed448"})), UnknownCurve),
        (with(ed25519(), json!({"crv": "X25519"})), UnknownCurve),
        (with(p256(), json!({"alg": "ES256K"})), UnknownAlgorithm),
        (with(rsa(256), json!({"alg": "RSA-OAEP"})), UnknownAlgorithm),
        (with(rsa(256), json!({"alg": "none"})), UnknownAlgorithm),
        (with(rsa(256), json!({"alg": 256})), Malformed("alg")),
        (with(rsa(256), json!({"alg": "ES256"})), AlgorithmMismatch),
        (with(rsa(256), json!({"alg": "HS256"})), AlgorithmMismatch),
        (with(p256(), json!({"alg": "ES384"})), AlgorithmMismatch),
        (with(p256(), json!({"alg": "HS256"})), AlgorithmMismatch),
        (with(ed25519(), json!({"alg": "ES256", "kid": "x"})), AlgorithmMismatch),
        (with(p256(), json!({"use": "enc"})), OtherUse),
        (with(p256(), json!({"use": "SIG"})), OtherUse),
        (with(p256(), json!({"use": 1})), Malformed("use")),
        (with(p256(), json!({"key_ops": ["sign"]})), OtherUse),
        (with(p256(), json!({"key_ops": []})), OtherUse),
        (with(p256(), json!({"key_ops": "verify"})), Malformed("key_ops")),
        (with(p256(), json!({"kid": 1})), Malformed("kid")),
        (with(p256(), json!({"kid": "k".repeat(1025)})), Malformed("kid")),
        (rsa(128), RsaModulus),
        (rsa(255), RsaModulus),
        (rsa(1025), RsaModulus),
        (rsa(0), RsaModulus),
        (with(rsa(256), json!({"n": b64(&[0xf0; 256])})), RsaModulus),
        (with(rsa(256), json!({"e": "AQ"})), RsaExponent),
        (with(rsa(256), json!({"e": "AA"})), RsaExponent),
        (with(rsa(256), json!({"e": ""})), RsaExponent),
        (with(rsa(256), json!({"e": "AQAA"})), RsaExponent),
        (with(rsa(256), json!({"e": b64(&[0xff; 8])})), RsaExponent),
        (with(rsa(256), json!({"n": "AQAB="})), Malformed("n")),
        (with(rsa(256), json!({"n": "a+/a"})), Malformed("n")),
        (with(rsa(256), json!({"n": [1]})), Malformed("n")),
        (no(rsa(256), "n"), Missing("n")),
        (no(rsa(256), "e"), Missing("e")),
        (no(p256(), "crv"), Missing("crv")),
        (no(p256(), "y"), Missing("y")),
        (no(ed25519(), "x"), Missing("x")),
        (with(p256(), json!({"y": "x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a1"})), Malformed("y")),
        (with(p256(), json!({"y": "x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a4"})), Point),
        (with(p256(), json!({"x": b64(&[0; 32]), "y": b64(&[0; 32])})), Point),
        (with(p256(), json!({"x": b64(&[0xff; 32])})), Point),
        (with(p256(), json!({"x": b64(&[1; 31])})), Malformed("x")),
        (with(p256(), json!({"x": b64(&[0; 33])})), Malformed("x")),
        (with(ed25519(), json!({"x": b64(&[1; 31])})), Malformed("x")),
        (with(ed25519(), json!({"x": b64(&[1; 33])})), Malformed("x")),
        (with(ed25519(), json!({"x": b64(&[0; 32])})), WeakPoint),
        (with(ed25519(), json!({"x": "JuiVj8KyJ7BFw_SJ8u-Y8NXfrAXTxjM5sTgCiG1T_IU"})), WeakPoint),
        (with(ed25519(), json!({"x": b64(&[0xff; 32])})), WeakPoint),
        (oct(64), PublishedSecret),
        (with(oct(64), json!({"alg": "HS256"})), PublishedSecret),
        (with(ed25519(), json!({"kid": "serves"})), Duplicate),
        (json!("key"), Json(json::Defect::NotAnObject)),
        (json!(null), Json(json::Defect::NotAnObject)),
        (json!([]), Json(json::Defect::NotAnObject)),
        (with(p256(), json!({"x5c": ["\u{0}"]})), Json(json::Defect::Nul)),
    ] {
        assert_eq!(defect(key.clone(), Origin::Remote), Some(expected), "{key}");
    }
}

#[test]
fn a_key_that_can_be_used_is_used() {
    for key in [
        rsa(256),
        rsa(1024),
        with(rsa(256), json!({"n": b64(&[&[0, 0], &[0xf1; 256][..]].concat())})),
        with(rsa(256), json!({"e": "Aw"})),
        with(rsa(256), json!({"use": "sig", "key_ops": ["verify", "sign"], "alg": "PS512"})),
        with(p256(), json!({"use": null, "key_ops": null, "alg": null, "kid": null})),
        with(p256(), json!({"kid": "", "x5c": ["AAAA"], "x5t": 1, "unknown": {"a": [1]}})),
        with(ed25519(), json!({"alg": "EdDSA"})),
    ] {
        assert_eq!(defect(key.clone(), Origin::Remote), None, "{key}");
    }
    assert_eq!(defect(oct(32), Origin::File), None);
    assert_eq!(defect(oct(31), Origin::File), Some(KeyDefect::SecretTooShort(Algorithm::Hs256)));
    assert_eq!(
        defect(with(oct(63), json!({"alg": "HS512"})), Origin::File),
        Some(KeyDefect::AlgorithmMismatch)
    );
}

#[test]
fn keys_do_what_their_type_allows_and_not_more() {
    use Algorithm::*;
    for (key, able) in [
        (rsa(256), vec![Rs256, Rs384, Rs512, Ps256, Ps384, Ps512]),
        (with(rsa(256), json!({"alg": "RS384"})), vec![Rs384]),
        (p256(), vec![Es256]),
        (ed25519(), vec![EdDsa]),
        (oct(32), vec![Hs256]),
        (oct(48), vec![Hs256, Hs384]),
        (oct(64), vec![Hs256, Hs384, Hs512]),
        (with(oct(64), json!({"alg": "HS384"})), vec![Hs384]),
    ] {
        let set = set(std::slice::from_ref(&key), Origin::File).unwrap();
        let suits: Vec<_> =
            Algorithm::ALL.into_iter().filter(|&algorithm| set.keys()[0].suits(algorithm)).collect();
        assert_eq!(suits, able, "{key}");
    }
}

#[test]
fn private_parts_are_not_used_but_noted() {
    let set = set(&[with(p256(), json!({"kid": "p", "d": 5})), ed25519()], Origin::Remote).unwrap();
    assert_eq!(set.notes(), [KeyNote { index: 0, kid: Some("p".into()), note: Note::PrivateParts }]);
    assert_eq!(set.keys().len(), 2);
}

#[test]
fn a_token_is_tried_with_the_key_it_names_and_no_other() {
    let named = |key: Value, kid: &str| with(key, json!({"kid": kid}));
    let other = |n: u8| with(rsa(256), json!({"n": b64(&[&[0xf1; 255][..], &[n * 2 + 1]].concat())}));
    let many = (0..6).map(|n| named(other(n), "many"));
    let keys: Vec<_> =
        [named(p256(), "a"), named(ed25519(), "a"), named(ed25519(), "b"), other(9), ed25519()]
            .into_iter()
            .chain(many)
            .collect();
    let set = set(&keys, Origin::Remote).unwrap();
    let count = |kid, algorithm| match set.select(kid, algorithm) {
        Selection::Keys(keys) => {
            assert!(keys.iter().all(|key| key.suits(algorithm) && (kid.is_none() || key.kid() == kid)));
            Ok(keys.len())
        }
        Selection::UnknownKid => Err("unknown"),
        Selection::Unsuitable => Err("unsuitable"),
    };
    assert_eq!(count(Some("a"), Algorithm::Es256), Ok(1));
    assert_eq!(count(Some("a"), Algorithm::EdDsa), Ok(1));
    assert_eq!(count(Some("b"), Algorithm::Es256), Err("unsuitable"));
    assert_eq!(count(Some("c"), Algorithm::Rs256), Err("unknown"), "not with the key that has no id");
    assert_eq!(count(Some(""), Algorithm::Rs256), Err("unknown"));
    assert_eq!(count(Some("many"), Algorithm::Ps256), Ok(MAX_TRIED));
    assert_eq!(count(None, Algorithm::Rs256), Ok(MAX_TRIED));
    assert_eq!(count(None, Algorithm::EdDsa), Ok(3));
    assert_eq!(count(None, Algorithm::Es384), Err("unsuitable"));
    assert_eq!(count(None, Algorithm::Hs256), Err("unsuitable"));
}

#[test]
fn keys_beyond_those_that_are_tried_are_noted() {
    let untried = |keys: &[Value]| {
        let set = set(keys, Origin::Remote).unwrap();
        set.notes().iter().map(|note| (note.index, note.note)).collect::<Vec<_>>()
    };
    let of =
        |kid: Option<&str>| (0..MAX_TRIED + 2).map(|n| with(rsa(256 + n), json!({"kid": kid}))).collect();
    let many: Vec<Value> = of(None);
    let beyond = [(MAX_TRIED, Note::Untried), (MAX_TRIED + 1, Note::Untried)];
    assert_eq!(untried(&many), beyond);
    assert_eq!(untried(&of(Some("same"))), beyond);
    assert_eq!(untried(&many[..MAX_TRIED]), []);
    let named: Vec<_> = (0..20).map(|n| with(rsa(256 + n), json!({"kid": n.to_string()}))).collect();
    assert_eq!(untried(&named), []);
    let last = [&named[..MAX_TRIED], &[rsa(300), p256()]].concat();
    assert_eq!(untried(&last), [(MAX_TRIED, Note::Untried)], "only a token without `kid` could need it");
    assert_eq!(
        Note::Untried.to_string(),
        "is never tried: 4 keys of its kind that no kid tells from it come first"
    );

    let pem: String = (0..=MAX_TRIED)
        .map(|_| rcgen::KeyPair::generate().unwrap().public_key_pem())
        .chain([pem(
            "PUBLIC KEY",
            Ed25519KeyPair::generate().unwrap().public_key().as_der().unwrap().as_ref(),
        )])
        .collect();
    let set = KeySet::from_pem(pem.as_bytes()).unwrap();
    assert_eq!(set.notes(), [KeyNote { index: MAX_TRIED, kid: None, note: Note::Untried }]);
}

#[test]
fn identities_tell_keys_apart() {
    let identity = |key: Value| *set(&[key], Origin::File).unwrap().keys()[0].identity();
    let keys = [
        p256(),
        with(p256(), json!({"kid": "a"})),
        with(p256(), json!({"kid": ""})),
        rsa(256),
        rsa(257),
        with(rsa(256), json!({"alg": "RS256"})),
        with(rsa(256), json!({"alg": "PS256"})),
        ed25519(),
        oct(32),
        oct(48),
    ];
    for (i, one) in keys.iter().enumerate() {
        for (j, other) in keys.iter().enumerate() {
            assert_eq!(identity(one.clone()) == identity(other.clone()), i == j, "{one} {other}");
        }
    }
    assert_eq!(identity(with(p256(), json!({"use": "sig", "x5t": "new"}))), identity(p256()));
    assert_eq!(format!("{:?}", identity(oct(32))), "KeyIdentity(…)");
}

#[test]
fn a_key_that_says_whose_it_is_must_be_the_issuers() {
    let own = |issuer: &str| with(p256(), json!({"kid": issuer, "issuer": issuer}));
    let iss = "https://id.example.com/a/v2.0";
    let keys = [own(iss), own("https://id.example.com/{tenantid}/v2.0"), own("https://evil.example"), p256()];
    let text = json!({"keys": keys}).to_string();
    for origin in [Origin::Remote, Origin::File] {
        let set = KeySet::from_jwks_of(iss, text.as_bytes(), origin).unwrap();
        assert_eq!(set.keys().len(), 3);
        let skipped: Vec<_> = set.skipped().iter().map(|key| (key.index, key.why)).collect();
        assert_eq!(skipped, [(2, KeyDefect::OtherIssuer)]);
        assert_eq!(set.skipped()[0].kid.as_deref(), Some("https://evil.example"));
    }
    let foreign = json!({"keys": [own("https://evil.example")]}).to_string();
    let error = KeySet::from_jwks_of(iss, foreign.as_bytes(), Origin::Remote).unwrap_err();
    assert_eq!(
        error.to_string(),
        "holds no usable key: key 1 is of another issuer by its own `issuer` member"
    );
    let null = json!({"keys": [with(p256(), json!({"issuer": null}))]}).to_string();
    assert!(KeySet::from_jwks_of(iss, null.as_bytes(), Origin::Remote).is_ok());
}

#[test]
fn what_is_no_key_set_is_refused_as_a_whole() {
    let refused = |text: &str| KeySet::from_jwks(text.as_bytes(), Origin::Remote).unwrap_err();
    for text in ["[]", "null", "1", "\"x\"", "{}", r#"{"keys":{}}"#, r#"{"keys":null}"#, r#"{"Keys":[]}"#] {
        assert!(matches!(refused(text), KeySetError::NotAKeySet), "{text}");
    }
    for text in ["", "{", "<html>", r#"{"keys":[]"#, r#"{"keys":[]}x"#, "\u{feff}{}", r#"{"keys":[{]}"#] {
        assert!(matches!(refused(text), KeySetError::Json(json::Defect::Syntax)), "{text}");
    }
    let twice = format!(r#"{{"keys":[{}],"keys":[{}]}}"#, p256(), ed25519());
    assert!(matches!(refused(&twice), KeySetError::Json(DuplicateMember)));
    assert!(matches!(refused(r#"{"keys":[]}"#), KeySetError::Unusable { skipped } if skipped.is_empty()));
    let Err(error) = set(&[oct(64), json!({"kty": "?"})], Origin::Remote) else { panic!() };
    assert_eq!(
        error.to_string(),
        "holds no usable key: key 1 is a shared secret, which must never be published, key 2 is of an unknown key type"
    );
    assert!(
        KeySet::from_jwks(
            format!(r#"{{"a":[1,{{}}],"keys":[{}],"b":null}}"#, p256()).as_bytes(),
            Origin::Remote
        )
        .is_ok()
    );
}

#[test]
fn a_duplicate_or_deep_key_costs_only_itself_and_no_stack() {
    let deep = "[".repeat(200_000) + &"]".repeat(200_000);
    let objects = "{\"a\":".repeat(200_000) + "1" + &"}".repeat(200_000);
    let twice = r#"{"kty":"EC","kty":"EC"}"#;
    let text = format!(r#"{{"x":{deep},"keys":[{deep},{objects},{twice},{}]}}"#, p256());
    let set = KeySet::from_jwks(text.as_bytes(), Origin::Remote).unwrap();
    let why: Vec<_> = set.skipped().iter().map(|skipped| skipped.why).collect();
    assert_eq!(why, [TooDeep, TooDeep, DuplicateMember].map(KeyDefect::Json));
    assert_eq!(set.keys().len(), 1);
}

/// Neither does one that holds what a reader of JSON stops at; those that follow are found nevertheless.
#[test]
fn a_key_with_an_odd_number_or_escape_costs_only_itself() {
    for odd in [
        r#"{"kty":"EC","n":1e400}"#,
        r#"{"kty":"EC","kid":"\ud800"}"#,
        r#"{"kty":"EC","\udc00":[{"a":-1e999}]}"#,
    ] {
        for text in [
            format!(r#"{{"keys":[{odd},{}]}}"#, p256()),
            format!(r#"{{"x":"]}}","keys" : [ {odd} , {} ] , "y":1e400}}"#, p256()),
        ] {
            let set = KeySet::from_jwks(text.as_bytes(), Origin::Remote).unwrap();
            let why: Vec<_> = set.skipped().iter().map(|skipped| (skipped.index, skipped.why)).collect();
            assert_eq!((set.keys().len(), why), (1, vec![(0, KeyDefect::Unreadable)]), "{text}");
        }
        let alone =
            KeySet::from_jwks(format!(r#"{{"keys":[{odd}]}}"#).as_bytes(), Origin::Remote).unwrap_err();
        assert!(matches!(alone, KeySetError::Unusable { .. }), "{odd}");
    }
}

#[test]
fn a_set_of_very_many_keys_is_refused() {
    let keys =
        |count: usize| (0..count).map(|n| with(p256(), json!({"kid": n.to_string()}))).collect::<Vec<_>>();
    assert_eq!(set(&keys(MAX_KEYS), Origin::Remote).unwrap().keys().len(), MAX_KEYS);
    assert!(matches!(set(&keys(MAX_KEYS + 1), Origin::Remote), Err(KeySetError::TooManyKeys)));
    let broken = vec![json!(1); 100_000];
    assert!(matches!(set(&broken, Origin::Remote), Err(KeySetError::TooManyKeys)));
}

#[test]
fn pem_files_hold_public_keys_of_every_kind() {
    let rsa = RsaKeyPair::generate(KeySize::Rsa2048).unwrap();
    let ec = EcdsaKeyPair::generate(&signature::ECDSA_P521_SHA512_FIXED_SIGNING).unwrap();
    let ed = Ed25519KeyPair::generate().unwrap();
    let certified = rcgen::KeyPair::generate_for(&rcgen::PKCS_ECDSA_P256_SHA256).unwrap();
    let certificate =
        rcgen::CertificateParams::new(vec!["x".into()]).unwrap().self_signed(&certified).unwrap();
    let spki = |der: &[u8]| pem("PUBLIC KEY", der);
    for (text, algorithm) in [
        (spki(rsa.public_key().as_der().unwrap().as_ref()), Algorithm::Ps384),
        (pem("RSA PUBLIC KEY", rsa.public_key().as_ref()), Algorithm::Rs512),
        (spki(ec.public_key().as_der().unwrap().as_ref()), Algorithm::Es512),
        (spki(ed.public_key().as_der().unwrap().as_ref()), Algorithm::EdDsa),
        (certificate.pem(), Algorithm::Es256),
        (certificate.pem().replace('\n', "\r\n"), Algorithm::Es256),
        (format!("subject: x\n{}\nafter", certificate.pem()), Algorithm::Es256),
    ] {
        let set = KeySet::from_pem(text.as_bytes()).unwrap();
        assert!(set.keys()[0].suits(algorithm), "{text}");
        assert!(matches!(set.select(Some("whatever"), algorithm), Selection::Keys(keys) if keys.len() == 1));
        assert!(matches!(set.select(None, Algorithm::Hs256), Selection::Unsuitable));
    }
    let several = pem("RSA PUBLIC KEY", rsa.public_key().as_ref()) + "\n" + &certificate.pem();
    assert_eq!(KeySet::from_pem(several.as_bytes()).unwrap().keys().len(), 2);
    let twice = certificate.pem().repeat(2);
    assert_eq!(KeySet::from_pem(twice.as_bytes()).unwrap().skipped().len(), 1);
}

#[test]
fn pem_files_hold_nothing_else() {
    let rsa = RsaKeyPair::generate(KeySize::Rsa2048).unwrap();
    let public = pem("RSA PUBLIC KEY", rsa.public_key().as_ref());
    let ed = pem(
        "PRIVATE KEY",
        Ed25519KeyPair::generate_pkcs8(&aws_lc_rs::rand::SystemRandom::new()).unwrap().as_ref(),
    );
    let message = |text: &str| {
        let error = KeySet::from_pem(text.as_bytes()).unwrap_err();
        std::error::Error::source(&error).map_or(error.to_string(), ToString::to_string)
    };
    for (text, expected) in [
        (String::new(), "it holds no PEM block"),
        ("hello".into(), "it holds no PEM block"),
        (ed.clone(), "it holds a private key; give the public key alone"),
        (public.clone() + &ed, "it holds a private key; give the public key alone"),
        (public.replace("RSA PUBLIC", "RSA PRIVATE"), "it holds a private key; give the public key alone"),
        (
            public.replace("RSA PUBLIC", "ENCRYPTED PRIVATE"),
            "it holds a private key; give the public key alone",
        ),
        (
            public.replace("RSA PUBLIC KEY", "X509 CRL"),
            "it holds a block that is neither PUBLIC KEY, RSA PUBLIC KEY nor CERTIFICATE",
        ),
        (public.replace("-----END RSA PUBLIC KEY-----", ""), "a PEM block has no end"),
        (public.replace("END RSA", "END EC"), "a PEM block has no end"),
        (public.replace("\nMII", "\n*II"), "a PEM block is not base64"),
        (
            pem("PUBLIC KEY", &[0x30, 0x0b, 0x30, 4, 6, 2, 0x2a, 3, 3, 3, 0, 1, 2]),
            "is of an unknown key type",
        ),
        (public.replace("RSA PUBLIC", "PUBLIC"), "has a malformed `public key`"),
        (pem("PUBLIC KEY", &[7; 32]), "has a malformed `public key`"),
        (pem("CERTIFICATE", b"no certificate"), "has a malformed `certificate`"),
        (
            pem("RSA PUBLIC KEY", &[0x30, 0x06, 0x02, 0x01, 0x05, 0x02, 0x01, 0x03]),
            "has an RSA modulus that is not of 2048 to 8192 bits, or even",
        ),
        (
            pem("PUBLIC KEY", &[&ED25519_INFO[..], &[1], &[0; 31]].concat()),
            "has a point of small order, which anybody can sign for, or one that is not in canonical form",
        ),
        (pem("RSA PUBLIC KEY", &[0x30, 0x82]), "has a malformed `RSA public key`"),
    ] {
        assert_eq!(message(&text), expected, "{text}");
    }
    assert!(matches!(KeySet::from_pem(b"\xff\xfe"), Err(KeySetError::Pem(PemError::NotText))));
    let many = public.repeat(MAX_KEYS + 1);
    assert!(matches!(KeySet::from_pem(many.as_bytes()), Err(KeySetError::TooManyKeys)));
}

#[test]
fn a_secret_serves_the_algorithms_of_the_issuer() {
    use Algorithm::{Es256, Hs256, Hs384, Hs512};
    let algorithms = |list: &[Algorithm]| Algorithms::new(list.to_vec()).unwrap();
    let set = KeySet::from_secret(&[1; 64], &algorithms(&[Hs256, Hs512, Es256])).unwrap();
    assert!(matches!(set.select(Some("any"), Hs256), Selection::Keys(_)));
    assert!(matches!(set.select(None, Hs512), Selection::Keys(_)));
    assert!(matches!(set.select(None, Hs384), Selection::Unsuitable));
    assert!(matches!(set.select(None, Es256), Selection::Unsuitable));
    for (length, algorithm) in [(31, Hs256), (47, Hs384), (63, Hs512), (0, Hs256)] {
        let error = KeySet::from_secret(&vec![1; length], &algorithms(&[algorithm])).unwrap_err();
        assert!(
            matches!(error, KeySetError::Key { source: KeyDefect::SecretTooShort(at), .. } if at == algorithm)
        );
    }
    KeySet::from_secret(&[1; 32], &algorithms(&[Hs256, Hs384])).unwrap_err();
    let key = rcgen::KeyPair::generate().unwrap();
    let jwks = json!({"keys": [p256()]}).to_string();
    for text in [key.public_key_pem(), key.serialize_pem(), jwks] {
        let error = KeySet::from_secret(text.as_bytes(), &algorithms(&[Hs256])).unwrap_err();
        assert!(matches!(error, KeySetError::Key { source: KeyDefect::SecretIsKey, .. }), "{text}: {error}");
        let oct = json!({"kty": "oct", "k": b64(text.as_bytes())});
        assert_eq!(defect(oct, Origin::File), Some(KeyDefect::SecretIsKey), "{text}");
    }
    KeySet::from_secret(&[1; 64], &algorithms(&[Es256])).unwrap_err();
    assert!(!format!("{set:?}").contains("1, 1"));
}

proptest! {
    #[test]
    fn no_document_makes_it_panic(
        text in r#"(\{"keys":\[)?(\{("kty":"(RSA|EC|OKP|oct)",?)?("(n|e|x|y|k|crv|alg|kid)":("[A-Za-z0-9_-]{0,50}"|1|null|\[\]),?){0,4}\},?){0,3}(\]\})?"#,
        bytes in prop::collection::vec(any::<u8>(), 0..200),
        base64 in "[A-Za-z0-9+/=\n ]{0,200}",
    ) {
        for origin in [Origin::Remote, Origin::File] {
            let _either = KeySet::from_jwks(text.as_bytes(), origin);
            let _either = KeySet::from_jwks(&bytes, origin);
        }
        let _either = KeySet::from_pem(&bytes);
        for label in ["PUBLIC KEY", "RSA PUBLIC KEY", "CERTIFICATE"] {
            let _either = KeySet::from_pem(format!("-----BEGIN {label}-----\n{base64}\n-----END {label}-----").as_bytes());
            prop_assert!(KeySet::from_pem(pem(label, &bytes).as_bytes()).is_err());
        }
    }
}
