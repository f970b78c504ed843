//! The configuration that a test file is about, and the names that its tests may use.

use std::cell::RefCell;
use std::collections::{BTreeSet, HashMap};
use std::path::{Path, PathBuf};

use super::outline::Outline;
use super::stand_in::StandIns;
use crate::config::compile::{self, Base};
use crate::config::document::{self, Document, Secret};
use crate::config::lint;
use crate::config::node::{At, FromNode, Named};
use crate::config::problem::{Position, Problems, closest};
use crate::config::source;
use crate::proxy::Snapshot;
use crate::telemetry::metrics::Metrics;

/// A configuration, compiled for its tests.
pub(super) struct Configuration {
    pub(super) path: PathBuf,
    pub(super) known: Known,
    pub(super) stand_ins: StandIns,
    /// Counts only where `problems` has no errors.
    pub(super) snapshot: Option<Snapshot>,
    /// That of clients of the first listener.
    pub(super) scheme: Option<&'static str>,
    pub(super) outline: Outline,
    pub(super) problems: Problems,
    /// The variables that it names, whoever sets them; none where that is not known.
    pub(super) variables: Option<BTreeSet<String>>,
}

impl Configuration {
    /// The one that `written` means in a test file in `directory`. `variables` come before those of the process.
    pub(super) fn load(
        written: &At<String>,
        directory: &Path,
        variables: &HashMap<String, String>,
        metrics: &Metrics,
        of_tests: &mut Problems,
    ) -> Option<Self> {
        let path = directory.join(&written.value);
        if let Err(error) = std::fs::metadata(&path) {
            let wrong = format!("`{}` cannot be read: {error}", written.value);
            let right = "paths are relative to this file; name the configuration that is tested";
            of_tests.error(written.at, wrong, right);
            return None;
        }
        // As with `check --offline`: what is missing on this machine need not be there.
        let mut problems = Problems::new(&path, true);
        let named = RefCell::new(BTreeSet::new());
        let variable = |name: &str| {
            named.borrow_mut().insert(name.to_owned());
            variables.get(name).cloned().or_else(|| std::env::var(name).ok())
        };
        let text = source::read(&path, &mut problems);
        let parsed = text.as_ref().and_then(|text| source::parse(text, &variable, &mut problems));
        let document = parsed.as_ref().and_then(|(node, _)| Document::from_node(node, &mut problems));
        let mut named = named.into_inner();
        named.extend(document.iter().flat_map(secrets));
        let is_read = document.is_some();
        let known = document.as_ref().map_or_else(Known::default, Known::of);
        let outline = document.as_ref().map_or_else(Outline::default, Outline::of);
        let scheme = document.as_ref().and_then(Document::scheme);
        let stand_ins = StandIns::default();
        let snapshot = document.map(|document| {
            let places = Places::of(&document);
            let base = Base::tested_with(path.parent().unwrap_or(Path::new("")), &stand_ins);
            let (_, snapshot) = compile::compile(document, base, metrics, None, &mut problems);
            if !problems.has_errors() {
                places.check_complete(&snapshot, &mut problems);
            }
            snapshot
        });
        if let (Some(text), Some((_, scalars))) = (&text, &parsed) {
            lint::silence(text, scalars, false, &mut problems);
        }
        let variables = is_read.then_some(named);
        Some(Self { path, known, stand_ins, snapshot, scheme, outline, problems, variables })
    }
}

/// The variables that hold secrets: nobody reads them here, but the file names them.
fn secrets(document: &Document) -> Vec<String> {
    let issuers = document.issuers.iter().flat_map(|section| &section.value.entries);
    let keys = issuers.filter_map(|(_, issuer)| issuer.as_ref()?.keys.as_ref()?.value.0.as_ref());
    keys.filter_map(|keys| match keys.secret.as_ref()?.value.0.as_ref()? {
        Secret::Env(name) => Some(name.value.clone()),
        Secret::File(_) => None,
    })
    .collect()
}

/// What the file names; none where that could not be read, so that any name may be right.
#[derive(Debug, Clone, Default)]
pub(super) struct Known {
    issuers: Option<Vec<String>>,
    routes: Option<Vec<String>>,
    headers: Option<Vec<String>>,
}

impl Known {
    fn of(document: &Document) -> Self {
        let names = |section: &Named<_>| section.entries.iter().map(|(name, _)| name.value.clone()).collect();
        let routes = document.routes.as_ref().map(|section| &section.value);
        let own = routes.into_iter().flatten().filter_map(|route| route.identity.as_ref());
        let headers =
            document.identity.iter().chain(own).filter_map(|section| section.value.headers.as_ref());
        Self {
            issuers: match &document.issuers {
                None => Some(Vec::new()),
                Some(section) => (!section.value.broken).then(|| names(&section.value)),
            },
            routes: routes.map(|routes| {
                routes.iter().filter_map(|route| Some(route.name.as_ref()?.value.clone())).collect()
            }),
            headers: Some(
                headers
                    .flat_map(|headers| &headers.value.entries)
                    .map(|(name, _)| name.value.clone())
                    .collect(),
            ),
        }
    }

    /// Whether there may be such an issuer; else it is recorded.
    pub(super) fn issuer(&self, name: &At<String>, problems: &mut Problems) -> bool {
        check("issuer", name, self.issuers.as_deref(), str::eq, problems)
    }

    /// Whether there may be such a route; else it is recorded.
    pub(super) fn route(&self, name: &At<String>, problems: &mut Problems) -> bool {
        check("route", name, self.routes.as_deref(), str::eq, problems)
    }

    /// Whether there may be such an identity header; else it is recorded.
    pub(super) fn header(&self, name: &At<String>, problems: &mut Problems) -> bool {
        check("identity header", name, self.headers.as_deref(), str::eq_ignore_ascii_case, problems)
    }
}

fn check(
    kind: &str,
    name: &At<String>,
    known: Option<&[String]>,
    same: impl Fn(&str, &str) -> bool,
    problems: &mut Problems,
) -> bool {
    let Some(known) = known else { return true };
    if known.iter().any(|known| same(known, &name.value)) {
        return true;
    }
    let right = match closest(&name.value, known.iter().map(String::as_str)) {
        Some(near) => format!("did you mean `{near}`?"),
        None if known.is_empty() => format!("the configuration has no {kind}"),
        None => format!("known: {}", known.join(", ")),
    };
    problems.error(name.at, format_args!("no {kind} named `{}`", name.value), right);
    false
}

/// Where issuers and routes stand, to say which of them could not be compiled though nothing is wrong with them.
struct Places {
    issuers: Vec<(String, Position)>,
    routes: Vec<(String, Position)>,
}

impl Places {
    fn of(document: &Document) -> Self {
        let issuers = document.issuers.iter().flat_map(|section| &section.value.entries);
        let routes = document.routes.iter().flat_map(|section| &section.value);
        let place = |route: &document::Route| route.name.as_ref().map(|name| (name.value.clone(), name.at));
        Self {
            issuers: issuers.map(|(name, _)| (name.value.clone(), name.at)).collect(),
            routes: routes.filter_map(place).collect(),
        }
    }

    /// A variable that is not set leaves its issuer or route unknown, and a test would see another one in its place.
    fn check_complete(&self, snapshot: &Snapshot, problems: &mut Problems) {
        let issuers: Vec<&str> =
            snapshot.authenticator().issuers().iter().map(|issuer| &*issuer.spec().name).collect();
        let routes: Vec<&str> = snapshot.routes().iter().map(|route| &**route.name()).collect();
        for (kind, given, compiled) in [("issuer", &self.issuers, issuers), ("route", &self.routes, routes)] {
            for (name, at) in given.iter().filter(|(name, _)| !compiled.contains(&name.as_str())) {
                let wrong = format!("the {kind} `{name}` depends on a variable that is not set");
                problems.error(*at, wrong, "give it a value under `environment` of the test file");
            }
        }
    }
}
