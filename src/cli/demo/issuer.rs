//! A development issuer: discovery, a key set, and a token for whoever asks.

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair as _};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use http::{Request, Response, StatusCode};
use hyper::body::Incoming;
use jsonwebtoken::{Algorithm, EncodingKey, Header};
use serde_json::{Value, json};

use super::Error;
use super::api::json;
use crate::body::Body;
use crate::listener::{Peer, Refusal, Service};

/// Gives a token to anybody: for demonstrations only, with a key that nobody else has.
#[derive(Clone)]
pub(super) struct DevelopmentIssuer {
    url: Arc<str>,
    key: Arc<EncodingKey>,
    key_set: Arc<Value>,
}

impl DevelopmentIssuer {
    /// An issuer reached under `url`, with a new key.
    pub(super) fn new(url: &str) -> Result<Self, Error> {
        let pair = EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING)?;
        let document = pair.to_pkcs8v1()?;
        // SEC 1 §2.3.3: one byte that says "uncompressed", then both coordinates.
        let point = pair.public_key().as_ref();
        let (x, y) = point.get(1..).and_then(|point| point.split_at_checked(32)).unwrap_or_default();
        let key_set = json!({ "keys": [{
            "kty": "EC", "crv": "P-256", "use": "sig", "alg": "ES256", "kid": KEY_ID,
            "x": URL_SAFE_NO_PAD.encode(x), "y": URL_SAFE_NO_PAD.encode(y),
        }] });
        let key = Arc::new(EncodingKey::from_ec_der(document.as_ref()));
        Ok(Self { url: url.into(), key, key_set: Arc::new(key_set) })
    }

    /// A token for one of the sample users, good for eight hours.
    pub(super) fn token(&self, user: &str) -> Result<String, Error> {
        let roles: &[&str] = match user {
            "alice" => &["admin", "clerk"],
            "bob" => &["clerk"],
            _ => &[],
        };
        #[expect(clippy::disallowed_methods, reason = "the issuer is another party, with a clock of its own")]
        let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
        let claims = json!({
            "iss": *self.url,
            "sub": user,
            "aud": "orders-api",
            "iat": now.as_secs(),
            "exp": now.saturating_add(LIFETIME).as_secs(),
            "roles": roles,
        });
        let header = Header { kid: Some(KEY_ID.to_owned()), ..Header::new(Algorithm::ES256) };
        Ok(jsonwebtoken::encode(&header, &claims, &self.key)?)
    }

    fn answer(&self, path: &str) -> Option<Response<Body>> {
        match path {
            "/.well-known/openid-configuration" => Some(json(&json!({
                "issuer": *self.url,
                "jwks_uri": format!("{}/jwks.json", self.url),
                "response_types_supported": ["id_token"],
                "subject_types_supported": ["public"],
                "id_token_signing_alg_values_supported": ["ES256"],
            }))),
            "/jwks.json" => Some(json(&self.key_set)),
            other => {
                let user =
                    other.strip_prefix("/token/").filter(|user| ["alice", "bob", "carol"].contains(user))?;
                self.token(user).ok().map(|token| Response::new(Body::full(token)))
            }
        }
    }
}

impl Service for DevelopmentIssuer {
    type Body = Body;

    async fn handle(&self, request: Request<Incoming>, _: Arc<Peer>) -> Response<Body> {
        self.answer(request.uri().path()).unwrap_or_else(|| {
            let mut response =
                Response::new(Body::full("known here: /token/alice, /token/bob, /token/carol\n"));
            *response.status_mut() = StatusCode::NOT_FOUND;
            response
        })
    }

    fn refused(&self, peer: &Peer, refusal: Refusal) {
        tracing::debug!(peer = %peer.address(), ?refusal, "The development issuer refused a message");
    }
}

const KEY_ID: &str = "demo";
const LIFETIME: Duration = Duration::from_hours(8);
