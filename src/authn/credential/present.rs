//! A token, put into a place of a request as a client would.

use std::fmt::Write as _;

use http::header::{AUTHORIZATION, COOKIE};
use http::request::Parts;
use http::uri::PathAndQuery;
use http::{HeaderName, HeaderValue, Uri};
use zeroize::Zeroizing;

use super::Place;

impl Place {
    /// Adds the token to what the request carries already.
    ///
    /// # Errors
    /// The token holds what the place cannot carry.
    pub fn present(&self, head: &mut Parts, token: &str) -> Result<(), http::Error> {
        match self {
            Self::Authorization => add(head, AUTHORIZATION, &Zeroizing::new(format!("Bearer {token}"))),
            Self::Cookie(name) => add(head, COOKIE, &Zeroizing::new(format!("{}={token}", name.as_str()))),
            Self::Header(name) => add(head, name.clone(), token),
            Self::Query(name) => {
                head.uri = with_parameter(&head.uri, name.as_str(), token)?;
                Ok(())
            }
        }
    }
}

fn add(head: &mut Parts, name: HeaderName, value: &str) -> Result<(), http::Error> {
    let mut value = HeaderValue::from_str(value)?;
    value.set_sensitive(true);
    head.headers.append(name, value);
    Ok(())
}

/// The same target with one parameter more, escaped as clients do.
fn with_parameter(uri: &Uri, name: &str, value: &str) -> Result<Uri, http::Error> {
    let mut text = uri.path().to_owned();
    text.push('?');
    if let Some(query) = uri.query().filter(|query| !query.is_empty()) {
        text.push_str(query);
        text.push('&');
    }
    text.push_str(name);
    text.push('=');
    for byte in value.bytes() {
        // What a token is made of is read as it stands.
        if byte.is_ascii_alphanumeric() || b"-._~+/=".contains(&byte) {
            text.push(char::from(byte));
        } else {
            // Writing to a string does not fail.
            let _written = write!(text, "%{byte:02X}");
        }
    }
    let mut parts = uri.clone().into_parts();
    parts.path_and_query = Some(PathAndQuery::try_from(text)?);
    Ok(Uri::from_parts(parts)?)
}

#[cfg(test)]
mod tests {
    use http::Request;

    use super::*;
    use crate::authn::{CookieName, Credentials, ParameterName};

    #[test]
    fn a_token_is_found_where_it_was_put() {
        let places = [
            Place::Authorization,
            Place::Cookie(CookieName::parse("access").unwrap()),
            Place::Header(HeaderName::from_static("x-token")),
            Place::Query(ParameterName::parse("t").unwrap()),
        ];
        for place in places {
            for (target, token, is_one) in [
                ("/a", "a.b-c_d", true),
                ("/a?", "a.b/+~==", true),
                ("/a?x=%31&y", "a&t=b", false),
                ("/a?x", "a#b;c", false),
            ] {
                let (mut head, ()) =
                    Request::get(target).header("cookie", "x=1").body(()).unwrap().into_parts();
                place.present(&mut head, token).unwrap();
                let credentials = Credentials::new(vec![place.clone()]);
                let found = credentials.token(&head.headers, head.uri.query());
                let found = found.ok().flatten().map(|token| token.text().to_owned());
                assert_eq!(found.as_deref(), is_one.then_some(token), "{place:?} {target} {:?}", head.uri);
                assert_eq!(head.uri.path(), "/a");
                assert_eq!(head.headers.get("cookie").unwrap(), "x=1");
                assert!(
                    head.uri
                        .query()
                        .unwrap_or_default()
                        .starts_with(target.split_once('?').map_or("", |(_, query)| query))
                );
            }
            let (mut head, ()) = Request::get("/a").body(()).unwrap().into_parts();
            assert_eq!(place.present(&mut head, "a\nb").is_err(), !matches!(place, Place::Query(_)));
        }
    }
}
