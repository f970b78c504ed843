//! A caller on whom two requirements disagree, or that there is none.
//!
//! Looked for is, for each part by which the one may hold and each by which the other may fail, someone for whom they do.
//! Values are tried for what keeps the two from an answer, one variable after another, and no further where what is known
//! rules a difference out. So what is not found is not there, unless the search gives up. A caller of whom both requirements
//! have an answer is looked for first; what is found is made as small as it can be.

use std::collections::BTreeSet;

use super::caller::Caller;
use super::formula::Formula;
use super::proof::Names;
use super::reasons::{Reason, Reply, reasons};
use super::world::{SeenOtherwise, Side, World};
use crate::authz::Requirement;

/// Callers of whom one of the two requirements thinks otherwise.
#[derive(Debug, Default)]
pub(super) struct Disagreement {
    /// Passes the new one alone.
    pub(super) admitted: Option<Found>,
    /// Passed the old one alone.
    pub(super) refused: Option<Found>,
    /// Each has a condition or a pattern that the other has not, so that there may be no such callers.
    pub(super) is_guessed: bool,
}

/// A caller, and whether it is certain that there is one.
#[derive(Debug)]
pub(super) struct Found {
    pub(super) caller: Caller,
    pub(super) is_certain: bool,
}

/// The requirements are too large, or too entangled, for it to be told on whom they disagree.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Unknown;

/// How much is looked at for one answer.
const MAX_STEPS: u64 = 1_000_000;

/// How many pairs of reasons are tried.
const MAX_REASONS: usize = 2_500;

/// `names`: the claims that hold roles and scopes.
pub(super) fn find(
    old: &Requirement,
    new: &Requirement,
    seen_otherwise: SeenOtherwise,
    names: Names,
) -> Result<Disagreement, Unknown> {
    let mut world = World { seen_otherwise, names, ..World::default() };
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
    /// What fails by: without an answer, or not.
    by: Reply,
    /// A part by which the one holds, and one by which the other fails.
    because: [Reason<'f>; 2],
}

impl<'r> World<'r> {
    /// Someone for whom one holds and the other does not.
    fn passing(&self, holds: &Formula<'r>, fails: &Formula<'r>) -> Result<Option<Found>, Unknown> {
        let mut steps = 0;
        for by in [Reply::No, Reply::None] {
            let why_not = reasons(fails, by);
            let why = reasons(holds, Reply::Yes);
            // Where there are too many, what is looked for is the whole.
            let why = if why.len() * why_not.len() > MAX_REASONS { vec![(holds, Reply::Yes)] } else { why };
            for because in why_not.iter().flat_map(|fails| why.iter().map(move |holds| [*holds, *fails])) {
                let wanted = Wanted { holds, fails, by, because };
                let mut known = vec![None; self.variables.len()];
                if self.search(wanted, &mut known, &mut steps)? {
                    return Ok(Some(self.smallest(wanted, &known)));
                }
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
        let [why, why_not] = wanted.because;
        let mut open = None;
        for (formula, reply) in [why_not, why, (wanted.holds, Reply::Yes), (wanted.fails, wanted.by)] {
            let answer = self.answer(formula, known, steps);
            if !reply.is_in(answer) {
                return None;
            }
            open = open.or(answer.open);
        }
        Some(open)
    }

    /// With everything left out that makes no difference.
    fn smallest(&self, wanted: Wanted<'_>, known: &[Option<usize>]) -> Found {
        let mut known: Vec<Option<usize>> = known.iter().map(|value| value.or(Some(0))).collect();
        for variable in 0..known.len() {
            let mut less = known.clone();
            set(&mut less, variable, Some(0));
            if self.open(wanted, &less, &mut 0) == Some(None) {
                known = less;
            }
        }
        let values: Vec<usize> = known.iter().map(|value| value.unwrap_or_default()).collect();
        // What may be anything makes no difference.
        let mut needed = BTreeSet::new();
        for variable in 0..known.len() {
            set(&mut known, variable, None);
            if self.open(wanted, &known, &mut 0) != Some(None) {
                set(&mut known, variable, values.get(variable).copied());
                needed.insert(variable);
            }
        }
        Found { caller: self.caller(&values), is_certain: self.is_certain(&values, &needed) }
    }
}

fn set(known: &mut [Option<usize>], variable: usize, value: Option<usize>) {
    if let Some(known) = known.get_mut(variable) {
        *known = value;
    }
}
