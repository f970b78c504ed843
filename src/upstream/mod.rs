//! FORWARD: send it on, bring the answer back.
//!
//! Given a `Permit` it hands on the identity headers that go with it ([`Identified`]), or refuses what cannot be sent as
//! the route's identity rules ask; given these and a request, the upstream's answer, streamed. It refuses to pass on an
//! answer whose end nobody could tell. What must stay true:
//! nothing is sent without a permit, and what is sent is built anew in one place, `outbound`.

mod answer;
mod bell;
mod client;
mod connection;
mod connector;
mod endpoint;
mod error;
mod forwarded;
mod guard;
mod hop_by_hop;
mod identified;
mod identity;
mod outbound;
mod pool;
mod request;
mod upgrade;

pub use endpoint::{Endpoint, EndpointError};
pub use error::{Error, Unavailable};
pub use guard::{Guard, NamePattern, NamePatternError, Override, OverrideError, Watched};
pub use identified::{Identified, Unidentified};
pub use identity::{
    Format, Identity, IdentityName, IdentityNameError, IdentityValue, IdentityValueError, Unsendable,
};
pub use request::Malformed;

use std::fmt;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};
use std::time::{Duration, Instant};

use http::{HeaderMap, HeaderName, HeaderValue, Response, StatusCode, Version};
use hyper::body::Incoming;
use prometheus::Histogram;

use crate::authn::Credentials;
use crate::authz::Permit;
use crate::body::Body;
use crate::listener::{Drain, Peer};
use crate::route::{Captures, Target};
use crate::telemetry::{BodySize, Held};
use client::Client;
use hop_by_hop::ConnectionOptions;
use outbound::Outbound;
use request::RequestBody;
use upgrade::Upgrade;

/// One `upstreams` entry.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UpstreamSpec {
    /// The name in the configuration.
    pub name: Arc<str>,
    /// Where it is; at least one.
    pub endpoints: Vec<Endpoint>,
    /// For name resolution, TCP and TLS of one attempt.
    pub connect_timeout: Duration,
    /// From the request sent, or the last piece of its body, to the head of the answer.
    pub response_timeout: Duration,
    /// The authorities of its certificates, in place of the system's.
    pub ca: Option<PathBuf>,
    /// The name in its certificates, in place of the endpoint's host.
    pub server_name: Option<String>,
}

/// A service behind the gateway, with its connections. Shared by the routes that lead to it.
pub struct Upstream {
    spec: UpstreamSpec,
    /// The digest of the authorities' file.
    authorities: Option<[u8; 32]>,
    client: Client,
}

impl Upstream {
    /// Reads the authorities and opens nothing. `duration` is the upstream's histogram.
    pub fn new(spec: UpstreamSpec, duration: impl Into<Held<Histogram>>) -> Result<Self, UpstreamError> {
        if spec.endpoints.is_empty() {
            return Err(UpstreamError::NoEndpoint);
        }
        // First: a file that changes in between is then taken for another the next time, not for the same.
        let authorities = spec.ca.as_deref().map(connector::digest_of).transpose()?;
        let client = Client::new(&spec, duration.into())?;
        Ok(Self { spec, authorities, client })
    }

    /// What is wrong with each of the settings of `tls` by itself, for whoever reports all mistakes at once.
    pub fn tls_errors(ca: Option<&Path>, server_name: Option<&str>) -> Vec<UpstreamError> {
        let ca = ca.and_then(|path| connector::authorities(path).err());
        let name = server_name.filter(|name| connector::server_name(name).is_none());
        ca.into_iter().chain(name.map(|_| UpstreamError::ServerName)).collect()
    }

    /// Whether it would be the same if it were made now; reads the authorities.
    pub fn is_made_from(&self, spec: &UpstreamSpec) -> bool {
        let authorities = || spec.ca.as_deref().map(connector::digest_of).transpose();
        self.spec == *spec && authorities().is_ok_and(|authorities| authorities == self.authorities)
    }

    /// What it was made from.
    pub fn spec(&self) -> &UpstreamSpec {
        &self.spec
    }
}

impl fmt::Debug for Upstream {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Upstream").field("spec", &self.spec).finish_non_exhaustive()
    }
}

/// Why an upstream cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum UpstreamError {
    /// Nowhere to send requests.
    #[error("no endpoint; give at least one, as in http://127.0.0.1:3000")]
    NoEndpoint,
    /// TLS settings for endpoints that do not speak it: somebody believes that the connection is encrypted.
    #[error("tls is set but no endpoint is https; write https:// or remove tls")]
    TlsUnused,
    /// The authorities cannot be read.
    #[error("cannot read {}", path.display())]
    CaUnreadable {
        /// The file.
        path: PathBuf,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// The authorities are none.
    #[error("{}: {problem}", path.display())]
    CaUnusable {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        problem: &'static str,
    },
    /// The name is none.
    #[error("the server name is not a name or an address; write it as in orders.internal")]
    ServerName,
    /// The TLS library refuses.
    #[error("TLS cannot be set up")]
    Tls(#[source] Box<dyn std::error::Error + Send + Sync>),
}

/// One route's way to its upstream: where to send, and which headers to set and to remove.
#[derive(Debug, Clone)]
pub struct Forward {
    upstream: Arc<Upstream>,
    identity: Arc<Identity>,
    guard: Arc<Guard>,
    credentials: Arc<Credentials>,
    watched: Arc<Watched>,
    rehearsed: Arc<Watched>,
}

/// A request that may be sent on, with what is known of it.
#[derive(Debug)]
pub struct Inbound<'a> {
    /// The head as the client sent it.
    pub head: &'a mut http::request::Parts,
    /// The body, unread; `None` is an empty one.
    pub body: Option<Incoming>,
    /// What was matched, and is sent.
    pub target: &'a Target,
    /// Who sent it.
    pub peer: &'a Peer,
    /// Its id, the client's or ours.
    pub request_id: &'a HeaderValue,
    /// Its place in a trace, the client's or ours.
    pub traceparent: &'a HeaderValue,
    /// Grows by every byte of the body that is sent on.
    pub received: &'a BodySize,
    /// Counts what outlives the answer.
    pub drain: &'a Drain,
    /// The time as it was read last: when it is sent on.
    pub started: Instant,
}

impl Forward {
    /// To this upstream under these rules; `credentials` is where the route looks for a token.
    pub fn new(
        upstream: Arc<Upstream>,
        identity: Arc<Identity>,
        guard: Arc<Guard>,
        credentials: Arc<Credentials>,
    ) -> Self {
        let (watched, rehearsed) = (Arc::default(), Arc::default());
        Self { upstream, identity, guard, credentials, watched, rehearsed }
    }

    /// The same for a route whose conditions look at these headers.
    #[must_use]
    pub fn watching(self, watched: Watched) -> Self {
        Self { watched: Arc::new(watched), ..self }
    }

    /// The same for a route whose candidate looks at these headers. They are sent on in every spelling: it decides nothing.
    #[must_use]
    pub fn rehearsing(self, rehearsed: Watched) -> Self {
        Self { rehearsed: Arc::new(rehearsed), ..self }
    }

    /// Where the route looks for a token.
    pub fn credentials(&self) -> &Credentials {
        &self.credentials
    }

    /// The upstream.
    pub fn upstream(&self) -> &Arc<Upstream> {
        &self.upstream
    }

    /// The upstream's name in the configuration.
    pub fn upstream_name(&self) -> &Arc<str> {
        &self.upstream.spec.name
    }

    /// The rules of what the upstream is told.
    pub fn identity(&self) -> &Identity {
        &self.identity
    }

    /// Whether a header is none of a condition's business, whoever sends it: a credential, a forwarding header, one that
    /// carries identity on any route, or one that this route removes.
    pub fn hides(&self, name: &HeaderName) -> bool {
        outbound::is_sensitive(name) || self.guard.removes(name) || self.identity.removes(name)
    }

    /// Which headers of a request its conditions do not see: those that are none of their business, and those that
    /// will not be sent, so that no condition is met by what the upstream does not get.
    pub fn hidden<'a>(&'a self, headers: &'a HeaderMap) -> impl Fn(&HeaderName) -> bool + Sync + 'a {
        self.hidden_beside(&self.watched, headers)
    }

    /// Which headers of a request its candidate does not see: those that it would not see in place of the conditions that
    /// decide, so that what is counted of it is what it would decide.
    pub fn hidden_from_candidate<'a>(
        &'a self,
        headers: &'a HeaderMap,
    ) -> impl Fn(&HeaderName) -> bool + Sync + 'a {
        self.hidden_beside(&self.rehearsed, headers)
    }

    fn hidden_beside<'a>(
        &'a self,
        watched: &'a Watched,
        headers: &'a HeaderMap,
    ) -> impl Fn(&HeaderName) -> bool + Sync + 'a {
        let options = OnceLock::new();
        move |name| {
            let options = options.get_or_init(|| ConnectionOptions::parse(headers));
            self.hides(name) || watched.removes(name) || outbound::is_withheld(name, options.as_ref())
        }
    }

    /// What the upstream is told of the caller; refuses who cannot be named as the route's rules ask.
    pub fn identify(&self, permit: Permit, captures: &Captures) -> Result<Identified, Unidentified> {
        Identified::new(&self.identity, permit, captures)
    }

    /// Sends the request and hands on the head of the answer, and when it came; its body streams. The permit is used up.
    pub async fn send(
        &self,
        caller: Identified,
        request: Inbound<'_>,
    ) -> Result<(Response<Body>, Instant), Error> {
        let Inbound { head, body, target, peer, request_id, traceparent, received, drain, started } = request;
        let body = RequestBody::new(body, &self.guard, &self.identity, &self.watched, received);
        let upgrade = Upgrade::requested(head, &body);
        let outbound = Outbound {
            inbound: head,
            target,
            peer,
            request_id,
            traceparent,
            caller: &caller,
            identity: &self.identity,
            guard: &self.guard,
            watched: &self.watched,
            credentials: &self.credentials,
            endpoint: self.upstream.spec.endpoints.first(),
            upgrade: upgrade.is_some(),
        };
        let repeatable = matches!(body, RequestBody::Empty) && head.method.is_idempotent();
        let outgoing = outbound.request(body)?;
        let again = repeatable.then_some(|| outbound.request(RequestBody::Empty));
        let (answer, at) = self.upstream.client.send(outgoing, again, started).await?;
        Ok((answer_for_client(answer, upgrade, drain).map_err(Unavailable::Answer)?, at))
    }
}

fn answer_for_client(
    mut answer: Response<Body>,
    upgrade: Option<Upgrade>,
    drain: &Drain,
) -> Result<Response<Body>, &'static str> {
    let switches = answer.status() == StatusCode::SWITCHING_PROTOCOLS;
    if switches {
        upgrade.ok_or("switch of protocols that was not asked for")?.splice(&mut answer, drain)?;
    }
    let (mut head, body) = answer.into_parts();
    hop_by_hop::strip_answer(&mut head.headers)?;
    if switches {
        upgrade::set(&mut head.headers);
    }
    let mut answer = Response::new(body);
    *answer.status_mut() = head.status;
    // The client's connection has its own version; an upstream of HTTP/1.0 must not make ours one.
    *answer.version_mut() = Version::HTTP_11;
    *answer.headers_mut() = head.headers;
    Ok(answer)
}

#[cfg(test)]
mod tests;
