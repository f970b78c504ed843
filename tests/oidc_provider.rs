//! A real identity provider, npm's `oidc-provider`, which knows nothing of us: its tokens pass, also while it rotates.

use std::io::{BufRead as _, BufReader};
use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value;

use crate::support::Client;
use crate::support::world::{Setup, World};

const CONFIGURATION: &str = "
issuers:
  provider:
    issuer: $PROVIDER
    audiences: [orders-api]
    roles: realm_access.roles
routes:
  - name: read
    match: { path: /orders/** }
    access: { require: { scopes: { all: ['orders:read'] } } }
    upstream: orders
  - name: admin
    match: { path: /admin/** }
    access: { require: { roles: admin, claims: { tenant: acme } } }
    upstream: orders
identity: { headers: { X-Client: claims.client_id, X-Roles: { from: roles, format: csv } } }
";

/// The provider as a process; ends when its standard input does, and is killed by its id when dropped.
struct Provider {
    child: Child,
    about: Value,
}

impl Provider {
    /// None when the environment names none, which only a developer's machine may.
    async fn start() -> Option<Self> {
        let Ok(place) = std::env::var("JWTGATE_TEST_OIDC_PROVIDER") else {
            crate::support::left_out(
                "the OpenID Provider",
                "JWTGATE_TEST_OIDC_PROVIDER, which `tests/run` sets",
            );
            return None;
        };
        let place = PathBuf::from(place);
        let script = if place.is_dir() { place.join("server.mjs") } else { place };
        let mut child = Command::new("node")
            .arg(&script)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap_or_else(|error| panic!("node {}: {error}", script.display()));
        let stdout = child.stdout.take().expect("piped");
        let first = tokio::task::spawn_blocking(move || BufReader::new(stdout).lines().next());
        let first = tokio::time::timeout(Duration::from_secs(20), first).await.expect("a line within 20 s");
        let line = first.unwrap().expect("a line").unwrap();
        let about = serde_json::from_str(&line).unwrap_or_else(|error| panic!("{error}: {line}"));
        Some(Self { child, about })
    }

    fn issuer(&self) -> &str {
        self.about["issuer"].as_str().expect("an issuer")
    }

    fn algorithms(&self) -> Vec<String> {
        self.about["algorithms"]
            .as_array()
            .unwrap()
            .iter()
            .map(|name| name.as_str().unwrap().to_owned())
            .collect()
    }

    /// An access token by client credentials, signed with that algorithm.
    async fn token(&self, client: &str, algorithm: &str, scope: &str) -> String {
        let secret = self.about["clients"][client].as_str().expect("a client");
        let form = format!("grant_type=client_credentials&resource=urn:orders-api:{algorithm}&scope={scope}");
        let reply = client_of(self.issuer())
            .post("/token", form)
            .header("content-type", "application/x-www-form-urlencoded")
            .header("authorization", &format!("Basic {}", STANDARD.encode(format!("{client}:{secret}"))))
            .send()
            .await;
        assert_eq!(reply.status, 200, "{}", reply.text());
        let answer: Value = serde_json::from_slice(&reply.body).unwrap();
        answer["access_token"].as_str().expect("an access token").to_owned()
    }

    async fn rotate(&self, query: &str) {
        let control = self.about["control"].as_str().expect("a control address");
        let reply = client_of(control).post(&format!("/rotate{query}"), "").send().await;
        assert_eq!(reply.status, 200, "{}", reply.text());
    }

    async fn world(&self) -> World {
        Setup::new().await.set("PROVIDER", self.issuer()).start(CONFIGURATION).await
    }
}

impl Drop for Provider {
    fn drop(&mut self) {
        let _killed = self.child.kill();
        let _reaped = self.child.wait();
    }
}

fn client_of(url: &str) -> Client {
    let authority = url.trim_start_matches("http://").trim_end_matches('/');
    Client::new(authority.parse::<SocketAddr>().expect("an address")).host(authority)
}

#[tokio::test]
async fn its_tokens_of_every_algorithm_pass_by_discovery() {
    let Some(provider) = Provider::start().await else { return };
    let world = provider.world().await;
    assert_eq!(provider.algorithms(), ["RS256", "PS256", "ES256", "EdDSA"]);
    for algorithm in provider.algorithms() {
        let token = provider.token("clerk", &algorithm, "orders:read").await;
        world.client.get("/orders/1").bearer(&token).send().await.assert_passed();
        let seen = world.upstream.take_requests().remove(0);
        assert_eq!(
            (seen.header("x-client"), seen.header("x-roles")),
            (Some("clerk"), Some("clerk")),
            "{algorithm}"
        );
        assert_eq!(seen.header("authorization"), None);

        let without = provider.token("clerk", &algorithm, "orders:write").await;
        let denied = world.client.get("/orders/1").bearer(&without).send().await;
        denied.assert_refused(403, Some(r#"Bearer error="insufficient_scope", scope="orders:read""#));
        assert_eq!(world.client.get("/admin/a").bearer(&token).send().await.status, 403);
        let admin = provider.token("admin", &algorithm, "orders:read").await;
        world.client.get("/admin/a").bearer(&admin).send().await.assert_passed();

        let (message, signature) = token.rsplit_once('.').unwrap();
        let flipped = if signature.starts_with('A') { 'B' } else { 'A' };
        let forged = format!("{message}.{flipped}{}", &signature[1..]);
        world.client.get("/orders/1").bearer(&forged).send().await.assert_invalid_token();
        world.upstream.take_requests();
    }
}

#[tokio::test]
async fn its_rotation_while_requests_run_loses_none() {
    let Some(provider) = Provider::start().await else { return };
    let world = provider.world().await;
    let mut old = Vec::new();
    for algorithm in provider.algorithms() {
        old.push(provider.token("clerk", &algorithm, "orders:read").await);
    }
    let steady = {
        let (client, old) = (world.client.clone(), old.clone());
        tokio::spawn(async move {
            let (until, mut sent) = (Instant::now() + Duration::from_secs(4), 0_usize);
            while Instant::now() < until {
                let reply = client.get("/orders/1").bearer(&old[sent % old.len()]).send().await;
                assert_eq!(reply.status, 200, "request {sent} was lost: {reply:?}");
                sent += 1;
                tokio::time::sleep(Duration::from_millis(2)).await;
            }
            sent
        })
    };
    provider.rotate("").await;
    let rotated = Instant::now();
    for algorithm in provider.algorithms() {
        let token = provider.token("clerk", &algorithm, "orders:read").await;
        eventually!(
            world.client.get("/orders/new").bearer(&token).send().await.status == 200,
            "the new {algorithm} key was never picked up"
        );
    }
    assert!(rotated.elapsed() < Duration::from_secs(5), "picked up only after {:?}", rotated.elapsed());
    let sent = steady.await.unwrap();
    assert!(sent > 50, "only {sent} requests ran");

    provider.rotate("?withdraw=1").await;
    let token = provider.token("clerk", "ES256", "orders:read").await;
    eventually!(world.client.get("/orders/1").bearer(&token).send().await.status == 200);
    for old in old {
        world.client.get("/orders/1").bearer(&old).send().await.assert_invalid_token();
    }
}
