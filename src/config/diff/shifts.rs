//! Requests that go to another route than before, or to none, and what that means for them.

use super::Change;
use super::decision::{self, together};
use super::policies::Requirements;
use super::traffic::{Move, Sample, Traffic};
use super::view::View;

/// Requests that go elsewhere.
#[derive(Debug)]
pub(super) struct Shift {
    pub(super) between: Move,
    pub(super) change: Change,
    pub(super) message: String,
    /// Of requests that no route took, or takes: who refused their method, and who refuses it.
    refusing: Move,
}

impl Shift {
    /// Whether they came from no route to the one that is `new` in the new file, or go to none from `old` in the old.
    pub(super) fn to_or_from_none(&self, old: usize, new: usize) -> bool {
        self.between == (None, Some(new)) || self.between == (Some(old), None)
    }

    /// Whether another route is why, which refused their method or refuses it now: then what the two are for does not say it.
    pub(super) fn is_by_another(&self, old: usize, new: usize) -> bool {
        let (before, after) = self.refusing;
        before.is_some_and(|before| before != old) || after.is_some_and(|after| after != new)
    }
}

/// Every one, but those that go from a route to what has become of it.
pub(super) fn shifts(
    before: &[View<'_>],
    after: &[View<'_>],
    pairs: &[(usize, usize)],
    traffic: &Traffic,
    was: &mut Requirements,
    now: &mut Requirements,
) -> Vec<Shift> {
    let mut found = Vec::new();
    for (between, Sample { request, refused_by, refuses }) in traffic.iter() {
        let old = between.0.and_then(|index| before.get(index));
        let new = between.1.and_then(|index| after.get(index));
        let name = |routes: &[View<'_>], index: &Option<usize>| {
            index.and_then(|index| routes.get(index)).map(|route| format!("`{}`", route.name))
        };
        let (change, message) = match (old, new) {
            (None, None) => continue,
            (Some(_), Some(_)) if pairs.iter().any(|(old, new)| between == (Some(*old), Some(*new))) => {
                continue;
            }
            (Some(old), Some(new)) => {
                let aspects = decision::compare(old, new, was, now);
                let change = together(aspects.iter().map(|aspect| aspect.change));
                let guards = (new.guard(now), old.guard(was));
                let message = format!(
                    "takes requests like {request} ({}), which `{}` took ({})",
                    guards.0, old.name, guards.1
                );
                // Where the guards do not say it already.
                let why = aspects.iter().find(|aspect| aspect.change == change && change != Change::Changed);
                let why = why.filter(|_| guards.0 == guards.1).map(|why| format!("; {}", why.message));
                (change, message + &why.unwrap_or_default())
            }
            (None, Some(new)) => {
                let before = match name(before, refused_by) {
                    Some(refused_by) => format!("which {refused_by} refused for their method"),
                    None => "which no route took".to_owned(),
                };
                (new.gaining(now), format!("takes requests like {request} ({}), {before}", new.guard(now)))
            }
            (Some(old), None) => {
                let after = match name(after, refuses) {
                    Some(refuses) => format!("which {refuses} refuses for their method"),
                    None => "which no route takes".to_owned(),
                };
                let guard = old.guard(was);
                (old.losing(was), format!("no longer takes requests like {request} ({guard}), {after}"))
            }
        };
        found.push(Shift { between, change, message, refusing: (*refused_by, *refuses) });
    }
    found
}
