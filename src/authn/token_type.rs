//! The `typ` of a token (RFC 7515 §4.1.9, RFC 8725 §3.11).
//!
//! A token made for one purpose must not pass for another: a logout token or an ID token is no access token, though
//! the same key signed it. So `typ` is held to a list, and whether it may be missing is said in that list.

use std::fmt;

/// The types that an issuer's tokens may have.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TokenTypes {
    /// In canonical form, sorted, so that equal lists are equal.
    named: Vec<String>,
    absent: bool,
}

impl TokenTypes {
    /// From names like `at+jwt` or `application/at+jwt`; `absent` allows a token without `typ`.
    pub fn parse<N: AsRef<str>>(names: &[N]) -> Result<Self, TokenTypesError> {
        if names.is_empty() {
            return Err(TokenTypesError::None);
        }
        let mut types: Vec<_> =
            names.iter().map(|name| without_prefix(name.as_ref()).to_ascii_lowercase()).collect();
        if types.iter().any(String::is_empty) {
            return Err(TokenTypesError::Empty);
        }
        types.sort();
        types.dedup();
        let absent = types.iter().any(|name| name == ABSENT);
        types.retain(|name| name != ABSENT);
        Ok(Self { named: types, absent })
    }

    /// A `typ` of tokens that may pass: `JWT` where it is one; none where only tokens without one do.
    pub fn usual(&self) -> Option<&str> {
        let jwt = self.named.iter().any(|name| name == "jwt").then_some("JWT");
        jwt.or_else(|| self.named.first().map(String::as_str))
    }

    /// Whether a token of this `typ` may pass.
    pub(super) fn allow(&self, typ: Option<&str>) -> bool {
        // media types compare without case (RFC 2045 §5.1)
        let named = |typ| self.named.iter().any(|name| name.eq_ignore_ascii_case(without_prefix(typ)));
        typ.map_or(self.absent, named)
    }
}

impl fmt::Display for TokenTypes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names: Vec<&str> =
            self.named.iter().map(String::as_str).chain(self.absent.then_some(ABSENT)).collect();
        f.write_str(&names.join(", "))
    }
}

impl Default for TokenTypes {
    fn default() -> Self {
        Self { named: ["at+jwt", "jwt"].map(str::to_owned).into(), absent: true }
    }
}

/// Why a list of types allows nothing; to be read by operators.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum TokenTypesError {
    /// The list is empty.
    #[error("no token type is given, so no token could pass")]
    None,
    /// A type is an empty string.
    #[error("a token type is empty; `absent` stands for tokens without one")]
    Empty,
}

const ABSENT: &str = "absent";

/// Whether this type is that of a JWT; as `cty`, it says that the payload is another token, and no claims (RFC 7519 §5.2
/// and §7.2).
pub(super) fn is_jwt(media_type: &str) -> bool {
    without_prefix(media_type).eq_ignore_ascii_case("jwt")
}

/// `application/` may be left out where no other slash follows.
fn without_prefix(typ: &str) -> &str {
    match typ.split_once('/') {
        Some((prefix, rest)) if prefix.eq_ignore_ascii_case("application") && !rest.contains('/') => rest,
        Some(_) | None => typ,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn types_compare_as_media_types() {
        let types = TokenTypes::default();
        for typ in
            ["JWT", "jwt", "at+jwt", "AT+JWT", "application/at+jwt", "Application/AT+JWT", "application/jwt"]
        {
            assert!(types.allow(Some(typ)), "{typ}");
        }
        for typ in
            ["", "logout+jwt", "jwt ", "application/", "application/x/jwt", "text/jwt", "absent", "dpop+jwt"]
        {
            assert!(!types.allow(Some(typ)), "{typ}");
        }
        assert!(types.allow(None));
        assert!(!TokenTypes::parse(&["at+jwt"]).unwrap().allow(None));
        assert!(TokenTypes::parse(&["application/at+jwt"]).unwrap().allow(Some("at+JWT")));
        assert_eq!(TokenTypes::parse(&["JWT", "at+jwt", "absent"]), Ok(TokenTypes::default()));
    }

    #[test]
    fn a_list_must_allow_something() {
        assert_eq!(TokenTypes::parse::<&str>(&[]), Err(TokenTypesError::None));
        assert_eq!(TokenTypes::parse(&["JWT", ""]), Err(TokenTypesError::Empty));
    }
}
