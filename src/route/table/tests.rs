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
        Err(NotFound::Target { why, .. }) => Err(why.why().to_owned()),
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
fn a_method_in_another_case_has_no_route() {
    let table = table(&[(&[], &["DELETE", "PURGE"], "/x"), (&[], &[], "/x"), (&[], &[], "/**")]);
    for (method, path, expected) in [
        ("DELETE", "/x", Ok(0)),
        ("PUT", "/x", Ok(1)),
        ("cook", "/x", Ok(1)),
        ("delete", "/x", Err("0: DELETE, PURGE, GET, HEAD, POST, PUT, PATCH, OPTIONS, TRACE")),
        ("Purge", "/x", Err("0: DELETE, PURGE, GET, HEAD, POST, PUT, PATCH, OPTIONS, TRACE")),
        ("purge", "/y", Err("2: GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS, TRACE")),
        ("get", "/y", Err("2: GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS, TRACE")),
        ("BREW", "/y", Ok(2)),
    ] {
        assert_eq!(find(&table, method, "h", path), expected.map_err(str::to_owned), "{method} {path}");
    }
}

#[test]
fn captures_are_decoded_once() {
    let table = table(&[(&[], &[], "/{a}/x/{b}/**")]);
    let found = table.find(&target("GET", "h", "/caf%c3%a9%20%26%40/x/100%25/y/z")).unwrap();
    let captures: Vec<_> = found.captures.iter().collect();
    assert_eq!(captures, [("a", "caf\u{e9} &@"), ("b", "100%")]);
    assert_eq!(table.iter().count(), 1);
}

const SLASH: PathData = PathData { encoded_slash: true, parameters: false };
const PARAMETERS: PathData = PathData { encoded_slash: false, parameters: true };

/// The tests' table with what each route allows.
fn allowing(routes: &[(&[&str], &str, PathData)]) -> RouteTable<usize> {
    let routes = routes.iter().enumerate();
    RouteTable::new(
        routes
            .map(|(index, (methods, path, data))| (matcher(&[], methods, path).allowing(*data), index))
            .collect(),
    )
}

#[test]
fn data_is_within_one_segment_of_a_route_that_allows_it() {
    let none = PathData::default();
    let table = allowing(&[
        (&[], "/files/a/b", none),
        (&[], "/files/{name}", SLASH),
        (&[], "/cars/{car}/**", PARAMETERS),
        (&[], "/strict/**", none),
        (&["GET"], "/shared/{x}", none),
        (&["PUT"], "/shared/{x}", SLASH),
        (&[], "/open/**", PathData { encoded_slash: true, parameters: true }),
        (&[], "/{any}", SLASH),
    ]);
    let (slash, parameter) = (Err("percent-encoded slash"), Err("path parameter (semicolon)"));
    for (method, path, expected) in [
        ("GET", "/files/a%2Fb", Ok(1)),
        ("GET", "/files/a%2fb/", Ok(1)),
        ("GET", "/files/a/b", Ok(0)),
        ("GET", "/files%2Fa", Ok(7)),
        ("GET", "/files/x;v=1", parameter),
        ("GET", "/files/x;v=1%2Fy", parameter),
        // No route has it, but it is not allowed either.
        ("GET", "/files/a%2Fb/c", slash),
        ("GET", "/nowhere/a%2Fb", slash),
        ("GET", "/nowhere/a;b", parameter),
        ("GET", "/nowhere/a", Err("no route")),
        ("GET", "/cars/bmw;color=red/x;y", Ok(2)),
        ("GET", "/cars/bmw;color=red", Ok(2)),
        ("GET", "/cars;x/bmw", parameter),
        ("GET", "/cars/bmw%2Fx", slash),
        // The first whose path matches decides, not a later one that would allow it.
        ("GET", "/strict/a%2Fb", slash),
        ("GET", "/strict/a;b", parameter),
        ("GET", "/strict%2Fa", Ok(7)),
        // Of routes that share a path, the one that takes the method; for a 405, the first.
        ("GET", "/shared/a%2Fb", slash),
        ("PUT", "/shared/a%2Fb", Ok(5)),
        ("POST", "/shared/a%2Fb", slash),
        ("POST", "/shared/a", Err("4: GET, HEAD, PUT")),
        ("GET", "/open/a%2Fb;c/d", Ok(6)),
    ] {
        assert_eq!(find(&table, method, "h", path), expected.map_err(str::to_owned), "{method} {path}");
    }
    for (path, captured) in [
        ("/files/a%2fb%20c", "a/b c"),
        ("/files/%2F%2Fa%2F/", "//a/"),
        ("/cars/bmw;color=r%65d/x", "bmw;color=red"),
        ("/a%2F{b}", "a/{b}"),
    ] {
        let target = target("GET", "h", path);
        let found = table.find(&target).unwrap();
        assert_eq!(found.captures.iter().map(|(_, value)| value).collect::<Vec<_>>(), [captured], "{path}");
        assert_eq!(target.path(), path.replace("%2f", "%2F").replace("%65", "e"));
    }
}

/// The route and its captured values, else the first of the group and its Allow header.
type Outcome = Result<(usize, Vec<String>), Option<(usize, String)>>;

/// In place of the Allow header: the path holds what the route that decides does not allow.
const NOT_ALLOWED: &str = "not allowed";
/// No route decides.
const NOWHERE: usize = usize::MAX;

/// What the contract says, route by route, without any index.
fn linear(routes: &[(Matcher, usize)], target: &Target) -> Outcome {
    // Split before anything is decoded, so that what is encoded stays in its segment.
    let path = target.path().split('/').filter(|segment| !segment.is_empty());
    let decoded: Vec<String> = path
        .map(|segment| segment.split("%2F").map(canonical::decode).collect::<Vec<_>>().join("/"))
        .collect();
    let segments: Vec<&str> = decoded.iter().map(String::as_str).collect();
    let refused = |allowed: PathData| {
        target.path().contains(';') && !allowed.parameters
            || target.path().contains("%2F") && !allowed.encoded_slash
    };
    let not_allowed = |route: usize| Err(Some((route, NOT_ALLOWED.to_owned())));
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
    let Some((first, index)) = routes.iter().find(|(matcher, _)| matches(matcher)) else {
        return if refused(PathData::default()) { not_allowed(NOWHERE) } else { Err(None) };
    };
    let same: Vec<_> = routes.iter().filter(|(matcher, _)| matcher.key() == first.key()).collect();
    let method = target.method();
    let respelled = |known: &Method| known != method && known.as_str().eq_ignore_ascii_case(method.as_str());
    let named = routes.iter().any(|(matcher, _)| matcher.methods.iter().any(respelled));
    let chosen = same.iter().find(|(matcher, _)| matcher.methods.take(method) && !named);
    let (deciding, number) = chosen.map_or((first, index), |(matcher, index)| (matcher, index));
    if refused(deciding.data) {
        return not_allowed(*number);
    }
    if let Some((matcher, index)) = chosen {
        let captured = iter::zip(&matcher.path.shape.segments, &segments);
        let captured =
            captured.filter(|(segment, _)| **segment == Segment::Capture).map(|(_, text)| (*text).to_owned());
        return Ok((*index, captured.collect()));
    }
    let mut allow = Vec::new();
    for method in same.iter().flat_map(|(matcher, _)| matcher.methods.listed()) {
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
    let methods = proptest::sample::subsequence(vec!["GET", "HEAD", "POST", "BREW"], 0..3);
    let hosts = prop_oneof![Just(vec![]), hosts];
    let route = (hosts, methods, patterns(), any::<bool>(), any::<bool>());
    let route = route.prop_map(|(hosts, methods, path, encoded_slash, parameters)| {
        matcher(&hosts, &methods, &path).allowing(PathData { encoded_slash, parameters })
    });
    proptest::collection::vec(route, 0..12).prop_map(|matchers| {
        matchers.into_iter().enumerate().map(|(index, matcher)| (matcher, index)).collect()
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(4096))]

    #[test]
    fn the_table_finds_what_reading_the_list_finds(
        routes in routes(),
        segments in proptest::collection::vec(select(vec!["a", "b", ":", "%3a", "%61", "c", "a%20", "a%2fb", "a;b", "a%2F%3A;"]), 0..5),
        slash in any::<bool>(),
        host in select(vec!["a.t", "B.A.T", "c.b.a.t.", "t", "x", "x.t:80"]),
        method in select(vec!["GET", "HEAD", "POST", "BREW", "DELETE", "Get", "brew", "delete", "cook"]),
    ) {
        let path = format!("/{}{}", segments.join("/"), if slash && !segments.is_empty() { "/" } else { "" });
        let target = target(method, host, &path);
        let expected = linear(&routes, &target);
        let table = RouteTable::new(routes);
        let found = match table.find(&target) {
            Ok(found) => Ok((*found.route, found.captures.iter().map(|(_, value)| value.to_owned()).collect())),
            Err(NotFound::Route) => Err(None),
            Err(NotFound::Target { route, .. }) => Err(Some((route.copied().unwrap_or(NOWHERE), NOT_ALLOWED.to_owned()))),
            Err(NotFound::Method { route, allow }) => Err(Some((*route, allow.to_owned()))),
        };
        prop_assert_eq!(found, expected);
    }
}
