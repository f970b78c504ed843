//! Why a request was not answered by its upstream.

use std::io;

use super::identity::Unsendable;
use super::request::Malformed;

/// Why a request did not get an answer from its upstream.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// An identity value cannot be sent in its format: 403 `identity_unsendable`.
    #[error("identity cannot be sent")]
    IdentityUnsendable(#[from] Unsendable),
    /// The client's message turned out malformed or broke off after its head was accepted: 400 `request_malformed`.
    #[error("request is malformed")]
    RequestMalformed(#[from] Malformed),
    /// The client stopped sending its body: 408 `request_timeout`.
    #[error("client sent nothing more of its body in time")]
    RequestTimedOut,
    /// No endpoint could be reached, or the one that was broke off: 502 `upstream_unavailable`.
    #[error("upstream is unavailable")]
    Unavailable(#[from] Unavailable),
    /// The upstream got the request and did not begin its answer in time: 504 `upstream_timeout`.
    #[error("upstream did not answer in time")]
    TimedOut,
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
