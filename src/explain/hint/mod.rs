//! What may be the matter with a check that failed, where experience has something to say.
//!
//! Given what is known of the request; hands on a sentence or nothing. A hint guesses, and decides nothing.

mod claims;
mod credential;
mod elsewhere;
mod header;
mod keys;
mod names;
mod route;

use super::check::Check;
use super::facts::Facts;
use super::step::Outcome;
use crate::proxy::Rejection;

/// A hint beside this step.
pub(super) fn of(
    facts: &Facts<'_>,
    check: &Check,
    outcome: Outcome,
    refusal: Option<&Rejection>,
) -> Option<String> {
    match (check, outcome) {
        (Check::Route, _) => route::of(facts, outcome == Outcome::Fail),
        (_, Outcome::Pass | Outcome::Skip)
        | (
            Check::Size | Check::Critical | Check::RouteIssuers | Check::MaxAge | Check::Term(_),
            Outcome::Fail,
        ) => None,
        (Check::Target, Outcome::Fail) => route::of_data(facts),
        (Check::Method, Outcome::Fail) => route::of_method(facts),
        (Check::Preflight, Outcome::Fail) => credential::preflight(facts),
        (Check::Credential, Outcome::Fail) => credential::of(facts, refusal),
        (Check::Form, Outcome::Fail) => header::form(facts),
        (Check::Issuer, Outcome::Fail) => header::issuer(facts),
        (Check::Algorithm, Outcome::Fail) => header::algorithm(facts),
        (Check::Type, Outcome::Fail) => header::token_type(facts),
        (Check::Key, Outcome::Fail) => keys::key(facts, refusal?),
        (Check::Signature, Outcome::Fail) => Some(keys::signature(facts)),
        (Check::Expiry, Outcome::Fail) => claims::expiry(facts),
        (Check::NotBefore, Outcome::Fail) => claims::begin(facts, "nbf"),
        (Check::IssuedAt, Outcome::Fail) => claims::begin(facts, "iat"),
        (Check::Audience, Outcome::Fail) => claims::audience(facts),
        (Check::RequiredClaims, Outcome::Fail) => claims::required(refusal?),
        (Check::Binding, Outcome::Fail) => Some(claims::binding(facts)),
        (Check::Policy, Outcome::Fail) => names::policy(facts, refusal?),
        (Check::Identity, Outcome::Fail) => Some(claims::IDENTITY.to_owned()),
    }
}

/// What two texts that ought to be equal differ in, where it is a little.
fn difference(asked: &str, given: &str) -> Option<&'static str> {
    let without_slash = |text: &str| text.trim_end_matches('/').to_owned();
    let without_scheme = |text: &str| text.split_once("://").map_or(text, |(_, rest)| rest).to_owned();
    if asked == given {
        None
    } else if without_slash(asked) == without_slash(given) {
        Some("a trailing slash")
    } else if asked.trim() == given.trim() {
        Some("blanks around it")
    } else if asked.eq_ignore_ascii_case(given) {
        Some("upper and lower case")
    } else if without_scheme(asked) == without_scheme(given) {
        Some("what stands before `://`")
    } else if without_slash(&without_scheme(asked))
        .eq_ignore_ascii_case(&without_slash(&without_scheme(given)))
    {
        Some("more than one of scheme, case and trailing slash")
    } else {
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_differs_a_little_is_told() {
        for (asked, given, expected) in [
            ("https://id.example.com/", "https://id.example.com", Some("a trailing slash")),
            ("https://id.example.com", "http://id.example.com", Some("what stands before `://`")),
            ("api://orders", "orders", Some("what stands before `://`")),
            ("https://id.example.com/A", "https://id.example.com/a", Some("upper and lower case")),
            ("orders", "orders ", Some("blanks around it")),
            ("https://A/", "http://a", Some("more than one of scheme, case and trailing slash")),
            ("orders", "orders", None),
            ("orders", "billing", None),
        ] {
            assert_eq!(difference(asked, given), expected, "{asked} {given}");
        }
    }
}
