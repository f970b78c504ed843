//! Issuers with many tenants: one section, one key set, and an `iss` that differs in one segment of its path.
//!
//! Given the configured `issuer` with a `{tenant}` in it, it tells from a token's `iss` which tenant it names, if it is
//! one of this issuer's at all. The placeholder is a whole segment of the path, what it stands for is plain (letters,
//! digits, `.`, `_`, `-`), and the rest is compared byte for byte, so that no `iss` can be read in two ways. What is
//! captured is what the signature covers; a claim that calls itself a tenant is never looked at.

/// The tenants of one issuer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tenants {
    before: String,
    after: String,
    /// These alone; none: any.
    listed: Option<Vec<String>>,
}

impl Tenants {
    /// From the configured issuer and the tenants it lists; `None`: any.
    pub fn parse(issuer: &str, listed: Option<Vec<String>>) -> Result<Self, TenantsError> {
        let (before, after) = issuer.split_once(PLACEHOLDER).ok_or(TenantsError::Nowhere)?;
        let path = before.split_once("://").and_then(|(_, rest)| rest.split_once('/'));
        if path.is_none() || !before.ends_with('/') || !(after.is_empty() || after.starts_with('/')) {
            return Err(TenantsError::NotASegment);
        }
        if before.contains(['{', '}']) || after.contains(['{', '}']) {
            return Err(TenantsError::Placeholders);
        }
        if let Some(wrong) = listed.iter().flatten().find(|tenant| !is_plain(tenant)) {
            return Err(TenantsError::Malformed(wrong.clone()));
        }
        Ok(Self { before: before.to_owned(), after: after.to_owned(), listed })
    }

    /// Whether an issuer is written with a place for tenants.
    pub fn are_in(issuer: &str) -> bool {
        issuer.contains(PLACEHOLDER)
    }

    /// The tenant that this `iss` names.
    pub fn of<'i>(&self, iss: &'i str) -> Option<&'i str> {
        let tenant = iss.strip_prefix(&*self.before)?.strip_suffix(&*self.after)?;
        let is_listed =
            || self.listed.as_ref().is_none_or(|listed| listed.iter().any(|known| known == tenant));
        (is_plain(tenant) && is_listed()).then_some(tenant)
    }

    /// The `iss` of this tenant's tokens, if it is one of the tenants.
    pub fn iss(&self, tenant: &str) -> Option<String> {
        let iss = format!("{}{tenant}{}", self.before, self.after);
        (self.of(&iss) == Some(tenant)).then_some(iss)
    }

    /// Whether any tenant will do, so that routes must say which.
    pub fn are_any(&self) -> bool {
        self.listed.is_none()
    }

    /// Whether there is an `iss` of both.
    pub fn overlap(&self, other: &Self) -> bool {
        let listed = [self, other].into_iter().flat_map(|tenants| tenants.listed.iter().flatten());
        // Where the placeholders stand in different places, each stands for a literal segment of the other.
        let literal = other.before.split('/').chain(other.after.split('/'));
        let mut candidates = listed.map(String::as_str).chain(literal).chain(["any"]);
        candidates.any(|tenant| {
            let iss = format!("{}{tenant}{}", self.before, self.after);
            self.of(&iss).is_some() && other.of(&iss).is_some()
        })
    }

    /// Whether a key whose own `issuer` member is this may verify a token of this `iss`. The member is an `iss`, or one
    /// with a placeholder of its own, as Entra ID writes it.
    pub(super) fn admit_key(&self, key_issuer: &str, iss: &str) -> bool {
        let Some(tenant) = self.of(iss) else { return false };
        KEY_PLACEHOLDERS.iter().fold(key_issuer.to_owned(), |text, name| text.replace(name, tenant)) == iss
    }
}

/// Whether a key whose own `issuer` member is this may be a key of the configured issuer: it is the same, or has a
/// placeholder where the issuer has a tenant. Of an issuer that has a place for tenants itself, the token decides.
pub(super) fn may_be_of(key_issuer: &str, issuer: &str) -> bool {
    let of_any_tenant = || {
        let text =
            KEY_PLACEHOLDERS.iter().fold(key_issuer.to_owned(), |text, name| text.replace(name, PLACEHOLDER));
        Tenants::parse(&text, None).is_ok_and(|tenants| tenants.of(issuer).is_some())
    };
    key_issuer == issuer || Tenants::are_in(issuer) || of_any_tenant()
}

/// Why tenants cannot be told apart.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TenantsError {
    /// No placeholder.
    #[error("`tenants` are given, and the issuer has no place for them; write {{tenant}} where they differ")]
    Nowhere,
    /// The placeholder is part of a segment or of the host.
    #[error(
        "{{tenant}} must be a whole segment of the path; write it like https://login.example.com/{{tenant}}/v2.0"
    )]
    NotASegment,
    /// More braces.
    #[error("the issuer has more than one placeholder; write {{tenant}} once, and no other braces")]
    Placeholders,
    /// A tenant that no path holds.
    #[error("`{0}` is no tenant; give letters, digits, `.`, `_` and `-`")]
    Malformed(String),
}

/// Nothing that a parser of URLs, a log or a header could take for something else.
fn is_plain(tenant: &str) -> bool {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'_' | b'-');
    (1..=LONGEST).contains(&tenant.len()) && tenant.bytes().all(plain) && !matches!(tenant, "." | "..")
}

const PLACEHOLDER: &str = "{tenant}";
const KEY_PLACEHOLDERS: [&str; 2] = ["{tenantid}", PLACEHOLDER];
const LONGEST: usize = 128;

#[cfg(test)]
mod tests {
    use super::*;

    const ISSUER: &str = "https://login.example.com/{tenant}/v2.0";

    fn any(issuer: &str) -> Tenants {
        Tenants::parse(issuer, None).unwrap()
    }

    fn some(issuer: &str, listed: &[&str]) -> Tenants {
        Tenants::parse(issuer, Some(listed.iter().map(|&tenant| tenant.to_owned()).collect())).unwrap()
    }

    #[test]
    fn a_tenant_is_one_plain_segment_and_all_else_is_equal() {
        let tenants = any(ISSUER);
        for tenant in
            ["a", "11111111-2222-3333-4444-555555555555", "acme.example.com", "a_b", &"a".repeat(128)]
        {
            let iss = ISSUER.replace("{tenant}", tenant);
            assert_eq!(tenants.of(&iss), Some(tenant));
        }
        for iss in [
            "https://login.example.com//v2.0",
            "https://login.example.com/v2.0",
            "https://login.example.com/a/b/v2.0",
            "https://login.example.com/a/v2.0/",
            "https://login.example.com/a/V2.0",
            "https://login.example.com/../v2.0",
            "https://login.example.com/%61/v2.0",
            "https://login.example.com/a?/v2.0",
            "https://login.example.com/a#/v2.0",
            "https://login.example.com/a@b/v2.0",
            "https://login.example.com/\u{e9}/v2.0",
            "https://login.example.com/{tenant}/v2.0",
            "https://login.example.com/a /v2.0",
            "https://login.example.com.evil.example/a/v2.0",
            "HTTPS://login.example.com/a/v2.0",
            "",
        ] {
            assert_eq!(tenants.of(iss), None, "{iss}");
        }
        assert_eq!(tenants.of(&ISSUER.replace("{tenant}", &"a".repeat(129))), None);
        let listed = some(ISSUER, &["a", "b"]);
        assert_eq!(listed.of("https://login.example.com/b/v2.0"), Some("b"));
        assert_eq!(listed.of("https://login.example.com/c/v2.0"), None);
        assert_eq!(any("https://login.example.com/{tenant}").of("https://login.example.com/a"), Some("a"));
    }

    #[test]
    fn a_placeholder_stands_for_one_segment_of_the_path() {
        for (issuer, wrong) in [
            ("https://login.example.com/v2.0", TenantsError::Nowhere),
            ("https://{tenant}.example.com/v2.0", TenantsError::NotASegment),
            ("https://{tenant}/v2.0", TenantsError::NotASegment),
            ("https://login.example.com/x{tenant}/v2.0", TenantsError::NotASegment),
            ("https://login.example.com/{tenant}x", TenantsError::NotASegment),
            ("login/{tenant}", TenantsError::NotASegment),
            ("https://login.example.com/{tenant}/{tenant}", TenantsError::Placeholders),
        ] {
            assert_eq!(Tenants::parse(issuer, None), Err(wrong), "{issuer}");
        }
        for tenant in ["", ".", "..", "a/b", "a b", "%61", "{tenant}"] {
            let wrong = Tenants::parse(ISSUER, Some(vec![tenant.to_owned()]));
            assert_eq!(wrong, Err(TenantsError::Malformed(tenant.to_owned())));
        }
    }

    #[test]
    fn an_iss_of_two_sections_is_found() {
        let base = any(ISSUER);
        for (other, overlaps) in [
            (any(ISSUER), true),
            (some(ISSUER, &["a"]), true),
            (any("https://login.example.com/x/{tenant}"), true),
            (some("https://login.example.com/x/{tenant}", &["v2.0"]), true),
            (some("https://login.example.com/x/{tenant}", &["v1.0"]), false),
            (any("https://login.example.com/{tenant}/v1.0"), false),
            (any("https://login.example.com/{tenant}"), false),
            (any("https://other.example.com/{tenant}/v2.0"), false),
        ] {
            assert_eq!(base.overlap(&other), overlaps, "{other:?}");
            assert_eq!(other.overlap(&base), overlaps, "{other:?}");
        }
        assert!(!some(ISSUER, &["a"]).overlap(&some(ISSUER, &["b"])));
        assert!(some(ISSUER, &["a", "b"]).overlap(&some(ISSUER, &["b"])));
    }

    #[test]
    fn a_key_says_whose_it_is() {
        let iss = "https://login.example.com/a/v2.0";
        for (own, issuer, may_be) in [
            (iss, iss, true),
            ("https://login.example.com/{tenantid}/v2.0", iss, true),
            (ISSUER, iss, true),
            ("https://login.example.com/b/v2.0", iss, false),
            ("https://login.example.com/a/v2.0/", iss, false),
            ("https://login.example.com/{tenantid}/v1.0", iss, false),
            ("https://other.example.com/{tenantid}/v2.0", iss, false),
            ("{tenantid}", iss, false),
            ("", iss, false),
            (iss, ISSUER, true),
            ("https://login.example.com/{tenantid}/v2.0", ISSUER, true),
        ] {
            assert_eq!(may_be_of(own, issuer), may_be, "{own} for {issuer}");
        }
    }

    #[test]
    fn a_key_of_one_tenant_is_no_key_of_another() {
        let tenants = any(ISSUER);
        let iss = "https://login.example.com/a/v2.0";
        for own in [iss, ISSUER, "https://login.example.com/{tenantid}/v2.0"] {
            assert!(tenants.admit_key(own, iss), "{own}");
        }
        for foreign in
            ["https://login.example.com/b/v2.0", "https://login.example.com/{tenantid}/v1.0", "", "a"]
        {
            assert!(!tenants.admit_key(foreign, iss), "{foreign}");
        }
    }
}
