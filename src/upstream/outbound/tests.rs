use std::sync::Arc;

use serde_json::json;

use super::*;
use crate::authn::{ClaimPath, CookieName, ParameterName, Place, Principal};
use crate::authz::{Permit, RequestFacts, Requirement, authorize};
use crate::route::Captures;
use crate::upstream::{Format, IdentityName, IdentityValue};

const PARENT: &str = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";

/// What is sent for these headers, by an untrusted peer or by a trusted proxy.
struct Sent {
    headers: HeaderMap,
    target: String,
}

struct Case {
    trusted: bool,
    permit: fn() -> Permit,
    forward_token: bool,
    /// Where the route looks for a token; the file names a cookie `t`, a header and a parameter `t` as well.
    credentials: Credentials,
    version: Version,
    upgrade: bool,
}

fn alice() -> Permit {
    let principal = Principal::for_test("corporate", &[], &[], json!({ "sub": "alice" }));
    authorize(&Requirement::Authenticated, principal, &RequestFacts::for_test()).unwrap()
}

fn elsewhere() -> Credentials {
    Credentials::new(vec![
        Place::Cookie(CookieName::parse("t").unwrap()),
        Place::Header(HeaderName::from_static("x-api-token")),
        Place::Query(ParameterName::parse("t").unwrap()),
    ])
}

fn verified() -> Case {
    Case {
        trusted: false,
        permit: alice,
        forward_token: false,
        credentials: Credentials::default(),
        version: Version::HTTP_11,
        upgrade: false,
    }
}

impl Case {
    fn send(&self, uri: &str, fields: &[(&str, &str)]) -> Sent {
        let mut request = Request::get(uri).version(self.version);
        for (name, value) in fields {
            request = request.header(*name, *value);
        }
        let (inbound, ()) = request.body(()).unwrap().into_parts();
        let networks: Arc<[ipnet::IpNet]> =
            if self.trusted { vec!["10.0.0.0/8".parse().unwrap()].into() } else { Arc::default() };
        let peer = Peer::new("10.0.0.7:999".parse().unwrap(), "test".into(), true, networks);
        let user = IdentityName::parse("X-User").unwrap();
        let guard = Guard::new([user.header()].into_iter()).concealing([&elsewhere()].into_iter());
        let value = IdentityValue::Claim(ClaimPath::parse("sub").unwrap());
        let identity = Identity::new(vec![(user, value, Format::Text)], self.forward_token, Vec::new(), &[]);
        let endpoint = Endpoint::parse("http://orders:3000").unwrap();
        let outbound = Outbound {
            inbound: &inbound,
            target: &Target::parse(&inbound).unwrap(),
            peer: &peer,
            request_id: &HeaderValue::from_static("ours"),
            traceparent: &HeaderValue::from_static(PARENT),
            caller: &Identified::new(&identity, (self.permit)(), &Captures::default()).unwrap(),
            identity: &identity,
            guard: &guard,
            watched: &Watched::new(["x-seen"].into_iter()),
            credentials: &self.credentials,
            endpoint: Some(&endpoint),
            upgrade: self.upgrade,
        };
        let request = outbound.request(RequestBody::Empty).unwrap();
        Sent { headers: request.headers().clone(), target: request.uri().to_string() }
    }

    fn get(&self, fields: &[(&str, &str)]) -> Sent {
        let host = [("Host", "api.example.com")];
        self.send("/orders?x=1", &[&host, fields].concat())
    }
}

impl Sent {
    fn all(&self, name: &str) -> Vec<&str> {
        self.headers.get_all(name).iter().map(|value| value.to_str().unwrap()).collect()
    }
}

#[test]
fn identity_is_ours_whatever_the_client_sends() {
    for forged in [
        &[("X-User", "mallory")][..],
        &[("x_user", "mallory"), ("X-User", "mallory"), ("X-User", "eve")],
        &[("Connection", "x-user, close")],
        &[("Connection", "X-USER"), ("Connection", "keep-alive, x-user"), ("X-User", "mallory")],
    ] {
        let sent = verified().get(forged);
        assert_eq!(sent.all("x-user"), ["alice"], "{forged:?}");
        assert!(!sent.headers.contains_key("x_user"), "{forged:?}");
        assert!(!sent.headers.contains_key("connection"), "{forged:?}");
        let public = Case { permit: Permit::public, ..verified() }.get(forged);
        assert!(public.headers.keys().all(|name| !name.as_str().contains("user")), "{forged:?}");
    }
}

#[test]
fn nothing_of_ours_can_be_removed_by_naming_it() {
    let named = "host, x-forwarded-for, x-forwarded-proto, x-request-id, traceparent, x-user, x-mine";
    let sent = verified().get(&[("Connection", named), ("X-Mine", "1"), ("X-Other", "2")]);
    assert_eq!(sent.all("host"), ["api.example.com"]);
    assert_eq!(sent.all("x-forwarded-for"), ["10.0.0.7"]);
    assert_eq!(sent.all("x-forwarded-proto"), ["https"]);
    assert_eq!(sent.all("x-forwarded-host"), ["api.example.com"]);
    assert_eq!(sent.all("x-request-id"), ["ours"]);
    assert_eq!(sent.all("traceparent"), [PARENT]);
    assert_eq!(sent.all("x-user"), ["alice"]);
    assert_eq!(sent.all("x-other"), ["2"]);
    assert!(!sent.headers.contains_key("x-mine"), "the client may withdraw its own");
    assert_eq!(sent.target, "/orders?x=1");
}

#[test]
fn hop_by_hop_fields_and_disguises_stay_behind() {
    let sent = verified().get(&[
        ("Keep-Alive", "timeout=5"),
        ("Proxy-Authorization", "Basic x"),
        ("Proxy-Connection", "keep-alive"),
        ("Upgrade", "h2c"),
        ("Connection", "Upgrade, HTTP2-Settings"),
        ("HTTP2-Settings", "AAMAAABk"),
        ("TE", "gzip, trailers;q=0.5"),
        ("Trailer", "X-Sum"),
        ("Expect", "100-continue"),
        ("Content_Length", "5"),
        ("Transfer_Encoding", "chunked"),
        ("X_Request_Id", "theirs"),
        ("X-Request-Id", "theirs"),
        ("X-HTTP-Method-Override", "DELETE"),
    ]);
    let mut names: Vec<&str> = sent.headers.keys().map(HeaderName::as_str).collect();
    names.sort_unstable();
    assert_eq!(
        names,
        [
            "connection",
            "host",
            "te",
            "traceparent",
            "trailer",
            "x-forwarded-for",
            "x-forwarded-host",
            "x-forwarded-proto",
            "x-request-id",
            "x-user"
        ]
    );
    // It names nothing but what we ourselves say to the next hop.
    assert_eq!(sent.headers["connection"], "te");
    assert_eq!(sent.all("te"), ["trailers"]);
    assert_eq!(sent.all("x-request-id"), ["ours"]);
}

#[test]
fn an_untrusted_peer_has_no_say_in_who_it_is() {
    let sent = verified().get(&[
        ("X-Forwarded-For", "1.2.3.4"),
        ("X-Forwarded-Proto", "http"),
        ("X-Forwarded-Host", "evil"),
        ("X-Forwarded-Prefix", "/evil"),
        ("X_Forwarded_For", "1.2.3.4"),
        ("X-Real-IP", "1.2.3.4"),
        ("X_Real.IP", "1.2.3.4"),
        ("Forwarded", "for=1.2.3.4"),
    ]);
    assert_eq!(sent.all("x-forwarded-for"), ["10.0.0.7"]);
    assert_eq!(sent.all("x-forwarded-proto"), ["https"]);
    assert_eq!(sent.all("x-forwarded-host"), ["api.example.com"]);
    assert!(
        sent.headers.values().all(|value| !value.to_str().unwrap().contains("1.2.3.4") && value != "/evil")
    );
}

#[test]
fn a_trusted_proxy_is_believed_and_its_chain_extended() {
    let trusted = Case { trusted: true, ..verified() };
    let sent = trusted.get(&[
        ("X-Forwarded-For", "1.2.3.4"),
        ("X-Forwarded-For", "10.9.9.9"),
        ("X-Forwarded-Proto", "http"),
        ("X-Forwarded-Host", "shop.example.com"),
        ("X-Forwarded-Port", "80"),
        ("X_Forwarded_For", "6.6.6.6"),
        ("Forwarded", "for=1.2.3.4"),
        ("Connection", "x-forwarded-for"),
    ]);
    assert_eq!(sent.all("x-forwarded-for"), ["1.2.3.4, 10.9.9.9, 10.0.0.7"]);
    assert_eq!(sent.all("x-forwarded-proto"), ["http"]);
    assert_eq!(sent.all("x-forwarded-host"), ["shop.example.com"]);
    assert_eq!(sent.all("x-forwarded-port"), ["80"]);
    assert_eq!(sent.all("forwarded"), ["for=1.2.3.4, for=10.0.0.7;proto=https;host=\"api.example.com\""]);
    assert!(!sent.headers.contains_key("x_forwarded_for"));
    let sent = trusted.get(&[]);
    assert_eq!(sent.all("x-forwarded-for"), ["10.0.0.7"]);
    assert_eq!(sent.all("x-forwarded-proto"), ["https"]);
    assert!(!sent.headers.contains_key("forwarded"));
}

#[test]
fn the_credential_is_forwarded_only_if_verified_and_asked_for() {
    let credential = &[("Authorization", "Bearer t")];
    assert!(!verified().get(credential).headers.contains_key("authorization"));
    let keep = Case { forward_token: true, ..verified() };
    assert_eq!(keep.get(credential).all("authorization"), ["Bearer t"]);
    let public = Case { permit: Permit::public, ..keep };
    assert!(!public.get(credential).headers.contains_key("authorization"));
}

#[test]
fn every_place_of_a_credential_is_taken_out_and_nothing_else() {
    let fields = &[
        ("Host", "a"),
        ("Authorization", "Basic dTpw"),
        ("Cookie", "a=1; t=x; b=\"2 3\""),
        ("X-Api-Token", "x"),
        ("X_Api.Token", "x"),
        ("X-Api-Tokens", "theirs"),
    ];
    let uri = "/a%2db?a=%31&%74=x&&b;c";
    for forward_token in [false, true] {
        // The route itself looks at the Authorization field alone.
        let sent = Case { forward_token, ..verified() }.send(uri, fields);
        assert_eq!(sent.target, "/a-b?a=%31&&b;c");
        assert_eq!(sent.all("cookie"), ["a=1; b=\"2 3\""]);
        assert_eq!(sent.all("x-api-tokens"), ["theirs"]);
        assert_eq!(sent.headers.contains_key("authorization"), forward_token);
        assert!(!sent.headers.contains_key("x-api-token") && !sent.headers.contains_key("x_api.token"));
    }
    let sent = verified().send("/a?t=x", &[("Host", "a"), ("Cookie", "t=x")]);
    assert_eq!(sent.target, "/a");
    assert!(!sent.headers.contains_key("cookie"));
    let http2 = Case { version: Version::HTTP_2, ..verified() };
    let sent = http2.send("https://a/?t", &[("cookie", "a=1"), ("cookie", "t=x"), ("cookie", "b=2")]);
    assert_eq!((sent.target.as_str(), sent.all("cookie")), ("/", vec!["a=1; b=2"]));
}

#[test]
fn a_forwarded_credential_stays_where_the_route_found_it() {
    let fields = &[
        ("Host", "a"),
        ("Authorization", "Basic dTpw"),
        ("Cookie", "t=x; T=y"),
        ("X-Api-Token", "x"),
        ("X_Api_Token", "x"),
    ];
    let keep = Case { forward_token: true, credentials: elsewhere(), ..verified() };
    let sent = keep.send("/a?t=x&T=y", fields);
    assert_eq!(sent.target, "/a?t=x");
    assert_eq!(sent.all("cookie"), ["t=x"]);
    assert_eq!(sent.all("x-api-token"), ["x"]);
    assert!(!sent.headers.contains_key("x_api_token") && !sent.headers.contains_key("authorization"));
    let public = Case { permit: Permit::public, ..keep }.send("/a?t=x", fields);
    assert_eq!(public.target, "/a");
    assert!(!public.headers.contains_key("cookie") && !public.headers.contains_key("x-api-token"));
}

#[test]
fn cookies_of_http2_are_joined_and_the_authority_is_the_host() {
    let http2 = Case { version: Version::HTTP_2, ..verified() };
    let sent = http2.send(
        "https://api.example.com:8443/a%2da",
        &[("cookie", "a=1"), ("cookie", "b=2"), ("cookie", "c=3")],
    );
    assert_eq!(sent.all("cookie"), ["a=1; b=2; c=3"]);
    assert_eq!(sent.all("host"), ["api.example.com:8443"]);
    assert_eq!(sent.target, "/a-a");
}

#[test]
fn a_request_without_a_host_gets_the_endpoints() {
    let sent = Case { version: Version::HTTP_10, ..verified() }.send("/", &[]);
    assert_eq!(sent.all("host"), ["orders:3000"]);
    assert!(!sent.headers.contains_key("x-forwarded-host"));
}

#[test]
fn tracestate_belongs_to_the_clients_own_trace() {
    let state = ("tracestate", "vendor=1");
    assert_eq!(verified().get(&[("traceparent", PARENT), state]).all("tracestate"), ["vendor=1"]);
    assert!(verified().get(&[state]).all("tracestate").is_empty());
    assert!(verified().get(&[("traceparent", "garbage"), state]).all("tracestate").is_empty());
}

#[test]
fn an_upgrade_says_so_in_our_words() {
    let sent = Case { upgrade: true, ..verified() }.get(&[
        ("Connection", "keep-alive, Upgrade, x-user"),
        ("Upgrade", "WebSocket"),
        ("Sec-WebSocket-Key", "k"),
    ]);
    assert_eq!(sent.all("connection"), ["upgrade"]);
    assert_eq!(sent.all("upgrade"), ["websocket"]);
    assert_eq!(sent.all("sec-websocket-key"), ["k"]);
    assert_eq!(sent.all("x-user"), ["alice"]);
}

#[test]
fn a_flood_of_connection_options_is_malformed() {
    let (inbound, ()) =
        Request::get("/").header("connection", "x,".repeat(1000)).body(()).unwrap().into_parts();
    assert!(ConnectionOptions::parse(&inbound.headers).is_none());
}
