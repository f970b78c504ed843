//! Requests that one route took and another one takes: what removing, moving or widening a route does to the others.
//!
//! One or a few requests are made up from the hosts, methods and path of every route of both files, and of every two routes
//! of one file that overlap, and looked up in both tables.

use std::collections::BTreeSet;

use http::Request;
use http::header::HOST;

use super::view::View;
use super::{Change, Difference};
use crate::route::{Matcher, Methods, RouteTable, Target};

/// `same`: whether a route of the old file and one of the new are the same one.
pub(super) fn compare(
    old: &[View<'_>],
    new: &[View<'_>],
    same: impl Fn(usize, usize) -> bool,
) -> Vec<Difference> {
    let (before, after) = (table(old), table(new));
    let mut seen: BTreeSet<(usize, usize)> = BTreeSet::new();
    let mut found = Vec::new();
    let both = |routes| overlaps(routes).take(MAX_OVERLAPS);
    let alone = old.iter().chain(new).flat_map(requests);
    for (method, host, path) in alone.chain(both(old)).chain(both(new)) {
        let Some(target) = target(&method, &host, &path) else { continue };
        let (Ok(was), Ok(now)) = (before.find(&target), after.find(&target)) else { continue };
        let (was, now) = (*was.route, *now.route);
        if same(was, now) || !seen.insert((was, now)) {
            continue;
        }
        let (Some(was), Some(now)) = (old.get(was), new.get(now)) else { continue };
        let change = was.towards(now).unwrap_or(Change::Changed);
        let host = if host == ANY_HOST { "" } else { &host };
        let message = format!(
            "takes requests like {method} {host}{path} ({}), which `{}` took ({})",
            now.guard(),
            was.name,
            was.guard()
        );
        found.push(Difference::new(change, "route", &now.name, message));
    }
    found
}

/// Whether the path of the new route takes one that the old one's does not.
pub(super) fn takes_more(old: &View<'_>, new: &View<'_>) -> bool {
    let path = |route: &View<'_>| Matcher::new(Vec::new(), Methods::any(), route.matcher.path().clone());
    let (before, after) = (path(old), path(new));
    let mut targets =
        requests(new).into_iter().filter_map(|(method, _, path)| target(&method, ANY_HOST, &path));
    targets.any(|target| after.matches(&target) && !before.matches(&target))
}

/// Stands for every host that no route names.
const ANY_HOST: &str = "any.invalid";

fn table(routes: &[View<'_>]) -> RouteTable<usize> {
    RouteTable::new(routes.iter().enumerate().map(|(index, route)| (route.matcher.clone(), index)).collect())
}

fn target(method: &str, host: &str, path: &str) -> Option<Target> {
    let request = Request::builder().method(method).uri(path).header(HOST, host).body(()).ok()?;
    Target::parse(&request.into_parts().0).ok()
}

/// More requests than this are not made up from routes that overlap.
const MAX_OVERLAPS: usize = 100_000;

/// Requests for which two routes of a file both match: there their order decides.
fn overlaps<'v>(routes: &'v [View<'v>]) -> impl Iterator<Item = (String, String, String)> + 'v {
    let pairs = routes
        .iter()
        .enumerate()
        .flat_map(|(index, one)| routes.iter().skip(index + 1).map(move |other| (one, other)));
    pairs.flat_map(|(one, other)| {
        let path = common(&one.path, &other.path);
        let samples = path.iter().flat_map(|path| {
            let of = |route: &View<'_>| {
                requests(route).into_iter().map(|(method, host, _)| (method, host, path.clone()))
            };
            of(one).chain(of(other)).collect::<BTreeSet<_>>()
        });
        samples.collect::<Vec<_>>()
    })
}

/// A path that both patterns match, if there is one; none is missed but where both end in `**`, of which one is tried.
fn common(one: &str, other: &str) -> Option<String> {
    let (mut one, mut other) = (one.split('/').peekable(), other.split('/').peekable());
    let mut path = Vec::new();
    loop {
        let segment = match (one.next(), other.next()) {
            (None, None) => break,
            (Some("**"), rest) | (rest, Some("**")) => {
                let rest = rest.into_iter().chain(one).chain(other).filter(|segment| *segment != "**");
                path.extend(rest.map(sample));
                break;
            }
            (Some(one), Some(other)) if one.starts_with('{') => sample(other),
            (Some(one), Some(other)) if other.starts_with('{') || one == other => sample(one),
            (Some(_) | None, Some(_)) | (Some(_), None) => return None,
        };
        path.push(segment);
    }
    let path = path.join("/");
    Some(if path.is_empty() { "/".to_owned() } else { path })
}

/// A text that the segment of a pattern matches.
fn sample(segment: &str) -> &str {
    if segment.starts_with('{') { "0" } else { segment }
}

fn requests(route: &View<'_>) -> Vec<(String, String, String)> {
    let or = |given: &[String], default: &[&str]| {
        if given.is_empty() { default.iter().map(|&text| text.to_owned()).collect() } else { given.to_vec() }
    };
    let methods = or(&route.methods, &["GET", "POST"]);
    let hosts = or(&route.hosts, &[ANY_HOST]);
    let segments = route.path.split('/').map(|segment| if segment.starts_with('{') { "0" } else { segment });
    let path = segments.collect::<Vec<_>>().join("/");
    let paths = match path.strip_suffix("/**") {
        Some("") => vec!["/".to_owned(), "/0".to_owned()],
        Some(above) => vec![above.to_owned(), format!("{above}/0")],
        None => vec![path],
    };
    let mut requests = Vec::new();
    for host in &hosts {
        let host = host.strip_prefix("*.").map_or_else(|| host.clone(), |parent| format!("any.{parent}"));
        for path in &paths {
            requests.extend(methods.iter().map(|method| (method.clone(), host.clone(), path.clone())));
        }
    }
    requests
}
