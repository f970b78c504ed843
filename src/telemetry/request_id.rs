//! `X-Request-Id`: the client's if it is well-formed, else a new UUID.

use std::time::SystemTime;

use http::{HeaderMap, HeaderName, HeaderValue};
use uuid::{NoContext, Timestamp, Uuid};

use crate::field::{Field, only};

/// The name of the field, in requests and answers.
pub const X_REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// The request's id: the one that the client sent, if it sent one that is fit for logs, else a UUID of version 7
/// (RFC 9562 §5.7), whose order in time helps whoever searches.
pub fn request_id(headers: &HeaderMap, now: SystemTime) -> HeaderValue {
    if let Field::One(id) = only(headers, &X_REQUEST_ID)
        && is_well_formed(id.as_bytes())
    {
        return id.clone();
    }
    let mut text = Uuid::encode_buffer();
    let since_epoch = now.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    let at = Timestamp::from_unix(NoContext, since_epoch.as_secs(), since_epoch.subsec_nanos());
    let id = Uuid::new_v7(at).hyphenated().encode_lower(&mut text);
    // The text of a UUID is always a valid field value; the fallback is there because nothing here may panic.
    HeaderValue::from_str(id).unwrap_or_else(|_| HeaderValue::from_static("unknown"))
}

/// At most 128 bytes that need no escaping in a log, a header or a URL's path.
fn is_well_formed(id: &[u8]) -> bool {
    (1..=128).contains(&id.len())
        && id.iter().all(|byte| byte.is_ascii_alphanumeric() || b"-_.:+/=@~".contains(byte))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sent(values: &[&'static str]) -> HeaderMap {
        values.iter().map(|&value| (X_REQUEST_ID, HeaderValue::from_static(value))).collect()
    }

    #[test]
    fn a_well_formed_id_is_kept() {
        assert_eq!(request_id(&sent(&["req-42_A.b:c"]), SystemTime::UNIX_EPOCH), "req-42_A.b:c");
    }

    #[test]
    fn any_other_is_replaced_by_a_uuid_of_version_7() {
        let long = "a".repeat(129);
        for headers in [sent(&[]), sent(&[""]), sent(&["a b"]), sent(&["a\"b"]), sent(&["a", "b"])] {
            let id = request_id(&headers, SystemTime::UNIX_EPOCH);
            let id = Uuid::parse_str(id.to_str().unwrap()).unwrap();
            assert_eq!(id.get_version_num(), 7);
        }
        let headers = HeaderMap::from_iter([(X_REQUEST_ID, HeaderValue::from_str(&long).unwrap())]);
        assert_ne!(request_id(&headers, SystemTime::UNIX_EPOCH), long.as_str());
    }
}
