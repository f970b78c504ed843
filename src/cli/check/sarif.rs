//! Findings as SARIF 2.1.0 (OASIS Standard, 2020), for code hosts and editors.
//!
//! One run for all files, every lint as a rule with its help. What the file silences is there with its reason, as a
//! suppression in source (§3.35). Files below the working directory have relative URIs, so that the report means the same
//! elsewhere.

use std::path::Path;

use serde_json::{Value, json};

use super::json::{INVALID, rule, severity};
use crate::config::{Code, Problem, Problems};

pub(super) fn document(files: &[&Problems]) -> Value {
    let results: Vec<Value> = files
        .iter()
        .flat_map(|problems| problems.all().into_iter().map(|problem| result(problems.file(), problem)))
        .collect();
    json!({
        "$schema": "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json",
        "version": "2.1.0",
        "runs": [{
            "tool": { "driver": {
                "name": "jwtgate",
                "semanticVersion": env!("CARGO_PKG_VERSION"),
                "rules": rules(),
            } },
            "columnKind": "unicodeCodePoints",
            "results": results,
        }],
    })
}

fn rules() -> Vec<Value> {
    let rule = |id: &str, level: &str, title: &str, help: &str| {
        json!({
            "id": id,
            "shortDescription": { "text": title },
            "help": { "text": help },
            "defaultConfiguration": { "level": level },
        })
    };
    let invalid = rule(
        INVALID,
        "error",
        "The configuration is refused.",
        "The gateway does not start with it, and a reload changes nothing. The message says what would be right.",
    );
    let lints = Code::ALL.iter().map(|code| rule(code.name(), "warning", code.title(), code.help()));
    std::iter::once(invalid).chain(lints).collect()
}

fn result(file: &Path, problem: &Problem) -> Value {
    let id = rule(problem);
    let index = Code::ALL.iter().position(|code| code.name() == id).map_or(0, |index| index + 1);
    let suppressions: Vec<Value> = problem
        .silenced()
        .map(|reason| json!({ "kind": "inSource", "justification": reason }))
        .into_iter()
        .collect();
    json!({
        "ruleId": id,
        "ruleIndex": index,
        "level": severity(problem),
        "message": { "text": problem.message() },
        "locations": [{ "physicalLocation": {
            "artifactLocation": location(file),
            "region": { "startLine": problem.at().line, "startColumn": problem.at().column },
        } }],
        // Of all results or of none (§3.27.23).
        "suppressions": suppressions,
    })
}

/// Where a file is: below the working directory, as seen from there.
fn location(file: &Path) -> Value {
    let directory = std::env::current_dir().ok();
    let below = directory.as_deref().and_then(|directory| file.strip_prefix(directory).ok());
    match below {
        None if file.is_absolute() => json!({ "uri": format!("file://{}", uri(file)) }),
        _ => {
            let file = below.unwrap_or(file);
            json!({ "uri": uri(file.strip_prefix(".").unwrap_or(file)), "uriBaseId": "%SRCROOT%" })
        }
    }
}

const HEX: [char; 16] = ['0', '1', '2', '3', '4', '5', '6', '7', '8', '9', 'A', 'B', 'C', 'D', 'E', 'F'];

/// A path as that of a URI (RFC 3986 §3.3).
fn uri(path: &Path) -> String {
    let bytes = path.as_os_str().as_encoded_bytes();
    bytes.iter().fold(String::new(), |mut uri, &byte| {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' | b'/' => {
                uri.push(byte.into());
            }
            other => {
                uri.push('%');
                uri.extend(HEX.get(usize::from(other >> 4)));
                uri.extend(HEX.get(usize::from(other & 15)));
            }
        }
        uri
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_is_a_uri() {
        assert_eq!(uri(Path::new("config/a b%.yaml")), "config/a%20b%25.yaml");
        assert_eq!(location(Path::new("./a.yaml")), json!({ "uri": "a.yaml", "uriBaseId": "%SRCROOT%" }));
        assert_eq!(location(Path::new("/x/a.yaml")), json!({ "uri": "file:///x/a.yaml" }));
        let here = std::env::current_dir().unwrap().join("b.yaml");
        assert_eq!(location(&here), json!({ "uri": "b.yaml", "uriBaseId": "%SRCROOT%" }));
    }
}
