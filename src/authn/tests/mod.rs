//! Whole tokens against whole issuers.

mod attacks;
mod caching;

mod fixture;
