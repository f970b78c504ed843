//! An issuer that says what the test wants it to say, byte by byte, and counts who asks.

use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::AbortHandle;

/// What one path answers.
#[derive(Clone)]
pub(super) enum Script {
    /// 200 with this JSON.
    Json(String),
    /// These bytes, the head included.
    Raw(Vec<u8>),
    /// These bytes, then as many of `b' '` as there is time for, in chunks of this size with this pause.
    Drip { head: Vec<u8>, chunk: usize, pause: Duration },
    /// The connection stays open and nothing is said.
    Silence,
    /// The connection is closed.
    Hangup,
}

pub(super) struct Scripted {
    address: SocketAddr,
    state: Arc<State>,
    task: AbortHandle,
}

#[derive(Default)]
struct State {
    scripts: Mutex<HashMap<String, Script>>,
    heads: Mutex<Vec<String>>,
}

impl Scripted {
    /// Listens on a free port.
    pub(super) async fn start() -> Self {
        Self::listen("127.0.0.1:0".parse().unwrap()).await
    }

    /// Listens there: an issuer that comes back.
    pub(super) async fn listen(address: SocketAddr) -> Self {
        let listener = TcpListener::bind(address).await.unwrap();
        let address = listener.local_addr().unwrap();
        let state = Arc::new(State::default());
        let shared = Arc::clone(&state);
        let task = tokio::spawn(async move {
            loop {
                let (stream, _) = listener.accept().await.unwrap();
                tokio::spawn(serve(stream, Arc::clone(&shared)));
            }
        });
        Self { address, state, task: task.abort_handle() }
    }

    /// With these keys at `/jwks`.
    pub(super) async fn with(jwks: &[&Jwk]) -> Self {
        let issuer = Self::start().await;
        issuer.serve_keys(jwks);
        issuer
    }

    pub(super) fn address(&self) -> SocketAddr {
        self.address
    }

    pub(super) fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    pub(super) fn script(&self, path: &str, script: Script) {
        self.state.scripts.lock().unwrap().insert(path.to_owned(), script);
    }

    pub(super) fn serve_keys(&self, jwks: &[&Jwk]) {
        self.script("/jwks", Script::Json(set(jwks)));
    }

    /// How often this path was asked for.
    pub(super) fn fetches(&self, path: &str) -> usize {
        let line = format!("GET {path} ");
        self.heads().iter().filter(|head| head.starts_with(&line)).count()
    }

    /// The heads of all requests so far.
    pub(super) fn heads(&self) -> Vec<String> {
        self.state.heads.lock().unwrap().clone()
    }
}

impl Drop for Scripted {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// A fresh key on P-256.
pub(super) struct Jwk(String);

impl Jwk {
    pub(super) fn new(kid: &str) -> Self {
        let algorithm = &ECDSA_P256_SHA256_FIXED_SIGNING;
        let document = EcdsaKeyPair::generate_pkcs8(algorithm, &SystemRandom::new()).unwrap();
        let pair = EcdsaKeyPair::from_pkcs8(algorithm, document.as_ref()).unwrap();
        let point = pair.public_key().as_ref();
        let (x, y) = (URL_SAFE_NO_PAD.encode(&point[1..33]), URL_SAFE_NO_PAD.encode(&point[33..65]));
        Self(format!(r#"{{"kty":"EC","crv":"P-256","kid":"{kid}","x":"{x}","y":"{y}"}}"#))
    }
}

pub(super) fn set(jwks: &[&Jwk]) -> String {
    let keys: Vec<&str> = jwks.iter().map(|jwk| &*jwk.0).collect();
    format!(r#"{{"keys":[{}]}}"#, keys.join(","))
}

/// An answer with these header lines and this body.
pub(super) fn answer(status: &str, headers: &str, body: &str) -> Script {
    let length = body.len();
    Script::Raw(format!("HTTP/1.1 {status}\r\n{headers}content-length: {length}\r\n\r\n{body}").into_bytes())
}

async fn serve(mut stream: TcpStream, state: Arc<State>) {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        match stream.read_u8().await {
            Ok(byte) => head.push(byte),
            Err(_) => return,
        }
    }
    let head = String::from_utf8(head).unwrap();
    let path = head.split(' ').nth(1).unwrap().to_owned();
    state.heads.lock().unwrap().push(head);
    let script = state.scripts.lock().unwrap().get(&path).cloned();
    let bytes = match script {
        Some(Script::Json(body)) => {
            let Script::Raw(bytes) = answer("200 OK", "content-type: application/json\r\n", &body) else {
                unreachable!()
            };
            bytes
        }
        Some(Script::Raw(bytes)) => bytes,
        Some(Script::Drip { head, chunk, pause }) => {
            let mut sent = stream.write_all(&head).await;
            while sent.is_ok() {
                tokio::time::sleep(pause).await;
                sent = stream.write_all(&vec![b' '; chunk]).await;
            }
            return;
        }
        Some(Script::Silence) => {
            tokio::time::sleep(Duration::from_mins(1)).await;
            return;
        }
        Some(Script::Hangup) => return,
        None => b"HTTP/1.1 404 Not Found\r\ncontent-length: 0\r\n\r\n".to_vec(),
    };
    // The other side may have gone; half of what we are for is to be hung up on.
    stream.write_all(&bytes).await.ok();
    stream.shutdown().await.ok();
}
