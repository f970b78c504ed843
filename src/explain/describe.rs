//! What each check asks for, and what the request holds.

use super::check::Check;
use super::facts::Facts;
use super::hint;
use super::places;
use super::shown;
use super::step::{Outcome, Step};
use crate::authn::{Error, IssuerSpec};
use crate::proxy::Rejection;
use crate::route::NotFound;

/// The step of this check. Of one that was not looked at, nothing is said.
pub(super) fn step(facts: &Facts<'_>, check: Check, outcome: Outcome, refusal: Option<&Rejection>) -> Step {
    if outcome == Outcome::Skip {
        return Step { check, outcome, expected: None, found: None, note: None, hint: None };
    }
    let failed = outcome == Outcome::Fail;
    let refusal = refusal.filter(|_| failed);
    let (expected, found) = of_request(facts, &check, refusal)
        .or_else(|| of_token(facts, &check, refusal))
        .or_else(|| facts.issuer.and_then(|issuer| of_issuer(facts, issuer.spec(), &check, refusal)))
        .unwrap_or_default();
    let hint = hint::of(facts, &check, outcome, refusal);
    let text = |text: String| (!text.is_empty()).then_some(text);
    Step { check, outcome, expected: text(expected), found: text(found), note: None, hint }
}

type Texts = (String, String);

/// Target, route, method, preflight and credential.
fn of_request(facts: &Facts<'_>, check: &Check, refusal: Option<&Rejection>) -> Option<Texts> {
    let asked = match &facts.target {
        Ok(target) => {
            let host = target.host().unwrap_or("no host");
            format!("{} {} {}", facts.head.method, shown::text(host), shown::text(target.path()))
        }
        Err(ambiguous) => ambiguous.why().to_owned(),
    };
    let texts = match check {
        Check::Target => {
            let found = match refusal {
                Some(Rejection::Target(why)) if facts.target.is_ok() => format!("{asked}: {}", why.why()),
                _ => asked,
            };
            ("a target that can be read in one way".to_owned(), found)
        }
        Check::Route if refusal.is_some() => ("a route of this host and path".to_owned(), asked),
        Check::Route => {
            let (number, matcher, route) = facts.route?;
            let expected = format!("the first route that matches {asked}");
            (expected, format!("route {number}, `{}`: {matcher}", route.name()))
        }
        Check::Method => {
            let allow = match facts.snapshot.routes().find(facts.target.as_ref().ok()?) {
                Err(NotFound::Method { allow, .. }) => allow.to_owned(),
                Err(NotFound::Route | NotFound::Target { .. }) | Ok(_) => "a method of the route".to_owned(),
            };
            let found = match &facts.preflight {
                Some(preflight) => format!("{}, for which this preflight asks", preflight.method()),
                None => facts.head.method.to_string(),
            };
            (allow, found)
        }
        Check::Preflight => {
            let origin = String::from_utf8_lossy(facts.preflight.as_ref()?.origin().as_bytes());
            ("an origin that `cors` of the route lists".to_owned(), shown::text(&origin))
        }
        Check::Credential if matches!(refusal, Some(Rejection::CrossSite)) => {
            (places::SAME_ORIGIN.to_owned(), places::origin(facts))
        }
        Check::Credential => (places::expected(facts)?, places::found(facts)),
        _ => return None,
    };
    Some(texts)
}

/// What can be said before an issuer is known.
fn of_token(facts: &Facts<'_>, check: &Check, refusal: Option<&Rejection>) -> Option<Texts> {
    let token = &facts.token;
    let limits = facts.snapshot.authenticator().limits();
    let texts = match check {
        Check::Size => (
            format!("at most {} bytes, of which {} in its header", limits.token, limits.header),
            format!("{} bytes, its header {}", token.length, token.header_length),
        ),
        Check::Form => (
            "a compact JWS: header, claims and signature in base64url, two of them JSON objects".to_owned(),
            match (&token.defect, refusal) {
                (Some(defect), _) => defect.clone(),
                (None, Some(_)) => "a header that says what is not supported here (`b64`)".to_owned(),
                (None, None) => "as expected".to_owned(),
            },
        ),
        Check::Critical => {
            let found = token.header.as_ref().and_then(|header| header.members().get("crit"));
            ("no `crit` in its header".to_owned(), shown::claim(found))
        }
        Check::Issuer => {
            let issuers = facts.snapshot.authenticator().issuers().iter();
            let expected = format!("one of {}", shown::quotes(issuers.map(|issuer| &issuer.spec().issuer)));
            (expected, shown::claim(token.written("iss")))
        }
        Check::RouteIssuers => {
            let allowed = facts.admission()?.issuers.as_ref();
            let expected = allowed
                .map_or_else(|| "any issuer".to_owned(), |names| format!("one of {}", shown::list(names)));
            (expected, format!("`{}`", facts.issuer?.spec().name))
        }
        Check::Policy => ("the requirement of the route is met".to_owned(), policy_found(facts, refusal)),
        Check::Identity => {
            let names = facts.route?.2.forward().identity().names().map(ToString::to_string);
            let expected = format!("values that fit their headers: {}", shown::list(names));
            let found = match refusal {
                Some(Rejection::Identity(unidentified)) => {
                    format!("the value of {} does not", unidentified.header())
                }
                _ => "they do".to_owned(),
            };
            (expected, found)
        }
        _ => return None,
    };
    Some(texts)
}

fn policy_found(facts: &Facts<'_>, refusal: Option<&Rejection>) -> String {
    let only = facts
        .requirement()
        .is_none_or(|requirement| matches!(requirement, crate::authz::Requirement::Authenticated));
    match refusal {
        Some(_) => "it is not met, see below".to_owned(),
        None if only => "a valid token is all it asks for".to_owned(),
        None => "it is met".to_owned(),
    }
}

/// What the issuer's section asks for.
fn of_issuer(
    facts: &Facts<'_>,
    spec: &IssuerSpec,
    check: &Check,
    refusal: Option<&Rejection>,
) -> Option<Texts> {
    let token = &facts.token;
    let parameter = |name: &str| token.parameter(name).map_or_else(|| "absent".to_owned(), shown::quoted);
    let (now, skew) = (shown::clock(facts.now), shown::length(spec.clock_skew.as_secs_f64()));
    let date = |name: &str| shown::date(token.written(name), facts.now);
    let texts = match check {
        Check::Algorithm => (format!("one of {}", shown::quotes(spec.algorithms.iter())), parameter("alg")),
        Check::Type => (format!("one of {}", spec.token_types), parameter("typ")),
        Check::Key => {
            (format!("a key of `{}`: {}", spec.name, keys(facts)), format!("kid {}", parameter("kid")))
        }
        Check::Signature => (
            "made by that key".to_owned(),
            if refusal.is_some() { "made by another key, or for another token" } else { "it is" }.to_owned(),
        ),
        Check::Expiry => (format!("after {now}, less {skew} of clock skew"), date("exp")),
        Check::NotBefore => (format!("absent, or before {now}, and {skew} of clock skew"), date("nbf")),
        Check::IssuedAt => (format!("absent, or before {now}, and {skew} of clock skew"), date("iat")),
        Check::MaxAge => {
            let most = spec.max_age.map(|most| shown::length(most.as_secs_f64())).unwrap_or_default();
            (format!("`iat` at most {most} ago"), date("iat"))
        }
        Check::Audience => {
            let narrowed = facts.admission().and_then(|admission| admission.audiences.as_ref());
            let own = shown::quotes(&spec.audiences);
            let expected = match narrowed {
                None => format!("one of {own}"),
                Some(narrowed) => {
                    format!("one of {own}, and on this route one of {}", shown::quotes(narrowed))
                }
            };
            (expected, shown::claim(token.written("aud")))
        }
        Check::RequiredClaims => (required(spec), claims_found(facts, spec, refusal)),
        Check::Binding => {
            let found = match token.written("cnf") {
                None => "absent",
                Some(cnf) if cnf.is_null() => "null",
                Some(_) => "bound to a key of its sender",
            };
            ("no `cnf`".to_owned(), found.to_owned())
        }
        _ => return None,
    };
    Some(texts)
}

fn keys(facts: &Facts<'_>) -> String {
    let keys = facts.issuer.map(|issuer| issuer.keys().known()).unwrap_or_default();
    if keys.is_empty() {
        return "it has none".to_owned();
    }
    let one = |kid: Option<&str>| kid.map_or_else(|| "one without kid".to_owned(), shown::quoted);
    shown::row(&keys.iter().map(|key| one(key.kid())).collect::<Vec<_>>())
}

fn required(spec: &IssuerSpec) -> String {
    let mut names = vec!["`sub`, `jti`, roles and scopes of their types".to_owned()];
    if !spec.required_claims.is_empty() {
        names.insert(0, format!("{} there", shown::list(&spec.required_claims)));
    }
    names.join(", ")
}

fn claims_found(facts: &Facts<'_>, spec: &IssuerSpec, refusal: Option<&Rejection>) -> String {
    let value = |name: &str| -> String {
        let mut read = [&spec.roles].into_iter().chain(&spec.scopes).chain(&spec.required_claims);
        let path = read.find(|path| path.to_string() == name);
        let claims = facts.token.claims.as_ref();
        let found = match path {
            Some(path) => claims.and_then(|claims| path.find_written(claims.members())),
            None => facts.token.written(name),
        };
        shown::claim(found)
    };
    match refusal {
        Some(Rejection::Token(Error::ClaimMissing(name) | Error::ClaimMalformed(name))) => {
            format!("`{name}` is {}", value(name))
        }
        _ => "as expected".to_owned(),
    }
}
