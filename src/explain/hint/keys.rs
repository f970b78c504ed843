//! Hints on keys and signatures.

use crate::authn::{Algorithm, Error};
use crate::explain::facts::Facts;
use crate::explain::shown;
use crate::proxy::Rejection;

pub(super) fn key(facts: &Facts<'_>, refusal: &Rejection) -> Option<String> {
    let issuer = facts.issuer?;
    match refusal {
        Rejection::Token(Error::KeysUnavailable { .. }) => {
            Some(format!("the keys of `{}` cannot be had: {}", issuer.spec().name, shown::cause(&issuer.keys().describe())))
        }
        Rejection::Token(Error::KeyUnknown) => Some(others(facts).unwrap_or_else(|| {
            "the issuer was asked and has no such key: it may have been withdrawn, or the token is of another realm or \
             environment of the same name"
                .to_owned()
        })),
        Rejection::Token(Error::KeyUnsuitable) => {
            let kid = facts.token.parameter("kid");
            let known = issuer.keys().known();
            let key = known.iter().find(|key| kid.is_some() && key.kid() == kid)?;
            let able = Algorithm::ALL.into_iter().filter(|&algorithm| key.suits(algorithm));
            let asked = facts.token.parameter("alg").unwrap_or_default();
            Some(format!("the key of this kid is for {}, and the token says {}", shown::list(able), shown::text(asked)))
        }
        _ => None,
    }
}

pub(super) fn signature(facts: &Facts<'_>) -> String {
    others(facts).unwrap_or_else(|| {
        "the token was changed after it was signed, or is of another issuer that names its keys alike; tokens edited in \
         a debugger look like this"
            .to_owned()
    })
}

/// Another issuer that has the key.
fn others(facts: &Facts<'_>) -> Option<String> {
    let kid = facts.token.parameter("kid")?;
    let mut issuers = facts.snapshot.authenticator().issuers().iter();
    let named = facts.issuer.map(|issuer| &issuer.spec().name);
    let other = issuers.find(|other| {
        Some(&other.spec().name) != named && other.keys().known().iter().any(|key| key.kid() == Some(kid))
    })?;
    Some(format!("kid {} belongs to issuer `{}`", shown::text(kid), other.spec().name))
}
