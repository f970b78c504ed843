//! `--format json` and `--format sarif`, and `--open-routes`.

use serde_json::Value;

use super::{Binary, Setup};
use crate::support::world::{AUTHENTICATED, EVERY_ACCESS};

fn json(text: &str) -> Value {
    serde_json::from_str(text).unwrap_or_else(|error| panic!("{error} in {text}"))
}

/// Three files: one with an error, one with a finding and one that is silenced, one with nothing.
async fn three() -> (Setup, [String; 3]) {
    let setup = Setup::new().await;
    let error = format!("unknown: 1\n{AUTHENTICATED}");
    let warning = format!(
        "policies:
  a: {{ roles: a }}
  b: {{ roles: b }} # jwtgate:allow unused-policy: for later
{AUTHENTICATED}"
    );
    let files =
        [("error.yaml", error.as_str()), ("with a warning.yaml", &warning), ("good.yaml", AUTHENTICATED)];
    let files =
        files.map(|(name, yaml)| setup.scratch.write(name, setup.render(yaml)).to_str().unwrap().to_owned());
    (setup, files)
}

#[tokio::test]
async fn findings_as_json_are_one_array_for_all_files() {
    let (_setup, files) = three().await;
    let arguments = |chosen: &[&String]| -> Vec<String> {
        let chosen = chosen.iter().map(|&file| file.clone());
        ["check", "--format", "json"].map(str::to_owned).into_iter().chain(chosen).collect()
    };
    let run = Binary::finish(arguments(&files.each_ref())).await;
    assert_eq!(run.code(), Some(2), "{}", run.said());
    let found = json(&run.stdout);
    let found = found.as_array().unwrap();
    assert_eq!(found.len(), 2, "{found:#?}");
    for (finding, (file, severity, code)) in found
        .iter()
        .zip([(&files[0], "error", "invalid-configuration"), (&files[1], "warning", "unused-policy")])
    {
        assert_eq!(finding["file"], **file);
        assert_eq!(finding["severity"], severity);
        assert_eq!(finding["code"], code);
        assert!(finding["line"].is_u64() && finding["column"].is_u64(), "{finding}");
        let message = finding["message"].as_str().unwrap();
        assert!(message.contains("; ") && !message.contains("warning"), "{message}");
    }
    let run = Binary::finish(arguments(&[&files[2]])).await;
    assert_eq!((run.code(), json(&run.stdout)), (Some(0), Value::Array(Vec::new())));
}

#[tokio::test]
async fn findings_as_sarif_are_one_document_for_all_files() {
    let (setup, files) = three().await;
    let mut command = crate::support::binary::command(["check", "--format", "sarif"]);
    command.current_dir(setup.scratch.path()).args([
        "./error.yaml",
        "with a warning.yaml",
        files[2].as_str(),
    ]);
    let run = Binary::finish_command(command).await;
    assert_eq!(run.code(), Some(2), "{}", run.said());
    let document = json(&run.stdout);
    assert_eq!(document["version"], "2.1.0");
    let [run] = document["runs"].as_array().unwrap().as_slice() else { panic!("{document:#}") };
    let driver = &run["tool"]["driver"];
    assert_eq!(driver["name"], "jwtgate");
    let rules = driver["rules"].as_array().unwrap();
    for rule in rules {
        for text in ["/id", "/shortDescription/text", "/help/text", "/defaultConfiguration/level"] {
            assert!(rule.pointer(text).is_some_and(Value::is_string), "{text} of {rule}");
        }
        let same = rules.iter().filter(|other| other["id"] == rule["id"]);
        assert_eq!(same.count(), 1, "{rule}");
    }
    let results = run["results"].as_array().unwrap();
    let expected = [
        ("error.yaml", "error"),
        ("with%20a%20warning.yaml", "warning"),
        ("with%20a%20warning.yaml", "warning"),
    ];
    assert_eq!(results.len(), expected.len(), "{results:#?}");
    for (result, (uri, level)) in results.iter().zip(expected) {
        let rule = usize::try_from(result["ruleIndex"].as_u64().unwrap()).unwrap();
        assert_eq!(rules[rule]["id"], result["ruleId"]);
        assert_eq!(result["level"], level);
        let place = &result["locations"][0]["physicalLocation"];
        assert_eq!(place["artifactLocation"]["uri"], uri, "{place}");
        assert!(place["region"]["startLine"].as_u64().unwrap() >= 1, "{place}");
        assert!(place["region"]["startColumn"].as_u64().unwrap() >= 1, "{place}");
        assert!(result["message"]["text"].as_str().unwrap().contains("; "), "{result}");
    }
    assert_eq!(results[1]["suppressions"], Value::Array(Vec::new()), "{}", results[1]);
    let written = setup.scratch.write("out.sarif", document.to_string());
    if let Some(verdicts) = crate::schema::validate("tests/schema/sarif.schema.json", &[&written]) {
        assert!(!verdicts.is_empty() && verdicts.values().all(|verdict| verdict == "ok"), "{verdicts:#?}");
    }
    // The schema would say so: a level that there is not, and one of two results without its suppressions.
    for (pointer, wrong) in
        [("/runs/0/results/0/level", "fatal".into()), ("/runs/0/results/1/suppressions", Value::Null)]
    {
        let mut document = document.clone();
        *document.pointer_mut(pointer).unwrap() = wrong;
        let written = setup.scratch.write("wrong.sarif", document.to_string());
        if let Some(verdicts) = crate::schema::validate("tests/schema/sarif.schema.json", &[&written]) {
            assert!(verdicts.values().any(|verdict| verdict != "ok"), "{pointer}: {verdicts:#?}");
        }
    }
    assert_eq!(results[2]["suppressions"][0]["kind"], "inSource");
    assert_eq!(results[2]["suppressions"][0]["justification"], "for later");
    let run = Binary::finish(["check", "--format", "sarif", &files[2]]).await;
    assert_eq!(run.code(), Some(0), "{}", run.said());
    assert_eq!(json(&run.stdout)["runs"][0]["results"], Value::Array(Vec::new()));
}

#[tokio::test]
async fn open_routes_are_listed_and_nothing_else() {
    let setup = Setup::new().await;
    let file = setup.write(EVERY_ACCESS);
    let file = file.to_str().unwrap();
    let run = Binary::finish(["check", "--open-routes", file]).await;
    assert_eq!((run.code(), run.stderr.as_str()), (Some(0), ""), "{}", run.said());
    let lines: Vec<&str> = run.stdout.lines().map(|line| line.strip_prefix(file).unwrap()).collect();
    assert_eq!(
        lines,
        [
            ":14: open: any method, any host, /public/**; public: no token is looked at",
            ":18: maybe: any method, any host, /optional/**; optional: without a token the request passes as anonymous",
        ]
    );
    let run = Binary::finish(["check", "--open-routes", "--format", "json", file]).await;
    let routes = json(&run.stdout);
    assert_eq!(routes[0]["route"], "open");
    assert_eq!(routes[1]["access"], "optional");
    assert_eq!(routes.as_array().unwrap().len(), 2);
    // What no request reaches opens nothing, whatever it says.
    let shadowed = setup.write(
        "routes:
  - { name: wide, match: { path: '/a/**' }, access: authenticated, upstream: orders }
  - { name: shadowed, match: { path: '/a/b' }, access: public, upstream: orders }
  - { name: get, match: { path: '/b', methods: [GET] }, access: public, upstream: orders }
  - { name: again, match: { path: '/b', methods: [GET] }, access: public, upstream: orders }
  - { name: post, match: { path: '/b', methods: [POST] }, access: optional, upstream: orders }
",
    );
    let run =
        Binary::finish(["check", "--open-routes", "--format", "json", shadowed.to_str().unwrap()]).await;
    let names: Vec<Value> =
        json(&run.stdout).as_array().unwrap().iter().map(|route| route["route"].clone()).collect();
    assert_eq!(names, ["get", "post"], "{}", run.said());
    let closed = setup.write(AUTHENTICATED);
    let run = Binary::finish(["check", "--open-routes", closed.to_str().unwrap()]).await;
    assert_eq!((run.code(), run.stdout.as_str()), (Some(0), ""));
    let broken = setup.write(&format!("unknown: 1\n{AUTHENTICATED}"));
    let run = Binary::finish(["check", "--open-routes", broken.to_str().unwrap()]).await;
    assert_eq!((run.code(), run.stdout.as_str()), (Some(2), ""));
    assert!(run.stderr.contains("unknown key"), "{}", run.stderr);
    let run = Binary::finish(["check", "--open-routes", "--format", "sarif", file]).await;
    assert_eq!(run.code(), Some(2), "{}", run.said());
}
