//! One request, decided as `run` would, and which parts of requirements its caller meets.

use std::time::SystemTime;

use http::request::Parts;
use http::{HeaderName, HeaderValue};

use super::verdict::{Outcome, Owner, Part};
use crate::authn::Principal;
use crate::authz::{RequestFacts, Requirement};
use crate::config::suite::Suite;
use crate::explain::explain;
use crate::proxy::{self, Access, Preflight, Protection, Rejection};
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
    if let (Some(principal), Ok(target)) = (principal, &Target::parse(head))
        && let Ok(found) = snapshot.routes().find(target)
        && let Access::Protected(Protection { requirement, .. }) = found.route.access()
    {
        let hidden = found.route.forward().hidden(&head.headers);
        let request =
            RequestFacts { target, captures: &found.captures, headers: &head.headers, hidden: &hidden, now };
        let owner = Owner::Route(found.route.name().to_string());
        self::parts(&owner, requirement, Caller { principal, request: &request }, &mut parts);
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

/// Who asks, and for what.
#[derive(Clone, Copy)]
struct Caller<'a> {
    principal: &'a Principal,
    request: &'a RequestFacts<'a>,
}

/// Each part of `requirement`, which is that of `owner`, and whether the caller meets it.
fn parts(owner: &Owner, requirement: &Requirement, caller: Caller<'_>, found: &mut Vec<(Part, bool)>) {
    fn walk(
        owner: &Owner,
        way: &mut Vec<usize>,
        requirement: &Requirement,
        caller: Caller<'_>,
        found: &mut Vec<(Part, bool)>,
    ) {
        found.push((
            Part { of: owner.clone(), way: way.clone() },
            requirement.holds(caller.principal, caller.request),
        ));
        if let Requirement::Policy(policy) = requirement {
            return parts(&Owner::Policy(policy.name().to_string()), policy.requirement(), caller, found);
        }
        for (index, part) in requirement.parts().iter().enumerate() {
            way.push(index);
            walk(owner, way, part, caller, found);
            way.pop();
        }
    }
    walk(owner, &mut Vec::new(), requirement, caller, found);
}
