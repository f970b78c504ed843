//! A gateway's authentication with keys that are written here, and tokens signed with one of them.

use std::pin::pin;
use std::sync::{Arc, LazyLock};
use std::task::{Context, Poll, Waker};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use aws_lc_rs::hmac;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jwtgate::authn::keys::{FetchOptions, KeySource, Keys};
use jwtgate::authn::{
    Admission, Algorithm, Algorithms, Authenticator, ClaimPath, Issuer, IssuerSpec, Principal, SentToken,
    TokenLimits, TokenTypes, Unauthenticated,
};
use jwtgate::telemetry::metrics::Metrics;

/// The time of every request.
pub const NOW: u64 = 1_800_000_000;
pub const SKEW: u64 = 30;
pub const ISSUER: &str = "https://id.example.com";
pub const AUDIENCE: &str = "orders";
const SECRET: &[u8; 32] = b"a secret of thirty-two bytes....";

/// One issuer that takes every algorithm, with a key for each family: the widest gate that the public API can build.
static AUTHENTICATOR: LazyLock<Authenticator> = LazyLock::new(|| {
    let keys = serde_json::json!({"keys": [
        {"kty": "oct", "kid": "mac", "k": b64(SECRET)},
        // RFC 8037 A.2 and RFC 7515 A.3
        {"kty": "OKP", "kid": "ed", "crv": "Ed25519", "x": "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"},
        {"kty": "EC", "kid": "ec", "crv": "P-256", "x": "f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU", "y": "x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0"},
    ]});
    let file = tempfile::NamedTempFile::new().expect("temporary file");
    std::fs::write(file.path(), keys.to_string()).expect("temporary file");
    let spec = IssuerSpec {
        name: "corporate".into(),
        issuer: ISSUER.into(),
        audiences: vec![AUDIENCE.into()],
        algorithms: Algorithms::new(Algorithm::ALL.to_vec()).expect("algorithms"),
        tenants: None,
        token_types: TokenTypes::default(),
        clock_skew: Duration::from_secs(SKEW),
        max_age: None,
        required_claims: vec![],
        roles: ClaimPath::parse("realm_access.roles").expect("a path"),
        scopes: None,
        // small, so that it is full soon
        token_cache_bytes: 256 * 1024,
    };
    let metrics = Metrics::new().expect("metrics").issuer(&spec.name);
    let source = KeySource::JwksFile(file.path().to_path_buf());
    let options = FetchOptions::default();
    let keys = Keys::new(&spec.name, &spec.issuer, &spec.algorithms, source, &options, metrics.clone())
        .expect("keys");
    Authenticator::new(vec![Arc::new(Issuer::new(spec, keys, metrics))], TokenLimits::default())
});

/// What the gateway makes of what is sent as a token, asked twice: the memory of the first answer must not change it.
pub fn verify(sent: SentToken<'_>) -> Result<Principal, Unauthenticated> {
    let first = verify_once(sent);
    let again = verify_once(sent);
    match (&first, &again) {
        (Ok(first), Ok(again)) => assert_eq!(first.claims(), again.claims()),
        (Err(first), Err(again)) => assert_eq!(first, again),
        (Ok(_), Err(error)) => panic!("accepted, then refused: {error}"),
        (Err(error), Ok(_)) => panic!("refused, then accepted: {error}"),
    }
    again
}

fn verify_once(sent: SentToken<'_>) -> Result<Principal, Unauthenticated> {
    let admission = Admission::default();
    let verification = pin!(AUTHENTICATOR.authenticate(sent, &admission, now()));
    // the keys are at hand, so nothing waits
    match verification.poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(outcome) => outcome,
        Poll::Pending => panic!("keys of a file are waited for"),
    }
}

fn now() -> SystemTime {
    UNIX_EPOCH + Duration::from_secs(NOW)
}

/// A token of this header and payload, well signed with HS256 whatever the header says.
pub fn signed(header: &[u8], payload: &[u8]) -> String {
    let input = format!("{}.{}", b64(header), b64(payload));
    let tag = hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, SECRET), input.as_bytes());
    format!("{input}.{}", b64(tag.as_ref()))
}

pub fn b64(bytes: &[u8]) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

pub fn unb64(text: &str) -> Option<Vec<u8>> {
    URL_SAFE_NO_PAD.decode(text).ok()
}
