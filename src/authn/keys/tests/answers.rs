//! What an issuer may say, and what never takes the place of good keys.

use super::scripted::{Jwk, Script, Scripted, answer, set};
use super::*;

const JSON: &str = "content-type: application/json\r\n";

#[tokio::test]
async fn no_bad_answer_takes_the_place_of_good_keys() {
    let (good, new) = (Jwk::new("good"), Jwk::new("new"));
    let fresh = set(&[&new]);
    let ten_thousand = format!(r#"{{"keys":[{}]}}"#, vec![r#"{"kty":"EC"}"#; 10_000].join(","));
    let padded = format!("{fresh}{}", " ".repeat(1024 * 1024));
    let deep = format!(r#"{{"keys":{}{}}}"#, "[".repeat(100_000), "]".repeat(100_000));
    let oct = r#"{"keys":[{"kty":"oct","kid":"new","k":"AyM1SysPpbyDfgZld3umj1qzKObwVMkoqQ-EstJQLr_T-1qS0gZH75aKtMN3Yj0iPS4hcgUuTwjAzZr1Z9CAow"}]}"#;
    let encoded = format!("{JSON}content-encoding: gzip\r\n");
    let elsewhere = Scripted::with(&[&new]).await;
    let away = format!("location: {}\r\n", elsewhere.url("/jwks"));
    let at_home = "location: /other\r\n";
    let chunked = "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ntransfer-encoding: chunked\r\n\r\n";
    let huge = format!("HTTP/1.1 200 OK\r\n{JSON}content-length: 1073741824\r\n\r\n");
    let endless = format!("HTTP/1.1 200 OK\r\n{JSON}\r\n");
    let cases = [
        ("500", answer("500 Internal Server Error", JSON, &fresh)),
        ("404", answer("404 Not Found", JSON, &fresh)),
        ("204", answer("204 No Content", "", "")),
        ("206", answer("206 Partial Content", JSON, &fresh)),
        ("304 that nobody asked for", answer("304 Not Modified", "", "")),
        ("redirect away", answer("302 Found", &away, "")),
        ("redirect at home", answer("308 Permanent Redirect", at_home, "")),
        ("garbage for HTTP", Script::Raw(b"\x00\xff\x13\x37\r\n\r\n".to_vec())),
        ("nothing", Script::Hangup),
        (
            "half an answer",
            Script::Raw(format!("HTTP/1.1 200 OK\r\n{JSON}content-length: 999\r\n\r\n{fresh}").into()),
        ),
        ("half a chunk", Script::Raw(format!("{chunked}ff\r\n{fresh}").into())),
        ("garbage", answer("200 OK", JSON, "\u{0}\u{1}garbage")),
        ("empty", answer("200 OK", JSON, "")),
        ("{}", answer("200 OK", JSON, "{}")),
        ("[]", answer("200 OK", JSON, "[]")),
        ("null", answer("200 OK", JSON, "null")),
        ("no keys", answer("200 OK", JSON, r#"{"keys":[]}"#)),
        ("keys of no use", answer("200 OK", JSON, r#"{"keys":[{"kty":"new"},{}]}"#)),
        ("a shared secret", answer("200 OK", JSON, oct)),
        ("truncated", answer("200 OK", JSON, fresh.trim_end_matches("]}"))),
        ("HTML", answer("200 OK", "content-type: text/html\r\n", "<html><body>Sign in</body></html>")),
        ("keys as HTML", answer("200 OK", "content-type: text/html; charset=utf-8\r\n", &fresh)),
        ("keys as gzip", answer("200 OK", &encoded, &fresh)),
        ("over 1 MiB", answer("200 OK", JSON, &padded)),
        ("1 GiB by its own account", Script::Raw(huge.into())),
        ("no end", Script::Drip { head: endless.clone().into(), chunk: 128 * 1024, pause: Duration::ZERO }),
        ("a slow drip", Script::Drip { head: endless.into(), chunk: 1, pause: Duration::from_millis(20) }),
        ("silence", Script::Silence),
        ("10,000 keys", answer("200 OK", JSON, &ten_thousand)),
        ("depth", answer("200 OK", JSON, &deep)),
    ];
    let checked = cases.map(|(name, script)| stands(name, script, &good, &new));
    futures_util::future::join_all(checked).await;
    assert_eq!(elsewhere.fetches("/jwks"), 0, "a redirect was followed");
}

/// Good keys stand before, during and after this answer.
async fn stands(name: &str, script: Script, good: &Jwk, new: &Jwk) {
    let issuer = Scripted::with(&[good]).await;
    let started = Fixture::new().at(&issuer);
    assert!(started.has("good").await, "{name}");
    issuer.script("/other", Script::Json(set(&[new])));
    issuer.script("/jwks", script);

    let refreshed = started.keys.refresh_now().await;
    assert!(refreshed.is_err(), "{name} was taken");
    assert!(started.has("good").await, "{name} replaced good keys");
    assert!(!started.holds("new"), "{name} brought a key");
    assert!(is_unavailable(started.select("new").await), "{name}: the issuer could not be asked");
    assert_eq!(started.metrics.keys.get(), 1, "{name}");
    assert!(started.metrics.fetch_failure.get() >= 1, "{name}");
    assert!(started.keys.describe().contains("in a row"), "{name}: {}", started.keys.describe());

    issuer.serve_keys(&[good, new]);
    eventually("recovery", || started.holds("new")).await;
    assert!(!started.keys.describe().contains("in a row"), "{name}");
}

#[tokio::test]
async fn a_set_that_serves_none_of_the_algorithms_does_not_take_the_place_of_good_keys() {
    let good = Jwk::new("good");
    let issuer = Scripted::with(&[&good]).await;
    let source = || KeySource::JwksUri(issuer.url("/jwks"));
    let made = |algorithm| {
        let metrics = Metrics::new().unwrap().issuer("main");
        let algorithms = Algorithms::new(vec![algorithm]).unwrap();
        let Fixture { options, timing } = Fixture::new();
        let name = "main".into();
        let keys =
            Keys::with_timing(&name, "https://i", &algorithms, source(), &options, metrics.clone(), timing);
        let started = Started { keys: Arc::new(keys.unwrap()), metrics };
        started.keys.start();
        started
    };
    let started = made(Algorithm::Es256);
    assert!(started.has("good").await);
    let other = set(&[&Jwk::new("new")]).replace(r#""kty""#, r#""alg":"ES384","kty""#);
    let ed25519 = r#"{"keys":[{"kty":"OKP","crv":"Ed25519","kid":"new","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}]}"#;
    for absurd in [other, ed25519.to_owned()] {
        issuer.script("/jwks", answer("200 OK", JSON, &absurd));
        assert!(started.keys.refresh_now().await.is_err(), "{absurd}");
        assert!(started.has("good").await && !started.holds("new"), "{absurd}");
        assert_eq!(started.keys.generation(), 0);
    }
    assert!(started.keys.describe().contains("1 keys"), "{}", started.keys.describe());
    assert!(made(Algorithm::EdDsa).keys.select(Some("new"), Algorithm::EdDsa).await.is_ok());
    issuer.serve_keys(&[&good, &Jwk::new("new")]);
    eventually("recovery", || started.holds("new")).await;
}

#[tokio::test]
async fn the_bearer_token_goes_to_the_issuers_own_origin_alone() {
    let directory = tempfile::tempdir().unwrap();
    let token = directory.path().join("token");
    std::fs::write(&token, "hunter2").unwrap();
    let with_token = || {
        let mut fixture = Fixture::new();
        fixture.options.bearer_token_file = Some(token.clone());
        fixture
    };
    let (issuer, elsewhere) = (Scripted::start().await, Scripted::with(&[&Jwk::new("a")]).await);
    let document = |keys: &str| format!(r#"{{"issuer":"{}","jwks_uri":"{keys}"}}"#, issuer.url(""));
    let path = "/.well-known/openid-configuration";
    issuer.script(path, Script::Json(document(&elsewhere.url("/jwks"))));
    let started = with_token().start(KeySource::Discovery, &issuer.url(""));
    assert!(started.has("a").await);
    let carries =
        |heads: Vec<String>| heads.iter().any(|head| head.contains("authorization: Bearer hunter2"));
    assert!(carries(issuer.heads()), "the document's own origin");
    assert!(!elsewhere.heads().is_empty() && !carries(elsewhere.heads()), "{:?}", elsewhere.heads());

    // A key set at home is sent it, and so is a key set that the operator has named.
    let home = Scripted::with(&[&Jwk::new("a")]).await;
    home.script(path, Script::Json(document(&home.url("/jwks")).replace(&issuer.url(""), &home.url(""))));
    let started = with_token().start(KeySource::Discovery, &home.url(""));
    assert!(started.has("a").await);
    assert!(
        home.heads().iter().all(|head| head.contains("authorization: Bearer hunter2")),
        "{:?}",
        home.heads()
    );
    let started = with_token().at(&elsewhere);
    assert!(started.has("a").await && carries(elsewhere.heads()));
}

#[tokio::test]
async fn harmless_oddities_are_taken() {
    let key = Jwk::new("a");
    let body = set(&[&key]);
    for headers in [
        "",
        "content-type: application/jwk-set+json\r\n",
        "content-type: application/json; charset=utf-8\r\n",
        "content-type: text/plain\r\n",
        "content-type: application/octet-stream\r\n",
        "content-encoding: identity\r\n",
    ] {
        let issuer = Scripted::start().await;
        issuer.script("/jwks", answer("200 OK", headers, &body));
        assert!(Fixture::new().at(&issuer).has("a").await, "{headers}");
    }
}

#[tokio::test]
async fn an_unchanged_set_is_confirmed_by_its_etag() {
    let key = Jwk::new("a");
    let issuer = Scripted::start().await;
    let headers = format!("{JSON}etag: \"v1\"\r\ncache-control: max-age=0\r\n");
    issuer.script("/jwks", answer("200 OK", &headers, &set(&[&key])));
    let mut fixture = Fixture::new();
    fixture.options.max_stale = Duration::from_millis(600);
    let started = fixture.at(&issuer);
    assert!(started.has("a").await);

    issuer.script("/jwks", answer("304 Not Modified", "etag: \"v1\"\r\n", ""));
    eventually("refreshes", || issuer.fetches("/jwks") >= 10).await;
    assert!(started.has("a").await, "304 keeps the keys alive past max_stale");
    assert_eq!(started.metrics.fetch_failure.get(), 0);
    assert_eq!(started.keys.generation(), 0);
    let heads = issuer.heads();
    assert!(!heads[0].contains("if-none-match"));
    assert!(heads[1..].iter().all(|head| head.contains("if-none-match: \"v1\"")), "{heads:?}");
}

#[tokio::test]
async fn who_misses_a_key_is_not_fobbed_off_by_a_cache() {
    let (old, new) = (Jwk::new("old"), Jwk::new("new"));
    let issuer = Scripted::start().await;
    issuer.script("/jwks", answer("200 OK", &format!("{JSON}etag: \"same\"\r\n"), &set(&[&old])));
    let mut fixture = Fixture::new();
    fixture.options.refresh_min = Duration::from_mins(1);
    let started = fixture.at(&issuer);
    assert!(started.has("old").await);
    // The set changes, its ETag does not.
    issuer.script("/jwks", answer("200 OK", &format!("{JSON}etag: \"same\"\r\n"), &set(&[&old, &new])));
    assert!(started.has("new").await);
    let last = issuer.heads().pop().unwrap();
    assert!(last.contains("cache-control: no-cache") && !last.contains("if-none-match"), "{last}");
}

#[tokio::test]
async fn what_a_fetch_says_of_itself() {
    let issuer = Scripted::with(&[&Jwk::new("a")]).await;
    let directory = tempfile::tempdir().unwrap();
    let token = directory.path().join("token");
    std::fs::write(&token, "first\n").unwrap();
    let mut fixture = Fixture::new();
    fixture.options.bearer_token_file = Some(token.clone());
    let started = fixture.at(&issuer);
    assert!(started.has("a").await);
    std::fs::write(&token, "second\n").unwrap();
    started.keys.refresh_now().await.unwrap();
    let heads = issuer.heads();
    assert!(heads[0].contains("accept: application/json"), "{}", heads[0]);
    assert!(
        heads[0].contains(concat!("user-agent: jwtgate/", env!("CARGO_PKG_VERSION"), "\r\n")),
        "{}",
        heads[0]
    );
    assert!(heads[0].contains("authorization: Bearer first\r\n"));
    assert!(heads.last().unwrap().contains("authorization: Bearer second\r\n"));

    std::fs::write(&token, "two\nlines").unwrap();
    assert!(started.keys.refresh_now().await.is_err());
    std::fs::remove_file(&token).unwrap();
    assert!(started.keys.refresh_now().await.is_err());
    assert!(started.has("a").await);
}
