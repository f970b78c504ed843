//! AUTHENTICATE: whose request is it?
mod claims;
pub mod keys;
mod principal;
pub use claims::ClaimPath;
pub use principal::Principal;
