//! The architecture, as a table: which module may name which, and what is named in one file only.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use crate::support::Binary;

/// A module, and the modules that it may name beside itself. `app` and `cli` are named by nobody below them.
const MAY_NAME: &[(&str, &[&str])] = &[
    ("field", &[]),
    ("telemetry", &["field"]),
    ("body", &[]),
    ("socket", &[]),
    ("listener", &["body", "field", "socket", "telemetry"]),
    ("route", &[]),
    ("authn", &["field", "telemetry"]),
    ("authz", &["authn", "route"]),
    ("upstream", &["authz", "authn", "route", "listener", "body", "field", "socket", "telemetry"]),
    ("proxy", &["upstream", "authz", "authn", "route", "listener", "body", "field", "telemetry"]),
    ("explain", &["proxy", "upstream", "authz", "authn", "route", "telemetry"]),
    ("config", &["proxy", "upstream", "authz", "authn", "route", "listener", "body", "telemetry"]),
    ("admin", &["listener", "body", "telemetry"]),
    (
        "app",
        &["admin", "config", "proxy", "upstream", "authz", "authn", "route", "listener", "body", "telemetry"],
    ),
    (
        "cli",
        &[
            "app",
            "admin",
            "config",
            "explain",
            "proxy",
            "upstream",
            "authz",
            "authn",
            "route",
            "listener",
            "body",
            "telemetry",
        ],
    ),
];

/// Words that one place alone may say, and that place.
const ONLY_IN: &[(&str, &str)] = &[
    ("reqwest", "src/authn/keys/fetch"),
    ("serde_saphyr", "src/config/source"),
    ("cel::", "src/authz/expression"),
    ("Permit::public", "src/proxy/decide.rs"),
    ("Permit::anonymous", "src/proxy/decide.rs"),
    ("Permit::observed", "src/proxy/decide.rs"),
];

const NOT_A_NAME: &[&str] =
    &["util", "utils", "helper", "helpers", "common", "misc", "types", "manager", "prelude"];

/// A source file: its path from the root, and its lines without comments and tests.
struct Source {
    path: String,
    code: String,
}

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn files(folder: &Path, extension: &str) -> Vec<PathBuf> {
    let Ok(entries) = std::fs::read_dir(folder) else { return Vec::new() };
    let mut found = Vec::new();
    for path in entries.map(|entry| entry.expect("an entry").path()) {
        if path.is_dir() {
            found.extend(files(&path, extension));
        } else if path.extension().is_some_and(|known| known == extension) {
            found.push(path);
        }
    }
    found.sort();
    found
}

fn sources() -> Vec<Source> {
    let sources: Vec<Source> = files(&root().join("src"), "rs")
        .into_iter()
        .map(|path| {
            let text = std::fs::read_to_string(&path).expect("a source file");
            let code = text.lines().filter(|line| !line.trim_start().starts_with("//"));
            let code =
                code.map(|line| line.split(" // ").next().unwrap_or_default()).collect::<Vec<_>>().join("\n");
            let path = path.strip_prefix(root()).expect("below the root").display().to_string();
            // Unit tests stand at the bottom, or in a file of their own.
            let code = code.split("#[cfg(test)]\nmod tests {").next().unwrap_or_default().to_owned();
            Source { path, code }
        })
        .filter(|source| !source.path.ends_with("/tests.rs") && !source.path.contains("/tests/"))
        .collect();
    assert!(sources.len() > 10, "src/ was not found");
    sources
}

/// The top-level modules named as `crate::X` or within `crate::{…}`.
fn named(code: &str) -> BTreeSet<&str> {
    let mut names = BTreeSet::new();
    for (start, marker) in code.match_indices("crate::") {
        // `$crate` and `my_crate` are other things.
        if code[..start].ends_with(|before: char| before.is_alphanumeric() || before == '_' || before == '$')
        {
            continue;
        }
        let rest = &code[start + marker.len()..];
        match rest.strip_prefix('{') {
            Some(group) => names.extend(group_members(group)),
            None => names.extend(identifier(rest)),
        }
    }
    names
}

fn identifier(text: &str) -> Option<&str> {
    let end = text.find(|c: char| !c.is_alphanumeric() && c != '_').unwrap_or(text.len());
    (end > 0).then(|| &text[..end])
}

/// The first words of the members of `{a::b, c::{d, e}}`, given what follows the opening brace.
fn group_members(group: &str) -> Vec<&str> {
    let (mut depth, mut expected, mut members) = (0_usize, true, Vec::new());
    for (at, character) in group.char_indices() {
        match character {
            '{' => depth += 1,
            '}' if depth == 0 => break,
            '}' => depth -= 1,
            ',' if depth == 0 => expected = true,
            _ if expected && depth == 0 && !character.is_whitespace() => {
                members.extend(identifier(&group[at..]));
                expected = false;
            }
            _ => {}
        }
    }
    members
}

#[test]
fn a_module_names_only_what_comes_before_it() {
    let mut wrong = Vec::new();
    for source in sources() {
        let Some(module) = source.path.trim_start_matches("src/").split(['/', '.']).next() else { continue };
        if ["lib", "main"].contains(&module) {
            continue;
        }
        let Some((_, allowed)) = MAY_NAME.iter().find(|(name, _)| *name == module) else {
            wrong.push(format!("{}: {module} is not in the table", source.path));
            continue;
        };
        for name in named(&source.code) {
            let is_module = MAY_NAME.iter().any(|(known, _)| *known == name);
            if is_module && name != module && !allowed.contains(&name) {
                wrong.push(format!("{}: {module} may not name {name}", source.path));
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn the_scan_finds_what_it_looks_for() {
    let code =
        "use crate::config::Problem;\nuse crate::{\n    app::{Bound, cli},\n    body,\n};\n$crate::proxy";
    assert_eq!(named(code), BTreeSet::from(["app", "body", "config"]));
}

#[test]
fn some_things_are_named_in_one_place_only() {
    let mut wrong = Vec::new();
    for source in sources() {
        for (word, place) in ONLY_IN {
            if source.code.contains(word) && !source.path.starts_with(place) {
                wrong.push(format!("{}: {word} belongs into {place}", source.path));
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn a_permit_without_a_principal_is_made_in_one_place() {
    for maker in ["Permit::public(", "Permit::anonymous("] {
        let made: usize = sources().iter().map(|source| source.code.matches(maker).count()).sum();
        assert_eq!(made, 1, "places that make a permit out of nothing with {maker}");
    }
}

#[test]
fn no_file_is_named_for_nothing_in_particular() {
    let names = sources().into_iter().filter(|source| {
        let parts = source.path.split(['/', '.']);
        parts.into_iter().any(|part| NOT_A_NAME.contains(&part))
    });
    let names: Vec<String> = names.map(|source| source.path).collect();
    assert!(names.is_empty(), "{names:?}");
}

#[test]
fn the_listing_of_modules_is_in_the_order_of_the_journey() {
    let library = std::fs::read_to_string(root().join("src/lib.rs")).expect("src/lib.rs");
    let listed: Vec<&str> =
        library.lines().filter_map(|line| line.strip_prefix("pub mod ")?.strip_suffix(';')).collect();
    let expected: Vec<&str> = MAY_NAME.iter().map(|(name, _)| *name).collect();
    assert_eq!(listed, expected, "a new module is entered into the table of this test");
}

#[tokio::test]
async fn every_sample_configuration_compiles() {
    for file in files(&root().join("config"), "yaml") {
        let text = std::fs::read_to_string(&file).expect("a sample");
        // Manifests and dashboards lie beside the configurations that they carry.
        if text.lines().all(|line| !line.starts_with("routes:")) {
            continue;
        }
        let run = Binary::finish(["check".as_ref(), "--offline".as_ref(), file.as_os_str()]).await;
        assert_eq!(run.code(), Some(0), "{}: {}", file.display(), run.said());
    }
}
