use http::Request;
use http::header::HOST;
use proptest::prelude::*;
use proptest::sample::select;

use super::*;

fn matcher(hosts: &[&str], methods: &[&str], path: &str) -> Matcher {
    let hosts = hosts.iter().map(|host| HostPattern::parse(host).unwrap()).collect();
    let names: Vec<String> = methods.iter().map(|&name| name.to_owned()).collect();
    let methods = if names.is_empty() { Methods::any() } else { Methods::parse(&names).unwrap() };
    Matcher::new(hosts, methods, PathPattern::parse(path).unwrap())
}

fn table(routes: &[(&[&str], &[&str], &str)]) -> RouteTable<usize> {
    let routes = routes.iter().enumerate();
    RouteTable::new(
        routes.map(|(index, (hosts, methods, path))| (matcher(hosts, methods, path), index)).collect(),
    )
}

fn target(method: &str, host: &str, path: &str) -> Target {
    let request = Request::builder().method(method).uri(path).header(HOST, host).body(()).unwrap();
    Target::parse(&request.into_parts().0).unwrap()
}

/// The index found, or -1 and the Allow header.
fn find(table: &RouteTable<usize>, method: &str, host: &str, path: &str) -> Result<usize, String> {
    match table.find(&target(method, host, path)) {
        Ok(found) => Ok(*found.route),
        Err(NotFound::Route) => Err("no route".to_owned()),
        Err(NotFound::Method { route, allow }) => Err(format!("{route}: {allow}")),
    }
}

#[test]
fn the_first_match_wins() {
    let table = table(&[
        (&[], &[], "/health"),
        (&[], &[], "/orders/{id}"),
        (&[], &[], "/orders/mine"),
        (&[], &[], "/admin/**"),
        (&[], &[], "/"),
    ]);
    for (path, index) in [
        ("/health", Some(0)),
        ("/health/", Some(0)),
        ("/health/a", None),
        ("/healt", None),
        ("/Health", None),
        ("/orders/1", Some(1)),
        ("/orders/mine", Some(1)),
        ("/orders/mine/", Some(1)),
        ("/orders", None),
        ("/orders/", None),
        ("/orders/1/2", None),
        ("/admin", Some(3)),
        ("/admin/", Some(3)),
        ("/admin/a/b/", Some(3)),
        ("/administrator", None),
        ("/", Some(4)),
        ("/?/health", Some(4)),
        ("/x?/health", None),
    ] {
        assert_eq!(find(&table, "GET", "a", path).ok(), index, "{path}");
    }
}

#[test]
fn everything_is_below_the_root() {
    let table = table(&[(&[], &[], "/**")]);
    for path in ["/", "/a", "/a/", "/a/b"] {
        assert_eq!(find(&table, "GET", "a", path), Ok(0), "{path}");
    }
    assert!(matches!(table.find(&target("OPTIONS", "a", "*")), Err(NotFound::Route)));
}

#[test]
fn no_spelling_slips_past_a_route() {
    let table = table(&[
        (&[], &[], "/items:purge"),
        (&[], &[], "/caf\u{e9}"),
        (&[], &[], "/users/@me"),
        (&[], &[], "/**"),
    ]);
    for (path, index) in [
        ("/items:purge", 0),
        ("/items%3Apurge", 0),
        ("/items%3apurg%65", 0),
        ("/caf\u{e9}", 1),
        ("/caf%c3%a9", 1),
        ("/users/%40me/", 2),
        ("/users/%40you", 3),
    ] {
        assert_eq!(find(&table, "GET", "a", path), Ok(index), "{path}");
    }
}

#[test]
fn hosts_are_compared_without_case_port_and_final_dot() {
    let table = table(&[
        (&["api.example.com", "b.test"], &[], "/**"),
        (&["*.example.com"], &[], "/**"),
        (&["*.com"], &[], "/c"),
        (&["[::1]"], &[], "/**"),
        (&[], &[], "/c"),
    ]);
    for (host, path, index) in [
        ("api.example.com", "/c", Some(0)),
        ("API.example.COM.:8443", "/c", Some(0)),
        ("b.test", "/c", Some(0)),
        ("a.b.example.com", "/c", Some(1)),
        ("x.api.example.com", "/c", Some(1)),
        ("example.com", "/c", Some(2)),
        ("notexample.com", "/x", None),
        ("com", "/c", Some(4)),
        ("[0::1]:80", "/x", Some(3)),
        ("other", "/c", Some(4)),
        ("other", "/x", None),
    ] {
        assert_eq!(find(&table, "GET", host, path).ok(), index, "{host}{path}");
    }
}

#[test]
fn a_request_without_a_host_matches_only_routes_for_any() {
    let table = table(&[(&["a"], &[], "/**"), (&["*.a"], &[], "/**"), (&[], &[], "/**")]);
    let request = Request::builder().version(http::Version::HTTP_10).uri("/").body(()).unwrap();
    let target = Target::parse(&request.into_parts().0).unwrap();
    assert_eq!(*table.find(&target).unwrap().route, 2);
}

#[test]
fn methods_decide_within_the_very_same_hosts_and_path() {
    let table = table(&[
        (&["A.test", "b.test"], &["GET"], "/x/{id}"),
        (&["a.test"], &["PUT"], "/x/{id}"),
        (&["b.test.", "a.test", "a.test"], &["POST", "GET"], "/x/{other}/"),
        (&["b.test", "a.test"], &["DELETE"], "/x/{id}/**"),
        (&[], &[], "/**"),
    ]);
    assert_eq!(find(&table, "GET", "a.test", "/x/1"), Ok(0));
    assert_eq!(find(&table, "HEAD", "b.test", "/x/1"), Ok(0));
    assert_eq!(find(&table, "POST", "a.test", "/x/1"), Ok(2));
    // Neither the route of another set of hosts, nor one of a wider path, nor the last one is reached by method.
    for method in ["PUT", "DELETE", "OPTIONS", "ODD"] {
        assert_eq!(find(&table, method, "a.test", "/x/1"), Err("0: GET, HEAD, POST".to_owned()), "{method}");
    }
    assert_eq!(find(&table, "PUT", "c.test", "/x/1"), Ok(4));
    let found = table.find(&target("POST", "a.test", "/x/7")).unwrap();
    assert_eq!((found.captures.value("other"), found.captures.value("id")), (Some("7"), None));
}

#[test]
fn captures_are_decoded_once() {
    let table = table(&[(&[], &[], "/{a}/x/{b}/**")]);
    let found = table.find(&target("GET", "h", "/caf%c3%a9%20%26%40/x/100%25/y/z")).unwrap();
    let captures: Vec<_> = found.captures.iter().collect();
    assert_eq!(captures, [("a", "caf\u{e9} &@"), ("b", "100%")]);
    assert_eq!(table.iter().count(), 1);
}

/// The route and its captured values, else the first of the group and its Allow header.
type Outcome = Result<(usize, Vec<String>), Option<(usize, String)>>;

/// What the contract says, route by route, without any index.
fn linear(routes: &[(Matcher, usize)], target: &Target) -> Outcome {
    let decoded = canonical::decode(target.path());
    let segments: Vec<&str> = decoded.split('/').filter(|segment| !segment.is_empty()).collect();
    let host_matches = |pattern: &HostPattern| match &pattern.0 {
        Kind::Exactly(name) => target.host() == Some(name),
        Kind::Below(parent) => target.host().is_some_and(|host| host.ends_with(&format!(".{parent}"))),
    };
    let path_matches = |shape: &Shape| {
        (shape.segments.len() == segments.len() || shape.open && shape.segments.len() < segments.len())
            && iter::zip(&shape.segments, &segments).all(|(segment, text)| match segment {
                Segment::Literal(literal) => **literal == **text,
                Segment::Capture => true,
            })
    };
    let matches = |matcher: &Matcher| {
        (matcher.hosts.is_empty() || matcher.hosts.iter().any(host_matches))
            && path_matches(&matcher.path.shape)
    };
    let (first, index) = routes.iter().find(|(matcher, _)| matches(matcher)).ok_or(None)?;
    let same: Vec<_> = routes.iter().filter(|(matcher, _)| matcher.key() == first.key()).collect();
    if let Some((matcher, index)) = same.iter().find(|(matcher, _)| matcher.methods.take(target.method())) {
        let captured = iter::zip(&matcher.path.shape.segments, &segments);
        let captured =
            captured.filter(|(segment, _)| **segment == Segment::Capture).map(|(_, text)| (*text).to_owned());
        return Ok((*index, captured.collect()));
    }
    let mut allow = Vec::new();
    for method in same.iter().flat_map(|(matcher, _)| matcher.methods.iter()) {
        if !allow.contains(&method.as_str()) {
            allow.push(method.as_str());
        }
    }
    Err(Some((*index, allow.join(", "))))
}

fn patterns() -> impl Strategy<Value = String> {
    let segment =
        prop_oneof![3 => select(vec!["a", "b", "%3A"]).prop_map(str::to_owned), 2 => Just("{}".to_owned())];
    (proptest::collection::vec(segment, 0..4), select(vec!["", "", "/", "/**"])).prop_map(
        |(segments, end)| {
            let mut path = String::new();
            for (at, segment) in segments.iter().enumerate() {
                path = path + "/" + &segment.replace("{}", &format!("{{c{at}}}"));
            }
            if path.is_empty() && end.is_empty() { "/".to_owned() } else { path + end }
        },
    )
}

fn routes() -> impl Strategy<Value = Vec<(Matcher, usize)>> {
    let hosts = proptest::sample::subsequence(vec!["a.t", "b.a.t", "*.t", "*.a.t", "t"], 0..3);
    let methods = proptest::sample::subsequence(vec!["GET", "HEAD", "POST", "PUT"], 0..3);
    let hosts = prop_oneof![Just(vec![]), hosts];
    let route =
        (hosts, methods, patterns()).prop_map(|(hosts, methods, path)| matcher(&hosts, &methods, &path));
    proptest::collection::vec(route, 0..12).prop_map(|matchers| {
        matchers.into_iter().enumerate().map(|(index, matcher)| (matcher, index)).collect()
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(4096))]

    #[test]
    fn the_table_finds_what_reading_the_list_finds(
        routes in routes(),
        segments in proptest::collection::vec(select(vec!["a", "b", ":", "%3a", "%61", "c", "a%20"]), 0..5),
        slash in any::<bool>(),
        host in select(vec!["a.t", "B.A.T", "c.b.a.t.", "t", "x", "x.t:80"]),
        method in select(vec!["GET", "HEAD", "POST", "PUT", "DELETE"]),
    ) {
        let path = format!("/{}{}", segments.join("/"), if slash && !segments.is_empty() { "/" } else { "" });
        let target = target(method, host, &path);
        let expected = linear(&routes, &target);
        let table = RouteTable::new(routes);
        let found = match table.find(&target) {
            Ok(found) => Ok((*found.route, found.captures.iter().map(|(_, value)| value.to_owned()).collect())),
            Err(NotFound::Route) => Err(None),
            Err(NotFound::Method { route, allow }) => Err(Some((*route, allow.to_owned()))),
        };
        prop_assert_eq!(found, expected);
    }
}
