//! Hints on the credential: where it was looked for, and whether another site may have sent it.

use http::HeaderValue;
use http::header::{AUTHORIZATION, ORIGIN};

use super::elsewhere;
use crate::authn::{CredentialError, Place};
use crate::explain::facts::Facts;
use crate::explain::places;
use crate::explain::shown;
use crate::proxy::Rejection;
use crate::route::Origin;

pub(super) fn of(facts: &Facts<'_>, refusal: Option<&Rejection>) -> Option<String> {
    if let Some(Rejection::CrossSite) = refusal {
        return Some(cross_site(facts));
    }
    let held = places::held(facts);
    match facts.credential {
        Err(CredentialError::Ambiguous) if held.len() > 1 && places::fields(facts) < 2 => {
            let names: Vec<String> = held.iter().map(|(place, _)| places::name(place)).collect();
            Some(format!(
                "the request carries one each in {}; which one counts would be a guess, so a client sends one",
                names.join(" and in ")
            ))
        }
        Err(CredentialError::Ambiguous) => Some(
            "the request carries several; a client or a proxy adds one to what is there already".to_owned(),
        ),
        Err(CredentialError::Malformed) => match held.first()? {
            (Place::Authorization, _) => Some(malformed(&authorization(facts)?)),
            (place, _) => Some(format!(
                "{} holds more or something else than a bare token: without `Bearer`, quotes, blanks or escapes",
                places::name(place)
            )),
        },
        Ok(None) => missing(facts),
        Ok(Some(_)) => None,
    }
}

fn authorization(facts: &Facts<'_>) -> Option<String> {
    let field = facts.head.headers.get(AUTHORIZATION)?;
    Some(String::from_utf8_lossy(field.as_bytes()).into_owned())
}

fn missing(facts: &Facts<'_>) -> Option<String> {
    let Some(field) = authorization(facts) else { return elsewhere::hint(facts) };
    if !places::of(facts).contains(&Place::Authorization) {
        return Some(format!(
            "this route takes a token in {}, and not in Authorization; send it there, or add `authorization` to \
             `credentials`",
            places::names(facts)
        ));
    }
    let behind = field.trim().split_at_checked(6);
    let behind = behind.filter(|(scheme, _)| scheme.eq_ignore_ascii_case("bearer")).map(|(_, behind)| behind);
    let hint = if behind.is_some_and(elsewhere::is_token) {
        "a space is missing between `Bearer` and the token; write `Authorization: Bearer TOKEN`"
    } else if field.split('.').count() == 3 && !field.trim().contains(' ') {
        "the field holds a bare token; write `Bearer` and a space before it"
    } else {
        "a token comes behind the scheme `Bearer`; other schemes are no credential here"
    };
    Some(hint.to_owned())
}

const SIGN: &str = "a colon or an equals sign stands behind `Bearer`, where a space belongs and nothing else; write \
                    `Authorization: Bearer TOKEN`";

fn malformed(field: &str) -> String {
    let rest = field.trim().get(6..).unwrap_or_default().trim().to_ascii_lowercase();
    let hint = match rest.as_str() {
        "" => "nothing stands behind `Bearer`: a variable may be empty where the client builds it",
        rest if rest.starts_with([':', '=']) => SIGN,
        rest if rest.starts_with("bearer") => "`Bearer` is there twice; give the bare token once",
        rest if rest.contains(['"', '\'', '<', '{']) => {
            "the token is quoted or bracketed; write it as it is, without anything around it"
        }
        rest if rest.contains([' ', ',']) => "more than one text stands behind `Bearer`; write one token",
        _ => "the token holds a character that no token has; it may have been cut or pasted wrongly",
    };
    hint.to_owned()
}

/// A page that sends a preflight, and that the route does not list.
pub(super) fn preflight(facts: &Facts<'_>) -> Option<String> {
    let preflight = facts.preflight.as_ref()?;
    if preflight.origin() == "null" {
        return Some(
            "`null` is a page in a sandbox or a file, which does not say whose it is; no list can name it, so give the \
             page an origin"
                .to_owned(),
        );
    }
    let origin = origin(preflight.origin());
    Some(format!(
        "if its pages may use route `{}`, add {origin} to `origins` of its `cors`; scheme, host and port must be equal",
        preflight.route().name()
    ))
}

fn cross_site(facts: &Facts<'_>) -> String {
    let values = |name| facts.head.headers.get_all(name).iter().collect::<Vec<_>>();
    let (origins, sites) = (values(ORIGIN), values(places::SEC_FETCH_SITE));
    let is_ours = |value: &HeaderValue| {
        let origin = Origin::parse(value.as_bytes());
        let target = facts.target.as_ref().ok();
        origin.zip(target).is_some_and(|(origin, target)| origin.is_of(target, None))
    };
    let is_listed = |value: &HeaderValue| {
        let cors = facts.route.and_then(|(.., route)| route.cors());
        Origin::parse(value.as_bytes()).zip(cors).is_some_and(|(origin, cors)| cors.lends_cookie_to(&origin))
    };
    match (origins.as_slice(), sites.as_slice()) {
        ([], []) => "a browser sends a cookie whoever made it send the request, so that one which changes something must \
                     say where it comes from, as browsers do: `Origin` with the origin of this host; programs send the \
                     token in Authorization instead"
            .to_owned(),
        ([_, _, ..], _) | (_, [_, _, ..]) => {
            "Origin or Sec-Fetch-Site is there several times; a proxy adds one to that of the browser".to_owned()
        }
        ([value], []) if is_ours(value) => {
            format!("{} is this host, and the client used another scheme", origin(value))
        }
        ([value], _) if *value == "null" => "`null` is a page that does not say which it is: one in a sandbox, a file, or one of \
             `Referrer-Policy: no-referrer`, whose `Sec-Fetch-Site: same-origin` would do; no list can name it"
            .to_owned(),
        ([value], _) if is_listed(value) => format!(
            "the pages of {} may use the cookie here, but not for {}; if they may, list it in `methods` of `cors`",
            origin(value),
            facts.head.method
        ),
        ([value], _) if !is_ours(value) => format!(
            "{} is another origin than this host; if its pages may use the cookie, list it in `cors` of the route, with \
             `credentials: true`",
            origin(value)
        ),
        _ => "the browser says in Sec-Fetch-Site that a page of another origin has made it send the request".to_owned(),
    }
}

/// An origin as it may be shown.
fn origin(value: &HeaderValue) -> String {
    shown::text(&String::from_utf8_lossy(value.as_bytes()))
}
