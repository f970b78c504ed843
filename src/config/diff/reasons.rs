//! The parts of a formula by which it answers as it does: where one of several is enough, each of them is a reason.

use super::answer::Answer;
use super::formula::Formula;

/// What is answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Reply {
    Yes,
    No,
    /// Neither.
    None,
}

/// A part, and what it answers.
pub(super) type Reason<'f> = (&'f Formula<'f>, Reply);

impl Reply {
    pub(super) fn is_in(self, answer: Answer) -> bool {
        match self {
            Self::Yes => answer.yes,
            Self::No => answer.no,
            Self::None => answer.none,
        }
    }
}

/// Whenever the formula answers this, one of the reasons is true.
pub(super) fn reasons<'f>(formula: &'f Formula<'f>, reply: Reply) -> Vec<Reason<'f>> {
    let mut found = Vec::new();
    collect(formula, reply, &mut found);
    found
}

fn collect<'f>(formula: &'f Formula<'f>, reply: Reply, into: &mut Vec<Reason<'f>>) {
    let each: &[Formula<'f>] = match (formula, reply) {
        (Formula::Not(inner), Reply::Yes) => return collect(inner, Reply::No, into),
        (Formula::Not(inner), Reply::No) => return collect(inner, Reply::Yes, into),
        (Formula::Not(inner), Reply::None) => return collect(inner, Reply::None, into),
        (Formula::All(parts) | Formula::Any(parts), Reply::None)
        | (Formula::All(parts), Reply::No)
        | (Formula::Any(parts), Reply::Yes) => parts,
        (Formula::All(parts) | Formula::Any(parts), _) if parts.len() == 1 => parts,
        (Formula::Either(true, sides), Reply::Yes) | (Formula::Either(false, sides), Reply::No) => {
            sides.as_slice()
        }
        _ => return into.push((formula, reply)),
    };
    for part in each {
        collect(part, reply, into);
    }
}
