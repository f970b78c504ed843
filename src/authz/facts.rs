//! What conditions may see of a request.

use std::time::SystemTime;

use http::{HeaderMap, HeaderName};

use crate::route::{Captures, Target};

/// The request that a requirement is held against, borrowed as it lies there. Making one costs nothing.
#[derive(Clone, Copy)]
pub struct RequestFacts<'a> {
    /// Its canonical target: the one that was matched, and that is sent.
    pub target: &'a Target,
    /// What the path's placeholders stand for.
    pub captures: &'a Captures,
    /// The headers as the client sent them.
    pub headers: &'a HeaderMap,
    /// Which of them are none of a condition's business, credentials, identity and forwarding headers, or not sent on.
    pub hidden: &'a (dyn Fn(&HeaderName) -> bool + Sync),
    /// The time of the request.
    pub now: SystemTime,
}

#[cfg(test)]
impl RequestFacts<'static> {
    /// A request for `/` on `api.example.com` in 1970, for unit tests that ask nothing of it.
    pub(crate) fn for_test() -> Self {
        use std::sync::LazyLock;
        static TARGET: LazyLock<Target> = LazyLock::new(|| target("GET", "/"));
        static CAPTURES: LazyLock<Captures> = LazyLock::new(Captures::default);
        static HEADERS: LazyLock<HeaderMap> = LazyLock::new(HeaderMap::new);
        Self {
            target: &TARGET,
            captures: &CAPTURES,
            headers: &HEADERS,
            hidden: &|_| false,
            now: SystemTime::UNIX_EPOCH,
        }
    }
}

/// A target on `api.example.com`.
#[cfg(test)]
pub(crate) fn target(method: &str, path: &str) -> Target {
    let request =
        http::Request::builder().method(method).uri(path).header("host", "api.example.com").body(());
    Target::parse(&request.unwrap().into_parts().0).unwrap()
}

/// Without the headers, which may hold secrets.
impl std::fmt::Debug for RequestFacts<'_> {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("RequestFacts").field("target", self.target).finish_non_exhaustive()
    }
}
