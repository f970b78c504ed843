//! What is known of one request beside its decision: read once more, unverified, to describe the steps.

use std::sync::Arc;
use std::time::SystemTime;

use http::request::Parts;

use super::shown;
use crate::authn::{Admission, BearerToken, CredentialError, Inspection, Issuer};
use crate::authz::Requirement;
use crate::proxy::{Access, Protection, Route, Snapshot};
use crate::route::{Ambiguous, Captures, Matcher, NotFound, Target};
use crate::telemetry::Findings;

/// What is known of one request.
pub(super) struct Facts<'a> {
    pub(super) snapshot: &'a Snapshot,
    pub(super) head: &'a Parts,
    pub(super) now: SystemTime,
    pub(super) target: Result<Target, Ambiguous>,
    /// The route of its host and path, whatever its method, and its number from 1.
    pub(super) route: Option<(usize, &'a Matcher, &'a Route)>,
    pub(super) captures: Captures,
    pub(super) credential: Result<Option<BearerToken<'a>>, CredentialError>,
    pub(super) token: Inspection,
    /// The issuer that the token names.
    pub(super) issuer: Option<&'a Arc<Issuer>>,
}

impl<'a> Facts<'a> {
    pub(super) fn new(snapshot: &'a Snapshot, head: &'a Parts, now: SystemTime, findings: &Findings) -> Self {
        let target = Target::parse(head);
        let mut captures = Captures::default();
        let route = target.as_ref().ok().and_then(|target| {
            let found = match snapshot.routes().find(target) {
                Ok(found) => {
                    captures = found.captures;
                    found.route
                }
                Err(NotFound::Method { route, .. }) => route,
                Err(NotFound::Route | NotFound::Target(_)) => return None,
            };
            let mut entries = (1..).zip(snapshot.routes().entries());
            entries
                .find(|(_, (_, route))| std::ptr::eq(*route, found))
                .map(|(number, (matcher, route))| (number, matcher, route))
        });
        let credential = route.map_or(Ok(None), |(.., route)| {
            let found = route.forward().credentials().find(&head.headers, head.uri.query())?;
            Ok(found.map(|credential| credential.token()))
        });
        let token = credential.ok().flatten().map(Inspection::of).unwrap_or_default();
        let named = |issuer: &&Arc<Issuer>| findings.issuer() == Some(&issuer.spec().name);
        let issuer = snapshot.authenticator().issuers().iter().find(named);
        Self { snapshot, head, now, target, route, captures, credential, token, issuer }
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
        let nbf = self.token.claim("nbf").and_then(serde_json::Value::as_f64);
        nbf.is_some_and(|nbf| shown::ahead(nbf, self.now) > skew)
    }
}
