//! A caller in words.

use std::fmt;

use super::proof::patterns;
use super::world::{Claim, Form, Member, NO_ANSWER, Thing, Type, World, type_of};

/// A caller in words.
#[derive(Debug)]
pub(super) struct Caller(String);

impl fmt::Display for Caller {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl World<'_> {
    /// The caller for whom the variables have these values.
    pub(super) fn caller(&self, values: &[usize]) -> Caller {
        let (mut roles, mut scopes, mut claims, mut others) =
            (Vec::new(), Vec::new(), Vec::new(), Vec::new());
        let mut tenant = None;
        for (variable, &value) in self.variables.iter().zip(values).filter(|(_, value)| **value > 0) {
            match &variable.thing {
                Thing::Role(name) => roles.push((*name).to_owned()),
                Thing::Scope(name) => scopes.push((*name).to_owned()),
                Thing::Tenant => tenant = self.tenants.get(value - 1),
                Thing::Part { text, of_before } => {
                    let before = if *of_before { " (before)" } else { "" };
                    others.push(match value {
                        NO_ANSWER => format!("no answer to `{text}`{before}"),
                        _ => format!("`{text}`{before} true"),
                    });
                }
                Thing::Form(index) => {
                    let claim = self.claims.get(*index);
                    claims.extend(claim.map(|claim| {
                        format!("{}: {}", claim.path, self.form_in_words(*index, claim, value, values))
                    }));
                }
                Thing::Member(..) | Thing::Match(..) => {}
            }
        }
        let mut parts = Vec::new();
        for (what, names) in [("roles", roles), ("scopes", scopes)] {
            if !names.is_empty() {
                parts.push(format!("the {what} {}", names.join(", ")));
            }
        }
        parts.extend(tenant.map(|tenant| format!("the tenant {tenant}")));
        if !claims.is_empty() {
            parts.push(format!("the claims {}", claims.join(", ")));
        }
        parts.append(&mut others);
        Caller(if parts.is_empty() {
            "a caller with none of what they mention".to_owned()
        } else {
            format!("a caller with {}", parts.join(" and "))
        })
    }

    fn form_in_words(&self, index: usize, claim: &Claim<'_>, value: usize, values: &[usize]) -> String {
        let member = |member: usize| claim.members.get(member).map(|member| in_words(*member, claim));
        match claim.form(value) {
            Form::Absent => "none".to_owned(),
            Form::One(one) if claim.members.get(one) == Some(&Member::OtherText) => {
                let said = self.variables.iter().map(|variable| &variable.thing).zip(values.iter().copied());
                let of = |wanted| {
                    let patterns = patterns(said.clone(), index, wanted);
                    patterns.iter().map(|pattern| format!("`{pattern}`")).collect::<Vec<_>>()
                };
                let (matched, unmatched) = (of(1), of(0));
                if !matched.is_empty() {
                    format!("a text that matches {}", matched.join(" and "))
                } else if !unmatched.is_empty() {
                    format!("a text that does not match {}", unmatched.join(" or "))
                } else {
                    member(one).unwrap_or_default()
                }
            }
            Form::One(one) => member(one).unwrap_or_default(),
            Form::Array => {
                let is_there = |member: &usize| values.get(claim.has + member) == Some(&1);
                let members: Vec<String> =
                    (0..claim.members.len()).filter(is_there).filter_map(member).collect();
                format!("[{}]", members.join(", "))
            }
        }
    }
}

fn in_words(member: Member<'_>, claim: &Claim<'_>) -> String {
    match member {
        Member::Literal(literal) => literal.to_string(),
        Member::OtherText => other("a text", claim, Type::Text),
        Member::OtherNumber => other("a number", claim, Type::Number),
        Member::OtherBoolean => other("a boolean", claim, Type::Boolean),
        Member::Composite => "an object".to_owned(),
    }
}

/// A value of this type, and which it is not.
fn other(what: &str, claim: &Claim<'_>, of: Type) -> String {
    const SHOWN: usize = 3;
    let known: Vec<String> =
        claim.literals.iter().filter(|literal| type_of(literal) == of).map(ToString::to_string).collect();
    match known.get(..SHOWN) {
        Some(first) if known.len() > SHOWN => format!("{what} other than {}, …", first.join(", ")),
        _ if known.is_empty() => what.to_owned(),
        _ => format!("{what} other than {}", known.join(" and ")),
    }
}
