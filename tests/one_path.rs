//! For generated routes and hostile targets: the path that is decided about is the path that is sent, byte for byte.

use http::uri::Uri;
use http::{HeaderValue, Request};
use jwtgate::route::Target;

use crate::support::raw::exchange;
use crate::support::{Dice, World};

const PATHS: &[&str] = &[
    "/**",
    "/a/**",
    "/a/{id}",
    "/a/{id}/**",
    "/{one}/{two}",
    "/a/b",
    "/caf\u{e9}/{id}",
    "/a%3Ab/**",
    "/{id}",
    "/admin/**",
];
const DATA: &[&str] = &[
    "",
    "    path: { allow: [encoded_slash] }\n",
    "    path: { allow: [parameters] }\n",
    "    path: { allow: [encoded_slash, parameters] }\n",
];
const METHODS: &[&str] = &["", "", ", methods: [GET]", ", methods: [POST]"];

/// What targets are made of: harmless, escaped, and what other servers read differently.
const PIECES: &[&str] = &[
    "/",
    "/",
    "/",
    "/",
    "a",
    "b",
    "admin",
    "a",
    "%61",
    "%41",
    "%2f",
    "%2F",
    "%2e",
    ".",
    "..",
    "%2E%2e",
    ";",
    ";x=1",
    "..;",
    "%3b",
    "%3A",
    ":",
    "%5c",
    "\\",
    "%00",
    "%25",
    "%252e",
    "%252F",
    "caf\u{e9}",
    "caf%c3%a9",
    "%ff",
    "%c0%af",
    "~",
    "%7e",
    "@",
    "%20",
    "+",
    "%",
    "%4",
    "%zz",
    "{id}",
    "%7Bid%7D",
    "|",
    "^",
    "\"",
    "%23",
    "&",
    "=",
    "*",
    "(",
    "%0d%0a",
    "//",
];
const QUERIES: &[&str] = &["", "", "?x=1", "?/../a", "?%2f;..", "?a?b", "?", "?x=%zz"];

fn routes(dice: &mut Dice) -> String {
    let mut text = "routes:\n".to_owned();
    for number in 0..3 + dice.below(5) {
        let (path, methods, data) =
            (dice.one::<&str>(PATHS), dice.one::<&str>(METHODS), dice.one::<&str>(DATA));
        // The gate sees the path that the token names, or the request is refused.
        text.push_str(&format!(
            "  - name: r{number}\n    match: {{ path: '{path}'{methods} }}\n    upstream: orders\n{data}    access: {{ require: {{ when: 'request.path == claims.path' }} }}\n"
        ));
    }
    text + "identity: { headers: { X-User: claims.sub } }\n"
}

fn target(dice: &mut Dice) -> String {
    let mut target = "/".to_owned();
    if dice.below(3) > 0 {
        target.push_str(dice.one::<&str>(&["a/", "a/b", "admin/", "caf%C3%A9/"]));
    }
    for _ in 0..dice.below(6) {
        target.push_str(dice.one::<&str>(PIECES));
    }
    target + dice.one::<&str>(QUERIES)
}

/// The target as the gateway reads it, where it has one meaning.
fn read(method: &str, target: &str) -> Option<Target> {
    let uri = Uri::try_from(target.as_bytes()).ok()?;
    let request = Request::builder().method(method).uri(uri).header("host", HeaderValue::from_static("a"));
    Target::parse(&request.body(()).unwrap().into_parts().0).ok()
}

const ROUNDS: u64 = 8;
const REQUESTS: usize = 150;

#[tokio::test]
async fn the_decided_path_is_the_forwarded_path() {
    let mut statuses = std::collections::BTreeMap::<u16, usize>::new();
    let mut changed = 0;
    for round in 1..=ROUNDS {
        let mut dice = Dice(round.wrapping_mul(0xd1b5_4a32_d192_ed03));
        let yaml = routes(&mut dice);
        let world = World::start(&yaml).await;
        for _ in 0..REQUESTS {
            let (method, given) = (*dice.one::<&str>(&["GET", "POST"]), target(&mut dice));
            let read = read(method, &given);
            let path = read.as_ref().map_or(given.as_str(), Target::path);
            let token = world.issuer.token().claim("path", path).sign();
            let request = format!(
                "{method} {given} HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer {token}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
            );
            let reply = exchange(world.gateway.listener(0), request).await;
            let status = reply.expect("an answer").head.status();
            let seen = world.upstream.take_requests();
            *statuses.entry(status).or_default() += 1;
            match (status, seen.as_slice()) {
                (200, [seen]) => {
                    let read = read.unwrap_or_else(|| panic!("{given} was forwarded as {}", seen.target()));
                    let sent = seen.target().split_once('?').map_or(seen.target(), |(path, _)| path);
                    assert_eq!(sent.as_bytes(), path_of(&read), "{given} in\n{yaml}");
                    let query = given.split_once('?').map(|(_, query)| query);
                    assert_eq!(seen.target().split_once('?').map(|(_, query)| query), query, "{given}");
                    changed += usize::from(sent != given.split('?').next().unwrap());
                }
                // Not 403: then the gate would have seen another path than the one that is sent.
                (400 | 404 | 405, []) => assert!(status == 400 || read.is_some(), "{given} in\n{yaml}"),
                _ => panic!("{status}: {method} {given} in\n{yaml}\n{seen:?}"),
            }
        }
    }
    for status in [200, 400, 404, 405] {
        assert!(statuses.get(&status).is_some_and(|&count| count > 10), "{statuses:?}");
    }
    assert!(statuses[&200] > 100 && changed > 20, "{statuses:?}, {changed} of them not as they came");
}

fn path_of(target: &Target) -> &[u8] {
    target.path().as_bytes()
}
