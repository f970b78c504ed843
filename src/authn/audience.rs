//! Whom a token is for (RFC 7519 §4.1.3).
//!
//! A token for another API must not pass here, whoever signed it. `aud` is a string or an array of strings; in any other
//! form the token is refused, never taken for one without audience (CVE-2020-26160).

use std::borrow::Cow;

use super::error::Error;
use super::json::{Json, Object};

/// Refuses a token whose `aud` holds none that is accepted.
pub(super) fn check(claims: Object<'_>, accepted: impl Fn(&str) -> bool) -> Result<(), Error> {
    let malformed = || Error::ClaimMalformed(Cow::Borrowed("aud"));
    let ours = match claims.get("aud") {
        None => return Err(Error::ClaimMissing(Cow::Borrowed("aud"))),
        Some(Json::String(audience)) => accepted(audience),
        Some(Json::Array(audiences)) => {
            let mut ours = false;
            for audience in audiences.iter() {
                ours |= accepted(audience.as_str().ok_or_else(malformed)?);
            }
            ours
        }
        Some(Json::Null | Json::Bool(_) | Json::Number(_) | Json::Object(_)) => return Err(malformed()),
    };
    if ours { Ok(()) } else { Err(Error::AudienceMismatch) }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::authn::json::Document;

    #[test]
    fn only_strings_and_arrays_of_strings_are_audiences() {
        let mismatch = Err(Error::AudienceMismatch);
        let malformed = Err(Error::ClaimMalformed("aud".into()));
        for (aud, expected) in [
            (json!("us"), Ok(())),
            (json!(["us"]), Ok(())),
            (json!(["them", "us"]), Ok(())),
            (json!("them"), mismatch.clone()),
            (json!("us "), mismatch.clone()),
            (json!("US"), mismatch.clone()),
            (json!(""), mismatch.clone()),
            (json!([]), mismatch.clone()),
            (json!([""]), mismatch),
            (json!(["us", 1]), malformed.clone()),
            (json!([["us"]]), malformed.clone()),
            (json!(["us", null]), malformed.clone()),
            (json!({"us": true}), malformed.clone()),
            (json!(true), malformed.clone()),
            (json!(1), malformed.clone()),
            (json!(null), malformed),
        ] {
            let claims = json!({"aud": aud});
            let claims = Document::of(claims.as_object().unwrap()).unwrap();
            assert_eq!(check(claims.members(), |audience| audience == "us"), expected, "{aud}");
        }
        assert_eq!(check(Document::default().members(), |_| true), Err(Error::ClaimMissing("aud".into())));
    }
}
