//! Hints on roles, scopes and values of claims that a policy asks for, and that are there in another place or spelling.

use crate::authn::json::{Json, Object};
use crate::authn::{ClaimPath, IssuerSpec, Principal};
use crate::authz::{ClaimTerm, Literal, Quantifier, Requirement};
use crate::explain::facts::Facts;
use crate::explain::shown;
use crate::proxy::Rejection;

/// Roles and scopes that are there, but not where they are looked for.
pub(super) fn policy(facts: &Facts<'_>, refusal: &Rejection) -> Option<String> {
    let (principal, spec) = (refusal.principal()?, facts.issuer?.spec());
    let asks = |wanted: fn(&Requirement) -> bool| {
        facts.requirement().is_some_and(|requirement| any(requirement, wanted))
    };
    let scopes = || elsewhere_scopes(principal, spec);
    let roles = || elsewhere_roles(principal, spec);
    let scopes = asks(|part| matches!(part, Requirement::Scopes(_))).then(scopes).flatten();
    scopes
        .or_else(|| asks(|part| matches!(part, Requirement::Roles(_))).then(roles).flatten())
        .or_else(|| joined(facts, principal))
        .or_else(|| case(facts, principal))
        .or_else(|| case_of_value(facts.requirement()?, principal))
}

fn any(requirement: &Requirement, wanted: fn(&Requirement) -> bool) -> bool {
    wanted(requirement) || requirement.parts().iter().any(|part| any(part, wanted))
}

fn elsewhere_scopes(principal: &Principal, spec: &IssuerSpec) -> Option<String> {
    let read = spec.scopes.as_ref().map_or_else(|| "scope".to_owned(), ToString::to_string);
    let place = ["scope", "scp", "permissions", "scopes"].into_iter().find(|&place| {
        place != read && principal.claims().get(place).is_some_and(|value| !value.is_null())
    })?;
    let shadowed = spec.scopes.is_none() && place == "scp" && !principal.claims().contains_key("scope");
    if !principal.scopes().is_empty() && place != "scp" || shadowed {
        return None;
    }
    Some(format!(
        "the token has `{place}`, this issuer reads `{read}`; set `scopes: {place}` of `{}` if they are there",
        spec.name
    ))
}

fn elsewhere_roles(principal: &Principal, spec: &IssuerSpec) -> Option<String> {
    if !principal.roles().is_empty() {
        return None;
    }
    let claims = principal.claims();
    let read = spec.roles.to_string();
    let known =
        ["realm_access.roles", "roles", "role", "groups", "cognito:groups"].into_iter().map(str::to_owned);
    let clients = claims.get("resource_access").and_then(Json::as_object);
    let of_clients =
        clients.into_iter().flat_map(Object::keys).map(|client| format!("resource_access.{client}.roles"));
    let namespaced = claims.keys().filter(|name| name.contains("://") && name.ends_with("roles"));
    let namespaced = namespaced.map(str::to_owned);
    let place = known.chain(of_clients).chain(namespaced).find(|place| {
        let path = ClaimPath::parse(place).ok();
        *place != read && path.is_some_and(|path| path.find(claims).is_some())
    })?;
    Some(format!(
        "the roles are at `{}`, this issuer reads `{read}`; set `roles` of `{}`",
        shown::text(&place),
        spec.name
    ))
}

/// Several roles or scopes in one text, which is one name.
fn joined(facts: &Facts<'_>, principal: &Principal) -> Option<String> {
    let mut asked = Vec::new();
    names(facts.requirement()?, &mut asked);
    let mut has = principal.roles().iter().chain(principal.scopes().iter());
    let name = has.find(|had| {
        let mut parts = had.split(|sign: char| sign.is_whitespace() || matches!(sign, ',' | ';'));
        !asked.contains(had) && parts.any(|part| part != *had && asked.contains(&part))
    })?;
    Some(format!(
        "the token has {} as one name, and commas and blanks in it separate nothing; have the issuer send a list, with a name \
         each",
        shown::quoted(name)
    ))
}

/// A role or scope that is there in another spelling.
fn case(facts: &Facts<'_>, principal: &Principal) -> Option<String> {
    let mut asked = Vec::new();
    names(facts.requirement()?, &mut asked);
    let has = || principal.roles().iter().chain(principal.scopes().iter());
    asked.iter().find_map(|asked| {
        let near = has().find(|had| had != asked && had.eq_ignore_ascii_case(asked))?;
        Some(format!(
            "the token has {}, the rule asks for {asked}; names compare with case",
            shown::text(near)
        ))
    })
}

fn names<'r>(requirement: &'r Requirement, into: &mut Vec<&'r str>) {
    match requirement {
        Requirement::Roles(test) | Requirement::Scopes(test) => {
            let wanted = test.terms().filter(|(quantifier, _)| *quantifier != Quantifier::None);
            into.extend(wanted.flat_map(|(_, names)| names.iter().map(|name| &**name)));
        }
        Requirement::Every(parts) | Requirement::AllOf(parts) | Requirement::AnyOf(parts) => {
            for part in parts {
                names(part, into);
            }
        }
        Requirement::Policy(policy) => names(policy.requirement(), into),
        _ => {}
    }
}

/// The text of a claim in another spelling than is asked for.
fn case_of_value(requirement: &Requirement, principal: &Principal) -> Option<String> {
    let Requirement::Claim(path, test) = requirement else {
        return match requirement {
            Requirement::Not(_) => None,
            _ => requirement.parts().iter().find_map(|part| case_of_value(part, principal)),
        };
    };
    let had: Vec<&str> = match path.find(principal.claims())? {
        Json::String(value) => vec![value],
        Json::Array(items) => items.iter().filter_map(Json::as_str).collect(),
        Json::Null | Json::Bool(_) | Json::Number(_) | Json::Object(_) => return None,
    };
    let has = |literal: &&Literal| literal.as_text().is_some_and(|asked| had.contains(&asked));
    let wanted = test.terms().iter().filter_map(|term| match term {
        ClaimTerm::Values(Quantifier::Any, literals) => {
            (!literals.iter().any(|one| has(&one))).then_some(literals)
        }
        ClaimTerm::Values(Quantifier::All, literals) => Some(literals),
        ClaimTerm::Values(Quantifier::None, _) | ClaimTerm::Exists(_) | ClaimTerm::Matches(_) => None,
    });
    wanted
        .flat_map(|literals| literals.iter())
        .filter(|literal| !has(literal))
        .filter_map(Literal::as_text)
        .find_map(|asked| {
            let near = had.iter().find(|had| had.eq_ignore_ascii_case(asked))?;
            Some(format!(
                "the token has {}, the rule asks for {asked}; values compare with case",
                shown::text(near)
            ))
        })
}
