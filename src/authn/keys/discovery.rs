//! OpenID Connect Discovery: the issuer's own word for where its keys are.
//!
//! Given an issuer, it knows where its document is; given the document, it hands on the `jwks_uri`. It refuses a
//! document of another issuer (compared byte for byte, OpenID Connect Discovery 1.0 §4.3) and a `jwks_uri` that
//! may not be fetched from. Nothing else in the document is believed or even read.

use serde::Deserialize;

use super::location::{Location, LocationError};
use super::report::printable;

/// Where the discovery document of this issuer is: the issuer less one trailing slash, and the well-known path
/// (OpenID Connect Discovery 1.0 §4.1).
pub(super) fn document_location(issuer: &str, allow_http: bool) -> Result<Location, LocationError> {
    let base = issuer.strip_suffix('/').unwrap_or(issuer);
    // A query or fragment (forbidden in an issuer, RFC 8414 §2) would swallow the well-known path.
    if base.contains(['?', '#']) {
        return Err(LocationError::Query);
    }
    Location::parse(&format!("{base}/.well-known/openid-configuration"), allow_http)
}

/// The `jwks_uri` of this document, which was fetched from `from`.
pub(super) fn jwks_uri(
    document: &[u8],
    issuer: &str,
    from: &Location,
    allow_http: bool,
) -> Result<Location, DiscoveryError> {
    let document: Document = serde_json::from_slice(document).map_err(DiscoveryError::Malformed)?;
    if document.issuer != issuer {
        return Err(DiscoveryError::ForeignIssuer {
            found: printable(&document.issuer),
            configured: printable(issuer),
        });
    }
    from.named(&document.jwks_uri, allow_http).map_err(DiscoveryError::JwksUri)
}

/// Why a discovery document does not say where the keys are.
#[derive(Debug, thiserror::Error)]
pub(super) enum DiscoveryError {
    #[error("the discovery document is not a JSON object with issuer and jwks_uri")]
    Malformed(#[source] serde_json::Error),
    #[error("the discovery document is of the issuer {found}, not of {configured}")]
    ForeignIssuer { found: String, configured: String },
    #[error("the jwks_uri of the discovery document may not be fetched from")]
    JwksUri(#[source] LocationError),
}

#[derive(Deserialize)]
struct Document {
    issuer: String,
    jwks_uri: String,
}

#[cfg(test)]
mod tests {
    use super::*;

    const ISSUER: &str = "https://id.example.com/realms/main";

    fn place(document: &str, issuer: &str) -> Result<String, DiscoveryError> {
        let from = document_location(issuer, true).unwrap();
        jwks_uri(document.as_bytes(), issuer, &from, false).map(|location| location.to_string())
    }

    #[test]
    fn one_trailing_slash_is_cut_and_no_more() {
        for (issuer, expected) in [
            ("https://id.example.com", "https://id.example.com/.well-known/openid-configuration"),
            ("https://id.example.com/", "https://id.example.com/.well-known/openid-configuration"),
            ("https://id.example.com/a//", "https://id.example.com/a//.well-known/openid-configuration"),
            (
                "https://id.example.com:8443/a",
                "https://id.example.com:8443/a/.well-known/openid-configuration",
            ),
        ] {
            assert_eq!(document_location(issuer, false).unwrap().to_string(), expected);
        }
        for issuer in ["accounts.example.com", "http://id.example.com", "https://id.example.com/?tenant=a"] {
            assert!(document_location(issuer, false).is_err(), "{issuer}");
        }
    }

    #[test]
    fn the_issuer_is_compared_byte_for_byte() {
        let document =
            |issuer: &str| format!(r#"{{"issuer":"{issuer}","jwks_uri":"https://keys.example.com/k"}}"#);
        assert_eq!(place(&document(ISSUER), ISSUER).unwrap(), "https://keys.example.com/k");
        for foreign in ["https://id.example.com/realms/main/", "https://ID.example.com/realms/main", ""] {
            let error = place(&document(foreign), ISSUER).unwrap_err();
            assert!(matches!(error, DiscoveryError::ForeignIssuer { .. }), "{foreign}");
        }
    }

    #[test]
    fn the_jwks_uri_obeys_the_rules_of_a_location() {
        let named = |uri: &str| place(&format!(r#"{{"issuer":"{ISSUER}","jwks_uri":"{uri}"}}"#), ISSUER);
        for uri in [
            "http://id.example.com/k",
            "http://127.0.0.1:9901/k",
            "http://localhost/k",
            "file:///etc/passwd",
            "https://user:password@id.example.com/k",
            "https://169.254.169.254/latest/meta-data",
            "https://[::ffff:a9fe:a9fe]/k",
            "https://2852039166/k",
            "https://[fe80::1]/k",
            "https://0.0.0.0/k",
            "/k",
            "",
        ] {
            assert!(matches!(named(uri), Err(DiscoveryError::JwksUri(_))), "{uri}");
        }
        let local = r#"{"issuer":"http://127.0.0.1:1","jwks_uri":"http://127.0.0.1:2/k"}"#;
        assert!(place(local, "http://127.0.0.1:1").is_ok());
    }

    #[test]
    fn anything_but_the_document_is_refused() {
        for document in
            ["", "{}", "[]", "null", "<html>", r#"{"issuer":1,"jwks_uri":"https://a/"}"#, "[[[[[["]
        {
            assert!(matches!(place(document, ISSUER), Err(DiscoveryError::Malformed(_))), "{document}");
        }
        let deep = format!(r#"{{"x":{}"#, "[".repeat(100_000));
        assert!(matches!(place(&deep, ISSUER), Err(DiscoveryError::Malformed(_))));
    }
}
