//! An identity provider on loopback: discovery, a key set, and keys that sign.

use std::convert::Infallible;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use http::{Request, Response};
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio::task::JoinSet;

use super::fault::{self, Fault};
use super::keypair::KeyPair;
use super::token::TokenBuilder;

/// An issuer with real keys. Dropping it ends its server.
#[derive(Debug)]
pub struct Issuer {
    url: String,
    state: Arc<Mutex<State>>,
    task: tokio::task::JoinHandle<()>,
}

#[derive(Debug)]
struct State {
    url: String,
    signing: KeyPair,
    published: Vec<Value>,
    failure: Option<u16>,
    delay: Duration,
    raw: Option<Vec<u8>>,
    fault: Option<Fault>,
    streamed: Arc<AtomicUsize>,
    discovery: Option<Value>,
    discoveries: usize,
    fetches: usize,
    authorization: Option<String>,
}

impl Issuer {
    /// Signs with ES256, the quickest to make.
    pub async fn start() -> Self {
        Self::with_key(KeyPair::generate("ES256")).await
    }

    pub async fn with_key(key: KeyPair) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let address: SocketAddr = listener.local_addr().expect("an address");
        let url = format!("http://{address}");
        let state = Arc::new(Mutex::new(State {
            url: url.clone(),
            published: vec![key.jwk()],
            signing: key,
            failure: None,
            delay: Duration::ZERO,
            raw: None,
            fault: None,
            streamed: Arc::default(),
            discovery: None,
            discoveries: 0,
            fetches: 0,
            authorization: None,
        }));
        let task = tokio::spawn(accept(listener, Arc::clone(&state)));
        Self { url, state, task }
    }

    /// What tokens say in `iss`, and where discovery starts.
    pub fn url(&self) -> &str {
        &self.url
    }

    pub fn jwks_uri(&self) -> String {
        format!("{}/jwks.json", self.url)
    }

    /// A token that every check passes, to be made worse.
    pub fn token(&self) -> TokenBuilder {
        TokenBuilder::new(&self.url, &self.key())
    }

    /// The key that signs now.
    pub fn key(&self) -> KeyPair {
        self.lock().signing.clone()
    }

    /// Publishes a key beside the others.
    pub fn publish(&self, key: &KeyPair) {
        self.lock().published.push(key.jwk());
    }

    /// Publishes exactly these JWKs.
    pub fn publish_only(&self, jwks: Vec<Value>) {
        self.lock().published = jwks;
    }

    /// Signs with a new key of the same algorithm from now on; the old one stays published.
    pub fn rotate(&self) -> KeyPair {
        let key = KeyPair::generate(self.key().alg);
        let mut state = self.lock();
        state.published.push(key.jwk());
        state.signing = key.clone();
        key
    }

    /// Signs with a new key of the same algorithm and id from now on; the old one is gone.
    pub fn replace(&self) -> KeyPair {
        let old = self.key();
        let key = KeyPair::generate(old.alg).with_kid(&old.kid);
        let mut state = self.lock();
        state.published = vec![key.jwk()];
        state.signing = key.clone();
        key
    }

    /// Answers everything with this status.
    pub fn fail_with(&self, status: u16) {
        self.lock().failure = Some(status);
    }

    /// Answers properly again.
    pub fn recover(&self) {
        let mut state = self.lock();
        (state.failure, state.raw, state.fault, state.delay) = (None, None, None, Duration::ZERO);
    }

    /// Takes this long for each answer.
    pub fn delay(&self, delay: Duration) {
        self.lock().delay = delay;
    }

    /// Serves these bytes in place of the key set.
    pub fn serve_keys(&self, body: impl Into<Vec<u8>>) {
        self.lock().raw = Some(body.into());
    }

    /// Answers like this when the key set is asked for.
    pub fn fault(&self, fault: Fault) {
        self.lock().fault = Some(fault);
    }

    /// How many bytes of streamed answers were taken.
    pub fn streamed(&self) -> usize {
        self.lock().streamed.load(Ordering::Relaxed)
    }

    /// Serves this discovery document.
    pub fn serve_discovery(&self, document: Value) {
        self.lock().discovery = Some(document);
    }

    /// How often the key set was asked for.
    pub fn fetches(&self) -> usize {
        self.lock().fetches
    }

    /// How often the discovery document was asked for.
    pub fn discoveries(&self) -> usize {
        self.lock().discoveries
    }

    /// The Authorization of the last fetch.
    pub fn last_authorization(&self) -> Option<String> {
        self.lock().authorization.clone()
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, State> {
        self.state.lock().expect("unpoisoned")
    }
}

impl Drop for Issuer {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl State {
    fn answer(&mut self, path: &str) -> (u16, Vec<u8>) {
        let content = match path {
            path if path.ends_with("/.well-known/openid-configuration") => {
                self.discoveries += 1;
                let standard = json!({ "issuer": self.url, "jwks_uri": format!("{}/jwks.json", self.url) });
                self.discovery.clone().unwrap_or(standard).to_string().into_bytes()
            }
            "/jwks.json" => {
                self.fetches += 1;
                self.raw.clone().unwrap_or_else(|| json!({ "keys": self.published }).to_string().into())
            }
            _ => return (404, Vec::new()),
        };
        (self.failure.unwrap_or(200), content)
    }
}

async fn accept(listener: TcpListener, state: Arc<Mutex<State>>) {
    let mut connections = JoinSet::new();
    loop {
        let Ok((stream, _)) = listener.accept().await else { continue };
        let state = Arc::clone(&state);
        connections.spawn(async move {
            let service = service_fn(move |request| answer(request, Arc::clone(&state)));
            let _end = hyper::server::conn::http1::Builder::new()
                .serve_connection(TokioIo::new(stream), service)
                .await;
        });
    }
}

async fn answer(
    request: Request<Incoming>,
    state: Arc<Mutex<State>>,
) -> Result<Response<fault::Body>, Infallible> {
    let delay = state.lock().expect("unpoisoned").delay;
    tokio::time::sleep(delay).await;
    let authorization = request.headers().get("authorization").and_then(|value| value.to_str().ok());
    let path = request.uri().path();
    let (status, body, fault, streamed) = {
        let mut state = state.lock().expect("unpoisoned");
        state.authorization = authorization.map(str::to_owned);
        let (status, body) = state.answer(path);
        let fault = state.fault.clone().filter(|_| path == "/jwks.json");
        (status, body, fault, Arc::clone(&state.streamed))
    };
    if let Some(fault) = fault {
        return Ok(fault.answer(body, streamed).await);
    }
    let mut response = fault::document("application/json", body);
    *response.status_mut() = status.try_into().expect("a status");
    Ok(response)
}
