//! An issuer: what its section of the configuration says, its keys, and its verified tokens.
//!
//! Given a token that names this issuer; hands on what the token says once every check of the section has passed. The
//! checks run in the order of the reason codes, and the first that fails is the answer. Keys are looked up among this
//! issuer's alone: a `kid` of another one means nothing here.

use std::borrow::Cow;
use std::sync::Arc;
use std::time::Duration;

use super::admission::Admission;
use super::algorithm::{Algorithm, Algorithms};
use super::audience;
use super::cache::{Entry, Refusal, Stage, TokenCache, Turn};
use super::claims::ClaimPath;
use super::digest::Digest;
use super::error::Error;
use super::json::{Document, Json, Object, Span, Word};
use super::jws::Jws;
use super::keys::{Keys, VerificationKey};
use super::principal::Verified;
use super::tenant::Tenants;
use super::token_type::TokenTypes;
use super::validity::{TimeRules, Timestamp, Validity};
use crate::telemetry::metrics::IssuerMetrics;

/// What an issuer's section of the configuration says.
#[derive(Debug, Clone, PartialEq)]
pub struct IssuerSpec {
    /// The configured name.
    pub name: Arc<str>,
    /// The `iss` of its tokens, byte for byte.
    pub issuer: String,
    /// A token's `aud` holds at least one of them.
    pub audiences: Vec<String>,
    /// What its tokens may be signed with.
    pub algorithms: Algorithms,
    /// Its tenants, where its `issuer` has a place for them.
    pub tenants: Option<Tenants>,
    /// What their `typ` may be.
    pub token_types: TokenTypes,
    /// How far its clock and ours may be apart.
    pub clock_skew: Duration,
    /// How old a token may be, by its `iat`.
    pub max_age: Option<Duration>,
    /// Claims that must be there, beyond `iss`, `aud` and `exp`.
    pub required_claims: Vec<ClaimPath>,
    /// Where it puts roles.
    pub roles: ClaimPath,
    /// Where it puts scopes; None: `scope`, else `scp`.
    pub scopes: Option<ClaimPath>,
    /// How many bytes of verified tokens are remembered.
    pub token_cache_bytes: u64,
}

/// An issuer whose tokens can be verified.
#[derive(Debug)]
pub struct Issuer {
    spec: IssuerSpec,
    times: TimeRules,
    /// The first of these that is there holds the scopes.
    scopes: Vec<ClaimPath>,
    keys: Arc<Keys>,
    cache: TokenCache,
    metrics: IssuerMetrics,
}

impl Issuer {
    /// An issuer with these keys and no verified tokens yet. A changed section may go on with the keys that its issuer had.
    pub fn new(spec: IssuerSpec, keys: impl Into<Arc<Keys>>, metrics: IssuerMetrics) -> Self {
        let keys = keys.into();
        let times = TimeRules { clock_skew: spec.clock_skew, max_age: spec.max_age };
        let scopes = match &spec.scopes {
            Some(path) => vec![path.clone()],
            None => vec![ClaimPath::named("scope"), ClaimPath::named("scp")],
        };
        let cache = TokenCache::new(spec.token_cache_bytes);
        Self { spec, times, scopes, keys, cache, metrics }
    }

    /// Its section of the configuration.
    pub fn spec(&self) -> &IssuerSpec {
        &self.spec
    }

    /// Its keys.
    pub fn keys(&self) -> &Arc<Keys> {
        &self.keys
    }

    /// The token of this digest, if it was verified before and its keys still stand. What depends on time and route is
    /// to be checked with [`Self::admit`].
    pub(super) fn recall(&self, digest: &Digest, now: Timestamp) -> Option<Arc<Verified>> {
        let verified = self.cache.get(digest, self.keys.generation(), now)?;
        self.metrics.cache_hits.inc();
        Some(verified)
    }

    /// Verifies a token that names this issuer; with a digest, it is remembered.
    pub(super) async fn verify(
        &self,
        jws: Jws<'_>,
        digest: Option<&Digest>,
        admission: &Admission,
        now: Timestamp,
    ) -> Result<Arc<Verified>, Error> {
        let algorithm = jws.header.algorithm.filter(|&algorithm| self.spec.algorithms.contains(algorithm));
        let algorithm = algorithm.ok_or(Error::AlgorithmNotAllowed)?;
        if !self.spec.token_types.allow(jws.header.typ.as_deref()) {
            return Err(Error::TokenTypeNotAllowed);
        }
        let header = Arc::clone(&jws.header);
        let kid = header.kid.as_deref();
        let chosen = self.choose_keys(kid, algorithm).await?;
        let outcome = match self.find_or_verify(&chosen, algorithm, jws, digest, now).await {
            // the key may have been replaced under its id, or have none
            Err(Refused { unsigned: Some(jws), .. })
                if self.keys.reconsider(kid, algorithm, &chosen.keys).await? =>
            {
                let chosen = self.choose_keys(kid, algorithm).await?;
                self.find_or_verify(&chosen, algorithm, *jws, digest, now).await
            }
            outcome => outcome,
        };
        match outcome {
            Ok(verified) => self.admit(&verified, admission, now).map(|()| verified),
            Err(refused) => Err(refused.on(self, admission)),
        }
    }

    /// The keys for a token of this header.
    async fn choose_keys(&self, kid: Option<&str>, algorithm: Algorithm) -> Result<Chosen, Error> {
        loop {
            // before the keys are chosen: should one be withdrawn meanwhile, the entry is of a generation that has passed
            let generation = self.keys.generation();
            let keys = self.keys.select(kid, algorithm).await?;
            // who has waited would else bring back a generation that has passed
            if self.keys.generation() == generation {
                return Ok(Chosen { generation, keys });
            }
        }
    }

    /// The token as it was verified before, or as these keys verify it.
    async fn find_or_verify<'t>(
        &self,
        chosen: &Chosen,
        algorithm: Algorithm,
        jws: Jws<'t>,
        digest: Option<&Digest>,
        now: Timestamp,
    ) -> Result<Arc<Verified>, Refused<'t>> {
        let turn = match digest {
            Some(digest) => Some(self.cache.turn(digest, chosen.generation, now).await),
            None => None,
        };
        let lead = match turn {
            Some(Turn::Done(outcome)) => {
                // whoever waited for another request's verification found the token, as far as the count goes
                self.metrics.cache_hits.inc();
                return outcome.map_err(|refusal| Refused::of(refusal, jws));
            }
            Some(Turn::Verify(lead)) => Some(lead),
            None => None,
        };
        self.metrics.cache_misses.inc();
        match (self.verify_with(&chosen.keys, algorithm, jws, now), lead) {
            (Ok(verified), Some(lead)) => {
                let lifetime = verified.validity.remaining(&self.times, now);
                Ok(lead.verified(Entry { verified, lifetime }))
            }
            (Err(refused), Some(lead)) => {
                lead.refused(|| refused.shared());
                Err(refused)
            }
            (outcome, None) => outcome,
        }
    }

    /// Whether a verified token may be used now and on this route.
    pub(super) fn admit(
        &self,
        verified: &Verified,
        admission: &Admission,
        now: Timestamp,
    ) -> Result<(), Error> {
        verified.validity.check(&self.times, now)?;
        if admission.audiences.is_none() {
            Ok(())
        } else {
            self.check_audience(verified.claims.members(), admission)
        }
    }

    #[cfg(test)]
    pub(super) fn metrics(&self) -> &IssuerMetrics {
        &self.metrics
    }

    #[cfg(test)]
    pub(super) fn cache(&self) -> &TokenCache {
        &self.cache
    }

    #[cfg(test)]
    pub(super) fn remembered(&self) -> u64 {
        self.cache.len()
    }

    /// Everything that does not depend on the route: requests on different routes share the answer.
    fn verify_with<'t>(
        &self,
        keys: &[Arc<VerificationKey>],
        algorithm: Algorithm,
        jws: Jws<'t>,
        now: Timestamp,
    ) -> Result<Arc<Verified>, Refused<'t>> {
        let claims = jws.claims.members();
        let tenant = self.tenant(&jws.claims)?;
        let mut keys = keys.iter().filter(|key| self.takes_key(key, claims)).peekable();
        keys.peek().ok_or(Error::KeyUnsuitable)?;
        if !keys.any(|key| key.verify(algorithm, jws.signing_input, &jws.signature)) {
            let unsigned = Some(Box::new(jws));
            return Err(Refused { unsigned, ..Error::SignatureInvalid.into() });
        }
        let validity = Validity::read(claims, &self.times, now)?;
        self.check_audience(claims, &Admission::default())?;
        match self.read_names(&jws.claims) {
            Ok((names, roles)) => {
                let issuer = Arc::clone(&self.spec.name);
                Ok(Arc::new(Verified { issuer, tenant, names, roles, claims: jws.claims, validity }))
            }
            Err(error) => Err(Refused { after_audience: Some(jws.claims), ..error.into() }),
        }
    }

    /// Where the tenant stands that the token names, where the issuer has tenants.
    fn tenant(&self, claims: &Document) -> Result<Option<Span>, Error> {
        let Some(tenants) = &self.spec.tenants else { return Ok(None) };
        let iss = claims.members().get("iss").and_then(Json::as_str);
        let tenant = iss.and_then(|iss| claims.place(tenants.of(iss)?));
        tenant.map(Some).ok_or(Error::IssuerUnknown)
    }

    /// A key that is of one tenant alone signs for no other.
    fn takes_key(&self, key: &VerificationKey, claims: Object<'_>) -> bool {
        let (Some(tenants), Some(own)) = (&self.spec.tenants, key.issuer()) else { return true };
        claims.get("iss").and_then(Json::as_str).is_some_and(|iss| tenants.admit_key(own, iss))
    }

    /// One audience must be the issuer's, and where the route narrows them, one the route's.
    fn check_audience(&self, claims: Object<'_>, admission: &Admission) -> Result<(), Error> {
        let named = |names: &[String], audience: &str| names.iter().any(|name| name == audience);
        audience::check(claims, |audience| named(&self.spec.audiences, audience))?;
        match &admission.audiences {
            None => Ok(()),
            Some(narrowed) => audience::check(claims, |audience| named(narrowed, audience)),
        }
    }

    /// Claims of a wrong type, required claims, and a sender binding; then roles and scopes, one behind the other, and
    /// how many of them are roles.
    fn read_names(&self, document: &Document) -> Result<(Box<[Word]>, usize), Error> {
        let claims = document.members();
        // before the required ones, to which `null` would be absent
        for name in STRINGS {
            if claims.get(name).is_some_and(|value| !value.is_string()) {
                return Err(Error::ClaimMalformed(Cow::Borrowed(name)));
            }
        }
        for path in &self.spec.required_claims {
            path.find(claims).ok_or_else(|| Error::ClaimMissing(Cow::Owned(path.to_string())))?;
        }
        let mut names = Vec::with_capacity(SOME_NAMES);
        self.spec.roles.names(document, &mut names)?;
        let roles = names.len();
        self.scopes(document, &mut names)?;
        // RFC 7800 §3.1: whoever cannot verify the binding must not take the token for one without; `null` is none that
        // could be verified either
        if claims.contains_key("cnf") {
            return Err(Error::BindingInvalid);
        }
        Ok((names.into(), roles))
    }

    /// A string is a list separated by spaces (RFC 8693 §4.2), an array is a list already.
    fn scopes(&self, claims: &Document, into: &mut Vec<Word>) -> Result<(), Error> {
        let present = self.scopes.iter().find_map(|path| Some((path, path.find(claims.members())?)));
        match present {
            None => Ok(()),
            Some((path, Json::String(scopes))) => {
                let mut scopes = scopes.split(is_space).filter(|scope| !scope.is_empty());
                scopes.try_for_each(|scope| path.name(claims, scope, into))
            }
            Some((path, _)) => path.names(claims, into),
        }
    }
}

/// The keys that a token is tried with, and the generation that they are of.
struct Chosen {
    generation: u64,
    keys: Vec<Arc<VerificationKey>>,
}

/// A refused token, before the route has had its say.
struct Refused<'t> {
    error: Error,
    /// The token, where none of the keys has made its signature.
    unsigned: Option<Box<Jws<'t>>>,
    /// The claims, where only a check that comes after the audience's failed.
    after_audience: Option<Document>,
}

impl<'t> Refused<'t> {
    /// The same for this token, which another request has had refused.
    fn of(Refusal { error, at }: Refusal, jws: Jws<'t>) -> Self {
        match at {
            Stage::Signature => Self { unsigned: Some(Box::new(jws)), ..error.into() },
            Stage::AfterAudience => Self { after_audience: Some(jws.claims), ..error.into() },
            Stage::Other => error.into(),
        }
    }

    /// The same for other requests that have this token.
    fn shared(&self) -> Refusal {
        let at = match (&self.unsigned, &self.after_audience) {
            (Some(_), _) => Stage::Signature,
            (None, Some(_)) => Stage::AfterAudience,
            (None, None) => Stage::Other,
        };
        Refusal { error: self.error.clone(), at }
    }

    /// The first check that fails for a request on this route.
    fn on(self, issuer: &Issuer, admission: &Admission) -> Error {
        let audience = self.after_audience.as_ref();
        let audience = audience.map(|claims| issuer.check_audience(claims.members(), admission));
        audience.and_then(Result::err).unwrap_or(self.error)
    }
}

impl From<Error> for Refused<'_> {
    fn from(error: Error) -> Self {
        Self { error, unsigned: None, after_audience: None }
    }
}

/// What stands between scopes. A function where a character would do: scopes are short, and going through one takes less
/// than setting up a search.
fn is_space(character: char) -> bool {
    character == ' '
}

/// Room for roles and scopes as most tokens have them, before it is cut to what they are.
const SOME_NAMES: usize = 16;

/// Claims that are strings wherever they are (RFC 7519 §4.1.2 and §4.1.7); `null` is none.
const STRINGS: [&str; 2] = ["sub", "jti"];
