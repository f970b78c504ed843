//! How two requirements differ: as they are written, and by a caller on whom they disagree.

use std::collections::BTreeSet;

use super::Change;
use super::witness::{self, Disagreement};
use crate::authz::Requirement;

/// What is different in `new`; none if both are written alike, names of policies included.
pub(super) fn compare(old: &Requirement, new: &Requirement) -> Option<(Change, String)> {
    let (before, after) = (old.to_string(), new.to_string());
    if before == after {
        return None;
    }
    let written = format!("requires {after}, before {before}");
    let (was, now) = (conditions(old), conditions(new));
    // What lost or gained a part or an alternative can be told; what became another one cannot.
    if !was.is_subset(&now) && !now.is_subset(&was) {
        return Some((Change::Changed, format!("{written}; what a changed condition means cannot be told")));
    }
    let has_patterns = before.contains("matches: ") || after.contains("matches: ");
    let unread = if has_patterns { "; regular expressions are not compared" } else { "" };
    Some(match witness::find(old, new) {
        Disagreement { admitted: Some(admitted), refused: None } => {
            (Change::Looser, format!("{written}; now passes {admitted}"))
        }
        Disagreement { admitted: None, refused: Some(refused) } => {
            (Change::Stricter, format!("{written}; no longer passes {refused}"))
        }
        Disagreement { admitted: Some(admitted), refused: Some(refused) } => {
            (Change::Changed, format!("{written}; now passes {admitted}, and no longer {refused}"))
        }
        Disagreement { admitted: None, refused: None } => (
            Change::Changed,
            format!("{written}; no caller was found for whom that makes a difference{unread}"),
        ),
    })
}

/// The parts of the conditions of a requirement.
fn conditions(requirement: &Requirement) -> BTreeSet<String> {
    let own =
        if let Requirement::When(condition) = requirement { Some(condition.alternatives()) } else { None };
    let own = own.into_iter().flatten().flatten();
    own.chain(requirement.parts().iter().flat_map(conditions)).collect()
}
