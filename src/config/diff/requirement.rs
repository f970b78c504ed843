//! How two requirements differ: as they are written, and by a caller on whom they disagree.

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
        Disagreement { admitted: None, refused: None } => {
            (Change::Changed, format!("{written}; no caller was found for whom that makes a difference"))
        }
    })
}
