//! Whole tokens against whole issuers.

mod attacks;
mod caching;
mod differential;
mod examples;

mod fixture;
mod jose;
mod key_sets;
#[path = "../../../tests/support/left_out.rs"]
#[expect(dead_code, unreachable_pub, reason = "shared with the tests from outside")]
mod left_out;
mod timing;
mod vectors;
