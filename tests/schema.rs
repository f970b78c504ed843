//! `jwtgate schema`: editors complete and check the file by it, so it must neither lag behind the reader nor be stricter.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;

use crate::support::{Binary, Scratch, left_out};

/// The schema that the sample configurations name.
const COMMITTED: &str = "config/jwtgate.schema.json";

/// The schema that the sample tests name.
const OF_TESTS: &str = "config/jwtgate.test.schema.json";

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

async fn schema() -> Value {
    let printed = Binary::finish(["schema"]).await;
    assert_eq!(printed.code(), Some(0), "{}", printed.said());
    serde_json::from_str(&printed.stdout).expect("JSON")
}

/// Every schema within a schema, with the way there.
fn walk<'s>(schema: &'s Value, way: &str, found: &mut Vec<(String, &'s Value)>) {
    match schema {
        Value::Object(members) => {
            found.push((way.to_owned(), schema));
            for (key, member) in members {
                walk(member, &format!("{way}/{key}"), found);
            }
        }
        Value::Array(items) => {
            for (index, item) in items.iter().enumerate() {
                walk(item, &format!("{way}/{index}"), found);
            }
        }
        _ => {}
    }
}

#[tokio::test]
async fn the_committed_schema_is_the_one_that_is_printed() {
    for (command, file) in [(&["schema"][..], COMMITTED), (&["schema", "--tests"], OF_TESTS)] {
        let printed = Binary::finish(command).await;
        let committed = std::fs::read_to_string(root().join(file)).unwrap_or_default();
        assert_eq!(
            printed.stdout.trim(),
            committed.trim(),
            "renew it: jwtgate {} > {file}",
            command.join(" ")
        );
    }
}

#[tokio::test]
async fn every_key_has_a_description_and_a_default_of_its_own_form() {
    let schema = schema().await;
    let mut all = Vec::new();
    walk(&schema, "", &mut all);
    let keys: Vec<(&str, &Value)> = all
        .iter()
        .filter_map(|(way, key)| {
            Some((way.rsplit_once('/')?.0.ends_with("/properties").then_some(way)?, key))
        })
        .map(|(way, key)| (way.as_str(), *key))
        .collect();
    assert!(keys.len() > 60, "{keys:?}");
    for (way, key) in keys {
        let description = key["description"].as_str().unwrap_or_default();
        let is_whole = description.len() > 12 && description.ends_with(['.', ')']);
        assert!(is_whole, "no description, or none that is a sentence: {way}: {description:?}");
        assert!(!description.contains("Example:"), "an example that is none: {way}: {description:?}");
        assert_eq!(
            description.contains("Default: "),
            key["default"] != Value::Null,
            "{way}: {description:?}"
        );
    }
}

#[test]
fn every_sample_names_the_schema_in_its_first_line() {
    let mut files: Vec<PathBuf> = std::fs::read_dir(root().join("config/issuers"))
        .unwrap()
        .chain(std::fs::read_dir(root().join("config")).unwrap())
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "yaml"))
        .collect();
    files.sort();
    assert!(files.len() > 5, "{files:?}");
    for file in files {
        let text = std::fs::read_to_string(&file).unwrap();
        let named =
            text.lines().next().and_then(|line| line.strip_prefix("# yaml-language-server: $schema="));
        let named = named.unwrap_or_else(|| panic!("{} names no schema in its first line", file.display()));
        let path = file.parent().unwrap().join(named).canonicalize();
        let schema = if file.to_string_lossy().ends_with(".test.yaml") { OF_TESTS } else { COMMITTED };
        assert_eq!(path.ok(), root().join(schema).canonicalize().ok(), "{}: {named}", file.display());
    }
}

/// What the independent validator says of each file; none where it is not there.
pub fn validate(schema: &str, paths: &[&Path]) -> Option<HashMap<String, String>> {
    let Ok(python) = std::env::var("JWTGATE_TEST_PYTHON") else {
        left_out("the validator of JSON Schema", "JWTGATE_TEST_PYTHON, which `tests/run` sets");
        return None;
    };
    let mut command = Command::new(python);
    command.arg(root().join("tests/schema/validate.py")).arg(root().join(schema)).args(paths);
    let output = command.output().expect("Python");
    let said = String::from_utf8(output.stdout).expect("text");
    assert!(!said.is_empty(), "{}", String::from_utf8_lossy(&output.stderr));
    let line =
        |line: &str| line.split_once(": ").map(|(file, verdict)| (file.to_owned(), verdict.to_owned()));
    Some(said.lines().filter_map(line).collect())
}

#[test]
fn every_sample_is_right() {
    let Some(verdicts) = validate(COMMITTED, &[&root().join("config")]) else { return };
    assert!(verdicts.len() > 10, "{verdicts:#?}");
    assert!(verdicts.keys().any(|name| name.contains("sidecar")), "{verdicts:#?}");
    assert!(verdicts.values().all(|verdict| verdict == "ok"), "{verdicts:#?}");
    let Some(verdicts) = validate(OF_TESTS, &[&root().join("config")]) else { return };
    assert!(verdicts.keys().any(|name| name.ends_with("jwtgate.test.yaml")), "{verdicts:#?}");
    assert!(verdicts.values().all(|verdict| verdict == "ok"), "{verdicts:#?}");
}

const RIGHT: &str = "
listeners:
  - address: 127.0.0.1:8080
admin: { address: '[::1]:9901' }
issuers:
  5:
    issuer: ${ISSUER:-https://id.example.com}
    audiences: [a]
    clock_skew: 10s
    token_cache: { max_size: 1MiB }
    algorithms: [ES256]
    keys: { discovery: {}, refresh: { min: 10s } }
upstreams:
  orders: { endpoints: [HTTP://127.0.0.1:3000] }
policies:
  staff: { roles: { any: [admin] }, not: { claims: { locked: { exists: true } } } }
routes:
  - name: one
    match: { path: /one, methods: [PURGE] }
    access: public
    upstream: orders
  - name: rest
    match: { path: /** }
    access: { require: [staff] }
    upstream: orders
identity:
  headers:
    X-User: claims.sub
    X-Level: { from: [claims, level], format: text }
  forward_token: false
";

/// Other forms that are right too: what is replaced, and by what.
const VARIANTS: &[(&str, &str)] = &[
    ("clock_skew: 10s", "clock_skew: ${SKEW:-10}s"),
    ("clock_skew: 10s", "clock_skew: '${SKEW:-10s}'"),
    ("forward_token: false", "forward_token: ${FORWARD:-true}"),
    ("max_size: 1MiB", "max_size: '${SIZE:-1GiB}'"),
    ("address: 127.0.0.1:8080", "address: 127.0.0.1:${PORT:-8080}"),
    ("algorithms: [ES256]", "algorithms: [\"${ALGORITHM:-ES256}\"]"),
    ("access: public", "access: \"${ACCESS:-public}\""),
    ("path: /one", "path: \"${ONE:-/one}\""),
    ("format: text", "format: \"${FORMAT:-json}\""),
    ("{ discovery: {}, refresh: { min: 10s } }", "{ on_start: degrade }"),
    (
        "require: [staff]",
        "require: { any_of: [staff, { all_of: [staff] }, { claims: { a: 1, ? [b, c.d] : { any: [x, 1.5, true] } } }] }",
    ),
    ("X-User: claims.sub", "X-User: claims.${NAME:-sub}\n    X_Tenant: claims.a.b"),
];

/// Mistakes that editors can see.
const MISTAKES: &[(&str, &str)] = &[
    ("admin:", "admim:"),
    ("audiences: [a]", "audience: [a]"),
    ("    audiences: [a]\n", ""),
    ("audiences: [a]", "audiences: a"),
    ("audiences: [a]", "audiences: []"),
    ("audiences: [a]", "audiences: [1]"),
    ("clock_skew: 10s", "clock_skew: 10"),
    ("clock_skew: 10s", "clock_skew: 10 seconds"),
    ("max_size: 1MiB", "max_size: 1MB"),
    ("{ max_size: 1MiB }", "{}"),
    ("address: 127.0.0.1:8080", "address: localhost:8080"),
    ("algorithms: [ES256]", "algorithms: [es256]"),
    ("discovery: {}, refresh", "jwks_uri: 'https://a', pem_file: a.pem, refresh"),
    ("discovery: {}, refresh", "on_start: later, refresh"),
    ("HTTP://127.0.0.1", "ftp://127.0.0.1"),
    ("upstreams:\n  orders: { endpoints: [HTTP://127.0.0.1:3000] }\n", "upstreams:\n"),
    ("access: public\n    upstream", "upstream"),
    ("access: public", "access: publik"),
    ("access: public", "access: { role: admin }"),
    ("path: /one", "path: one"),
    ("methods: [PURGE]", "methods: [purge]"),
    ("require: [staff]", "require: { role: admin }"),
    ("require: [staff]", "require: { roles: [admin] }"),
    ("require: [staff]", "require: { roles: { some: [admin] } }"),
    ("require: [staff]", "require: { not: { claims: { tenant: [a, b] } } }"),
    ("require: [staff]", "require: { any_of: [] }"),
    ("require: [staff]", "require: { not: [staff] }"),
    ("require: [staff]", "require: { not: [{ roles: guest }] }"),
    ("require: [staff]", "require: { any_of: [[staff], { roles: guest }] }"),
    ("require: [staff]", "require: { all_of: [[staff]] }"),
    ("format: text", "format: xml"),
    ("forward_token: false", "forward_token: 'no'"),
    ("X-User:", "'X User':"),
    ("X-User: claims.sub", "X-User: claim.sub"),
];

#[tokio::test]
async fn the_schema_and_check_are_of_one_mind() {
    let scratch = Scratch::new();
    let mut written: Vec<(PathBuf, bool)> = vec![(scratch.write("right.yaml", RIGHT), true)];
    for (expected, replacements) in [(true, VARIANTS), (false, MISTAKES)] {
        for (number, (from, to)) in replacements.iter().enumerate() {
            assert_eq!(RIGHT.matches(from).count(), 1, "{from}");
            let name = format!("{}-{number}.yaml", if expected { "variant" } else { "mistake" });
            written.push((scratch.write(&name, RIGHT.replace(from, to)), expected));
        }
    }
    let verdicts = validate(COMMITTED, &[scratch.path()]);
    for (file, is_right) in written {
        let run = Binary::finish(["check".as_ref(), "--offline".as_ref(), file.as_os_str()]).await;
        let text = std::fs::read_to_string(&file).unwrap();
        assert_eq!(run.code(), Some(if is_right { 0 } else { 2 }), "{}{text}", run.said());
        if let Some(verdicts) = &verdicts {
            let verdict = &verdicts[file.to_str().unwrap()];
            assert_eq!(
                verdict == "ok",
                is_right,
                "the schema says {verdict}, and check {}{text}",
                run.said()
            );
        }
    }
}

/// A reason that there is not is seen while it is written.
#[tokio::test]
async fn the_schema_of_tests_knows_the_reasons() {
    let scratch = Scratch::new();
    let tests = |reason: &str| {
        format!(
            "config: a.yaml\ntests: [{{ name: a, request: {{ path: / }}, expect: {{ reason: '{reason}' }} }}]\n"
        )
    };
    let right = scratch.write("right.test.yaml", tests("token_expired"));
    let variable = scratch.write("variable.test.yaml", tests("${REASON}"));
    let wrong = scratch.write("wrong.test.yaml", tests("token_expird"));
    let Some(verdicts) = validate(OF_TESTS, &[scratch.path()]) else { return };
    let verdict = |file: &Path| verdicts[file.to_str().unwrap()].as_str();
    assert_eq!([verdict(&right), verdict(&variable)], ["ok", "ok"], "{verdicts:#?}");
    assert_ne!(verdict(&wrong), "ok");
}
