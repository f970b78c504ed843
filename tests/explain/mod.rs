//! `jwtgate explain` decides as `run` does, says why, and tells nobody the token.

mod command;
mod crossing;
mod differential;
mod hints;
mod terms;

use std::path::Path;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use http::request::Parts;
use http::{HeaderName, HeaderValue, Request};
use jwtgate::config::Rules;
use jwtgate::explain::{Explanation, explain};
use jwtgate::telemetry::metrics::Metrics;

use crate::support::token::now;

/// The rules of a file, ready to decide.
fn rules(config: &Path) -> Rules {
    jwtgate::config::rules(config, &Metrics::new().unwrap()).unwrap_or_else(|problems| panic!("{problems}"))
}

/// The head of a request as a gateway reads it.
fn head(method: &str, host: &str, target: &str, fields: &[(String, String)]) -> Parts {
    let (mut head, ()) = Request::new(()).into_parts();
    head.method = method.parse().unwrap();
    head.uri = target.parse().unwrap();
    head.headers.append("host", HeaderValue::from_str(host).unwrap());
    for (name, value) in fields {
        head.headers.append(name.parse::<HeaderName>().unwrap(), HeaderValue::from_str(value).unwrap());
    }
    head
}

async fn decide(rules: &Rules, head: &Parts) -> Explanation {
    decide_at(rules, head, now()).await
}

/// The same at a time of its own.
async fn decide_at(rules: &Rules, head: &Parts, seconds: i64) -> Explanation {
    let at: SystemTime = UNIX_EPOCH + Duration::from_secs(seconds.unsigned_abs());
    explain(&rules.snapshot, head, rules.scheme, at).await
}

/// Neither form of the explanation holds a part of the token that is long enough to be one.
fn assert_discreet(explanation: &Explanation, token: &str) {
    let said = format!("{explanation}\n{}", serde_json::to_string(explanation).unwrap());
    for part in token.split('.').chain([token]).filter(|part| part.len() >= 16) {
        assert!(!said.contains(part), "a part of the token was told: {part}\n{said}");
    }
}
