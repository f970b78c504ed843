//! `jwtgate explain`: decides one request as `run` would, and shows every step.

use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::SystemTime;

use clap::{Args, ValueEnum};
use http::header::HOST;
use http::request::Parts;
use http::{HeaderName, HeaderValue, Method, Request, Uri};
use tokio::runtime::Builder;
use zeroize::Zeroizing;

use super::{SUCCESS, complain, failure, refused};
use crate::config::{self, Rules};
use crate::explain::{Decision, Explanation, explain};
use crate::proxy::Snapshot;
use crate::telemetry::metrics::Metrics;

/// The request, as the command line gives it.
#[derive(Debug, Args)]
pub(super) struct Arguments {
    /// The configuration file.
    #[arg(long, value_name = "FILE")]
    config: PathBuf,
    /// The method of the request.
    #[arg(long, value_name = "METHOD")]
    method: String,
    /// Its path, with a query if it has one.
    #[arg(long, value_name = "PATH")]
    path: String,
    /// Its host; `localhost` without one, unless a header `Host` is given.
    #[arg(long, value_name = "HOST")]
    host: Option<String>,
    /// A header field; may be given several times.
    #[arg(long = "header", value_name = "NAME: VALUE")]
    headers: Vec<String>,
    /// The token, put into the first of the route's places for one (`Authorization: Bearer`, unless `credentials` says otherwise); `-` reads it from
    /// standard input, where no other user of the machine sees it.
    #[arg(long, value_name = "TOKEN", allow_hyphen_values = true)]
    token: Option<String>,
    /// How to answer.
    #[arg(long, value_enum, default_value_t = Format::Text)]
    format: Format,
}

/// How to answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Format {
    /// Lines for people.
    Text,
    /// One JSON object.
    Json,
}

pub(super) fn run(arguments: &Arguments) -> ExitCode {
    let explained = decide(arguments);
    let code = match &explained {
        Ok(Explanation { decision: Decision::Allow, .. }) => SUCCESS,
        Ok(Explanation { decision: Decision::Deny, .. }) => failure(),
        Err(_) => refused(),
    };
    let written = match (explained, arguments.format) {
        (Ok(explanation), Format::Text) => write!(io::stdout().lock(), "{explanation}"),
        (Ok(explanation), Format::Json) => serde_json::to_string_pretty(&explanation)
            .map_err(io::Error::from)
            .and_then(|json| writeln!(io::stdout().lock(), "{json}")),
        (Err(lines), Format::Text) => {
            complain(lines);
            Ok(())
        }
        (Err(lines), Format::Json) => {
            writeln!(io::stdout().lock(), "{:#}", serde_json::json!({ "error": lines.join("\n") }))
        }
    };
    // Whoever closed standard output did not want the answer; the status says it all the same.
    written.map_or(code, |()| code)
}

/// The explanation, or why there is none.
fn decide(arguments: &Arguments) -> Result<Explanation, Vec<String>> {
    let mut head = head(arguments).map_err(|error| vec![error])?;
    let metrics = Metrics::new().map_err(|error| vec![error.to_string()])?;
    let Rules { snapshot, scheme } = load(&arguments.config, &metrics)?;
    if let Some(token) = &arguments.token {
        present(&snapshot, &mut head, token).map_err(|error| vec![error])?;
    }
    let runtime = Builder::new_multi_thread().worker_threads(1).enable_all().build();
    let runtime = runtime.map_err(|error| vec![format!("cannot start: {error}")])?;
    #[expect(clippy::disallowed_methods, reason = "the time of the one request that there is")]
    let now = SystemTime::now();
    let explanation = runtime.block_on(explain(&snapshot, &head, scheme, now));
    // A fetch that nobody waits for any more must not hold up the answer.
    runtime.shutdown_background();
    match explanation.undecided() {
        Some(why) => Err(vec![why]),
        None => Ok(explanation),
    }
}

fn load(path: &Path, metrics: &Metrics) -> Result<Rules, Vec<String>> {
    config::rules(path, metrics).map_err(|problems| problems.lines())
}

/// The head of the request, as a gateway would have read it from a connection of HTTP/1.1.
fn head(arguments: &Arguments) -> Result<Parts, String> {
    let Arguments { method, path, host, headers, .. } = arguments;
    let method = Method::from_bytes(method.as_bytes())
        .map_err(|_| format!("`{method}` is not a method; write one like GET"))?;
    if let Some(relative) = relative(method.as_str(), path) {
        return Err(format!("the path `{relative}` does not begin with a slash; write `/{relative}`"));
    }
    let uri = Uri::try_from(path.as_str()).map_err(|error| {
        format!("the path is no request target ({error}); write one like /orders/42?x=1, percent-encoded")
    })?;
    let (mut head, ()) = Request::new(()).into_parts();
    (head.method, head.uri) = (method, uri);
    if let Some(host) = host {
        let value = HeaderValue::from_str(host);
        head.headers.append(
            HOST,
            value.map_err(|_| "the host holds a character that no header can carry".to_owned())?,
        );
    }
    for header in headers {
        let (name, value) = field(header)?;
        head.headers.append(name, value);
    }
    if !head.headers.contains_key(HOST) {
        head.headers.append(HOST, HeaderValue::from_static("localhost"));
    }
    Ok(head)
}

/// A target that a client could not send, because it left the first slash out: none where it is in another form (RFC 9112
/// §3.2), or no target at all.
fn relative<'p>(method: &str, path: &'p str) -> Option<&'p str> {
    let is_whole = path.starts_with('/') || path.contains("://") || path == "*" || method == "CONNECT";
    let is_path = !path.is_empty() && !path.contains(|letter: char| letter.is_ascii_whitespace());
    (!is_whole && is_path).then_some(path)
}

/// Puts the token where the route looks for one.
fn present(snapshot: &Snapshot, head: &mut Parts, token: &str) -> Result<(), String> {
    let token = read(token)?;
    let presented = snapshot.present(head, token.trim());
    presented.map_err(|_| "the token holds a character that no header can carry".to_owned())
}

/// A header field; what is wrong with it is said without its value, which may be a credential.
fn field(text: &str) -> Result<(HeaderName, HeaderValue), String> {
    let (name, value) =
        text.split_once(':').ok_or("a header has no colon; write it as in 'X-Name: value'".to_owned())?;
    let value = HeaderValue::from_str(value.trim())
        .map_err(|_| format!("the value of `{name}` holds a character that no header can carry"))?;
    let name = HeaderName::from_bytes(name.trim().as_bytes())
        .map_err(|_| format!("`{name}` is not the name of a header; write it as in 'X-Name: value'"))?;
    Ok((name, value))
}

fn read(token: &str) -> Result<Zeroizing<String>, String> {
    if token != "-" {
        return Ok(Zeroizing::new(token.to_owned()));
    }
    let mut text = Zeroizing::new(String::new());
    let mut input = io::stdin().lock().take(LONGEST);
    input
        .read_to_string(&mut text)
        .map_err(|error| format!("the token cannot be read from standard input: {error}"))?;
    Ok(text)
}

/// Bytes of a token that are read: more than any gateway takes.
const LONGEST: u64 = 1 << 20;
