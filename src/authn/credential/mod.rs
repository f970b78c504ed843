//! The credential of a request: where its token is.
//!
//! Given the header fields and the query; hands on at most one [`SentToken`] out of the places that are configured
//! ([`Credentials`]). Refuses two Authorization fields, equal or not and whatever their schemes (some servers read the
//! first, some the last, some join them: CVE-2026-26308), two credentials in whatever places, and `Bearer` with nothing
//! behind it; whoever goes on with what was sent has it refused where it is not exactly one token ([`SentToken::token`]).
//! Another scheme than Bearer is no credential here.

mod cookie;
mod parameter;
mod places;
mod present;

use std::fmt;

pub use self::cookie::CookieName;
pub use self::parameter::ParameterName;
pub use self::places::{Credential, Credentials, Place};

/// What a request carries as its token, byte for byte; it borrows the request's header. It need not be one: of a token that
/// was verified before nobody asks that, because looking at each byte costs more than finding it.
#[derive(Clone, Copy)]
pub struct SentToken<'a>(&'a [u8]);

impl<'a> SentToken<'a> {
    /// These bytes, whatever they are.
    pub fn new(bytes: &'a [u8]) -> Self {
        Self(bytes)
    }

    /// The token, if it is one.
    pub fn token(self) -> Result<BearerToken<'a>, CredentialError> {
        BearerToken::parse(self.0)
    }

    pub(super) fn bytes(self) -> &'a [u8] {
        self.0
    }
}

impl fmt::Debug for SentToken<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SentToken(…)")
    }
}

/// A token that is not verified yet; borrows the request's header.
#[derive(Clone, Copy)]
pub struct BearerToken<'a>(&'a [u8]);

impl<'a> BearerToken<'a> {
    /// A bare token: exactly a `token68` (RFC 9110 §11.2).
    pub fn parse(bytes: &'a [u8]) -> Result<Self, CredentialError> {
        if is_token68(bytes) { Ok(Self(bytes)) } else { Err(CredentialError::Malformed) }
    }

    pub(super) fn text(self) -> &'a str {
        // Every token68 is ASCII; were one not, it would be no token either.
        str::from_utf8(self.0).unwrap_or_default()
    }
}

impl fmt::Debug for BearerToken<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("BearerToken(…)")
    }
}

/// Why a request has no credential that could be looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum CredentialError {
    /// The scheme is Bearer, but what follows is not exactly one token.
    #[error("credential malformed")]
    Malformed,
    /// Several credentials: which one counts would be a guess.
    #[error("more than one credential")]
    Ambiguous,
}

/// What one field has behind the scheme and its spaces (RFC 9110 §11.4). Blanks around the value are not part of it
/// (RFC 9110 §5.5); HTTP/1 parsers have removed them already, those of HTTP/2 need not have.
fn bearer(field: &[u8]) -> Result<Option<SentToken<'_>>, CredentialError> {
    let field = trim(field);
    let end = field.iter().position(|&byte| !is_tchar(byte)).unwrap_or(field.len());
    let (scheme, rest) = field.split_at_checked(end).unwrap_or((field, &[]));
    if !scheme.eq_ignore_ascii_case(b"bearer") {
        return Ok(None);
    }
    let spaces = rest.iter().take_while(|&&byte| byte == b' ').count();
    match rest.split_at_checked(spaces) {
        Some((spaces, token)) if !spaces.is_empty() => Ok(Some(SentToken(token))),
        Some(_) | None => Err(CredentialError::Malformed),
    }
}

fn trim(mut field: &[u8]) -> &[u8] {
    while let [b' ' | b'\t', rest @ ..] | [rest @ .., b' ' | b'\t'] = field {
        field = rest;
    }
    field
}

/// `1*( ALPHA / DIGIT / "-" / "." / "_" / "~" / "+" / "/" ) *"="`
#[expect(clippy::needless_bitwise_bool, reason = "without branches the compiler looks at many bytes at once")]
fn is_token68(bytes: &[u8]) -> bool {
    let padding = bytes.iter().rev().take_while(|&&byte| byte == b'=').count();
    let Some((body, _)) = bytes.split_at_checked(bytes.len() - padding) else { return false };
    // Neither an early exit nor a range that could be one with its neighbour.
    let all = body.iter().fold(true, |all, &byte| {
        let letter = (byte | 0x20).wrapping_sub(b'a') < 26;
        // `-`, `.`, `/` and the digits
        let from_dash_to_nine = byte.wrapping_sub(b'-') <= b'9' - b'-';
        all & (letter | from_dash_to_nine | (byte == b'_') | (byte == b'~') | (byte == b'+'))
    });
    all && !body.is_empty()
}

/// A character of a token, of which scheme names are made (RFC 9110 §5.6.2).
fn is_tchar(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte)
}

#[cfg(test)]
mod tests {
    use http::header::AUTHORIZATION;
    use http::{HeaderMap, HeaderValue};
    use proptest::prelude::*;

    use super::*;

    fn of(fields: &[&[u8]]) -> Result<Option<String>, CredentialError> {
        let mut headers = HeaderMap::new();
        for field in fields {
            headers.append(AUTHORIZATION, HeaderValue::from_bytes(field).unwrap());
        }
        let found = Credentials::default().token(&headers, None)?;
        Ok(found.map(|token| token.text().to_owned()))
    }

    #[test]
    fn a_token_is_made_of_the_characters_of_its_grammar() {
        for byte in 0..=u8::MAX {
            let known = byte.is_ascii_alphanumeric() || b"-._~+/".contains(&byte);
            assert_eq!(is_token68(&[byte]), known, "{byte:#04x}");
            assert_eq!(is_token68(&[b'a', byte]), known || byte == b'=', "{byte:#04x}");
            assert_eq!(is_token68(&[byte, b'a']), known, "{byte:#04x}");
        }
    }

    #[test]
    fn one_token_after_the_scheme() {
        for field in [
            "Bearer a.b.c",
            "bearer a.b.c",
            "BEARER   a.b.c",
            "bEaReR a.b.c ",
            " Bearer a.b.c",
            "\tBearer a.b.c\t",
        ] {
            assert_eq!(of(&[field.as_bytes()]), Ok(Some("a.b.c".into())), "{field:?}");
        }
        assert_eq!(of(&[b"Bearer aZ09-._~+/=="]), Ok(Some("aZ09-._~+/==".into())));
    }

    #[test]
    fn bearer_without_exactly_one_token_is_malformed() {
        for field in [
            &b"Bearer"[..],
            b"Bearer ",
            b"Bearer\ta.b.c",
            b"Bearer \ta.b.c",
            b"Bearer a.b.c d",
            b"Bearer a.b.c,",
            b"Bearer a.b.c, Bearer d.e.f",
            b"Bearer a.b.c,d.e.f",
            b"Bearer,a.b.c",
            b"Bearer=a.b.c",
            b"Bearer:a.b.c",
            b"Bearer \"a.b.c\"",
            b"Bearer token=a.b.c",
            b"Bearer a=b",
            b"Bearer =",
            b"Bearer ==",
            b"Bearer a.b.c\xff",
            b"Bearer \xc3\xa9",
            b"Bearer a;b",
            b"Bearer a.b.c\tx",
            b"Bearer <a>",
            b"Bearer Bearer a.b.c",
            b"Bearer a%20b",
            b"Bearer\xff",
            b"Bearer@a",
            b"Bearer\xa0a.b.c",
            b"Bearer {\"alg\":1}",
        ] {
            assert_eq!(of(&[field]), Err(CredentialError::Malformed), "{field:?}");
        }
    }

    #[test]
    fn another_scheme_is_no_credential() {
        for field in [
            &b"Basic dTpw"[..],
            b"",
            b"Bearerx a.b.c",
            b"Bearer-a a.b.c",
            b"xBearer a",
            b"DPoP a.b.c",
            b"a.b.c",
            b"Basic \xff\xfe",
            b"Token Bearer a.b.c",
            b"Digest a=\"b\", Bearer x",
            b"\"Bearer\" x",
            b"Negotiate",
        ] {
            assert_eq!(of(&[field]), Ok(None), "{field:?}");
        }
        assert_eq!(of(&[]), Ok(None));
    }

    #[test]
    fn two_fields_are_ambiguous_whatever_they_hold() {
        for second in [&b"Bearer a.b.c"[..], b"Bearer d.e.f", b"Basic dTpw", b"", b"Bearer"] {
            assert_eq!(of(&[b"Bearer a.b.c", second]), Err(CredentialError::Ambiguous));
            assert_eq!(of(&[second, b"Bearer a.b.c"]), Err(CredentialError::Ambiguous));
        }
        assert_eq!(of(&[b"Basic a", b"Basic b"]), Err(CredentialError::Ambiguous));
    }

    #[test]
    fn a_token_does_not_show_itself() {
        assert_eq!(format!("{:?}", BearerToken::parse(b"secret").unwrap()), "BearerToken(…)");
        assert_eq!(format!("{:?}", SentToken::new(b"secret")), "SentToken(…)");
    }

    proptest! {
        #[test]
        fn any_field_is_none_malformed_or_a_token68_of_its_own_bytes(field in prop::collection::vec(0x20_u8..=0xff, 0..40)) {
            prop_assume!(!field.contains(&0x7f));
            if let Ok(Some(token)) = of(&[&field]) {
                prop_assert!(String::from_utf8(field).unwrap().trim().ends_with(&token));
                prop_assert!(token.bytes().all(|b| b.is_ascii_alphanumeric() || b"-._~+/=".contains(&b)));
            }
        }
    }
}
