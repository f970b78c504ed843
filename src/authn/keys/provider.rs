//! One question to an issuer, "what are your keys?", from the configuration to a parsed set.
//!
//! Given a source and what the issuer said last, it hands on a new key set or the news that the old one stands. It
//! remembers where the keys are and which bytes it has parsed, so that discovery is asked seldom and an unchanged
//! document is never parsed again. A `jwks_uri` that fails or grows old, a request whose key is not there and an operator
//! send it back to discovery; a new place is believed only once a good set came from there.

use std::sync::Arc;
use std::time::{Duration, Instant};

use aws_lc_rs::digest::{SHA256, digest};
use http::HeaderValue;

use super::discovery::{self, DiscoveryError};
use super::fetch::{Answer, FetchError, Fetcher, Revalidation};
use super::fetches::Cause;
use super::location::{Location, LocationError};
use super::set::{KeySet, KeySetError, Origin};
use crate::authn::Algorithms;

/// The issuer at the other end.
#[derive(Debug)]
pub(super) struct Provider {
    fetcher: Fetcher,
    /// Whose keys it is asked for.
    issuer: Arc<str>,
    /// What a key must serve for one of these, or the set is none.
    algorithms: Algorithms,
    discovery: Option<Discovery>,
    /// Where the keys are, once that is known.
    place: Option<Location>,
    /// The last good document.
    seen: Option<Seen>,
    failed: bool,
}

#[derive(Debug)]
struct Discovery {
    document: Location,
    allow_http: bool,
    /// For how long the document's word is taken.
    good_for: Duration,
    asked: Option<Instant>,
    /// Why it did not answer, as the log has it.
    failure: Option<String>,
}

#[derive(Debug)]
struct Seen {
    place: Location,
    digest: [u8; 32],
    etag: Option<HeaderValue>,
    lifetime: Option<Duration>,
}

impl Provider {
    /// The issuer whose keys are at this place.
    pub(super) fn at(place: Location, issuer: &str, fetcher: Fetcher, algorithms: &Algorithms) -> Self {
        Self {
            issuer: issuer.into(),
            fetcher: fetcher.at_home(place.clone()),
            algorithms: algorithms.clone(),
            discovery: None,
            place: Some(place),
            seen: None,
            failed: false,
        }
    }

    /// The issuer that says itself where its keys are; its word is taken for `good_for`.
    pub(super) fn discovered(
        issuer: &str,
        fetcher: Fetcher,
        algorithms: &Algorithms,
        allow_http: bool,
        good_for: Duration,
    ) -> Result<Self, LocationError> {
        let document = discovery::document_location(issuer, allow_http)?;
        let discovery =
            Discovery { document: document.clone(), allow_http, good_for, asked: None, failure: None };
        Ok(Self {
            issuer: issuer.into(),
            fetcher: fetcher.at_home(document),
            algorithms: algorithms.clone(),
            discovery: Some(discovery),
            place: None,
            seen: None,
            failed: false,
        })
    }

    /// Where its keys come from, as configured: the document's or the key set's URL.
    pub(super) fn source(&self) -> String {
        let place = self.discovery.as_ref().map(|discovery| &discovery.document).or(self.place.as_ref());
        place.map(ToString::to_string).unwrap_or_default()
    }

    /// Whether a set from it could be taken.
    pub(super) fn takes(&self, set: &KeySet) -> bool {
        set.serves(&self.algorithms)
    }

    /// Asks for its keys. Who misses a key or knows of a change is not answered by a cache on the way, an `ETag` or an
    /// old discovery document; discovery gets `patience`, where a request may be waiting for it.
    pub(super) async fn ask(&mut self, cause: Cause, patience: Duration) -> Result<Obtained, ProviderError> {
        let obtained = match cause {
            Cause::Scheduled => self.ask_where_they_are(false).await,
            Cause::Demanded | Cause::Doubted => match self.ask_where_they_are(true).await {
                // A flood of invented keys must not double what the issuer is asked.
                Ok(Obtained::Unchanged { lifetime }) if self.was_discovered_before(patience * SLOTS) => {
                    let moved = tokio::time::timeout(patience, self.ask_if_moved()).await.ok().flatten();
                    Ok(moved.unwrap_or(Obtained::Unchanged { lifetime }))
                }
                obtained => obtained,
            },
            Cause::Forced => match self.ask_if_moved().await {
                Some(moved) => Ok(moved),
                None => self.ask_where_they_are(true).await,
            },
        };
        self.failed = obtained.is_err();
        obtained
    }

    fn was_discovered_before(&self, age: Duration) -> bool {
        let asked = self.discovery.as_ref().and_then(|discovery| discovery.asked);
        asked.is_some_and(|asked| asked.elapsed() >= age)
    }

    /// The keys of a new place, if discovery names one that has good ones. May be dropped half done.
    async fn ask_if_moved(&mut self) -> Option<Obtained> {
        let known = self.place.clone().filter(|_| self.discovery.is_some())?;
        let asked = self.ask_elsewhere(&known, true).await;
        self.note(asked)
    }

    /// Says once that discovery fails while the known place answers: it is no failed fetch, and must not go unseen.
    fn note(&mut self, asked: Result<Option<Obtained>, ProviderError>) -> Option<Obtained> {
        let failure = asked.as_ref().err().map(|error| super::report::chain(error));
        if let Some(discovery) = &mut self.discovery
            && discovery.failure != failure
        {
            if let Some(error) = &failure {
                tracing::warn!(
                    issuer = &*self.issuer,
                    error,
                    "Discovery failed, the known place of the keys stands"
                );
            }
            discovery.failure = failure;
        }
        asked.ok().flatten()
    }

    /// Asks again where the keys are, where that is due. Hands on the keys of a new place, if they are good. May be
    /// dropped half done.
    pub(super) async fn look_elsewhere(&mut self) -> Option<Obtained> {
        let due = self.discovery.as_ref().is_some_and(Discovery::is_due);
        let known = self.place.clone().filter(|_| due)?;
        let asked = self.ask_elsewhere(&known, false).await;
        self.note(asked)
    }

    async fn ask_where_they_are(&mut self, end_to_end: bool) -> Result<Obtained, ProviderError> {
        let Some(place) = self.place.clone() else {
            let place = self.discover().await?;
            let obtained = self.ask_at(&place, end_to_end).await?;
            self.place = Some(place);
            return Ok(obtained);
        };
        let obtained = self.ask_at(&place, end_to_end).await;
        match obtained {
            // The document may name another place by now. Asked once: an issuer that is down has troubles enough.
            Err(error) if self.discovery.is_some() && !self.failed => {
                self.ask_elsewhere(&place, end_to_end).await.ok().flatten().ok_or(error)
            }
            Ok(_) | Err(_) => obtained,
        }
    }

    /// The keys of the place that the discovery document names now; none if that is the known one.
    async fn ask_elsewhere(
        &mut self,
        known: &Location,
        end_to_end: bool,
    ) -> Result<Option<Obtained>, ProviderError> {
        let place = self.discover().await?;
        if place == *known {
            return Ok(None);
        }
        let obtained = self.ask_at(&place, end_to_end).await?;
        tracing::info!(%place, "The issuer's keys have moved");
        self.place = Some(place);
        Ok(Some(obtained))
    }

    async fn discover(&mut self) -> Result<Location, ProviderError> {
        let Some(discovery) = &mut self.discovery else { return Err(ProviderError::Nowhere) };
        discovery.asked = Some(Instant::now());
        let failed = |source| ProviderError::Fetch {
            what: "discovery document",
            from: discovery.document.clone(),
            source,
        };
        match self.fetcher.get(&discovery.document, Revalidation::None).await.map_err(failed)? {
            Answer::Document { body, .. } => {
                Ok(discovery::jwks_uri(&body, &self.issuer, &discovery.document, discovery.allow_http)?)
            }
            Answer::Unmodified { .. } => Err(ProviderError::Nowhere),
        }
    }

    async fn ask_at(&mut self, place: &Location, end_to_end: bool) -> Result<Obtained, ProviderError> {
        let seen = self.seen.as_ref().filter(|seen| seen.place == *place);
        let how = match seen.and_then(|seen| seen.etag.as_ref()) {
            _ if end_to_end => Revalidation::EndToEnd,
            Some(etag) => Revalidation::IfNoneMatch(etag),
            None => Revalidation::None,
        };
        let failed = |source| ProviderError::Fetch { what: "key set", from: place.clone(), source };
        let (body, etag, lifetime) = match self.fetcher.get(place, how).await.map_err(failed)? {
            Answer::Document { body, etag, lifetime } => (body, etag, lifetime),
            // What a 304 does not repeat still holds (RFC 9111 §4.3.4).
            Answer::Unmodified { lifetime } => {
                let lifetime = lifetime.or(seen.and_then(|seen| seen.lifetime));
                return Ok(Obtained::Unchanged { lifetime });
            }
        };
        let mut sum = [0; 32];
        sum.copy_from_slice(digest(&SHA256, &body).as_ref());
        let unchanged = self.seen.as_ref().is_some_and(|seen| seen.digest == sum);
        let obtained = if unchanged {
            Obtained::Unchanged { lifetime }
        } else {
            let (set, document) = parse(body, Arc::clone(&self.issuer), self.algorithms.clone()).await?;
            Obtained::Changed { set: Arc::new(set), document, lifetime }
        };
        self.seen = Some(Seen { place: place.clone(), digest: sum, etag, lifetime });
        Ok(obtained)
    }
}

impl Discovery {
    fn is_due(&self) -> bool {
        self.asked.is_none_or(|asked| asked.elapsed() >= self.good_for)
    }
}

/// What the issuer said.
#[derive(Debug)]
pub(super) enum Obtained {
    /// A good set that differs from the last; with the bytes it was parsed from.
    Changed { set: Arc<KeySet>, document: Vec<u8>, lifetime: Option<Duration> },
    /// The last set stands.
    Unchanged { lifetime: Option<Duration> },
}

/// Why there are no keys.
#[derive(Debug, thiserror::Error)]
pub(super) enum ProviderError {
    #[error("the {what} at {from} could not be had")]
    Fetch {
        what: &'static str,
        from: Location,
        #[source]
        source: FetchError,
    },
    #[error("discovery does not say where the keys are")]
    Discovery(#[from] DiscoveryError),
    #[error("the issuer's answer is no good key set")]
    KeySet(#[source] KeySetError),
    #[error("the key set could not be parsed")]
    Parser,
    #[error("where the keys are is not known")]
    Nowhere,
}

impl ProviderError {
    /// How long the issuer wants to be left alone, where it says so.
    pub(super) fn retry_after(&self) -> Option<Duration> {
        match self {
            Self::Fetch { source: FetchError::Status { retry_after, .. }, .. } => *retry_after,
            Self::Fetch { .. } | Self::Discovery(_) | Self::KeySet(_) | Self::Parser | Self::Nowhere => None,
        }
    }
}

/// Who misses a key has discovery asked once in so many of the times that keys may be asked for: every 30 s.
const SLOTS: u32 = 15;

/// Off the threads that carry requests: a set of a hundred keys takes milliseconds to parse and check.
async fn parse(
    document: Vec<u8>,
    issuer: Arc<str>,
    algorithms: Algorithms,
) -> Result<(KeySet, Vec<u8>), ProviderError> {
    let parsed = tokio::task::spawn_blocking(move || {
        let set = KeySet::from_jwks_of(&issuer, &document, Origin::Remote)?;
        if set.serves(&algorithms) { Ok((set, document)) } else { Err(KeySetError::Unsuitable) }
    });
    parsed.await.map_err(|_| ProviderError::Parser)?.map_err(ProviderError::KeySet)
}
