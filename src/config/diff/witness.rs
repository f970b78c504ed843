//! A caller on whom two requirements disagree, or that there is none.
//!
//! Values are tried for what keeps the two from an answer, one variable after another, and no further where what is known
//! rules a difference out. So what is not found is not there, unless the search gives up. A caller of whom both requirements
//! have an answer is looked for first; what is found is made as small as it can be.

use super::answer::Answer;
use super::caller::Caller;
use super::formula::Formula;
use super::world::{Side, World};
use crate::authz::Requirement;

/// Callers of whom one of the two requirements thinks otherwise.
#[derive(Debug, Default)]
pub(super) struct Disagreement {
    /// Passes the new one alone.
    pub(super) admitted: Option<Caller>,
    /// Passed the old one alone.
    pub(super) refused: Option<Caller>,
    /// Each has a condition or a pattern that the other has not, so that there may be no such callers.
    pub(super) is_guessed: bool,
}

/// The requirements are too large, or too entangled, for it to be told on whom they disagree.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Unknown;

/// How much is looked at for one answer.
const MAX_STEPS: u64 = 1_000_000;

/// `seen_otherwise`: what conditions see otherwise than before.
pub(super) fn find(
    old: &Requirement,
    new: &Requirement,
    seen_otherwise: Vec<&'static str>,
) -> Result<Disagreement, Unknown> {
    let mut world = World { seen_otherwise, ..World::default() };
    let (old, new) = (world.formula(old, Side::Old), world.formula(new, Side::New));
    let (old, new) = (old.ok_or(Unknown)?, new.ok_or(Unknown)?);
    world.finish();
    Ok(Disagreement {
        admitted: world.passing(&new, &old)?,
        refused: world.passing(&old, &new)?,
        is_guessed: world.is_guessed(),
    })
}

/// What is looked for.
#[derive(Debug, Clone, Copy)]
struct Wanted<'f> {
    holds: &'f Formula<'f>,
    fails: &'f Formula<'f>,
    /// Whether what fails has no answer.
    undecided: bool,
}

impl<'r> World<'r> {
    /// Someone for whom one holds and the other does not.
    fn passing(&self, holds: &Formula<'r>, fails: &Formula<'r>) -> Result<Option<Caller>, Unknown> {
        for undecided in [false, true] {
            let wanted = Wanted { holds, fails, undecided };
            let mut known = vec![None; self.variables.len()];
            if self.search(wanted, &mut known, &mut 0)? {
                return Ok(Some(self.smallest(wanted, &known)));
            }
        }
        Ok(None)
    }

    fn search(
        &self,
        wanted: Wanted<'_>,
        known: &mut [Option<usize>],
        steps: &mut u64,
    ) -> Result<bool, Unknown> {
        if *steps > MAX_STEPS {
            return Err(Unknown);
        }
        let Some(open) = self.open(wanted, known, steps) else { return Ok(false) };
        let Some(variable) = open else { return Ok(true) };
        for value in 0..self.values(variable) {
            set(known, variable, Some(value));
            if self.search(wanted, known, steps)? {
                return Ok(true);
            }
        }
        set(known, variable, None);
        Ok(false)
    }

    /// None where what is known rules it out, else what is not known and keeps it from being certain, if anything does.
    #[expect(clippy::option_option, reason = "impossible, possible by this, or certain")]
    fn open(&self, wanted: Wanted<'_>, known: &[Option<usize>], steps: &mut u64) -> Option<Option<usize>> {
        let holds = self.answer(wanted.holds, known, steps);
        if !holds.yes {
            return None;
        }
        let fails = self.answer(wanted.fails, known, steps);
        let is_possible = |Answer { no, none, .. }: Answer| if wanted.undecided { none } else { no };
        is_possible(fails).then_some(holds.open.or(fails.open))
    }

    /// With everything left out that makes no difference.
    fn smallest(&self, wanted: Wanted<'_>, known: &[Option<usize>]) -> Caller {
        let mut known: Vec<Option<usize>> = known.iter().map(|value| value.or(Some(0))).collect();
        for variable in 0..known.len() {
            let mut less = known.clone();
            set(&mut less, variable, Some(0));
            if self.open(wanted, &less, &mut 0) == Some(None) {
                known = less;
            }
        }
        let values: Vec<usize> = known.into_iter().flatten().collect();
        self.caller(&values)
    }
}

fn set(known: &mut [Option<usize>], variable: usize, value: Option<usize>) {
    if let Some(known) = known.get_mut(variable) {
        *known = value;
    }
}
