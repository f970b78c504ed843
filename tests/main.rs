//! The promises of jwtgate, proved from outside: one file a promise, in the order of a request's journey.
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::string_slice,
    clippy::wildcard_enum_match_arm,
    clippy::float_cmp,
    clippy::format_collect,
    clippy::format_push_string,
    clippy::needless_pass_by_value,
    unreachable_pub,
    reason = "a test ends at the first surprise, and is its own document"
)]

#[macro_use]
mod support;

mod harness;

// The journey of a request.
mod tls;
mod target;
mod path_data;
mod one_path;
mod routes;
mod credential;
mod places;
mod cors;
mod tokens;
mod keys;
mod policy;
mod when;
mod watched;
mod observing;
mod identity;
mod forwarding;
mod bodies;
mod upgrade;
mod upstreams;
mod hostile;

// What operators see and do.
mod admin;
mod access_log;
mod shutdown;
mod reload;
mod workers;
mod check;
mod policy_tests;
mod schema;
mod explain;
mod demo;
mod oidc_provider;

// The house itself.
mod architecture;
