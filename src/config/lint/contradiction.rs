//! Whether a requirement can hold for anybody.
//!
//! Given a compiled requirement; finds two of its terms that no caller meets together, also through named policies and
//! below `not`. What it finds is so; what it does not find may still be impossible: alternatives are tried one by one
//! beside what holds in any case, and never several of them together.

use std::fmt;

use crate::authn::ClaimPath;
use crate::authz::{ClaimTerm, Literal, Pattern, Quantifier, Requirement};

/// Why nobody meets a requirement, or hardly anybody.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Conflict {
    /// Nobody does. `of_names`: as far as it goes by roles, scopes, tenants or the presence of a claim, on which every
    /// caller can be decided.
    Never { why: String, of_names: bool },
    /// Only whoever has both values in an array claim.
    TwoValues { why: String, claim: String, values: [String; 2] },
}

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

/// One term, and the policy that states it.
#[derive(Debug, Clone)]
struct Fact<'r> {
    subject: Subject,
    test: Test<'r>,
    by: Option<&'r str>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Subject {
    Role,
    Scope,
    Tenant,
    Claim(ClaimPath),
}

#[derive(Debug, Clone)]
enum Test<'r> {
    Listed(Quantifier, Vec<Item<'r>>),
    Exists(bool),
    Matches(&'r Pattern),
}

#[derive(Debug, Clone, Copy, PartialEq)]
enum Item<'r> {
    Name(&'r str),
    Literal(&'r Literal),
}

impl<'r> Facts<'r> {
    /// Takes in the requirement or, unless it `holds`, its opposite.
    fn add(&mut self, requirement: &'r Requirement, holds: bool, by: Option<&'r str>) {
        self.terms += 1;
        // Policies that name one another many times over: what is not looked at conflicts with nothing.
        if self.terms > MAX_TERMS {
            return;
        }
        match requirement {
            Requirement::Authenticated => {}
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
            Requirement::AllOf(parts) if holds => self.add_each(parts, true, by),
            Requirement::AnyOf(parts) if !holds => self.add_each(parts, false, by),
            Requirement::AllOf(parts) | Requirement::AnyOf(parts) => {
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
        let terms = terms.into_iter().filter_map(|test| if holds { Some(test) } else { opposite(test) });
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

/// The opposite of a term, where that is one term again.
fn opposite(test: Test<'_>) -> Option<Test<'_>> {
    match test {
        Test::Listed(Quantifier::None, items) => Some(Test::Listed(Quantifier::Any, items)),
        Test::Listed(Quantifier::All, items) if items.len() > 1 => None,
        Test::Listed(Quantifier::Any | Quantifier::All, items) => Some(Test::Listed(Quantifier::None, items)),
        Test::Exists(exists) => Some(Test::Exists(!exists)),
        Test::Matches(_) => None,
    }
}

impl Fact<'_> {
    fn never(&self, why: String) -> Conflict {
        let of_names = !matches!(self.subject, Subject::Claim(_)) || matches!(self.test, Test::Exists(_));
        Conflict::Never { why, of_names }
    }

    /// What nobody meets by itself.
    fn alone(&self) -> Option<Conflict> {
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

    fn against(&self, other: &Self) -> Option<Conflict> {
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
            Self::Literal(literal) => literal.to_string(),
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
