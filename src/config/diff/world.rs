//! What the callers may be like for whom two requirements are compared.
//!
//! A variable is one thing that the two ask for: a role, a scope, the tenant, a claim, a part of a condition, a pattern. The
//! same thing is one variable for both. What must stay true: whatever a caller is, there are values of the variables for
//! which both formulas answer as the requirements would, so that a difference which no values show is none for anybody.
//! There may be values too that no caller has: what variables ask is taken for independent. So what is found is certain only
//! if [`World::is_certain`] says so.

use std::collections::BTreeMap;

use super::proof::Names;
use crate::authn::ClaimPath;
use crate::authz::{Literal, Outline};

/// Which of the two requirements.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Side {
    Old,
    New,
}

/// What a variable is about, and so its values; 0 is the least that a caller may be.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Thing<'r> {
    /// 1: the caller has it.
    Role(&'r str),
    Scope(&'r str),
    /// 0: none, or another one than those of [`World::tenants`].
    Tenant,
    /// A part of a condition. 1: true, [`NO_ANSWER`]: neither true nor false.
    Part {
        text: String,
        /// It is asked of what conditions saw before, and see otherwise now.
        of_before: bool,
    },
    /// The form of a claim: absent, one of its members, or an array ([`Claim::form`]).
    Form(usize),
    /// 1: the array of this claim has this member.
    Member(usize, usize),
    /// 1: a text of this claim that is none of the literals matches this pattern.
    Match(usize, &'r str),
}

/// The value of a part that cannot be evaluated.
pub(super) const NO_ANSWER: usize = 2;

/// A variable, and which of the two requirements ask for it.
#[derive(Debug)]
pub(super) struct Variable<'r> {
    pub(super) thing: Thing<'r>,
    old: bool,
    new: bool,
}

/// What a claim, or an item of one, is.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Member<'c> {
    Literal(&'c Literal),
    OtherText,
    OtherNumber,
    OtherBoolean,
    /// An object; within an array also an array.
    Composite,
}

/// What is told apart of a value whose type counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Type {
    Text,
    Number,
    Boolean,
    Composite,
}

/// A claim that is asked for.
#[derive(Debug)]
pub(super) struct Claim<'r> {
    pub(super) path: &'r ClaimPath,
    pub(super) literals: Vec<&'r Literal>,
    /// What it can be or have: its literals first.
    pub(super) members: Vec<Member<'r>>,
    /// The variable of its form.
    pub(super) is: usize,
    /// The variables of the members that it has as an array, one after another from here.
    pub(super) has: usize,
}

/// The form of a claim.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Form {
    Absent,
    /// This member by itself.
    One(usize),
    Array,
}

impl<'r> Claim<'r> {
    fn all_members(&self) -> Vec<Member<'r>> {
        let is_known = |value: bool| self.literals.iter().any(|literal| **literal == Literal::boolean(value));
        let others = [Member::OtherText, Member::OtherNumber, Member::OtherBoolean, Member::Composite];
        let others = others
            .into_iter()
            .filter(|other| *other != Member::OtherBoolean || !is_known(true) || !is_known(false));
        self.literals.iter().map(|literal| Member::Literal(literal)).chain(others).collect()
    }

    /// What a value of its variable stands for.
    pub(super) fn form(&self, value: usize) -> Form {
        match value.checked_sub(1) {
            None => Form::Absent,
            Some(member) if member < self.members.len() => Form::One(member),
            Some(_) => Form::Array,
        }
    }
}

impl Member<'_> {
    pub(super) fn of_type(self) -> Type {
        match self {
            Self::Literal(literal) => type_of(literal),
            Self::OtherText => Type::Text,
            Self::OtherNumber => Type::Number,
            Self::OtherBoolean => Type::Boolean,
            Self::Composite => Type::Composite,
        }
    }
}

pub(super) fn type_of(literal: &Literal) -> Type {
    let is_boolean = [true, false].into_iter().any(|value| *literal == Literal::boolean(value));
    match literal.as_text() {
        Some(_) => Type::Text,
        None if is_boolean => Type::Boolean,
        None => Type::Number,
    }
}

/// What conditions see otherwise than before, so that what they ask of it is another question.
#[derive(Debug, Clone, Default)]
pub(super) struct SeenOtherwise {
    pub(super) headers: bool,
    /// The captures as they are called now, where some are other segments of the path, or are called otherwise.
    pub(super) captures: Option<BTreeMap<String, String>>,
}

impl SeenOtherwise {
    /// What a part of a condition asked before, as it is written now; none where what it asked of is not seen any more.
    pub(super) fn now(&self, text: &str) -> Option<String> {
        if self.headers && text.contains(HEADERS) {
            return None;
        }
        match &self.captures {
            None => Some(text.to_owned()),
            Some(names) => Outline::with_captures(text, |name| names.get(name).map(String::as_str)),
        }
    }
}

const HEADERS: &str = "request.headers";

/// All variables of two requirements.
#[derive(Debug, Default)]
pub(super) struct World<'r> {
    pub(super) variables: Vec<Variable<'r>>,
    pub(super) claims: Vec<Claim<'r>>,
    pub(super) tenants: Vec<&'r str>,
    pub(super) seen_otherwise: SeenOtherwise,
    /// The claims that hold roles and scopes, for [`Self::is_certain`].
    pub(super) names: Names,
}

impl<'r> World<'r> {
    pub(super) fn variable(&mut self, thing: Thing<'r>, side: Side) -> usize {
        let known = self.variables.iter().position(|variable| variable.thing == thing);
        let index = known.unwrap_or_else(|| {
            self.variables.push(Variable { thing, old: false, new: false });
            self.variables.len() - 1
        });
        if let Some(variable) = self.variables.get_mut(index) {
            variable.old |= side == Side::Old;
            variable.new |= side == Side::New;
        }
        index
    }

    /// The variable of a part of a condition.
    pub(super) fn part(&mut self, text: &str, side: Side) -> usize {
        let seen = if side == Side::Old { self.seen_otherwise.now(text) } else { Some(text.to_owned()) };
        let of_before = seen.is_none();
        self.variable(Thing::Part { text: seen.unwrap_or_else(|| text.to_owned()), of_before }, side)
    }

    /// The variable of the tenant, and the value that stands for this one.
    pub(super) fn tenant(&mut self, name: &'r str, side: Side) -> (usize, usize) {
        let known = self.tenants.iter().position(|known| *known == name);
        let index = known.unwrap_or_else(|| {
            self.tenants.push(name);
            self.tenants.len() - 1
        });
        (self.variable(Thing::Tenant, side), index + 1)
    }

    pub(super) fn claim(&mut self, path: &'r ClaimPath, side: Side) -> usize {
        let known = self.claims.iter().position(|claim| claim.path == path);
        let index = known.unwrap_or(self.claims.len());
        let is = self.variable(Thing::Form(index), side);
        if known.is_none() {
            self.claims.push(Claim { path, literals: Vec::new(), members: Vec::new(), is, has: 0 });
        }
        index
    }

    /// Which of the claim's literals it is.
    pub(super) fn literal(&mut self, claim: usize, literal: &'r Literal) -> usize {
        let Some(claim) = self.claims.get_mut(claim) else { return 0 };
        let known = claim.literals.iter().position(|known| *known == literal);
        known.unwrap_or_else(|| {
            claim.literals.push(literal);
            claim.literals.len() - 1
        })
    }

    /// Adds the members of arrays, which are known when both requirements are.
    pub(super) fn finish(&mut self) {
        for (index, claim) in self.claims.iter_mut().enumerate() {
            claim.has = self.variables.len();
            claim.members = claim.all_members();
            let members = (0..claim.members.len()).map(|member| Thing::Member(index, member));
            self.variables.extend(members.map(|thing| Variable { thing, old: false, new: false }));
        }
    }

    /// How many values a variable has.
    pub(super) fn values(&self, variable: usize) -> usize {
        match self.variables.get(variable).map(|variable| &variable.thing) {
            Some(Thing::Role(_) | Thing::Scope(_) | Thing::Member(..) | Thing::Match(..)) => 2,
            Some(Thing::Tenant) => self.tenants.len() + 1,
            Some(Thing::Part { .. }) => NO_ANSWER + 1,
            Some(Thing::Form(claim)) => self.claims.get(*claim).map_or(1, |claim| claim.members.len() + 2),
            None => 1,
        }
    }

    /// Whether each of the two has a condition or pattern that the other has not: what became of one is not known then.
    pub(super) fn is_guessed(&self) -> bool {
        let mut unknown = self
            .variables
            .iter()
            .filter(|variable| matches!(variable.thing, Thing::Part { .. } | Thing::Match(..)));
        unknown.clone().any(|variable| !variable.old) && unknown.any(|variable| !variable.new)
    }
}
