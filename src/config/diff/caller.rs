//! A caller in words.

use std::fmt;

use super::world::{Claim, Form, Member, NO_ANSWER, Thing, World};

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
                Thing::Part(text) if value == NO_ANSWER => others.push(format!("no answer to `{text}`")),
                Thing::Part(text) => others.push(format!("`{text}` true")),
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
        let member = |member: usize| claim.members.get(member).map(|member| in_words(*member));
        match claim.form(value) {
            Form::Absent => "none".to_owned(),
            Form::One(one) if claim.members.get(one) == Some(&Member::OtherText) => {
                let matched = self.variables.iter().zip(values).filter_map(|(variable, &value)| {
                    if let Thing::Match(of, pattern) = &variable.thing
                        && (*of, value) == (index, 1)
                    {
                        Some(format!("`{pattern}`"))
                    } else {
                        None
                    }
                });
                let matched: Vec<String> = matched.collect();
                if matched.is_empty() {
                    "another text".to_owned()
                } else {
                    format!("a text that matches {}", matched.join(" and "))
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

fn in_words(member: Member<'_>) -> String {
    match member {
        Member::Literal(literal) => literal.to_string(),
        Member::OtherText => "another text".to_owned(),
        Member::OtherNumber => "another number".to_owned(),
        Member::OtherBoolean => "another boolean".to_owned(),
        Member::Composite => "an object".to_owned(),
    }
}
