//! Signing keys of every kind, made with aws-lc-rs, with their public halves in every form a key set may have.

use aws_lc_rs::encoding::{AsDer, PublicKeyX509Der};
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa::KeySize;
use aws_lc_rs::signature::{self as sig, KeyPair as _};
use aws_lc_rs::{hmac, signature};
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use serde_json::{Value, json};
use std::sync::Arc;

/// Base64url without padding, as JOSE has it.
pub fn base64url(bytes: impl AsRef<[u8]>) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

/// A key that signs, its `alg` and its `kid`. Cheap to clone.
#[derive(Debug, Clone)]
pub struct KeyPair {
    pub alg: &'static str,
    pub kid: String,
    material: Arc<Material>,
}

#[derive(Debug)]
enum Material {
    Rsa(signature::RsaKeyPair),
    Ec { key: signature::EcdsaKeyPair, curve: &'static str },
    Ed(signature::Ed25519KeyPair),
    Hmac(Vec<u8>),
}

impl KeyPair {
    /// A fresh key for the algorithm, with a kid of its own.
    pub fn generate(alg: &'static str) -> Self {
        let material = match alg {
            "RS256" | "RS384" | "RS512" | "PS256" | "PS384" | "PS512" => {
                Material::Rsa(signature::RsaKeyPair::generate(KeySize::Rsa2048).expect("an RSA key"))
            }
            "ES256" => ec(&sig::ECDSA_P256_SHA256_FIXED_SIGNING, "P-256"),
            "ES384" => ec(&sig::ECDSA_P384_SHA384_FIXED_SIGNING, "P-384"),
            "EdDSA" => Material::Ed(signature::Ed25519KeyPair::generate().expect("an Ed25519 key")),
            "HS256" | "HS384" | "HS512" => Material::Hmac(random::<64>().to_vec()),
            other => panic!("no key for {other}"),
        };
        Self { alg, kid: format!("{alg}-{}", base64url(random::<6>())), material: Arc::new(material) }
    }

    /// A key of HMAC with this very secret: what an attacker makes of whatever bytes are public.
    pub fn hmac(alg: &'static str, secret: &[u8]) -> Self {
        Self { alg, kid: "hmac".to_owned(), material: Arc::new(Material::Hmac(secret.to_vec())) }
    }

    /// The same key under another kid.
    pub fn with_kid(mut self, kid: &str) -> Self {
        kid.clone_into(&mut self.kid);
        self
    }

    /// The same RSA key signing by another of its algorithms.
    pub fn with_alg(mut self, alg: &'static str) -> Self {
        self.alg = alg;
        self
    }

    /// The signature over `message`.
    pub fn sign(&self, message: &[u8]) -> Vec<u8> {
        let random = SystemRandom::new();
        match &*self.material {
            Material::Rsa(key) => {
                let padding: &dyn signature::RsaEncoding = match self.alg {
                    "RS256" => &sig::RSA_PKCS1_SHA256,
                    "RS384" => &sig::RSA_PKCS1_SHA384,
                    "RS512" => &sig::RSA_PKCS1_SHA512,
                    "PS256" => &sig::RSA_PSS_SHA256,
                    "PS384" => &sig::RSA_PSS_SHA384,
                    "PS512" => &sig::RSA_PSS_SHA512,
                    other => panic!("an RSA key does not sign {other}"),
                };
                let mut signed = vec![0; key.public_modulus_len()];
                key.sign(padding, &random, message, &mut signed).expect("a signature");
                signed
            }
            Material::Ec { key, .. } => key.sign(&random, message).expect("a signature").as_ref().to_vec(),
            Material::Ed(key) => key.sign(message).as_ref().to_vec(),
            Material::Hmac(secret) => {
                let algorithm = match self.alg {
                    "HS256" => hmac::HMAC_SHA256,
                    "HS384" => hmac::HMAC_SHA384,
                    "HS512" => hmac::HMAC_SHA512,
                    other => panic!("a secret does not sign {other}"),
                };
                hmac::sign(&hmac::Key::new(algorithm, secret), message).as_ref().to_vec()
            }
        }
    }

    /// The secret of an HMAC key.
    pub fn secret(&self) -> &[u8] {
        let Material::Hmac(secret) = &*self.material else { panic!("{} has no secret", self.alg) };
        secret
    }

    /// The public key as a JWK with `kid`, `alg` and `use`.
    pub fn jwk(&self) -> Value {
        let mut jwk = match &*self.material {
            Material::Rsa(key) => {
                let (modulus, exponent) = rsa_components(key.public_key().as_ref());
                json!({ "kty": "RSA", "n": base64url(modulus), "e": base64url(exponent) })
            }
            Material::Ec { key, curve } => {
                let (x, y) =
                    key.public_key().as_ref()[1..].split_at((key.public_key().as_ref().len() - 1) / 2);
                json!({ "kty": "EC", "crv": curve, "x": base64url(x), "y": base64url(y) })
            }
            Material::Ed(key) => json!({ "kty": "OKP", "crv": "Ed25519", "x": base64url(key.public_key()) }),
            Material::Hmac(secret) => json!({ "kty": "oct", "k": base64url(secret) }),
        };
        jwk["kid"] = json!(self.kid);
        jwk["alg"] = json!(self.alg);
        jwk["use"] = json!("sig");
        jwk
    }

    /// The public key as `SubjectPublicKeyInfo`.
    pub fn spki_der(&self) -> Vec<u8> {
        let der: PublicKeyX509Der<'static> = match &*self.material {
            Material::Rsa(key) => key.public_key().as_der(),
            Material::Ec { key, .. } => key.public_key().as_der(),
            Material::Ed(key) => key.public_key().as_der(),
            Material::Hmac(_) => panic!("a secret has no public key"),
        }
        .expect("a public key");
        der.as_ref().to_vec()
    }

    /// The public key as `-----BEGIN PUBLIC KEY-----`.
    pub fn public_pem(&self) -> String {
        pem("PUBLIC KEY", &self.spki_der())
    }

    /// An RSA public key as `-----BEGIN RSA PUBLIC KEY-----` (PKCS#1).
    pub fn pkcs1_pem(&self) -> String {
        let Material::Rsa(key) = &*self.material else { panic!("{} is not RSA", self.alg) };
        pem("RSA PUBLIC KEY", key.public_key().as_ref())
    }
}

fn ec(algorithm: &'static signature::EcdsaSigningAlgorithm, curve: &'static str) -> Material {
    Material::Ec { key: signature::EcdsaKeyPair::generate(algorithm).expect("an EC key"), curve }
}

fn random<const N: usize>() -> [u8; N] {
    let mut bytes = [0; N];
    aws_lc_rs::rand::fill(&mut bytes).expect("random bytes");
    bytes
}

fn pem(label: &str, der: &[u8]) -> String {
    let text = STANDARD.encode(der);
    let lines: Vec<&str> =
        text.as_bytes().chunks(64).map(|line| std::str::from_utf8(line).expect("base64")).collect();
    format!("-----BEGIN {label}-----\n{}\n-----END {label}-----\n", lines.join("\n"))
}

/// Modulus and exponent of an `RSAPublicKey` (RFC 8017 A.1.1): a SEQUENCE of two INTEGERs.
fn rsa_components(der: &[u8]) -> (Vec<u8>, Vec<u8>) {
    let (sequence, _) = der_value(der);
    let (modulus, rest) = der_value(sequence);
    let (exponent, _) = der_value(rest);
    let unsigned = |integer: &[u8]| integer.iter().copied().skip_while(|&byte| byte == 0).collect();
    (unsigned(modulus), unsigned(exponent))
}

/// The content of the first DER value, and what follows it.
fn der_value(der: &[u8]) -> (&[u8], &[u8]) {
    let (length, start) = match der[1] {
        short @ 0..0x80 => (usize::from(short), 2),
        long => {
            let bytes = usize::from(long & 0x7f);
            (der[2..2 + bytes].iter().fold(0, |sum, &byte| sum << 8 | usize::from(byte)), 2 + bytes)
        }
    };
    (&der[start..start + length], &der[start + length..])
}
