//! Hints on the form of the token, and its header.

use super::difference;
use crate::authn::Algorithm;
use crate::authn::json::Json;
use crate::explain::facts::Facts;
use crate::explain::shown;

pub(super) fn form(facts: &Facts<'_>) -> Option<String> {
    let hint = match facts.token.segments {
        1 => {
            "have the issuer give out JWT access tokens; many do once the request for a token names this API (`audience` or `resource`)"
        }
        2 => "the token may have been cut: its signature is missing",
        5 => "have the issuer sign its access tokens without encrypting them",
        _ if facts.token.defect.as_ref().is_some_and(|defect| defect.contains("base64url")) => {
            "the token may have been cut, padded with `=`, or encoded in base64 in place of base64url"
        }
        _ => return None,
    };
    Some(hint.to_owned())
}

pub(super) fn issuer(facts: &Facts<'_>) -> Option<String> {
    let iss = match facts.token.claims.as_ref()?.members().get("iss") {
        Some(Json::String(iss)) => iss,
        Some(_) => return None,
        None => {
            return Some(
                "the token does not say who issued it, and so nobody's keys could verify it".to_owned(),
            );
        }
    };
    facts.snapshot.authenticator().issuers().iter().find_map(|issuer| {
        let spec = issuer.spec();
        if let Some(tenants) = &spec.tenants {
            let others = !tenants.are_any() && same_but_for_tenant(&spec.issuer, iss);
            return others.then(|| format!("the token is of a tenant that `{}` does not list", spec.name));
        }
        let difference = difference(&spec.issuer, iss)?;
        Some(format!(
            "the issuer differs from that of `{}` by {difference}: {} in the token, {} in the configuration, and both \
             must be equal byte for byte",
            spec.name,
            shown::text(iss),
            shown::text(&spec.issuer)
        ))
    })
}

fn same_but_for_tenant(issuer: &str, iss: &str) -> bool {
    issuer
        .split_once("{tenant}")
        .is_some_and(|(before, after)| iss.starts_with(before) && iss.ends_with(after))
}

pub(super) fn algorithm(facts: &Facts<'_>) -> Option<String> {
    let (name, issuer) = (facts.token.parameter("alg")?, facts.issuer?);
    if name.eq_ignore_ascii_case("none") {
        return Some("the token is not signed at all".to_owned());
    }
    if name == "Ed25519" {
        let hint = "Ed25519 is known here by its older name, EdDSA (RFC 8037 section 3.1); have the issuer write that as `alg`";
        return Some(hint.to_owned());
    }
    let Some(algorithm) = Algorithm::parse(name) else {
        let known = Algorithm::ALL.into_iter().find(|known| known.name().eq_ignore_ascii_case(name));
        return known.map(|known| format!("names of algorithms are case-sensitive: {known}"));
    };
    let spec = issuer.spec();
    let takes_hmac = spec.algorithms.iter().any(Algorithm::is_hmac);
    if algorithm.is_hmac() && !takes_hmac {
        let hint = "a shared secret has signed it, and this issuer's keys are public ones; whoever has a secret can \
                    also sign, so it must be configured as such: `keys: { secret: … }`";
        return Some(hint.to_owned());
    }
    if takes_hmac && !algorithm.is_hmac() {
        return Some(format!(
            "a private key has signed it, and the keys of `{}` are a shared secret; if the issuer signs with {algorithm} \
             now, give `keys` that are public: discovery, `jwks_uri`, `jwks_file` or `pem_file`",
            spec.name
        ));
    }
    if takes_hmac {
        return Some(format!(
            "the issuer has a secret; if its tokens are meant to have {algorithm}, add it to `algorithms` of `{}`; the secret \
             must then be as long as that hash",
            spec.name
        ));
    }
    let kid = facts.token.parameter("kid");
    let known = issuer.keys().known();
    let suits = known.iter().any(|key| key.suits(algorithm) && (kid.is_none() || key.kid() == kid));
    suits.then(|| {
        format!("the issuer has a key for {algorithm}; if its tokens are meant to use it, add it to `algorithms` of `{}`", spec.name)
    })
}

pub(super) fn token_type(facts: &Facts<'_>) -> Option<String> {
    let name = &facts.issuer?.spec().name;
    match facts.token.parameter("typ") {
        None => Some(format!(
            "if this issuer's access tokens have no `typ`, add `absent` to `token_types` of `{name}`"
        )),
        Some(typ) if typ.to_ascii_lowercase().contains("logout") => {
            Some("a logout token is no access token".to_owned())
        }
        Some(typ) if typ.to_ascii_lowercase().contains("dpop") => {
            Some("a DPoP proof is no access token; the token goes into Authorization".to_owned())
        }
        Some(_) => Some(format!(
            "if this is the type of this issuer's access tokens, add it to `token_types` of `{name}`"
        )),
    }
}
