//! Document in, `Settings` and `Snapshot` out, or every problem.
//!
//! Constructs, does not check: each part is parsed into the type that its stage works with, and what cannot be parsed is
//! recorded with its place. Nothing is fetched, nothing listens: `check` runs exactly this.

mod audiences;
mod cors;
mod credentials;
mod files;
mod identity;
mod issuers;
mod kept;
mod keys;
mod listeners;
mod names;
mod path_data;
pub(super) mod requirements;
pub(super) mod routes;
mod tenants;
mod terms;
mod upstreams;

use std::error::Error;
use std::sync::Arc;

use self::credentials::Places;
pub(super) use self::files::Base;
use self::kept::Kept;
#[cfg(test)]
pub(super) use self::requirements::KEYS as REQUIREMENT_KEYS;
use self::requirements::Policies;
use self::routes::Parts;
use super::Previous;
use super::document::Document;
use super::node::{At, Size};
use super::problem::Problems;
use super::settings::Settings;
use crate::authn::{Authenticator, TokenLimits};
use crate::proxy::Snapshot;
use crate::route::RouteTable;
use crate::telemetry::metrics::Metrics;
use crate::upstream::Identity;

/// Compiles the document of a file that lies at `base`. The result holds only if `problems` has no errors.
pub(super) fn compile(
    document: Document,
    base: Base<'_>,
    metrics: &Metrics,
    previous: Option<Previous<'_>>,
    problems: &mut Problems,
) -> (Settings, Snapshot) {
    let serving = previous.map_or(&[][..], |previous| previous.listeners);
    let previous = previous.map(|previous| previous.snapshot);
    let (listeners, admin) = problems.of_listening(|problems| {
        listeners::compile(document.listeners, document.admin, base, serving, problems)
    });
    let limits = limits(document.limits.map(|limits| limits.value), problems);
    let issuers = issuers::compile(document.issuers, base, metrics, previous, limits, problems);
    let upstreams = upstreams::compile(document.upstreams, base, metrics, previous, problems);
    let kept = previous.map(Kept::of).unwrap_or_default();
    let mut policies = Policies::new(document.policies).keeping(kept);
    policies.compile_all(problems);
    let mut places = Places::default();
    let credentials = document.credentials.map(|section| places.compile(section, problems));
    let identity = match document.identity {
        None => Some(Identity::default()),
        Some(section) => {
            let captures = routes::captures_without_identity(document.routes.as_ref());
            identity::compile(section, captures.as_deref(), problems)
        }
    };
    let parts = Parts {
        issuers: &issuers,
        upstreams: &upstreams,
        policies: &mut policies,
        // Without its rules the configuration is refused in any case; the default lets the other mistakes be found.
        identity: Arc::new(identity.unwrap_or_default()),
        credentials: credentials.flatten().unwrap_or_default(),
        places: &mut places,
        metrics,
    };
    let routes = routes::compile(document.routes, parts, problems);
    let authenticator = Authenticator::new(issuers.values().cloned().collect(), limits);
    let settings = Settings { listeners, admin, shutdown: listeners::shutdown(document.shutdown) };
    (settings, Snapshot::new(RouteTable::new(routes), authenticator))
}

fn limits(section: Option<super::document::Limits>, problems: &mut Problems) -> TokenLimits {
    let default = TokenLimits::default();
    let Some(section) = section else { return default };
    let mut bounded = |given: Option<At<Size>>, default: usize| match given {
        None => default,
        Some(At { at, value: Size(bytes) }) => {
            let bytes = usize::try_from(bytes).ok().filter(|bytes| (256..=65_536).contains(bytes));
            if bytes.is_none() {
                problems.error(at, "a limit out of range", "give a size from 256B to 64KiB");
            }
            bytes.unwrap_or(default)
        }
    };
    TokenLimits {
        token: bounded(section.token, default.token),
        header: bounded(section.token_header, default.header),
    }
}

/// The text of `error` and its causes, with what would be right where it does not say so itself.
fn complete(error: &dyn Error, right: &str) -> String {
    let text = error.to_string();
    let (mut wrong, right) = match text.split_once("; ") {
        Some((wrong, right)) => (wrong.to_owned(), right.to_owned()),
        None => (text, right.to_owned()),
    };
    let mut cause = error.source();
    while let Some(error) = cause {
        let text = error.to_string().replace("; ", ", ");
        if !wrong.contains(&text) {
            wrong.push_str(": ");
            wrong.push_str(&text);
        }
        cause = error.source();
    }
    format!("{wrong}; {right}")
}
