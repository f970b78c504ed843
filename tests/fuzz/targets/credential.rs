//! The fields that may hold a credential: one Authorization field a line.

#![no_main]

use http::header::AUTHORIZATION;
use http::{HeaderMap, HeaderValue};
use jwtgate::authn::{BearerToken, CredentialError, credential};
use jwtgate_fuzz::verify;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|input: &[u8]| {
    let mut headers = HeaderMap::new();
    let mut fields = Vec::new();
    for line in input.split(|&byte| byte == b'\n').take(4) {
        let Ok(value) = HeaderValue::from_bytes(line) else { return };
        headers.append(AUTHORIZATION, value);
        fields.push(line);
    }
    match (credential(&headers), expected(&fields)) {
        (Ok(None), Ok(None)) => {}
        (Ok(Some(token)), Ok(Some(text))) => {
            // the text of a token is not shown; that it is this one shows in what becomes of it
            let expected = BearerToken::parse(text).expect("a token68");
            assert_eq!(
                verify(token).map(|caller| caller.claims().clone()),
                verify(expected).map(|caller| caller.claims().clone())
            );
        }
        (Err(found), Err(expected)) => assert_eq!(found, expected),
        (found, expected) => panic!("{found:?}, not {expected:?}"),
    }
});

/// RFC 9110 §11.4 and RFC 6750 §2.1 again, in another way.
fn expected<'a>(fields: &[&'a [u8]]) -> Result<Option<&'a [u8]>, CredentialError> {
    let field = match fields {
        [] => return Ok(None),
        [field] => *field,
        _ => return Err(CredentialError::Ambiguous),
    };
    let blank = |byte: &u8| matches!(byte, b' ' | b'\t');
    let start = field.iter().position(|byte| !blank(byte)).unwrap_or(field.len());
    let end = field.iter().rposition(|byte| !blank(byte)).map_or(start, |last| last + 1);
    let field = &field[start..end];
    let is_tchar = |byte: u8| byte.is_ascii_graphic() && !br#""(),/:;<=>?@[\]{}"#.contains(&byte);
    let scheme = field.iter().take_while(|&&byte| is_tchar(byte)).count();
    if !field[..scheme].eq_ignore_ascii_case(b"bearer") {
        return Ok(None);
    }
    let rest = &field[scheme..];
    let token = &rest[rest.iter().take_while(|&&byte| byte == b' ').count()..];
    let text = String::from_utf8_lossy(token);
    let body = text.trim_end_matches('=');
    let is_token68 =
        !body.is_empty() && body.chars().all(|c| c.is_ascii_alphanumeric() || "-._~+/".contains(c));
    if rest.first() == Some(&b' ') && is_token68 { Ok(Some(token)) } else { Err(CredentialError::Malformed) }
}
