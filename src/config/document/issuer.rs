//! Issuers, and where their keys are.

use std::time::Duration;

use super::Path;
use crate::config::node::{At, FromNode, Given, Node, Size, Undisclosed, Value};
use crate::config::problem::Problems;
use crate::config::schema::words;
use crate::config::section::{Fields, section};

section! {
    /// Who issues tokens.
    #[expect(clippy::struct_field_names, reason = "the fields are the keys of the file")]
    Issuer {
        /// Equal to the token's `iss`, byte for byte (RFC 7519 §4.1.1); two sections may not share it.
        /// `{tenant}` stands for one whole segment of its path, together with `tenants`.
        /// Example: `https://id.example.com/realms/main`.
        issuer: required String,
        /// What the `{tenant}` of the issuer may be: a list of tenants, or `any`; then every route that takes this issuer's tokens
        /// must name the tenants.
        tenants: optional Tenants,
        /// The token's `aud` must hold at least one of them (RFC 7519 §4.1.3).
        /// Example: `["orders-api"]`.
        audiences: required Vec<At<String>>,
        /// Accepted `alg` of a token (RFC 7518 §3.1, RFC 8037), which must also fit the key.
        /// Without it: the asymmetric ones; with a `secret`: HS256.
        /// Example: `["RS256"]`.
        algorithms: optional Vec<At<String>> as Vec<words::Algorithm>,
        /// Where the keys are: at most one of `discovery`, `jwks_uri`, `jwks_file`, `pem_file` and `secret`.
        /// Default: `{"discovery": {}}`.
        keys: optional Given<Keys> as words::OneSource,
        /// How far clocks may differ, for `exp`, `nbf` and `iat`; a duration.
        /// Default: `30s`.
        clock_skew: optional Duration,
        /// Accepted `typ` of a token, compared as RFC 7515 §4.1.9 says; `absent` is a token without one.
        /// Default: `["JWT", "at+jwt", "absent"]`.
        token_types: optional Vec<At<String>>,
        /// The longest time since `iat`, which is then required; a duration. Without it `exp` alone bounds a token's life.
        /// Example: `24h`.
        max_age: optional Duration,
        /// Claims that a token must have beyond `iss`, `aud` and `exp`, which are always required.
        /// Example: `["sub"]`.
        required_claims: optional Vec<At<Path>>,
        /// Where this issuer puts roles: a dotted path, or a list of steps.
        /// Default: `roles`.
        /// Example: `realm_access.roles`.
        roles: optional Path,
        /// Where this issuer puts scopes, a space-separated string or an array (RFC 8693 §4.2): a dotted path, or a list of steps.
        /// Without it: `scope`, else `scp`.
        scopes: optional Path,
        /// The bounds of this issuer's verified tokens.
        token_cache: optional TokenCache,
    }
}

section! {
    /// The bounds of an issuer's verified tokens.
    TokenCache {
        /// The most memory that they may take; a size.
        /// Default: `32MiB`.
        max_size: optional Size,
    }
}

section! {
    /// Where an issuer's keys are.
    Keys {
        /// `issuer` less one trailing slash and `/.well-known/openid-configuration` names the key set (OpenID Connect Discovery 1.0).
        /// Takes no options: `{}`.
        discovery: optional Given<Discovery>,
        /// The URL of a key set (RFC 7517 §5), which is fetched; https, or http to loopback.
        /// Example: `https://id.example.com/certs`.
        jwks_uri: optional Given<String>,
        /// The file of a key set (RFC 7517 §5), read again when it changes.
        /// Example: `keys/jwks.json`.
        jwks_file: optional Given<String>,
        /// A file of public keys or certificates in PEM, read again when it changes.
        /// Example: `keys/public.pem`.
        pem_file: optional Given<String>,
        /// Where an HMAC secret is, at least as long as its hash (RFC 7518 §3.2).
        /// Example: `{"file": "secrets/hs256"}`.
        secret: optional Given<Secret>,
        /// A file with the token that is sent when fetching, for key sets that want a credential; read for each fetch.
        bearer_token_file: optional String,
        /// When to ask again: as Cache-Control or Expires of the answer say, within these bounds.
        refresh: optional Refresh,
        /// How long the last good keys serve while the issuer gives none; then 503. A duration.
        /// Default: `24h`.
        max_stale: optional Duration,
        /// How to start while the keys cannot be had.
        /// Default: `require`.
        on_start: optional String as words::OnStart,
        /// A directory for kept keys, one file an issuer; needed by `on_start: last_known_good`. Who can write there can sign tokens.
        /// Example: `/var/lib/jwtgate`.
        state_dir: optional String,
        /// A PEM file of certificate authorities that vouch for the issuer, in place of the system's; read for each fetch.
        ca: optional String,
        /// Whether keys may be fetched over plain http from elsewhere than loopback, which `check` warns about.
        /// Default: `false`.
        allow_http: optional bool,
        /// Fetch through this HTTP proxy; without it `HTTPS_PROXY`, `HTTP_PROXY` and `ALL_PROXY` less `NO_PROXY` say. Loopback: never.
        /// Example: `http://proxy:3128`.
        proxy: optional Undisclosed,
    }
}

/// Discovery takes no options.
#[derive(Debug, Clone, Copy)]
pub(in crate::config) struct Discovery;

impl FromNode for Discovery {
    fn from_node(node: &Node, problems: &mut Problems) -> Option<Self> {
        Fields::of(node, &[], &[], &[], problems).map(|_| Self)
    }
}

/// Where an HMAC secret is.
#[derive(Debug, Clone)]
pub(in crate::config) enum Secret {
    File(At<String>),
    Env(At<String>),
}

impl FromNode for Secret {
    fn from_node(node: &Node, problems: &mut Problems) -> Option<Self> {
        const RIGHT: &str = "give `{ file: PATH }` or `{ env: NAME }`";
        if matches!(node.value, Value::Unknown) {
            return None;
        }
        let Value::Map(_) = node.value else {
            // What stands here may be the secret itself: it is not repeated.
            problems.error(node.at, "a secret does not stand in the configuration itself", RIGHT);
            return None;
        };
        let fields = Fields::of(node, &["file", "env"], &[], &[], problems)?;
        match (fields.node("file"), fields.node("env")) {
            (Some(file), None) => At::from_node(file, problems).map(Self::File),
            (None, Some(env)) => At::from_node(env, problems).map(Self::Env),
            (None, None) if fields.faulty => None,
            _ => {
                problems.error(node.at, "a secret has one place", RIGHT);
                None
            }
        }
    }
}

section! {
    /// How often keys are fetched again.
    Refresh {
        /// Not sooner, whatever the answer says; a duration.
        /// Default: `30s`.
        min: optional Duration,
        /// Not later: a key that was withdrawn is dead by then; a duration.
        /// Default: `1h`.
        max: optional Duration,
    }
}

/// The tenants of an issuer.
#[derive(Debug, Clone)]
pub(in crate::config) enum Tenants {
    Any,
    Listed(Vec<At<String>>),
}

impl FromNode for Tenants {
    fn from_node(node: &Node, problems: &mut Problems) -> Option<Self> {
        if matches!(node.value, Value::List(_)) {
            return Vec::from_node(node, problems).map(Self::Listed);
        }
        node.parse_text("`any`, or a list of tenants", problems, |text| match text {
            "any" => Ok(Self::Any),
            other => Err(format!("`{other}` is neither `any` nor a list")),
        })
    }
}
