//! `issuers.*.keys`: where an issuer's keys come from, and how they are fetched.

use std::path::PathBuf;

use super::files::Base;
use super::upstreams::positive;
use crate::authn::keys::{FetchOptions, KeySource, KeySourceError, OnStart, ProxyUrl, SecretSource};
use crate::config::document;
use crate::config::lint::Code;
use crate::config::node::{At, Given, Undisclosed};
use crate::config::problem::{Position, Problems};

/// The keys of an issuer, as far as they could be read.
pub(super) struct Sourced {
    pub(super) source: Option<KeySource>,
    pub(super) options: Option<FetchOptions>,
    pub(super) places: Places,
    /// Whether the file gives a secret, readable or not; none where that cannot be told.
    pub(super) is_secret: Option<bool>,
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
pub(super) struct Places {
    pub(super) source: Option<Position>,
    ca: Option<Position>,
    state_dir: Option<Position>,
    bearer_token_file: Option<(PathBuf, Position)>,
}

impl Places {
    pub(super) fn of(&self, error: &KeySourceError, issuer: Position, keys: Position) -> Position {
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

/// The source that `keys` names, with everything that is wrong there reported.
pub(super) fn key_source(
    keys: document::Keys,
    at: Position,
    base: Base<'_>,
    problems: &mut Problems,
) -> Sourced {
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
        document::Secret::Env(name)
            if base.stand_ins().is_none() && std::env::var_os(&name.value).is_none() =>
        {
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
            Code::AllowHttp,
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

/// Reports why a source cannot be used.
pub(super) fn refuse_source<T>(
    error: &KeySourceError,
    place: Position,
    problems: &mut Problems,
) -> Option<T> {
    let message = super::complete(error, "give a source of keys that can be used");
    match message.split_once("; ") {
        Some((wrong, right)) if error.is_missing() => problems.missing(place, wrong, right),
        _ => problems.refuse(place, message),
    }
    None
}
