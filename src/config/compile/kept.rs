//! Conditions and patterns that are compiled already.
//!
//! Given the configuration that serves, hands out what a text was compiled to, or compiles it. What comes of a condition or a
//! pattern depends on its text and on nothing else of the file: the names that a condition may say are those of the language,
//! and what it asks of its route is looked at afterwards, for each route. To compile one takes longer than to read all else
//! of its route, and a reload mostly changes neither.
//!
//! What must stay true: only what the configuration that serves or the one that is compiled has is held, so that reloads leave
//! nothing behind.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use crate::authz::{ClaimTerm, Expression, Mistakes, Pattern, PatternError, Requirement};
use crate::proxy::{Access, Snapshot};

/// What is compiled already, by its text.
#[derive(Debug, Default)]
pub(in crate::config) struct Kept {
    conditions: HashMap<Box<str>, Arc<Expression>>,
    patterns: HashMap<Box<str>, Arc<Pattern>>,
}

impl Kept {
    /// What the routes of a configuration ask for.
    pub(super) fn of(served: &Snapshot) -> Self {
        let (mut kept, mut policies) = (Self::default(), HashSet::new());
        for route in served.routes().iter() {
            if let Access::Protected(protection) = route.access() {
                for requirement in [&protection.requirement].into_iter().chain(&protection.candidate) {
                    kept.keep(requirement, &mut policies);
                }
            }
        }
        kept
    }

    /// The condition that a text states; on failure everything that is wrong with it.
    pub(super) fn condition(&mut self, text: &str) -> Result<Arc<Expression>, Mistakes> {
        known(&mut self.conditions, text, Expression::parse)
    }

    /// The pattern that a text states.
    pub(super) fn pattern(&mut self, text: &str) -> Result<Arc<Pattern>, PatternError> {
        known(&mut self.patterns, text, Pattern::parse)
    }

    /// Keeps what is in a requirement; each policy is looked into once, however many name it.
    fn keep<'s>(&mut self, requirement: &'s Requirement, policies: &mut HashSet<&'s str>) {
        match requirement {
            Requirement::When(condition) => {
                self.conditions.insert(condition.source().into(), Arc::clone(condition));
            }
            Requirement::Claim(_, test) => {
                for term in test.terms() {
                    if let ClaimTerm::Matches(pattern) = term {
                        self.patterns.insert(pattern.expression().into(), Arc::clone(pattern));
                    }
                }
            }
            Requirement::Policy(policy) if !policies.insert(policy.name()) => {}
            Requirement::Authenticated
            | Requirement::Roles(_)
            | Requirement::Scopes(_)
            | Requirement::IssuerTenant(_)
            | Requirement::Every(_)
            | Requirement::AllOf(_)
            | Requirement::AnyOf(_)
            | Requirement::Not(_)
            | Requirement::Policy(_) => {
                for part in requirement.parts() {
                    self.keep(part, policies);
                }
            }
        }
    }
}

/// What `text` is, compiled now if it never was.
fn known<T, E>(
    kept: &mut HashMap<Box<str>, Arc<T>>,
    text: &str,
    compile: impl FnOnce(&str) -> Result<T, E>,
) -> Result<Arc<T>, E> {
    if let Some(known) = kept.get(text) {
        return Ok(Arc::clone(known));
    }
    let new = Arc::new(compile(text)?);
    kept.insert(text.into(), Arc::clone(&new));
    Ok(new)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::authn::ClaimPath;
    use crate::authz::ClaimTest;

    #[test]
    fn a_text_is_compiled_once_and_every_part_of_a_requirement_is_kept() {
        let when = |text: &str| Requirement::When(Arc::new(Expression::parse(text).unwrap()));
        let pattern = Arc::new(Pattern::parse("a+").unwrap());
        let test = ClaimTest::new(vec![ClaimTerm::Matches(Arc::clone(&pattern))]).unwrap();
        let policy =
            Requirement::policy("p", Requirement::AnyOf(vec![when("claims.a == 1"), when("claims.b == 1")]));
        let whole = Requirement::Every(vec![
            Requirement::Not(Box::new(when("claims.c == 1"))),
            Requirement::Policy(Arc::clone(&policy)),
            Requirement::Policy(policy),
            Requirement::Claim(ClaimPath::parse("d").unwrap(), test),
        ]);
        let (mut kept, mut policies) = (Kept::default(), HashSet::new());
        kept.keep(&whole, &mut policies);
        let mut texts: Vec<_> = kept.conditions.keys().map(|text| &**text).collect();
        texts.sort_unstable();
        assert_eq!(texts, ["claims.a == 1", "claims.b == 1", "claims.c == 1"]);
        assert!(Arc::ptr_eq(&kept.pattern("a+").unwrap(), &pattern));
        assert!(!Arc::ptr_eq(&kept.pattern("a").unwrap(), &pattern));
        let first = kept.condition("claims.e == 1").unwrap();
        assert!(Arc::ptr_eq(&kept.condition("claims.e == 1").unwrap(), &first));
        assert!(!Arc::ptr_eq(&kept.condition("claims.e == 1 ").unwrap(), &first));
        assert!(kept.condition("claims.e = 1").is_err() && kept.condition("claims.e = 1").is_err());
    }
}
