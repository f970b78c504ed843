//! A token in a place where its route does not look. Told is the place, and nothing of what stands there.

use http::header::{AUTHORIZATION, COOKIE};

use crate::explain::facts::Facts;
use crate::explain::places;
use crate::explain::shown;

/// Where a token stands, and where it belongs; none where the request carries no token at all.
pub(super) fn hint(facts: &Facts<'_>) -> Option<String> {
    let place = query(facts).or_else(|| cookie(facts)).or_else(|| header(facts))?;
    Some(format!(
        "what looks like a token stands in {place}, where this route does not look; send it in {}",
        places::names(facts)
    ))
}

/// Names under which tokens are sent, of whatever form they are.
const PARAMETER: &str = "access_token";
const HEADERS: [&str; 5] =
    ["x-auth-token", "x-access-token", "x-forwarded-access-token", "x-amzn-oidc-accesstoken", "x-id-token"];

fn query(facts: &Facts<'_>) -> Option<String> {
    let query = facts.head.uri.query()?;
    let pairs = query.split('&').filter_map(|pair| pair.split_once('='));
    let mut tokens = pairs.filter(|(name, value)| is_token(value) || *name == PARAMETER && !value.is_empty());
    tokens.next().map(|(name, _)| format!("the parameter `{}` of the query", shown::text(name)))
}

fn cookie(facts: &Facts<'_>) -> Option<String> {
    let fields = facts.head.headers.get_all(COOKIE).into_iter().filter_map(|field| field.to_str().ok());
    let pairs = fields.flat_map(|field| field.split(';')).filter_map(|pair| pair.trim().split_once('='));
    let mut tokens = pairs.filter(|(_, value)| is_token(value));
    tokens.next().map(|(name, _)| format!("the cookie `{}`", shown::text(name)))
}

fn header(facts: &Facts<'_>) -> Option<String> {
    let fields = facts.head.headers.iter().filter(|(name, _)| !matches!(**name, AUTHORIZATION | COOKIE));
    let mut tokens = fields.filter(|(name, value)| {
        let is_known = HEADERS.contains(&name.as_str()) && !value.is_empty();
        is_known || value.to_str().is_ok_and(is_token)
    });
    tokens.next().map(|(name, _)| format!("the header `{name}`"))
}

/// Whether this is a JWT by its form: three segments of base64url (RFC 7515 section 7.1), the first of them an object in JSON.
pub(super) fn is_token(text: &str) -> bool {
    let text = text.trim();
    let scheme = text.split_at_checked(7).filter(|(scheme, _)| scheme.eq_ignore_ascii_case("bearer "));
    let token = scheme.map_or(text, |(_, token)| token);
    let segments: Vec<&str> = token.split('.').collect();
    let is_segment = |segment: &&str| {
        segment.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'))
    };
    token.starts_with("ey") && segments.len() == 3 && segments.iter().all(is_segment)
}
