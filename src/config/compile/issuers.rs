//! `issuers`: whose tokens are accepted, and with which keys they are verified.

use std::sync::Arc;
use std::time::Duration;

use super::files::Base;
use super::names::Names;
use super::tenants;
use super::upstreams::positive;
use crate::authn::keys::{FetchOptions, KeySource, KeySourceError, Keys, OnStart, ProxyUrl, SecretSource};
use crate::authn::{Algorithm, Algorithms, ClaimPath, Issuer, IssuerSpec, TokenTypes};
use crate::config::document::{self, Path};
use crate::config::node::{At, Named};
use crate::config::problem::{Position, Problems, closest};
use crate::proxy::Snapshot;
use crate::telemetry::metrics::Metrics;

pub(super) fn compile(
    section: Option<At<Named<document::Issuer>>>,
    base: Base<'_>,
    metrics: &Metrics,
    previous: Option<&Snapshot>,
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
        let place = issuer.as_ref().and_then(|issuer| issuer.issuer.as_ref()).map_or(name.at, |iss| iss.at);
        let compiled =
            issuer.and_then(|issuer| compile_one(&name, issuer, base, metrics, previous, problems));
        let shares = |other: &&Arc<Issuer>| {
            compiled.as_ref().is_some_and(|compiled| tenants::share_a_token(compiled.spec(), other.spec()))
        };
        if let Some(other) = names.values().find(shares) {
            let wrong = format!("the issuer `{}` has tokens that are of this one too", other.spec().name);
            problems.error(place, wrong, "a token must belong to one section; list the `tenants` of each");
        }
        names.add(&name.value, compiled);
    }
    names
}

fn compile_one(
    name: &At<String>,
    issuer: document::Issuer,
    base: Base<'_>,
    metrics: &Metrics,
    previous: Option<&Snapshot>,
    problems: &mut Problems,
) -> Option<Arc<Issuer>> {
    let source = match issuer.keys {
        None => Some((KeySource::Discovery, FetchOptions::default(), name.at)),
        Some(At { at, value }) => {
            key_source(value, at, base, problems).map(|(source, options)| (source, options, at))
        }
    };
    let is_secret = matches!(source, Some((KeySource::Secret(_), ..)));
    let algorithms = algorithms(issuer.algorithms, is_secret, problems);
    let token_types = match issuer.token_types {
        None => Some(TokenTypes::default()),
        Some(At { at, value }) => {
            let names: Vec<String> = value.into_iter().map(|name| name.value).collect();
            TokenTypes::parse(&names)
                .map_err(|error| problems.refuse(at, super::complete(&error, TOKEN_TYPES)))
                .ok()
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
    let (source, options, place) = source?;
    let iss = issuer.issuer?;
    let is_discovered = source == KeySource::Discovery;
    let tenants = tenants::compile(&iss, issuer.tenants, is_discovered, problems).ok()?;
    let algorithms = algorithms?;
    let metrics = metrics.issuer(&name.value);
    let name: Arc<str> = name.value.as_str().into();
    let mut known = previous.into_iter().flat_map(|previous| previous.authenticator().issuers());
    let old = known.find(|old| old.spec().name == name);
    // Keys outlive a change of anything but themselves: an issuer that is down just now must not lose them to a reload.
    let reusable = old.filter(|old| old.keys().is_made_from(&iss.value, &algorithms, &source, &options));
    let keys = match reusable {
        Some(old) => Arc::clone(old.keys()),
        None => match Keys::new(&name, &iss.value, &algorithms, source, &options, metrics.clone()) {
            Ok(keys) => Arc::new(keys),
            Err(error) => {
                let place = if matches!(error, KeySourceError::Issuer(_)) { iss.at } else { place };
                return refuse_source(&error, place, problems);
            }
        },
    };
    if required_claims.len() < required_count {
        return None;
    }
    let spec = IssuerSpec {
        name,
        issuer: iss.value,
        audiences: issuer.audiences?.value.into_iter().map(|audience| audience.value).collect(),
        algorithms,
        tenants,
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
    if let Some(old) = reusable.filter(|old| *old.spec() == spec) {
        return Some(Arc::clone(old));
    }
    Some(Arc::new(Issuer::new(spec, keys, metrics)))
}

fn refuse_source<T>(error: &KeySourceError, place: Position, problems: &mut Problems) -> Option<T> {
    let message = super::complete(error, "give a source of keys that can be used");
    match message.split_once("; ") {
        Some((wrong, right)) if error.is_missing() => problems.missing(place, wrong, right),
        _ => problems.refuse(place, message),
    }
    None
}

fn algorithms(
    given: Option<At<Vec<At<String>>>>,
    is_secret: bool,
    problems: &mut Problems,
) -> Option<Algorithms> {
    let Some(At { at, value: names }) = given else {
        return if is_secret {
            Algorithms::new(vec![Algorithm::Hs256])
        } else {
            Some(Algorithms::asymmetric())
        };
    };
    let mut algorithms = Vec::new();
    let count = names.len();
    for name in names {
        match Algorithm::parse(&name.value) {
            Some(algorithm) if algorithm.is_hmac() && !is_secret => {
                let wrong = format!("{} needs a `secret`, and these keys are public", name.value);
                problems.error(name.at, wrong, "name asymmetric algorithms, or give `keys: { secret: … }`");
            }
            Some(algorithm) if !algorithm.is_hmac() && is_secret => {
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
    let algorithms = Algorithms::new(algorithms);
    if algorithms.is_none() {
        problems.error(at, "no algorithm is left", "name at least one");
    }
    algorithms
}

fn key_source(
    keys: document::Keys,
    at: Position,
    base: Base<'_>,
    problems: &mut Problems,
) -> Option<(KeySource, FetchOptions)> {
    let given: Vec<&str> = [
        ("discovery", keys.discovery.is_some()),
        ("jwks_uri", keys.jwks_uri.is_some()),
        ("jwks_file", keys.jwks_file.is_some()),
        ("pem_file", keys.pem_file.is_some()),
        ("secret", keys.secret.is_some()),
    ]
    .into_iter()
    .filter_map(|(name, given)| given.then_some(name))
    .collect();
    if given.len() > 1 {
        problems.error(
            at,
            format_args!("{} sources of keys: {}", given.len(), given.join(", ")),
            "give exactly one",
        );
        return None;
    }
    let is_remote = matches!(given.as_slice(), [] | ["discovery" | "jwks_uri"]);
    let options = fetch_options(&keys, is_remote, base, problems);
    let source = if let Some(uri) = keys.jwks_uri {
        KeySource::JwksUri(uri.value)
    } else if let Some(file) = keys.jwks_file {
        KeySource::JwksFile(base.file(&file, problems)?)
    } else if let Some(file) = keys.pem_file {
        KeySource::PemFile(base.file(&file, problems)?)
    } else if let Some(At { at, value }) = keys.secret {
        match (value.file, value.env) {
            (Some(file), None) => KeySource::Secret(SecretSource::File(base.file(&file, problems)?)),
            (None, Some(name)) if problems.is_offline() && std::env::var_os(&name.value).is_none() => {
                problems.missing(
                    name.at,
                    format_args!("environment variable {} is not set", name.value),
                    "set it",
                );
                return None;
            }
            (None, Some(name)) => KeySource::Secret(SecretSource::Env(name.value)),
            _ => {
                problems.error(at, "a secret has one place", "give `file: PATH` or `env: NAME`");
                return None;
            }
        }
    } else {
        KeySource::Discovery
    };
    Some((source, options?))
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
    Some(FetchOptions {
        refresh_min,
        refresh_max,
        max_stale: positive(keys.max_stale.as_ref(), default.max_stale, problems)?,
        timeout: default.timeout,
        on_start: on_start(keys, base, problems)?,
        ca: match &keys.ca {
            None => None,
            Some(ca) => Some(base.file(ca, problems)?),
        },
        allow_http: keys.allow_http.as_ref().is_some_and(|allow| allow.value),
        proxy: match &keys.proxy {
            None => None,
            Some(At { at, value }) => {
                let proxy = ProxyUrl::parse(value);
                if proxy.is_none() {
                    // The URL may hold a password: it is not repeated.
                    problems.error(*at, "not the URL of a proxy", "write http://host:port");
                }
                Some(proxy?)
            }
        },
        bearer_token_file: match &keys.bearer_token_file {
            None => None,
            Some(file) => Some(base.file(file, problems)?),
        },
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
