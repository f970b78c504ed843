//! Which parts of a requirement a decision hung on, for people who ask whether their tests have tried each of them.
//!
//! Given a requirement and a caller; hands on every part that, had it alone come out otherwise, would have turned the
//! decision: of alternatives the only one that holds, of what must hold together the only one that fails. What must stay
//! true: a part is decisive only where all that it stands in is.

use super::claim::ClaimTest;
use super::facts::RequestFacts;
use super::name::{NameTest, Quantifier};
use super::requirement::{Requirement, Undecided};
use crate::authn::json::Stored;
use crate::authn::{ClaimPath, Principal};

/// A part that a decision hung on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Decisive<'r> {
    /// The policy in which it stands; None: in the requirement itself.
    pub policy: Option<&'r str>,
    /// The way to it from there: at each step the index of a requirement; in a test of several terms the index of the
    /// term, and in a list of several members that of the member.
    pub way: Vec<usize>,
}

/// The parts that decided on this caller, each before its own; the whole is one of them.
pub fn decisive<'r>(
    requirement: &'r Requirement,
    principal: &Principal,
    facts: &RequestFacts<'_>,
) -> Vec<Decisive<'r>> {
    let mut walk = Walk { principal, facts, policy: None, way: Vec::new(), found: Vec::new() };
    walk.part(requirement);
    walk.found
}

struct Walk<'r, 'a> {
    principal: &'a Principal,
    facts: &'a RequestFacts<'a>,
    policy: Option<&'r str>,
    way: Vec<usize>,
    found: Vec<Decisive<'r>>,
}

impl<'r> Walk<'r, '_> {
    fn part(&mut self, requirement: &'r Requirement) {
        self.note();
        let principal = self.principal;
        match requirement {
            Requirement::Authenticated | Requirement::When(_) => {}
            Requirement::Roles(test) => self.names(test, |name| principal.roles().contains(name)),
            Requirement::Scopes(test) => self.names(test, |name| principal.scopes().contains(name)),
            Requirement::IssuerTenant(test) => {
                self.names(test, |name| principal.issuer_tenant() == Some(name));
            }
            Requirement::Claim(path, test) => self.claim(path, test),
            Requirement::Every(parts) | Requirement::AllOf(parts) => {
                self.each(parts, |_, others| others.iter().all(|other| *other == Ok(true)));
            }
            // One that cannot be decided refuses whatever the others are.
            Requirement::AnyOf(parts) => self.each(parts, |own, others| match own {
                Ok(_) => others.iter().all(|other| *other == Ok(false)),
                Err(_) => others.iter().all(Result::is_ok),
            }),
            Requirement::Not(part) => self.below(0, |walk| walk.part(part)),
            Requirement::Policy(policy) => {
                let outer = (self.policy.replace(policy.name()), std::mem::take(&mut self.way));
                self.part(policy.requirement());
                (self.policy, self.way) = outer;
            }
        }
    }

    /// Those of `parts` of which `decides` says so, given how it came out and how the others did.
    fn each(
        &mut self,
        parts: &'r [Requirement],
        decides: impl Fn(Result<bool, Undecided>, &[Result<bool, Undecided>]) -> bool,
    ) {
        let evaluate = |part: &Requirement| part.evaluate(self.principal, self.facts, true);
        let outcomes: Vec<_> = parts.iter().map(evaluate).collect();
        for (index, part) in parts.iter().enumerate() {
            let mut others = outcomes.clone();
            if decides(others.remove(index), &others) {
                self.below(index, |walk| walk.part(part));
            }
        }
    }

    fn names(&mut self, test: &NameTest, has: impl Fn(&str) -> bool) {
        let terms = test.terms();
        self.terms(
            &terms.map(|(how, names)| List::new(how, names.iter().map(|name| has(name)))).collect::<Vec<_>>(),
        );
    }

    fn claim(&mut self, path: &ClaimPath, test: &ClaimTest) {
        let claim: Option<Stored<'_>> = path.stored(self.principal.claims());
        // A claim that cannot be compared says nothing about single values.
        if test.evaluate(claim).is_ok() {
            let terms = test.terms().iter().map(|term| {
                let (how, members) = term.members(claim);
                List::new(how, members)
            });
            self.terms(&terms.collect::<Vec<_>>());
        }
    }

    /// All of them must hold.
    fn terms(&mut self, terms: &[List]) {
        for (index, term) in terms.iter().enumerate() {
            let mut others = terms.iter().enumerate().filter(|(other, _)| *other != index);
            if !others.all(|(_, other)| other.holds()) {
                continue;
            }
            match terms {
                [_] => self.members(term),
                _ => self.below(index, |walk| {
                    walk.note();
                    walk.members(term);
                }),
            }
        }
    }

    fn members(&mut self, term: &List) {
        if term.present.len() < 2 {
            return;
        }
        let others_are = term.how == Quantifier::All;
        for index in 0..term.present.len() {
            let mut others = term.present.iter().enumerate().filter(|(other, _)| *other != index);
            if others.all(|(_, present)| *present == others_are) {
                self.below(index, Self::note);
            }
        }
    }

    /// What stands here is decisive.
    fn note(&mut self) {
        self.found.push(Decisive { policy: self.policy, way: self.way.clone() });
    }

    fn below(&mut self, step: usize, visit: impl FnOnce(&mut Self)) {
        self.way.push(step);
        visit(self);
        self.way.pop();
    }
}

/// A list of a test, and which of its members are there.
struct List {
    how: Quantifier,
    present: Vec<bool>,
}

impl List {
    fn new(how: Quantifier, present: impl IntoIterator<Item = bool>) -> Self {
        Self { how, present: present.into_iter().collect() }
    }

    fn holds(&self) -> bool {
        match self.how {
            Quantifier::Any => self.present.contains(&true),
            Quantifier::All => !self.present.contains(&false),
            Quantifier::None => !self.present.contains(&true),
        }
    }
}
