//! The places that may hold a credential: a line each, what follows its first byte. `A` is an Authorization field, `C` a
//! Cookie field, `H` a field of its own, `Q` the next part of the query; any other byte begins an Authorization field.

#![no_main]

use std::sync::LazyLock;

use http::header::{AUTHORIZATION, COOKIE};
use http::{HeaderMap, HeaderName, HeaderValue};
use jwtgate::authn::{CookieName, CredentialError, Credentials, ParameterName, Place, SentToken};
use jwtgate_fuzz::verify;
use libfuzzer_sys::fuzz_target;

static COOKIE_NAME: LazyLock<CookieName> = LazyLock::new(|| CookieName::parse("t").expect("a name"));
static PARAMETER: LazyLock<ParameterName> = LazyLock::new(|| ParameterName::parse("t").expect("a name"));
static PLACES: LazyLock<Credentials> = LazyLock::new(|| {
    Credentials::new(vec![
        Place::Authorization,
        Place::Cookie(COOKIE_NAME.clone()),
        Place::Header(HeaderName::from_static("x-t")),
        Place::Query(PARAMETER.clone()),
    ])
});

/// What a place holds: nothing, a token, or something else.
type Held<'a> = Result<Option<&'a [u8]>, CredentialError>;

fuzz_target!(|input: &[u8]| {
    let mut headers = HeaderMap::new();
    let (mut fields, mut cookies, mut held, mut query) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
    for line in input.split(|&byte| byte == b'\n').take(6) {
        let (kind, text) = match line {
            [kind @ (b'C' | b'H' | b'Q' | b'A'), text @ ..] => (*kind, text),
            text => (b'A', text),
        };
        if kind == b'Q' {
            let Ok(text) = str::from_utf8(text) else { return };
            query.push(text);
            continue;
        }
        let Ok(value) = HeaderValue::from_bytes(text) else { return };
        let name = match kind {
            b'C' => {
                cookies.push(text);
                COOKIE
            }
            b'H' => {
                held.push(bare(blank(text)));
                HeaderName::from_static("x-t")
            }
            _ => {
                fields.push(text);
                AUTHORIZATION
            }
        };
        headers.append(name, value);
    }
    let query = query.join("&");
    held.extend(fields.first().map(|field| bearer(field)));
    held.extend(cookies.iter().flat_map(|field| cookie(field)).map(bare));
    held.extend(parameter(&query).into_iter().map(|value| bare(value.as_bytes())));
    held.retain(|one| *one != Ok(None));
    let expected = match held.as_slice() {
        _ if fields.len() > 1 => Err(CredentialError::Ambiguous),
        [] => Ok(None),
        [one] => *one,
        _ => Err(CredentialError::Ambiguous),
    };
    let found = PLACES.find(&headers, Some(&query));
    let found = found.and_then(|found| match found {
        Some(credential) => credential.token().map(|_| Some(credential)),
        None => Ok(None),
    });
    match (found, expected) {
        (Ok(None), Ok(None)) => {}
        (Ok(Some(found)), Ok(Some(text))) => {
            // the text of a token is not shown; that it is this one shows in what becomes of it
            assert_eq!(
                verify(found.sent()).map(|caller| caller.claims().to_map()),
                verify(SentToken::new(text)).map(|caller| caller.claims().to_map())
            );
        }
        (Err(found), Err(expected)) => assert_eq!(found, expected),
        (found, expected) => panic!("{found:?}, not {expected:?}"),
    }

    // nothing of a credential is left, and what is left was there
    for field in cookies {
        if let Some(rest) = CookieName::remove(field, std::slice::from_ref(&*COOKIE_NAME), |_| false) {
            assert!(cookie(&rest).is_empty() && rest.len() < field.len());
            assert!(rest.split(|&byte| byte == b';').all(|pair| contains(field, pair)));
        }
    }
    if let Some(rest) = ParameterName::remove(&query, std::slice::from_ref(&*PARAMETER), |_| false) {
        assert!(parameter(&rest).is_empty() && rest.len() < query.len());
        let mut left = rest.split(['&', ';']).peekable();
        for part in query.split(['&', ';']) {
            // a part stays where it stood, or is one of ours; an empty one at either end may go with it
            if left.next_if_eq(&part).is_none() {
                assert!(part.is_empty() || may_be_ours(part), "{query} {rest}");
            }
        }
        assert!(left.all(str::is_empty), "{query} {rest}");
    }
});

/// RFC 9110 §11.4 and RFC 6750 §2.1 again, in another way.
fn bearer(field: &[u8]) -> Held<'_> {
    let field = blank(field);
    let is_tchar = |byte: u8| byte.is_ascii_graphic() && !br#""(),/:;<=>?@[\]{}"#.contains(&byte);
    let scheme = field.iter().take_while(|&&byte| is_tchar(byte)).count();
    if !field[..scheme].eq_ignore_ascii_case(b"bearer") {
        return Ok(None);
    }
    let rest = &field[scheme..];
    let token = &rest[rest.iter().take_while(|&&byte| byte == b' ').count()..];
    if rest.first() == Some(&b' ') { bare(token) } else { Err(CredentialError::Malformed) }
}

fn bare(token: &[u8]) -> Held<'_> {
    let text = String::from_utf8_lossy(token);
    let body = text.trim_end_matches('=');
    let is_token68 =
        !body.is_empty() && body.chars().all(|c| c.is_ascii_alphanumeric() || "-._~+/".contains(c));
    if is_token68 { Ok(Some(token)) } else { Err(CredentialError::Malformed) }
}

fn blank(text: &[u8]) -> &[u8] {
    let is_blank = |byte: &u8| matches!(byte, b' ' | b'\t');
    let start = text.iter().position(|byte| !is_blank(byte)).unwrap_or(text.len());
    let end = text.iter().rposition(|byte| !is_blank(byte)).map_or(start, |last| last + 1);
    &text[start..end]
}

/// RFC 6265 §5.4: the values of the cookie `t`.
fn cookie(field: &[u8]) -> Vec<&[u8]> {
    let pairs = field.split(|&byte| byte == b';');
    let named = pairs.filter_map(|pair| {
        let mut halves = pair.splitn(2, |&byte| byte == b'=');
        (blank(halves.next()?) == b"t").then_some(blank(halves.next()?))
    });
    named
        .map(|value| match value {
            [b'"', value @ .., b'"'] => value,
            value => value,
        })
        .collect()
}

/// The values of the parameter `t`, which may be written `%74`.
fn parameter(query: &str) -> Vec<&str> {
    let parts = query.split(['&', ';']).map(|part| part.split_once('=').unwrap_or((part, "")));
    parts.filter(|(name, _)| matches!(*name, "t" | "%74")).map(|(_, value)| value).collect()
}

/// What every spelling of the parameter `t` has in its name.
fn may_be_ours(part: &str) -> bool {
    let name = part.split('=').next().unwrap_or_default();
    ["t", "T", "%74", "%54"].iter().any(|letter| name.contains(letter))
}

fn contains(whole: &[u8], part: &[u8]) -> bool {
    part.is_empty() || whole.windows(part.len()).any(|window| window == part)
}
