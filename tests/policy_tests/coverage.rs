//! `--coverage` lists what no test has seen both allow and deny, at its place in the configuration.

use super::CONFIG;
use crate::support::{Binary, Scratch};

/// A configuration with parts of every kind, and nothing else to cover.
const PARTS: &str = "\
policies:
  staff: { roles: { any: [admin, clerk] } }
  tenants:
    any_of:
      - { claims: { tenant: acme, plan: gold } }
      - staff
      - not: { scopes: banned }
routes:
  - name: open
    match: { path: /open }
    access: public
    upstream: orders
  - name: parts
    match: { path: /parts, methods: [GET] }
    access:
      require:
        scopes: a
        all_of: [tenants, { claims: { level: 3 } }]
    upstream: orders
";

const NOTHING: &str = "\
config.yaml:26:3: policy `staff`: no test has seen it hold or fail
config.yaml:27:3: policy `tenants`: no test has seen it hold or fail
config.yaml:29:21: `claims.tenant` of policy `tenants`: no test has seen it hold or fail
config.yaml:29:35: `claims.plan` of policy `tenants`: no test has seen it hold or fail
config.yaml:31:16: `scopes` of policy `tenants`: no test has seen it hold or fail
config.yaml:33:11: route `open`: no test has seen it taken
config.yaml:37:11: route `parts`: no test has seen it allow or deny
config.yaml:41:9: `require` of route `parts`: no test has seen it hold or fail
config.yaml:41:9: `scopes` of route `parts`: no test has seen it hold or fail
config.yaml:42:9: `all_of` of route `parts`: no test has seen it hold or fail
config.yaml:42:39: `claims.level` of route `parts`: no test has seen it hold or fail
";

/// Runs files of tests, each given as its tests, with `--coverage`; gives the exit status and the lines before the sum.
async fn gaps(files: &[&str], option: &str) -> (Option<i32>, String) {
    let scratch = Scratch::new();
    let (before, _) = CONFIG.split_once("policies:").unwrap();
    scratch.write("config.yaml", format!("{before}{PARTS}"));
    let mut arguments = vec!["test".to_owned(), option.to_owned()];
    for (index, tests) in files.iter().enumerate() {
        let text = format!("config: config.yaml\ntests:\n{tests}");
        arguments.push(scratch.write(&format!("{index}.test.yaml"), text).display().to_string());
    }
    let run = Binary::finish(&arguments).await;
    assert!(run.stdout.ends_with(" passed, 0 failed"), "{}", run.said());
    let lines = run.stdout.replace(&format!("{}/", scratch.path().display()), "");
    let gaps = lines.lines().filter(|line| line.starts_with("config.yaml:"));
    (run.code(), gaps.map(|line| format!("{line}\n")).collect())
}

const ELSEWHERE: &str = "  - { name: none, request: { path: /none }, expect: { status: 404 } }\n";

#[tokio::test]
async fn what_no_test_has_seen_is_listed_at_its_place() {
    assert_eq!(gaps(&[ELSEWHERE], "--coverage").await, (Some(0), NOTHING.to_owned()));
    assert_eq!(gaps(&[ELSEWHERE], "--coverage=require").await, (Some(1), NOTHING.to_owned()));
    // A method says nothing about who may pass.
    let method = "  - { name: a, request: { method: PUT, path: /parts }, expect: { status: 405 } }\n";
    assert_eq!(gaps(&[method], "--coverage").await.1, NOTHING);
}

#[tokio::test]
async fn tests_of_several_files_cover_together_until_nothing_is_left() {
    let open = "  - { name: open, request: { path: /open }, expect: { decision: allow } }\n";
    let test = |name: &str, claims: &str, decision: &str| {
        format!(
            "  - {{ name: {name}, request: {{ path: /parts }}, token: {{ issuer: corporate, claims: {{ {claims} }} }}, expect: {{ decision: {decision} }} }}\n"
        )
    };
    let allowed = test(
        "yes",
        "scope: a, tenant: acme, plan: gold, level: 3, realm_access: { roles: [clerk] }",
        "allow",
    );
    let half = gaps(&[open, &allowed], "--coverage").await.1;
    assert!(!half.contains("taken") && !half.contains(" or "), "{half}");
    // Of all parts, what stands below `not` alone has not held.
    assert!(half.contains("31:16: `scopes` of policy `tenants`: no test has seen it hold\n"), "{half}");
    assert_eq!(half.lines().count(), NOTHING.lines().count() - 1, "{half}");
    let denied = test("no", "scope: banned", "deny");
    let rest = gaps(&[open, &allowed, &denied], "--coverage=require").await;
    assert_eq!(rest, (Some(0), String::new()));
}
