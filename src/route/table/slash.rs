//! Which routes a path slips past when one of its slashes is encoded.
//!
//! Where a route takes `%2F` for a character of a segment, `/files/admin%2Fkeys` is one of `/files/{name}` and none of
//! `/files/admin/**`; to an upstream that decodes it, it is the same.

use super::Matcher;
use crate::route::host::{HostPattern, Kind};
use crate::route::pattern::Segment;

impl Matcher {
    /// Whether this route, if it allows encoded slashes, has paths that are the other's but for them, with a literal of
    /// the other in the segment that holds one.
    pub fn slips_past(&self, other: &Self) -> bool {
        let mut segments: Vec<&Segment> = other.path.shape.segments.iter().collect();
        if other.path.shape.open {
            // `**` stands for as many segments as there are; one is enough.
            segments.push(&Segment::Capture);
        }
        let hosts = self.hosts.is_empty()
            || other.hosts.is_empty()
            || self.hosts.iter().any(|one| other.hosts.iter().any(|other| overlap(one, other)));
        hosts && slips(&self.path.shape.segments, self.path.shape.open, &segments)
    }
}

fn overlap(HostPattern(one): &HostPattern, HostPattern(other): &HostPattern) -> bool {
    let below =
        |name: &str, parent: &str| name.strip_suffix(parent).is_some_and(|labels| labels.ends_with('.'));
    match (one, other) {
        (Kind::Exactly(one), Kind::Exactly(other)) => one == other,
        (Kind::Exactly(name), Kind::Below(parent)) | (Kind::Below(parent), Kind::Exactly(name)) => {
            below(name, parent)
        }
        (Kind::Below(one), Kind::Below(other)) => one == other || below(one, other) || below(other, one),
    }
}

/// Whether the segments are those of the pattern once two or more neighbours, a literal among them, are one.
fn slips(pattern: &[Segment], open: bool, segments: &[&Segment]) -> bool {
    let Some((first, pattern)) = pattern.split_first() else {
        return open && segments.windows(2).any(|neighbours| neighbours.iter().any(|one| is_literal(one)));
    };
    let Some((next, rest)) = segments.split_first() else { return false };
    match first {
        Segment::Literal(_) => meet(first, next) && slips(pattern, open, rest),
        Segment::Capture => {
            let joined = (2..=segments.len()).any(|count| {
                let (joined, rest) = segments.split_at(count);
                joined.iter().any(|one| is_literal(one))
                    && (matches(pattern, open, rest) || slips(pattern, open, rest))
            });
            joined || slips(pattern, open, rest)
        }
    }
}

fn matches(pattern: &[Segment], open: bool, segments: &[&Segment]) -> bool {
    (pattern.len() == segments.len() || open && pattern.len() < segments.len())
        && pattern.iter().zip(segments).all(|(one, other)| meet(one, other))
}

fn meet(one: &Segment, other: &Segment) -> bool {
    !(is_literal(one) && is_literal(other)) || one == other
}

const fn is_literal(segment: &Segment) -> bool {
    matches!(segment, Segment::Literal(_))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::route::{Methods, PathPattern};

    #[test]
    fn a_path_slips_past_what_an_encoded_slash_joins() {
        let matcher = |path: &str, host: &str| {
            let hosts = if host.is_empty() { Vec::new() } else { vec![HostPattern::parse(host).unwrap()] };
            Matcher::new(hosts, Methods::any(), PathPattern::parse(path).unwrap())
        };
        for (one, other, expected) in [
            (("/files/**", ""), ("/files/admin/**", ""), true),
            (("/files/{name}", ""), ("/files/admin/**", ""), true),
            (("/files/{name}", ""), ("/files/admin/keys", ""), true),
            (("/files/{name}/raw", ""), ("/files/admin/keys/raw", ""), true),
            (("/files/{name}/raw", ""), ("/files/admin/raw", ""), false),
            (("/files/{name}/raw", ""), ("/files/{area}/admin/raw", ""), true),
            (("/**", ""), ("/admin/**", ""), true),
            (("/**", ""), ("/orders/{id}", ""), true),
            (("/**", ""), ("/health", ""), false),
            (("/**", ""), ("/", ""), false),
            (("/{a}", ""), ("/{a}/{b}", ""), false),
            (("/files/{name}", ""), ("/other/admin/keys", ""), false),
            (("/files/{name}", ""), ("/files/admin", ""), false),
            (("/files", ""), ("/files/admin/**", ""), false),
            (("/**", "a.example"), ("/admin/**", "b.example"), false),
            (("/**", "*.example"), ("/admin/**", "b.example"), true),
            (("/**", "a.example"), ("/admin/**", ""), true),
            (("/**", "*.b.example"), ("/admin/**", "*.example"), true),
        ] {
            let slips = matcher(one.0, one.1).slips_past(&matcher(other.0, other.1));
            assert_eq!(slips, expected, "{one:?} past {other:?}");
        }
    }
}
