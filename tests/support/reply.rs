//! What the client got.

use bytes::Bytes;
use http::{HeaderMap, StatusCode, Version};
use serde_json::Value;

/// A whole answer.
#[derive(Debug, Clone)]
pub struct Reply {
    pub status: u16,
    pub version: Version,
    pub headers: HeaderMap,
    pub body: Bytes,
    pub trailers: Option<HeaderMap>,
}

impl Reply {
    /// The value of the one header of that name; several fail the test.
    pub fn header(&self, name: &str) -> Option<&str> {
        let values: Vec<_> = self.headers.get_all(name).iter().collect();
        assert!(values.len() < 2, "expected one {name}, found {values:?}");
        values.first().map(|value| value.to_str().expect("a text value"))
    }

    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    pub fn request_id(&self) -> &str {
        self.header("x-request-id").unwrap_or_else(|| panic!("no X-Request-Id in {self:#?}"))
    }

    /// Asserts an answer of the upstream's, with the request id that every answer carries.
    pub fn assert_passed(&self) -> &Self {
        assert_eq!(self.status, 200, "expected 200 from the upstream, got {self:#?}");
        assert!(!self.request_id().is_empty());
        self
    }

    /// Asserts an answer of the gateway's own: the status, the challenge, and the problem document of the contract.
    pub fn assert_refused(&self, status: u16, challenge: Option<&str>) -> &Self {
        assert_eq!(self.status, status, "expected {status} from the gateway, got {self:#?}");
        assert_eq!(self.header("www-authenticate"), challenge, "WWW-Authenticate of {self:#?}");
        self.assert_problem();
        self
    }

    /// 401 `Bearer error="invalid_token"`: all that a client is told of any fault in its token.
    pub fn assert_invalid_token(&self) -> &Self {
        self.assert_refused(401, Some(INVALID_TOKEN))
    }

    /// Asserts that the body is the problem document of RFC 9457 with the members of the contract and no more.
    pub fn assert_problem(&self) {
        assert_eq!(self.header("content-type"), Some("application/problem+json"), "{self:#?}");
        let Ok(Value::Object(problem)) = serde_json::from_slice(&self.body) else {
            panic!("the body is no JSON object: {:?}", self.text());
        };
        let mut members: Vec<&str> = problem.keys().map(String::as_str).collect();
        members.sort_unstable();
        assert_eq!(members, ["request_id", "status", "title", "type"], "of {problem:?}");
        assert_eq!(problem["status"], self.status);
        assert_eq!(problem["request_id"], self.request_id());
        assert!(problem["title"].is_string() && problem["type"].is_string(), "{problem:?}");
        let known = StatusCode::from_u16(self.status).is_ok();
        assert!(known, "an unknown status {}", self.status);
        let version = env!("CARGO_PKG_VERSION");
        assert!(!self.text().contains(version), "the version is nobody's business: {problem:?}");
    }
}

/// The challenge for a token that is not valid, for whatever reason.
pub const INVALID_TOKEN: &str = r#"Bearer error="invalid_token""#;
/// The challenge for a request that carries its credential in a wrong way.
pub const INVALID_REQUEST: &str = r#"Bearer error="invalid_request""#;
/// The challenge for a valid token whose bearer may not.
pub const INSUFFICIENT: &str = r#"Bearer error="insufficient_scope""#;
