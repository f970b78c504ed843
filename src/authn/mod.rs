//! AUTHENTICATE: whose request is it?
//!
//! Given where a token may be ([`Credentials`]), the head of a request and the time; hands on a [`Principal`], which
//! says that a token passed every check of its issuer, or the first check that failed. Depends on keys ([`keys`]) and on
//! nothing of the request but its token. The journey of a token through these files:
//! `credential → authenticator → jws (json) → issuer → keys → validity, audience → cache → principal`.

mod admission;
mod algorithm;
mod audience;
mod authenticator;
mod cache;
mod claims;
mod credential;
mod digest;
mod error;
mod flight;
mod inspection;
mod issuer;
pub mod json;
mod jws;
pub mod keys;
mod names;
mod principal;
mod recent;
mod tenant;
mod token_type;
mod validity;

pub use admission::Admission;
pub use algorithm::{Algorithm, Algorithms, Family};
pub use authenticator::Authenticator;
pub use claims::{ClaimPath, ClaimPathError};
pub use credential::{
    BearerToken, CookieName, Credential, CredentialError, Credentials, ParameterName, Place, SentToken,
};
pub use error::{Error, Failure, Unauthenticated};
pub use inspection::Inspection;
pub use issuer::{Issuer, IssuerSpec};
pub use jws::TokenLimits;
pub use names::Names;
pub use principal::Principal;
pub use tenant::{Tenants, TenantsError};
pub use token_type::{TokenTypes, TokenTypesError};

/// Does what would take the first token, and the first TLS handshake, some 50 ms longer: seeds the random generator.
pub fn prepare() {
    digest::prepare();
}

#[cfg(test)]
#[expect(
    clippy::string_slice,
    clippy::too_many_lines,
    clippy::format_collect,
    clippy::needless_pass_by_value,
    reason = "long tables of ASCII texts, made of literals"
)]
mod tests;
