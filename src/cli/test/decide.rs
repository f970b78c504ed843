//! One request, decided as `run` would, and which parts of requirements decided on it.

use std::time::SystemTime;

use http::request::Parts;
use http::{HeaderName, HeaderValue};

use super::verdict::{Outcome, Owner, Part, Token};
use crate::authn::json::Json;
use crate::authn::{Inspection, Principal};
use crate::authz::{self, Decisive, RequestFacts, Requirement};
use crate::config::suite::Suite;
use crate::explain::explain;
use crate::proxy::{self, Access, Preflight, Protection, Rejection, Route};
use crate::route::Target;
use crate::telemetry::{Decision, Findings};

/// What becomes of the request with this head.
pub(super) async fn decide(suite: &Suite, head: &Parts, now: SystemTime) -> Outcome {
    let (snapshot, mut findings) = (&suite.snapshot, Findings::default());
    if let Some(preflight) = Preflight::of(snapshot, head) {
        return of_preflight(preflight.decide(&mut findings), &findings);
    }
    let decided = proxy::decide(snapshot, head, suite.scheme, now, &mut findings).await;
    let (decision, status, reason) = match &decided {
        Ok(decided) => (Decision::Allow, 200, decided.reason),
        Err(rejection) => (Decision::Deny, rejection.status().as_u16(), rejection.reason()),
    };
    let principal = match &decided {
        Ok(decided) => decided.principal(),
        Err(rejection) => rejection.principal(),
    };
    let mut parts = Vec::new();
    let mut token = None;
    if let Ok(target) = &Target::parse(head)
        && let Ok(found) = snapshot.routes().find(target)
    {
        token = self::token(&findings, found.route, head);
        if let Some(principal) = principal
            && let Access::Protected(Protection { requirement, candidate, .. }) = found.route.access()
        {
            let hidden = found.route.forward().hidden(&head.headers);
            let request = RequestFacts {
                target,
                captures: &found.captures,
                headers: &head.headers,
                hidden: &hidden,
                now,
            };
            let name = || found.route.name().to_string();
            parts = self::parts(&Owner::Route(name()), requirement, principal, &request);
            if let Some(candidate) = candidate {
                let hidden = found.route.forward().hidden_from_candidate(&head.headers);
                let request = RequestFacts { hidden: &hidden, ..request };
                parts.extend(self::parts(&Owner::Candidate(name()), candidate, principal, &request));
            }
        }
    }
    Outcome {
        decision,
        status,
        reason: reason.to_owned(),
        route: findings.route().map(ToString::to_string),
        subject: principal.and_then(Principal::subject).map(str::to_owned),
        is_preflight: false,
        headers: match &decided {
            Ok(decided) => decided.caller.headers().iter().map(sent).collect(),
            Err(_) => Vec::new(),
        },
        parts,
        token,
    }
}

fn of_preflight(decided: Result<(), Rejection>, findings: &Findings) -> Outcome {
    let (decision, status, reason) = match decided {
        Ok(()) => (Decision::Allow, Preflight::STATUS, Preflight::REASON),
        Err(rejection) => (Decision::Deny, rejection.status(), rejection.reason()),
    };
    Outcome {
        decision,
        status: status.as_u16(),
        reason: reason.to_owned(),
        route: findings.route().map(ToString::to_string),
        subject: None,
        is_preflight: true,
        headers: Vec::new(),
        parts: Vec::new(),
        token: None,
    }
}

/// The lines that say how the decision came about, but for checks that were not reached.
pub(super) async fn steps(suite: &Suite, head: &Parts, now: SystemTime) -> Vec<String> {
    let explanation = explain(&suite.snapshot, head, suite.scheme, now).await.to_string();
    let lines = explanation.lines().filter(|line| !line.is_empty() && !line.starts_with("skip"));
    lines.map(str::to_owned).collect()
}

fn sent((name, value): &(HeaderName, HeaderValue)) -> (String, String) {
    (name.to_string(), String::from_utf8_lossy(value.as_bytes()).into_owned())
}

/// Where the token comes from that the request carries.
fn token(findings: &Findings, route: &Route, head: &Parts) -> Option<Token> {
    let issuer = findings.issuer()?.to_string();
    let token = route.forward().credentials().token(&head.headers, head.uri.query()).ok()??;
    let claims = Inspection::of(token);
    let audiences = match claims.claim("aud")? {
        Json::String(one) => vec![one.to_owned()],
        Json::Array(several) => several.iter().filter_map(Json::as_str).map(str::to_owned).collect(),
        Json::Null | Json::Bool(_) | Json::Number(_) | Json::Object(_) => Vec::new(),
    };
    Some(Token { issuer, audiences })
}

/// Each part of this requirement on which it hung whether the caller meets it, and whether they do.
fn parts(
    owner: &Owner,
    requirement: &Requirement,
    principal: &Principal,
    request: &RequestFacts<'_>,
) -> Vec<(Part, bool)> {
    let holds = requirement.holds(principal, request);
    let decisive = authz::decisive(requirement, principal, request).into_iter();
    let part = |Decisive { policy, way }| {
        let of = policy.map_or_else(|| owner.clone(), |policy: &str| Owner::Policy(policy.to_owned()));
        (Part { of, way }, holds)
    };
    decisive.map(part).collect()
}
