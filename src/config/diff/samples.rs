//! Requests that one route took and another one takes: what removing, moving or widening a route does to the others.
//!
//! One or a few requests are made up from the hosts, methods and path of every route of both files, and looked up in
//! both tables.

use std::collections::BTreeSet;

use http::Request;
use http::header::HOST;

use super::routes::View;
use super::{Change, Difference};
use crate::route::{RouteTable, Target};

/// `same`: whether a route of the old file and one of the new are the same one.
pub(super) fn compare(
    old: &[View<'_>],
    new: &[View<'_>],
    same: impl Fn(usize, usize) -> bool,
) -> Vec<Difference> {
    let (before, after) = (table(old), table(new));
    let mut seen: BTreeSet<(usize, usize)> = BTreeSet::new();
    let mut found = Vec::new();
    for (method, host, path) in old.iter().chain(new).flat_map(requests) {
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
            now.access, was.name, was.access
        );
        found.push(Difference::new(change, "route", &now.name, message));
    }
    found
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
