//! Whether two requirements are written alike, the policies that they name included: then they decide alike, however
//! large they are.

use std::collections::BTreeSet;
use std::sync::Arc;

use crate::authz::{ClaimTerm, ClaimTest, Requirement};

pub(super) fn is_alike(old: &Requirement, new: &Requirement) -> bool {
    compare(old, new, &mut BTreeSet::new())
}

/// `seen`: the policies that were compared; had they differed, it would be over.
fn compare(old: &Requirement, new: &Requirement, seen: &mut BTreeSet<(Arc<str>, Arc<str>)>) -> bool {
    match (old, new) {
        (Requirement::Authenticated, Requirement::Authenticated) => true,
        (Requirement::Roles(old), Requirement::Roles(new))
        | (Requirement::Scopes(old), Requirement::Scopes(new))
        | (Requirement::IssuerTenant(old), Requirement::IssuerTenant(new)) => old.terms().eq(new.terms()),
        (Requirement::Claim(path, old), Requirement::Claim(other, new)) => path == other && tests(old, new),
        (Requirement::When(old), Requirement::When(new)) => old.source() == new.source(),
        (Requirement::Every(old), Requirement::Every(new))
        | (Requirement::AllOf(old), Requirement::AllOf(new))
        | (Requirement::AnyOf(old), Requirement::AnyOf(new)) => {
            old.len() == new.len() && old.iter().zip(new).all(|(old, new)| compare(old, new, seen))
        }
        (Requirement::Not(old), Requirement::Not(new)) => compare(old, new, seen),
        (Requirement::Policy(old), Requirement::Policy(new)) => {
            !seen.insert((Arc::clone(old.name()), Arc::clone(new.name())))
                || compare(old.requirement(), new.requirement(), seen)
        }
        _ => false,
    }
}

fn tests(old: &ClaimTest, new: &ClaimTest) -> bool {
    let terms = |(old, new): (&ClaimTerm, &ClaimTerm)| match (old, new) {
        (ClaimTerm::Values(old, values), ClaimTerm::Values(new, others)) => {
            old == new && **values == **others
        }
        (ClaimTerm::Exists(old), ClaimTerm::Exists(new)) => old == new,
        (ClaimTerm::Matches(old), ClaimTerm::Matches(new)) => old.expression() == new.expression(),
        _ => false,
    };
    old.terms().len() == new.terms().len() && old.terms().iter().zip(new.terms()).all(terms)
}
