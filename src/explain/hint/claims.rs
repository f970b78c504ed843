//! Hints on what a token claims.

use super::difference;
use crate::authn::json::{Json, Object};
use crate::authn::{ClaimPath, Error, IssuerSpec, Principal};
use crate::authz::{Quantifier, Requirement};
use crate::explain::facts::Facts;
use crate::explain::shown;
use crate::proxy::Rejection;

pub(super) const IDENTITY: &str = "give the header a format that carries any value: `json` or `base64url`, or `csv` for a list of plain names";

pub(super) fn binding(facts: &Facts<'_>) -> String {
    let hint = if facts.token.written("cnf").is_some_and(Json::is_null) {
        "`cnf` is there and null: it says neither that the token is bound to its sender nor how; have the issuer leave it \
         out"
    } else {
        "the token is bound to a key of its sender (DPoP or mutual TLS), which is not verified here; have the issuer give \
         out plain Bearer tokens for this API"
    };
    hint.to_owned()
}

pub(super) fn expiry(facts: &Facts<'_>) -> Option<String> {
    let exp = facts.token.claim("exp")?;
    if let Some(hint) = unlike_seconds("exp", exp) {
        return Some(hint);
    }
    let ahead = shown::ahead(shown::seconds(exp)?, facts.now);
    let skew = facts.issuer?.spec().clock_skew.as_secs_f64();
    let ago = shown::length(ahead);
    Some(if -ahead < 10.0 * skew.max(60.0) {
        format!(
            "the token expired {ago} ago; if the clocks differ, mend them or raise `clock_skew` (it is {}); else the \
             client must get a new one before it uses the old one",
            shown::length(skew)
        )
    } else {
        format!("the token expired {ago} ago; the client must get a new one")
    })
}

pub(super) fn begin(facts: &Facts<'_>, name: &str) -> Option<String> {
    let claim = facts.token.claim(name)?;
    if let Some(hint) = unlike_seconds(name, claim) {
        return Some(hint);
    }
    let ahead = shown::ahead(shown::seconds(claim)?, facts.now);
    Some(format!(
        "`{name}` is {} ahead; if the clocks differ, mend them or raise `clock_skew`",
        shown::length(ahead)
    ))
}

/// A time that is written in another way than tokens have it.
fn unlike_seconds(name: &str, claim: Json<'_>) -> Option<String> {
    if claim.is_string() {
        return Some(format!(
            "`{name}` is a string; a token has a number of seconds there (RFC 7519 section 2)"
        ));
    }
    let is = claim.as_f64().is_some_and(|number| (1e11..1e14).contains(&number));
    is.then(|| format!("`{name}` looks like milliseconds; a token counts seconds (RFC 7519 section 2)"))
}

pub(super) fn audience(facts: &Facts<'_>) -> Option<String> {
    let spec = facts.issuer?.spec();
    let narrowed = facts.admission().and_then(|admission| admission.audiences.as_ref());
    let given: Vec<&str> = match facts.token.claim("aud")? {
        Json::String(audience) => vec![audience],
        Json::Array(audiences) => audiences.iter().filter_map(Json::as_str).collect(),
        Json::Null | Json::Bool(_) | Json::Number(_) | Json::Object(_) => return None,
    };
    let own = spec.audiences.iter().any(|audience| given.contains(&audience.as_str()));
    if own && narrowed.is_some() {
        return Some("the token is for this issuer's audiences, and the route narrows them".to_owned());
    }
    if is_id_token(facts, &given) {
        let hint =
            "this looks like an ID token, which is for the client and not for an API; send the access token";
        return Some(hint.to_owned());
    }
    let near = spec.audiences.iter().find_map(|asked| {
        let difference = given.iter().find_map(|given| difference(asked, given))?;
        Some(format!("the audience differs from `{asked}` by {difference}; both must be equal byte for byte"))
    });
    near.or_else(|| {
        let claims = facts.token.claims.as_ref()?;
        let graph = given.contains(&"account") && claims.members().contains_key("realm_access");
        graph.then(|| {
            "add this API to the token's audience at the issuer: an audience mapper, as Keycloak calls it"
                .to_owned()
        })
    })
}

/// OpenID Connect Core §2: made for the client that signed in, with what binds it to that.
fn is_id_token(facts: &Facts<'_>, audiences: &[&str]) -> bool {
    let claim = |name: &str| facts.token.claim(name).filter(|claim| !claim.is_null());
    let has = |name: &str| claim(name).is_some();
    let client = claim("azp").or(claim("client_id")).and_then(Json::as_str);
    let for_client = client.is_some_and(|client| audiences == [client]);
    has("at_hash") || has("nonce") || has("c_hash") || for_client && !has("scope") && !has("scp")
}

pub(super) fn required(refusal: &Rejection) -> Option<String> {
    match refusal {
        Rejection::Token(Error::ClaimMalformed(name)) if name == "sub" || name == "jti" => {
            Some(format!("`{name}` is a string wherever it is there (RFC 7519 section 4.1)"))
        }
        Rejection::Token(Error::ClaimMalformed(name)) => Some(format!(
            "`{name}` is read as names: a string or a list of strings; `roles` or `scopes` of the issuer may point \
             somewhere else"
        )),
        Rejection::Token(Error::ClaimMissing(name)) => Some(format!(
            "have the issuer put `{name}` into its access tokens, or take it out of `required_claims`"
        )),
        _ => None,
    }
}

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
        .or_else(|| case(facts, principal))
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
    let known = ["realm_access.roles", "roles", "groups", "cognito:groups"].into_iter().map(str::to_owned);
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
