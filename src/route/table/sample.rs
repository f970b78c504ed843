//! Sample requests: one of each kind that two routes both match. For comparing two tables.
//!
//! A sample is as general as can be: where neither route names a host or a segment, it has one that no route of either table
//! names. So whatever pattern matches the sample matches every request that it stands for, and the routes before these
//! two take all of them or none: no request goes from one route to another without a sample that does.

use http::Method;

use super::{Matcher, Segment, Shape};
use crate::route::canonical;
use crate::route::host::{HostPattern, Kind};

/// What no route of the tables names, and what samples are made of.
#[derive(Debug)]
pub struct Samples {
    methods: Vec<Method>,
    host: String,
    label: String,
    segment: String,
    longest: usize,
}

impl Samples {
    /// Samples for tables of these routes.
    pub fn of(matchers: &[&Matcher]) -> Self {
        let hosts: Vec<&Kind> =
            matchers.iter().flat_map(|matcher| &matcher.hosts).map(|HostPattern(kind)| kind).collect();
        let segments: Vec<&Segment> =
            matchers.iter().flat_map(|matcher| &matcher.path.shape.segments).collect();
        let named: Vec<&Method> = matchers.iter().flat_map(|matcher| matcher.methods.iter()).collect();
        let begins = |label: &str| {
            hosts.iter().any(|kind| {
                matches!(kind, Kind::Exactly(name) if name.split('.').next().is_some_and(|first| first == label))
            })
        };
        let takes = |host: &str| hosts.iter().any(|kind| kind.takes(host));
        let is_named = |text: &str| {
            segments.iter().any(|segment| matches!(segment, Segment::Literal(literal) if **literal == *text))
        };
        Self {
            methods: methods(&named),
            host: fresh("any.invalid", takes),
            label: fresh("any", begins),
            segment: fresh("", is_named),
            longest: matchers.iter().map(|matcher| matcher.path.shape.segments.len()).max().unwrap_or(0),
        }
    }

    /// The methods that a sample may have: one of each kind, the usual ones first.
    pub fn methods(&self) -> &[Method] {
        &self.methods
    }

    /// The host of requests to any host that no route names.
    pub fn any_host(&self) -> &str {
        &self.host
    }

    /// Hosts and paths of requests that both are for, whatever their methods: one of each kind.
    pub fn shared(&self, one: &Matcher, other: &Matcher) -> Vec<(String, String)> {
        let paths = self.paths(&one.path.shape, &other.path.shape);
        if paths.is_empty() {
            return Vec::new();
        }
        let hosts = self.hosts(&one.hosts, &other.hosts);
        hosts.iter().flat_map(|host| paths.iter().map(|path| (host.clone(), path.clone()))).collect()
    }

    fn hosts(&self, one: &[HostPattern], other: &[HostPattern]) -> Vec<String> {
        let name = |kind: &Kind| match kind {
            Kind::Exactly(name) => name.clone(),
            Kind::Below(parent) => format!("{}.{parent}", self.label),
        };
        match (one, other) {
            ([], []) => vec![self.host.clone()],
            ([], hosts) | (hosts, []) => hosts.iter().map(|HostPattern(kind)| name(kind)).collect(),
            (one, other) => {
                let pairs = one.iter().flat_map(|one| other.iter().map(move |other| (&one.0, &other.0)));
                // The narrower of the two says which names both have; its sample tells whether there are any.
                pairs
                    .filter_map(|(one, other)| {
                        let (one_name, other_name) = (name(one), name(other));
                        match (one.takes(&other_name), other.takes(&one_name)) {
                            (true, _) => Some(other_name),
                            (false, true) => Some(one_name),
                            (false, false) => None,
                        }
                    })
                    .collect()
            }
        }
    }

    fn paths(&self, one: &Shape, other: &Shape) -> Vec<String> {
        let length = one.segments.len().max(other.segments.len());
        let Some(segments) = one.shared(other, length, &self.segment) else { return Vec::new() };
        let mut path = String::new();
        for segment in segments {
            path.push('/');
            encode(segment, &mut path);
        }
        // Beyond the longest pattern all lengths are one.
        let more = if one.open && other.open { (self.longest + 1).saturating_sub(length) } else { 0 };
        (0..=more)
            .map(|more| {
                let path = format!("{path}{}", format!("/{}", self.segment).repeat(more));
                if path.is_empty() { "/".to_owned() } else { path }
            })
            .collect()
    }
}

/// Those that are named, one that is not, and of what is no standard method the small letters: who names PURGE refuses purge.
fn methods(named: &[&Method]) -> Vec<Method> {
    const USUAL: [Method; 4] = [Method::GET, Method::POST, Method::PUT, Method::DELETE];
    let mut found: Vec<Method> = USUAL.into_iter().filter(|usual| named.contains(&usual)).collect();
    let unnamed = USUAL.into_iter().find(|usual| !named.contains(&usual));
    let other = || Method::from_bytes(fresh("OTHER", |name| is_one(named, name)).as_bytes()).ok();
    let small = named
        .iter()
        .filter_map(|method| Method::from_bytes(method.as_str().to_ascii_lowercase().as_bytes()).ok());
    let rest: Vec<Method> = unnamed
        .or_else(other)
        .into_iter()
        .chain(named.iter().map(|&method| method.clone()))
        .chain(small)
        .collect();
    for method in rest {
        if !found.contains(&method) {
            found.push(method);
        }
    }
    found
}

fn is_one(named: &[&Method], name: &str) -> bool {
    named.iter().any(|method| method.as_str() == name)
}

/// The text, or else with a number behind it, that is not taken.
fn fresh(text: &str, is_taken: impl Fn(&str) -> bool) -> String {
    let numbered = (0..u64::MAX).map(|number| format!("{text}{number}"));
    let plain = Some(text.to_owned()).filter(|text| !text.is_empty());
    // What is taken is finite.
    plain.into_iter().chain(numbered).find(|text| !is_taken(text)).unwrap_or_default()
}

/// As a path of a request has it.
fn encode(segment: &str, path: &mut String) {
    for byte in segment.bytes() {
        if byte == b'.' || canonical::is_unreserved(byte) {
            path.push(char::from(byte));
        } else {
            canonical::push_escape(path, byte);
        }
    }
}
