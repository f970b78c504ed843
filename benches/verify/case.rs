//! A key of each algorithm, tokens that it signs, and the bare check of their signatures.

use std::sync::OnceLock;

use aws_lc_rs::hmac;
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa::KeySize;
use aws_lc_rs::signature::{
    self, EcdsaKeyPair, EcdsaSigningAlgorithm, Ed25519KeyPair, KeyPair as _, ParsedPublicKey, RsaEncoding,
    RsaKeyPair, VerificationAlgorithm,
};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jwtgate::authn::Algorithm;
use serde_json::{Value, json};

use super::issuer;

/// A key, and the check that is measured against.
pub(super) struct Case {
    algorithm: Algorithm,
    sign: Sign,
    /// The key set, or the secret.
    pub(super) keys: Vec<u8>,
    pub(super) bare: Bare,
}

/// The signature of a message.
type Sign = Box<dyn Fn(&[u8]) -> Vec<u8> + Send + Sync>;

/// Whether this message has this signature.
pub(super) type Bare = Box<dyn Fn(&[u8], &[u8]) -> bool + Send + Sync>;

static CASES: [OnceLock<Case>; Algorithm::ALL.len()] = [const { OnceLock::new() }; Algorithm::ALL.len()];

/// That of an algorithm, whose keys are made once.
pub(super) fn case(algorithm: Algorithm) -> &'static Case {
    let place = Algorithm::ALL.iter().position(|&known| known == algorithm);
    CASES[place.expect("ALL holds every algorithm")].get_or_init(|| Case::new(algorithm))
}

impl Case {
    fn new(algorithm: Algorithm) -> Self {
        match algorithm {
            Algorithm::Rs256 => {
                Self::rsa(algorithm, &signature::RSA_PKCS1_SHA256, &signature::RSA_PKCS1_2048_8192_SHA256)
            }
            Algorithm::Rs384 => {
                Self::rsa(algorithm, &signature::RSA_PKCS1_SHA384, &signature::RSA_PKCS1_2048_8192_SHA384)
            }
            Algorithm::Rs512 => {
                Self::rsa(algorithm, &signature::RSA_PKCS1_SHA512, &signature::RSA_PKCS1_2048_8192_SHA512)
            }
            Algorithm::Ps256 => {
                Self::rsa(algorithm, &signature::RSA_PSS_SHA256, &signature::RSA_PSS_2048_8192_SHA256)
            }
            Algorithm::Ps384 => {
                Self::rsa(algorithm, &signature::RSA_PSS_SHA384, &signature::RSA_PSS_2048_8192_SHA384)
            }
            Algorithm::Ps512 => {
                Self::rsa(algorithm, &signature::RSA_PSS_SHA512, &signature::RSA_PSS_2048_8192_SHA512)
            }
            Algorithm::Es256 => Self::ec(algorithm, "P-256", &signature::ECDSA_P256_SHA256_FIXED_SIGNING),
            Algorithm::Es384 => Self::ec(algorithm, "P-384", &signature::ECDSA_P384_SHA384_FIXED_SIGNING),
            Algorithm::Es512 => Self::ec(algorithm, "P-521", &signature::ECDSA_P521_SHA512_FIXED_SIGNING),
            Algorithm::EdDsa => Self::ed(algorithm),
            Algorithm::Hs256 => Self::hmac(algorithm, hmac::HMAC_SHA256),
            Algorithm::Hs384 => Self::hmac(algorithm, hmac::HMAC_SHA384),
            Algorithm::Hs512 => Self::hmac(algorithm, hmac::HMAC_SHA512),
        }
    }

    fn rsa(
        algorithm: Algorithm,
        padding: &'static dyn RsaEncoding,
        bare: &'static dyn VerificationAlgorithm,
    ) -> Self {
        let pair = RsaKeyPair::generate(KeySize::Rsa2048).expect("RSA key");
        let public = pair.public_key().as_ref();
        let jwk = json!({"kty": "RSA", "n": b64(&public[9..265]), "e": b64(&public[267..])});
        let key = ParsedPublicKey::new(bare, public).expect("public key");
        let sign = move |message: &[u8]| {
            let mut signature = vec![0; pair.public_modulus_len()];
            pair.sign(padding, &SystemRandom::new(), message, &mut signature).expect("signature");
            signature
        };
        Self::public(algorithm, Box::new(sign), &jwk, key)
    }

    fn ec(algorithm: Algorithm, curve: &str, signing: &'static EcdsaSigningAlgorithm) -> Self {
        let pair = EcdsaKeyPair::generate(signing).expect("EC key");
        let point = pair.public_key().as_ref();
        let (x, y) = point[1..].split_at(point.len() / 2);
        let jwk = json!({"kty": "EC", "crv": curve, "x": b64(x), "y": b64(y)});
        let key = ParsedPublicKey::new(&**signing, point).expect("public key");
        let sign = move |message: &[u8]| {
            pair.sign(&SystemRandom::new(), message).expect("signature").as_ref().to_vec()
        };
        Self::public(algorithm, Box::new(sign), &jwk, key)
    }

    fn ed(algorithm: Algorithm) -> Self {
        let pair = Ed25519KeyPair::generate().expect("Ed25519 key");
        let public = pair.public_key().as_ref();
        let jwk = json!({"kty": "OKP", "crv": "Ed25519", "x": b64(public)});
        let key = ParsedPublicKey::new(&signature::ED25519, public).expect("public key");
        let sign = move |message: &[u8]| pair.sign(message).as_ref().to_vec();
        Self::public(algorithm, Box::new(sign), &jwk, key)
    }

    fn hmac(algorithm: Algorithm, hash: hmac::Algorithm) -> Self {
        let keys = vec![7; 64];
        let key = hmac::Key::new(hash, &keys);
        let signing = key.clone();
        Self {
            algorithm,
            sign: Box::new(move |message| hmac::sign(&signing, message).as_ref().to_vec()),
            keys,
            bare: Box::new(move |message, tag| hmac::verify(&key, message, tag).is_ok()),
        }
    }

    fn public(algorithm: Algorithm, sign: Sign, jwk: &Value, key: ParsedPublicKey) -> Self {
        let keys = json!({"keys": [jwk]}).to_string().into_bytes();
        Self {
            algorithm,
            sign,
            keys,
            bare: Box::new(move |message, signature| key.verify_sig(message, signature).is_ok()),
        }
    }

    /// A token as identity providers issue them, of about 1 KiB; each number makes another one.
    pub(super) fn token(&self, number: u32) -> String {
        let header = json!({"alg": self.algorithm.name(), "typ": "at+jwt"});
        let payload = json!({
            "iss": issuer::ISSUER, "sub": "248289761001", "aud": ["orders-api", "billing-api"],
            "exp": 1_800_000_300, "nbf": 1_799_999_990, "iat": 1_799_999_990, "jti": format!("01959f2a-6c1e-7f3c-9c55-0d2b{number:08x}"),
            "client_id": "storefront", "scope": "openid profile orders:read orders:write", "tenant": "acme",
            "realm_access": {"roles": ["clerk", "auditor", "offline_access"]}, "email_verified": true,
            "email": "someone@example.com", "preferred_username": "someone", "sid": "f0c1b6de-4d4e-4f0f-8a7a-5a4a3d2c1b0a",
        });
        let input = format!("{}.{}", b64(header.to_string().as_bytes()), b64(payload.to_string().as_bytes()));
        format!("{input}.{}", b64(&(self.sign)(input.as_bytes())))
    }
}

/// What is signed of a token, and the signature.
pub(super) fn parts(token: &str) -> (&str, Vec<u8>) {
    let (message, signature) = token.rsplit_once('.').expect("a token has dots");
    (message, URL_SAFE_NO_PAD.decode(signature).expect("a token is base64url"))
}

fn b64(bytes: &[u8]) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}
