//! The files of `config/issuers/`, each with tokens of the shape that its provider makes.

use std::path::{Path, PathBuf};

use serde_json::{Value, json};

use crate::support::Issuer;
use crate::support::world::{Setup, World};
use crate::support::{Binary, KeyPair, TokenBuilder};

/// A provider's file, its tokens, and who gets in where.
struct Sample {
    name: &'static str,
    /// What its `iss` has after the host.
    iss: &'static str,
    typ: Option<&'static str>,
    /// The claims of a token that every route of the sample takes.
    claims: Value,
    /// Where the token gets in.
    open: &'static [&'static str],
    /// Claims that change the token into one that is refused, where, and with which status.
    shut: (Value, &'static str, u16),
}

fn samples() -> Vec<Sample> {
    let sample = |name, iss, typ, claims, open, shut| Sample { name, iss, typ, claims, open, shut };
    vec![
        sample(
            "keycloak",
            "/realms/main",
            Some("JWT"),
            json!({ "aud": ["orders-api", "account"], "typ": "Bearer", "azp": "web", "scope": "openid profile",
                "realm_access": { "roles": ["admin", "offline_access"] }, "preferred_username": "alice" }),
            &["/admin/a", "/a"],
            (json!({ "typ": "ID" }), "/a", 403),
        ),
        sample(
            "auth0",
            "/",
            Some("at+jwt"),
            json!({ "aud": ["https://api.example.com", "https://example.eu.auth0.com/userinfo"],
                "scope": "openid", "permissions": ["read:orders"], "https://example.com/roles": ["admin"] }),
            &["/admin/a", "/orders/1", "/a"],
            (json!({ "permissions": [], "scope": "read:orders" }), "/orders/1", 403),
        ),
        sample(
            "entra-id",
            "/11111111-2222-3333-4444-555555555555/v2.0",
            Some("JWT"),
            json!({ "aud": "66666666-7777-8888-9999-aaaaaaaaaaaa", "ver": "2.0", "oid": "0", "tid": "1",
                "scp": "Orders.Read User.Read", "roles": ["Admin"] }),
            &["/admin/a", "/a"],
            (json!({ "scp": "User.Read", "roles": [] }), "/a", 403),
        ),
        sample(
            "okta",
            "/oauth2/default",
            None,
            json!({ "aud": "api://default", "cid": "0oa1", "uid": "00u1", "ver": 1,
                "scp": ["openid", "orders:read"], "groups": ["Everyone", "admin"] }),
            &["/admin/a", "/orders/1", "/a"],
            (json!({ "cid": null }), "/a", 401),
        ),
        sample(
            "cognito",
            "/eu-central-1_EXAMPLE12",
            None,
            json!({ "aud": "1example23456789abcdefghij", "client_id": "1example23456789abcdefghij",
                "token_use": "access", "scope": "openid orders/read", "cognito:groups": ["admin"] }),
            &["/admin/a", "/orders/1", "/a"],
            (json!({ "token_use": "id" }), "/a", 403),
        ),
        sample(
            "google",
            "",
            Some("JWT"),
            json!({ "aud": "https://orders.example.com", "azp": "123", "hd": "example.com",
                "email": "reporter@example-project.iam.gserviceaccount.com", "email_verified": true }),
            &["/reports/1", "/a"],
            (json!({ "hd": "example.org" }), "/a", 403),
        ),
        sample(
            "dex",
            "/dex",
            None,
            json!({ "aud": "orders-api", "at_hash": "x", "email": "alice@example.com", "email_verified": true,
                "groups": ["example-org:admins"], "federated_claims": { "connector_id": "github", "user_id": "1" } }),
            &["/admin/a", "/a"],
            (json!({ "groups": ["other-org:admins"] }), "/admin/a", 403),
        ),
        sample(
            "kubernetes-service-accounts",
            "",
            None,
            json!({ "aud": ["orders-api"], "sub": "system:serviceaccount:billing:invoices",
                "kubernetes.io": { "namespace": "billing", "serviceaccount": { "name": "invoices", "uid": "1" } } }),
            &["/invoices/1", "/a"],
            (json!({ "sub": "system:serviceaccount:shop:invoices" }), "/invoices/1", 403),
        ),
    ]
}

#[tokio::test]
async fn the_file_of_each_provider_takes_its_tokens() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("config/issuers");
    let files: Vec<PathBuf> = std::fs::read_dir(&folder).unwrap().map(|file| file.unwrap().path()).collect();
    assert_eq!(
        files.len(),
        samples().len(),
        "a sample without tokens, or tokens without a sample: {files:?}"
    );
    for sample in samples() {
        let path = folder.join(sample.name).with_extension("yaml");
        let run = Binary::finish(["check".as_ref(), "--offline".as_ref(), path.as_os_str()]).await;
        assert_eq!(run.code(), Some(0), "{}: {}", sample.name, run.said());
        let text = std::fs::read_to_string(&path).unwrap();
        for place in ["# Roles", "# Scopes", "# Audience", "# Issuer"] {
            assert!(text.contains(place), "{}: nothing about {place}", sample.name);
        }
        check(sample, &text).await;
    }
}

async fn check(Sample { name, iss, typ, claims, open, shut: (change, path, status) }: Sample, text: &str) {
    let setup = Setup::with_issuer(Issuer::with_key(KeyPair::generate("RS256")).await).await;
    let iss = format!("{}{iss}", setup.issuer.url());
    setup.issuer.serve_discovery(json!({ "issuer": iss, "jwks_uri": setup.issuer.jwks_uri() }));
    let world = setup.set("ISS", &iss).start(&here(text)).await;
    let mut token = world.issuer.token().claim("iss", iss.as_str());
    token = if let Some(typ) = typ { token.header("typ", typ) } else { token.without_header("typ") };
    let token = with(token, &claims);
    for path in open {
        let reply = world.client.get(path).bearer(&token.sign()).send().await;
        assert_eq!(reply.status, 200, "{name}: {path}: {:?}", log_of(&world).await);
    }
    let reply = world.client.get(path).bearer(&with(token.clone(), &change).sign()).send().await;
    assert_eq!(reply.status, status, "{name}: {path} with {change}");
    let foreign = token.audience("somebody-else").sign();
    assert_eq!(
        world.client.get("/a").bearer(&foreign).send().await.status,
        401,
        "{name}: a foreign audience"
    );
}

/// The decisions so far, for a test that fails.
async fn log_of(world: &World) -> Vec<(String, String, String, f64)> {
    world.gateway.metrics().await.decisions()
}

fn with(token: TokenBuilder, claims: &Value) -> TokenBuilder {
    claims.as_object().unwrap().iter().fold(token, |token, (name, value)| token.claim(name, value.clone()))
}

/// The configuration with this machine's addresses in place of the provider's.
fn here(text: &str) -> String {
    let line = |line: &str| {
        let indent = line.len() - line.trim_start().len();
        let key = line.trim_start().split(' ').next().unwrap_or_default();
        let value = match key {
            "issuer:" => "$ISS",
            "endpoints:" => "[$UPSTREAM]",
            "jwks_uri:" => "$ISSUER/jwks.json",
            // Files of a pod.
            "ca:" | "bearer_token_file:" => return String::new(),
            "-" if line.contains("address:") => return "  - address: 127.0.0.1:0\n".to_owned(),
            _ => return format!("{line}\n"),
        };
        format!("{}{key} {value}\n", " ".repeat(indent))
    };
    text.lines().map(line).collect()
}
