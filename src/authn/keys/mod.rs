//! The keys of an issuer.
