//! Which routes no request ever reaches, and which earlier ones stand before them.
//!
//! As the table finds routes: first the hosts and the path, among the first members of the groups, then the method
//! within the group. So a route is out of reach when its group is, because earlier routes take every path of each of its
//! hosts; or when earlier members of its group take all of its methods. A host's paths are held against one earlier
//! pattern at a time: a route that is named here is out of reach for certain, and one that several patterns shadow only
//! together may be missed.

use std::collections::HashMap;

use super::{Matcher, RouteTable};
use crate::route::host::{HostPattern, Kind};
use crate::route::trie;

/// A route that no request reaches.
#[derive(Debug, PartialEq, Eq)]
pub struct Unreachable {
    /// Its place among the routes.
    pub route: usize,
    /// The places of the earlier routes that take its requests, together; at least one.
    pub behind: Vec<usize>,
    /// Whether they have the very same hosts and path, so that its methods are what they take.
    pub same_match: bool,
}

impl Matcher {
    /// Of matchers in the order of precedence, those that no request ever reaches.
    pub fn unreachable(matchers: &[&Self]) -> Vec<Unreachable> {
        let numbered = matchers.iter().enumerate().map(|(index, matcher)| ((*matcher).clone(), index));
        let table = RouteTable::new(numbered.collect());
        let mut groups: HashMap<usize, Vec<usize>> = HashMap::new();
        let mut unreachable = Vec::new();
        for (route, entry) in table.routes.iter().enumerate() {
            let group = groups.entry(entry.group).or_default();
            let first = group.first().copied().unwrap_or(route);
            let behind = table.before(&entry.matcher, first);
            if !behind.is_empty() {
                unreachable.push(Unreachable { route, behind, same_match: false });
            } else if let Some(behind) = table.taking_all(group, &entry.matcher) {
                unreachable.push(Unreachable { route, behind, same_match: true });
            }
            group.push(route);
        }
        unreachable
    }
}

impl<T> RouteTable<T> {
    /// The routes before the place `first` that together take every host and path of the matcher; empty if they do not.
    fn before(&self, matcher: &Matcher, first: usize) -> Vec<usize> {
        let shape = &matcher.path.shape;
        let any = self.any.covering(shape, trie::NONE);
        let mut behind: Vec<usize> = Vec::new();
        if matcher.hosts.is_empty() {
            behind.push(any);
        }
        for HostPattern(host) in &matcher.hosts {
            let tries = match host {
                Kind::Exactly(name) => self.tries(Some(name)).collect::<Vec<_>>(),
                // Whatever is below the parent is below each of the parent's parents too.
                Kind::Below(parent) => self.parents(parent).collect(),
            };
            behind.push(tries.iter().fold(any, |best, trie| trie.covering(shape, best)));
        }
        if behind.iter().any(|&index| index >= first) {
            return Vec::new();
        }
        behind.sort_unstable();
        behind.dedup();
        behind
    }

    /// The fewest first members of a group that together take all methods of the matcher; none if they do not.
    fn taking_all(&self, group: &[usize], matcher: &Matcher) -> Option<Vec<usize>> {
        let members: Vec<(usize, &Matcher)> =
            group.iter().filter_map(|&index| Some((index, &self.routes.get(index)?.matcher))).collect();
        if let Some((index, _)) = members.iter().find(|(_, member)| member.methods.include(&matcher.methods))
        {
            return Some(vec![*index]);
        }
        let mut behind = Vec::new();
        for method in matcher.methods.iter() {
            let (index, _) = members.iter().find(|(_, member)| member.methods.take(method))?;
            behind.push(*index);
        }
        behind.sort_unstable();
        behind.dedup();
        // A route for every method is behind none that names some.
        (!behind.is_empty()).then_some(behind)
    }
}

#[cfg(test)]
mod tests {
    use http::Request;
    use http::header::HOST;
    use proptest::prelude::*;
    use proptest::sample::{select, subsequence};

    use super::super::super::{Methods, PathPattern, Target};
    use super::*;

    fn matcher(hosts: &[&str], methods: &[&str], path: &str) -> Matcher {
        let hosts = hosts.iter().map(|host| HostPattern::parse(host).unwrap()).collect();
        let names: Vec<String> = methods.iter().map(|&name| name.to_owned()).collect();
        let methods = if names.is_empty() { Methods::any() } else { Methods::parse(&names).unwrap() };
        Matcher::new(hosts, methods, PathPattern::parse(path).unwrap())
    }

    fn unreachable(routes: &[(&[&str], &[&str], &str)]) -> Vec<(usize, Vec<usize>, bool)> {
        let matchers: Vec<Matcher> =
            routes.iter().map(|(hosts, methods, path)| matcher(hosts, methods, path)).collect();
        let found = Matcher::unreachable(&matchers.iter().collect::<Vec<_>>());
        found.into_iter().map(|found| (found.route, found.behind, found.same_match)).collect()
    }

    #[test]
    fn a_route_is_out_of_reach_behind_what_takes_its_paths_and_hosts() {
        // Patterns, and whether the second is out of reach behind the first.
        for (first, second, expected) in [
            ("/**", "/a", true),
            ("/a/**", "/a", true),
            ("/a/**", "/a/{x}/b", true),
            ("/a/**", "/a/b/**", true),
            ("/{x}", "/a", true),
            ("/{x}/b", "/a/{y}", false),
            ("/a", "/{x}", false),
            ("/a", "/a/**", false),
            ("/a/{x}", "/a/**", false),
            ("/a/b", "/a", false),
            ("/{x}/{y}", "/a/**", false),
            ("/{x}/**", "/a/**", true),
        ] {
            let found = unreachable(&[(&[], &["GET"], first), (&[], &[], second)]);
            let expected = if expected { vec![(1, vec![0], false)] } else { vec![] };
            assert_eq!(found, expected, "{first} {second}");
        }
        for (first, second, expected) in [
            (&[][..], &["a.example"][..], true),
            (&["a.example"], &[], false),
            (&["*.example"], &["a.example"], true),
            (&["*.example"], &["b.a.example"], true),
            (&["*.example"], &["example"], false),
            (&["*.example"], &["*.a.example"], true),
            (&["*.a.example"], &["*.example"], false),
            (&["a.example"], &["*.example"], false),
            (&["a.example", "b.example"], &["b.example"], true),
            (&["a.example"], &["a.example", "b.example"], false),
        ] {
            let found = unreachable(&[(first, &[], "/**"), (second, &[], "/a")]);
            let expected = if expected { vec![(1, vec![0], false)] } else { vec![] };
            assert_eq!(found, expected, "{first:?} {second:?}");
        }
    }

    #[test]
    fn several_earlier_routes_may_stand_before_one() {
        let found = unreachable(&[
            (&["a.example"], &[], "/x/**"),
            (&["b.example"], &[], "/**"),
            (&["a.example", "b.example"], &[], "/x/y"),
            (&[], &["GET"], "/m"),
            (&[], &["PUT"], "/m"),
            (&[], &["GET", "PUT"], "/m"),
            (&[], &["GET", "POST"], "/m"),
            (&[], &[], "/m"),
        ]);
        assert_eq!(found, [(2, vec![0, 1], false), (5, vec![3, 4], true)]);
    }

    /// What lies between the members of a group takes nothing from the later ones.
    #[test]
    fn a_later_member_of_a_group_is_reached_through_the_first() {
        let found = unreachable(&[(&[], &["GET"], "/a"), (&[], &[], "/**"), (&[], &["PUT"], "/a")]);
        assert_eq!(found, []);
    }

    fn matchers() -> impl Strategy<Value = Vec<Matcher>> {
        let hosts = subsequence(vec!["a.e", "b.a.e", "*.e", "*.a.e"], 0..3);
        let methods = subsequence(vec!["GET", "PUT", "POST"], 0..3);
        let path = select(vec!["/**", "/", "/a", "/{x}", "/a/**", "/a/b", "/{x}/b", "/a/{y}", "/{x}/**"]);
        let one = (hosts, methods, path).prop_map(|(hosts, methods, path)| matcher(&hosts, &methods, path));
        proptest::collection::vec(one, 1..8)
    }

    proptest! {
        /// Every request over a small world: a route that is reached is never named.
        #[test]
        fn no_request_reaches_what_is_named(matchers in matchers()) {
            let named: Vec<usize> = Matcher::unreachable(&matchers.iter().collect::<Vec<_>>())
                .into_iter()
                .map(|found| found.route)
                .collect();
            let numbered = matchers.into_iter().enumerate().map(|(index, matcher)| (matcher, index));
            let table = RouteTable::new(numbered.collect());
            for host in ["a.e", "b.a.e", "c.b.a.e", "e", "x.e", "other"] {
                for path in ["/", "/a", "/c", "/a/b", "/a/c", "/c/b", "/c/d", "/a/b/c", "/c/d/e"] {
                    for method in ["GET", "PUT", "POST", "DELETE"] {
                        let request =
                            Request::builder().method(method).uri(path).header(HOST, host).body(()).unwrap();
                        let target = Target::parse(&request.into_parts().0).unwrap();
                        if let Ok(found) = table.find(&target) {
                            prop_assert!(!named.contains(found.route), "{method} {host}{path}: {named:?}");
                        }
                    }
                }
            }
        }
    }
}
