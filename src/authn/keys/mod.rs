//! The keys of an issuer.
mod fixed_stub;
mod jwk;
mod key;
mod material;
mod pem;
mod set;

pub use fixed_stub::{FetchOptions, KeyFailure, KeySource, Keys, SecretSource};
pub use key::{KeyDefect, KeyIdentity, VerificationKey};
pub use pem::PemError;
pub use set::{KeyNote, KeySet, KeySetError, MAX_KEYS, MAX_TRIED, Origin, Selection, SkippedKey};
