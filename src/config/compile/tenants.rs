//! `tenants`: issuers whose `iss` differs from tenant to tenant, and the routes that take their tokens.

use std::sync::Arc;

use crate::authn::{Issuer, IssuerSpec, Tenants};
use crate::authz::Requirement;
use crate::config::document;
use crate::config::node::At;
use crate::config::problem::{Position, Problems};

/// The tenants of an issuer, where its `issuer` has a place for them.
pub(super) fn compile(
    iss: &At<String>,
    given: Option<At<document::Tenants>>,
    is_discovered: bool,
    problems: &mut Problems,
) -> Result<Option<Tenants>, Reported> {
    let Some(At { at, value }) = given else {
        if Tenants::are_in(&iss.value) {
            let wrong = "the issuer has a `{tenant}`, and no `tenants` say what it may be";
            problems.error(iss.at, wrong, "add `tenants: [a, b]`, or `tenants: any`");
            return Err(Reported);
        }
        return Ok(None);
    };
    let listed = match value {
        document::Tenants::Any => None,
        document::Tenants::Listed(listed) => Some(listed.into_iter().map(|tenant| tenant.value).collect()),
    };
    let tenants = Tenants::parse(&iss.value, listed).map_err(|error| {
        problems.refuse(at, super::complete(&error, "see the reference"));
        Reported
    })?;
    if is_discovered {
        let wrong = "an issuer with tenants has no discovery document of its own";
        problems.error(at, wrong, "name the key set of all tenants with `keys: { jwks_uri: … }`");
        return Err(Reported);
    }
    Ok(Some(tenants))
}

/// What is wrong has been recorded.
#[derive(Debug)]
pub(super) struct Reported;

/// Whether there is an `iss` of both, beyond an equal `issuer`.
pub(super) fn share_a_token(one: &IssuerSpec, other: &IssuerSpec) -> bool {
    match (&one.tenants, &other.tenants) {
        (None, None) => false,
        (Some(tenants), None) => tenants.of(&other.issuer).is_some(),
        (None, Some(tenants)) => tenants.of(&one.issuer).is_some(),
        // Reported as equal already.
        (Some(_), Some(_)) if one.issuer == other.issuer => false,
        (Some(one), Some(other)) => one.overlap(other),
    }
}

/// Of an issuer that vouches for anybody's tenants, a route must say whose it means: otherwise a stranger's own tenant would
/// do.
pub(super) fn check_route<'i>(
    at: Position,
    mut allowed: impl Iterator<Item = &'i Arc<Issuer>>,
    requirement: Option<&Requirement>,
    problems: &mut Problems,
) {
    if requirement.is_some_and(Requirement::names_tenants) {
        return;
    }
    let any = |issuer: &&Arc<Issuer>| issuer.spec().tenants.as_ref().is_some_and(Tenants::are_any);
    if let Some(issuer) = allowed.find(any) {
        let wrong =
            format!("the issuer `{}` has `tenants: any`, and this route takes them all", issuer.spec().name);
        problems.error(
            at,
            wrong,
            "add `require: { issuer_tenant: { any: […] } }` to it, or list other `issuers`",
        );
    }
}
