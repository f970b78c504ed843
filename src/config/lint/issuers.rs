//! What an issuer's section says and hardly means: clocks that are far apart, names that stand for nothing, repetitions.

use std::time::Duration;

use super::code::Code;
use crate::config::document::{Document, Issuer};
use crate::config::node::At;
use crate::config::problem::Problems;

pub(super) fn lint(document: &Document, problems: &mut Problems) {
    let issuers = document.issuers.iter().flat_map(|issuers| &issuers.value.entries);
    for issuer in issuers.filter_map(|(_, issuer)| issuer.as_ref()) {
        wildcards(issuer, problems);
        repetitions(issuer, problems);
        skew(issuer, problems);
    }
}

fn wildcards(issuer: &Issuer, problems: &mut Problems) {
    for (list, right) in [
        (&issuer.audiences, "name each audience of a token that may pass"),
        (&issuer.token_types, "name each `typ` that a token may have, and `absent` for none"),
    ] {
        let names = list.iter().flat_map(|list| &list.value);
        for name in names.filter(|name| name.value.contains('*')) {
            let wrong = format!("`{}` is compared as it is: `*` stands for nothing else here", name.value);
            problems.warning(Code::LiteralWildcard, name.at, wrong, right);
        }
    }
}

fn repetitions(issuer: &Issuer, problems: &mut Problems) {
    let names: &[At<String>] = issuer.algorithms.as_ref().map_or(&[], |names| &names.value);
    for (index, name) in names.iter().enumerate() {
        if names.iter().take(index).any(|earlier| earlier.value == name.value) {
            let wrong = format!("{} is in the list already", name.value);
            problems.warning(Code::RepeatedAlgorithm, name.at, wrong, "remove it, or name another one");
        }
    }
}

fn skew(issuer: &Issuer, problems: &mut Problems) {
    if let Some(At { at, value }) = &issuer.clock_skew
        && *value > LARGE_SKEW
    {
        let wrong = "tokens pass for that long after they expired";
        problems.warning(Code::LargeClockSkew, *at, wrong, "set the clocks, and give 5m at most");
    }
}

/// More than clocks that are kept are ever apart.
const LARGE_SKEW: Duration = Duration::from_mins(5);
