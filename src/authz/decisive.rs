//! Which parts of a requirement a decision hung on, for people who ask whether their tests have tried each of them.
//!
//! Given a requirement and a caller; hands on every part that, had it alone come out otherwise, would have turned the
//! decision: of alternatives the only one that holds, of what must hold together the only one that fails. What is asked for
//! in several places, as a policy that several others name, comes out alike in each, and decides in each where all of them
//! together do. What must stay true: any other part is decisive only where all that it stands in is.

use std::collections::{BTreeMap, HashSet};
use std::ptr;

use super::claim::ClaimTest;
use super::facts::RequestFacts;
use super::name::{NameTest, Quantifier};
use super::requirement::{Requirement, Undecided};
use crate::authn::json::Stored;
use crate::authn::{ClaimPath, Principal};

/// A part that a decision hung on.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
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
    let mut places = Places::default();
    places.collect(requirement, None, &[]);
    let mut several: Vec<Vec<Place<'r>>> = places.0.into_values().filter(|places| places.len() > 1).collect();
    // In the order in which they stand.
    several.sort_by_key(|places| places.first().map(|place| place.number));
    for places in several {
        let same: HashSet<*const Requirement> =
            places.iter().map(|place| ptr::from_ref(place.requirement)).collect();
        if walk.decide_together(requirement, &same) {
            for Place { requirement, policy, way, .. } in places {
                (walk.policy, walk.way) = (policy, way);
                walk.part(requirement);
            }
        }
    }
    let mut seen = HashSet::new();
    walk.found.retain(|part| seen.insert(part.clone()));
    walk.found
}

/// Where a requirement stands, as [`Decisive`] has it.
struct Place<'r> {
    requirement: &'r Requirement,
    policy: Option<&'r str>,
    way: Vec<usize>,
    /// How many others were found before it.
    number: usize,
}

/// The places at which the same is asked for, by what that is.
#[derive(Default)]
struct Places<'r>(BTreeMap<String, Vec<Place<'r>>>, usize);

impl<'r> Places<'r> {
    fn collect(&mut self, requirement: &'r Requirement, policy: Option<&'r str>, way: &[usize]) {
        // A policy asks for what it consists of, whatever its name.
        let (mut asked, mut inner, mut from) = (requirement, policy, way);
        while let Requirement::Policy(named) = asked {
            (asked, inner, from) = (named.requirement(), Some(named.name().as_ref()), &[]);
        }
        let place = Place { requirement, policy, way: way.to_vec(), number: self.1 };
        self.1 += 1;
        self.0.entry(asked.to_string()).or_default().push(place);
        for (index, part) in asked.parts().iter().enumerate() {
            self.collect(part, inner, &[from, &[index]].concat());
        }
    }
}

struct Walk<'r, 'a> {
    principal: &'a Principal,
    facts: &'a RequestFacts<'a>,
    policy: Option<&'r str>,
    way: Vec<usize>,
    found: Vec<Decisive<'r>>,
}

impl<'r> Walk<'r, '_> {
    /// Whether the whole would be decided otherwise, had these parts come out otherwise, which all come out alike.
    fn decide_together(&self, whole: &Requirement, same: &HashSet<*const Requirement>) -> bool {
        let holds = whole.holds(self.principal, self.facts);
        [true, false].into_iter().any(|answer| (self.evaluate_with(whole, same, answer) == Ok(true)) != holds)
    }

    /// What it would come out as, if each of `same` came out as `answer`.
    fn evaluate_with(
        &self,
        part: &Requirement,
        same: &HashSet<*const Requirement>,
        answer: bool,
    ) -> Result<bool, Undecided> {
        let evaluate = |part: &Requirement| self.evaluate_with(part, same, answer);
        let together = |parts: &[Requirement], decides: bool| {
            parts.iter().try_fold(!decides, |found, part| {
                let one = evaluate(part)?;
                Ok(if decides { found || one } else { found && one })
            })
        };
        match part {
            _ if same.contains(&ptr::from_ref(part)) => Ok(answer),
            Requirement::Every(parts) | Requirement::AllOf(parts) if !parts.is_empty() => {
                together(parts, false)
            }
            Requirement::AnyOf(parts) if !parts.is_empty() => together(parts, true),
            Requirement::Not(part) => evaluate(part).map(|holds| !holds),
            Requirement::Policy(policy) => evaluate(policy.requirement()),
            Requirement::Authenticated
            | Requirement::Roles(_)
            | Requirement::Scopes(_)
            | Requirement::IssuerTenant(_)
            | Requirement::Claim(..)
            | Requirement::When(_)
            | Requirement::Every(_)
            | Requirement::AllOf(_)
            | Requirement::AnyOf(_) => part.evaluate(self.principal, self.facts, true),
        }
    }

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
