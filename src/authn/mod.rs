//! AUTHENTICATE: whose request is it?
mod algorithm;
mod claims;
mod json;
pub mod keys;
mod principal;
pub use algorithm::{Algorithm, Algorithms, Family};
pub use claims::ClaimPath;
pub use json::Defect as JsonDefect;
pub use principal::Principal;
