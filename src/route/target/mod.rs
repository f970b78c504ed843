//! The request target in its one canonical form.
//!
//! Given is the head of a request as hyper parsed it: a fragment is already gone, the rest may hold anything.
//! Handed on is method, host and path for matching, and the same path with its query for sending. Refused, as
//! [`Ambiguous`], is a target that a server behind the gateway could take for another one, and a request that
//! does not say once and for all which host it is for (RFC 9112 §3.2, RFC 9113 §8.3.1).
//!
//! What is matched is what is sent: nothing but [`Target::path_and_query`] may go upstream.

use http::header::HOST;
use http::request::Parts;
use http::uri::{PathAndQuery, Scheme};
use http::{Method, Version};

use super::authority::Authority;
use super::canonical;

/// What a request asks for. The path that is matched is the path that is sent.
#[derive(Debug, Clone)]
pub struct Target {
    method: Method,
    host: Option<String>,
    /// The canonical path, and the query as it came. Shares the request's buffer where the path came canonical.
    path_and_query: PathAndQuery,
}

impl Target {
    /// The target of a request, or why it could be taken for another.
    pub fn parse(request: &Parts) -> Result<Self, Ambiguous> {
        if request.method == Method::CONNECT {
            return Err(Ambiguous("request for a tunnel"));
        }
        let host = host(request)?;
        let path_and_query = path_and_query(request)?;
        Ok(Self { method: request.method.clone(), host, path_and_query })
    }

    /// The method of the request.
    pub fn method(&self) -> &Method {
        &self.method
    }

    /// The host in lower case, without port and final dot; absent only in HTTP/1.0.
    pub fn host(&self) -> Option<&str> {
        self.host.as_deref()
    }

    /// The canonical path: it starts with `/`, or is the `*` of an OPTIONS request.
    pub fn path(&self) -> &str {
        self.path_and_query.path()
    }

    /// The query as it came, without the question mark.
    pub fn query(&self) -> Option<&str> {
        self.path_and_query.query()
    }

    /// What is sent upstream: the canonical path and the query as it came.
    pub fn path_and_query(&self) -> &PathAndQuery {
        &self.path_and_query
    }
}

/// A request target that can be read in more than one way; says which part of it, in words of ours only.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("ambiguous request target: {0}")]
pub struct Ambiguous(pub(super) &'static str);

impl Ambiguous {
    /// What is ambiguous, for the log.
    pub fn why(self) -> &'static str {
        self.0
    }
}

fn host(request: &Parts) -> Result<Option<String>, Ambiguous> {
    let mut headers = request.headers.get_all(HOST).iter();
    let named = headers.next().map(|host| Authority::parse(host.as_bytes())).transpose()?;
    if headers.next().is_some() {
        return Err(Ambiguous("several Host headers"));
    }
    // RFC 9112 §3.2: HTTP/1.1 has a Host header, whatever the form of its target; only HTTP/1.0 goes without.
    let may_be_absent = request.version < Version::HTTP_11;
    let Some(authority) = request.uri.authority() else {
        return match named {
            None if !may_be_absent => Err(Ambiguous("no Host header")),
            None => Ok(None),
            Some(named) => Ok(Some(named.host)),
        };
    };
    let default_port = default_port(request.uri.scheme())?;
    let authority = Authority::parse(authority.as_str().as_bytes())?;
    match named {
        None if request.version == Version::HTTP_11 => Err(Ambiguous("no Host header")),
        Some(named) if !named.is_same(&authority, default_port) => {
            Err(Ambiguous("authority is not the Host"))
        }
        None | Some(_) => Ok(Some(authority.host)),
    }
}

fn default_port(scheme: Option<&Scheme>) -> Result<u16, Ambiguous> {
    match scheme {
        Some(scheme) if *scheme == Scheme::HTTP => Ok(80),
        Some(scheme) if *scheme == Scheme::HTTPS => Ok(443),
        Some(_) => Err(Ambiguous("scheme is neither http nor https")),
        // The authority-form is for CONNECT alone (RFC 9112 §3.2.3).
        None => Err(Ambiguous("authority without a scheme")),
    }
}

fn path_and_query(request: &Parts) -> Result<PathAndQuery, Ambiguous> {
    let given = request.uri.path_and_query().ok_or(Ambiguous("no path"))?;
    if given.as_str() == "*" {
        return match request.method {
            Method::OPTIONS => Ok(given.clone()),
            _ => Err(Ambiguous("asterisk without OPTIONS")),
        };
    }
    let path = canonical::canonicalise(given.path())?;
    // `http://host?query` has the path `/`, but the text `?query`, which must not be sent like that.
    if path == given.path() && given.as_str().starts_with('/') {
        return Ok(given.clone());
    }
    let mut text = path.into_owned();
    if let Some(query) = given.query() {
        text.push('?');
        text.push_str(query);
    }
    PathAndQuery::try_from(text).map_err(|_| Ambiguous("path too long once it is percent-encoded"))
}

#[cfg(test)]
mod tests;
