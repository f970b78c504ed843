//! `routes`: which request may do what, and where it goes.

use std::collections::{BTreeSet, HashMap};
use std::slice;
use std::sync::Arc;

use super::audiences;
use super::credentials::Places;
use super::names::Names;
use super::requirements::Policies;
use super::tenants;
use crate::authn::{Admission, Credentials, Issuer};
use crate::authz::Requirement;
use crate::config::document::{self, Access};
use crate::config::lint::Code;
use crate::config::node::At;
use crate::config::problem::{Position, Problems};
use crate::proxy::{self, Cors, Enforcement, Protection};
use crate::route::{HostPattern, Matcher, Methods, PathPattern};
use crate::telemetry::metrics::Metrics;
use crate::upstream::{Forward, Guard, Identity, IdentityName, Upstream, Watched};

/// What routes refer to.
pub(super) struct Parts<'a> {
    pub(super) issuers: &'a Names<Issuer>,
    pub(super) upstreams: &'a Names<Upstream>,
    pub(super) policies: &'a mut Policies,
    /// The identity rules of all routes that have none of their own.
    pub(super) identity: Arc<Identity>,
    /// Where the token is on all routes that have no places of their own.
    pub(super) credentials: Arc<Credentials>,
    pub(super) places: &'a mut Places,
    pub(super) metrics: &'a Metrics,
}

/// A route whose forwarding is not put together yet, because the guard needs every route's identity headers.
struct Draft {
    name: Arc<str>,
    matcher: Matcher,
    access: proxy::Access,
    upstream: Arc<Upstream>,
    identity: Arc<Identity>,
    credentials: Arc<Credentials>,
    cors: Option<Cors>,
}

pub(super) fn compile(
    section: Option<At<Vec<document::Route>>>,
    mut parts: Parts<'_>,
    problems: &mut Problems,
) -> Vec<(Matcher, proxy::Route)> {
    let mut seen: HashMap<String, Position> = HashMap::new();
    let mut drafts: Vec<Draft> = Vec::new();
    for route in section.into_iter().flat_map(|section| section.value) {
        if let Some(name) = &route.name {
            check_name(name, &seen, problems);
            seen.entry(name.value.clone()).or_insert(name.at);
        }
        drafts.extend(draft(route, &mut parts, problems));
    }
    let guard = Arc::new(guard(&parts, &drafts, problems));
    let finish = |Draft { name, matcher, access, upstream, identity, credentials, cors, .. }| {
        let (decides, rehearses) = requirements(&access);
        let forward = Forward::new(upstream, identity, Arc::clone(&guard), credentials)
            .watching(watched(decides))
            .rehearsing(watched(rehearses));
        let matcher =
            if decides.is_some_and(Requirement::asks_for_method) { matcher.in_upper_case() } else { matcher };
        (matcher, proxy::Route::new(name, access, forward, parts.metrics).with_cors(cors))
    };
    drafts.into_iter().map(finish).collect()
}

/// The requirement that decides, and the candidate, which does not.
fn requirements(access: &proxy::Access) -> (Option<&Requirement>, Option<&Requirement>) {
    match access {
        proxy::Access::Public | proxy::Access::Optional(_) => (None, None),
        proxy::Access::Protected(protection) => {
            (Some(&protection.requirement), protection.candidate.as_ref())
        }
    }
}

/// The headers that the conditions of a requirement look at.
fn watched(requirement: Option<&Requirement>) -> Watched {
    let headers = requirement.map(Requirement::headers).unwrap_or_default();
    Watched::new(headers.into_iter().map(|(name, _)| name))
        .and_others(requirement.is_some_and(Requirement::computes_headers))
}

/// What the paths of the routes without an `identity` of their own capture; none where that is not known.
pub(super) fn captures_without_identity(section: Option<&At<Vec<document::Route>>>) -> Option<Vec<String>> {
    let mut captures = BTreeSet::new();
    for route in section?.value.iter().filter(|route| route.identity.is_none()) {
        let path = route.r#match.as_ref()?.value.path.as_ref()?;
        captures.extend(PathPattern::parse(&path.value).ok()?.captures().map(str::to_owned));
    }
    Some(captures.into_iter().collect())
}

/// Every header that any route sets is one that no client may send, on any route, and every place of a credential one
/// that no upstream sees.
fn guard(parts: &Parts<'_>, drafts: &[Draft], problems: &mut Problems) -> Guard {
    let sections = drafts.iter().map(|draft| &draft.identity).chain([&parts.identity]);
    let names: Vec<IdentityName> = sections.flat_map(|section| section.names().cloned()).collect();
    parts.places.check_identity(&names, problems);
    Guard::new(names.iter().map(IdentityName::header)).concealing(parts.places.iter())
}

fn check_name(name: &At<String>, seen: &HashMap<String, Position>, problems: &mut Problems) {
    if name.value == "none" {
        problems.error(
            name.at,
            "the route name `none` is reserved for requests without a route",
            "choose another name",
        );
    }
    if name.value.chars().any(char::is_control) {
        problems.error(name.at, "a name that cannot be printed", "use letters, digits, `-`, `_` and `.`");
    }
    if let Some(first) = seen.get(&name.value) {
        let wrong = format!("a route named `{}` is already on line {}", name.value, first.line);
        problems.error(name.at, wrong, "give each route a name of its own: metrics and logs go by it");
    }
}

fn draft(route: document::Route, parts: &mut Parts<'_>, problems: &mut Problems) -> Option<Draft> {
    let data = super::path_data::compile(route.path, problems);
    let matcher = route
        .r#match
        .and_then(|matches| matcher(matches.value, problems))
        .map(|matcher| matcher.allowing(data));
    let captures: Vec<String> =
        matcher.iter().flat_map(|matcher| matcher.path().captures().map(str::to_owned)).collect();
    let known = matcher.is_some().then_some(&captures[..]);
    let access = route.access.and_then(|access| self::access(access, known, parts, problems));
    let upstream = route.upstream.and_then(|name| parts.upstreams.resolve(&name, problems).cloned());
    let credentials = credentials(route.credentials, access.as_ref(), parts, problems);
    let cors = route.cors.map(|cors| {
        let own = matcher.as_ref().and_then(|matcher| super::cors::listed(matcher.methods()));
        let looks = !matches!(access, Some(proxy::Access::Public) | None);
        super::cors::compile(cors, own, credentials.as_deref().filter(|_| looks), problems)
    });
    let identity = match route.identity {
        None => Some(Arc::clone(&parts.identity)),
        Some(own) => super::identity::compile(own, known, problems).map(Arc::new),
    };
    Some(Draft {
        name: route.name?.value.into(),
        matcher: matcher?,
        access: access?,
        upstream: upstream?,
        identity: identity?,
        credentials: credentials?,
        cors: match cors {
            None => None,
            Some(cors) => Some(cors?),
        },
    })
}

/// The places of the route's own, or those of all routes.
fn credentials(
    section: Option<At<Vec<At<document::Credential>>>>,
    access: Option<&proxy::Access>,
    parts: &mut Parts<'_>,
    problems: &mut Problems,
) -> Option<Arc<Credentials>> {
    let Some(section) = section else { return Some(Arc::clone(&parts.credentials)) };
    if matches!(access, Some(proxy::Access::Public)) {
        problems.error(section.at, "no token is looked at on a public route", "leave `credentials` out here");
    }
    parts.places.compile(section, problems)
}

/// Which requests a rule is for.
pub(in crate::config) fn matcher(
    document::Match { hosts, methods, path }: document::Match,
    problems: &mut Problems,
) -> Option<Matcher> {
    let hosts: Vec<Option<HostPattern>> = hosts
        .into_iter()
        .flat_map(|hosts| hosts.value)
        .map(|host| {
            HostPattern::parse(&host.value)
                .map_err(|error| {
                    problems.refuse(
                        host.at,
                        super::complete(&error, "write a name like api.example.com, or *.example.com"),
                    );
                })
                .ok()
        })
        .collect();
    let methods = match methods {
        None => Some(Methods::any()),
        Some(At { value, .. }) => self::methods(&value, problems),
    };
    let path = path.and_then(|path| {
        PathPattern::parse(&path.value)
            .map_err(|error| {
                problems
                    .refuse(path.at, super::complete(&error, "write a path like /orders/{id} or /admin/**"));
            })
            .ok()
    });
    let hosts = hosts.into_iter().collect::<Option<Vec<_>>>()?;
    Some(Matcher::new(hosts, methods?, path?))
}

/// Each name by itself first, so that every mistake is found, at its own place.
fn methods(given: &[At<String>], problems: &mut Problems) -> Option<Methods> {
    let mut complete = true;
    for name in given {
        if let Err(error) = Methods::parse(slice::from_ref(&name.value)) {
            problems.refuse(name.at, super::complete(&error, "write methods in upper case, like GET"));
            complete = false;
        }
    }
    let names: Vec<String> = given.iter().map(|name| name.value.clone()).collect();
    // An empty list is what is left of one whose items could not be read, which is reported.
    Methods::parse(&names).ok().filter(|_| complete)
}

fn access(
    At { at, value }: At<Access>,
    captures: Option<&[String]>,
    parts: &mut Parts<'_>,
    problems: &mut Problems,
) -> Option<proxy::Access> {
    if !matches!(value, Access::Public) && parts.issuers.is_empty() {
        problems.error(at, "this access needs tokens, and there are no issuers", "add an `issuers` section");
    }
    let conditions = match value {
        Access::Public => return Some(proxy::Access::Public),
        Access::Optional => {
            tenants::check_route(at, parts.issuers.values(), None, problems);
            return Some(proxy::Access::Optional(Admission::default()));
        }
        Access::Authenticated => {
            tenants::check_route(at, parts.issuers.values(), None, problems);
            return Some(authenticated());
        }
        Access::Conditions(conditions) => *conditions,
    };
    let asks = conditions.require.is_some() || conditions.issuers.is_some() || conditions.audiences.is_some();
    // Without any of its keys, something else is wrong with the map, and reported.
    if !asks && (conditions.candidate.is_some() || conditions.enforcement.is_some()) {
        let wrong = "the access asks for nothing";
        problems.error(at, wrong, "add `require`, `issuers` or `audiences`");
        return None;
    }
    let candidate = match conditions.candidate {
        None => Some(None),
        Some(node) => parts.policies.of_route(&node.value, captures, problems).map(Some),
    };
    let enforcement = enforcement(conditions.enforcement.as_ref(), problems);
    let named = conditions.issuers.as_ref().map(|names| names.value.as_slice());
    let issuers = named.map(|names| allowed_issuers(names, parts.issuers, problems));
    let audiences = conditions.audiences.map(|audiences| {
        let allowed: Option<Vec<&Arc<Issuer>>> = match &issuers {
            Some(allowed) => allowed.as_ref().map(|allowed| allowed.iter().collect()),
            None => Some(parts.issuers.values().collect()),
        };
        // Of issuers that are not known, which is reported, nothing is said.
        if let Some(allowed) = allowed {
            audiences::check(&audiences.value, &allowed, named, problems);
        }
        audiences.value.into_iter().map(|audience| audience.value).collect()
    });
    let requirement = match conditions.require {
        None => Some(Requirement::Authenticated),
        Some(node) => parts.policies.of_route(&node.value, captures, problems),
    };
    if let Some(requirement) = &requirement {
        match &issuers {
            Some(Some(allowed)) => tenants::check_route(at, allowed.iter(), Some(requirement), problems),
            Some(None) => {}
            None => tenants::check_route(at, parts.issuers.values(), Some(requirement), problems),
        }
    }
    let issuers = match issuers {
        None => None,
        Some(issuers) => Some(issuers?.iter().map(|issuer| Arc::clone(&issuer.spec().name)).collect()),
    };
    Some(proxy::Access::Protected(Protection {
        admission: Admission { issuers, audiences },
        requirement: requirement?,
        candidate: candidate?,
        enforcement,
    }))
}

fn authenticated() -> proxy::Access {
    proxy::Access::Protected(Protection::new(Admission::default(), Requirement::Authenticated))
}

/// Observing is meant to end, and nothing but this reminds of it.
fn enforcement(given: Option<&At<document::Enforcement>>, problems: &mut Problems) -> Enforcement {
    match given {
        None | Some(At { value: document::Enforcement::Enforce, .. }) => Enforcement::Enforce,
        Some(At { at, value: document::Enforcement::Observe }) => {
            let wrong = "this route only observes: every request passes, with whatever token or none";
            problems.warning(
                Code::Observe,
                *at,
                wrong,
                "remove `enforcement` once what it counts is what you want",
            );
            Enforcement::Observe
        }
    }
}

fn allowed_issuers(
    names: &[At<String>],
    issuers: &Names<Issuer>,
    problems: &mut Problems,
) -> Option<Vec<Arc<Issuer>>> {
    let resolved: Vec<_> = names.iter().map(|name| issuers.resolve(name, problems).cloned()).collect();
    resolved.into_iter().collect()
}
