//! The command: its arguments, its two formats, and its exit status.

use std::io::Write as _;
use std::process::Stdio;

use serde_json::{Value, json};

use crate::support::Binary;
use crate::support::binary::{Finished, command};
use crate::support::world::{EVERY_ACCESS, Setup};

async fn run(setup: &Setup, arguments: &[&str]) -> Finished {
    let config = setup.scratch.path().join("jwtgate.yaml").display().to_string();
    let all = ["explain", "--config", &config].into_iter().chain(arguments.iter().copied());
    Binary::finish(all).await
}

fn object(run: &Finished) -> Value {
    serde_json::from_str(&run.stdout).unwrap_or_else(|error| panic!("{error}: {}", run.said()))
}

#[tokio::test]
async fn json_has_what_the_contract_says() {
    let setup = Setup::new().await;
    setup.write(EVERY_ACCESS);
    let token = setup.issuer.token().scope("orders:read").claim("tenant", "acme").sign();
    let get = ["--method", "GET", "--path", "/orders/42?x=1", "--format", "json", "--token"];
    let allowed = run(&setup, &[&get[..], &[&token]].concat()).await;
    assert_eq!(allowed.code(), Some(0), "{}", allowed.said());
    let told = object(&allowed);
    assert_eq!(
        (&told["decision"], &told["status"], &told["reason"], &told["route"], &told["subject"]),
        (&json!("allow"), &json!(200), &json!("allowed"), &json!("read"), &json!("alice"))
    );
    assert_eq!(told["headers"], json!({ "X-User": "alice", "X-Tenant": "acme" }));
    let steps = told["steps"].as_array().unwrap();
    let names: Vec<&str> = steps.iter().map(|step| step["check"].as_str().unwrap()).collect();
    assert_eq!(
        names,
        [
            "target",
            "route",
            "method",
            "credential",
            "size",
            "form",
            "crit",
            "iss",
            "issuers",
            "alg",
            "typ",
            "key",
            "signature",
            "exp",
            "nbf",
            "iat",
            "max_age",
            "aud",
            "required_claims",
            "cnf",
            "policy",
            "policy.scopes",
            "identity"
        ]
    );
    for step in steps {
        let members: Vec<&String> = step.as_object().unwrap().keys().collect();
        assert!(
            ["check", "expected", "found", "outcome"]
                .iter()
                .all(|name| members.iter().any(|had| had == name)),
            "{step}"
        );
    }
    let denied = run(&setup, &[&get[..], &[&setup.issuer.token().sign()]].concat()).await;
    assert_eq!(denied.code(), Some(1), "{}", denied.said());
    let told = object(&denied);
    assert_eq!((&told["decision"], &told["status"]), (&json!("deny"), &json!(403)));
    assert_eq!((&told["headers"], &told["subject"]), (&json!({}), &json!("alice")));
}

#[tokio::test]
async fn text_is_for_people() {
    let setup = Setup::new().await;
    setup.write(EVERY_ACCESS);
    let token = setup.issuer.token().claim("exp", crate::support::token::now() - 94).sign();
    let run = run(
        &setup,
        &["--method", "GET", "--path", "/orders/42", "--host", "a.example.com", "--token", &token],
    )
    .await;
    assert_eq!(run.code(), Some(1), "{}", run.said());
    assert!(
        run.stdout.starts_with("deny (401): token_expired\nroute:   read\nsubject: none verified\n"),
        "{}",
        run.stdout
    );
    assert!(
        run.stdout.contains("FAIL  exp") && run.stdout.contains("hint: the token expired 9"),
        "{}",
        run.stdout
    );
    assert!(run.stdout.contains("skip  aud"), "{}", run.stdout);
    assert_eq!(run.stderr, "");
    for part in token.split('.') {
        assert!(!run.said().contains(part), "{}", run.said());
    }
}

#[tokio::test]
async fn a_token_comes_from_the_command_line_a_header_or_standard_input() {
    let setup = Setup::new().await;
    let config = setup.write(EVERY_ACCESS).display().to_string();
    let token = setup.issuer.token().sign();
    let get = ["--method", "GET", "--path", "/other"];
    let header = format!("Authorization: Bearer {token}");
    assert_eq!(run(&setup, &[&get[..], &["--header", &header]].concat()).await.code(), Some(0));
    let twice = run(&setup, &[&get[..], &["--header", &header, "--token", &token]].concat()).await;
    assert!(twice.stdout.contains("credential_ambiguous"), "{}", twice.said());
    let mut command = command(["explain", "--config", &config, "--token", "-"].into_iter().chain(get));
    let mut child = command.stdin(Stdio::piped()).spawn().unwrap();
    child.stdin.take().unwrap().write_all(format!("{token}\n").as_bytes()).unwrap();
    // Elsewhere: the issuer that it asks runs on this thread.
    let output = tokio::task::spawn_blocking(move || child.wait_with_output()).await.unwrap().unwrap();
    assert_eq!(output.status.code(), Some(0), "{}", String::from_utf8_lossy(&output.stdout));
}

#[tokio::test]
async fn what_cannot_be_decided_is_exit_2() {
    let setup = Setup::new().await;
    setup.write("routes: []\nrutes: 1\n");
    let broken = run(&setup, &["--method", "GET", "--path", "/", "--format", "json"]).await;
    assert_eq!(broken.code(), Some(2), "{}", broken.said());
    assert!(object(&broken)["error"].as_str().unwrap().contains("unknown key `rutes`"), "{}", broken.stdout);
    setup.write(EVERY_ACCESS);
    for (arguments, part) in [
        (&["--method", "G T", "--path", "/"][..], "not a method"),
        (&["--method", "GET", "--path", "/a b"], "no request target"),
        (
            &["--method", "GET", "--path", "role?x=1"],
            "the path `role?x=1` does not begin with a slash; write `/role?x=1`",
        ),
        (&["--method", "GET", "--path", "/", "--header", "secret-value"], "no colon"),
        (&["--method", "GET", "--path", "/", "--token", "secret-\nvalue"], "no header can carry"),
        (&["--method", "GET"], "--path"),
    ] {
        let run = run(&setup, arguments).await;
        assert_eq!(run.code(), Some(2), "{}", run.said());
        assert!(run.stderr.contains(part) && !run.said().contains("secret-"), "{}", run.said());
    }
}

/// What it says of the token would be said of a network that is not there.
#[tokio::test]
async fn keys_that_cannot_be_had_decide_nothing_unless_the_token_is_refused_before() {
    let setup = Setup::new().await;
    setup.write(&EVERY_ACCESS.replace(
        "routes:",
        "issuers:
  corporate: { issuer: 'http://127.0.0.1:1', audiences: [orders-api] }
routes:",
    ));
    let token = setup.issuer.token().claim("iss", "http://127.0.0.1:1");
    let get = ["--method", "GET", "--path", "/other", "--token"];
    let signed = token.clone().sign();
    for format in ["text", "json"] {
        let run = run(&setup, &[&get[..], &[&signed, "--format", format]].concat()).await;
        assert_eq!(run.code(), Some(2), "{}", run.said());
        let why = if format == "json" {
            let told = object(&run);
            assert_eq!(told.as_object().unwrap().len(), 1, "{}", run.said());
            told["error"].as_str().unwrap().to_owned()
        } else {
            assert_eq!(run.stdout, "");
            run.stderr.clone()
        };
        assert!(why.starts_with("could not decide: the keys of `corporate` cannot be had: "), "{why}");
        assert!(why.contains("onnection refused") && why.contains("503"), "{why}");
    }
    for (arguments, code, reason) in [
        (vec!["--method", "GET", "--path", "/other", "--token", "opaque"], 1, "token_malformed"),
        (vec!["--method", "GET", "--path", "/other"], 1, "token_missing"),
        (vec!["--method", "GET", "--path", "/public/a"], 0, "public"),
    ] {
        let run = run(&setup, &arguments).await;
        assert_eq!(run.code(), Some(code), "{}", run.said());
        assert!(run.stdout.contains(reason), "{}", run.said());
    }
}

#[tokio::test]
async fn nothing_is_listened_on_and_the_files_of_listeners_may_be_missing() {
    let setup = Setup::new().await;
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = taken.local_addr().unwrap().port();
    setup.write(&format!(
        "listeners:\n  - address: 127.0.0.1:{port}\n    tls: {{ certificate: no.crt, key: no.key }}\n{EVERY_ACCESS}"
    ));
    let run = run(&setup, &["--method", "GET", "--path", "/public/a"]).await;
    assert_eq!(
        (run.code(), run.stdout.lines().next()),
        (Some(0), Some("allow (200): public")),
        "{}",
        run.said()
    );
}

#[tokio::test]
async fn under_observe_it_says_so_and_what_would_have_been() {
    let setup = Setup::new().await;
    setup.write(
        "routes:
  - { name: watched, match: { path: /watched }, access: { require: { roles: a }, enforcement: observe }, upstream: orders }
  - { name: tried, match: { path: /tried }, access: { require: { roles: a }, candidate: { roles: b } }, upstream: orders }
  - name: both
    match: { path: /both }
    access: { require: { roles: a }, candidate: { roles: b }, enforcement: observe }
    upstream: orders
",
    );
    let (nobody, a, b) =
        (String::new(), setup.issuer.token().roles(&["a"]).sign(), setup.issuer.token().roles(&["b"]).sign());
    let answer = |decision: &str, status: u16, reason: &str| json!({ "decision": decision, "status": status, "reason": reason });
    let denied = || answer("deny", 403, "policy_denied");
    let allowed = || answer("allow", 200, "allowed");
    let missing = || answer("deny", 401, "token_missing");
    for (path, token, told, observed, candidate) in [
        ("/watched", &nobody, answer("allow", 200, "token_missing"), missing(), Value::Null),
        ("/watched", &a, allowed(), allowed(), Value::Null),
        ("/watched", &b, answer("allow", 200, "policy_denied"), denied(), Value::Null),
        ("/tried", &nobody, missing(), Value::Null, Value::Null),
        ("/tried", &a, allowed(), Value::Null, denied()),
        ("/tried", &b, denied(), Value::Null, allowed()),
        ("/both", &nobody, answer("allow", 200, "token_missing"), missing(), Value::Null),
        ("/both", &a, allowed(), allowed(), denied()),
        ("/both", &b, answer("allow", 200, "policy_denied"), denied(), allowed()),
    ] {
        let with = if token.is_empty() { vec![] } else { vec!["--token", token.as_str()] };
        let request = [&["--method", "GET", "--path", path][..], &with].concat();
        let json = run(&setup, &[&request[..], &["--format", "json"]].concat()).await;
        let code = i32::from(told["decision"] != "allow");
        assert_eq!(json.code(), Some(code), "{}", json.said());
        let object = object(&json);
        for key in ["decision", "status", "reason"] {
            assert_eq!(object[key], told[key], "{path}: {object:#}");
        }
        assert_eq!(
            (&object["observed"], &object["candidate"]),
            (&observed, &candidate),
            "{path}: {object:#}"
        );
        let text = run(&setup, &request).await.stdout;
        let shown = |answer: &Value| {
            let text = |key: &str| answer[key].to_string().replace('"', "");
            format!("{} ({}): {}", text("decision"), text("status"), text("reason"))
        };
        let first =
            if observed.is_null() { shown(&told) } else { "allow (200): the route only observes".into() };
        assert_eq!(text.lines().next(), Some(first.as_str()), "{text}");
        let observe = text.lines().find_map(|line| line.strip_prefix("observe: enforced, it would be "));
        assert_eq!(observe, (!observed.is_null()).then(|| shown(&observed)).as_deref(), "{text}");
        let shadow = "shadow:  the candidate, which decides nothing, says ";
        let shadow = text.lines().find_map(|line| line.strip_prefix(shadow));
        assert_eq!(shadow, (!candidate.is_null()).then(|| shown(&candidate)).as_deref(), "{text}");
    }
}
