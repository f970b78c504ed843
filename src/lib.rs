//! jwtgate: a reverse proxy that lets only verified JSON Web Tokens through to an API.
//!
//! # The life of a request
//!
//! ```text
//! listener ──► route ──► authn ──► authz ──► upstream
//!     Peer      Target    Principal  Permit
//! ```
//!
//! 1. [`listener`] accepts a connection, does TLS, speaks HTTP/1.1 or HTTP/2, and hands each request on with the
//!    [`listener::Peer`] that it came from.
//! 2. [`proxy`] opens the request's record, takes the current [`proxy::Snapshot`], and walks the stages below. It turns
//!    every way to say no into one answer, one status and one reason code.
//! 3. [`route`] brings the request target into its one canonical form ([`route::Target`]) and finds the first rule that
//!    matches.
//! 4. [`authn`] takes the credential and verifies the token: whose request is it? → [`authn::Principal`].
//! 5. [`authz`] holds the rule's requirement against the principal: may they? → [`authz::Permit`].
//! 6. [`upstream`] builds a new request, with the identity as headers, and streams both bodies. It takes a `Permit`, which
//!    only `authz` makes: nothing else reaches an upstream.
//!
//! # Around it
//!
//! - [`config`] compiles the operator's file to settings and a snapshot, or reports every mistake at once; looks for what is
//!   hardly meant, compares two files, describes the file for editors, and reads the tests of its policies.
//! - [`explain`] decides one request with the function that serves, and says what every check asked for and found.
//! - [`app`] wires, binds, serves and drains; [`admin`] answers probes and scrapes; [`cli`] is the commands.
//! - [`field`] (looking a header up), [`socket`] and [`body`] are at the bottom: named by others, they name none.
//!   [`telemetry`] (metrics, access log, trace context) names `field` alone.
//!
//! A stage names only what earlier stages make; `tests/architecture.rs` holds the table. Time is an argument: the clock
//! is read once a request, in [`proxy`].
//!
//! # Terms
//!
//! As RFC 7519 (claim, issuer, audience), RFC 7515 (header, signature), RFC 7517 (key, key set), RFC 6750 (Bearer token,
//! challenge, scope) and RFC 9110 (target, field, upstream as "inbound server") use them. A *policy* is a named
//! *requirement*; a *route* is a rule of the file; an *endpoint* is one address of an upstream.

pub mod field;
pub mod telemetry;
pub mod body;
pub mod socket;
pub mod listener;
pub mod route;
pub mod authn;
pub mod authz;
pub mod upstream;
pub mod proxy;
pub mod explain;
pub mod config;
pub mod admin;
pub mod app;
pub mod cli;
