//! The steps of a decision: which checks passed, which one failed, and which were not reached.
//!
//! Given what was decided; the outcomes follow from it alone. [`super::describe`] puts texts beside them.

use serde::Serialize;

use super::check::Check;
use super::describe;
use super::facts::Facts;
use super::policy;
use crate::authn::{Error, Principal};
use crate::proxy::{Access, Decided, Rejection};

/// One check, how it went, and why.
#[derive(Debug, Clone, Serialize)]
pub struct Step {
    /// What was checked.
    pub check: Check,
    /// How it went.
    pub outcome: Outcome,
    /// What would have passed.
    pub expected: Option<String>,
    /// What was there, as far as it may be shown.
    pub found: Option<String>,
    /// Why it does not matter that a part of a requirement does not hold: `as wanted` below `not`, `not needed` beside an
    /// alternative that does.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub note: Option<&'static str>,
    /// What may be the matter, where there is something to say.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub hint: Option<String>,
}

/// How a check went.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Outcome {
    /// It passed.
    Pass,
    /// It failed; the request is refused for it, or would be.
    Fail,
    /// It was not looked at; or it does not hold, and nobody is refused for that (`note` says why).
    Skip,
}

/// A request that is not refused.
pub(super) enum Passed<'a> {
    /// It is sent on.
    Sent(Box<Decided<'a>>),
    /// It is a preflight, and answered.
    Preflight,
}

/// What was decided.
pub(super) type Decision<'a> = Result<Passed<'a>, Rejection>;

/// Every step, in order.
pub(super) fn all(facts: &Facts<'_>, decision: &Decision<'_>) -> Vec<Step> {
    let refusal = rejection(decision);
    let failed = refusal.and_then(|refusal| failed(refusal, facts));
    let last = last(decision);
    let mut steps = Vec::with_capacity(Check::ALL.len());
    let mut over = false;
    let is_asked = |check: &Check| *check != Check::Preflight || facts.preflight.is_some();
    for check in Check::ALL.into_iter().filter(is_asked) {
        let outcome = if failed.as_ref() == Some(&check) {
            over = true;
            Outcome::Fail
        } else if over || check > last || !applies(&check, facts) {
            Outcome::Skip
        } else {
            Outcome::Pass
        };
        let is_policy = check == Check::Policy && outcome != Outcome::Skip;
        steps.push(describe::step(facts, check, outcome, refusal));
        if let (true, Some(protection), Some(principal)) =
            (is_policy, facts.protection(), principal(decision))
        {
            steps.extend(policy::terms(facts, protection, principal));
        }
    }
    steps
}

/// Whether there is something to check.
fn applies(check: &Check, facts: &Facts<'_>) -> bool {
    *check != Check::MaxAge || facts.has_max_age()
}

/// Why the request is refused, or would be.
fn rejection<'d>(decision: &'d Decision<'_>) -> Option<&'d Rejection> {
    match decision {
        Ok(Passed::Sent(decided)) => decided.observed.as_ref(),
        Ok(Passed::Preflight) => None,
        Err(rejection) => Some(rejection),
    }
}

/// The verified caller, refused or not.
pub(super) fn principal<'d>(decision: &'d Decision<'_>) -> Option<&'d Principal> {
    match decision {
        Ok(Passed::Sent(decided)) => decided.principal(),
        Ok(Passed::Preflight) => None,
        Err(rejection) => rejection.principal(),
    }
}

/// The last check that was looked at, had none failed.
fn last(decision: &Decision<'_>) -> Check {
    let access = match decision {
        Ok(Passed::Preflight) => return Check::Preflight,
        Ok(Passed::Sent(decided)) => decided.found.route.access(),
        Err(_) => return Check::Identity,
    };
    match access {
        Access::Public => Check::Method,
        Access::Optional(_) if principal(decision).is_none() => Check::Credential,
        Access::Optional(_) | Access::Protected(_) => Check::Identity,
    }
}

/// The check that this refusal is of; none of those that happen while a request is sent.
fn failed(rejection: &Rejection, facts: &Facts<'_>) -> Option<Check> {
    match rejection {
        Rejection::Target(_) => Some(Check::Target),
        Rejection::RouteNotFound => Some(Check::Route),
        Rejection::MethodNotAllowed { .. } => Some(Check::Method),
        Rejection::CrossSite if facts.preflight.is_some() => Some(Check::Preflight),
        Rejection::Credential(_) | Rejection::CrossSite | Rejection::TokenMissing => Some(Check::Credential),
        Rejection::Token(error) => Some(of_token(error, facts)),
        Rejection::Policy(_) => Some(Check::Policy),
        Rejection::Identity(_) => Some(Check::Identity),
        Rejection::Upstream(_) | Rejection::Parser(_) => None,
    }
}

fn of_token(error: &Error, facts: &Facts<'_>) -> Check {
    match error {
        Error::TokenTooLarge => Check::Size,
        Error::TokenMalformed => Check::Form,
        Error::CriticalHeaderUnsupported => Check::Critical,
        Error::IssuerUnknown => Check::Issuer,
        Error::IssuerNotAllowed => Check::RouteIssuers,
        Error::AlgorithmNotAllowed => Check::Algorithm,
        Error::TokenTypeNotAllowed => Check::Type,
        Error::KeyUnknown | Error::KeyUnsuitable | Error::KeysUnavailable { .. } => Check::Key,
        Error::SignatureInvalid => Check::Signature,
        Error::TokenExpired => Check::Expiry,
        Error::TokenNotYetValid if facts.begins_later() => Check::NotBefore,
        Error::TokenNotYetValid => Check::IssuedAt,
        Error::TokenTooOld => Check::MaxAge,
        Error::AudienceMismatch => Check::Audience,
        Error::ClaimMissing(name) => of_claim(name, facts.has_max_age()),
        Error::ClaimMalformed(name) => of_claim(name, false),
        Error::BindingInvalid => Check::Binding,
    }
}

/// The check of a claim that is missing or of a wrong type; `max_age` is what asks for an `iat`.
fn of_claim(name: &str, max_age: bool) -> Check {
    match name {
        "iss" => Check::Issuer,
        "exp" => Check::Expiry,
        "nbf" => Check::NotBefore,
        "iat" if max_age => Check::MaxAge,
        "iat" => Check::IssuedAt,
        "aud" => Check::Audience,
        _ => Check::RequiredClaims,
    }
}
