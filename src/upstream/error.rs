//! Why a request was not answered by its upstream.

use std::io;

use super::request::Malformed;

/// Why a request did not get an answer from its upstream.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The client's message turned out malformed after its head was accepted: 400 `request_malformed`.
    #[error("request is malformed")]
    RequestMalformed(#[source] Malformed),
    /// The client hung up while it was sending its body: no status, `client_closed`.
    #[error("client is gone")]
    ClientClosed(#[source] Malformed),
    /// The client stopped sending its body: 408 `request_timeout`.
    #[error("client sent nothing more of its body in time")]
    RequestTimedOut,
    /// No endpoint could be reached, or the one that was broke off: 502 `upstream_unavailable`.
    #[error("upstream is unavailable")]
    Unavailable(#[from] Unavailable),
    /// No connection in time, or no answer begun in time to a request that was sent: 504 `upstream_timeout`.
    #[error("upstream did not answer in time")]
    TimedOut,
}

impl From<Malformed> for Error {
    fn from(malformed: Malformed) -> Self {
        if malformed.is_departure() {
            Self::ClientClosed(malformed)
        } else {
            Self::RequestMalformed(malformed)
        }
    }
}

/// What is wrong with an upstream, for the log; addresses in it are not for clients.
#[derive(Debug, thiserror::Error)]
pub enum Unavailable {
    /// No endpoint accepted a connection; the reason is the last one's.
    #[error("cannot connect to {endpoint}")]
    Connect {
        /// The endpoint tried last.
        endpoint: String,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// The connection ended or made no sense before an answer had begun.
    #[error("connection broke before the answer")]
    Broken(#[source] hyper::Error),
    /// An answer that cannot be passed on.
    #[error("answer is unusable: {0}")]
    Answer(&'static str),
}
