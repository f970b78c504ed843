//! Issuers, their keys, and tokens of any shape.

use std::sync::{Arc, LazyLock};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use aws_lc_rs::encoding::AsDer as _;
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa::KeySize;
use aws_lc_rs::signature::{self, EcdsaKeyPair, Ed25519KeyPair, KeyPair as _, RsaKeyPair};
use aws_lc_rs::{hmac, signature::RsaEncoding};
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use serde_json::{Value, json};

use crate::authn::keys::{KeySet, Keys, Origin};
use crate::authn::{
    Admission, Algorithm, Algorithms, Authenticator, ClaimPath, Error, Failure, Issuer, IssuerSpec,
    Principal, SentToken, TokenLimits, TokenTypes, Unauthenticated,
};
use crate::telemetry::metrics::Metrics;

/// The time of every request, unless a test says otherwise.
pub(super) const NOW: u64 = 1_800_000_000;

pub(super) const CORP: &str = "https://id.example.com";
pub(super) const STRICT: &str = "https://strict.example.com";
pub(super) const SECRET: &str = "https://secret.example.com";
pub(super) const MIXED: &str = "https://mixed.example.com";

/// What signs: one key of each kind, and one more RSA and Ed25519 key that no issuer publishes.
pub(super) struct Signers {
    pub(super) rsa: Signer,
    pub(super) p256: Signer,
    pub(super) p384: Signer,
    pub(super) p521: Signer,
    pub(super) ed: Signer,
    pub(super) strict: Signer,
    pub(super) secret: Signer,
    pub(super) foreign_rsa: Signer,
    pub(super) foreign_p256: Signer,
    pub(super) foreign_ed: Signer,
}

pub(super) static SIGNERS: LazyLock<Signers> = LazyLock::new(|| Signers {
    rsa: Signer::rsa(),
    p256: Signer::ec(&signature::ECDSA_P256_SHA256_FIXED_SIGNING, "P-256"),
    p384: Signer::ec(&signature::ECDSA_P384_SHA384_FIXED_SIGNING, "P-384"),
    p521: Signer::ec(&signature::ECDSA_P521_SHA512_FIXED_SIGNING, "P-521"),
    ed: Signer::ed(),
    strict: Signer::ed(),
    secret: Signer::Secret((0..64).map(|byte| byte * 3 + 1).collect()),
    foreign_rsa: Signer::rsa(),
    foreign_p256: Signer::ec(&signature::ECDSA_P256_SHA256_FIXED_SIGNING, "P-256"),
    foreign_ed: Signer::ed(),
});

/// Every algorithm: its name, the `kid` and the issuer of its key, and what signs.
pub(super) fn algorithms() -> [(&'static str, Option<&'static str>, &'static str, &'static Signer); 13] {
    let signers = &*SIGNERS;
    [
        ("RS256", Some("rsa"), CORP, &signers.rsa),
        ("RS384", Some("rsa"), CORP, &signers.rsa),
        ("RS512", Some("rsa"), CORP, &signers.rsa),
        ("PS256", Some("rsa"), CORP, &signers.rsa),
        ("PS384", Some("rsa"), CORP, &signers.rsa),
        ("PS512", Some("rsa"), CORP, &signers.rsa),
        ("ES256", Some("p256"), CORP, &signers.p256),
        ("ES384", Some("p384"), CORP, &signers.p384),
        ("ES512", Some("p521"), CORP, &signers.p521),
        ("EdDSA", Some("ed"), CORP, &signers.ed),
        ("HS256", None, SECRET, &signers.secret),
        ("HS384", None, SECRET, &signers.secret),
        ("HS512", None, SECRET, &signers.secret),
    ]
}

/// A private key.
pub(super) enum Signer {
    Rsa(RsaKeyPair),
    Ec(EcdsaKeyPair, &'static str),
    Ed(Ed25519KeyPair),
    Secret(Vec<u8>),
}

impl Signer {
    pub(super) fn rsa() -> Self {
        Self::Rsa(RsaKeyPair::generate(KeySize::Rsa2048).unwrap())
    }

    pub(super) fn ec(algorithm: &'static signature::EcdsaSigningAlgorithm, curve: &'static str) -> Self {
        Self::Ec(EcdsaKeyPair::generate(algorithm).unwrap(), curve)
    }

    pub(super) fn ed() -> Self {
        Self::Ed(Ed25519KeyPair::generate().unwrap())
    }

    /// The signature; for EC and Ed25519 keys whatever the algorithm is called.
    pub(super) fn sign(&self, algorithm: &str, message: &[u8]) -> Vec<u8> {
        match self {
            Self::Rsa(pair) => {
                let padding: &'static dyn RsaEncoding = match algorithm {
                    "RS384" => &signature::RSA_PKCS1_SHA384,
                    "RS512" => &signature::RSA_PKCS1_SHA512,
                    "PS256" => &signature::RSA_PSS_SHA256,
                    "PS384" => &signature::RSA_PSS_SHA384,
                    "PS512" => &signature::RSA_PSS_SHA512,
                    _ => &signature::RSA_PKCS1_SHA256,
                };
                let mut signature = vec![0; pair.public_modulus_len()];
                pair.sign(padding, &SystemRandom::new(), message, &mut signature).unwrap();
                signature
            }
            Self::Ec(pair, _) => pair.sign(&SystemRandom::new(), message).unwrap().as_ref().to_vec(),
            Self::Ed(pair) => pair.sign(message).as_ref().to_vec(),
            Self::Secret(secret) => mac(algorithm, secret, message),
        }
    }

    /// The public JWK, or the shared one.
    pub(super) fn jwk(&self, kid: &str) -> Value {
        match self {
            Self::Rsa(_) => {
                let (n, e) = self.rsa_numbers();
                json!({"kty": "RSA", "kid": kid, "n": b64(&n), "e": b64(&e)})
            }
            Self::Ec(pair, curve) => {
                let point = &pair.public_key().as_ref()[1..];
                let (x, y) = point.split_at(point.len() / 2);
                json!({"kty": "EC", "crv": curve, "kid": kid, "x": b64(x), "y": b64(y)})
            }
            Self::Ed(pair) => {
                json!({"kty": "OKP", "crv": "Ed25519", "kid": kid, "x": b64(pair.public_key().as_ref())})
            }
            Self::Secret(secret) => json!({"kty": "oct", "kid": kid, "k": b64(secret)}),
        }
    }

    pub(super) fn rsa_numbers(&self) -> (Vec<u8>, Vec<u8>) {
        let Self::Rsa(pair) = self else { panic!("not an RSA key") };
        let der = pair.public_key().as_ref();
        (der[9..265].to_vec(), der[267..].to_vec())
    }

    /// `SubjectPublicKeyInfo`.
    pub(super) fn spki(&self) -> Vec<u8> {
        match self {
            Self::Rsa(pair) => pair.public_key().as_der().unwrap().as_ref().to_vec(),
            Self::Ec(pair, _) => pair.public_key().as_der().unwrap().as_ref().to_vec(),
            Self::Ed(pair) => pair.public_key().as_der().unwrap().as_ref().to_vec(),
            Self::Secret(_) => panic!("a secret has no public part"),
        }
    }

    /// `RSAPublicKey`.
    pub(super) fn pkcs1(&self) -> Vec<u8> {
        let Self::Rsa(pair) = self else { panic!("not an RSA key") };
        pair.public_key().as_ref().to_vec()
    }
}

pub(super) fn mac(algorithm: &str, secret: &[u8], message: &[u8]) -> Vec<u8> {
    let hash = match algorithm {
        "HS384" => hmac::HMAC_SHA384,
        "HS512" => hmac::HMAC_SHA512,
        _ => hmac::HMAC_SHA256,
    };
    hmac::sign(&hmac::Key::new(hash, secret), message).as_ref().to_vec()
}

pub(super) fn pem(label: &str, der: &[u8]) -> String {
    let base64 = STANDARD.encode(der);
    let lines: Vec<_> = base64.as_bytes().chunks(64).map(|line| str::from_utf8(line).unwrap()).collect();
    format!("-----BEGIN {label}-----\n{}\n-----END {label}-----\n", lines.join("\n"))
}

pub(super) fn b64(bytes: &[u8]) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

/// Claims of a token of `corp` that passes.
pub(super) fn claims() -> Value {
    json!({"iss": CORP, "sub": "42", "aud": "orders", "exp": NOW + 300, "iat": NOW - 10})
}

/// The claims above, with some others; `null` takes one out.
pub(super) fn with(mut claims: Value, changes: Value) -> Value {
    for (name, value) in changes.as_object().unwrap() {
        if value.is_null() {
            claims.as_object_mut().unwrap().remove(name);
        } else {
            claims[name] = value.clone();
        }
    }
    claims
}

/// A token with exactly this header and payload.
pub(super) fn token(header: impl ToString, payload: impl ToString, signer: &Signer) -> String {
    let header = header.to_string();
    let name = serde_json::from_str::<Value>(&header)
        .ok()
        .and_then(|header| header["alg"].as_str().map(str::to_owned));
    signed(&b64(header.as_bytes()), &b64(payload.to_string().as_bytes()), &name.unwrap_or_default(), signer)
}

/// A token of exactly these segments.
pub(super) fn signed(header: &str, payload: &str, algorithm: &str, signer: &Signer) -> String {
    let input = format!("{header}.{payload}");
    let signature = b64(&signer.sign(algorithm, input.as_bytes()));
    format!("{input}.{signature}")
}

/// A token of `corp` that passes, but for these changes of its claims.
pub(super) fn corp(changes: Value) -> String {
    token(json!({"alg": "ES256", "kid": "p256"}), with(claims(), changes), &SIGNERS.p256)
}

/// The issuers of the tests, with empty caches.
pub(super) fn authenticator() -> Authenticator {
    let signers = &*SIGNERS;
    let corp_keys = json!({"keys": [
        signers.rsa.jwk("rsa"),
        with(signers.rsa.jwk("ps256"), json!({"alg": "PS256", "use": "sig"})),
        with(signers.p256.jwk("p256"), json!({"alg": "ES256"})),
        signers.p384.jwk("p384"), signers.p521.jwk("p521"), signers.ed.jwk("ed"),
        {"kty": "LMS", "kid": "later"},
    ]});
    let path = |text: &str| ClaimPath::parse(text).unwrap();
    let hmac = Algorithms::new(vec![Algorithm::Hs256, Algorithm::Hs384, Algorithm::Hs512]).unwrap();
    let Signer::Secret(secret) = &signers.secret else { panic!() };
    let issuers = vec![
        issuer(spec("corp", CORP), &corp_keys),
        issuer(
            IssuerSpec {
                algorithms: Algorithms::new(vec![Algorithm::EdDsa]).unwrap(),
                token_types: TokenTypes::parse(&["at+jwt"]).unwrap(),
                clock_skew: Duration::ZERO,
                max_age: Some(Duration::from_hours(1)),
                required_claims: vec![path("sub"), path("tenant.id")],
                roles: path("realm_access.roles"),
                scopes: Some(path("perms")),
                ..spec("strict", STRICT)
            },
            &json!({"keys": [signers.strict.jwk("strict")]}),
        ),
        Arc::new(Issuer::new(
            IssuerSpec { algorithms: hmac.clone(), ..spec("secret", SECRET) },
            Keys::fixed(KeySet::from_secret(secret, &hmac).unwrap()),
            metrics(),
        )),
        // what no configuration should say, and what must be safe nevertheless
        issuer(
            IssuerSpec {
                algorithms: Algorithms::new(Algorithm::ALL.to_vec()).unwrap(),
                ..spec("mixed", MIXED)
            },
            &json!({"keys": [signers.rsa.jwk("rsa"), signers.p256.jwk("p256"), signers.ed.jwk("ed")]}),
        ),
    ];
    Authenticator::new(issuers, TokenLimits::default())
}

pub(super) fn issuer(spec: IssuerSpec, jwks: &Value) -> Arc<Issuer> {
    let keys = KeySet::from_jwks(jwks.to_string().as_bytes(), Origin::Remote).unwrap();
    Arc::new(Issuer::new(spec, Keys::fixed(keys), metrics()))
}

pub(super) fn spec(name: &str, iss: &str) -> IssuerSpec {
    IssuerSpec {
        name: name.into(),
        issuer: iss.into(),
        audiences: vec!["orders".into(), "billing".into()],
        algorithms: Algorithms::asymmetric(),
        tenants: None,
        token_types: TokenTypes::default(),
        clock_skew: Duration::from_secs(30),
        max_age: None,
        required_claims: vec![],
        roles: ClaimPath::parse("roles").unwrap(),
        scopes: None,
        token_cache_bytes: 1 << 20,
    }
}

pub(super) fn metrics() -> crate::telemetry::metrics::IssuerMetrics {
    Metrics::new().unwrap().issuer("test")
}

pub(super) fn at(seconds: u64) -> SystemTime {
    UNIX_EPOCH + Duration::from_secs(seconds)
}

/// What becomes of a token on a route without demands of its own.
pub(super) fn verify(authenticator: &Authenticator, token: &str) -> Result<Principal, Error> {
    verify_on(authenticator, token, &Admission::default(), NOW).map_err(|failure| failure.error)
}

pub(super) fn verify_on(
    authenticator: &Authenticator,
    token: &str,
    admission: &Admission,
    now: u64,
) -> Result<Principal, Failure> {
    let token = SentToken::new(token.as_bytes());
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    let outcome = runtime.block_on(authenticator.authenticate(token, admission, at(now)));
    outcome.map_err(|refused| match refused {
        Unauthenticated::Credential(_) => Failure { issuer: None, error: Error::TokenMalformed },
        Unauthenticated::Token(failure) => failure,
    })
}
