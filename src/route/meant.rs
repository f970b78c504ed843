//! What was meant by a text that is no path pattern: an address, a regular expression, or a `*` of another router.
//!
//! Given the text and why it is no pattern, hands on an error that says more, or the same. Every path that it tells to write
//! is a pattern.

use super::host::HostPattern;
use super::pattern::{PathPattern, PathPatternError};

/// The error to report of this text.
pub(super) fn instead(text: &str, error: PathPatternError) -> PathPatternError {
    let meant = address(text).or_else(|| expression(text)).or_else(|| star(text));
    match (meant, error) {
        (Some(meant), _) => meant,
        (None, PathPatternError::Relative(text)) if !is_pattern(&format!("/{text}")) => {
            PathPatternError::NoPath(text)
        }
        (None, error) => error,
    }
}

fn is_pattern(text: &str) -> bool {
    PathPattern::read(text).is_ok()
}

/// `https://api.example.com/orders`
fn address(text: &str) -> Option<PathPatternError> {
    let (scheme, rest) = text.split_once("://")?;
    if scheme.is_empty() || !scheme.bytes().all(|byte| byte.is_ascii_alphabetic()) {
        return None;
    }
    let (host, path) = rest.split_at_checked(rest.find(['/', '?', '#']).unwrap_or(rest.len()))?;
    let host = host.rsplit_once(':').map_or(host, |(name, port)| {
        if port.bytes().all(|digit| digit.is_ascii_digit()) { name } else { host }
    });
    let path = path.split(['?', '#']).next().filter(|path| !path.is_empty()).unwrap_or("/");
    let right = if HostPattern::parse(host).is_ok() && is_pattern(path) {
        format!("write `hosts: [{host}]` and `path: {path}`")
    } else {
        "write the host below `hosts`, and the path from its first `/` on".to_owned()
    };
    Some(PathPatternError::Address(right))
}

/// `^/orders/.*$`
fn expression(text: &str) -> Option<PathPatternError> {
    let is_one = text.starts_with(['^', '~'])
        || text.ends_with('$')
        || [".*", ".+", "[^/]", "\\d", "\\w", "\\.", "(?"].iter().any(|part| text.contains(part));
    is_one.then(|| {
        let right = template(text).unwrap_or_else(|| USUAL.to_owned());
        PathPatternError::Expression(format!("write {right}"))
    })
}

const USUAL: &str = "`/orders/{id}` for any one segment, `/orders/**` for all below";

/// The template of a plain expression.
fn template(text: &str) -> Option<String> {
    let path = text.trim_start_matches(['~', '*', '^', ' ']);
    let closed = path.strip_suffix('$');
    let mut path = closed.unwrap_or(path).replace("\\/", "/").replace("\\.", ".").replace("\\-", "-");
    if path == ".*" {
        return Some("`/**`".to_owned());
    }
    let below = ["/(.*)", "(/.*)?", "/.*", "/.+"].into_iter().find(|end| path.ends_with(end));
    let below = below.inspect(|end| path.truncate(path.len() - end.len())).is_some();
    let one = SEGMENT.iter().fold(path, |path, segment| path.replace(segment, "*"));
    let one = captured(&one)?;
    if one.contains(['\\', '[', ']', '(', ')', '+', '*', '?', '^', '$', '|']) {
        return None;
    }
    let all = format!("{}/**", one.trim_end_matches('/'));
    match (below, closed.is_some()) {
        (true, _) => is_pattern(&all).then(|| format!("`{all}`")),
        (false, true) => is_pattern(&one).then(|| format!("`{one}`")),
        (false, false) => {
            (is_pattern(&one) && is_pattern(&all)).then(|| format!("`{one}`, or `{all}` for all below"))
        }
    }
}

/// What stands for one segment.
const SEGMENT: [&str; 12] = [
    "([^/]+)",
    "[^/]+",
    "[^/]*",
    "(\\d+)",
    "\\d+",
    "([0-9]+)",
    "[0-9]+",
    "(\\w+)",
    "\\w+",
    "[a-z]+",
    "[a-z0-9]+",
    "[a-z0-9-]+",
];

/// `/orders/*`
fn star(text: &str) -> Option<PathPatternError> {
    if !text.split('/').any(|segment| segment == "*") {
        return None;
    }
    let one = captured(text).filter(|one| is_pattern(one))?;
    let below = text.strip_suffix('*').and_then(captured).map(|before| format!("{before}**"));
    let right = match below.filter(|below| is_pattern(below)) {
        Some(below) => format!("write `{one}` for any one segment, or `{below}` for all below"),
        None => format!("write `{one}` for any one segment"),
    };
    Some(PathPatternError::Star(right))
}

/// The path with a capture in place of each segment `*`; none if there is none, and a text that is no path.
fn captured(path: &str) -> Option<String> {
    path.strip_prefix('/')?;
    let mut count = 0;
    let segments = path.split('/').map(|segment| {
        if segment != "*" {
            return segment.to_owned();
        }
        count += 1;
        if count == 1 { "{name}".to_owned() } else { format!("{{name{count}}}") }
    });
    Some(segments.collect::<Vec<_>>().join("/"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_told_to_write_is_a_pattern() {
        for (text, expected) in [
            ("^/orders/.*$", "paths are templates and no regular expressions; write `/orders/**`"),
            ("/^/orders/.*$", "write `/orders/{id}` for any one segment, `/orders/**`"),
            ("^/orders$", "; write `/orders`"),
            ("^/orders", "; write `/orders`, or `/orders/**` for all below"),
            ("~ ^/a/[^/]+/b/\\d+$", "; write `/a/{name}/b/{name2}`"),
            ("^/(a|b)/.*$", "; write `/orders/{id}` for"),
            ("/orders/.*", "; write `/orders/**`"),
            (".*", "; write `/**`"),
            ("^/a/../b$", "; write `/orders/{id}` for"),
            (
                "/orders/*",
                "`*` is no segment; write `/orders/{name}` for any one segment, or `/orders/**` for all below",
            ),
            ("/*", "; write `/{name}` for any one segment, or `/**` for all below"),
            ("/a/*/b", "; write `/a/{name}/b` for any one segment"),
            (
                "/a/*/b/*",
                "; write `/a/{name}/b/{name2}` for any one segment, or `/a/{name}/b/**` for all below",
            ),
            ("/orders*", "`orders*` has a `*` in an odd place; "),
            (
                "https://api.example.com/orders",
                "a whole address; write `hosts: [api.example.com]` and `path: /orders`",
            ),
            ("http://api.example.com:8080?x=1", "; write `hosts: [api.example.com]` and `path: /`"),
            ("https://a b/../", "; write the host below `hosts`"),
            ("orders", "; write `/orders`"),
            ("orders/{id", "; write a path like `/orders/{id}`"),
        ] {
            let message = PathPattern::parse(text).expect_err(text).to_string();
            assert!(message.contains(expected), "{text}: {message}");
            let told = message.split('`').skip(1).step_by(2).filter(|told| told.starts_with('/'));
            for told in told {
                assert!(PathPattern::parse(told).is_ok(), "{text}: {told}");
            }
        }
    }
}
