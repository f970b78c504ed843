//! Terms of a requirement, and which two of them no caller meets together.

use std::fmt;

use crate::authn::ClaimPath;
use crate::authz::{Literal, Pattern, Quantifier};

/// Why nobody meets a requirement, or hardly anybody.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Conflict {
    /// Nobody does. `of_names`: as far as it goes by roles, scopes, tenants or the presence of a claim, on which every
    /// caller can be decided.
    Never { why: String, of_names: bool },
    /// Only whoever has both values in an array claim.
    TwoValues { why: String, claim: String, values: [String; 2] },
}

/// One term, and the policy that states it.
#[derive(Debug, Clone)]
pub(super) struct Fact<'r> {
    pub(super) subject: Subject,
    pub(super) test: Test<'r>,
    pub(super) by: Option<&'r str>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Subject {
    Role,
    Scope,
    Tenant,
    Claim(ClaimPath),
}

#[derive(Debug, Clone)]
pub(super) enum Test<'r> {
    Listed(Quantifier, Vec<Item<'r>>),
    Exists(bool),
    Matches(&'r Pattern),
}

#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Item<'r> {
    Name(&'r str),
    Literal(&'r Literal),
}

impl Test<'_> {
    /// The opposite, where that is one term again.
    pub(super) fn opposite(self) -> Option<Self> {
        match self {
            Self::Listed(Quantifier::None, items) => Some(Self::Listed(Quantifier::Any, items)),
            Self::Listed(Quantifier::All, items) if items.len() > 1 => None,
            Self::Listed(Quantifier::Any | Quantifier::All, items) => {
                Some(Self::Listed(Quantifier::None, items))
            }
            Self::Exists(exists) => Some(Self::Exists(!exists)),
            Self::Matches(_) => None,
        }
    }
}

impl Fact<'_> {
    fn never(&self, why: String) -> Conflict {
        let of_names = !matches!(self.subject, Subject::Claim(_)) || matches!(self.test, Test::Exists(_));
        Conflict::Never { why, of_names }
    }

    /// What nobody meets by itself.
    pub(super) fn alone(&self) -> Option<Conflict> {
        match (&self.subject, &self.test) {
            // A token without these never gets as far as a requirement.
            (Subject::Claim(claim), Test::Exists(false))
                if ["iss", "aud", "exp"].contains(&claim.to_string().as_str()) =>
            {
                Some(self.never(format!("every token has the claim `{claim}`, which must be absent here")))
            }
            (Subject::Tenant, Test::Listed(Quantifier::All, items)) => {
                let (first, rest) = items.split_first()?;
                let other = rest.iter().find(|item| *item != first)?;
                let why = format!("a token is of one tenant, and both {first} and {other} are required");
                Some(self.never(why))
            }
            (Subject::Role | Subject::Scope | Subject::Tenant | Subject::Claim(_), _) => None,
        }
    }

    /// Why this one and that one hold for nobody, or hardly anybody.
    pub(super) fn against(&self, other: &Self) -> Option<Conflict> {
        let subject = &self.subject;
        match (&self.test, &other.test) {
            (
                Test::Listed(Quantifier::Any | Quantifier::All, items),
                Test::Listed(Quantifier::None, excluded),
            ) => self.excluded(items, excluded, other),
            (
                Test::Listed(Quantifier::Any | Quantifier::All, _) | Test::Matches(_) | Test::Exists(true),
                Test::Exists(false),
            ) => {
                let (by, other_by) = (By(self.by), By(other.by));
                Some(self.never(format!("{subject} must be there{by} and must be absent{other_by}")))
            }
            (Test::Listed(quantifier, items), Test::Matches(pattern)) => {
                let fits = |item: &Item<'_>| item.text().is_some_and(|text| pattern.matches(text));
                let (possible, which) = match quantifier {
                    Quantifier::None => return None,
                    Quantifier::Any => (items.iter().any(fits), items.first()?),
                    Quantifier::All => {
                        (items.iter().all(fits), items.iter().find(|item| !fits(item)).or(items.first())?)
                    }
                };
                let why = format!("{subject} must be {which}{}, which does not match", By(self.by));
                let why = format!("{why} `{}`{}", pattern.expression(), By(other.by));
                (!possible).then(|| self.never(why))
            }
            (Test::Listed(Quantifier::Any, one), Test::Listed(Quantifier::Any, two)) => {
                let (Subject::Claim(claim), [one], [two]) = (subject, one.as_slice(), two.as_slice()) else {
                    return None;
                };
                let why = format!("{subject} must be {one}{} and {two}{}", By(self.by), By(other.by));
                (one != two).then(|| Conflict::TwoValues {
                    why,
                    claim: claim.to_string(),
                    values: [one.as_written(), two.as_written()],
                })
            }
            (Test::Listed(..) | Test::Exists(_) | Test::Matches(_), _) => None,
        }
    }

    /// Something that is required and excluded.
    fn excluded(&self, items: &[Item<'_>], excluded: &[Item<'_>], other: &Self) -> Option<Conflict> {
        let both = items.iter().find(|item| excluded.contains(item))?;
        let (subject, by, other_by) = (&self.subject, By(self.by), By(other.by));
        match &self.test {
            Test::Listed(Quantifier::All, _) => {}
            _ if items.len() == 1 => {}
            _ if items.iter().all(|item| excluded.contains(item)) => {
                let items: Vec<String> = items.iter().map(ToString::to_string).collect();
                let items = items.join(", ");
                let why = format!("{subject} must be one of {items}{by}, and each is excluded{other_by}");
                return Some(self.never(why));
            }
            Test::Listed(..) | Test::Exists(_) | Test::Matches(_) => return None,
        }
        let what = match subject {
            Subject::Claim(_) => format!("{subject} must be {both}{by} and must not be{other_by}"),
            Subject::Role | Subject::Scope | Subject::Tenant => {
                format!("{subject} {both} is required{by} and excluded{other_by}")
            }
        };
        Some(self.never(what))
    }
}

impl Item<'_> {
    fn text(&self) -> Option<&str> {
        match self {
            Self::Name(name) => Some(name),
            Self::Literal(literal) => literal.as_text(),
        }
    }

    fn as_written(&self) -> String {
        match self {
            Self::Name(name) => (*name).to_owned(),
            Self::Literal(literal) => literal.written(),
        }
    }
}

impl fmt::Display for Item<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "`{}`", self.as_written())
    }
}

impl fmt::Display for Subject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Role => f.write_str("the role"),
            Self::Scope => f.write_str("the scope"),
            Self::Tenant => f.write_str("the tenant"),
            Self::Claim(claim) => write!(f, "the claim `{claim}`"),
        }
    }
}

/// The policy that states a term.
struct By<'r>(Option<&'r str>);

impl fmt::Display for By<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.map_or(Ok(()), |policy| write!(f, " (by the policy `{policy}`)"))
    }
}
