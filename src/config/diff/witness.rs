//! A caller on whom two requirements disagree.
//!
//! Callers are put together from the names and values that the two requirements mention: nothing else can make a
//! difference, but for texts that match a regular expression, which are not invented. Few possibilities are all tried,
//! of many a fixed sample; what is found is made as small as it can be.

use std::collections::BTreeMap;
use std::fmt;

use serde_json::{Map, Value};

use crate::authn::ClaimPath;
use crate::authn::json::Document;
use crate::authz::{ClaimTerm, Hypothesis, NameTest, Requirement};

/// Callers of whom one of the two requirements thinks otherwise.
#[derive(Debug, Default)]
pub(super) struct Disagreement {
    /// Passes the new one alone.
    pub(super) admitted: Option<Caller>,
    /// Passed the old one alone.
    pub(super) refused: Option<Caller>,
}

/// How many callers are tried.
const TRIED: u64 = 20_000;

/// Requirements of more terms than this are not compared by example.
const MAX_TERMS: u64 = 10_000;

pub(super) fn find(old: &Requirement, new: &Requirement) -> Disagreement {
    let mut world = World::default();
    world.learn(old);
    world.learn(new);
    if world.terms > MAX_TERMS {
        return Disagreement::default();
    }
    let choices = world.choices();
    let all = choices
        .iter()
        .try_fold(1_u64, |product, count| product.checked_mul(*count).filter(|all| *all <= TRIED));
    let mut found = Disagreement::default();
    let mut random = 0x9e37_79b9_7f4a_7c15_u64;
    for index in 0..all.unwrap_or(TRIED) {
        let mut rest = index;
        let choice: Vec<u64> = choices
            .iter()
            .map(|count| {
                if all.is_some() {
                    let digit = rest % count;
                    rest /= count;
                    digit
                } else {
                    // A fixed sequence: the same files give the same answer.
                    random = random
                        .wrapping_mul(6_364_136_223_846_793_005)
                        .wrapping_add(1_442_695_040_888_963_407);
                    (random >> 33) % count
                }
            })
            .collect();
        let Some(caller) = world.caller(&choice) else { continue };
        let (before, after) = (old.would_hold(&caller), new.would_hold(&caller));
        if after && !before && found.admitted.is_none() {
            found.admitted =
                Some(world.smallest(choice, |caller| new.would_hold(caller) && !old.would_hold(caller)));
        } else if before && !after && found.refused.is_none() {
            found.refused =
                Some(world.smallest(choice, |caller| old.would_hold(caller) && !new.would_hold(caller)));
        }
        if found.admitted.is_some() && found.refused.is_some() {
            break;
        }
    }
    found
}

/// What two requirements mention.
#[derive(Debug, Default)]
struct World {
    roles: Vec<String>,
    scopes: Vec<String>,
    tenants: Vec<String>,
    /// How many terms the requirements have, each counted as often as it is named.
    terms: u64,
    /// By name, since paths have no order.
    claims: BTreeMap<String, (Option<ClaimPath>, Vec<Value>)>,
    /// Each holds or does not, whatever else the caller is.
    conditions: Vec<String>,
}

impl World {
    fn learn(&mut self, requirement: &Requirement) {
        self.terms += 1;
        // Policies that name one another many times over: who asks nothing of them learns nothing.
        if self.terms > MAX_TERMS {
            return;
        }
        match requirement {
            Requirement::Authenticated => {}
            Requirement::Roles(test) => learn_names(&mut self.roles, test),
            Requirement::Scopes(test) => learn_names(&mut self.scopes, test),
            Requirement::IssuerTenant(test) => learn_names(&mut self.tenants, test),
            Requirement::Claim(path, test) => {
                let (known, values) = self.claims.entry(path.to_string()).or_default();
                *known = Some(path.clone());
                let mut add = |value: Value| {
                    if !values.contains(&value) {
                        values.push(value);
                    }
                };
                for term in test.terms() {
                    if let ClaimTerm::Values(_, literals) = term {
                        let each: Vec<Value> = literals.iter().map(crate::authz::Literal::to_json).collect();
                        let other = if each.iter().any(Value::is_string) {
                            "something else".into()
                        } else {
                            Value::from(0)
                        };
                        each.iter().cloned().for_each(&mut add);
                        if each.len() > 1 {
                            add(Value::Array(each));
                        }
                        add(other);
                    } else {
                        add("something".into());
                    }
                }
            }
            Requirement::When(condition) => {
                for part in condition.alternatives().into_iter().flatten() {
                    if !self.conditions.contains(&part) {
                        self.conditions.push(part);
                    }
                }
            }
            Requirement::AllOf(parts) | Requirement::AnyOf(parts) => {
                for part in parts {
                    self.learn(part);
                }
            }
            Requirement::Not(part) => self.learn(part),
            Requirement::Policy(policy) => self.learn(policy.requirement()),
        }
    }

    /// Of each thing that may be chosen, the number of possibilities; 0 is always the least.
    fn choices(&self) -> Vec<u64> {
        let one_more = |count: usize| u64::try_from(count).map_or(1, |count| count + 1);
        let mut choices = vec![2; self.roles.len() + self.scopes.len() + self.conditions.len()];
        choices.push(one_more(self.tenants.len()));
        choices.extend(self.claims.values().map(|(_, values)| one_more(values.len())));
        choices
    }

    fn caller(&self, choice: &[u64]) -> Option<Hypothesis> {
        let mut choice = choice.iter().map(|&choice| usize::try_from(choice).unwrap_or(0));
        let mut names = |known: &[String]| -> Vec<String> {
            let chosen = known.iter().zip(choice.by_ref());
            chosen.filter(|(_, chosen)| *chosen == 1).map(|(name, _)| name.clone()).collect()
        };
        let (roles, scopes, conditions) = (names(&self.roles), names(&self.scopes), names(&self.conditions));
        let tenant = choice.next()?.checked_sub(1).and_then(|index| self.tenants.get(index).cloned());
        let mut claims = Map::new();
        for ((path, values), chosen) in self.claims.values().zip(choice) {
            let value = chosen.checked_sub(1).and_then(|index| values.get(index));
            if let (Some(path), Some(value)) = (path, value)
                && !path.put(&mut claims, value.clone())
            {
                return None;
            }
        }
        // None where a token could not hold them
        let claims = Document::of(&claims).ok()?;
        Some(Hypothesis { roles, scopes, tenant, claims, conditions })
    }

    /// With everything left out that makes no difference.
    fn smallest(&self, mut choice: Vec<u64>, differs: impl Fn(&Hypothesis) -> bool) -> Caller {
        for index in 0..choice.len() {
            let mut less = choice.clone();
            if let Some(choice) = less.get_mut(index) {
                *choice = 0;
            }
            if self.caller(&less).is_some_and(|caller| differs(&caller)) {
                choice = less;
            }
        }
        Caller(self.caller(&choice).unwrap_or_default())
    }
}

fn learn_names(known: &mut Vec<String>, test: &NameTest) {
    for name in test.terms().flat_map(|(_, names)| names) {
        if !known.iter().any(|known| **known == **name) {
            known.push(name.to_string());
        }
    }
}

/// A caller in words.
#[derive(Debug)]
pub(super) struct Caller(Hypothesis);

impl fmt::Display for Caller {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Hypothesis { roles, scopes, tenant, claims, conditions } = &self.0;
        let mut parts = Vec::new();
        for (what, names) in [("roles", roles), ("scopes", scopes)] {
            if !names.is_empty() {
                parts.push(format!("the {what} {}", names.join(", ")));
            }
        }
        parts.extend(tenant.as_ref().map(|tenant| format!("the tenant {tenant}")));
        let claims = claims.members();
        if !claims.is_empty() {
            let claims: Vec<String> = claims.iter().map(|(name, value)| format!("{name}: {value}")).collect();
            parts.push(format!("the claims {}", claims.join(", ")));
        }
        parts.extend(conditions.iter().map(|condition| format!("`{condition}` true")));
        if parts.is_empty() {
            f.write_str("a caller with none of what they mention")
        } else {
            write!(f, "a caller with {}", parts.join(" and "))
        }
    }
}
