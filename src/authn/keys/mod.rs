//! The keys of an issuer: where they come from, how they are kept fresh, and which of them fit a token.
//!
//! Given a [`KeySource`], [`Keys`] hands each request the keys that its token may be verified with, without waiting
//! while there are any. One task an issuer obtains them; issuers share nothing, so that one that stalls or lies costs
//! the others nothing. It refuses whatever is no good key set and goes on with the last one that was, until its time
//! of trust is up.
//!
//! ```text
//!   source ── what the configuration says            key, jwk, pem, material, ed25519, secret ── one key
//!   engine ── Keys: what requests and operators ask  set ── the keys of one document
//!     ├─ lookup ─── from a token's header to keys, with or without waiting
//!     ├─ store ──── the last good set, ids known to be unknown
//!     ├─ fetches ── where requests and the task meet
//!     ├─ remote ─── the task of a URL: when to fetch (doubt: for a signature), what to make of the answer
//!     │    └─ provider ── discovery ── location, fetch ── trust, freshness: one question to the issuer
//!     ├─ last_known ── keys kept over a restart (custody: who else could have put them there)
//!     ├─ local ──── the task of a file
//!     └─ inherit ── keys that outlive a change of their settings
//! ```
mod custody;
mod discovery;
mod doubt;
mod ed25519;
mod engine;
mod fetch;
mod fetches;
mod freshness;
mod inherit;
mod jwk;
mod key;
mod last_known;
mod local;
mod location;
mod lookup;
mod material;
mod pem;
mod provider;
mod remote;
mod report;
mod secret;
mod set;
mod shared;
mod source;
mod store;
mod task;
mod trust;

pub use custody::{Exposure, exposure};
pub use engine::{Keys, RefreshFailed};
pub use key::{KeyDefect, KeyIdentity, VerificationKey};
pub use location::LocationError;
pub use lookup::KeyFailure;
pub use pem::PemError;
pub use report::printable;
pub use set::{KeyNote, KeySet, KeySetError, MAX_KEYS, MAX_TRIED, Note, Origin, Selection, SkippedKey};
pub use source::{FetchOptions, KeySource, KeySourceError, OnStart, ProxyUrl, SecretSource};
pub use trust::TrustError;

#[cfg(test)]
mod tests;
