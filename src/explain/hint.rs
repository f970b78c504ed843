//! What may be the matter with a check that failed, where experience has something to say.

use super::check::Check;
use super::facts::Facts;
use super::step::Outcome;
use crate::proxy::Rejection;

/// A hint beside this step.
pub(super) fn of(
    _facts: &Facts<'_>,
    _check: &Check,
    _outcome: Outcome,
    _refusal: Option<&Rejection>,
) -> Option<String> {
    None
}
