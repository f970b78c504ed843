//! What the look-up of a route costs, by the size of the table, and what the parsing of its target costs.
//!
//! A table of any size should cost about what a small one costs: routes that a request cannot match are not visited.

use divan::{Bencher, black_box};
use http::request::Parts;
use http::{Request, header::HOST};
use jwtgate::route::{HostPattern, Matcher, Methods, PathPattern, RouteTable, Target};

fn main() {
    divan::main();
}

const SIZES: [usize; 4] = [1, 10, 100, 10_000];

/// Routes with a literal, a capture and another literal, of which the last one is asked for.
#[divan::bench(args = SIZES)]
fn find_with_capture(bencher: Bencher<'_, '_>, routes: usize) {
    let table = table(routes, |index| matcher(&[], &format!("/service-{index}/orders/{{id}}")));
    let target = target("api.example.com", &format!("/service-{}/orders/4711", routes - 1));
    bencher.bench_local(|| black_box(table.find(black_box(&target))).is_ok());
}

/// Literal paths, of which the last one is asked for.
#[divan::bench(args = SIZES)]
fn find_literal(bencher: Bencher<'_, '_>, routes: usize) {
    let table = table(routes, |index| matcher(&[], &format!("/service/health-{index}")));
    let target = target("api.example.com", &format!("/service/health-{}", routes - 1));
    bencher.bench_local(|| black_box(table.find(black_box(&target))).is_ok());
}

/// A host for each route.
#[divan::bench(args = SIZES)]
fn find_by_host(bencher: Bencher<'_, '_>, routes: usize) {
    let table =
        table(routes, |index| matcher(&[&format!("tenant-{index}.example.com"), "*.internal"], "/**"));
    let target = target(&format!("tenant-{}.example.com", routes - 1), "/orders/4711");
    bencher.bench_local(|| black_box(table.find(black_box(&target))).is_ok());
}

/// A path that no route has.
#[divan::bench(args = SIZES)]
fn find_nothing(bencher: Bencher<'_, '_>, routes: usize) {
    let table = table(routes, |index| matcher(&[], &format!("/{{tenant}}/orders-{index}/{{id}}")));
    let target = target("api.example.com", "/acme/orders-x/4711");
    bencher.bench_local(|| black_box(table.find(black_box(&target))).is_err());
}

/// A target that is canonical, one that is not, and one that is refused.
#[divan::bench(args = ["/api/v1/orders/4711?expand=lines", "/api/v1/caf%c3%a9/%7e4711?expand=lines", "/api/v1/../admin"])]
fn parse(bencher: Bencher<'_, '_>, path: &str) {
    let request = request("api.example.com", path);
    bencher.bench_local(|| black_box(Target::parse(black_box(&request))).is_ok());
}

fn table(routes: usize, matcher: impl Fn(usize) -> Matcher) -> RouteTable<usize> {
    RouteTable::new((0..routes).map(|index| (matcher(index), index)).collect())
}

fn matcher(hosts: &[&str], path: &str) -> Matcher {
    let hosts = hosts.iter().filter_map(|host| HostPattern::parse(host).ok()).collect();
    #[expect(clippy::expect_used, reason = "a bench of nothing would be fast")]
    let path = PathPattern::parse(path).expect("the path is a pattern");
    Matcher::new(hosts, Methods::any(), path)
}

#[expect(clippy::expect_used, reason = "a bench of nothing would be fast")]
fn target(host: &str, path: &str) -> Target {
    Target::parse(&request(host, path)).expect("the target is unambiguous")
}

#[expect(clippy::expect_used, reason = "a bench of nothing would be fast")]
fn request(host: &str, path: &str) -> Parts {
    let request =
        Request::builder().uri(path).header(HOST, host).body(()).expect("the request is well-formed");
    request.into_parts().0
}
