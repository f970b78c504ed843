//! A token's `kid` means in a test what it means to `run`: the keys that stand in are of the kind that the issuer has.

use std::time::{Duration, UNIX_EPOCH};

use http::Request;
use jwtgate::explain::explain;
use jwtgate::telemetry::metrics::Metrics;

use crate::support::token::now;
use crate::support::{Binary, KeyPair, Scratch, TokenBuilder};

const CONFIG: &str = "\
listeners:
  - address: 127.0.0.1:8080
issuers:
  secret: { issuer: 'https://secret.example.com', audiences: [orders-api], algorithms: [HS256, HS512], keys: { secret: { file: hs512 } } }
  pem: { issuer: 'https://pem.example.com', audiences: [orders-api], algorithms: [RS256, PS256], keys: { pem_file: public.pem } }
  curve: { issuer: 'https://curve.example.com', audiences: [orders-api], algorithms: [ES384], keys: { pem_file: curve.pem } }
  edwards: { issuer: 'https://edwards.example.com', audiences: [orders-api], algorithms: [EdDSA], keys: { pem_file: edwards.pem } }
  set: { issuer: 'https://set.example.com', audiences: [orders-api], algorithms: [ES256], keys: { jwks_file: jwks.json } }
upstreams:
  orders: { endpoints: ['http://127.0.0.1:9'] }
routes:
  - { name: all, match: { path: /** }, access: authenticated, upstream: orders }
";

/// Issuer, algorithm and `kid` of a token; the set's own key is called after its issuer.
const TOKENS: &[(&str, &str, Option<&str>, &str)] = &[
    ("secret", "HS256", None, "allowed"),
    ("secret", "HS256", Some("secret"), "allowed"),
    ("secret", "HS256", Some("2024-key"), "allowed"),
    ("secret", "HS512", Some("2024-key"), "allowed"),
    ("secret", "HS384", Some("2024-key"), "algorithm_not_allowed"),
    ("pem", "RS256", None, "allowed"),
    ("pem", "RS256", Some("2024-key"), "allowed"),
    ("pem", "PS256", Some("2024-key"), "allowed"),
    ("curve", "ES384", Some("2024-key"), "allowed"),
    ("edwards", "EdDSA", Some("2024-key"), "allowed"),
    ("set", "ES256", None, "allowed"),
    ("set", "ES256", Some("set"), "allowed"),
    ("set", "ES256", Some("2024-key"), "key_unknown"),
];

#[tokio::test]
async fn a_kid_is_looked_at_where_run_looks_at_it() {
    let scratch = Scratch::new();
    let config = scratch.write("jwtgate.yaml", CONFIG);
    let kid = |kid: Option<&str>| kid.map_or("null".to_owned(), |kid| format!("'{kid}'"));
    let tests: String = TOKENS
        .iter()
        .map(|&(issuer, alg, id, reason)| {
            let header = format!("{{ alg: {alg}, kid: {} }}", kid(id));
            let name = format!("{issuer} {alg} {}", id.unwrap_or("none"));
            format!(
                "  - {{ name: {name}, request: {{ path: /a }}, token: {{ issuer: {issuer}, header: {header} }}, expect: {{ reason: {reason} }} }}\n"
            )
        })
        .collect();
    let file = scratch.write("keys.test.yaml", format!("config: jwtgate.yaml\ntests:\n{tests}"));
    // Without the files: nothing but the stand-ins is there.
    let run = Binary::finish(["test", file.to_str().unwrap()]).await;
    assert_eq!(run.stdout, format!("{} passed, 0 failed", TOKENS.len()), "{}", run.said());

    // The very same tokens, with the issuers' own keys and the function that serves.
    let keys = [
        ("secret", KeyPair::hmac("HS256", &[b'k'; 64])),
        ("pem", KeyPair::generate("RS256")),
        ("curve", KeyPair::generate("ES384")),
        ("edwards", KeyPair::generate("EdDSA")),
        ("set", KeyPair::generate("ES256").with_kid("set")),
    ];
    let key = |name: &str| keys.iter().find(|(issuer, _)| *issuer == name).unwrap().1.clone();
    scratch.write("hs512", [b'k'; 64]);
    scratch.write("public.pem", key("pem").public_pem());
    scratch.write("curve.pem", key("curve").public_pem());
    scratch.write("edwards.pem", key("edwards").public_pem());
    scratch.write("jwks.json", serde_json::json!({ "keys": [key("set").jwk()] }).to_string());
    let rules = jwtgate::config::rules(&config, &Metrics::new().unwrap()).unwrap();
    for &(issuer, alg, id, reason) in TOKENS {
        let key = key(issuer).with_alg(alg);
        let token = TokenBuilder::new(&format!("https://{issuer}.example.com"), &key);
        let token =
            id.map_or_else(|| token.clone().without_header("kid"), |id| token.clone().header("kid", id));
        let request = Request::get("/a").header("host", "localhost");
        let request = request.header("authorization", format!("Bearer {}", token.sign())).body(()).unwrap();
        let at = UNIX_EPOCH + Duration::from_secs(now().unsigned_abs());
        let explained = explain(&rules.snapshot, &request.into_parts().0, rules.scheme, at).await;
        assert_eq!(explained.reason, reason, "{issuer} {alg} {id:?}: {explained}");
    }
}
