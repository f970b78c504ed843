//! Where a token may be, and what is no credential at all.

use crate::support::reply::{INVALID_REQUEST, Reply};
use crate::support::world::{AUTHENTICATED, EVERY_ACCESS, World};

/// Header values of Authorization, as bytes, with what they are.
enum Expect {
    Passes,
    Missing,
    Malformed,
    Ambiguous,
    Invalid,
}
use Expect::{Ambiguous, Invalid, Malformed, Missing, Passes};

fn cases(token: &str) -> Vec<(Vec<Vec<u8>>, Expect)> {
    let one = |value: &str| vec![value.as_bytes().to_vec()];
    let two = |a: &str, b: &str| vec![a.as_bytes().to_vec(), b.as_bytes().to_vec()];
    let bearer = format!("Bearer {token}");
    vec![
        (one(&bearer), Passes),
        (one(&format!("bearer {token}")), Passes),
        (one(&format!("BEARER {token}")), Passes),
        (vec![], Missing),
        (one("Basic YWxpY2U6c2VjcmV0"), Missing),
        (one("Digest username=x, realm=y"), Missing),
        (one(&format!("Bearerx {token}")), Missing),
        (one(&format!("DPoP {token}")), Missing),
        (one("Bearer"), Malformed),
        (one("bearer "), Malformed),
        (one("Bearer a b"), Malformed),
        (one(&format!("{bearer} {token}")), Malformed),
        (one(&format!("{bearer},{token}")), Malformed),
        (one(&format!("{bearer}, Basic YTpi")), Malformed),
        (one(&format!("Bearer \"{token}\"")), Malformed),
        (one("Bearer {\"payload\":\"x\",\"signatures\":[]}"), Malformed),
        (one("Bearer ="), Malformed),
        (one("Bearer a=b"), Malformed),
        (vec![b"Bearer \xff\xfe".to_vec()], Malformed),
        (vec![[bearer.as_bytes(), b"\x80"].concat()], Malformed),
        (two(&bearer, &bearer), Ambiguous),
        (two(&bearer, "Bearer other"), Ambiguous),
        (two(&bearer, "Basic YTpi"), Ambiguous),
        (two("Basic YTpi", &bearer), Ambiguous),
        (two("Basic YTpi", "Basic YTpi"), Ambiguous),
        (one("Bearer x"), Invalid),
    ]
}

async fn send(world: &World, path: &str, values: &[Vec<u8>]) -> (Reply, String) {
    let request = world.client.get(path);
    let request = values.iter().fold(request, |request, value| request.header_bytes("authorization", value));
    let (reply, decision) = world.decide(request).await;
    (reply, decision.reason)
}

#[tokio::test]
async fn a_route_that_needs_a_token_takes_one_and_says_what_is_wrong_with_others() {
    let world = World::start(AUTHENTICATED).await;
    for (values, expected) in cases(&world.issuer.token().sign()) {
        let (reply, reason) = send(&world, "/orders", &values).await;
        let shown: Vec<_> = values.iter().map(|value| value.escape_ascii().to_string()).collect();
        let seen = world.upstream.take_requests();
        let expected = match expected {
            Passes => {
                reply.assert_passed();
                assert_eq!(seen.len(), 1, "{shown:?}");
                assert_eq!(seen[0].header("authorization"), None);
                assert_eq!(seen[0].header("x-user"), Some("alice"));
                "allowed"
            }
            Missing => {
                reply.assert_refused(401, Some("Bearer"));
                "token_missing"
            }
            Malformed => {
                reply.assert_refused(400, Some(INVALID_REQUEST));
                "credential_malformed"
            }
            Ambiguous => {
                reply.assert_refused(400, Some(INVALID_REQUEST));
                "credential_ambiguous"
            }
            Invalid => {
                reply.assert_invalid_token();
                "token_malformed"
            }
        };
        assert_eq!(reason, expected, "{shown:?}");
        assert_eq!(seen.is_empty(), expected != "allowed", "{shown:?}");
    }
}

#[tokio::test]
async fn an_optional_route_takes_none_but_no_bad_one() {
    let world = World::start(EVERY_ACCESS).await;
    for (values, expected) in cases(&world.issuer.token().sign()) {
        let (reply, reason) = send(&world, "/optional/a", &values).await;
        let shown: Vec<_> = values.iter().map(|value| value.escape_ascii().to_string()).collect();
        let (status, expected, user) = match expected {
            Passes => (200, "allowed", Some("alice")),
            Missing => (200, "anonymous", None),
            Malformed => (400, "credential_malformed", None),
            Ambiguous => (400, "credential_ambiguous", None),
            Invalid => (401, "token_malformed", None),
        };
        assert_eq!((reply.status, reason.as_str()), (status, expected), "{shown:?}");
        let seen = world.upstream.take_requests();
        assert_eq!(seen.len(), usize::from(status == 200), "{shown:?}");
        for request in seen {
            assert_eq!(
                (request.header("x-user"), request.header("authorization")),
                (user, None),
                "{shown:?}"
            );
        }
    }
}

#[tokio::test]
async fn a_public_route_looks_at_no_token_and_forwards_none() {
    let world = World::start(EVERY_ACCESS).await;
    for (values, _) in cases(&world.issuer.token().sign()) {
        let (reply, reason) = send(&world, "/public/a", &values).await;
        let shown: Vec<_> = values.iter().map(|value| value.escape_ascii().to_string()).collect();
        assert_eq!((reply.status, reason.as_str()), (200, "public"), "{shown:?}");
        let seen = world.upstream.take_requests();
        assert_eq!(seen[0].head.values("authorization"), [""; 0], "{shown:?}");
        assert_eq!(seen[0].spelled_like("x-user"), [], "{shown:?}");
    }
}

#[tokio::test]
async fn only_authorization_holds_a_token() {
    let world = World::start(AUTHENTICATED).await;
    world.upstream.must_not_be_reached();
    let token = world.issuer.token().sign();
    for request in [
        world.client.get(&format!("/?access_token={token}")),
        world.client.get("/").header("cookie", &format!("__Host-access={token}; access_token={token}")),
        world.client.get("/").header("x-api-token", &token),
        world.client.get("/").header("proxy-authorization", &format!("Bearer {token}")),
        world.client.get("/").header("x-authorization", &format!("Bearer {token}")),
        world.client.get("/").header("x-forwarded-access-token", &token),
        world.client.get("/").header("user-agent", "kube-probe/1.33"),
    ] {
        let reply = world.assert_reason(request, "token_missing").await;
        reply.assert_refused(401, Some("Bearer"));
    }
}

#[tokio::test]
async fn what_is_no_credential_of_ours_is_forwarded() {
    let world = World::start(AUTHENTICATED).await;
    let token = world.issuer.token().sign();
    let request = world.client.get("/?access_token=theirs").bearer(&token).header("cookie", "session=1; b=2");
    request.header("x-api-token", "theirs").send().await.assert_passed();
    let seen = world.upstream.only_request();
    assert_eq!(seen.target(), "/?access_token=theirs");
    assert_eq!(seen.header("cookie"), Some("session=1; b=2"));
    assert_eq!(seen.header("x-api-token"), Some("theirs"));
}

#[tokio::test]
async fn a_token_is_forwarded_where_the_route_says_so() {
    let world = World::start(
        "
routes:
  - name: kept
    match: { path: /kept/** }
    access: authenticated
    upstream: orders
    identity: { headers: { X-User: claims.sub }, forward_token: true }
  - name: rest
    match: { path: /** }
    access: authenticated
    upstream: orders
",
    )
    .await;
    let bearer = format!("Bearer {}", world.issuer.token().sign());
    for path in ["/kept/a", "/other"] {
        world.client.get(path).header("authorization", &bearer).send().await.assert_passed();
    }
    let seen = world.upstream.take_requests();
    assert_eq!(seen[0].head.values("authorization"), [&bearer]);
    assert_eq!(seen[1].head.values("authorization"), [""; 0]);
}

#[tokio::test]
async fn http2_carries_the_same_credential() {
    let world = World::start(AUTHENTICATED).await;
    let client = world.client.http2();
    let token = world.issuer.token().sign();
    client.get("/a").bearer(&token).send().await.assert_passed();
    client.get("/a").bearer(&token).bearer(&token).send().await.assert_refused(400, Some(INVALID_REQUEST));
    client.get("/a").send().await.assert_refused(401, Some("Bearer"));
    let seen = world.upstream.only_request();
    assert_eq!((seen.header("x-user"), seen.header("authorization")), (Some("alice"), None));
    assert_eq!(seen.header("host"), Some("api.example.com"));
}
