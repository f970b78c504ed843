//! Whole tokens against whole issuers.

mod attacks;
mod caching;
mod differential;
mod examples;

mod fixture;
mod key_sets;
mod vectors;
