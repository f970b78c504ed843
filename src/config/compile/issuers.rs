//! `issuers`: whose tokens are accepted, and with which keys they are verified.

use std::sync::Arc;
use std::time::Duration;

use super::files::Base;
use super::keys::{Sourced, key_source, refuse_source};
use super::names::Names;
use super::tenants;
use crate::authn::keys::{FetchOptions, KeySource, Keys};
use crate::authn::{Algorithm, Algorithms, ClaimPath, Issuer, IssuerSpec, TokenLimits, TokenTypes};
use crate::config::document::{self, Path};
use crate::config::lint::Code;
use crate::config::node::{At, Named};
use crate::config::problem::{Position, Problems, closest};
use crate::proxy::Snapshot;
use crate::telemetry::metrics::Metrics;

pub(super) fn compile(
    section: Option<At<Named<document::Issuer>>>,
    base: Base<'_>,
    metrics: &Metrics,
    previous: Option<&Snapshot>,
    limits: TokenLimits,
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
            issuer.and_then(|issuer| compile_one(&name, issuer, base, metrics, previous, limits, problems));
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
    limits: TokenLimits,
    problems: &mut Problems,
) -> Option<Arc<Issuer>> {
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
    let first = issuer.algorithms.as_ref().and_then(|names| Algorithm::parse(&names.value.first()?.value));
    let algorithms = algorithms(issuer.algorithms, is_secret, problems);
    let token_types = token_types(issuer.token_types, problems);
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
    let max_age = max_age(issuer.max_age.as_ref(), problems);
    let source = source?;
    let iss = issuer.issuer?;
    let is_discovered = source == KeySource::Discovery;
    let tenants = tenants::compile(&iss, issuer.tenants, is_discovered, problems);
    // Bad algorithms are no reason not to look at the keys: those of the kind stand in for them.
    let tried = algorithms.clone().or_else(|| default_algorithms(is_secret == Some(true)))?;
    let metrics = metrics.issuer(&name.value);
    let name: Arc<str> = name.value.as_str().into();
    let tried_options = options.clone().unwrap_or(FetchOptions { allow_http, ..FetchOptions::default() });
    let old = known(previous).find(|old| old.spec().name == name);
    // Keys outlive a change of anything but themselves: an issuer that is down just now must not lose them to a reload.
    let reusable = old.filter(|old| old.keys().is_made_from(&iss.value, &tried, &source, &tried_options));
    let keys = match (reusable, base.stand_ins()) {
        (Some(old), _) => served_keys(old, places.source.or(whole).unwrap_or(iss.at), problems),
        (None, Some(stand_ins)) => {
            let first = first.or_else(|| tried.iter().next())?;
            let keys = stand_ins.keys(&name, &source, &tried, first, metrics.clone());
            Arc::new(keys.map_err(|_| problems.error(iss.at, "no key was generated", "try again")).ok()?)
        }
        (None, None) => match Keys::new(&name, &iss.value, &tried, source, &tried_options, metrics.clone()) {
            Ok(keys) => {
                inherit(&keys, &iss.value, previous);
                Arc::new(keys)
            }
            Err(error) => {
                let place = places.of(&error, iss.at, whole.unwrap_or(iss.at));
                return refuse_source(&error, place, problems);
            }
        },
    };
    let tenants = tenants.ok()?;
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
    if let Some(old) = reusable.filter(|old| tokens_are_bounded(previous, limits) && *old.spec() == spec) {
        return Some(Arc::clone(old));
    }
    Some(Arc::new(Issuer::new(spec, keys, metrics)))
}

/// The keys that serve on, with a warning if their file is broken: a restart would refuse this configuration.
fn served_keys(served: &Issuer, at: Position, problems: &mut Problems) -> Arc<Keys> {
    if let Some(reason) = served.keys().broken_file() {
        let wrong = format!("its last good keys serve on: {}", reason.replace("; ", ", "));
        let right = "mend the file before a restart, which would refuse it";
        problems.warning(Code::BrokenKeyFile, at, wrong, right);
    }
    Arc::clone(served.keys())
}

/// The issuers of the configuration that serves now.
fn known(previous: Option<&Snapshot>) -> impl Iterator<Item = &Arc<Issuer>> {
    previous.into_iter().flat_map(|previous| previous.authenticator().issuers())
}

/// Whether the verified tokens of those kept to these bounds. The length of a token is asked of each request, and that of its
/// header only when it is verified.
fn tokens_are_bounded(previous: Option<&Snapshot>, limits: TokenLimits) -> bool {
    previous.is_some_and(|previous| previous.authenticator().limits().header <= limits.header)
}

/// Whatever changed about an issuer, its name in the file too: a set of the same source serves on.
fn inherit(keys: &Keys, iss: &str, previous: Option<&Snapshot>) {
    if let Some(served) = known(previous).find(|served| served.spec().issuer == iss) {
        keys.inherit(served.keys());
    }
}

#[expect(clippy::option_option, reason = "no answer is not the answer none")]
fn max_age(given: Option<&At<Duration>>, problems: &mut Problems) -> Option<Option<Duration>> {
    if let Some(At { at, value: Duration::ZERO }) = given {
        problems.error(*at, "a `max_age` of zero would refuse every token", "give a duration above zero");
        return None;
    }
    Some(given.map(|max_age| max_age.value))
}

fn token_types(given: Option<At<Vec<At<String>>>>, problems: &mut Problems) -> Option<TokenTypes> {
    match given {
        None => Some(TokenTypes::default()),
        Some(At { at, value }) => {
            let names: Vec<String> = value.into_iter().map(|name| name.value).collect();
            // None is left where none could be read, which is reported.
            (!names.is_empty()).then(|| TokenTypes::parse(&names)).and_then(|parsed| {
                parsed.map_err(|error| problems.refuse(at, super::complete(&error, TOKEN_TYPES))).ok()
            })
        }
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
                let near = match name.value.as_str() {
                    "Ed25519" => Some(Algorithm::EdDsa.name()),
                    // another algorithm, and no slip of the pen
                    "ES256K" | "Ed448" => None,
                    other => closest(other, known()),
                };
                let right = near.map_or_else(
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

/// The claim that a path names.
pub(super) fn claim_path(At { at, value }: At<Path>, problems: &mut Problems) -> Option<ClaimPath> {
    let path = match value {
        Path::Dotted(text) => ClaimPath::parse(&text),
        Path::Steps(steps) => ClaimPath::from_steps(&steps),
    };
    path.map_err(|error| problems.refuse(at, super::complete(&error, "write `claim` or `outer.inner`"))).ok()
}

const RESERVED: [&str; 2] = ["self", "none"];
const TOKEN_TYPES: &str = "name values of `typ`, like JWT or at+jwt, and `absent` for tokens without one";
const CLOCK_SKEW: Duration = Duration::from_secs(30);
const TOKEN_CACHE_BYTES: u64 = 32 * 1024 * 1024;
