//! Requirements as an operator writes them: YAML in one line, like `{ scopes: { all: [orders:read] } }`.
//!
//! For messages, explanations and comparisons. What is written here, read again, compiles to an equal requirement; the
//! order of the entries is that of the file. A named policy stands as its name.

use std::fmt;

use super::claim::{ClaimTerm, ClaimTest};
use super::literal::Literal;
use super::name::{NameTest, Quantifier};
use super::requirement::Requirement;

impl fmt::Display for Requirement {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Authenticated => f.write_str("authenticated"),
            Self::Policy(policy) => f.write_str(&quoted(policy.name())),
            Self::Every(parts) | Self::AllOf(parts)
                if parts.iter().all(|part| matches!(part, Self::Policy(_))) =>
            {
                list(f, parts)
            }
            Self::Every(parts) | Self::AllOf(parts) => match merged(parts) {
                Some(entries) => write!(f, "{{ {} }}", entries.join(", ")),
                None => write!(f, "{{ {} }}", entry(self)),
            },
            Self::Roles(_)
            | Self::Scopes(_)
            | Self::IssuerTenant(_)
            | Self::Claim(..)
            | Self::When(_)
            | Self::AnyOf(_)
            | Self::Not(_) => write!(f, "{{ {} }}", entry(self)),
        }
    }
}

impl fmt::Display for NameTest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let terms: Vec<_> = self.terms().collect();
        if let [(Quantifier::All, [name])] = terms.as_slice() {
            return f.write_str(&quoted(name));
        }
        let terms = terms.iter().map(|(quantifier, names)| {
            format!(
                "{quantifier}: [{}]",
                names.iter().map(|name| quoted(name)).collect::<Vec<_>>().join(", ")
            )
        });
        write!(f, "{{ {} }}", terms.collect::<Vec<_>>().join(", "))
    }
}

impl fmt::Display for ClaimTest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.terms() {
            [ClaimTerm::Values(Quantifier::Any, values)] if values.len() == 1 => {
                values.iter().try_for_each(|value| f.write_str(&value.written()))
            }
            terms => {
                let terms: Vec<String> = terms.iter().map(ToString::to_string).collect();
                write!(f, "{{ {} }}", terms.join(", "))
            }
        }
    }
}

impl fmt::Display for ClaimTerm {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Values(quantifier, values) => {
                let values: Vec<String> = values.iter().map(Literal::written).collect();
                write!(f, "{quantifier}: [{}]", values.join(", "))
            }
            Self::Exists(exists) => write!(f, "exists: {exists}"),
            // In quotes always: hardly an expression is plain text to YAML.
            Self::Matches(pattern) => write!(f, "matches: {}", in_quotes(pattern.expression())),
        }
    }
}

/// A requirement within another one, where a list of policies has to say that it means all of them.
fn part(requirement: &Requirement) -> String {
    let is_policy = |part: &Requirement| matches!(part, Requirement::Policy(_));
    if let Requirement::Every(parts) | Requirement::AllOf(parts) = requirement
        && parts.iter().all(is_policy)
    {
        return format!("{{ {} }}", entry(requirement));
    }
    requirement.to_string()
}

/// The one entry of a map that states this requirement.
fn entry(requirement: &Requirement) -> String {
    let several = |key: &str, parts: &[Requirement]| {
        let parts: Vec<String> = parts.iter().map(part).collect();
        format!("{key}: [{}]", parts.join(", "))
    };
    match requirement {
        Requirement::Roles(test) => format!("roles: {test}"),
        Requirement::Scopes(test) => format!("scopes: {test}"),
        Requirement::IssuerTenant(test) => format!("issuer_tenant: {test}"),
        Requirement::Claim(path, test) => format!("claims: {{ {}: {test} }}", quoted(&path.to_string())),
        Requirement::When(condition) => format!("when: {}", in_quotes(condition.source())),
        Requirement::AnyOf(parts) => several("any_of", parts),
        Requirement::Every(parts) | Requirement::AllOf(parts) => several("all_of", parts),
        Requirement::Not(inner) => format!("not: {}", part(inner)),
        Requirement::Authenticated | Requirement::Policy(_) => {
            several("all_of", std::slice::from_ref(requirement))
        }
    }
}

/// The entries of one map that states all of these; none where that takes a list, because a key would be there twice.
fn merged(parts: &[Requirement]) -> Option<Vec<String>> {
    let mut entries: Vec<String> = Vec::new();
    let mut keys: Vec<&str> = Vec::new();
    let mut claims: Vec<String> = Vec::new();
    for part in flattened_claims(parts) {
        let key = match part {
            Requirement::Roles(_) => "roles",
            Requirement::Scopes(_) => "scopes",
            Requirement::IssuerTenant(_) => "issuer_tenant",
            Requirement::When(_) => "when",
            Requirement::AnyOf(_) => "any_of",
            Requirement::Every(_) | Requirement::AllOf(_) => "all_of",
            Requirement::Not(_) => "not",
            Requirement::Authenticated | Requirement::Policy(_) => return None,
            Requirement::Claim(path, test) => {
                let name = quoted(&path.to_string());
                if claims.iter().any(|claim| claim.starts_with(&format!("{name}: "))) {
                    return None;
                }
                claims.push(format!("{name}: {test}"));
                continue;
            }
        };
        if keys.contains(&key) {
            return None;
        }
        keys.push(key);
        entries.push(entry(part));
    }
    if !claims.is_empty() {
        entries.push(format!("claims: {{ {} }}", claims.join(", ")));
    }
    Some(entries)
}

/// The parts, with those of an inner list of claims alone in its place: that is how `claims` with several entries
/// compiles.
fn flattened_claims(parts: &[Requirement]) -> Vec<&Requirement> {
    let is_claim = |part: &Requirement| matches!(part, Requirement::Claim(..));
    parts
        .iter()
        .flat_map(|part| match part {
            Requirement::Every(inner) | Requirement::AllOf(inner) if inner.iter().all(is_claim) => {
                inner.iter().collect()
            }
            Requirement::Authenticated
            | Requirement::Roles(_)
            | Requirement::Scopes(_)
            | Requirement::IssuerTenant(_)
            | Requirement::Claim(..)
            | Requirement::When(_)
            | Requirement::Every(_)
            | Requirement::AllOf(_)
            | Requirement::AnyOf(_)
            | Requirement::Not(_)
            | Requirement::Policy(_) => vec![part],
        })
        .collect()
}

fn list(f: &mut fmt::Formatter<'_>, parts: &[Requirement]) -> fmt::Result {
    let parts: Vec<String> = parts.iter().map(ToString::to_string).collect();
    write!(f, "[{}]", parts.join(", "))
}

/// Text as a YAML scalar within flow maps and lists.
pub(super) fn quoted(text: &str) -> String {
    let starts_plain =
        text.starts_with(|first: char| first.is_ascii_alphabetic() || first == '_' || first == '/');
    let is_plain = |character: char| {
        character.is_alphanumeric() || matches!(character, '-' | '_' | '.' | '/' | '@' | '+' | ':' | ' ')
    };
    let is_word =
        matches!(text, "true" | "false" | "null" | "True" | "False" | "Null" | "TRUE" | "FALSE" | "NULL");
    let plain = starts_plain
        && !is_word
        && text.chars().all(is_plain)
        && !text.contains(": ")
        && !text.ends_with([':', ' ']);
    if plain { text.to_owned() } else { in_quotes(text) }
}

fn in_quotes(text: &str) -> String {
    if text.contains(char::is_control) {
        format!("{text:?}")
    } else {
        format!("'{}'", text.replace('\'', "''"))
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::super::Pattern;
    use super::*;
    use crate::authn::ClaimPath;

    fn names(quantifier: Quantifier, names: &[&str]) -> NameTest {
        NameTest::new([(quantifier, names.iter().map(|&name| name.to_owned()).collect())]).unwrap()
    }

    fn claim(name: &str, value: &str) -> Requirement {
        Requirement::Claim(ClaimPath::parse(name).unwrap(), ClaimTest::equals(Literal::string(value)))
    }

    #[test]
    fn a_requirement_reads_as_it_is_written() {
        let scopes = || Requirement::Scopes(names(Quantifier::All, &["orders:read"]));
        let staff = || {
            Requirement::Policy(Requirement::policy(
                "staff",
                Requirement::Roles(names(Quantifier::Any, &["a", "b c"])),
            ))
        };
        for (requirement, expected) in [
            (Requirement::Authenticated, "authenticated"),
            (scopes(), "{ scopes: orders:read }"),
            (staff(), "staff"),
            (Requirement::AllOf(vec![staff(), staff()]), "[staff, staff]"),
            (
                Requirement::Not(Box::new(Requirement::AllOf(vec![staff(), staff()]))),
                "{ not: { all_of: [staff, staff] } }",
            ),
            (
                Requirement::AnyOf(vec![Requirement::AllOf(vec![staff(), staff()]), scopes()]),
                "{ any_of: [{ all_of: [staff, staff] }, { scopes: orders:read }] }",
            ),
            (
                Requirement::AllOf(vec![
                    scopes(),
                    Requirement::AllOf(vec![claim("tenant", "acme"), claim("a.b", "1")]),
                    Requirement::Not(Box::new(staff())),
                ]),
                "{ scopes: orders:read, not: staff, claims: { tenant: acme, a.b: '1' } }",
            ),
            (
                Requirement::AllOf(vec![scopes(), scopes()]),
                "{ all_of: [{ scopes: orders:read }, { scopes: orders:read }] }",
            ),
            (
                Requirement::AnyOf(vec![
                    staff(),
                    Requirement::Roles(names(Quantifier::None, &["x: y", "true"])),
                ]),
                "{ any_of: [staff, { roles: { none: ['x: y', 'true'] } }] }",
            ),
            (
                Requirement::Claim(
                    ClaimPath::parse("n").unwrap(),
                    ClaimTest::new(vec![
                        ClaimTerm::Values(
                            Quantifier::All,
                            vec![
                                Literal::integer(-1).unwrap(),
                                Literal::float(0.5).unwrap(),
                                Literal::boolean(true),
                            ]
                            .into(),
                        ),
                        ClaimTerm::Exists(true),
                        ClaimTerm::Matches(Arc::new(Pattern::parse("it's [a-z]+").unwrap())),
                    ])
                    .unwrap(),
                ),
                "{ claims: { n: { all: [-1, 0.5, true], exists: true, matches: 'it''s [a-z]+' } } }",
            ),
        ] {
            assert_eq!(requirement.to_string(), expected);
        }
    }
}
