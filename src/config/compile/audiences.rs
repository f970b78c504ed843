//! `audiences` of a route, beside those of its issuers.
//!
//! A route narrows its issuers' own: a token needs one of the route's and one of its issuer's, which are two where the lists have
//! none in common. Tokens of two audiences are rare, so that such lists are hardly meant; nothing is refused for them.

use std::sync::Arc;

use crate::authn::Issuer;
use crate::config::lint::Code;
use crate::config::node::At;
use crate::config::problem::Problems;

/// Warns of audiences that no issuer of the route has, and of issuers that have none of them. `named`: the issuers as the
/// route lists them, where it does.
pub(super) fn check(
    audiences: &[At<String>],
    issuers: &[&Arc<Issuer>],
    named: Option<&[At<String>]>,
    problems: &mut Problems,
) {
    let known: Vec<&str> =
        issuers.iter().flat_map(|issuer| &issuer.spec().audiences).map(String::as_str).collect();
    let (Some(first), false) = (audiences.first(), known.is_empty()) else { return };
    let is_foreign = |audience: &&At<String>| !known.contains(&audience.value.as_str());
    let own: Vec<&str> = audiences.iter().map(|audience| audience.value.as_str()).collect();
    if audiences.iter().all(|audience| is_foreign(&audience)) {
        let wrong = format!(
            "no issuer of this route has the audience {}: a token passes only if it holds two, one of the route's and one of its issuer's own ({})",
            either(&own),
            either(&known)
        );
        let right = "name audiences that its issuers have, or add these to the issuers";
        problems.warning(Code::ForeignAudience, first.at, wrong, right);
        return;
    }
    for audience in audiences.iter().filter(is_foreign) {
        let wrong = format!("no issuer of this route has the audience `{}`", audience.value);
        let right = format!(
            "a token then needs one of {} as well, because a route narrows its issuers' own",
            known.join(", ")
        );
        problems.warning(Code::ForeignAudience, audience.at, wrong, right);
    }
    let has_none =
        |issuer: &Issuer| !issuer.spec().audiences.iter().any(|audience| own.contains(&audience.as_str()));
    let apart: Vec<&str> =
        issuers.iter().filter(|issuer| has_none(issuer)).map(|issuer| &*issuer.spec().name).collect();
    match named {
        Some(named) => {
            for name in named.iter().filter(|name| apart.contains(&name.value.as_str())) {
                let wrong = format!("the issuer `{}` has none of this route's audiences: {TWO}", name.value);
                let right = "leave it out here, or add one of its audiences to the route's";
                problems.warning(Code::DisjointAudiences, name.at, wrong, right);
            }
        }
        None if apart.is_empty() => {}
        None => {
            let wrong =
                format!("of this route's issuers, {} has none of these audiences: {TWO}", either(&apart));
            let right = "list the issuers that are meant under `issuers`, or add audiences of the others";
            problems.warning(Code::DisjointAudiences, first.at, wrong, right);
        }
    }
}

const TWO: &str = "its tokens pass only if they hold two, one of the route's and one of its own";

/// `a` or `b`
fn either(names: &[&str]) -> String {
    let mut quoted: Vec<String> = Vec::new();
    for name in names {
        let name = format!("`{name}`");
        if !quoted.contains(&name) {
            quoted.push(name);
        }
    }
    match quoted.as_slice() {
        [rest @ .., last] if !rest.is_empty() => format!("{} or {last}", rest.join(", ")),
        _ => quoted.join(""),
    }
}
