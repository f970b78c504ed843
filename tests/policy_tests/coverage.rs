//! `--coverage` lists what no test has seen both let pass and refuse, at its place in the configuration.

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
config.yaml:26:3: policy `staff`: no test has seen a caller pass by it or one refused for it
config.yaml:27:3: policy `tenants`: no test has seen a caller pass by it or one refused for it
config.yaml:33:11: route `open`: no test has seen it taken
config.yaml:37:11: route `parts`: no test has seen it allow or deny
";

/// Lists, and who may ask at all.
const LISTS: &str = "\
routes:
  - name: lists
    match: { path: /lists }
    access:
      issuers: [corporate, machines]
      audiences: [orders-api]
      require:
        roles: { any: [admin, clerk], none: [temp, leased] }
        scopes: { all: [read, write] }
        claims: { level: { any: [1, 2] } }
    upstream: orders
  - name: both
    match: { path: /both }
    access: { audiences: [orders-api, billing-api] }
    upstream: orders
";

/// Runs files of tests, each given as its tests, with `--coverage`; gives the exit status and the lines before the sum.
async fn gaps(sections: &str, files: &[&str], option: &str) -> (Option<i32>, String) {
    let scratch = Scratch::new();
    let (before, _) = CONFIG.split_once("policies:").unwrap();
    scratch.write("config.yaml", format!("{before}{sections}"));
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

/// A test of this path, with a token of this issuer.
fn test(path: &str, issuer: &str, claims: &str, expect: &str) -> String {
    let name = format!("{path} {issuer} {claims}").replace([':', '[', ']', '{', '}', ','], "");
    format!(
        "  - {{ name: {name}, request: {{ path: {path} }}, token: {{ issuer: {issuer}, claims: {{ {claims} }} }}, expect: {{ {expect} }} }}\n"
    )
}

const ELSEWHERE: &str = "  - { name: none, request: { path: /none }, expect: { status: 404 } }\n";

#[tokio::test]
async fn what_no_test_has_seen_is_listed_at_its_place() {
    assert_eq!(gaps(PARTS, &[ELSEWHERE], "--coverage").await, (Some(0), NOTHING.to_owned()));
    assert_eq!(gaps(PARTS, &[ELSEWHERE], "--coverage=require").await, (Some(1), NOTHING.to_owned()));
    // A method says nothing about who may pass.
    let method = "  - { name: a, request: { method: PUT, path: /parts }, expect: { status: 405 } }\n";
    assert_eq!(gaps(PARTS, &[method], "--coverage").await.1, NOTHING);
}

#[tokio::test]
async fn a_part_counts_where_it_alone_decides() {
    let open = "  - { name: open, request: { path: /open }, expect: { decision: allow } }\n";
    let parts =
        |claims: &str, decision: &str| test("/parts", "corporate", claims, &format!("decision: {decision}"));
    // Everything holds, and nothing does: that says nothing of the single parts.
    let all =
        parts("scope: a, tenant: acme, plan: gold, level: 3, realm_access: { roles: [clerk] }", "allow");
    let none = parts("scope: banned", "deny");
    let both = "\
config.yaml:26:3: policy `staff`: no test has seen a caller pass by it or one refused for it
config.yaml:27:3: policy `tenants`: no test has seen a caller refused for it
config.yaml:29:11: `claims` of policy `tenants`: no test has seen a caller pass by it alone; if there can be none, it can go
config.yaml:30:9: `staff` in `any_of` of policy `tenants`: no test has seen a caller pass by it alone; if there can be none, it can go
config.yaml:31:16: `scopes` of policy `tenants`: no test has seen a caller pass by it alone; if there can be none, it can go
config.yaml:41:9: `scopes` of route `parts`: no test has seen a caller refused for it alone; if there can be none, it can go
config.yaml:42:9: `all_of` of route `parts`: no test has seen a caller refused for it alone; if there can be none, it can go
";
    assert_eq!(gaps(PARTS, &[open, &all, &none], "--coverage").await.1, both);
    let by: Vec<String> = [
        ("scope: a b, tenant: acme, plan: iron, level: 3", "allow"),
        ("scope: a banned, tenant: acme, plan: gold, level: 3", "allow"),
        ("scope: a banned, tenant: acme, plan: iron, level: 3", "deny"),
        ("scope: a banned, tenant: bolt, plan: gold, level: 3", "deny"),
        ("scope: a banned, level: 3, realm_access: { roles: [clerk] }", "allow"),
        ("scope: b, level: 3", "deny"),
        ("scope: a, level: 3", "allow"),
    ]
    .into_iter()
    .map(|(claims, decision)| parts(claims, decision))
    .collect();
    let by = by.concat();
    let rest = "\
config.yaml:26:27: `admin` in `roles.any` of policy `staff`: no test has seen a caller pass who has it and none of the others; if there can be none, it can go
config.yaml:42:39: `claims.level` of route `parts`: no test has seen a caller refused for it alone; if there can be none, it can go
";
    assert_eq!(
        gaps(PARTS, &[open, &all, &none, &by], "--coverage=require").await,
        (Some(1), rest.to_owned())
    );
    let last = [
        parts("scope: a banned, level: 3, realm_access: { roles: [admin] }", "allow"),
        // A claim that cannot be compared refuses as one that is another.
        parts("scope: a, level: '3'", "deny"),
    ];
    let whole = gaps(PARTS, &[open, &all, &none, &by, &last.concat()], "--coverage=require").await;
    assert_eq!(whole, (Some(0), String::new()));
}

/// What several policies ask for can fail in none of them alone, so that it counts where it fails in all of them.
#[tokio::test]
async fn what_several_policies_ask_for_is_covered_by_a_caller_who_lacks_only_that() {
    let sections = "\
policies:
  staff: { roles: staff }
  editor: { all_of: [staff, { roles: editor }] }
  support: { all_of: [staff, { roles: support }] }
routes:
  - name: both
    match: { path: /both }
    access: { issuers: [machines], require: [editor, support] }
    upstream: orders
";
    let both = |roles: &str, status: u16| {
        test("/both", "machines", &format!("roles: [{roles}]"), &format!("status: {status}"))
    };
    let tests =
        [both("staff, editor, support", 200), both("staff, support", 403), both("staff, editor", 403)];
    let other = test("/both", "corporate", "sub: a", "reason: issuer_not_allowed");
    let tests = tests.concat() + &other;
    let listed = "\
config.yaml:26:3: policy `staff`: no test has seen a caller refused for it
config.yaml:27:22: `staff` in `all_of` of policy `editor`: no test has seen a caller refused for it alone; if there can be none, it can go
config.yaml:28:23: `staff` in `all_of` of policy `support`: no test has seen a caller refused for it alone; if there can be none, it can go
";
    assert_eq!(gaps(sections, &[&tests], "--coverage=require").await, (Some(1), listed.to_owned()));
    let whole = gaps(sections, &[&tests, &both("editor, support", 403)], "--coverage=require").await;
    assert_eq!(whole, (Some(0), String::new()));
}

/// What is written twice cannot decide alone, and is told once.
#[tokio::test]
async fn a_member_that_is_listed_twice_is_told_once() {
    let sections = "\
routes:
  - name: twice
    match: { path: /twice }
    access: { issuers: [corporate, machines, partners], require: { claims: { level: { any: [1, 1.0, 1e0, 2, a, a] } } } }
    upstream: orders
";
    let level = |issuer: &str, level: &str, status: u16| {
        let iss = if issuer == "partners" { "iss: https://login.example.com/acme/v2.0, " } else { "" };
        test("/twice", issuer, &format!("{iss}level: {level}"), &format!("status: {status}"))
    };
    let tests = [
        level("corporate", "1", 200),
        level("corporate", "2", 200),
        level("corporate", "3", 403),
        level("machines", "a", 200),
        level("partners", "2", 200),
    ];
    let listed = "\
config.yaml:28:101: `1` in `claims.level.any` of route `twice`: no test has seen a caller pass who has it and none of the others; if there can be none, it can go
config.yaml:28:112: `a` in `claims.level.any` of route `twice`: no test has seen a caller pass who has it and none of the others; if there can be none, it can go
";
    assert_eq!(gaps(sections, &[&tests.concat()], "--coverage").await.1, listed);
}

/// A candidate is covered by whom it would let pass and whom it would refuse, and so is a policy that only it names.
#[tokio::test]
async fn what_a_candidate_would_decide_is_covered() {
    let sections = "\
policies:
  next: { roles: { any: [admin, clerk] } }
routes:
  - name: named
    match: { path: /named }
    access: { require: { scopes: a }, candidate: next }
    upstream: orders
  - name: inline
    match: { path: /inline }
    access: { candidate: { scopes: a, claims: { level: 3 } }, issuers: [corporate] }
    upstream: orders
";
    let named = |scope: &str, roles: &str, status: u16| {
        let claims = format!("scope: {scope}, realm_access: {{ roles: [{roles}] }}");
        test("/named", "corporate", &claims, &format!("status: {status}"))
    };
    let inline = |claims: &str, expect: &str| test("/inline", "corporate", claims, expect);
    let tests = [
        named("a", "admin", 200),
        named("b", "admin", 403),
        inline("scope: a, level: 3", "status: 200"),
        test("/inline", "machines", "sub: a", "reason: issuer_not_allowed"),
    ];
    let listed = "\
config.yaml:26:3: policy `next`: no test has seen a caller refused for it
config.yaml:26:33: `clerk` in `roles.any` of policy `next`: no test has seen a caller pass who has it and none of the others; if there can be none, it can go
config.yaml:30:50: `candidate` of route `named`: no test has seen a caller whom it would refuse
config.yaml:34:26: `candidate` of route `inline`: no test has seen a caller whom it would refuse
";
    assert_eq!(gaps(sections, &[&tests.concat()], "--coverage=require").await, (Some(1), listed.to_owned()));
    let rest = [
        named("a", "clerk", 200),
        named("a", "other", 200),
        inline("scope: b, level: 3", "status: 200"),
        inline("scope: a, level: 4", "status: 200"),
    ];
    let whole = gaps(sections, &[&tests.concat(), &rest.concat()], "--coverage=require").await;
    assert_eq!(whole, (Some(0), String::new()));
}

#[tokio::test]
async fn members_of_lists_and_whose_tokens_pass_are_covered_one_by_one() {
    let lists = |issuer: &str, claims: &str, expect: &str| test("/lists", issuer, claims, expect);
    let tests = [
        lists(
            "corporate",
            "scope: read write, level: 1, realm_access: { roles: [admin, clerk] }",
            "status: 200",
        ),
        lists("corporate", "scope: read write, level: 1", "status: 403"),
        lists(
            "corporate",
            "scope: read write, level: 1, realm_access: { roles: [clerk, temp, leased] }",
            "status: 403",
        ),
        lists("corporate", "level: 1, realm_access: { roles: [clerk] }", "status: 403"),
        lists("corporate", "scope: read write, realm_access: { roles: [clerk] }", "status: 403"),
        test("/both", "corporate", "sub: a", "status: 200"),
        test("/both", "corporate", "aud: x", "reason: audience_mismatch"),
    ];
    let listed = "\
config.yaml:29:17: `issuers` of route `lists`: no test has seen a token of another issuer refused, as of `partners`
config.yaml:29:28: `machines` in `issuers` of route `lists`: no test has seen a token of it pass
config.yaml:30:19: `audiences` of route `lists`: no test has seen a token for another audience refused, as for `billing-api`
config.yaml:32:24: `admin` in `roles.any` of route `lists`: no test has seen a caller pass who has it and none of the others; if there can be none, it can go
config.yaml:32:31: `clerk` in `roles.any` of route `lists`: no test has seen a caller pass who has it and none of the others; if there can be none, it can go
config.yaml:32:46: `temp` in `roles.none` of route `lists`: no test has seen a caller refused who has it and none of the others; if there can be none, it can go
config.yaml:32:52: `leased` in `roles.none` of route `lists`: no test has seen a caller refused who has it and none of the others; if there can be none, it can go
config.yaml:33:25: `read` in `scopes.all` of route `lists`: no test has seen a caller refused who lacks only it; if there can be none, it can go
config.yaml:33:31: `write` in `scopes.all` of route `lists`: no test has seen a caller refused who lacks only it; if there can be none, it can go
config.yaml:34:37: `2` in `claims.level.any` of route `lists`: no test has seen a caller pass who has it and none of the others; if there can be none, it can go
config.yaml:38:27: `orders-api` in `audiences` of route `both`: no test has seen a token pass that is for it and none of the others
config.yaml:38:39: `billing-api` in `audiences` of route `both`: no test has seen a token pass that is for it and none of the others
";
    assert_eq!(gaps(LISTS, &[&tests.concat()], "--coverage").await.1, listed);
    let staff = |roles: &str| format!("scope: read write, level: 2, realm_access: {{ roles: [{roles}] }}");
    let rest = [
        lists("corporate", &staff("admin"), "status: 200"),
        lists("corporate", &staff("clerk"), "status: 200"),
        lists("corporate", &staff("clerk, temp"), "status: 403"),
        lists("corporate", &staff("clerk, leased"), "status: 403"),
        lists("corporate", "scope: read, level: 1, realm_access: { roles: [clerk] }", "status: 403"),
        lists("corporate", "scope: write, level: 1, realm_access: { roles: [clerk] }", "status: 403"),
        lists("machines", "scope: read write, level: 1, roles: clerk", "status: 200"),
        test("/lists", "corporate", "aud: billing-api", "reason: audience_mismatch"),
        test("/lists", "partners", "iss: https://login.example.com/acme/v2.0", "reason: issuer_not_allowed"),
        test("/both", "corporate", "aud: orders-api", "status: 200"),
        test("/both", "corporate", "aud: [billing-api, x]", "status: 200"),
    ];
    let whole = gaps(LISTS, &[&tests.concat(), &rest.concat()], "--coverage=require").await;
    assert_eq!(whole, (Some(0), String::new()));
}
