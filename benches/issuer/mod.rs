//! An issuer that a bench has verified tokens of: its section as operators mostly write it, and keys that are at hand.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use jwtgate::authn::keys::{FetchOptions, KeySource, Keys, SecretSource};
use jwtgate::authn::{
    Algorithm, Algorithms, Authenticator, ClaimPath, Issuer, IssuerSpec, TokenLimits, TokenTypes,
};
use jwtgate::telemetry::metrics::Metrics;

/// As the program has it.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// The `iss` of its tokens.
pub(super) const ISSUER: &str = "https://id.example.com/realms/main";

/// The section of an issuer of one algorithm, which remembers so many bytes of verified tokens.
pub(super) fn spec(algorithm: Algorithm, token_cache_bytes: u64) -> IssuerSpec {
    let path = |text: &str| ClaimPath::parse(text).expect("a path");
    IssuerSpec {
        name: Arc::from("corporate"),
        issuer: ISSUER.into(),
        audiences: vec!["orders-api".into()],
        algorithms: Algorithms::new(vec![algorithm]).expect("one algorithm"),
        tenants: None,
        token_types: TokenTypes::default(),
        clock_skew: Duration::from_secs(30),
        max_age: None,
        required_claims: vec![path("sub")],
        roles: path("realm_access.roles"),
        scopes: None,
        token_cache_bytes,
    }
}

/// A gate for the tokens of one issuer, whose key set or secret is what a file holds.
pub(super) fn authenticator(spec: IssuerSpec, keys: &[u8]) -> Authenticator {
    let file = tempfile::NamedTempFile::new().expect("temporary file");
    std::fs::write(file.path(), keys).expect("temporary file");
    let path: PathBuf = file.path().to_path_buf();
    let source = if spec.algorithms.iter().all(Algorithm::is_hmac) {
        KeySource::Secret(SecretSource::File(path))
    } else {
        KeySource::JwksFile(path)
    };
    let metrics = Metrics::new().expect("metrics").issuer(&spec.name);
    let options = FetchOptions::default();
    let keys = Keys::new(&spec.name, &spec.issuer, &spec.algorithms, source, &options, metrics.clone())
        .expect("keys");
    Authenticator::new(vec![Arc::new(Issuer::new(spec, keys, metrics))], TokenLimits::default())
}
