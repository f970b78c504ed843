//! What is wrong with a test file is said at its place, all at once, and nothing runs.

use super::{CONFIG, run};
use crate::support::{Binary, Scratch};

/// Tests with one mistake each: the place within the file, and the whole message.
const MISTAKES: &[(&str, &str, &str)] = &[
    (
        "  - { name: a, request: { path: /health }, expect: { decision: allow }, tokn: x }\n",
        "3:73",
        "unknown key `tokn`; did you mean `token`?",
    ),
    ("  - { name: a, request: { path: /health } }\n", "3:5", "`expect` is missing; add `expect: …` here"),
    (
        "  - { name: a, request: { path: /health }, expect: {} }\n",
        "3:52",
        "the map is empty; give it a key, or leave it out",
    ),
    (
        "  - { name: a, request: { path: /health }, token: { issuer: corporate, claims: {} }, expect: { status: 200 } }\n",
        "3:80",
        "the map is empty; name at least one entry, or leave the key out where it may be",
    ),
    (
        "  - { name: a, request: { path: /health }, expect: { decision: maybe } }\n",
        "3:64",
        "`maybe` is no decision; expected `allow` or `deny`",
    ),
    (
        "  - { name: a, request: { path: /health }, expect: { status: 418 } }\n",
        "3:62",
        "the gateway itself never answers with 418; write 200 for a request that passes, 204 for a preflight, or the status of a reason code",
    ),
    (
        "  - { name: a, request: { path: /health }, expect: { status: '200' } }\n",
        "3:62",
        "found `200`; expected a status, like 200 or 403",
    ),
    (
        "  - { name: a, request: { path: /health }, expect: { reason: token_expird } }\n",
        "3:62",
        "`token_expird` is no reason for a decision; did you mean `token_expired`?",
    ),
    (
        "  - { name: a, request: { path: /health }, expect: { decision: allow, status: 403 } }\n",
        "3:79",
        "status 403 is no answer of this decision; write 200, or leave it out",
    ),
    (
        "  - { name: a, request: { path: /health }, expect: { status: 403, reason: token_missing } }\n",
        "3:75",
        "`token_missing` is no reason of this answer; its status is 401",
    ),
    (
        "  - { name: a, request: { path: /health }, expect: { decision: deny, reason: public } }\n",
        "3:78",
        "`public` is no reason of this answer; give the reason of the refusal",
    ),
    (
        "  - { name: a, request: { path: /health }, expect: { route: helth } }\n",
        "3:61",
        "no route named `helth`; did you mean `health`?",
    ),
    (
        "  - { name: a, request: { path: /health }, expect: { headers: { X-Usr: '1' } } }\n",
        "3:65",
        "no identity header named `X-Usr`; did you mean `X-User`?",
    ),
    (
        "  - { name: a, request: { path: /health }, expect: { headers: { X-User: 42 } } }\n",
        "3:73",
        "found the number 42; expected text, or null for what is absent: put it in quotes",
    ),
    (
        "  - { name: a, request: { path: /api }, token: { issuer: corprate }, expect: { decision: allow } }\n",
        "3:58",
        "no issuer named `corprate`; did you mean `corporate`?",
    ),
    (
        "  - { name: a, request: { path: /api }, token: { issuer: corporate, claims: { exp: soon } }, expect: { decision: allow } }\n",
        "3:84",
        "found `soon`; write a time relative to now, like -60s or 5m, or a number of seconds since 1970",
    ),
    (
        "  - { name: a, request: { path: /api }, token: { issuer: corporate, signature: broken }, expect: { decision: deny } }\n",
        "3:80",
        "`broken` is no kind of signature; expected `valid` or `invalid`",
    ),
    (
        "  - { name: a, request: { path: /api }, token: { issuer: corporate, header: { crit: x } }, expect: { decision: deny } }\n",
        "3:79",
        "unknown key `crit`; known here: alg, kid, typ",
    ),
    (
        "  - { name: a, request: { path: /api }, token: { issuer: corporate, tenant: acme }, expect: { decision: allow } }\n",
        "3:77",
        "the issuer `corporate` has no tenants; leave `tenant` out",
    ),
    (
        "  - { name: a, request: { path: /api }, token: { issuer: partners }, expect: { decision: allow } }\n",
        "3:48",
        "the issuer `partners` has tenants; say whose token it is: add `tenant: …`",
    ),
    (
        "  - { name: a, request: { path: /api }, token: { issuer: partners, tenant: other }, expect: { decision: deny } }\n",
        "3:76",
        "`other` is no tenant of the issuer `partners`; name one that the configuration takes; for another, give `iss` itself",
    ),
    (
        "  - { name: a, request: { path: /api }, token: 42, expect: { decision: deny } }\n",
        "3:48",
        "found the number 42; expected a map with `issuer` and `claims`, or a token as text: put it in quotes",
    ),
    (
        "  - { name: a, request: { path: api }, expect: { decision: allow } }\n",
        "3:33",
        "`api` is no path that a request could have; write it like /orders/42, percent-encoded",
    ),
    (
        "  - { name: a, request: { path: /a b }, expect: { decision: allow } }\n",
        "3:33",
        "`/a b` is no path that a request could have; write it like /orders/42, percent-encoded",
    ),
    (
        "  - { name: a, request: { method: 'g t', path: /api }, expect: { decision: allow } }\n",
        "3:35",
        "`g t` is no method; write a name like GET",
    ),
    (
        "  - { name: a, request: { path: /api, headers: { Host: x } }, expect: { decision: allow } }\n",
        "3:50",
        "`Host` among the headers; write it as `host` of the request",
    ),
    (
        "  - { name: a, request: { path: /api, headers: { 'X Y': x } }, expect: { decision: allow } }\n",
        "3:50",
        "`X Y` is no name of a header; write it like X-Request-Id",
    ),
    (
        "  - { name: a, request: { path: /api }, expect: { decision: deny } }\n  - { name: a, request: { path: /api }, expect: { decision: deny } }\n",
        "4:13",
        "a test named `a` is already on line 3; give each test a name of its own",
    ),
    ("  []\n", "3:3", "the list is empty; name at least one item"),
];

#[tokio::test]
async fn each_mistake_is_named_at_its_place() {
    let scratch = Scratch::new();
    let mut faults = Vec::new();
    for (tests, place, message) in MISTAKES {
        let run = run(&scratch, tests, &[]).await;
        let expected = format!("{}/orders.test.yaml:{place}: {message}", scratch.path().display());
        if run.code() != Some(2) || run.stderr != expected {
            faults.push(format!("{tests}expected {expected}\nfound {:?} {}", run.code(), run.said()));
        }
    }
    assert!(faults.is_empty(), "{}", faults.join("\n\n"));
}

#[tokio::test]
async fn all_mistakes_of_a_file_come_at_once_and_none_of_its_tests_run() {
    let scratch = Scratch::new();
    let tests = "  - { name: a, request: { path: /health }, expect: { decision: deny } }\n".to_owned()
        + &MISTAKES.iter().take(10).map(|(tests, ..)| *tests).collect::<String>();
    // Their names are alike, which is no mistake of theirs.
    let tests: String = tests
        .lines()
        .enumerate()
        .map(|(index, line)| format!("{}\n", line.replace("name: a", &format!("name: t{index}"))))
        .collect();
    let run = run(&scratch, &tests, &[]).await;
    assert_eq!(run.code(), Some(2), "{}", run.said());
    assert_eq!(run.stderr.lines().count(), 10, "{}", run.stderr);
    assert!(!run.stdout.contains("FAILED"), "{}", run.stdout);
}

/// Whole files, with what is said of them.
#[tokio::test]
async fn what_is_no_test_file_is_refused() {
    let scratch = Scratch::new();
    scratch.write("jwtgate.yaml", CONFIG);
    scratch.write("broken.yaml", CONFIG.replace("access: public", "access: pubic"));
    for (text, expected) in [
        ("", "t.yaml:1:1: the file holds no tests; start with `config:` and `tests:`"),
        ("# nothing\n\n", "t.yaml:1:1: the file holds no tests; start with `config:` and `tests:`"),
        ("tests: [", "t.yaml:1:8: not valid YAML"),
        ("config: jwtgate.yaml\n", "t.yaml:1:1: `tests` is missing; add `tests: …` here"),
        (
            "config: absent.yaml\ntests:\n  - { name: a, request: { path: / }, token: { issuer: x }, expect: { route: y } }\n",
            "t.yaml:1:9: `absent.yaml` cannot be read: ",
        ),
        (
            "config: broken.yaml\ntests:\n  - { name: a, request: { path: / }, expect: { decision: deny } }\n",
            "broken.yaml:35:13: `pubic` is no kind of access",
        ),
    ] {
        let file = scratch.write("t.yaml", text);
        let run = Binary::finish(["test", file.to_str().unwrap()]).await;
        assert_eq!(run.code(), Some(2), "{text}: {}", run.said());
        let expected = format!("{}/{expected}", scratch.path().display());
        let errors: Vec<&str> = run.stderr.lines().filter(|line| !line.contains(": warning: ")).collect();
        assert!(errors.len() == 1 && errors[0].starts_with(&expected), "{expected}: {}", run.stderr);
        assert_eq!(run.stdout, "");
    }
    let absent = scratch.path().join("absent.test.yaml");
    let run = Binary::finish(["test", absent.to_str().unwrap()]).await;
    assert_eq!(run.code(), Some(2));
    assert!(run.stderr.contains("absent.test.yaml:1:1: cannot be read: "), "{}", run.stderr);
    assert_eq!(Binary::finish(["test"]).await.code(), Some(2));
}

/// A route that stands there with a variable that is not set would be missing, and another one would decide.
#[tokio::test]
async fn what_decides_may_not_depend_on_an_unset_variable() {
    let scratch = Scratch::new();
    let config = CONFIG
        .replace("path: /admin/**", "path: '${JWTGATE_TEST_ADMIN}'")
        .replace("issuer: https://machines.example.com", "issuer: ${JWTGATE_TEST_MACHINES}");
    scratch.write("jwtgate.yaml", config);
    let test = "tests:\n  - { name: a, request: { path: /admin/x }, expect: { route: staff } }\n";
    let file = scratch.write("t.yaml", format!("config: jwtgate.yaml\n{test}"));
    let run = Binary::finish(["test", file.to_str().unwrap()]).await;
    assert_eq!(run.code(), Some(2), "{}", run.said());
    for needle in [
        "jwtgate.yaml:9:3: the issuer `machines` depends on a variable that is not set; give it a value under `environment` of the test file",
        "jwtgate.yaml:41:11: the route `staff` depends on a variable that is not set",
    ] {
        assert!(run.stderr.contains(needle), "{needle} is not in {}", run.stderr);
    }
    let environment =
        "environment: { JWTGATE_TEST_ADMIN: /admin/**, JWTGATE_TEST_MACHINES: 'https://machines.test' }\n";
    let file = scratch.write("t.yaml", format!("config: jwtgate.yaml\n{environment}{test}"));
    let run = Binary::finish(["test", file.to_str().unwrap()]).await;
    assert_eq!(run.code(), Some(0), "{}", run.said());
}

/// A variable that the configuration does not name sets nothing, whatever its author believes.
#[tokio::test]
async fn a_variable_that_nothing_names_is_a_mistake() {
    let scratch = Scratch::new();
    let config = CONFIG.replace("path: /admin/**", "path: '/${REGION:-eu}/**'");
    scratch.write("jwtgate.yaml", &config);
    scratch.write(
        "plain.yaml",
        CONFIG
            .replace("${JWTGATE_TEST_NOT_SET}", "https://a:1")
            .replace("secret: { env: JWTGATE_TEST_NOT_SET }", "secret: { file: x }"),
    );
    let test = "tests:\n  - { name: a, request: { path: /us/x }, expect: { route: staff } }\n";
    for (head, code, expected) in [
        ("config: jwtgate.yaml\nenvironment: { REGION: us, JWTGATE_TEST_NOT_SET: 'https://a:1' }\n", 0, ""),
        (
            "config: jwtgate.yaml\nenvironment: { REGION: us, REIGON: eu }\n",
            2,
            "t.yaml:2:28: the configuration does not name the variable `REIGON`; did you mean `REGION`?",
        ),
        (
            "config: jwtgate.yaml\nenvironment:\n  REGION: us\n  HOST: eu\n",
            2,
            "t.yaml:4:3: the configuration does not name the variable `HOST`; it names JWTGATE_TEST_NOT_SET, REGION",
        ),
        (
            "config: plain.yaml\nenvironment: { HOST: eu }\n",
            2,
            "t.yaml:2:16: the configuration does not name the variable `HOST`; it names no variable at all; remove `environment`",
        ),
    ] {
        let file = scratch.write("t.yaml", format!("{head}{test}"));
        let run = Binary::finish(["test", file.to_str().unwrap()]).await;
        assert_eq!(run.code(), Some(code), "{head}{}", run.said());
        assert!(run.stderr.contains(expected), "{expected}: {}", run.stderr);
    }
}
