//! Everything but the sending: one request, decided.
//!
//! Given a request's head, a snapshot and the time; hands on what may be sent ([`Decided`]), or the first reason why not.
//! The order of the steps is the order of the reason codes. It is the one function that decides, for whoever serves and
//! for whoever explains; it sends nothing, and what it finds out on the way goes into the [`Findings`].

use std::time::SystemTime;

use super::rejection::{POLICY_DENIED, Rejection};
use super::same_origin;
use super::snapshot::{Access, Enforcement, Protection, Route, Snapshot};
use crate::authn::{Admission, Principal, SentToken, Unauthenticated};
use crate::authz::{self, Permit, RequestFacts, Requirement};
use crate::route::{Found, NotFound, Target};
use crate::telemetry::Findings;
use crate::upstream::Identified;

/// A request that may be sent on.
#[derive(Debug)]
pub struct Decided<'a> {
    /// What was matched, and is sent.
    pub target: Target,
    /// The route, and what its path captured.
    pub found: Found<'a, Route>,
    /// Whose request it is.
    pub caller: Identified,
    /// The reason code.
    pub reason: &'static str,
    /// Why it would have been refused, were the route not one that only observes.
    pub observed: Option<Rejection>,
}

impl Decided<'_> {
    /// The verified caller, also where the route only observes and sends the request on as nobody's.
    pub fn principal(&self) -> Option<&Principal> {
        self.caller.permit().principal().or_else(|| self.observed.as_ref()?.principal())
    }
}

/// Decides one request that is no [`super::Preflight`]. `scheme` is the one that the client used, where it is known.
///
/// # Errors
/// Why it is not sent on.
pub async fn decide<'a>(
    snapshot: &'a Snapshot,
    head: &http::request::Parts,
    scheme: Option<&str>,
    now: SystemTime,
    findings: &mut Findings,
) -> Result<Decided<'a>, Rejection> {
    let target = Target::parse(head).map_err(Rejection::Target)?;
    let found = snapshot.routes.find(&target).map_err(|not_found| match not_found {
        NotFound::Route => Rejection::RouteNotFound,
        NotFound::Target { why, .. } => Rejection::Target(why),
        NotFound::Method { route, allow } => {
            findings.matched(&route.label);
            Rejection::MethodNotAllowed { allow: allow.to_owned() }
        }
    })?;
    findings.matched(&found.route.label);
    let asked = Asked { head, target: &target, scheme };
    let (captures, headers, hidden) =
        (&found.captures, &head.headers, found.route.forward.hidden(&head.headers));
    let facts = RequestFacts { target: &target, captures, headers, hidden: &hidden, now };
    match admit(snapshot, asked, &found, &facts, findings).await {
        Ok((caller, reason)) => {
            if found.route.observes() {
                findings.shadowed(reason);
            }
            Ok(Decided { target, found, caller, reason, observed: None })
        }
        Err(rejection) if found.route.observes() => {
            let reason = rejection.reason();
            findings.shadowed(reason);
            let caller = observed(&found, &rejection)?;
            Ok(Decided { target, found, caller, reason, observed: Some(rejection) })
        }
        Err(rejection) => Err(rejection),
    }
}

/// Who may pass on this route, and for which reason.
async fn admit(
    snapshot: &Snapshot,
    asked: Asked<'_>,
    found: &Found<'_, Route>,
    facts: &RequestFacts<'_>,
    findings: &mut Findings,
) -> Result<(Identified, &'static str), Rejection> {
    let (permit, reason) = match &found.route.access {
        Access::Public => (Permit::public(), "public"),
        Access::Optional(admission) => match asked.token(found.route)? {
            None => (Permit::anonymous(), "anonymous"),
            Some(token) => {
                let principal = authenticate(snapshot, token, admission, facts.now, findings).await?;
                (authorize(&Requirement::Authenticated, principal, facts)?, ALLOWED)
            }
        },
        Access::Protected(Protection { admission, requirement, candidate, .. }) => {
            let token = asked.token(found.route)?.ok_or(Rejection::TokenMissing)?;
            let principal = authenticate(snapshot, token, admission, facts.now, findings).await?;
            if let Some(candidate) = candidate {
                let hidden = found.route.forward.hidden_from_candidate(facts.headers);
                let facts = RequestFacts { hidden: &hidden, ..*facts };
                findings.shadowed(if candidate.holds(&principal, &facts) { ALLOWED } else { POLICY_DENIED });
            }
            (authorize(requirement, principal, facts)?, ALLOWED)
        }
    };
    let caller = found.route.forward.identify(permit, &found.captures).map_err(Rejection::Identity)?;
    Ok((caller, reason))
}

/// What was asked for, and how.
#[derive(Clone, Copy)]
struct Asked<'a> {
    head: &'a http::request::Parts,
    target: &'a Target,
    scheme: Option<&'a str>,
}

impl<'a> Asked<'a> {
    /// What the request carries as its token. Whether another site may have caused it is asked before anything is done with a
    /// cookie.
    fn token(self, route: &Route) -> Result<Option<SentToken<'a>>, Rejection> {
        let found = route.forward.credentials().find(&self.head.headers, self.head.uri.query());
        let Some(credential) = found.map_err(Rejection::Credential)? else { return Ok(None) };
        if credential.is_ambient() {
            // What is no token at all is refused as that, whoever made the browser send it.
            credential.token().map_err(Rejection::Credential)?;
            same_origin::check(self.head, self.target, self.scheme, route.cors.as_deref())?;
        }
        Ok(Some(credential.sent()))
    }
}

/// The caller with this token, if the token is valid.
async fn authenticate(
    snapshot: &Snapshot,
    token: SentToken<'_>,
    admission: &Admission,
    now: SystemTime,
    findings: &mut Findings,
) -> Result<Principal, Rejection> {
    let outcome = snapshot.authenticator.authenticate(token, admission, now).await;
    let principal = outcome.map_err(|refused| match refused {
        Unauthenticated::Credential(error) => Rejection::Credential(error),
        Unauthenticated::Token(failure) => {
            if let Some(issuer) = &failure.issuer {
                findings.named_issuer(issuer);
            }
            Rejection::Token(failure.error)
        }
    })?;
    findings.named_issuer(principal.issuer());
    Ok(principal)
}

fn authorize(
    requirement: &Requirement,
    principal: Principal,
    facts: &RequestFacts<'_>,
) -> Result<Permit, Rejection> {
    authz::authorize(requirement, principal, facts).map_err(Rejection::Policy)
}

/// Who passes although the request would be refused: whoever was verified, or nobody in particular. An identity that
/// cannot be sent is not sent in part.
fn observed(found: &Found<'_, Route>, rejection: &Rejection) -> Result<Identified, Rejection> {
    let forward = &found.route.forward;
    let verified = forward.identify(Permit::observed(rejection.principal().cloned()), &found.captures);
    // Without a caller there is nothing that could not be sent.
    verified
        .or_else(|_| forward.identify(Permit::observed(None), &found.captures))
        .map_err(Rejection::Identity)
}

impl Route {
    /// Whether it lets pass whom it refuses.
    fn observes(&self) -> bool {
        matches!(self.access, Access::Protected(Protection { enforcement: Enforcement::Observe, .. }))
    }
}

/// The reason of a caller whose token is valid and who meets the requirement.
pub(super) const ALLOWED: &str = "allowed";
