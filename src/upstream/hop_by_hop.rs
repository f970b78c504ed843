//! What belongs to one connection and must not cross a proxy (RFC 9110 §7.6.1).
//!
//! Given the headers of a message it tells which of them are hop-by-hop: those that are by definition, and those
//! that the sender names in `Connection`. It refuses a `Connection` with more names than any sender has a use for.

use http::HeaderMap;
use http::header::{self, HeaderName};

use crate::field::{Field, has, only};

/// What the `Connection` fields of a message say.
#[derive(Debug, Default)]
pub(super) struct ConnectionOptions<'a> {
    /// Only names beyond the usual options, so that the common case allocates nothing.
    names: Vec<&'a [u8]>,
    upgrade: bool,
}

impl<'a> ConnectionOptions<'a> {
    /// `None` when there are too many of them.
    pub(super) fn parse(headers: &'a HeaderMap) -> Option<Self> {
        let mut options = Self::default();
        if !has(headers, &header::CONNECTION) {
            return Some(options);
        }
        for value in headers.get_all(header::CONNECTION) {
            for option in value.as_bytes().split(|&byte| byte == b',') {
                let option = option.trim_ascii();
                if option.eq_ignore_ascii_case(b"upgrade") {
                    options.upgrade = true;
                } else if !USUAL.iter().any(|usual| option.eq_ignore_ascii_case(usual)) {
                    if options.names.len() == MAX_NAMES {
                        return None;
                    }
                    options.names.push(option);
                }
            }
        }
        Some(options)
    }

    /// Whether the field is named, and so goes no further than this connection.
    pub(super) fn name(&self, field: &HeaderName) -> bool {
        self.names.iter().any(|name| name.eq_ignore_ascii_case(field.as_str().as_bytes()))
    }

    /// Whether the connection is to be upgraded.
    pub(super) fn upgrade(&self) -> bool {
        self.upgrade
    }
}

/// Whether the field is hop-by-hop by definition, in requests and in answers. `Trailer` is not: hyper sends no
/// trailers that it does not announce.
pub(super) fn is_hop_by_hop(field: &HeaderName) -> bool {
    matches!(
        field.as_str(),
        "connection"
            | "keep-alive"
            | "te"
            | "transfer-encoding"
            | "upgrade"
            | "proxy-connection"
            | "proxy-authenticate"
            | "proxy-authentication-info"
            | "proxy-authorization"
            | "http2-settings"
    )
}

/// Removes from an answer what was meant for us alone, and leaves exactly one way to tell where its body ends.
/// `Err` says why the answer cannot be passed on.
pub(super) fn strip_answer(headers: &mut HeaderMap) -> Result<(), &'static str> {
    // Most answers have none of them, no transfer coding either, and then no options that would name others.
    if !headers.keys().any(is_hop_by_hop) {
        return one_length(headers);
    }
    match only(headers, &header::TRANSFER_ENCODING) {
        Field::Absent => one_length(headers)?,
        // hyper has decoded it and took it over any Content-Length, which must not reach the client then
        // (RFC 9112 §6.3): it would be believed.
        Field::One(coding) if coding.as_bytes().eq_ignore_ascii_case(b"chunked") => {
            headers.remove(header::CONTENT_LENGTH);
        }
        Field::One(_) | Field::Several => return Err("transfer coding other than chunked"),
    }
    let options = ConnectionOptions::parse(headers).ok_or("too many connection options")?;
    let gone: Vec<HeaderName> =
        headers.keys().filter(|field| is_hop_by_hop(field) || options.name(field)).cloned().collect();
    for field in gone {
        headers.remove(field);
    }
    Ok(())
}

/// One length in decimal, also where it came several times or as a list (RFC 9110 §8.6): a reader of the next hop might take
/// the first, the last or none of them. What is no length is refused, also where no body follows.
fn one_length(headers: &mut HeaderMap) -> Result<(), &'static str> {
    let mut fields = headers.get_all(header::CONTENT_LENGTH).iter();
    let Some(first) = fields.next() else { return Ok(()) };
    let length = length(first.as_bytes())?;
    let is_list = first.as_bytes().contains(&b',');
    let mut several = false;
    for field in fields {
        if self::length(field.as_bytes())? != length {
            return Err("several lengths");
        }
        several = true;
    }
    if is_list || several {
        headers.insert(header::CONTENT_LENGTH, length.into());
    }
    Ok(())
}

/// The one number that a field or a list of equal numbers says.
fn length(field: &[u8]) -> Result<u64, &'static str> {
    let mut numbers = field.split(|&byte| byte == b',').map(number);
    let first = numbers.next().flatten().ok_or("malformed length")?;
    for number in numbers {
        if number.ok_or("malformed length")? != first {
            return Err("several lengths");
        }
    }
    Ok(first)
}

/// Digits alone (RFC 9110 §8.6).
fn number(text: &[u8]) -> Option<u64> {
    let text = text.trim_ascii();
    if text.is_empty() || !text.iter().all(u8::is_ascii_digit) {
        return None;
    }
    str::from_utf8(text).ok()?.parse().ok()
}

const USUAL: [&[u8]; 4] = [b"", b"keep-alive", b"close", b"te"];
const MAX_NAMES: usize = 64;

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::*;

    fn headers(fields: &[(&str, &str)]) -> HeaderMap {
        fields
            .iter()
            .map(|(name, value)| (name.parse::<HeaderName>().unwrap(), value.parse::<HeaderValue>().unwrap()))
            .collect()
    }

    #[test]
    fn options_are_found_in_any_case_and_any_field() {
        let mut all = headers(&[("connection", "Keep-Alive, X-One ,,")]);
        all.append("connection", HeaderValue::from_static("UPGRADE,x-TWO"));
        let options = ConnectionOptions::parse(&all).unwrap();
        assert!(options.upgrade());
        assert!(options.name(&HeaderName::from_static("x-one")));
        assert!(options.name(&HeaderName::from_static("x-two")));
        assert!(!options.name(&HeaderName::from_static("x-three")));
    }

    #[test]
    fn a_flood_of_options_is_refused() {
        let many = "x,".repeat(MAX_NAMES + 1);
        assert!(ConnectionOptions::parse(&headers(&[("connection", &many)])).is_none());
    }

    #[test]
    fn an_answer_keeps_what_is_end_to_end() {
        let mut answer = headers(&[
            ("connection", "x-private, close"),
            ("x-private", "1"),
            ("keep-alive", "timeout=5"),
            ("proxy-authenticate", "Basic"),
            ("upgrade", "h2c"),
            ("alt-svc", "h3"),
            ("server", "s"),
            ("trailer", "x-sum"),
        ]);
        strip_answer(&mut answer).unwrap();
        let mut left: Vec<&str> = answer.keys().map(HeaderName::as_str).collect();
        left.sort_unstable();
        assert_eq!(left, ["alt-svc", "server", "trailer"]);
    }

    #[test]
    fn an_answer_has_one_framing() {
        let mut both = headers(&[("transfer-encoding", "Chunked"), ("content-length", "5")]);
        strip_answer(&mut both).unwrap();
        assert!(both.is_empty());
        let mut twice = headers(&[("content-length", "5"), ("content-length", "5")]);
        strip_answer(&mut twice).unwrap();
        assert_eq!(twice.get_all("content-length").iter().count(), 1);
        for (fields, expected) in [
            (&["5"][..], Some("5")),
            (&["5, 5"], Some("5")),
            (&["5,5 ,\t5"], Some("5")),
            (&["5, 5", "5"], Some("5")),
            (&["05"], Some("05")),
            (&["5, 05"], Some("5")),
            (&["5, 6"], None),
            (&["5", "5, 6"], None),
            (&["5,"], None),
            (&[""], None),
            (&["+5"], None),
            (&["5 5"], None),
            (&["0x5"], None),
            (&["99999999999999999999"], None),
        ] {
            let mut all = HeaderMap::new();
            for field in fields {
                all.append("content-length", HeaderValue::from_static(field));
            }
            let stripped = strip_answer(&mut all);
            assert_eq!(stripped.is_ok(), expected.is_some(), "{fields:?}");
            if let Some(expected) = expected {
                let left: Vec<_> = all.get_all("content-length").iter().collect();
                assert_eq!(left, [expected], "{fields:?}");
            }
        }
        assert!(strip_answer(&mut headers(&[("transfer-encoding", "gzip, chunked")])).is_err());
        assert!(strip_answer(&mut headers(&[("content-length", "5"), ("content-length", "6")])).is_err());
    }
}
