//! `issuers`: whose tokens are accepted, and with which keys they are verified.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use super::files::Base;
use super::names::Names;
use super::upstreams::positive;
use crate::authn::keys::{FetchOptions, KeySource, KeySourceError, Keys, OnStart, ProxyUrl, SecretSource};
use crate::authn::{Algorithm, Algorithms, ClaimPath, Issuer, IssuerSpec, TokenTypes};
use crate::config::document::{self, Path};
use crate::config::node::{At, Given, Named, Undisclosed};
use crate::config::problem::{Position, Problems, closest};
use crate::telemetry::metrics::Metrics;

pub(super) fn compile(
    section: Option<At<Named<document::Issuer>>>,
    base: Base<'_>,
    metrics: &Metrics,
    problems: &mut Problems,
) -> Names<Issuer> {
    let broken = section.as_ref().is_some_and(|section| section.value.broken);
    let mut names = Names::new("issuer", "issuers", broken);
    let mut seen: Vec<At<String>> = Vec::new();
    for (name, issuer) in section.into_iter().flat_map(|section| section.value.entries) {
        if RESERVED.contains(&name.value.as_str()) {
            problems.error(
                name.at,
                format_args!("the issuer name `{}` is reserved", name.value),
                "choose another name",
            );
        }
        if let Some(iss) = issuer.as_ref().and_then(|issuer| issuer.issuer.as_ref()) {
            if let Some(first) = seen.iter().find(|other| other.value == iss.value) {
                let wrong = format!("the same `issuer` is given on line {}", first.at.line);
                problems.error(iss.at, wrong, "a token must belong to one section; merge the two");
            }
            seen.push(iss.clone());
        }
        let compiled = issuer.and_then(|issuer| compile_one(&name, issuer, base, metrics, problems));
        names.add(&name.value, compiled.map(Arc::new));
    }
    names
}

fn compile_one(
    name: &At<String>,
    issuer: document::Issuer,
    base: Base<'_>,
    metrics: &Metrics,
    problems: &mut Problems,
) -> Option<Issuer> {
    let whole = issuer.keys.as_ref().map(|keys| keys.at);
    let given = issuer.keys.map(|keys| keys.value.0);
    let allow_http =
        given.iter().flatten().any(|keys| keys.allow_http.as_ref().is_none_or(|allow| allow.value));
    let Sourced { source, options, places, is_secret } = match given {
        None => Sourced::default(),
        // Unreadable, and reported: nothing is known of its keys.
        Some(None) => Sourced { source: None, is_secret: None, ..Sourced::default() },
        Some(Some(keys)) => key_source(keys, whole.unwrap_or(name.at), base, problems),
    };
    let algorithms = algorithms(issuer.algorithms, is_secret, problems);
    let token_types = match issuer.token_types {
        None => Some(TokenTypes::default()),
        Some(At { at, value }) => {
            let names: Vec<String> = value.into_iter().map(|name| name.value).collect();
            // None is left where none could be read, which is reported.
            (!names.is_empty()).then(|| TokenTypes::parse(&names)).and_then(|parsed| {
                parsed.map_err(|error| problems.refuse(at, super::complete(&error, TOKEN_TYPES))).ok()
            })
        }
    };
    let required = issuer.required_claims.map(|claims| claims.value).unwrap_or_default();
    let required_count = required.len();
    let required_claims: Vec<ClaimPath> =
        required.into_iter().filter_map(|path| claim_path(path, problems)).collect();
    let roles = match issuer.roles {
        None => ClaimPath::parse("roles").ok(),
        Some(path) => claim_path(path, problems),
    };
    let scopes = match issuer.scopes {
        None => Some(None),
        Some(path) => claim_path(path, problems).map(Some),
    };
    let max_age = match issuer.max_age {
        Some(At { at, value: Duration::ZERO }) => {
            problems.error(at, "a `max_age` of zero would refuse every token", "give a duration above zero");
            None
        }
        other => Some(other.map(|max_age| max_age.value)),
    };
    let source = source?;
    let iss = issuer.issuer?;
    // Bad algorithms are no reason not to look at the keys: those of the kind stand in for them.
    let tried = algorithms.clone().or_else(|| default_algorithms(is_secret == Some(true)))?;
    let metrics = metrics.issuer(&name.value);
    let name: Arc<str> = name.value.as_str().into();
    let tried_options = options.clone().unwrap_or(FetchOptions { allow_http, ..FetchOptions::default() });
    let keys = match Keys::new(&name, &iss.value, &tried, source, &tried_options, metrics.clone()) {
        Ok(keys) => keys,
        Err(error) => {
            let place = places.of(&error, iss.at, whole.unwrap_or(iss.at));
            let message = super::complete(&error, "give a source of keys that can be used");
            match message.split_once("; ") {
                Some((wrong, right)) if error.is_missing() => problems.missing(place, wrong, right),
                _ => problems.refuse(place, message),
            }
            return None;
        }
    };
    options?;
    let algorithms = algorithms?;
    if required_claims.len() < required_count {
        return None;
    }
    let spec = IssuerSpec {
        name,
        issuer: iss.value,
        audiences: issuer.audiences?.value.into_iter().map(|audience| audience.value).collect(),
        algorithms,
        token_types: token_types?,
        clock_skew: issuer.clock_skew.map_or(CLOCK_SKEW, |skew| skew.value),
        max_age: max_age?,
        required_claims,
        roles: roles?,
        scopes: scopes?,
        token_cache_bytes: issuer
            .token_cache
            .and_then(|cache| cache.value.max_size)
            .map_or(TOKEN_CACHE_BYTES, |size| size.value.0),
    };
    Some(Issuer::new(spec, keys, metrics))
}

/// The keys of an issuer, as far as they could be read.
struct Sourced {
    source: Option<KeySource>,
    options: Option<FetchOptions>,
    places: Places,
    /// Whether the file gives a secret, readable or not; none where that cannot be told.
    is_secret: Option<bool>,
}

impl Default for Sourced {
    /// Without `keys`: discovery.
    fn default() -> Self {
        Self {
            source: Some(KeySource::Discovery),
            options: Some(FetchOptions::default()),
            places: Places::default(),
            is_secret: Some(false),
        }
    }
}

/// Where the parts of `keys` stand, for what is found wrong with them later.
#[derive(Default)]
struct Places {
    source: Option<Position>,
    ca: Option<Position>,
    state_dir: Option<Position>,
    bearer_token_file: Option<(PathBuf, Position)>,
}

impl Places {
    fn of(&self, error: &KeySourceError, issuer: Position, keys: Position) -> Position {
        let token = |path: &PathBuf| {
            self.bearer_token_file.as_ref().filter(|(token, _)| token == path).map(|(_, at)| *at)
        };
        let place = match error {
            KeySourceError::Issuer(_) => return issuer,
            KeySourceError::Unreadable { path, .. } => token(path).or(self.source),
            KeySourceError::StateDirectory { .. } => self.state_dir,
            KeySourceError::Trust(_) => self.ca,
            KeySourceError::Unusable { .. }
            | KeySourceError::VariableUnset { .. }
            | KeySourceError::VariableUnusable { .. }
            | KeySourceError::JwksUri(_) => self.source,
        };
        place.unwrap_or(keys)
    }
}

fn default_algorithms(is_secret: bool) -> Option<Algorithms> {
    if is_secret { Algorithms::new(vec![Algorithm::Hs256]) } else { Some(Algorithms::asymmetric()) }
}

/// `is_secret`: whether the keys are a secret; none where that is not known.
fn algorithms(
    given: Option<At<Vec<At<String>>>>,
    is_secret: Option<bool>,
    problems: &mut Problems,
) -> Option<Algorithms> {
    let Some(At { value: names, .. }) = given else {
        return default_algorithms(is_secret == Some(true));
    };
    let mut algorithms = Vec::new();
    let count = names.len();
    for name in names {
        match Algorithm::parse(&name.value) {
            Some(algorithm) if algorithm.is_hmac() && is_secret == Some(false) => {
                let wrong = format!("{} needs a `secret`, and these keys are public", name.value);
                problems.error(name.at, wrong, "name asymmetric algorithms, or give `keys: { secret: … }`");
            }
            Some(algorithm) if !algorithm.is_hmac() && is_secret == Some(true) => {
                let wrong = format!("{} needs public keys, and this issuer has a secret", name.value);
                problems.error(name.at, wrong, "name HS256, HS384 or HS512, or give another source of keys");
            }
            Some(algorithm) => algorithms.push(algorithm),
            None if name.value.eq_ignore_ascii_case("none") => {
                problems.error(
                    name.at,
                    "`none` is no signature",
                    "unsigned tokens are never accepted; name an algorithm",
                );
            }
            None => {
                let known = || Algorithm::ALL.iter().map(|algorithm| algorithm.name());
                let right = closest(&name.value, known()).map_or_else(
                    || format!("known: {}", known().collect::<Vec<_>>().join(", ")),
                    |near| format!("did you mean {near}?"),
                );
                problems.error(name.at, format_args!("unknown algorithm `{}`", name.value), right);
            }
        }
    }
    if algorithms.len() < count {
        return None;
    }
    // None is left where none could be read, which is reported.
    Algorithms::new(algorithms)
}

fn key_source(keys: document::Keys, at: Position, base: Base<'_>, problems: &mut Problems) -> Sourced {
    let given: Vec<(&str, Position)> = [
        ("discovery", keys.discovery.as_ref().map(|key| key.at)),
        ("jwks_uri", keys.jwks_uri.as_ref().map(|key| key.at)),
        ("jwks_file", keys.jwks_file.as_ref().map(|key| key.at)),
        ("pem_file", keys.pem_file.as_ref().map(|key| key.at)),
        ("secret", keys.secret.as_ref().map(|key| key.at)),
    ]
    .into_iter()
    .filter_map(|(name, at)| at.map(|at| (name, at)))
    .collect();
    let names: Vec<&str> = given.iter().map(|(name, _)| *name).collect();
    let is_remote = matches!(names.as_slice(), [] | ["discovery" | "jwks_uri"]);
    let several = names.len() > 1;
    if several {
        let wrong = format!("{} sources of keys: {}", names.len(), names.join(", "));
        problems.error(at, wrong, "give exactly one");
    }
    let path = |file: &At<String>| (base.path(file), file.at);
    let places = Places {
        source: given.first().map(|(_, at)| *at),
        ca: keys.ca.as_ref().map(|key| key.at),
        state_dir: keys.state_dir.as_ref().map(|key| key.at),
        bearer_token_file: keys.bearer_token_file.as_ref().map(path),
    };
    let is_secret = if several { None } else { Some(keys.secret.is_some()) };
    let options = if several { None } else { fetch_options(&keys, is_remote, base, problems) };
    let mut file =
        |At { at, value: Given(file) }: At<Given<String>>| base.file(&At { at, value: file? }, problems);
    let source = if several {
        None
    } else if let Some(uri) = keys.jwks_uri {
        uri.value.0.map(KeySource::JwksUri)
    } else if let Some(jwks) = keys.jwks_file {
        file(jwks).map(KeySource::JwksFile)
    } else if let Some(pem) = keys.pem_file {
        file(pem).map(KeySource::PemFile)
    } else if let Some(secret) = keys.secret {
        secret.value.0.and_then(|secret| secret_source(secret, base, problems)).map(KeySource::Secret)
    } else {
        keys.discovery.is_none_or(|discovery| discovery.value.0.is_some()).then_some(KeySource::Discovery)
    };
    Sourced { source, options, places, is_secret }
}

fn secret_source(secret: document::Secret, base: Base<'_>, problems: &mut Problems) -> Option<SecretSource> {
    match secret {
        document::Secret::File(file) => base.file(&file, problems).map(SecretSource::File),
        document::Secret::Env(name) if std::env::var_os(&name.value).is_none() => {
            let wrong = format!("environment variable {} is not set", name.value);
            problems.missing(name.at, wrong, "set it to the secret");
            None
        }
        document::Secret::Env(name) => Some(SecretSource::Env(name.value)),
    }
}

/// How keys are fetched; refused beside a source that fetches nothing.
fn fetch_options(
    keys: &document::Keys,
    is_remote: bool,
    base: Base<'_>,
    problems: &mut Problems,
) -> Option<FetchOptions> {
    let given = [
        ("bearer_token_file", keys.bearer_token_file.as_ref().map(|key| key.at)),
        ("refresh", keys.refresh.as_ref().map(|key| key.at)),
        ("max_stale", keys.max_stale.as_ref().map(|key| key.at)),
        ("on_start", keys.on_start.as_ref().map(|key| key.at)),
        ("state_dir", keys.state_dir.as_ref().map(|key| key.at)),
        ("ca", keys.ca.as_ref().map(|key| key.at)),
        ("allow_http", keys.allow_http.as_ref().map(|key| key.at)),
        ("proxy", keys.proxy.as_ref().map(|key| key.at)),
    ];
    if !is_remote {
        for (name, at) in given.into_iter().filter_map(|(name, at)| Some((name, at?))) {
            problems.error(
                at,
                format_args!("`{name}` is for keys that are fetched"),
                "leave it out beside a file or a secret",
            );
        }
        return Some(FetchOptions::default());
    }
    let default = FetchOptions::default();
    let (min, max) = keys.refresh.as_ref().map_or((None, None), |refresh| {
        (refresh.value.min.as_ref().map(|min| min.value), refresh.value.max.as_ref().map(|max| max.value))
    });
    let (refresh_min, refresh_max) = (min.unwrap_or(default.refresh_min), max.unwrap_or(default.refresh_max));
    if let Some(At { at, .. }) = &keys.refresh
        && (refresh_min.is_zero() || refresh_min > refresh_max)
    {
        problems.error(
            *at,
            "a refresh that never comes, or comes all the time",
            "give `min` above zero and not above `max`",
        );
    }
    if let Some(At { at, value: true }) = &keys.allow_http {
        problems.warning(
            *at,
            "keys fetched over plain http can be replaced on the way",
            "give the issuer https",
        );
    }
    // Each is looked at before any is missed, so that every mistake is found.
    let max_stale = positive(keys.max_stale.as_ref(), default.max_stale, problems);
    let on_start = on_start(keys, base, problems);
    let ca = keys.ca.as_ref().map(|ca| base.file(ca, problems));
    let bearer_token_file = keys.bearer_token_file.as_ref().map(|file| base.file(file, problems));
    let proxy = keys.proxy.as_ref().map(|At { at, value: Undisclosed(text) }| {
        let proxy = ProxyUrl::parse(text);
        if proxy.is_none() {
            // The URL may hold a password: it is not repeated.
            problems.error(*at, "not the URL of a proxy", "write http://host:port");
        }
        proxy
    });
    let every = |ca: Option<Option<_>>| ca.map_or(Some(None), |ca| ca.map(Some));
    Some(FetchOptions {
        refresh_min,
        refresh_max,
        max_stale: max_stale?,
        timeout: default.timeout,
        on_start: on_start?,
        ca: every(ca)?,
        allow_http: keys.allow_http.as_ref().is_some_and(|allow| allow.value),
        proxy: match proxy {
            None => None,
            Some(proxy) => Some(proxy?),
        },
        bearer_token_file: every(bearer_token_file)?,
    })
}

fn on_start(keys: &document::Keys, base: Base<'_>, problems: &mut Problems) -> Option<OnStart> {
    let kind = keys.on_start.as_ref().map(|on_start| on_start.value.as_str());
    match (kind, &keys.on_start, &keys.state_dir) {
        (Some("last_known_good"), _, Some(directory)) => {
            return Some(OnStart::LastKnownGood { state_dir: base.path(directory) });
        }
        (Some("last_known_good"), Some(At { at, .. }), None) => {
            problems.error(*at, "`last_known_good` needs a place for the keys", "add `state_dir: DIRECTORY`");
        }
        (_, _, Some(At { at, .. })) => {
            problems.error(
                *at,
                "`state_dir` is for `on_start: last_known_good`",
                "add that, or leave it out",
            );
        }
        (None | Some("require"), ..) => return Some(OnStart::Require),
        (Some("degrade"), ..) => return Some(OnStart::Degrade),
        (Some(other), Some(At { at, .. }), None) => {
            let wrong = format!("`{other}` is no way to start");
            problems.error(*at, wrong, "write require, degrade or last_known_good");
        }
        (Some(_), None, None) => {}
    }
    None
}

/// The claim that a path names.
pub(super) fn claim_path(At { at, value }: At<Path>, problems: &mut Problems) -> Option<ClaimPath> {
    let path = match value {
        Path::Dotted(text) => ClaimPath::parse(&text),
        Path::Steps(steps) => ClaimPath::from_steps(steps),
    };
    path.map_err(|error| problems.refuse(at, super::complete(&error, "write `claim` or `outer.inner`"))).ok()
}

const RESERVED: [&str; 2] = ["self", "none"];
const TOKEN_TYPES: &str = "name values of `typ`, like JWT or at+jwt, and `absent` for tokens without one";
const CLOCK_SKEW: Duration = Duration::from_secs(30);
const TOKEN_CACHE_BYTES: u64 = 32 * 1024 * 1024;
