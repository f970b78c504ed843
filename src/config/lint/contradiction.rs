//! Whether a requirement can hold for anybody.
//!
//! Given a compiled requirement; finds two of its terms that no caller meets together, also through named policies and
//! below `not`. What it finds is so; what it does not find may still be impossible: alternatives are tried one by one
//! beside what holds in any case, and never several of them together.

use super::fact::{Conflict, Fact, Item, Subject, Test};
use crate::authz::{ClaimTerm, Quantifier, Requirement};

/// Why nobody meets the requirement; none if somebody may.
pub(super) fn conflict(requirement: &Requirement) -> Option<Conflict> {
    let mut facts = Facts::default();
    facts.add(requirement, true, None);
    facts.conflict()
}

/// Whether everybody meets the requirement, because nobody meets its opposite. Only where every caller can be decided.
pub(super) fn always_holds(requirement: &Requirement) -> bool {
    let mut facts = Facts::default();
    facts.add(requirement, false, None);
    matches!(facts.conflict(), Some(Conflict::Never { of_names: true, .. }))
}

/// What must hold together, and the alternatives of which one must.
#[derive(Debug, Default, Clone)]
struct Facts<'r> {
    /// How many requirements were looked at.
    terms: usize,
    list: Vec<Fact<'r>>,
    alternatives: Vec<(&'r [Requirement], bool, Option<&'r str>)>,
}

/// More terms than this are not held against one another.
const MAX_TERMS: usize = 4_096;

impl<'r> Facts<'r> {
    /// Takes in the requirement or, unless it `holds`, its opposite.
    fn add(&mut self, requirement: &'r Requirement, holds: bool, by: Option<&'r str>) {
        self.terms += 1;
        // Policies that name one another many times over: what is not looked at conflicts with nothing.
        if self.terms > MAX_TERMS {
            return;
        }
        match requirement {
            // What a condition asks is not looked into.
            Requirement::Authenticated | Requirement::When(_) => {}
            Requirement::Roles(test) => self.names(&Subject::Role, test.terms(), holds, by),
            Requirement::Scopes(test) => self.names(&Subject::Scope, test.terms(), holds, by),
            Requirement::IssuerTenant(test) => self.names(&Subject::Tenant, test.terms(), holds, by),
            Requirement::Claim(path, test) => {
                let terms = test.terms().iter().map(|term| match term {
                    ClaimTerm::Values(quantifier, values) => {
                        Test::Listed(*quantifier, values.iter().map(Item::Literal).collect())
                    }
                    ClaimTerm::Exists(exists) => Test::Exists(*exists),
                    ClaimTerm::Matches(pattern) => Test::Matches(pattern),
                });
                self.add_terms(&Subject::Claim(path.clone()), terms.collect(), holds, by);
            }
            Requirement::Every(parts) | Requirement::AllOf(parts) if holds => self.add_each(parts, true, by),
            Requirement::AnyOf(parts) if !holds => self.add_each(parts, false, by),
            Requirement::Every(parts) | Requirement::AllOf(parts) | Requirement::AnyOf(parts) => {
                self.alternatives.push((parts, holds, by));
            }
            Requirement::Not(part) => self.add(part, !holds, by),
            Requirement::Policy(policy) => self.add(policy.requirement(), holds, Some(policy.name())),
        }
    }

    fn add_each(&mut self, parts: &'r [Requirement], holds: bool, by: Option<&'r str>) {
        for part in parts {
            self.add(part, holds, by);
        }
    }

    fn names(
        &mut self,
        subject: &Subject,
        terms: impl Iterator<Item = (Quantifier, &'r [Box<str>])>,
        holds: bool,
        by: Option<&'r str>,
    ) {
        let terms = terms.map(|(quantifier, names)| {
            Test::Listed(quantifier, names.iter().map(|name| Item::Name(name)).collect())
        });
        self.add_terms(subject, terms.collect(), holds, by);
    }

    fn add_terms(&mut self, subject: &Subject, terms: Vec<Test<'r>>, holds: bool, by: Option<&'r str>) {
        // The opposite of several terms is one of several opposites: nothing that holds in any case.
        let several = terms.len() > 1;
        let terms = terms.into_iter().filter_map(|test| if holds { Some(test) } else { test.opposite() });
        for test in terms.filter(|_| holds || !several) {
            self.list.push(Fact { subject: subject.clone(), test, by });
        }
    }

    fn conflict(&self) -> Option<Conflict> {
        let mut hardly = None;
        for (index, fact) in self.list.iter().enumerate() {
            if let found @ Some(_) = fact.alone() {
                return found;
            }
            for other in self.list.iter().skip(index + 1).filter(|other| other.subject == fact.subject) {
                match fact.against(other).or_else(|| other.against(fact)) {
                    found @ Some(Conflict::Never { .. }) => return found,
                    found => hardly = hardly.or(found),
                }
            }
        }
        let never = self.alternatives.iter().find_map(|(parts, holds, by)| {
            let mut first = None;
            let mut all_of_names = true;
            for part in *parts {
                let mut facts = Self { terms: self.terms, list: self.list.clone(), alternatives: Vec::new() };
                facts.add(part, *holds, *by);
                let Some(Conflict::Never { why, of_names }) = facts.conflict() else { return None };
                all_of_names &= of_names;
                first = first.or(Some(why));
            }
            first.map(|why| Conflict::Never { why, of_names: all_of_names })
        });
        never.or(hardly)
    }
}
