//! upstream.
mod guard;
mod identity;
pub use guard::{Guard, NamePattern, NamePatternError, Override, OverrideError};
pub use identity::{
    Format, Identity, IdentityName, IdentityNameError, IdentityValue, IdentityValueError, Unsendable,
};
