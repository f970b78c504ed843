//! AUTHORIZE: may they?
mod permit;
pub use permit::Permit;
