//! Routes that a request has just missed, for people who ask why it found none, or another.
//!
//! Given a target and the routes; hands on what each one would have needed. It walks the routes one by one and decides
//! nothing: which route a request has is for [`super::RouteTable::find`] alone.

use std::fmt;

use super::host::{HostPattern, Kind};
use super::pattern::{Segment, Shape};
use super::table::Matcher;
use super::{Target, canonical};

/// What keeps a route from matching.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Miss {
    /// Nothing but its methods.
    Method,
    /// Nothing but its hosts.
    Host,
    /// The case of letters in the path.
    Case,
    /// The path goes on beyond the route's.
    Longer,
    /// The path ends before the route's does.
    Shorter,
}

impl Matcher {
    /// Whether hosts, path and method are this route's, whatever routes come before it.
    pub fn matches(&self, target: &Target) -> bool {
        self.compare(target).is_some_and(|compared| compared.exact && compared.host && compared.method)
    }

    /// Its hosts, as they are written.
    pub fn hosts_text(&self) -> String {
        self.hosts.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ")
    }

    /// The one thing that keeps this route from matching, where it is one thing.
    pub fn miss(&self, target: &Target) -> Option<Miss> {
        let compared = self.compare(target)?;
        match compared {
            Compared { exact: true, host: true, method: false, .. } => Some(Miss::Method),
            Compared { exact: true, host: false, method: true, .. } => Some(Miss::Host),
            Compared { exact: false, folded: true, host: true, method: true, .. } => Some(Miss::Case),
            Compared { folded: false, host: true, method: true, length, .. } => length,
            Compared { .. } => None,
        }
    }

    fn compare(&self, target: &Target) -> Option<Compared> {
        let path = canonical::decode(target.path());
        let path = path.strip_prefix('/')?;
        let path = path.strip_suffix('/').unwrap_or(path);
        let segments: Vec<&str> = if path.is_empty() { Vec::new() } else { path.split('/').collect() };
        let shape = &self.path().shape;
        Some(Compared {
            exact: matches(shape, &segments, |literal, segment| literal == segment),
            folded: matches(shape, &segments, equal_folded),
            length: length(shape, &segments),
            host: self.hosts.is_empty()
                || self.hosts.iter().any(|host| target.host().is_some_and(|name| host.0.takes(name))),
            method: self.methods.take(target.method()) && !self.minds_spelling_of(target.method()),
        })
    }
}

/// What of a target is a route's.
#[expect(clippy::struct_excessive_bools, reason = "each answers a question of its own")]
struct Compared {
    exact: bool,
    /// The same without case.
    folded: bool,
    length: Option<Miss>,
    host: bool,
    method: bool,
}

fn equal_folded(literal: &str, segment: &str) -> bool {
    literal.to_lowercase() == segment.to_lowercase()
}

fn matches(shape: &Shape, segments: &[&str], equal: impl Fn(&str, &str) -> bool) -> bool {
    (segments.len() == shape.segments.len() || shape.open && segments.len() > shape.segments.len())
        && begins(shape, segments, equal)
}

/// Whether the two agree as far as both go.
fn begins(shape: &Shape, segments: &[&str], equal: impl Fn(&str, &str) -> bool) -> bool {
    shape.segments.iter().zip(segments).all(|(pattern, segment)| match pattern {
        Segment::Literal(literal) => equal(literal, segment),
        Segment::Capture => true,
    })
}

/// One segment too many or too few, after at least one that agrees.
fn length(shape: &Shape, segments: &[&str]) -> Option<Miss> {
    let (asked, given) = (shape.segments.len(), segments.len());
    let agrees = asked.min(given) > 0 && begins(shape, segments, |a, b| a == b);
    match given {
        _ if !agrees => None,
        _ if given == asked + 1 && !shape.open => Some(Miss::Longer),
        _ if given + 1 == asked => Some(Miss::Shorter),
        _ => None,
    }
}

impl fmt::Display for HostPattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Kind::Exactly(name) => f.write_str(name),
            Kind::Below(parent) => write!(f, "*.{parent}"),
        }
    }
}

/// Hosts, methods and path, as an operator would say them.
impl fmt::Display for Matcher {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let methods: Vec<&str> = self.methods.iter().map(http::Method::as_str).collect();
        if !methods.is_empty() {
            write!(f, "{} ", methods.join(", "))?;
        }
        let hosts: Vec<String> = self.hosts.iter().map(ToString::to_string).collect();
        if !hosts.is_empty() {
            write!(f, "{} ", hosts.join(", "))?;
        }
        let mut names = self.path().captures();
        for segment in &self.path().shape.segments {
            match segment {
                Segment::Literal(text) => write!(f, "/{text}")?,
                Segment::Capture => write!(f, "/{{{}}}", names.next().unwrap_or_default())?,
            }
        }
        match (self.path().shape.open, self.path().shape.segments.is_empty()) {
            (true, _) => f.write_str("/**"),
            (false, true) => f.write_str("/"),
            (false, false) => Ok(()),
        }
    }
}
