//! EXPLAIN: one request, decided as it would be, with every step that led there.
//!
//! Given a snapshot, the head of a request and the time; hands on an [`Explanation`]: the decision of [`proxy::decide`]
//! or [`Preflight`], which are the very functions that serve, and beside each check what was asked for and what was found. What must stay
//! true: the outcome of each step follows from that decision and from nothing else. What a step says was found is read
//! from the request once more, unverified, and only describes; and it never holds the token, its signature or a secret.

mod check;
#[expect(clippy::wildcard_enum_match_arm, reason = "each function is of a few checks")]
mod describe;
mod facts;
#[expect(clippy::wildcard_enum_match_arm, reason = "a hint is for what it knows, and silent on the rest")]
mod hint;
mod mentioned;
mod places;
mod policy;
mod shadow;
mod shown;
mod step;
mod text;

use std::collections::BTreeMap;
use std::time::{Duration, Instant, SystemTime};

use http::request::Parts;
use serde::Serialize;
use tokio::time::sleep;

pub use self::check::Check;
use self::facts::Facts;
pub use self::shadow::Shadow;
use self::step::Passed;
pub use self::step::{Outcome, Step};
use crate::authn::Error;
use crate::proxy::{self, Preflight, Rejection, Snapshot};
use crate::telemetry::Findings;
use crate::upstream::Identified;

/// A decided request, and why it was decided like that.
#[derive(Debug, Clone, Serialize)]
pub struct Explanation {
    /// Whether it would be sent on, or answered as a preflight.
    pub decision: Decision,
    /// What the client would get from the gateway; 200 on allow, 204 for a preflight that the gateway answers.
    pub status: u16,
    /// The reason code. Where a route only observes, the one that would have been.
    pub reason: &'static str,
    /// What the answer would be, were the route enforced; none where it is.
    pub observed: Option<Shadow>,
    /// What the route's candidate says; none without one, and where there is no verified caller.
    pub candidate: Option<Shadow>,
    /// The name of the route.
    pub route: Option<String>,
    /// Whether there is a verified token.
    pub verified: bool,
    /// Its `sub`, where it has one.
    pub subject: Option<String>,
    /// The identity headers that would be sent, by their names in the configuration.
    pub headers: BTreeMap<String, String>,
    /// What was checked, in order.
    pub steps: Vec<Step>,
}

impl Explanation {
    /// Why this decides nothing about the token, where its issuer's keys could not be had here. A gateway that has them
    /// may well take it.
    pub fn undecided(&self) -> Option<String> {
        if self.decision == Decision::Allow || self.reason != "keys_unavailable" {
            return None;
        }
        let failed = self.steps.iter().find(|step| step.outcome == Outcome::Fail);
        let hint = failed.and_then(|step| step.hint.as_deref());
        let why = hint.unwrap_or("the keys of the issuer cannot be had");
        Some(format!(
            "could not decide: {why}; while a gateway has none either, it answers 503 (keys_unavailable)"
        ))
    }
}

/// Whether a request would be sent on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Decision {
    /// It would.
    Allow,
    /// It would not.
    Deny,
}

/// Decides a request of this head at this time, as a gateway of this snapshot would; `scheme` is the client's, where it
/// is known. Starts the issuers' keys, and waits
/// for them as long as a request would wait. Needs a tokio runtime.
pub async fn explain(
    snapshot: &Snapshot,
    head: &Parts,
    scheme: Option<&str>,
    now: SystemTime,
) -> Explanation {
    for issuer in snapshot.authenticator().issuers() {
        issuer.keys().start();
    }
    let mut findings = Findings::default();
    let preflight = Preflight::of(snapshot, head);
    let decided = match &preflight {
        Some(preflight) => preflight.decide(&mut findings).map(|()| Passed::Preflight),
        None => proxy::decide(snapshot, head, scheme, now, &mut findings)
            .await
            .map(|decided| Passed::Sent(Box::new(decided))),
    };
    if let Err(Rejection::Token(Error::KeyUnknown | Error::SignatureInvalid)) = &decided {
        // Whose key it is instead, can be told of issuers whose keys are known.
        settle(snapshot).await;
    }
    let facts = Facts::new(snapshot, head, now, preflight, &findings);
    let steps = step::all(&facts, &decided);
    let (decision, status, reason) = match &decided {
        Ok(Passed::Sent(decided)) => (Decision::Allow, 200, decided.reason),
        Ok(Passed::Preflight) => (Decision::Allow, Preflight::STATUS.as_u16(), Preflight::REASON),
        Err(rejection) => (Decision::Deny, rejection.status().as_u16(), rejection.reason()),
    };
    let principal = step::principal(&decided);
    Explanation {
        decision,
        status,
        reason,
        observed: shadow::observed(&facts, &decided),
        candidate: shadow::candidate(&facts, &decided, &findings),
        route: findings.route().map(ToString::to_string),
        verified: principal.is_some(),
        subject: principal.and_then(|principal| principal.subject()).map(str::to_owned),
        headers: match &decided {
            Ok(Passed::Sent(decided)) => headers(decided.found.route, &decided.caller),
            Ok(Passed::Preflight) | Err(_) => BTreeMap::new(),
        },
        steps,
    }
}

/// Waits a while for the keys of every issuer.
async fn settle(snapshot: &Snapshot) {
    let started = Instant::now();
    let issuers = snapshot.authenticator().issuers();
    while started.elapsed() < PATIENCE && !issuers.iter().all(|issuer| issuer.keys().is_settled()) {
        sleep(Duration::from_millis(20)).await;
    }
}

const PATIENCE: Duration = Duration::from_secs(2);

/// The identity headers as the configuration spells their names.
fn headers(route: &proxy::Route, caller: &Identified) -> BTreeMap<String, String> {
    let spelled = |header: &http::HeaderName| {
        let mut names = route.forward().identity().names();
        let name = names.find(|name| name.header() == header);
        name.map_or_else(|| header.to_string(), ToString::to_string)
    };
    let headers = caller.headers().iter();
    headers
        .map(|(name, value)| (spelled(name), String::from_utf8_lossy(value.as_bytes()).into_owned()))
        .collect()
}
