//! What is known of one request beside its decision: read once more, unverified, to describe the steps.

use std::sync::Arc;
use std::time::SystemTime;

use http::request::Parts;

use super::shown;
use crate::authn::json::Json;
use crate::authn::{Admission, BearerToken, CredentialError, Inspection, Issuer};
use crate::authz::Requirement;
use crate::proxy::{Access, Preflight, Protection, Route, Snapshot};
use crate::route::{Ambiguous, Captures, Matcher, NotFound, Target};
use crate::telemetry::Findings;

/// A route, its number from 1, and what it is for.
pub(super) type Numbered<'a> = (usize, &'a Matcher, &'a Route);

/// What is known of one request.
pub(super) struct Facts<'a> {
    pub(super) snapshot: &'a Snapshot,
    pub(super) head: &'a Parts,
    pub(super) now: SystemTime,
    pub(super) target: Result<Target, Ambiguous>,
    /// The route of its host and path, whatever its method; of a preflight, that of the request it asks about.
    pub(super) route: Option<Numbered<'a>>,
    pub(super) captures: Captures,
    /// The route that the path is of, where that does not allow what the path holds.
    pub(super) strict: Option<Numbered<'a>>,
    /// What the request asks, if it is a preflight.
    pub(super) preflight: Option<Preflight<'a>>,
    pub(super) credential: Result<Option<BearerToken<'a>>, CredentialError>,
    pub(super) token: Inspection,
    /// The issuer that the token names.
    pub(super) issuer: Option<&'a Arc<Issuer>>,
}

impl<'a> Facts<'a> {
    pub(super) fn new(
        snapshot: &'a Snapshot,
        head: &'a Parts,
        now: SystemTime,
        preflight: Option<Preflight<'a>>,
        findings: &Findings,
    ) -> Self {
        let target = Target::parse(head);
        let mut captures = Captures::default();
        let (mut route, mut strict) = (None, None);
        match target.as_ref().map(|target| snapshot.routes().find(target)) {
            _ if preflight.is_some() => route = preflight.as_ref().map(Preflight::route),
            Ok(Ok(found)) => {
                captures = found.captures;
                route = Some(found.route);
            }
            Ok(Err(NotFound::Method { route: first, .. })) => route = Some(first),
            Ok(Err(NotFound::Target { route, .. })) => strict = route,
            Ok(Err(NotFound::Route)) | Err(_) => {}
        }
        let numbered = |wanted: Option<&'a Route>| {
            let wanted = wanted?;
            let mut entries = (1..).zip(snapshot.routes().entries());
            let (number, (matcher, route)) = entries.find(|(_, (_, route))| std::ptr::eq(*route, wanted))?;
            Some((number, matcher, route))
        };
        let (route, strict) = (numbered(route), numbered(strict));
        let asked = route.filter(|_| preflight.is_none());
        let credential = asked.map_or(Ok(None), |(.., route)| {
            route.forward().credentials().token(&head.headers, head.uri.query())
        });
        let token = credential.ok().flatten().map(Inspection::of).unwrap_or_default();
        let named = |issuer: &&Arc<Issuer>| findings.issuer() == Some(&issuer.spec().name);
        let issuer = snapshot.authenticator().issuers().iter().find(named);
        Self { snapshot, head, now, target, route, captures, strict, preflight, credential, token, issuer }
    }

    pub(super) fn access(&self) -> Option<&'a Access> {
        self.route.map(|(_, _, route)| route.access())
    }

    pub(super) fn protection(&self) -> Option<&'a Protection> {
        match self.access()? {
            Access::Public | Access::Optional(_) => None,
            Access::Protected(protection) => Some(protection),
        }
    }

    /// Which tokens the route takes.
    pub(super) fn admission(&self) -> Option<&'a Admission> {
        match self.access()? {
            Access::Public => None,
            Access::Optional(admission) => Some(admission),
            Access::Protected(protection) => Some(&protection.admission),
        }
    }

    /// The requirement of the route.
    pub(super) fn requirement(&self) -> Option<&'a Requirement> {
        self.protection().map(|protection| &protection.requirement)
    }

    pub(super) fn has_max_age(&self) -> bool {
        self.issuer.is_some_and(|issuer| issuer.spec().max_age.is_some())
    }

    /// Whether `nbf` is what is ahead, where `nbf` or `iat` is.
    pub(super) fn begins_later(&self) -> bool {
        let skew = self.issuer.map_or(0.0, |issuer| issuer.spec().clock_skew.as_secs_f64());
        let nbf = self.token.claim("nbf").and_then(Json::as_f64);
        nbf.is_some_and(|nbf| shown::ahead(nbf, self.now) > skew)
    }
}
