//! The places where a token may be, and the one credential among them.
//!
//! Given the head of a request, it hands on the one credential that stands in one of the places. Refused are two,
//! equal or not, in one place or two; a second Authorization field, whether or not it is one of the places; and `Bearer`
//! with nothing behind it. What it hands on need not be a token.

use http::header::{AUTHORIZATION, COOKIE};
use http::{HeaderMap, HeaderName};

use super::{BearerToken, CookieName, CredentialError, ParameterName, SentToken, bearer, trim};
use crate::field::{Field, only};

/// A place for a token.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Place {
    /// The field `Authorization` with the scheme Bearer (RFC 6750 §2.1).
    Authorization,
    /// A cookie, which browsers send by themselves, whoever made them send the request.
    Cookie(CookieName),
    /// A field that holds the bare token.
    Header(HeaderName),
    /// A parameter of the query (RFC 6750 §2.3).
    Query(ParameterName),
}

/// The places of a route's credential.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Credentials(Box<[Place]>);

/// The one credential of a request.
#[derive(Debug, Clone, Copy)]
pub struct Credential<'a> {
    sent: SentToken<'a>,
    ambient: bool,
}

impl Credentials {
    /// These places; none of them twice.
    pub fn new(places: Vec<Place>) -> Self {
        Self(places.into())
    }

    /// The places.
    pub fn places(&self) -> &[Place] {
        &self.0
    }

    /// The request's credential, if it carries one. Whether it is a token is told by [`Credential::token`].
    pub fn find<'a>(
        &self,
        headers: &'a HeaderMap,
        query: Option<&'a str>,
    ) -> Result<Option<Credential<'a>>, CredentialError> {
        let authorization = match only(headers, &AUTHORIZATION) {
            Field::Absent => None,
            Field::One(field) => Some(field),
            Field::Several => return Err(CredentialError::Ambiguous),
        };
        let mut found = Found(None);
        for place in &self.0 {
            match place {
                Place::Authorization => {
                    if let Some(token) = authorization.and_then(|field| bearer(field.as_bytes()).transpose())
                    {
                        found.add(token, false)?;
                    }
                }
                Place::Cookie(name) => {
                    for value in
                        headers.get_all(COOKIE).iter().flat_map(|field| name.values(field.as_bytes()))
                    {
                        found.add(Ok(SentToken(value)), true)?;
                    }
                }
                Place::Header(name) => {
                    for value in headers.get_all(name) {
                        found.add(Ok(SentToken(trim(value.as_bytes()))), false)?;
                    }
                }
                Place::Query(name) => {
                    for value in query.into_iter().flat_map(|query| name.values(query)) {
                        found.add(Ok(SentToken(value.as_bytes())), false)?;
                    }
                }
            }
        }
        found.0.map(|(sent, ambient)| Ok(Credential { sent: sent?, ambient })).transpose()
    }

    /// The request's token, if it carries one: what [`Self::find`] finds, and is a token.
    pub fn token<'a>(
        &self,
        headers: &'a HeaderMap,
        query: Option<&'a str>,
    ) -> Result<Option<BearerToken<'a>>, CredentialError> {
        self.find(headers, query)?.map(|credential| credential.token()).transpose()
    }
}

impl Default for Credentials {
    /// The Authorization field alone.
    fn default() -> Self {
        Self::new(vec![Place::Authorization])
    }
}

impl<'a> Credential<'a> {
    /// The token, if what was sent is one.
    pub fn token(&self) -> Result<BearerToken<'a>, CredentialError> {
        self.sent.token()
    }

    /// What was sent as the token.
    pub fn sent(&self) -> SentToken<'a> {
        self.sent
    }

    /// Whether it is a cookie: then a page of another site may be who sends the request.
    pub fn is_ambient(&self) -> bool {
        self.ambient
    }
}

/// What stands in the places looked at so far. What is no token counts too: beside a token, which one is meant would be
/// a guess.
struct Found<'a>(Option<(Result<SentToken<'a>, CredentialError>, bool)>);

impl<'a> Found<'a> {
    fn add(
        &mut self,
        sent: Result<SentToken<'a>, CredentialError>,
        ambient: bool,
    ) -> Result<(), CredentialError> {
        match self.0.replace((sent, ambient)) {
            None => Ok(()),
            Some(_) => Err(CredentialError::Ambiguous),
        }
    }
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;
    use proptest::prelude::*;
    use proptest::sample::{select, subsequence};

    use super::*;

    fn everywhere() -> Credentials {
        Credentials::new(vec![
            Place::Authorization,
            Place::Cookie(CookieName::parse("__Host-access").unwrap()),
            Place::Header(HeaderName::from_static("x-api-token")),
            Place::Query(ParameterName::parse("access_token").unwrap()),
        ])
    }

    fn find(
        credentials: &Credentials,
        fields: &[(&'static str, &str)],
        query: Option<&str>,
    ) -> Result<Option<(String, bool)>, CredentialError> {
        let mut headers = HeaderMap::new();
        for (name, value) in fields {
            headers.append(*name, HeaderValue::from_bytes(value.as_bytes()).unwrap());
        }
        let found = credentials.find(&headers, query)?;
        found.map(|found| Ok((found.token()?.text().to_owned(), found.is_ambient()))).transpose()
    }

    #[test]
    fn each_place_holds_a_token() {
        let places = everywhere();
        let token = |ambient| Ok(Some(("t.u.v".to_owned(), ambient)));
        assert_eq!(find(&places, &[("authorization", "Bearer t.u.v")], None), token(false));
        assert_eq!(find(&places, &[("cookie", "a=1; __Host-access=t.u.v")], None), token(true));
        assert_eq!(
            find(&places, &[("cookie", "a=1"), ("cookie", "__Host-access=\"t.u.v\"")], None),
            token(true)
        );
        assert_eq!(find(&places, &[("x-api-token", " t.u.v\t")], None), token(false));
        assert_eq!(find(&places, &[], Some("a=1&access%5ftoken=t.u.v")), token(false));
        assert_eq!(
            find(&places, &[("authorization", "Basic dTpw"), ("cookie", "b=2")], Some("a=1")),
            Ok(None)
        );
        assert_eq!(
            find(&places, &[("authorization", "Basic dTpw"), ("cookie", "__Host-access=t.u.v")], None),
            token(true)
        );
    }

    #[test]
    fn what_is_no_token_is_malformed_in_every_place() {
        let places = everywhere();
        for fields in [
            [("cookie", "__Host-access=")],
            [("cookie", "__Host-access=a b")],
            [("cookie", "__Host-access=\"a")],
            [("cookie", "__Host-access=Bearer t")],
            [("x-api-token", "")],
            [("x-api-token", "Bearer t")],
            [("x-api-token", "t,u")],
            [("x-api-token", "\u{e9}")],
            [("authorization", "Bearer")],
        ] {
            assert_eq!(find(&places, &fields, None), Err(CredentialError::Malformed), "{fields:?}");
        }
        for query in ["access_token", "access_token=", "access_token=a%2eb", "access_token=a b"] {
            assert_eq!(find(&places, &[], Some(query)), Err(CredentialError::Malformed), "{query}");
        }
    }

    #[test]
    fn places_that_are_not_configured_are_not_looked_at_but_for_a_second_authorization() {
        let cookie = Credentials::new(vec![Place::Cookie(CookieName::parse("c").unwrap())]);
        let fields =
            [("authorization", "Bearer x"), ("x-api-token", "x"), ("cookie", "__Host-access=x; c=t")];
        assert_eq!(find(&cookie, &fields, Some("access_token=x")), Ok(Some(("t".to_owned(), true))));
        let twice = [("authorization", "Basic x"), ("cookie", "c=t"), ("authorization", "Basic x")];
        assert_eq!(find(&cookie, &twice, None), Err(CredentialError::Ambiguous));
    }

    proptest! {
        /// Whatever is sent in whatever order: none is none, one is found, more are ambiguous.
        #[test]
        fn one_credential_or_a_refusal(
            chosen in subsequence(vec![0, 1, 2, 3, 4, 5, 6, 7, 8, 9], 0..4).prop_shuffle(),
            noise in select(vec!["", "a=1", "__host-access=x"]),
            token in select(vec!["t", "u.v", ""]),
        ) {
            let values: Vec<(&'static str, String)> = chosen.iter().map(|kind| match kind {
                0 => ("authorization", format!("Bearer {token}")),
                1 | 2 => ("cookie", format!("{noise}; __Host-access={token}")),
                3 => ("cookie", format!("__Host-access=\"{token}\";{noise}")),
                4 | 5 => ("x-api-token", token.to_owned()),
                6 => ("query", format!("access_token={token}")),
                7 => ("query", format!("access%5Ftoken={token}")),
                8 => ("query", "a".to_owned()),
                _ => ("cookie", noise.to_owned()),
            }).collect();
            let fields: Vec<(&'static str, &str)> =
                values.iter().filter(|(name, _)| *name != "query").map(|(name, value)| (*name, &**value)).collect();
            let query: Vec<&str> =
                values.iter().filter(|(name, _)| *name == "query").map(|(_, value)| &**value).collect();
            let count = chosen.iter().filter(|&&kind| kind < 8).count();
            let found = find(&everywhere(), &fields, Some(&query.join("&")));
            match count {
                0 => prop_assert_eq!(found, Ok(None)),
                1 if token.is_empty() => prop_assert_eq!(found, Err(CredentialError::Malformed)),
                1 => prop_assert_eq!(found.map(|found| found.map(|(text, _)| text)), Ok(Some(token.to_owned()))),
                _ => prop_assert_eq!(found, Err(CredentialError::Ambiguous)),
            }
        }
    }
}
