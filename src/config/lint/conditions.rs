//! Conditions that name what is never there: issuers, methods, hosts, paths and headers. Each condition is compiled here,
//! once, for what [`patterns`] says of it too.
//!
//! A condition that stands in a route is also held against the route's own `methods` and `issuers`; one of a policy is not,
//! because other routes may name it.

use http::HeaderName;

use super::code::Code;
use super::{inner, patterns};
use crate::authz::Expression;
use crate::config::document::{Access, Conditions, Credential, Document, Identity, Route};
use crate::config::node::{At, Node, Value};
use crate::config::problem::{Position, Problems, closest};
use crate::route::{canonical_host, canonical_path};
use crate::upstream::Guard;

pub(super) fn lint(document: &Document, problems: &mut Problems) {
    let issuers = document.issuers.iter().flat_map(|issuers| &issuers.value.entries);
    let known =
        Known { issuers: issuers.map(|(name, _)| name.value.as_str()).collect(), headers: headers(document) };
    let policies = document.policies.iter().flat_map(|policies| &policies.value.entries);
    for node in policies.filter_map(|(_, node)| node.as_ref()) {
        known.look(node, None, problems);
    }
    let routes = document.routes.iter().flat_map(|routes| &routes.value);
    for route in routes {
        if let Some(At { value: Access::Conditions(conditions), .. }) = &route.access {
            let own = Own::of(route, conditions);
            for node in [&conditions.require, &conditions.candidate].into_iter().flatten() {
                known.look(&node.value, Some(&own), problems);
            }
        }
    }
}

/// The headers that no condition sees, whatever its route: those of identity, and those of credentials.
fn headers(document: &Document) -> Vec<HeaderName> {
    let routes = || document.routes.iter().flat_map(|routes| &routes.value);
    let sections = document.identity.iter().chain(routes().filter_map(|route| route.identity.as_ref()));
    let named = |section: &At<Identity>| -> Vec<String> {
        let headers = section.value.headers.iter().flat_map(|headers| &headers.value.entries);
        headers.map(|(name, _)| name.value.clone()).collect()
    };
    let places = document.credentials.iter().chain(routes().filter_map(|route| route.credentials.as_ref()));
    let header = |place: &At<Credential>| match &place.value {
        Credential::Header(name) => Some(name.value.clone()),
        Credential::Authorization | Credential::Cookie(_) | Credential::Query(_) => None,
    };
    let of_identity = sections.flat_map(named);
    let of_credentials = places.flat_map(|places| places.value.iter().filter_map(header));
    of_identity.chain(of_credentials).filter_map(|name| name.parse().ok()).collect()
}

/// What a route takes, where it does not take all.
struct Own<'d> {
    methods: Option<Vec<&'d str>>,
    issuers: Option<Vec<&'d str>>,
}

impl<'d> Own<'d> {
    fn of(route: &'d Route, conditions: &'d Conditions) -> Self {
        let names = |list: &'d At<Vec<At<String>>>| -> Vec<&'d str> {
            list.value.iter().map(|name| name.value.as_str()).collect()
        };
        let mut methods =
            route.r#match.as_ref().and_then(|section| section.value.methods.as_ref()).map(names);
        if let Some(methods) = methods.as_mut().filter(|methods| methods.contains(&"GET")) {
            methods.push("HEAD");
        }
        Self { methods, issuers: conditions.issuers.as_ref().map(names) }
    }

    /// What the condition asks about, and no request of the route has.
    fn report(&self, condition: &Expression, at: Position, known: &[&str], problems: &mut Problems) {
        let mut never = |what: &str, name: &str, takes: &[&str], key: &str| {
            let takes = takes.join(", ");
            let wrong = format!("`{what}` is compared with `{name}`, and this route takes only {takes}");
            problems.warning(
                Code::NeverThere,
                at,
                wrong,
                format_args!("leave the comparison out, or add {name} to `{key}`"),
            );
        };
        // A name that is wrong everywhere is said to be that.
        if let Some(methods) = &self.methods {
            let is_name = |name: &&String| !name.bytes().any(|byte| byte.is_ascii_lowercase());
            let names = condition.methods().iter().filter(is_name);
            for name in names.filter(|name| !methods.contains(&name.as_str())) {
                never("request.method", name, methods, "methods");
            }
        }
        if let Some(issuers) = &self.issuers {
            let names = condition.issuers().iter().filter(|name| known.contains(&name.as_str()));
            for name in names.filter(|name| !issuers.contains(&name.as_str())) {
                never("issuer", name, issuers, "issuers");
            }
        }
    }
}

struct Known<'d> {
    issuers: Vec<&'d str>,
    headers: Vec<HeaderName>,
}

impl Known<'_> {
    /// Every condition at this node and below it; names of policies are looked at where they are defined.
    fn look(&self, node: &Node, own: Option<&Own<'_>>, problems: &mut Problems) {
        if let Some(when) = node.get("when")
            && let Value::Text(text) = &when.value
            && let Ok(condition) = Expression::parse(text)
        {
            patterns::condition(&condition, when.at, problems);
            self.report(&condition, when.at, problems);
            if let Some(own) = own {
                own.report(&condition, when.at, &self.issuers, problems);
            }
        }
        for inner in inner(node) {
            self.look(inner, own, problems);
        }
    }

    fn report(&self, condition: &Expression, at: Position, problems: &mut Problems) {
        for name in condition.issuers().iter().filter(|name| !self.issuers.contains(&name.as_str())) {
            let right = match closest(name, self.issuers.iter().copied()) {
                Some(near) => format!("did you mean `{near}`?"),
                None => format!("known: {}", self.issuers.join(", ")),
            };
            let wrong = format!("`issuer` is compared with `{name}`, and no issuer has that name");
            problems.warning(Code::NeverThere, at, wrong, right);
        }
        for method in
            condition.methods().iter().filter(|method| method.bytes().any(|byte| byte.is_ascii_lowercase()))
        {
            let upper = method.to_ascii_uppercase();
            let wrong =
                format!("`request.method` is compared with `{method}`, and methods are in upper case");
            problems.warning(Code::NeverThere, at, wrong, format_args!("write '{upper}'"));
        }
        forms(condition, at, problems);
        for right in condition.headers_as_texts() {
            let wrong = "a header is compared with one value, and only a list equals it";
            problems.warning(Code::HeaderAsText, at, wrong, right);
        }
        for name in condition.headers() {
            let hidden = |name: &HeaderName| self.headers.iter().any(|known| Guard::is_one(known, name));
            if name.parse().is_ok_and(|name| hidden(&name)) {
                let wrong = format!(
                    "`when` does not see the header `{name}`, which carries an identity or a credential and is taken from clients"
                );
                problems.warning(Code::NeverThere, at, wrong, "go by claims, roles and scopes");
            }
        }
    }
}

/// Hosts and paths have one form each, in which a request is held against a condition, however it was written.
fn forms(condition: &Expression, at: Position, problems: &mut Problems) {
    let mut never = |what: &str, text: &str, why: &str, right: &str| {
        let wrong = format!("`{what}` is compared with `{text}`, and {why}");
        problems.warning(Code::NeverThere, at, wrong, right);
    };
    for path in condition.paths() {
        match canonical_path(path) {
            Ok(canonical) if canonical == path.as_str() => {}
            Ok(canonical) => {
                let why = "paths are compared in their canonical form";
                never("request.path", path, why, &format!("write '{canonical}'"));
            }
            Err(ambiguous) => {
                let why = format!("no request has such a path ({})", ambiguous.why());
                let right =
                    "write a path from its first `/` on, without a query, as it is sent: percent-encoded";
                never("request.path", path, &why, right);
            }
        }
    }
    for host in condition.hosts() {
        let name = host.rsplit_once(':').map_or(host.as_str(), |(name, port)| {
            if port.bytes().all(|digit| digit.is_ascii_digit()) { name } else { host }
        });
        match canonical_host(host).or_else(|| canonical_host(name)) {
            Some(canonical) if canonical == *host => {}
            Some(canonical) => {
                let why = "hosts are in lower case, without a port and a final dot";
                never("request.host", host, why, &format!("write '{canonical}'"));
            }
            None => never(
                "request.host",
                host,
                "no request has such a host",
                "write a name like 'api.example.com'",
            ),
        }
    }
}
