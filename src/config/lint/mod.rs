//! What a configuration may say and its author hardly means: findings with a code, a place and a sentence.
//!
//! Given a document that compiled, so that nothing here is a consequence of an error; only `check` looks. One file a
//! family. A lint says nothing that is not so: where it cannot tell, it is silent.

mod amounts;
mod certificates;
mod claim_paths;
mod code;
mod conditions;
mod contradiction;
mod fact;
mod identifiers;
mod issuers;
mod keys;
mod listeners;
mod methods;
mod parameters;
mod patterns;
mod reach;
mod replaced;
mod requirements;
mod silence;
mod slashes;
mod stricter;
mod templates;
mod unused;
mod variables;

use std::path::Path;

pub use self::code::Code;
pub(super) use self::reach::unreached;
pub(super) use self::silence::silence;
use super::document::{Access, Document};
use super::node::Node;
use super::problem::Problems;

/// What may be the cause of an error, and so is said beside it.
pub(super) fn beside_errors(document: &Document, problems: &mut Problems) {
    reach::colons(document, problems);
}

/// Looks at the document of a file in `directory`, and at the tree that it was read from.
pub(super) fn lint(root: &Node, document: &Document, directory: &Path, problems: &mut Problems) {
    listeners::lint(document, directory, problems);
    issuers::lint(document, problems);
    identifiers::lint(document, problems);
    amounts::lint(document, problems);
    keys::lint(document, directory, problems);
    reach::lint(document, problems);
    unused::lint(root, document, problems);
    requirements::lint(document, problems);
    conditions::lint(document, problems);
    patterns::lint(document, problems);
    methods::lint(document, problems);
    slashes::lint(document, problems);
    parameters::lint(document, problems);
    replaced::lint(document, problems);
    templates::lint(document, problems);
    claim_paths::lint(document, problems);
    variables::lint(root, problems);
}

/// Each policy, and each requirement and candidate of a route.
fn requirements(document: &Document) -> impl Iterator<Item = &Node> {
    let policies = document.policies.iter().flat_map(|policies| &policies.value.entries);
    let conditions = document.routes.iter().flat_map(|routes| &routes.value).filter_map(|route| {
        let access = route.access.as_ref()?;
        if let Access::Conditions(conditions) = &access.value { Some(conditions) } else { None }
    });
    let of_routes = conditions.flat_map(|conditions| [&conditions.require, &conditions.candidate]);
    let of_routes = of_routes.flatten().map(|node| &node.value);
    policies.filter_map(|(_, node)| node.as_ref()).chain(of_routes)
}

/// The requirements that stand directly below this one, whatever joins them.
fn inner(node: &Node) -> impl Iterator<Item = &Node> {
    let listed = ["any_of", "all_of"].into_iter().filter_map(|key| node.get(key));
    listed.flat_map(Node::children).chain(node.get("not"))
}
