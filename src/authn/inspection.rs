//! What a token says, for people who ask why it was refused.
//!
//! Given any text; hands on whatever of it can be read, and what keeps the rest from being read. Nothing here is
//! verified and nothing decides: it describes tokens that [`super::Authenticator`] has decided about.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use super::credential::BearerToken;
use super::json::{self, Defect, Document, Json};
use super::token_type;

/// What could be read of a token. Holds its header and claims, never its signature.
#[derive(Debug, Clone, Default)]
pub struct Inspection {
    /// Bytes of the token.
    pub length: usize,
    /// Parts between dots: a JWS has three, a JWE five, an opaque token one.
    pub segments: usize,
    /// Bytes of its header, decoded.
    pub header_length: usize,
    /// Its header, where it is a JSON object.
    pub header: Option<Document>,
    /// Its claims, where they are a JSON object.
    pub claims: Option<Document>,
    /// What is wrong with its form.
    pub defect: Option<String>,
}

impl Inspection {
    /// Reads a token.
    pub fn of(token: BearerToken<'_>) -> Self {
        let token = token.text();
        let parts: Vec<&str> = token.split('.').collect();
        let (length, segments) = (token.len(), parts.len());
        let [header, payload, signature] = parts.as_slice() else {
            let defect = match segments {
                1 => "it has no dots: an opaque token, which only its issuer can read".to_owned(),
                5 => "it has five parts: a JWE, whose claims are encrypted".to_owned(),
                _ => format!("it has {segments} parts, and a JWS has three"),
            };
            return Self { length, segments, defect: Some(defect), ..Self::default() };
        };
        let header_length = URL_SAFE_NO_PAD.decode(header).map_or(header.len() / 4 * 3, |bytes| bytes.len());
        let (header, header_defect) = object("header", header);
        let (claims, claims_defect) = object("payload", payload);
        let signature_defect = URL_SAFE_NO_PAD.decode(signature).is_err();
        let signature_defect =
            signature_defect.then(|| "its signature is not base64url without padding".to_owned());
        let parameters = header.as_ref().and_then(parameter_defect);
        let defect = header_defect.or(parameters).or(claims_defect).or(signature_defect);
        Self { length, segments, header_length, header, claims, defect }
    }

    /// What a token's signature was made of, and that signature, where it has the form of one.
    pub fn signature(token: BearerToken<'_>) -> Option<(&[u8], Vec<u8>)> {
        let (signed, signature) = token.text().rsplit_once('.')?;
        Some((signed.as_bytes(), URL_SAFE_NO_PAD.decode(signature).ok()?))
    }

    /// A header parameter that is a string.
    pub fn parameter(&self, name: &str) -> Option<&str> {
        self.header.as_ref()?.members().get(name)?.as_str()
    }

    /// A top-level claim as it stands, `null` too.
    pub fn written(&self, name: &str) -> Option<Json<'_>> {
        self.claims.as_ref()?.members().get(name)
    }

    /// A top-level claim; `null` counts as absent.
    pub fn claim(&self, name: &str) -> Option<Json<'_>> {
        self.written(name).filter(|value| !value.is_null())
    }
}

fn object(part: &str, segment: &str) -> (Option<Document>, Option<String>) {
    let Ok(bytes) = URL_SAFE_NO_PAD.decode(segment) else {
        return (None, Some(format!("its {part} is not base64url without padding")));
    };
    match json::object(&bytes) {
        Ok(members) => (Some(members), None),
        Err(Defect::Syntax) if is_out_of_range(&bytes) => {
            (None, Some(format!("its {part} holds a number out of range")))
        }
        Err(defect) => (None, Some(format!("its {part} {defect}"))),
    }
}

/// Whether it is JSON as far as a number that no double holds, like `1e400`.
fn is_out_of_range(json: &[u8]) -> bool {
    let read = serde_json::from_slice::<serde_json::Value>(json);
    read.is_err_and(|error| error.to_string().starts_with("number out of range"))
}

fn parameter_defect(header: &Document) -> Option<String> {
    let header = header.members();
    if !header.contains_key("alg") {
        return Some("its header has no `alg`".to_owned());
    }
    let wrong = ["cty", "alg", "kid", "typ"]
        .into_iter()
        .find(|name| header.get(name).is_some_and(|value| !value.is_string()));
    let nested = header.get("cty").and_then(Json::as_str).is_some_and(token_type::is_jwt);
    let nested = || {
        let defect = "`cty` in its header says that its payload is another token (RFC 7519 section 5.2), and a nested token \
                      is not taken apart here";
        nested.then(|| defect.to_owned())
    };
    wrong.map(|name| format!("`{name}` in its header is not a string")).or_else(nested)
}
