//! Hints on what a token claims.

use super::difference;
use crate::authn::Error;
use crate::authn::json::Json;
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
    let Some(aud) = facts.token.claim("aud") else { return no_audience(facts) };
    let given: Vec<&str> = match aud {
        Json::String(audience) => vec![audience],
        Json::Array(audiences) => audiences.iter().filter_map(Json::as_str).collect(),
        Json::Null | Json::Bool(_) | Json::Number(_) | Json::Object(_) => return None,
    };
    let own = spec.audiences.iter().any(|audience| given.contains(&audience.as_str()));
    if own && narrowed.is_some() {
        return Some("the token is for this issuer's audiences, and the route narrows them".to_owned());
    }
    let azp = facts.token.claim("azp").and_then(Json::as_str);
    if let Some(azp) = azp.filter(|azp| !own && spec.audiences.iter().any(|audience| audience == azp)) {
        return Some(format!(
            "{} is the token's `azp`, which names the client that asked for it and not whom it is for; have the issuer add it \
             to `aud`: with an audience mapper, as Keycloak calls it",
            shown::text(azp)
        ));
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

/// A token whose audience stands somewhere else.
fn no_audience(facts: &Facts<'_>) -> Option<String> {
    let client = facts.token.claim("client_id").and_then(Json::as_str)?;
    let is_ours = facts.issuer?.spec().audiences.iter().any(|audience| audience == client);
    is_ours.then(|| {
        format!(
            "{} is the token's `client_id`, which names the client and not whom the token is for, and `aud` is not there; Amazon \
             Cognito gives it where the client asks for a `resource`, or where a pre token generation trigger adds it",
            shown::text(client)
        )
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
