//! The promises of jwtgate, proved from outside: one file a promise, in the order of a request's journey.
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::string_slice,
    clippy::as_conversions,
    clippy::print_stderr,
    clippy::wildcard_enum_match_arm,
    missing_docs,
    unreachable_pub,
    reason = "a test ends at the first surprise, and is its own document"
)]

mod support;

mod harness;
