//! The places of a route's credential, and what stands in them. Of what stands there, no more is told than what it is.

use http::HeaderName;
use http::header::{AUTHORIZATION, ORIGIN};

use super::facts::Facts;
use super::shown;
use crate::authn::{CredentialError, Credentials, Place};
use crate::proxy::Access;

/// What a cookie needs beside it where a request changes something.
pub(super) const SAME_ORIGIN: &str =
    "beside a cookie: an `Origin` or `Sec-Fetch-Site` that says the request comes from this origin";
pub(super) const SEC_FETCH_SITE: HeaderName = HeaderName::from_static("sec-fetch-site");

/// What stands in one place.
pub(super) type Held = Result<(), CredentialError>;

/// The places of the route.
pub(super) fn of<'a>(facts: &Facts<'a>) -> &'a [Place] {
    facts.route.map_or(&[], |(.., route)| route.forward().credentials().places())
}

/// The places that hold something, each looked at by itself.
pub(super) fn held<'a>(facts: &Facts<'a>) -> Vec<(&'a Place, Held)> {
    let (headers, query) = (&facts.head.headers, facts.head.uri.query());
    let alone = |place: &Place| Credentials::new(vec![place.clone()]).token(headers, query);
    let held = of(facts).iter().map(|place| (place, alone(place).map(|found| found.map(|_| ())).transpose()));
    held.filter_map(|(place, held)| Some((place, held?))).collect()
}

/// How many Authorization fields there are.
pub(super) fn fields(facts: &Facts<'_>) -> usize {
    facts.head.headers.get_all(AUTHORIZATION).iter().count()
}

/// A place in words.
pub(super) fn name(place: &Place) -> String {
    match place {
        Place::Authorization => "the field Authorization".to_owned(),
        Place::Cookie(name) => format!("the cookie `{}`", name.as_str()),
        Place::Header(name) => format!("the header `{name}`"),
        Place::Query(name) => format!("the parameter `{}` of the query", name.as_str()),
    }
}

/// The places of the route in words.
pub(super) fn names(facts: &Facts<'_>) -> String {
    of(facts).iter().map(name).collect::<Vec<_>>().join(", or ")
}

/// What the route asks for.
pub(super) fn expected(facts: &Facts<'_>) -> Option<String> {
    let token = match of(facts) {
        [Place::Authorization] => "one Bearer token".to_owned(),
        _ => format!("one token, in {}", names(facts)),
    };
    Some(match facts.access()? {
        Access::Public => "none".to_owned(),
        Access::Optional(_) => format!("{token}, or none"),
        Access::Protected(_) => token,
    })
}

/// What there is.
pub(super) fn found(facts: &Facts<'_>) -> String {
    let length = facts.token.length;
    match fields(facts) {
        0 | 1 => {}
        fields => return format!("{fields} Authorization fields"),
    }
    let held = held(facts);
    match held.as_slice() {
        [(Place::Authorization, Ok(()))] => format!("a Bearer token of {length} bytes"),
        [(place, Ok(()))] => format!("a token of {length} bytes in {}", name(place)),
        [] if fields(facts) == 0 => "none".to_owned(),
        [] if of(facts).contains(&Place::Authorization) => {
            "an Authorization field of another scheme than Bearer".to_owned()
        }
        [] => "an Authorization field, which this route does not look at".to_owned(),
        several => {
            let one = |(place, held): &(&Place, Held)| match held {
                Ok(()) => format!("a token in {}", name(place)),
                Err(CredentialError::Malformed) => {
                    format!("a credential that is not exactly one token in {}", name(place))
                }
                Err(CredentialError::Ambiguous) => format!("more than one credential in {}", name(place)),
            };
            several.iter().map(one).collect::<Vec<_>>().join(", ")
        }
    }
}

/// Where the request says that it comes from.
pub(super) fn origin(facts: &Facts<'_>) -> String {
    let said =
        [("Origin", ORIGIN), ("Sec-Fetch-Site", SEC_FETCH_SITE)].into_iter().flat_map(|(name, field)| {
            let values = facts.head.headers.get_all(field).into_iter();
            let values: Vec<String> =
                values.map(|value| shown::text(&String::from_utf8_lossy(value.as_bytes()))).collect();
            values.into_iter().map(move |value| format!("{name} {value}"))
        });
    let said: Vec<String> = said.collect();
    let cookie = held(facts).first().map(|(place, _)| name(place)).unwrap_or_default();
    let said = if said.is_empty() { "neither Origin nor Sec-Fetch-Site".to_owned() } else { said.join(", ") };
    format!("a token in {cookie}, {said}")
}
