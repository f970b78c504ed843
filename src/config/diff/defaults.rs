//! What an absent key means: a default that is written out is no difference, and one that is not is said in words.

use crate::authn::{Algorithm, Algorithms};
use crate::config::node::Node;

/// What stands for an absent key: in the form of `canonical`, and in words where that form is none for reading.
pub(super) struct Default {
    pub(super) canonical: String,
    pub(super) words: Option<&'static str>,
}

/// The default of a key; none where being absent is a meaning of its own. `beside` is the map in which it would stand.
pub(super) fn of(path: &str, beside: Option<&Node>) -> Option<Default> {
    if path == "issuers.algorithms" {
        let has_secret = beside.and_then(|issuer| issuer.get("keys")?.get("secret")).is_some();
        return Some(if has_secret {
            Default { canonical: list(&[Algorithm::Hs256.name()]), words: None }
        } else {
            let names: Vec<&str> = Algorithms::asymmetric().iter().map(Algorithm::name).collect();
            Default { canonical: list(&names), words: Some("all that are asymmetric") }
        });
    }
    let path = path.strip_prefix("route.").filter(|path| path.starts_with("identity.")).unwrap_or(path);
    let (_, text) = TABLE.iter().find(|(key, _)| *key == path)?;
    Some(Default { canonical: (*text).to_owned(), words: None })
}

/// What is said of an absent key without a default.
pub(super) fn absent(path: &str) -> &'static str {
    match path {
        "issuers.max_age" => "any age",
        "issuers.scopes" => "scope, else scp",
        "upstreams.tls.server_name" => "the host of the endpoint",
        "upstreams.tls.ca" | "issuers.keys.ca" => "those of the system",
        "route.cors.max_age" => "as browsers like",
        _ => "none",
    }
}

fn list(names: &[&str]) -> String {
    let mut names = names.to_vec();
    names.sort_unstable();
    format!("[{}]", names.join(", "))
}

const TABLE: &[(&str, &str)] = &[
    ("admin.address", "127.0.0.1:9901"),
    ("credentials", "[authorization]"),
    ("identity.forward_token", "false"),
    ("issuers.clock_skew", "30000ms"),
    ("issuers.keys.allow_http", "false"),
    ("issuers.keys.max_stale", "86400000ms"),
    ("issuers.keys.on_start", "require"),
    ("issuers.keys.refresh.max", "3600000ms"),
    ("issuers.keys.refresh.min", "30000ms"),
    ("issuers.roles", "roles"),
    ("issuers.token_cache.max_size", "33554432B"),
    ("issuers.token_types", "[JWT, absent, at+jwt]"),
    ("limits.token", "16384B"),
    ("limits.token_header", "4096B"),
    ("route.cors.credentials", "false"),
    ("route.credentials", "[authorization]"),
    ("shutdown.delay", "5000ms"),
    ("shutdown.timeout", "30000ms"),
    ("upstreams.timeouts.connect", "2000ms"),
    ("upstreams.timeouts.response", "30000ms"),
];
