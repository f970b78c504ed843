//! Which paths a route is for.
//!
//! Given is a pattern as an operator writes it: literal segments, `{name}` for one whole segment, `**` at the end
//! for everything below. Literals are made canonical like the path of a request and then decoded, so that `é`,
//! `%C3%A9` and `%c3%a9` are one. Refused is a pattern that no request could ever match: a rule that can never
//! apply would leave its requests to the rules after it.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::{canonical, meant};

/// The paths that a route is for; one trailing slash makes no difference.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PathPattern {
    pub(super) shape: Shape,
    pub(super) names: Arc<[Arc<str>]>,
}

/// A path pattern without the names of its captures: equal shapes match the same paths.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) struct Shape {
    pub(super) segments: Vec<Segment>,
    /// Whether it ends in `**`.
    pub(super) open: bool,
}

impl Shape {
    /// The segments of a path of this length that both match, with `any` where neither asks for one; none if there is none.
    pub(super) fn shared<'s>(&'s self, other: &'s Self, length: usize, any: &'s str) -> Option<Vec<&'s str>> {
        let reaches = |shape: &Self| shape.segments.len() == length || shape.open;
        if !reaches(self) || !reaches(other) {
            return None;
        }
        let segment = |place: usize| match (self.segments.get(place), other.segments.get(place)) {
            (Some(Segment::Literal(one)), Some(Segment::Literal(other))) if one != other => None,
            (Some(Segment::Literal(text)), _) | (_, Some(Segment::Literal(text))) => Some(&**text),
            (Some(Segment::Capture) | None, Some(Segment::Capture) | None) => Some(any),
        };
        (0..length).map(segment).collect()
    }
}

/// One segment of a pattern.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) enum Segment {
    /// This text, decoded.
    Literal(Box<str>),
    /// Any one segment.
    Capture,
}

impl PathPattern {
    /// A path pattern: `/orders`, `/orders/{id}`, `/admin/**`, `/**`.
    pub fn parse(text: &str) -> Result<Self, PathPatternError> {
        Self::read(text).map_err(|error| meant::instead(text, error))
    }

    pub(super) fn read(text: &str) -> Result<Self, PathPatternError> {
        let Some(path) = text.strip_prefix('/') else {
            return Err(PathPatternError::Relative(text.to_owned()));
        };
        let path = path.strip_suffix('/').unwrap_or(path);
        let (path, open) = match path.strip_suffix("**") {
            Some("") => ("", true),
            Some(before) => before.strip_suffix('/').map_or((path, false), |before| (before, true)),
            None => (path, false),
        };
        let mut segments = Vec::new();
        let mut names: Vec<Arc<str>> = Vec::new();
        // `/` and `/**` have no segment; `//` and `//**` have an empty one.
        for segment in path.split('/').filter(|_| text != "/" && text != "/**" && text != "/**/") {
            if segments.len() == MAX_SEGMENTS {
                return Err(PathPatternError::TooDeep);
            }
            match parse_capture(segment)? {
                None => segments.push(parse_literal(segment)?),
                Some(name) if names.iter().any(|known| **known == *name) => {
                    return Err(PathPatternError::DuplicateCapture(name.to_owned()));
                }
                Some(name) => {
                    names.push(name.into());
                    segments.push(Segment::Capture);
                }
            }
        }
        Ok(Self { shape: Shape { segments, open }, names: names.into() })
    }

    /// The names of the captures, in the order of the path.
    pub fn captures(&self) -> impl Iterator<Item = &str> {
        self.names.iter().map(|name| &**name)
    }

    /// Whether it is for the very same paths, whatever their captures are called.
    pub fn matches_the_same(&self, other: &Self) -> bool {
        self.shape == other.shape
    }

    /// Which segment each capture is, by its name.
    pub fn places(&self) -> BTreeMap<&str, usize> {
        let segments = self.shape.segments.iter().enumerate();
        let captures = segments.filter(|(_, segment)| **segment == Segment::Capture);
        self.captures().zip(captures.map(|(place, _)| place)).collect()
    }
}

/// Why a text is no path pattern.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PathPatternError {
    /// Does not start with a slash.
    #[error("the path `{0}` does not start with a slash; write `/{0}`")]
    Relative(String),
    /// Neither does it become a path with one.
    #[error("the path `{0}` does not start with a slash; write a path like `/orders/{{id}}` or `/admin/**`")]
    NoPath(String),
    /// An address with its scheme and host; with what to write.
    #[error("the path is a whole address; {0}")]
    Address(String),
    /// A regular expression; with what to write.
    #[error("paths are templates and no regular expressions; {0}")]
    Expression(String),
    /// `*` as a segment; with what to write.
    #[error("`*` is no segment; {0}")]
    Star(String),
    /// Two slashes in a row.
    #[error("the path has an empty segment, and requests with `//` are refused; write one slash")]
    EmptySegment,
    /// `**` elsewhere than last.
    #[error(
        "`**` stands for the rest of a path and so only comes last; write `{{name}}` for one segment in the middle"
    )]
    RestNotLast,
    /// A `*` that is neither `**` nor escaped.
    #[error(
        "`{0}` has a `*` in an odd place; write `{{name}}` for one whole segment, a last `/**` for all below, or `%2A` for the character"
    )]
    Wildcard(String),
    /// A brace that neither opens nor closes a segment.
    #[error(
        "`{0}` has a brace in an odd place; a capture is a whole segment like `{{name}}`, and the characters are `%7B` and `%7D`"
    )]
    Brace(String),
    /// `{}`.
    #[error("`{{}}` has no name; write one, like `{{id}}`")]
    UnnamedCapture,
    /// A name that is no identifier.
    #[error("`{0}` cannot name a capture; use letters, digits, `_` and `-`, with a letter or `_` first")]
    CaptureName(String),
    /// `{name:expression}`, as others have it.
    #[error("`{{{0}:…}}` has an expression, and a capture takes any text; write `{{{0}}}`")]
    CaptureExpression(String),
    /// One name twice.
    #[error("`{{{0}}}` is there twice; give every capture its own name")]
    DuplicateCapture(String),
    /// A literal that no request can carry.
    #[error(
        "no request with `{segment}` in its path is let through ({why}); write the path as clients send it"
    )]
    Unreachable {
        /// The literal as written.
        segment: String,
        /// Why such a request is refused.
        why: &'static str,
    },
    /// More than 64 segments.
    #[error("the path has more than {MAX_SEGMENTS} segments; end it with `/**` before")]
    TooDeep,
}

/// Bounds the depth of the trie, which is walked and dropped recursively.
const MAX_SEGMENTS: usize = 64;

/// The name in `{name}`; `None` where the segment is a literal.
fn parse_capture(segment: &str) -> Result<Option<&str>, PathPatternError> {
    if !segment.contains(['{', '}']) {
        return Ok(None);
    }
    let name = segment.strip_prefix('{').and_then(|rest| rest.strip_suffix('}'));
    match name {
        None => Err(PathPatternError::Brace(segment.to_owned())),
        Some("") => Err(PathPatternError::UnnamedCapture),
        Some(name) if name.contains(['{', '}']) => Err(PathPatternError::Brace(segment.to_owned())),
        Some(name)
            if let Some((name, _)) = name.split_once(':')
                && is_name(name) =>
        {
            Err(PathPatternError::CaptureExpression(name.to_owned()))
        }
        Some(name) if !is_name(name) => Err(PathPatternError::CaptureName(name.to_owned())),
        Some(name) => Ok(Some(name)),
    }
}

fn is_name(name: &str) -> bool {
    name.starts_with(|first: char| first.is_ascii_alphabetic() || first == '_')
        && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-'))
}

fn parse_literal(segment: &str) -> Result<Segment, PathPatternError> {
    match segment {
        "" => return Err(PathPatternError::EmptySegment),
        "**" => return Err(PathPatternError::RestNotLast),
        _ if segment.contains('*') => return Err(PathPatternError::Wildcard(segment.to_owned())),
        _ => {}
    }
    let path = format!("/{segment}");
    let unreachable = |why| PathPatternError::Unreachable { segment: segment.to_owned(), why };
    let (canonical, data) =
        canonical::canonicalise(&path).map_err(|ambiguous| unreachable(ambiguous.why()))?;
    // Data is what a literal never holds: a route that allows it captures it.
    if data.encoded_slash {
        return Err(unreachable("percent-encoded slash: only a capture or `**` takes it, with `path.allow`"));
    }
    if data.parameters {
        return Err(unreachable("path parameter: only a capture or `**` takes it, with `path.allow`"));
    }
    let decoded = canonical::decode(&canonical);
    Ok(Segment::Literal(decoded.trim_start_matches('/').into()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shape(text: &str) -> (Vec<Segment>, bool) {
        let Shape { segments, open } = PathPattern::parse(text).unwrap().shape;
        (segments, open)
    }

    fn literal(text: &str) -> Segment {
        Segment::Literal(text.into())
    }

    #[test]
    fn patterns_have_a_shape() {
        assert_eq!(shape("/"), (vec![], false));
        assert_eq!(shape("/**"), (vec![], true));
        assert_eq!(shape("/**/"), (vec![], true));
        assert_eq!(shape("/a"), (vec![literal("a")], false));
        assert_eq!(shape("/a/"), shape("/a"));
        assert_eq!(shape("/a/**"), (vec![literal("a")], true));
        assert_eq!(shape("/a/{id}/b"), (vec![literal("a"), Segment::Capture, literal("b")], false));
        assert_eq!(shape("/{a}/x"), shape("/{b}/x"));
        let pattern = PathPattern::parse("/{tenant}/orders/{order-id}").unwrap();
        assert_eq!(pattern.captures().collect::<Vec<_>>(), ["tenant", "order-id"]);
    }

    #[test]
    fn spellings_of_a_literal_are_one() {
        assert_eq!(shape("/caf\u{e9}"), shape("/caf%c3%a9"));
        assert_eq!(shape("/%7Euser"), shape("/~user"));
        assert_eq!(shape("/a%3Ab"), shape("/a:b"));
        assert_eq!(shape("/a%20b"), shape("/a b"));
        assert_eq!(shape("/%7Bid%7D"), (vec![literal("{id}")], false));
        assert_eq!(shape("/%2A%2a"), (vec![literal("**")], false));
        assert_ne!(shape("/A"), shape("/a"));
    }

    #[test]
    fn mistakes_say_what_would_be_right() {
        for (text, part) in [
            ("", "write `/`"),
            ("orders", "write `/orders`"),
            ("**", "write `/**`"),
            ("//", "write one slash"),
            ("/a//b", "write one slash"),
            ("/a//", "write one slash"),
            ("//**", "write one slash"),
            ("/a//**", "write one slash"),
            ("/**/a", "only comes last"),
            ("/**/**", "only comes last"),
            ("/a/**/{id}", "only comes last"),
            ("/a**", "`a**` has a `*` in an odd place"),
            ("/***", "`***` has a `*` in an odd place"),
            ("/{id}**", "brace in an odd place"),
            ("/a{id}", "a whole segment like `{name}`"),
            ("/{id}.json", "a whole segment like `{name}`"),
            ("/{a}{b}", "brace in an odd place"),
            ("/{id", "brace in an odd place"),
            ("/id}", "brace in an odd place"),
            ("/{}", "write one, like `{id}`"),
            ("/{ id}", "` id` cannot name a capture"),
            ("/{1}", "`1` cannot name a capture"),
            ("/{*rest}", "`*rest` cannot name a capture"),
            ("/{id:[0-9]+}", "takes any text; write `{id}`"),
            ("/{a}/{a}", "`{a}` is there twice"),
            ("/a/../b", "no request with `..` in its path is let through (dot segment)"),
            ("/./", "dot segment"),
            ("/a;v=1", "path parameter"),
            ("/a%2Fb", "percent-encoded slash"),
            ("/a%zz", "invalid percent-encoding"),
            ("/a?b=c", "query or fragment"),
            ("/a\\b", "backslash"),
            ("/a\n", "control character"),
        ] {
            let message = PathPattern::parse(text).expect_err(text).to_string();
            assert!(message.contains(part) && message.contains("; "), "{text}: {message}");
        }
        assert!(PathPattern::parse(&"/a".repeat(64)).is_ok());
        assert_eq!(PathPattern::parse(&"/a".repeat(65)), Err(PathPatternError::TooDeep));
    }
}
