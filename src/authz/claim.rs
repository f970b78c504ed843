//! Tests on claims: the entries below `claims` in a requirement.
//!
//! Given a claim's value, or its absence, a [`ClaimTest`] says yes, no, or that the two cannot be compared, which
//! denies the whole requirement. A claim that is absent (or null) satisfies `exists: false` and `none`, nothing else.
//! What compares with what:
//!
//! | claim | plain value, `any`, `all`, `none` | `exists` | `matches` |
//! |---|---|---|---|
//! | string, number, boolean | if one of the values is of the same JSON type; it counts as a list of one | yes | strings only |
//! | array | member by member: a member that is equal to a value decides, whatever stands beside it; without one, each member must be of the type of one of the values (null members are passed over) | yes | no |
//! | object | no | yes | no |
//!
//! So `tenant: acme` cannot be compared with the number 7, nor with `[{ "name": "acme" }]`: "not equal" would be true
//! of both, and would let `not` and `none` pass for a token whose meaning nobody has checked.

use std::sync::Arc;

use super::literal::{Literal, Literals};
use super::name::{Quantifier, why_not_empty};
use super::pattern::Pattern;
use crate::authn::json::Stored;

/// What the value of a claim must be like. Several terms must all hold.
#[derive(Debug)]
pub struct ClaimTest {
    terms: Box<[ClaimTerm]>,
}

impl ClaimTest {
    /// The plain value: the claim is equal to it or, if an array, contains it.
    pub fn equals(literal: Literal) -> Self {
        Self { terms: Box::new([ClaimTerm::Values(Quantifier::Any, vec![literal].into())]) }
    }

    /// From the entries of a map. Refuses lists that are empty.
    pub fn new(terms: Vec<ClaimTerm>) -> Result<Self, ClaimTestError> {
        for term in &terms {
            if let ClaimTerm::Values(quantifier, literals) = term
                && literals.is_empty()
            {
                return Err(ClaimTestError::EmptyList(*quantifier));
            }
        }
        if terms.is_empty() { Err(ClaimTestError::Nothing) } else { Ok(Self { terms: terms.into() }) }
    }

    /// Each term, for messages and lints.
    pub fn terms(&self) -> &[ClaimTerm] {
        &self.terms
    }

    /// Whether the claim passes. Every term is looked at: a later one may find that it cannot be compared.
    pub(super) fn evaluate(&self, claim: Option<Stored<'_>>) -> Result<bool, Incomparable> {
        let mut holds = true;
        for term in &self.terms {
            holds &= term.evaluate(claim)?;
        }
        Ok(holds)
    }
}

/// One entry of a test on a claim.
#[derive(Debug)]
pub enum ClaimTerm {
    /// `any`, `all` or `none`: which of these values the claim is, or contains.
    Values(Quantifier, Literals),
    /// `exists`: whether the claim is there at all, of whatever type.
    Exists(bool),
    /// `matches`: the claim is a string of this form.
    Matches(Arc<Pattern>),
}

impl ClaimTerm {
    fn evaluate(&self, claim: Option<Stored<'_>>) -> Result<bool, Incomparable> {
        match (self, claim) {
            (Self::Exists(exists), claim) => Ok(claim.is_some() == *exists),
            (Self::Values(quantifier, _), None) => Ok(*quantifier == Quantifier::None),
            (Self::Matches(_), None) => Ok(false),
            (Self::Matches(pattern), Some(claim)) => {
                claim.read().as_str().map(|text| pattern.matches(text)).ok_or(Incomparable)
            }
            (Self::Values(quantifier, literals), Some(claim)) => {
                let found = literals.are_in(*quantifier, claim);
                let incomparable = |member: Stored<'_>| !member.is_null() && !literals.compare_with(member);
                if found || !any(claim, incomparable) {
                    Ok(found != (*quantifier == Quantifier::None))
                } else {
                    Err(Incomparable)
                }
            }
        }
    }

    /// How its members count, and which of them are there; what is no list is one of one.
    pub(super) fn members(&self, claim: Option<Stored<'_>>) -> (Quantifier, Vec<bool>) {
        match self {
            Self::Values(quantifier, literals) => {
                let is_there = |literal: &Literal| claim.is_some_and(|claim| literal.is_in(claim));
                (*quantifier, literals.iter().map(is_there).collect())
            }
            Self::Exists(_) | Self::Matches(_) => (Quantifier::All, vec![self.evaluate(claim) == Ok(true)]),
        }
    }
}

/// Whether this is so of one member of what the claim counts as: a list of what it holds, or of itself.
pub(super) fn any<'c>(claim: Stored<'c>, is: impl Fn(Stored<'c>) -> bool) -> bool {
    match claim.elements() {
        None => is(claim),
        Some(mut members) => members.any(is),
    }
}

/// A claim is there, but of a type that its test knows nothing about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Incomparable;

/// Why entries below a claim are no test.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ClaimTestError {
    /// A map without entries.
    #[error(
        "nothing is asked of the claim; give a plain value, or `any`, `all`, `none`, `exists` or `matches`"
    )]
    Nothing,
    /// A list without values.
    #[error("the list of `{0}` is empty; {why}, so give at least one value", why = why_not_empty(*.0))]
    EmptyList(Quantifier),
}
