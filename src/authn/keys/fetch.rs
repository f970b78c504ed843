//! The boundary to the network: one GET of one document of an issuer.
//!
//! Given a [`Location`], it hands on the bytes of a 200 or the news of a 304. It refuses plain HTTP away from
//! loopback, redirects, answers over 1 MiB, encoded answers (none is asked for, so there is no bomb to unpack),
//! answers that are not JSON by their own account, and whatever takes longer than it may. Nothing of a token is
//! ever part of what is asked for: a location comes from the configuration or from a discovery document.
//! This is the one file that names reqwest. Each fetch has connections of its own: fetches are minutes apart, and
//! a pooled connection that died in silence would fail every retry.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use http::header::{
    ACCEPT, ACCEPT_ENCODING, AUTHORIZATION, CACHE_CONTROL, CONTENT_ENCODING, CONTENT_TYPE, ETAG,
    IF_NONE_MATCH,
};
use http::{HeaderMap, HeaderValue, StatusCode};
use reqwest::redirect::Policy;
use rustls::ClientConfig;

// The parser of locations is the one that requests are made with: two parsers would disagree about some URL.
pub(super) use reqwest::Url;

use super::freshness;
use super::location::Location;
use super::source::{FetchOptions, ProxyUrl};
use super::trust::{self, TrustError};

/// Fetches the documents of one issuer.
#[derive(Debug)]
pub(super) struct Fetcher {
    tls: Tls,
    proxy: Option<ProxyUrl>,
    bearer_token_file: Option<PathBuf>,
    /// Who the token is for. A discovery document names other places, and its author need not learn the token.
    home: Option<Location>,
    connect_timeout: Duration,
    timeout: Duration,
}

/// Which certificate authorities vouch for the issuer.
#[derive(Debug)]
enum Tls {
    /// The system's, loaded once.
    System(Arc<ClientConfig>),
    /// Those of this file, loaded for each fetch: a private authority is replaced by replacing its file.
    Private(PathBuf),
}

impl Fetcher {
    /// Loads the certificate authorities; fetches nothing.
    pub(super) fn new(options: &FetchOptions) -> Result<Self, TrustError> {
        let tls = match &options.ca {
            Some(path) => {
                trust::private(path)?;
                Tls::Private(path.clone())
            }
            None => Tls::System(Arc::new(trust::system()?)),
        };
        Ok(Self {
            tls,
            proxy: options.proxy.clone(),
            bearer_token_file: options.bearer_token_file.clone(),
            home: None,
            connect_timeout: options.timeout.min(CONNECT_TIMEOUT),
            timeout: options.timeout,
        })
    }

    /// With the place that the operator named: the bearer token is sent to its origin, and to no other.
    pub(super) fn at_home(self, home: Location) -> Self {
        Self { home: Some(home), ..self }
    }

    /// Fetches one document, in the time that one answer may take.
    pub(super) async fn get(&self, from: &Location, how: Revalidation<'_>) -> Result<Answer, FetchError> {
        tokio::time::timeout(self.timeout, self.exchange(from, how))
            .await
            .unwrap_or(Err(FetchError::TimedOut))
    }

    async fn exchange(&self, from: &Location, how: Revalidation<'_>) -> Result<Answer, FetchError> {
        let client = self.client(from)?;
        let mut headers = HeaderMap::new();
        headers.insert(ACCEPT, HeaderValue::from_static("application/json, application/jwk-set+json"));
        headers.insert(ACCEPT_ENCODING, HeaderValue::from_static("identity"));
        match how {
            Revalidation::None => None,
            Revalidation::IfNoneMatch(etag) => headers.insert(IF_NONE_MATCH, etag.clone()),
            Revalidation::EndToEnd => headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-cache")),
        };
        let is_home = self.home.as_ref().is_some_and(|home| home.is_of_the_origin_of(from));
        if let Some(path) = self.bearer_token_file.as_ref().filter(|_| is_home) {
            headers.insert(AUTHORIZATION, bearer(path).await?);
        }
        let response =
            client.get(from.url().clone()).headers(headers).send().await.map_err(FetchError::transport)?;
        let asked_for_news = matches!(how, Revalidation::IfNoneMatch(_));
        match response.status() {
            StatusCode::OK => receive(response).await,
            StatusCode::NOT_MODIFIED if asked_for_news => {
                Ok(Answer::Unmodified { lifetime: freshness::lifetime(response.headers()) })
            }
            status if status.is_redirection() && status != StatusCode::NOT_MODIFIED => {
                Err(FetchError::Redirected(status))
            }
            status => {
                Err(FetchError::Status { status, retry_after: freshness::retry_after(response.headers()) })
            }
        }
    }

    fn client(&self, to: &Location) -> Result<reqwest::Client, FetchError> {
        let tls = match &self.tls {
            Tls::System(config) => ClientConfig::clone(config),
            Tls::Private(path) => trust::private(path).map_err(FetchError::Trust)?,
        };
        let builder = reqwest::Client::builder()
            .tls_backend_preconfigured(tls)
            .redirect(Policy::none())
            .referer(false)
            .connect_timeout(self.connect_timeout)
            .user_agent(concat!("jwtgate/", env!("CARGO_PKG_VERSION")));
        let builder = match &self.proxy {
            _ if to.is_loopback() => builder.no_proxy(),
            Some(proxy) => builder.proxy(reqwest::Proxy::all(proxy.expose()).map_err(FetchError::transport)?),
            None => builder,
        };
        builder.build().map_err(FetchError::transport)
    }
}

/// How what we hold already is brought into the question.
#[derive(Debug, Clone, Copy)]
pub(super) enum Revalidation<'a> {
    /// Not at all.
    None,
    /// "Only if it is no longer this one."
    IfNoneMatch(&'a HeaderValue),
    /// We look for something that is not in what we hold: no cache on the way may answer, nor a stale `ETag`.
    EndToEnd,
}

/// What came back.
#[derive(Debug)]
pub(super) enum Answer {
    /// The document.
    Document { body: Vec<u8>, etag: Option<HeaderValue>, lifetime: Option<Duration> },
    /// What we hold is still right.
    Unmodified { lifetime: Option<Duration> },
}

/// Why there is no answer, or none that could be used.
#[derive(Debug, thiserror::Error)]
pub(super) enum FetchError {
    #[error("the issuer could not be asked")]
    Transport(#[source] reqwest::Error),
    #[error("the issuer did not answer in time")]
    TimedOut,
    #[error("the issuer answered with status {status}")]
    Status { status: StatusCode, retry_after: Option<Duration> },
    #[error("the issuer answered with a redirect ({0}), which is not followed")]
    Redirected(StatusCode),
    #[error("the issuer's answer is larger than 1 MiB")]
    TooLarge,
    #[error("the issuer's answer is encoded, which was not asked for")]
    Encoded,
    #[error("the issuer's answer is not JSON by its content type")]
    ContentType,
    #[error("the certificate authority could not be loaded")]
    Trust(#[source] TrustError),
    #[error("the bearer token file could not be read")]
    Credential(#[source] std::io::Error),
    #[error("the bearer token file holds no token")]
    CredentialMalformed,
}

impl FetchError {
    fn transport(error: reqwest::Error) -> Self {
        // The URL is known to whoever reads the message, and its query may hold an API key.
        if error.is_timeout() { Self::TimedOut } else { Self::Transport(error.without_url()) }
    }
}

async fn receive(mut response: reqwest::Response) -> Result<Answer, FetchError> {
    check_form(response.headers())?;
    if response.content_length().is_some_and(|length| length > ANSWER_LIMIT) {
        return Err(FetchError::TooLarge);
    }
    let lifetime = freshness::lifetime(response.headers());
    let etag = response.headers().get(ETAG).filter(|etag| etag.len() <= ETAG_LIMIT).cloned();
    let mut body = Vec::new();
    while let Some(chunk) = response.chunk().await.map_err(FetchError::transport)? {
        if u64::try_from(body.len().saturating_add(chunk.len())).is_ok_and(|length| length <= ANSWER_LIMIT) {
            body.extend_from_slice(&chunk);
        } else {
            return Err(FetchError::TooLarge);
        }
    }
    Ok(Answer::Document { body, etag, lifetime })
}

/// Key sets are served as JSON, as `application/jwk-set+json` (RFC 7517 §8.5), and, from object stores and code
/// hosts, as plain text or bytes. A page for people (a login form, an error page, a portal) is none of these.
fn check_form(headers: &HeaderMap) -> Result<(), FetchError> {
    if headers
        .get(CONTENT_ENCODING)
        .is_some_and(|coding| !coding.as_bytes().eq_ignore_ascii_case(b"identity"))
    {
        return Err(FetchError::Encoded);
    }
    let Some(content_type) = headers.get(CONTENT_TYPE) else { return Ok(()) };
    let text = content_type.to_str().map_err(|_| FetchError::ContentType)?;
    let essence = text.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    let taken =
        ["application/json", "text/json", "text/plain", "application/octet-stream", "binary/octet-stream"];
    if taken.contains(&essence.as_str()) || essence.ends_with("+json") {
        Ok(())
    } else {
        Err(FetchError::ContentType)
    }
}

async fn bearer(path: &std::path::Path) -> Result<HeaderValue, FetchError> {
    let token =
        zeroize::Zeroizing::new(tokio::fs::read_to_string(path).await.map_err(FetchError::Credential)?);
    let token = token.trim();
    if token.is_empty() || token.len() > BEARER_LIMIT {
        return Err(FetchError::CredentialMalformed);
    }
    let text = zeroize::Zeroizing::new(format!("Bearer {token}"));
    let mut value = HeaderValue::from_str(&text).map_err(|_| FetchError::CredentialMalformed)?;
    value.set_sensitive(true);
    Ok(value)
}

const ANSWER_LIMIT: u64 = 1024 * 1024;
const BEARER_LIMIT: usize = 64 * 1024;
const CONNECT_TIMEOUT: Duration = Duration::from_secs(3);
/// A longer `ETag` is not worth sending back.
const ETAG_LIMIT: usize = 1024;
