//! Where an issuer's keys come from, and how they are fetched: the `keys` section of an issuer, parsed.
//!
//! Given by `config`, handed to `Keys::new`. Two equal sources with equal options are the same source: a reload
//! keeps the keys of an issuer whose section did not change. No secret is ever part of a source, only the name
//! of the file or variable that holds it; a proxy's credentials are hidden from `Debug`.

use std::path::PathBuf;
use std::time::Duration;
use std::{fmt, io};

use super::location::LocationError;
use super::set::KeySetError;
use super::trust::TrustError;

/// Where the keys of one issuer come from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum KeySource {
    /// The `jwks_uri` of the document at the issuer's `/.well-known/openid-configuration`.
    Discovery,
    /// A JWK set at this URL.
    JwksUri(String),
    /// A JWK set in this file, re-read when it changes.
    JwksFile(PathBuf),
    /// Public keys or certificates in this PEM file, re-read when it changes.
    PemFile(PathBuf),
    /// A shared secret, for the HMAC algorithms.
    Secret(SecretSource),
}

/// Where a shared secret comes from. One trailing newline, `\n` or `\r\n`, is not part of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SecretSource {
    /// The bytes of this file, re-read when it changes.
    File(PathBuf),
    /// The value of the environment variable of this name, read once.
    Env(String),
}

impl KeySource {
    /// Whether the keys come over the network, so that [`FetchOptions`] mean something.
    pub fn is_remote(&self) -> bool {
        match self {
            Self::Discovery | Self::JwksUri(_) => true,
            Self::JwksFile(_) | Self::PemFile(_) | Self::Secret(_) => false,
        }
    }
}

/// How keys are fetched and how long they are trusted. Every field has a default.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FetchOptions {
    /// The shortest time from one scheduled refresh to the next, whatever the issuer's caching headers say.
    pub refresh_min: Duration,
    /// The longest time from one scheduled refresh to the next.
    pub refresh_max: Duration,
    /// How long keys are trusted after the issuer last confirmed them.
    pub max_stale: Duration,
    /// How long one answer may take, from the connection to its last byte.
    pub timeout: Duration,
    /// What a gateway does that starts while the issuer is down.
    pub on_start: OnStart,
    /// The certificate authorities (PEM) that vouch for the issuer, in place of the system's.
    pub ca: Option<PathBuf>,
    /// Whether plain HTTP is taken from hosts other than loopback.
    pub allow_http: bool,
    /// The proxy that fetches go through; without one, the environment's. Loopback is never asked through one.
    pub proxy: Option<ProxyUrl>,
    /// A file whose content is sent as a bearer token with each fetch from the issuer's own origin or that of the
    /// configured `jwks_uri`; re-read for each.
    pub bearer_token_file: Option<PathBuf>,
}

impl Default for FetchOptions {
    fn default() -> Self {
        Self {
            refresh_min: Duration::from_secs(30),
            refresh_max: Duration::from_hours(1),
            max_stale: Duration::from_hours(24),
            timeout: Duration::from_secs(5),
            on_start: OnStart::Require,
            ca: None,
            allow_http: false,
            proxy: None,
            bearer_token_file: None,
        }
    }
}

/// What a gateway does that starts while an issuer is down.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum OnStart {
    /// Readiness waits for the keys, for 30 s at most.
    #[default]
    Require,
    /// Ready at once; tokens of this issuer are answered with 503 until its keys come.
    Degrade,
    /// The keys of an earlier run, kept in `state_dir`, serve until the issuer answers; without such, as `Require`.
    LastKnownGood {
        /// The directory that holds them, one file an issuer.
        state_dir: PathBuf,
    },
}

/// The URL of a forward proxy, `http://[user:password@]host:port`.
#[derive(Clone, PartialEq, Eq)]
pub struct ProxyUrl(String);

impl ProxyUrl {
    /// None unless it is an `http` or `https` URL with a host.
    pub fn parse(text: &str) -> Option<Self> {
        let uri: http::Uri = text.parse().ok()?;
        let scheme = uri.scheme_str()?;
        let host = uri.host()?;
        (matches!(scheme, "http" | "https") && !host.is_empty()).then(|| Self(text.to_owned()))
    }

    /// The whole URL, with its credentials: for the one who dials it.
    pub(super) fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for ProxyUrl {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("ProxyUrl(…)")
    }
}

/// Why a source of keys cannot be used. The message names what would be right.
#[derive(Debug, thiserror::Error)]
pub enum KeySourceError {
    /// A file could not be read.
    #[error("{} cannot be read; {needed} is needed here", path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// What it should hold.
        needed: &'static str,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// A file holds nothing that can be used.
    #[error("{} cannot be used; {needed} is needed here", path.display())]
    Unusable {
        /// The file.
        path: PathBuf,
        /// What it should hold.
        needed: &'static str,
        /// Why.
        #[source]
        source: KeySetError,
    },
    /// An environment variable is not set.
    #[error("the environment variable {name} is not set; it must hold the secret")]
    VariableUnset {
        /// Its name.
        name: String,
    },
    /// An environment variable holds nothing that can be used.
    #[error(
        "the environment variable {name} cannot be used; a secret of random bytes, at least as many as the hash of each of the issuer's algorithms has (`openssl rand -hex 32`), is needed in it"
    )]
    VariableUnusable {
        /// Its name.
        name: String,
        /// Why.
        #[source]
        source: KeySetError,
    },
    /// `jwks_uri` may not be fetched from.
    #[error("the jwks_uri cannot be used")]
    JwksUri(#[source] LocationError),
    /// The issuer has no discovery document that may be fetched.
    #[error("the issuer cannot be asked where its keys are; without discovery, name their source under keys")]
    Issuer(#[source] LocationError),
    /// There is no directory to keep keys in.
    #[error("{} is not a directory; state_dir must be one that the gateway may write to", path.display())]
    StateDirectory {
        /// What was configured.
        path: PathBuf,
    },
    /// The certificate authorities could not be loaded.
    #[error(transparent)]
    Trust(#[from] TrustError),
}

impl KeySourceError {
    /// Whether something is merely not there (on the machine where the configuration is checked), in contrast to
    /// something that is wrong.
    pub fn is_missing(&self) -> bool {
        match self {
            Self::Unreadable { .. }
            | Self::VariableUnset { .. }
            | Self::StateDirectory { .. }
            | Self::Trust(TrustError::Unreadable { .. }) => true,
            Self::Unusable { .. }
            | Self::VariableUnusable { .. }
            | Self::JwksUri(_)
            | Self::Issuer(_)
            | Self::Trust(TrustError::Malformed { .. } | TrustError::Tls(_)) => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_proxy_is_an_http_url_and_keeps_its_password_to_itself() {
        let proxy = ProxyUrl::parse("http://user:hunter2@proxy.internal:3128").unwrap();
        assert!(!format!("{proxy:?}").contains("hunter2"));
        for wrong in ["", "proxy", "proxy:3128", "socks5://proxy:1080", "/proxy", "http://"] {
            assert!(ProxyUrl::parse(wrong).is_none(), "{wrong}");
        }
    }
}
