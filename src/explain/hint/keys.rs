//! Hints on keys and signatures.

use std::sync::Arc;

use crate::authn::keys::VerificationKey;
use crate::authn::{Algorithm, Error, Inspection, Issuer};
use crate::explain::facts::Facts;
use crate::explain::shown;
use crate::proxy::Rejection;

pub(super) fn key(facts: &Facts<'_>, refusal: &Rejection) -> Option<String> {
    let issuer = facts.issuer?;
    match refusal {
        Rejection::Token(Error::KeysUnavailable { .. }) => Some(format!(
            "the keys of `{}` cannot be had: {}",
            issuer.spec().name,
            shown::cause(&issuer.keys().describe())
        )),
        Rejection::Token(Error::KeyUnknown) => {
            Some(left_out(facts, issuer).or_else(|| others(facts)).unwrap_or_else(|| unknown(issuer)))
        }
        Rejection::Token(Error::KeyUnsuitable) => of_another_tenant(facts, issuer).or_else(|| {
            let kid = facts.token.parameter("kid");
            let known = issuer.keys().known();
            let key = known.iter().find(|key| kid.is_some() && key.kid() == kid)?;
            let able = Algorithm::ALL.into_iter().filter(|&algorithm| key.suits(algorithm));
            let asked = facts.token.parameter("alg").unwrap_or_default();
            Some(format!(
                "the key of this kid is for {}, and the token says {}",
                shown::list(able),
                shown::text(asked)
            ))
        }),
        _ => None,
    }
}

fn unknown(issuer: &Issuer) -> String {
    let looked = if issuer.keys().are_fetched() {
        "the issuer was asked and has no such key"
    } else {
        "there is no such key in the file of this issuer's keys"
    };
    format!(
        "{looked}: it may have been withdrawn, or the token is of another realm or environment of the same name"
    )
}

/// A key of this kid that the issuer has, and that cannot be used.
fn left_out(facts: &Facts<'_>, issuer: &Issuer) -> Option<String> {
    let kid = facts.token.parameter("kid")?;
    let skipped = issuer.keys().left_out();
    let key = skipped.iter().find(|key| key.kid.as_deref() == Some(kid))?;
    Some(format!("the issuer has a key of this kid, which is left out: it {}", key.why))
}

/// Keys of this kid and algorithm that say themselves that they are of another tenant.
fn of_another_tenant(facts: &Facts<'_>, issuer: &Issuer) -> Option<String> {
    let (kid, algorithm) = (facts.token.parameter("kid"), Algorithm::parse(facts.token.parameter("alg")?)?);
    let known = issuer.keys().known();
    let suiting = known.iter().filter(|key| key.suits(algorithm) && (kid.is_none() || key.kid() == kid));
    let owners: Vec<&str> = suiting.map(|key| key.issuer()).collect::<Option<_>>()?;
    (!owners.is_empty()).then(|| {
        format!(
            "by its own `issuer` member the key is of {} alone, and the token is of another tenant",
            shown::list(owners)
        )
    })
}

pub(super) fn signature(facts: &Facts<'_>) -> String {
    cut(facts).or_else(|| der(facts)).or_else(|| signer(facts)).or_else(|| others(facts)).unwrap_or_else(|| {
        "the token was changed after it was signed, or is of another issuer that names its keys alike; tokens edited in \
         a debugger look like this"
            .to_owned()
    })
}

/// A signature that is not there, or shorter than any of its algorithm.
fn cut(facts: &Facts<'_>) -> Option<String> {
    let algorithm = Algorithm::parse(facts.token.parameter("alg")?)?;
    let (_, signature) = Inspection::signature(facts.credential.ok()??)?;
    let (length, least) = (signature.len(), least(algorithm));
    if length == 0 {
        return Some(
            "nothing stands behind the last dot: the signature is missing, as where a token is copied in parts or cut"
                .to_owned(),
        );
    }
    (length < least).then(|| {
        format!(
            "the token is cut short: its signature has {length} bytes, and one of {algorithm} has {least} or more; a header, a \
             cookie or a column that is too short cuts like this"
        )
    })
}

/// The shortest signature, in bytes (RFC 7518 section 3, RFC 8037 section 3.1); of RSA with the shortest key.
fn least(algorithm: Algorithm) -> usize {
    match algorithm {
        Algorithm::Hs256 => 32,
        Algorithm::Hs384 => 48,
        Algorithm::Hs512 | Algorithm::Es256 | Algorithm::EdDsa => 64,
        Algorithm::Es384 => 96,
        Algorithm::Es512 => 132,
        Algorithm::Rs256
        | Algorithm::Rs384
        | Algorithm::Rs512
        | Algorithm::Ps256
        | Algorithm::Ps384
        | Algorithm::Ps512 => 256,
    }
}

/// A sequence of two integers, as most libraries of cryptography give it out.
fn der(facts: &Facts<'_>) -> Option<String> {
    let ecdsa = facts.token.parameter("alg")?.starts_with("ES");
    let (_, signature) = Inspection::signature(facts.credential.ok()??)?;
    let inside = match signature.as_slice() {
        [0x30, 0x81, length, 0x02, inside @ ..] | [0x30, length, 0x02, inside @ ..] => {
            inside.len() + 1 == usize::from(*length)
        }
        _ => false,
    };
    (ecdsa && inside).then(|| {
        "the signature is encoded in DER; a JWS has the two numbers R and S alone, one behind the other (RFC 7518 section \
         3.4)"
            .to_owned()
    })
}

/// Another issuer whose key has made the signature.
fn signer(facts: &Facts<'_>) -> Option<String> {
    let algorithm = Algorithm::parse(facts.token.parameter("alg")?)?;
    let (message, signature) = Inspection::signature(facts.credential.ok()??)?;
    let other = other_with(facts, |key| key.verify(algorithm, message, &signature))?;
    Some(format!("a key of issuer `{}` has made the signature", other.spec().name))
}

/// Another issuer that has the key, where the token's own has none of this kid.
fn others(facts: &Facts<'_>) -> Option<String> {
    let kid = facts.token.parameter("kid")?;
    let is_named = |key: &VerificationKey| key.kid() == Some(kid);
    if facts.issuer.is_some_and(|own| own.keys().known().iter().any(|key| is_named(key))) {
        return None;
    }
    let other = other_with(facts, is_named)?;
    Some(format!("kid {} belongs to issuer `{}`", shown::text(kid), other.spec().name))
}

/// Another issuer than the token's with such a key.
fn other_with<'f>(facts: &Facts<'f>, is_it: impl Fn(&VerificationKey) -> bool) -> Option<&'f Arc<Issuer>> {
    let named = facts.issuer.map(|issuer| &issuer.spec().name);
    let mut issuers = facts.snapshot.authenticator().issuers().iter();
    issuers
        .find(|other| Some(&other.spec().name) != named && other.keys().known().iter().any(|key| is_it(key)))
}
