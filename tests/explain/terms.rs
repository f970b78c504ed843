//! The parts of a requirement: by the names of the file, and told apart by whether anybody is refused for them.

use jwtgate::explain::Explanation;
use serde_json::{Value, json};

use super::{decide, head, rules};
use crate::support::world::Setup;

const RULES: &str = "
policies:
  staff: { roles: staff }
routes:
  - name: ruled
    match: { path: /ruled }
    access:
      require:
        not: { roles: banned, scopes: banned }
        any_of: [{ roles: x }, staff, { all_of: [{ roles: a }, { not: { roles: staff } }] }]
      candidate: { any_of: [{ roles: c }, { claims: { level: 3, grade: 4 } }] }
    upstream: orders
  - name: several
    match: { path: /several }
    access: { require: [staff], candidate: { not: { any_of: [staff, { roles: x }] } } }
    upstream: orders
  - { name: asked, match: { path: /asked }, access: { require: { when: claims.level > 3 } }, upstream: orders }
  - { name: until, match: { path: /until }, access: { require: { when: claims.license.until > now } }, upstream: orders }
  - name: open
    match: { path: /open }
    access: authenticated
    upstream: orders
";

/// The steps of the requirement and of the candidate: name, outcome and note.
fn parts(explained: &Explanation) -> Vec<String> {
    let told = serde_json::to_value(explained).unwrap();
    let steps = told["steps"].as_array().unwrap().iter();
    let text = |value: &Value| value.as_str().map(str::to_owned).unwrap_or_default();
    steps
        .filter(|step| ["policy.", "candidate"].iter().any(|start| text(&step["check"]).starts_with(start)))
        .map(|step| format!("{} {} {}", text(&step["outcome"]), text(&step["check"]), text(&step["note"])))
        .map(|line| line.trim().to_owned())
        .collect()
}

#[tokio::test]
async fn a_part_that_refuses_nobody_is_no_failure() {
    let setup = Setup::new().await;
    let rules = rules(&setup.write(RULES));
    let ask = async |path: &str, token: String| {
        let fields = [("authorization".to_owned(), format!("Bearer {token}"))];
        decide(&rules, &head("GET", "localhost", path, &fields)).await
    };
    let token = || setup.issuer.token();
    let staff = ask("/ruled", token().roles(&["staff"]).claim("level", 3).sign()).await;
    assert_eq!(staff.reason, "allowed", "{staff}");
    assert_eq!(
        parts(&staff),
        [
            "pass policy.not",
            "skip policy.not.roles as wanted",
            "skip policy.not.scopes as wanted",
            "pass policy.any_of",
            "skip policy.any_of.1.roles not needed",
            "pass policy.any_of.2.staff.roles",
            "skip policy.any_of.3.all_of.1.roles not needed",
            "skip policy.any_of.3.all_of.2.not not needed",
            "pass policy.any_of.3.all_of.2.not.roles",
            "fail candidate",
            "fail candidate.any_of",
            "fail candidate.any_of.1.roles",
            "pass candidate.any_of.2.claims.level",
            "fail candidate.any_of.2.claims.grade",
        ],
        "{staff}"
    );
    let text = staff.to_string();
    for (name, end) in [("policy.not.roles", "(as wanted)"), ("policy.any_of.1.roles", "(not needed)")] {
        let line = text.lines().find(|line| line.contains(&format!("{name} "))).unwrap();
        assert!(line.starts_with("skip ") && line.ends_with(&format!("[\"staff\"] {end}")), "{line}");
    }
    let banned = ask("/ruled", token().roles(&["banned", "a"]).scope("banned").sign()).await;
    assert_eq!(banned.reason, "policy_denied", "{banned}");
    assert_eq!(
        parts(&banned)[..9],
        [
            "fail policy.not",
            "pass policy.not.roles",
            "pass policy.not.scopes",
            "pass policy.any_of",
            "skip policy.any_of.1.roles not needed",
            "skip policy.any_of.2.staff.roles not needed",
            "pass policy.any_of.3.all_of.1.roles",
            "pass policy.any_of.3.all_of.2.not",
            "skip policy.any_of.3.all_of.2.not.roles as wanted",
        ],
        "{banned}"
    );
    let nobody = ask("/ruled", token().roles(&["banned"]).sign()).await;
    assert_eq!(
        parts(&nobody)[..7],
        [
            "pass policy.not",
            "pass policy.not.roles",
            "skip policy.not.scopes as wanted",
            "fail policy.any_of",
            "fail policy.any_of.1.roles",
            "fail policy.any_of.2.staff.roles",
            "fail policy.any_of.3.all_of.1.roles",
        ],
        "{nobody}"
    );
    let several = ask("/several", token().roles(&["staff"]).sign()).await;
    assert_eq!(
        parts(&several),
        [
            "pass policy.staff.roles",
            "fail candidate",
            "fail candidate.not",
            "pass candidate.not.any_of",
            "pass candidate.not.any_of.1.staff.roles",
            "skip candidate.not.any_of.2.roles as wanted",
        ],
        "{several}"
    );
}

#[tokio::test]
async fn a_verified_token_without_a_subject_is_no_lack_of_a_token() {
    let setup = Setup::new().await;
    let rules = rules(&setup.write(RULES));
    for (token, verified, subject) in [
        (setup.issuer.token().sign(), true, "subject: alice\n"),
        (
            setup.issuer.token().without("sub").sign(),
            true,
            "subject: none: the token is verified and has no `sub`\n",
        ),
        (setup.issuer.token().claim("exp", 1).sign(), false, "subject: none verified\n"),
    ] {
        let fields = [("authorization".to_owned(), format!("Bearer {token}"))];
        let explained = decide(&rules, &head("GET", "localhost", "/open", &fields)).await;
        assert!(explained.to_string().contains(subject), "{explained}");
        assert_eq!(serde_json::to_value(&explained).unwrap()["verified"], json!(verified), "{explained}");
    }
}

#[tokio::test]
async fn a_condition_without_an_answer_is_told_with_what_it_names() {
    let setup = Setup::new().await;
    let rules = rules(&setup.write(RULES));
    for (token, why, values) in [
        (setup.issuer.token().sign(), "no such key", "; claims.level is absent"),
        (setup.issuer.token().claim("level", "4").sign(), "no such operation", "; claims.level is \"4\""),
    ] {
        let fields = [("authorization".to_owned(), format!("Bearer {token}"))];
        let explained = decide(&rules, &head("GET", "localhost", "/asked", &fields)).await;
        let step = explained.steps.iter().find(|step| step.check.name() == "policy.when").unwrap();
        let hint = step.hint.as_deref().unwrap();
        assert!(hint.contains(why) && hint.ends_with(values), "{explained}");
    }
}

/// A time of a token is a number, and no timestamp until it is made one.
#[tokio::test]
async fn a_number_beside_a_time_is_told_with_what_to_write() {
    let setup = Setup::new().await;
    let rules = rules(&setup.write(RULES));
    let right = "`claims.license.until` is a number in this token, and stands beside a time: write `timestamp(claims.license.until)`";
    for (until, told) in [(json!(4_000_000_000_i64), true), (json!(true), false), (json!("soon"), false)] {
        let token = setup.issuer.token().claim("license", json!({ "until": until })).sign();
        let fields = [("authorization".to_owned(), format!("Bearer {token}"))];
        let explained = decide(&rules, &head("GET", "localhost", "/until", &fields)).await;
        let step = explained.steps.iter().find(|step| step.check.name() == "policy.when").unwrap();
        let hint = step.hint.as_deref().unwrap();
        assert!(hint.contains("no such operation"), "{explained}");
        assert_eq!(hint.contains(right), told, "{explained}");
    }
}
