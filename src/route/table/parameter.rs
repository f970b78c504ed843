//! Which routes a path slips past when one of its segments has a parameter.
//!
//! Where a route takes `;` for a character of a segment, `/admin;x/users` is one of `/**` and none of `/admin/**`, because a
//! literal never equals a segment with a parameter; to an upstream that cuts parameters, it is the same. Looked for is a path
//! that shows it: of the one route as it stands, and of the other with a parameter. So what is found is so; a path that only
//! particular segments for the captures would show may be missed.

use http::Method;

use super::{Matcher, RouteTable};
use crate::route::host::{HostPattern, Kind};
use crate::route::pattern::{Segment, Shape};
use crate::route::trie;

impl RouteTable<usize> {
    /// A path of the route `lax` that would be of the route `strict` but for a parameter; for routes that are numbered as
    /// they stand.
    pub fn slips_past(&self, lax: usize, strict: usize) -> Option<String> {
        let (own, other) = (&self.routes.get(lax)?.matcher, &self.routes.get(strict)?.matcher);
        let length = own.path.shape.segments.len().max(other.path.shape.segments.len());
        [length, length + 1].into_iter().find_map(|length| {
            let (segments, free) = aligned(own, other, length)?;
            self.slips_with(&segments, &free, lax, strict)
        })
    }

    /// The path of these segments, with a parameter behind one of those that are free to have one.
    fn slips_with(&self, segments: &[&str], free: &[usize], lax: usize, strict: usize) -> Option<String> {
        let (own, other) = (&self.routes.get(lax)?.matcher, &self.routes.get(strict)?.matcher);
        let path = segments.join("/");
        let get = [Method::GET];
        let named = || if other.methods.iter().next().is_some() { &other.methods } else { &own.methods };
        let methods = || named().iter().chain(get.iter().filter(|_| named().iter().next().is_none()));
        for host in hosts(own, other) {
            let has = |path: &str, method: &Method, route: usize| {
                self.route_of(host.as_deref(), path, method) == Some(route)
            };
            for method in methods().filter(|method| has(&path, method, strict)) {
                for place in free {
                    let with = |(index, text): (usize, &&str)| {
                        if index == *place { format!("{text};x") } else { (*text).to_owned() }
                    };
                    let path = segments.iter().enumerate().map(with).collect::<Vec<_>>().join("/");
                    if has(&path, method, lax) {
                        return Some(format!("/{path}"));
                    }
                }
            }
        }
        None
    }

    /// The route of a decoded path without its first slash.
    fn route_of(&self, host: Option<&str>, path: &str, method: &Method) -> Option<usize> {
        let first = self.tries(host).fold(trie::NONE, |best, trie| trie.lowest(path, best));
        self.taking_as_spelled(self.routes.get(first)?, method).ok().map(|entry| entry.route)
    }
}

/// The segments of a path of this length that both patterns match, and where a literal of `other` stands at no literal of `own`.
fn aligned<'m>(own: &'m Matcher, other: &'m Matcher, length: usize) -> Option<(Vec<&'m str>, Vec<usize>)> {
    let (own, other) = (&own.path.shape, &other.path.shape);
    let is_literal =
        |shape: &Shape, place: usize| matches!(shape.segments.get(place), Some(Segment::Literal(_)));
    let is_free = |place: &usize| is_literal(other, *place) && !is_literal(own, *place);
    Some((own.shared(other, length, "x")?, (0..length).filter(is_free).collect()))
}

/// Hosts that both are for; none: one that no route names.
fn hosts(own: &Matcher, other: &Matcher) -> Vec<Option<String>> {
    let one_of = |HostPattern(host): &HostPattern| match host {
        Kind::Exactly(name) => name.clone(),
        Kind::Below(parent) => format!("x.{parent}"),
    };
    if own.hosts.is_empty() && other.hosts.is_empty() {
        return vec![None];
    }
    // Of two that overlap one is part of the other: an example of it is one of both.
    own.hosts.iter().chain(&other.hosts).map(|host| Some(one_of(host))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::route::{Methods, PathPattern};

    fn table(routes: &[(&str, &[&str], &str)]) -> RouteTable<usize> {
        let matcher = |(host, methods, path): &(&str, &[&str], &str)| {
            let hosts = if host.is_empty() { Vec::new() } else { vec![HostPattern::parse(host).unwrap()] };
            let names: Vec<String> = methods.iter().map(|&name| name.to_owned()).collect();
            let methods = if names.is_empty() { Methods::any() } else { Methods::parse(&names).unwrap() };
            Matcher::new(hosts, methods, PathPattern::parse(path).unwrap())
        };
        RouteTable::new(routes.iter().map(matcher).zip(0..).collect())
    }

    #[test]
    fn a_path_slips_past_a_literal_that_it_has_with_a_parameter() {
        for (strict, lax, expected) in [
            ("/admin/**", "/**", Some("/admin;x")),
            ("/admin", "/**", Some("/admin;x")),
            ("/admin/users", "/admin/{name}", Some("/admin/users;x")),
            ("/admin/users", "/{area}/users", Some("/admin;x/users")),
            ("/{area}/users/**", "/{area}/**", Some("/x/users;x")),
            ("/{area}/users", "/a/{name}", Some("/a/users;x")),
            ("/é/x", "/{a}/x", Some("/é;x/x")),
            ("/admin/**", "/{area}/x/**", Some("/admin;x/x")),
            ("/orders/{id}", "/orders/**", None),
            ("/{id}", "/**", None),
            ("/admin/users", "/other/{name}", None),
            ("/admin/users", "/{name}", None),
            ("/admin/**", "/admin/**", None),
        ] {
            let table = table(&[("", &[], strict), ("", &[], lax)]);
            assert_eq!(table.slips_past(1, 0).as_deref(), expected, "{lax} past {strict}");
        }
    }

    #[test]
    fn only_where_both_have_requests() {
        type Route<'a> = (&'a str, &'a [&'a str], &'a str);
        let found = |strict: Route<'_>, between: Route<'_>, lax: Route<'_>| {
            table(&[strict, between, lax]).slips_past(2, 0).is_some()
        };
        let (none, admin, all) = (("", &[][..], "/none"), ("", &[][..], "/admin/**"), ("", &[][..], "/**"));
        assert!(found(admin, none, all));
        // What stands before the lax route takes the path, with whatever it allows.
        assert!(!found(admin, ("", &[], "/{x}/**"), all));
        assert!(found(admin, ("", &[], "/{x}"), all));
        assert!(found(("a.test", &[], "/admin/**"), none, all));
        assert!(found(admin, none, ("*.test", &[], "/**")));
        assert!(found(("a.b.test", &[], "/admin/**"), none, ("*.test", &[], "/**")));
        assert!(!found(("a.test", &[], "/admin/**"), none, ("b.test", &[], "/**")));
        assert!(found(("", &["DELETE"], "/admin/**"), none, all));
        assert!(found(admin, none, ("", &["POST", "GET"], "/**")));
        assert!(!found(("", &["DELETE"], "/admin/**"), none, ("", &["GET"], "/**")));
        // The strict route is out of reach itself.
        assert!(table(&[all, admin, ("", &[], "/{x}/**")]).slips_past(2, 1).is_none());
    }
}
