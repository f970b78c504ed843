//! Tokens in, verified callers out.
//!
//! Given a token of any issuer; finds the issuer that it names and hands on the caller that this issuer's section, keys
//! and clock allow, or the first check that failed. A token that was verified before is found by its digest, without
//! being taken apart: which issuer to ask is remembered in a table of hints, and a wrong hint costs a look, never an
//! answer, because an issuer's cache holds nothing but that issuer's tokens.

use std::borrow::Cow;
use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU16, Ordering};
use std::time::SystemTime;

use super::admission::Admission;
use super::credential::{BearerToken, SentToken};
use super::digest::Digest;
use super::error::{Error, Failure, Unauthenticated};
use super::issuer::Issuer;
use super::json::Json;
use super::jws::{Jws, TokenLimits};
use super::principal::{Principal, Verified};
use super::validity::Timestamp;

/// Verifies tokens of all configured issuers.
#[derive(Debug)]
pub struct Authenticator {
    issuers: Vec<Arc<Issuer>>,
    by_iss: HashMap<String, u16>,
    /// Those whose `iss` differs from tenant to tenant.
    by_tenant: Vec<u16>,
    hints: Hints,
    limits: TokenLimits,
}

impl Authenticator {
    /// For these issuers. Of two with an equal `iss`, which the configuration refuses, the first counts.
    pub fn new(issuers: Vec<Arc<Issuer>>, limits: TokenLimits) -> Self {
        let (mut by_iss, mut by_tenant) = (HashMap::new(), Vec::new());
        for (issuer, place) in issuers.iter().zip(0..) {
            match &issuer.spec().tenants {
                None => _ = by_iss.entry(issuer.spec().issuer.clone()).or_insert(place),
                Some(_) => by_tenant.push(place),
            }
        }
        Self { issuers, by_iss, by_tenant, hints: Hints::default(), limits }
    }

    /// The issuers, as they were given.
    pub fn issuers(&self) -> &[Arc<Issuer>] {
        &self.issuers
    }

    /// How large a token may be.
    pub fn limits(&self) -> TokenLimits {
        self.limits
    }

    /// The caller of this token, if it is one and may pass at this time on a route of this admission. What was verified
    /// before is a token, and not asked again whether it is.
    pub async fn authenticate(
        &self,
        sent: SentToken<'_>,
        admission: &Admission,
        now: SystemTime,
    ) -> Result<Principal, Unauthenticated> {
        let now = Timestamp::of(now);
        if sent.bytes().len() > self.limits.token {
            sent.token()?;
            return Err(Failure { issuer: None, error: Error::TokenTooLarge }.into());
        }
        let digest = Digest::of(sent.bytes());
        let hinted = digest.as_ref().map_or(0, |digest| self.hints.get(digest));
        let known = digest.as_ref().and_then(|digest| self.recall(hinted, digest, now));
        let (issuer, outcome) = if let Some((issuer, verified)) = known {
            (Some(issuer), recalled(issuer, verified, admission, now))
        } else {
            let (token, digest) = (sent.token()?, digest.as_ref().map(|digest| (digest, hinted)));
            // In a box, so that requests with a token that is known have no room for it.
            Box::pin(self.verify(token, digest, admission, now)).await
        };
        match outcome {
            Ok(verified) => Ok(Principal::new(verified)),
            Err(error) => {
                let issuer = issuer.map(|issuer| Arc::clone(&issuer.spec().name));
                Err(Failure { issuer, error }.into())
            }
        }
    }

    /// A token that was verified before by the issuer at this place.
    fn recall(&self, place: u16, digest: &Digest, now: Timestamp) -> Option<(&Issuer, Arc<Verified>)> {
        let issuer = self.issuers.get(usize::from(place))?;
        Some((issuer, issuer.recall(digest, now)?))
    }

    /// Takes the token apart and has its issuer verify it; the digest comes with the place where it was not found.
    async fn verify(
        &self,
        token: BearerToken<'_>,
        digest: Option<(&Digest, u16)>,
        admission: &Admission,
        now: Timestamp,
    ) -> (Option<&Issuer>, Result<Arc<Verified>, Error>) {
        let jws = match Jws::parse(token.text(), self.limits) {
            Ok(jws) => jws,
            Err(error) => return (None, Err(error)),
        };
        let named = self.issuer_of(&jws);
        if jws.header.critical {
            return (named.ok().map(|(_, issuer)| issuer), Err(Error::CriticalHeaderUnsupported));
        }
        let (place, issuer) = match named {
            Ok(named) => named,
            Err(error) => return (None, Err(error)),
        };
        if let Some((digest, hinted)) = digest
            && hinted != place
            && let Some(verified) = issuer.recall(digest, now)
        {
            self.hints.set(digest, place);
            return (Some(issuer), recalled(issuer, verified, admission, now));
        }
        if !admission.takes(&issuer.spec().name) {
            return (Some(issuer), Err(Error::IssuerNotAllowed));
        }
        let outcome = issuer.verify(jws, digest.map(|(digest, _)| digest), admission, now).await;
        if let (Ok(_), Some((digest, _))) = (&outcome, digest) {
            self.hints.set(digest, place);
        }
        (Some(issuer), outcome)
    }

    fn issuer_of(&self, jws: &Jws<'_>) -> Result<(u16, &Issuer), Error> {
        let iss = match jws.claims.members().get("iss") {
            None => return Err(Error::ClaimMissing(Cow::Borrowed("iss"))),
            Some(Json::String(iss)) => iss,
            Some(_) => return Err(Error::ClaimMalformed(Cow::Borrowed("iss"))),
        };
        let at = |place: u16| Some((place, &**self.issuers.get(usize::from(place))?));
        let of_tenant = || {
            let names =
                |issuer: &Issuer| issuer.spec().tenants.as_ref().is_some_and(|all| all.of(iss).is_some());
            self.by_tenant.iter().filter_map(|&place| at(place)).find(|(_, issuer)| names(issuer))
        };
        let known = self.by_iss.get(iss).and_then(|&place| at(place));
        known.or_else(of_tenant).ok_or(Error::IssuerUnknown)
    }
}

/// What is left to check of a token that was verified before: what depends on the route and on the time.
fn recalled(
    issuer: &Issuer,
    verified: Arc<Verified>,
    admission: &Admission,
    now: Timestamp,
) -> Result<Arc<Verified>, Error> {
    if !admission.takes(&issuer.spec().name) {
        return Err(Error::IssuerNotAllowed);
    }
    issuer.admit(&verified, admission, now)?;
    Ok(verified)
}

/// Which issuer a digest was last seen with. Small and never wrong in a way that matters: no locks, no entries to evict.
#[derive(Debug)]
struct Hints(Box<[AtomicU16]>);

impl Hints {
    fn get(&self, digest: &Digest) -> u16 {
        self.slot(digest).map_or(0, |slot| slot.load(Ordering::Relaxed))
    }

    fn set(&self, digest: &Digest, issuer: u16) {
        // not written without need: the line then stays in every core's cache
        if let Some(slot) = self.slot(digest)
            && slot.load(Ordering::Relaxed) != issuer
        {
            slot.store(issuer, Ordering::Relaxed);
        }
    }

    fn slot(&self, digest: &Digest) -> Option<&AtomicU16> {
        let [_, _, _, _, _, _, low, high] = digest.prefix().to_le_bytes();
        self.0.get(usize::from(u16::from_le_bytes([low, high])) % HINTS)
    }
}

impl Default for Hints {
    fn default() -> Self {
        Self(std::iter::repeat_with(AtomicU16::default).take(HINTS).collect())
    }
}

const HINTS: usize = 16 * 1024;
