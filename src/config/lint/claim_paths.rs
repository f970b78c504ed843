//! Paths of claims as other tools write them: `$.realm_access.roles`, `realm_access[roles]`. Here `$` and brackets are part of a
//! name.

use super::code::Code;
use super::{inner, requirements};
use crate::config::document::{Document, Identity, Path};
use crate::config::node::{At, Node, Value};
use crate::config::problem::{Position, Problems};

pub(super) fn lint(document: &Document, problems: &mut Problems) {
    let issuers = document.issuers.iter().flat_map(|issuers| &issuers.value.entries);
    for issuer in issuers.filter_map(|(_, issuer)| issuer.as_ref()) {
        let required = issuer.required_claims.iter().flat_map(|claims| &claims.value);
        for path in [&issuer.roles, &issuer.scopes].into_iter().flatten().chain(required) {
            look_at_path(path, problems);
        }
    }
    for node in requirements(document) {
        look(node, problems);
    }
    let routes = document.routes.iter().flat_map(|routes| &routes.value);
    for identity in document.identity.iter().chain(routes.filter_map(|route| route.identity.as_ref())) {
        headers(&identity.value, problems);
    }
}

fn headers(identity: &Identity, problems: &mut Problems) {
    let entries = identity.headers.iter().flat_map(|headers| &headers.value.entries);
    for from in entries.filter_map(|(_, header)| header.as_ref()?.from.as_ref()) {
        look_at_path(from, problems);
    }
}

fn look_at_path(path: &At<Path>, problems: &mut Problems) {
    if let Path::Dotted(text) = &path.value {
        report(text, path.at, problems);
    }
}

/// This requirement and those below it; names of policies are looked at where they are defined.
fn look(node: &Node, problems: &mut Problems) {
    if let Some(Value::Map(claims)) = node.get("claims").map(|claims| &claims.value) {
        for claim in claims.iter().filter(|claim| claim.steps.is_none()) {
            report(&claim.key, claim.at, problems);
        }
    }
    for inner in inner(node) {
        look(inner, problems);
    }
}

fn report(text: &str, at: Position, problems: &mut Problems) {
    if let Some(right) = meant(text) {
        let wrong =
            format!("`{text}` is a path of another language: `$` and brackets are part of a name here");
        problems.warning(Code::ForeignClaimPath, at, wrong, right);
    }
}

/// What to write in place of such a path; none of one that is ours.
fn meant(text: &str) -> Option<String> {
    let (prefix, path) = text.strip_prefix("claims.").map_or(("", text), |path| ("claims.", path));
    let rooted = path.strip_prefix('$').filter(|rest| rest.starts_with(['.', '[']));
    let is_indexed = path.contains('[') && (path.ends_with(']') || path.contains("]."));
    if rooted.is_none() && !is_indexed {
        return None;
    }
    let steps = rooted.unwrap_or(path).replace('[', "\n").replace(']', "").replace(['\'', '"'], "");
    let is_plain = !steps.split('\n').skip(1).any(|step| step.contains("://") || step == "*");
    let steps: Vec<&str> = steps.split(['\n', '.']).filter(|step| !step.is_empty()).collect();
    Some(if is_plain && !steps.is_empty() {
        format!("write `{prefix}{}`", steps.join("."))
    } else {
        "write the names from the outermost on with dots between them, or a list of them".to_owned()
    })
}
