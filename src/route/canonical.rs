//! The canonical form of a path (RFC 3986 §6.2.2), or a reason why it has none.
//!
//! Given is a raw path, from a request or from a pattern. In the canonical form every escape of an unreserved
//! character is decoded, every other escape is in upper case, and what is not ASCII is escaped. Characters that
//! are kept raw by some clients and escaped by others stay as they came; [`decode`] makes them equal for matching.
//!
//! Refused is whatever a server behind the gateway might resolve into another path: dot segments, empty segments,
//! backslashes, control characters, escapes that hide one of these, double escapes, and escapes that are broken or decode
//! to something that is not UTF-8. Encoded slashes and parameters (`;`) are told ([`PathData`]): they are refused unless the
//! route allows them.

use std::borrow::Cow;

use super::Ambiguous;
use super::data::{PathData, SLASH_OCTET};

/// The canonical form of `path`, borrowed where it already is canonical, as it nearly always is; and which data it holds
/// that a route must allow.
pub(super) fn canonicalise(path: &str) -> Result<(Cow<'_, str>, PathData), Ambiguous> {
    let (canonical, data) = if path.bytes().all(is_plain) {
        (Cow::Borrowed(path), PathData::default())
    } else {
        let (canonical, data) = rewrite(path)?;
        (Cow::Owned(canonical), data)
    };
    check_segments(&canonical, data)?;
    Ok((canonical, data))
}

/// The only form in which a target has this path, where it can have it at all; `*` is that of an OPTIONS request.
pub fn canonical(path: &str) -> Result<Cow<'_, str>, Ambiguous> {
    if path == "*" { Ok(Cow::Borrowed(path)) } else { canonicalise(path).map(|(canonical, _)| canonical) }
}

/// A canonical path with its escapes decoded: what patterns are compared with and captures are taken from.
///
/// Comparing the decoded form keeps `/items%3Apurge` from slipping past the route of `/items:purge`: an upstream
/// decodes before it dispatches. An encoded slash becomes [`SLASH`](super::data::SLASH), so the segments stay what they were.
pub(super) fn decode(canonical: &str) -> Cow<'_, str> {
    if !canonical.contains('%') {
        return Cow::Borrowed(canonical);
    }
    let decoded: Vec<u8> = Octets(canonical.bytes()).filter_map(Result::ok).map(Octet::decoded).collect();
    // A canonical path decodes to UTF-8; nothing is lost here.
    Cow::Owned(String::from_utf8_lossy(&decoded).into_owned())
}

fn rewrite(path: &str) -> Result<(String, PathData), Ambiguous> {
    let mut data = PathData::default();
    let mut canonical = String::with_capacity(path.len() + 16);
    let mut decoded = Vec::with_capacity(path.len());
    for octet in Octets(path.bytes()) {
        let octet = octet?;
        match octet {
            Octet::Raw(b';') => {
                data.parameters = true;
                canonical.push(';');
            }
            Octet::Escaped(b';') => return Err(Ambiguous("percent-encoded semicolon")),
            Octet::Raw(b'\\') | Octet::Escaped(b'\\') => return Err(Ambiguous("backslash")),
            Octet::Raw(b'?' | b'#') => return Err(Ambiguous("query or fragment in the path")),
            Octet::Escaped(b'.') => return Err(Ambiguous("percent-encoded dot")),
            Octet::Escaped(b'/') => {
                data.encoded_slash = true;
                push_escape(&mut canonical, b'/');
            }
            Octet::Escaped(b'#') => return Err(Ambiguous("percent-encoded number sign")),
            Octet::Raw(byte) if is_plain(byte) => canonical.push(char::from(byte)),
            Octet::Escaped(byte) if is_unreserved(byte) => canonical.push(char::from(byte)),
            Octet::Raw(byte) | Octet::Escaped(byte) => push_escape(&mut canonical, byte),
        }
        decoded.push(octet.value());
    }
    let decoded = std::str::from_utf8(&decoded).map_err(|_| Ambiguous("escapes that are not UTF-8"))?;
    // `is_control` is C0, DEL and C1, and so covers %00 too.
    if decoded.contains(char::is_control) {
        return Err(Ambiguous("control character"));
    }
    // Looked for in what is sent: `%25%32%65` becomes `%252e`, which a second decoding turns into a dot.
    if canonical.split("%25").skip(1).any(starts_with_hex_pair) {
        return Err(Ambiguous("double percent-encoding"));
    }
    Ok((canonical, data))
}

fn check_segments(path: &str, data: PathData) -> Result<(), Ambiguous> {
    let Some(segments) = path.strip_prefix('/') else {
        return Err(Ambiguous("path without a leading slash"));
    };
    let mut after_empty = false;
    for segment in segments.split(super::is_slash) {
        // Only the last segment may be empty: that is a trailing slash.
        if after_empty {
            return Err(Ambiguous("empty path segment"));
        }
        if matches!(segment, "." | "..") {
            return Err(Ambiguous("dot segment"));
        }
        data.check_segment(segment)?;
        after_empty = segment.is_empty();
    }
    Ok(())
}

/// One byte of a path, and how it was written.
#[derive(Clone, Copy)]
enum Octet {
    Raw(u8),
    Escaped(u8),
}

impl Octet {
    fn value(self) -> u8 {
        match self {
            Self::Raw(byte) | Self::Escaped(byte) => byte,
        }
    }

    fn decoded(self) -> u8 {
        match self {
            Self::Escaped(b'/') => SLASH_OCTET,
            Self::Raw(byte) | Self::Escaped(byte) => byte,
        }
    }
}

/// Reads a path byte by byte, an escape as one.
struct Octets<'a>(std::str::Bytes<'a>);

impl Iterator for Octets<'_> {
    type Item = Result<Octet, Ambiguous>;

    fn next(&mut self) -> Option<Self::Item> {
        let byte = self.0.next()?;
        if byte != b'%' {
            return Some(Ok(Octet::Raw(byte)));
        }
        let escaped = (|| Some(nibble(self.0.next()?)? << 4 | nibble(self.0.next()?)?))();
        Some(escaped.map(Octet::Escaped).ok_or(Ambiguous("invalid percent-encoding")))
    }
}

/// What may stand raw in a canonical path. More than RFC 3986 allows (`|`, `"` and their like), because clients
/// send it and no upstream takes it for a separator.
const fn is_plain(byte: u8) -> bool {
    byte.is_ascii_graphic() && !matches!(byte, b'%' | b';' | b'\\' | b'?' | b'#')
}

/// The unreserved characters of RFC 3986 §2.3 but for the dot, whose escape is refused.
pub(super) const fn is_unreserved(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'~')
}

fn starts_with_hex_pair(text: &str) -> bool {
    let mut bytes = text.bytes();
    [bytes.next(), bytes.next()].iter().all(|byte| byte.is_some_and(|byte| byte.is_ascii_hexdigit()))
}

fn nibble(digit: u8) -> Option<u8> {
    match digit {
        b'0'..=b'9' => Some(digit - b'0'),
        b'a'..=b'f' => Some(digit - b'a' + 10),
        b'A'..=b'F' => Some(digit - b'A' + 10),
        _ => None,
    }
}

pub(super) fn push_escape(text: &mut String, byte: u8) {
    let digit = |nibble: u8| char::from(if nibble < 10 { b'0' + nibble } else { b'A' + nibble - 10 });
    text.extend(['%', digit(byte >> 4), digit(byte & 0xF)]);
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::route::data::SLASH;

    #[test]
    fn canonical_paths_are_borrowed() {
        for path in
            ["/", "/a", "/a/", "/a/b.c/..d/.e/f../...", "/~a-b_c", "/a:b@c!$&'()*+,=d", "/a|b\"{c}[d]"]
        {
            assert!(
                matches!(canonicalise(path), Ok((Cow::Borrowed(same), data)) if same == path && data == PathData::default()),
                "{path}"
            );
        }
    }

    #[test]
    fn other_spellings_become_canonical() {
        for (path, canonical) in [
            ("/%61%5A%30%7e%2D%5f", "/aZ0~-_"),
            ("/a%3ab%40", "/a%3Ab%40"),
            ("/%3F", "/%3F"),
            ("/caf\u{e9}", "/caf%C3%A9"),
            ("/caf%c3%a9", "/caf%C3%A9"),
            ("/a%20b", "/a%20b"),
            ("/100%25", "/100%25"),
            ("/100%25/a", "/100%25/a"),
            ("/%25g0", "/%25g0"),
            ("/%257", "/%257"),
        ] {
            assert_eq!(canonicalise(path).unwrap(), (canonical.into(), PathData::default()));
        }
    }

    #[test]
    fn ambiguous_paths_are_refused() {
        for (path, why) in [
            ("", "path without a leading slash"),
            ("a", "path without a leading slash"),
            ("*", "path without a leading slash"),
            ("/.", "dot segment"),
            ("/..", "dot segment"),
            ("/a/./b", "dot segment"),
            ("/a/../b", "dot segment"),
            ("/a/..", "dot segment"),
            ("/a/../", "dot segment"),
            ("//", "empty path segment"),
            ("//a", "empty path segment"),
            ("/a//", "empty path segment"),
            ("/a//b", "empty path segment"),
            ("/a\\b", "backslash"),
            ("/a%5cb", "backslash"),
            ("/a%5Cb", "backslash"),
            ("/a%3bb", "percent-encoded semicolon"),
            ("/a%3Bb", "percent-encoded semicolon"),
            ("/a/;b", "path parameter of an empty segment"),
            ("/;/a", "path parameter of an empty segment"),
            ("/..;/a", "dot segment"),
            ("/a/.;x=1/b", "dot segment"),
            ("/a/..%2Fb", "dot segment"),
            ("/a%2F..", "dot segment"),
            ("/a%2f.%2fb", "dot segment"),
            ("/a;b%2f..;c%2Fd", "dot segment"),
            ("/a%2f;b", "path parameter of an empty segment"),
            ("/%2e%2e/a", "percent-encoded dot"),
            ("/.%2E/a", "percent-encoded dot"),
            ("/a%23b", "percent-encoded number sign"),
            ("/a#b", "query or fragment in the path"),
            ("/a?b", "query or fragment in the path"),
            ("/%00", "control character"),
            ("/\0", "control character"),
            ("/a\tb", "control character"),
            ("/%0d%0aX", "control character"),
            ("/%1f", "control character"),
            ("/\u{7f}", "control character"),
            ("/%7F", "control character"),
            ("/%c2%85", "control character"),
            ("/\u{85}", "control character"),
            ("/%252e", "double percent-encoding"),
            ("/%25%32%65", "double percent-encoding"),
            ("/%25%32e", "double percent-encoding"),
            ("/%252%65", "double percent-encoding"),
            ("/%2525", "double percent-encoding"),
            ("/%25%2541", "double percent-encoding"),
            ("/%", "invalid percent-encoding"),
            ("/%4", "invalid percent-encoding"),
            ("/%4/1", "invalid percent-encoding"),
            ("/%zz", "invalid percent-encoding"),
            ("/%u002f", "invalid percent-encoding"),
            ("/%%32%65", "invalid percent-encoding"),
            ("/%+1", "invalid percent-encoding"),
            ("/%ff", "escapes that are not UTF-8"),
            ("/%c0%af", "escapes that are not UTF-8"),
            ("/%e0%80%af", "escapes that are not UTF-8"),
            ("/%ed%a0%80", "escapes that are not UTF-8"),
            ("/%c3/%a9", "escapes that are not UTF-8"),
            ("/%c3\u{e9}", "escapes that are not UTF-8"),
        ] {
            assert_eq!(canonicalise(path).map_err(|Ambiguous(why)| why), Err(why), "{path:?}");
        }
    }

    #[test]
    fn data_is_told_and_stays_in_its_segment() {
        let (slash, parameters) = (
            PathData { encoded_slash: true, parameters: false },
            PathData { encoded_slash: false, parameters: true },
        );
        let both = PathData { encoded_slash: true, parameters: true };
        for (path, canonical, data, decoded) in [
            ("/a%2fb", "/a%2Fb", slash, "/a\0b"),
            ("/a%2Fb%2f/c", "/a%2Fb%2F/c", slash, "/a\0b\0/c"),
            ("/%2F%2fa", "/%2F%2Fa", slash, "/\0\0a"),
            ("/a;b=1;c/%64", "/a;b=1;c/d", parameters, "/a;b=1;c/d"),
            ("/a;b%2Fc", "/a;b%2Fc", both, "/a;b\0c"),
            ("/...;..%2f...", "/...;..%2F...", both, "/...;..\0..."),
        ] {
            assert_eq!(canonicalise(path).unwrap(), (canonical.into(), data), "{path}");
            assert_eq!(decode(canonical), decoded, "{path}");
        }
        for (held, allowed, why) in [
            (PathData::default(), PathData::default(), None),
            (both, both, None),
            (slash, both, None),
            (both, slash, Some("path parameter (semicolon)")),
            (both, parameters, Some("percent-encoded slash")),
            (slash, parameters, Some("percent-encoded slash")),
            (parameters, PathData::default(), Some("path parameter (semicolon)")),
        ] {
            assert_eq!(held.within(allowed).err().map(Ambiguous::why), why, "{held:?} {allowed:?}");
        }
    }

    #[test]
    fn decoding_leaves_the_segments_alone() {
        assert_eq!(decode("/a%3Ab/caf%C3%A9/100%25"), "/a:b/caf\u{e9}/100%");
        assert!(matches!(decode("/a:b"), Cow::Borrowed("/a:b")));
    }

    /// Paths made of what matters here, so that most of them are interesting.
    fn spellings() -> impl Strategy<Value = String> {
        let piece = prop_oneof![
            Just("/".to_owned()),
            "[a-z.:@;%\\\\~|]",
            "%[0-9a-fA-F]{2}",
            "%2[5ef]|%3[ab]|%5c|%c3%a9|%[46]1|%25",
            any::<char>().prop_map(String::from),
        ];
        proptest::collection::vec(piece, 0..12).prop_map(|pieces| format!("/{}", pieces.concat()))
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(4096))]

        #[test]
        fn canonical_means_canonical(path in spellings()) {
            if let Ok((canonical, data)) = canonicalise(&path) {
                prop_assert_eq!(canonicalise(&canonical).unwrap(), (canonical.clone(), data));
                prop_assert_eq!(canonical.contains("%2F"), data.encoded_slash);
                prop_assert_eq!(canonical.contains(';'), data.parameters);
                prop_assert!(canonical.is_ascii());
                prop_assert!(!canonical.contains("//"));
                let decoded = decode(&canonical);
                prop_assert!(!decoded.contains(|c: char| c.is_control() && c != SLASH));
                prop_assert!(!decoded.contains(['\\', '#']));
                prop_assert_eq!(decoded.contains(SLASH), data.encoded_slash);
                prop_assert_eq!(decoded.matches('/').count(), path.matches('/').count());
                // Neither as sent nor decoded is there a dot segment, and there is nothing left to decode.
                for text in [&*canonical, &*decoded, &*decoded.replace(SLASH, "/")] {
                    let cut = |segment: &str| segment.split(';').next().unwrap_or_default().to_owned();
                    prop_assert!(!text.split('/').map(cut).any(|cut| cut == "." || cut == ".."), "{}", text);
                    prop_assert!(!text.split('/').any(|segment| matches!(segment, "." | "..")), "{}", text);
                }
                prop_assert!(!decoded.split('%').skip(1).any(starts_with_hex_pair), "{}", decoded);
            }
        }

        #[test]
        fn any_text_is_answered(path in any::<String>()) {
            let slashed = format!("/{path}");
            for path in [&path, &slashed] {
                if let Ok((canonical, _)) = canonicalise(path) {
                    prop_assert!(canonical.starts_with('/'));
                }
            }
        }
    }
}
