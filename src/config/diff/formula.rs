//! A requirement as a formula over what callers may be like, see [`World`].

use super::world::{Side, Thing, World};
use crate::authz::{ClaimTerm, NameTest, Outline, Pattern, Quantifier, Requirement};

/// What decides; as `Requirement` has it, with the names of policies gone.
#[derive(Debug)]
pub(super) enum Formula<'r> {
    Constant(bool),
    /// An empty list, which has no answer.
    Undecided,
    /// The variable has this value.
    Is(usize, usize),
    /// A part of a condition.
    Part(usize),
    Exists {
        claim: usize,
        there: bool,
    },
    /// Which of the claim's literals count, and how.
    Values {
        claim: usize,
        quantifier: Quantifier,
        literals: Vec<usize>,
    },
    /// `other`: whether a text that is none of the claim's literals matches.
    Matches {
        claim: usize,
        pattern: &'r Pattern,
        other: usize,
    },
    Not(Box<Self>),
    /// Each of them; without an answer, if one is.
    All(Vec<Self>),
    /// One of them; without an answer, if one is.
    Any(Vec<Self>),
    /// Of a condition: a side that is this decides, whatever the other is.
    Either(bool, Box<[Self; 2]>),
}

/// Requirements of more terms than this are not compared by example.
const MAX_TERMS: usize = 2_000;

impl<'r> World<'r> {
    /// The formula of a requirement; none if it is too large.
    pub(super) fn formula(&mut self, requirement: &'r Requirement, side: Side) -> Option<Formula<'r>> {
        let mut terms = 0;
        self.compile(requirement, side, &mut terms)
    }

    fn compile(
        &mut self,
        requirement: &'r Requirement,
        side: Side,
        terms: &mut usize,
    ) -> Option<Formula<'r>> {
        // Policies that name one another many times over count each time.
        *terms += 1;
        if *terms > MAX_TERMS {
            return None;
        }
        Some(match requirement {
            Requirement::Authenticated => Formula::Constant(true),
            Requirement::Roles(test) => {
                self.names(test, |world, name| Formula::Is(world.variable(Thing::Role(name), side), 1))
            }
            Requirement::Scopes(test) => {
                self.names(test, |world, name| Formula::Is(world.variable(Thing::Scope(name), side), 1))
            }
            Requirement::IssuerTenant(test) => self.names(test, |world, name| {
                let (variable, tenant) = world.tenant(name, side);
                Formula::Is(variable, tenant)
            }),
            Requirement::Claim(path, test) => {
                let claim = self.claim(path, side);
                let terms = test.terms().iter().map(|term| self.claim_term(claim, term, side));
                Formula::All(terms.collect())
            }
            Requirement::When(condition) => self.condition(&condition.outline(), side),
            Requirement::Every(parts) | Requirement::AllOf(parts) | Requirement::AnyOf(parts)
                if parts.is_empty() =>
            {
                Formula::Undecided
            }
            Requirement::Every(parts) | Requirement::AllOf(parts) => {
                Formula::All(self.each(parts, side, terms)?)
            }
            Requirement::AnyOf(parts) => Formula::Any(self.each(parts, side, terms)?),
            Requirement::Not(part) => Formula::Not(Box::new(self.compile(part, side, terms)?)),
            Requirement::Policy(policy) => self.compile(policy.requirement(), side, terms)?,
        })
    }

    fn each(&mut self, parts: &'r [Requirement], side: Side, terms: &mut usize) -> Option<Vec<Formula<'r>>> {
        parts.iter().map(|part| self.compile(part, side, terms)).collect()
    }

    fn names(&mut self, test: &'r NameTest, is: impl Fn(&mut Self, &'r str) -> Formula<'r>) -> Formula<'r> {
        let terms = test.terms().map(|(quantifier, names)| {
            let names = names.iter().map(|name| is(self, name)).collect();
            match quantifier {
                Quantifier::Any => Formula::Any(names),
                Quantifier::All => Formula::All(names),
                Quantifier::None => Formula::Not(Box::new(Formula::Any(names))),
            }
        });
        Formula::All(terms.collect())
    }

    fn claim_term(&mut self, claim: usize, term: &'r ClaimTerm, side: Side) -> Formula<'r> {
        match term {
            ClaimTerm::Exists(there) => Formula::Exists { claim, there: *there },
            ClaimTerm::Values(quantifier, literals) => {
                let literals = literals.iter().map(|literal| self.literal(claim, literal)).collect();
                Formula::Values { claim, quantifier: *quantifier, literals }
            }
            ClaimTerm::Matches(pattern) => {
                let other = self.variable(Thing::Match(claim, pattern.expression()), side);
                Formula::Matches { claim, pattern, other }
            }
        }
    }

    fn condition(&mut self, outline: &Outline, side: Side) -> Formula<'r> {
        match outline {
            Outline::Constant(value) => Formula::Constant(*value),
            Outline::Part(text) => Formula::Part(self.part(text, side)),
            Outline::Not(inner) => Formula::Not(Box::new(self.condition(inner, side))),
            Outline::Either(deciding, sides) => {
                let [one, other] = &**sides;
                let sides = [self.condition(one, side), self.condition(other, side)];
                Formula::Either(*deciding, Box::new(sides))
            }
        }
    }
}
