//! Hints on the form of the token, and its header.

use super::difference;
use crate::authn::json::Json;
use crate::authn::{Algorithm, IssuerSpec};
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
    let specs = || facts.snapshot.authenticator().issuers().iter().map(|issuer| issuer.spec());
    let differs = |spec: &IssuerSpec, difference: &str| {
        format!(
            "the issuer differs from that of `{}` by {difference}: {} in the token, {} in the configuration, and both \
             must be equal byte for byte",
            spec.name,
            shown::text(iss),
            shown::text(&spec.issuer)
        )
    };
    // What is nearly an issuer of its own is hardly a tenant of another.
    let mut near = specs().filter(|spec| spec.tenants.is_none());
    let near = near.find_map(|spec| Some(differs(spec, difference(&spec.issuer, iss)?)));
    near.or_else(|| {
        specs().find_map(|spec| {
            let tenants = spec.tenants.as_ref()?;
            match of_tenant(&spec.issuer, iss)? {
                Tenant::Exact => (!tenants.are_any())
                    .then(|| format!("the token is of a tenant that `{}` does not list", spec.name)),
                Tenant::ButForSlash => Some(differs(spec, "a trailing slash")),
            }
        })
    })
}

/// How an issuer is one of the tenants of another.
#[derive(Debug, PartialEq, Eq)]
enum Tenant {
    Exact,
    ButForSlash,
}

fn of_tenant(issuer: &str, iss: &str) -> Option<Tenant> {
    let is_of = |issuer: &str, iss: &str| {
        let (before, after) = issuer.split_once("{tenant}")?;
        let tenant = iss.strip_prefix(before)?.strip_suffix(after)?;
        (!tenant.is_empty() && !tenant.contains('/')).then_some(())
    };
    let slash =
        || is_of(issuer.trim_end_matches('/'), iss.trim_end_matches('/')).map(|()| Tenant::ButForSlash);
    is_of(issuer, iss).map(|()| Tenant::Exact).or_else(slash)
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
    Some(if suits {
        format!(
            "the issuer has a key for {algorithm}; if its tokens are meant to use it, add it to `algorithms` of `{}`",
            spec.name
        )
    } else {
        format!(
            "`algorithms` of `{}` are {}; if its tokens are meant to have {algorithm}, add it there",
            spec.name,
            shown::list(spec.algorithms.iter())
        )
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slash_is_no_part_of_a_tenant() {
        for (issuer, iss, expected) in [
            ("https://a/{tenant}", "https://a/acme", Some(Tenant::Exact)),
            ("https://a/{tenant}", "https://a/acme/", Some(Tenant::ButForSlash)),
            ("https://a/{tenant}/", "https://a/acme", Some(Tenant::ButForSlash)),
            ("https://a/{tenant}/v2", "https://a/acme/v2", Some(Tenant::Exact)),
            ("https://a/{tenant}/v2", "https://a/acme/v2/", Some(Tenant::ButForSlash)),
            ("https://a/{tenant}", "https://a/acme/v2", None),
            ("https://a/{tenant}", "https://a/", None),
            ("https://a/{tenant}", "https://b/acme", None),
        ] {
            assert_eq!(of_tenant(issuer, iss), expected, "{issuer} {iss}");
        }
    }
}
