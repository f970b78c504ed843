//! What an issuer's section says and hardly means: clocks that are far apart, keys fetched all the time, names that stand for
//! nothing, repetitions.

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
        haste(issuer, problems);
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

fn haste(issuer: &Issuer, problems: &mut Problems) {
    let keys = issuer.keys.as_ref().and_then(|keys| keys.value.0.as_ref());
    let refresh = keys.and_then(|keys| keys.refresh.as_ref());
    if let Some(At { at, value }) = refresh.and_then(|refresh| refresh.value.min.as_ref())
        && *value < HASTY
    {
        let wrong = "an issuer that forbids caching is asked for its keys that often";
        problems.warning(
            Code::FrequentRefresh,
            *at,
            wrong,
            "give 5s or more; unknown keys are asked for at once anyway",
        );
    }
}

/// Whoever asks more often is a burden.
const HASTY: Duration = Duration::from_secs(5);
/// More than clocks that are kept are ever apart.
const LARGE_SKEW: Duration = Duration::from_mins(5);
