//! What a formula may answer for callers of whom a part is known.

use super::formula::Formula;
use super::world::{Form, Member, NO_ANSWER, Type, World, type_of};
use crate::authz::{Pattern, Quantifier};

/// The values of the variables, as far as they are known.
pub(super) type Known = [Option<usize>];

/// What may be answered, and a variable that keeps it from being one answer.
#[derive(Debug, Clone, Copy)]
pub(super) struct Answer {
    pub(super) yes: bool,
    pub(super) no: bool,
    /// Without an answer: a claim cannot be compared, or a condition not be evaluated.
    pub(super) none: bool,
    pub(super) open: Option<usize>,
}

impl Answer {
    const NEVER: Self = Self { yes: false, no: false, none: false, open: None };
    const NONE: Self = Self { none: true, ..Self::NEVER };

    fn of(holds: bool) -> Self {
        Self { yes: holds, no: !holds, ..Self::NEVER }
    }

    fn anything(open: usize) -> Self {
        Self { yes: true, no: true, none: true, open: Some(open) }
    }

    fn is_one(self) -> bool {
        u8::from(self.yes) + u8::from(self.no) + u8::from(self.none) < 2
    }

    /// Nothing is left open by one answer.
    fn settled(self) -> Self {
        if self.is_one() { Self { open: None, ..self } } else { self }
    }

    fn opposite(self) -> Self {
        Self { yes: self.no, no: self.yes, ..self }
    }

    /// Of two that must both hold; without an answer, if one is.
    fn and(self, other: Self) -> Self {
        let answered = |one: Self| one.yes || one.no;
        Self {
            yes: self.yes && other.yes,
            no: (self.no && answered(other)) || (other.no && answered(self)),
            none: self.none || other.none,
            open: self.open.or(other.open),
        }
        .settled()
    }

    /// Of two sides of `&&`: one that does not hold decides, whatever the other is.
    fn and_also(self, other: Self) -> Self {
        Self {
            yes: self.yes && other.yes,
            no: self.no || other.no,
            none: (self.none && (other.none || other.yes)) || (other.none && self.yes),
            open: self.open.or(other.open),
        }
        .settled()
    }
}

impl World<'_> {
    /// `steps` counts what was looked at.
    pub(super) fn answer(&self, formula: &Formula<'_>, known: &Known, steps: &mut u64) -> Answer {
        *steps += 1;
        let value = |variable: usize| known.get(variable).copied().flatten();
        match formula {
            Formula::Constant(holds) => Answer::of(*holds),
            Formula::Undecided => Answer::NONE,
            Formula::Is(variable, wanted) => match value(*variable) {
                Some(value) => Answer::of(value == *wanted),
                None => Answer { none: false, ..Answer::anything(*variable) },
            },
            Formula::Part(variable) => match value(*variable) {
                Some(NO_ANSWER) => Answer::NONE,
                Some(value) => Answer::of(value == 1),
                None => Answer::anything(*variable),
            },
            Formula::Exists { claim, there } => match self.form(*claim, known) {
                Ok(form) => Answer::of((form != Form::Absent) == *there),
                Err(open) => Answer { none: false, ..Answer::anything(open) },
            },
            Formula::Values { claim, quantifier, literals } => {
                *steps += u64::try_from(literals.len()).unwrap_or(u64::MAX) / 4;
                self.values_of(*claim, *quantifier, literals, known)
            }
            Formula::Matches { claim, pattern, other } => self.matches(*claim, pattern, *other, known),
            Formula::Not(inner) => self.answer(inner, known, steps).opposite(),
            Formula::All(parts) => {
                let parts = parts.iter().map(|part| self.answer(part, known, steps));
                parts.fold(Answer::of(true), Answer::and)
            }
            Formula::Any(parts) => {
                let parts = parts.iter().map(|part| self.answer(part, known, steps).opposite());
                parts.fold(Answer::of(true), Answer::and).opposite()
            }
            Formula::Either(deciding, sides) => {
                let [one, other] = &**sides;
                let (one, other) = (self.answer(one, known, steps), self.answer(other, known, steps));
                if *deciding {
                    one.opposite().and_also(other.opposite()).opposite()
                } else {
                    one.and_also(other)
                }
            }
        }
    }

    /// The form of a claim, or the variable that would tell it.
    fn form(&self, claim: usize, known: &Known) -> Result<Form, usize> {
        let Some(claim) = self.claims.get(claim) else { return Ok(Form::Absent) };
        let value = known.get(claim.is).copied().flatten();
        value.map(|value| claim.form(value)).ok_or(claim.is)
    }

    fn matches(&self, claim: usize, pattern: &Pattern, other: usize, known: &Known) -> Answer {
        let member = match self.form(claim, known) {
            Err(open) => return Answer::anything(open),
            Ok(Form::Absent) => return Answer::of(false),
            Ok(Form::Array) => return Answer::NONE,
            Ok(Form::One(member)) => member,
        };
        match self.claims.get(claim).and_then(|claim| claim.members.get(member)) {
            Some(Member::Literal(literal)) => match literal.as_text() {
                Some(text) => Answer::of(pattern.matches(text)),
                None => Answer::NONE,
            },
            Some(Member::OtherText) => match known.get(other).copied().flatten() {
                Some(value) => Answer::of(value == 1),
                None => Answer { none: false, ..Answer::anything(other) },
            },
            Some(Member::OtherNumber | Member::OtherBoolean | Member::Composite) | None => Answer::NONE,
        }
    }

    fn values_of(&self, claim: usize, quantifier: Quantifier, literals: &[usize], known: &Known) -> Answer {
        let form = match self.form(claim, known) {
            Err(open) => return Answer::anything(open),
            Ok(Form::Absent) => return Answer::of(quantifier == Quantifier::None),
            Ok(form) => form,
        };
        let Some(claim) = self.claims.get(claim) else { return Answer::NEVER };
        let types: Vec<Type> = literals
            .iter()
            .filter_map(|&literal| claim.literals.get(literal).copied())
            .map(type_of)
            .collect();
        // Of each member whether it is there, and of one that is not known its variable.
        let there = |member: usize| match form {
            Form::Array => known.get(claim.has + member).copied().flatten().map(|value| value == 1),
            Form::One(one) => Some(one == member),
            Form::Absent => Some(false),
        };
        let open = |member: usize| if there(member).is_none() { Some(claim.has + member) } else { None };
        let mut literals = literals.iter().copied();
        let found = match quantifier {
            Quantifier::Any | Quantifier::None => any(literals.clone().map(there)),
            Quantifier::All => {
                any(literals.clone().map(|one| there(one).map(|there| !there))).map(|missing| !missing)
            }
        };
        let odd = || {
            let odd =
                claim.members.iter().enumerate().filter(|(_, member)| !types.contains(&member.of_type()));
            odd.map(|(index, _)| index)
        };
        let is_odd = any(odd().map(there));
        let (may_be_found, may_not) = (found != Some(false), found != Some(true));
        let compared = may_not && is_odd != Some(true);
        let answer = Answer {
            yes: if quantifier == Quantifier::None { compared } else { may_be_found },
            no: if quantifier == Quantifier::None { may_be_found } else { compared },
            none: may_not && is_odd != Some(false),
            open: literals.find_map(open).filter(|_| found.is_none()).or_else(|| odd().find_map(open)),
        };
        answer.settled()
    }
}

/// Whether one is true, as far as that is known.
fn any(mut each: impl Iterator<Item = Option<bool>> + Clone) -> Option<bool> {
    if each.clone().any(|one| one == Some(true)) {
        return Some(true);
    }
    if each.any(|one| one.is_none()) { None } else { Some(false) }
}
