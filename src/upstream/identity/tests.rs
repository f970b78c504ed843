use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use http::HeaderMap;
use proptest::prelude::*;
use serde_json::{Value, json};

use super::*;
use crate::authn::Principal;
use crate::authz::{RequestFacts, Requirement, authorize};

fn permit(roles: &[&str], claims: Value) -> Permit {
    let principal = Principal::for_test("corporate", roles, &["orders:read", "orders:write"], claims);
    authorize(&Requirement::Authenticated, principal, &RequestFacts::for_test()).unwrap()
}

fn identity(headers: &[(&str, &str, Format)]) -> Identity {
    let rule = |&(name, value, format): &(&str, &str, Format)| {
        (IdentityName::parse(name).unwrap(), IdentityValue::parse(value).unwrap(), format)
    };
    Identity::new(headers.iter().map(rule).collect(), false, vec![], &[])
}

/// The bytes of `X-Value`, when it is `value` in this format.
fn rendered(value: &str, format: Format, permit: &Permit) -> Result<Option<Vec<u8>>, Unsendable> {
    let capture = |name: &str| match name {
        "id" => Some("42"),
        "sly" => Some("a\r\nx-admin: true"),
        _ => None,
    };
    let out = identity(&[("X-Value", value, format)]).headers_with(permit, capture)?;
    assert!(out.len() <= 1);
    Ok(out.first().map(|(_, value)| value.as_bytes().to_vec()))
}

#[test]
fn each_format_takes_what_it_can_carry() {
    use Format::{Base64url, Csv, Json, Text};
    let sent = |text: &str| Ok(Some(text.to_owned()));
    let (none, refused) = (|| Ok(None), || Err(()));
    let cases = [
        (Text, json!("alice"), sent("alice")),
        (Text, json!("a, \"b\" c"), sent("a, \"b\" c")),
        (Text, json!("José 東京"), sent("José 東京")),
        (Text, json!(""), sent("")),
        (Text, json!(42), sent("42")),
        (Text, json!(-7), sent("-7")),
        (Text, json!(1.5), sent("1.5")),
        (Text, json!(1.0), sent("1.0")),
        (Text, json!(u64::MAX), sent("18446744073709551615")),
        (Text, json!(18_446_744_073_709_551_616.0), refused()),
        (Text, json!(1_795_414_761.970_593_5), sent("1795414761.9705935")),
        (Text, json!(-9_223_372_036_854_775_808.0), refused()),
        (Text, json!(i64::MIN), sent("-9223372036854775808")),
        (Text, json!(-0.0), sent("0")),
        (Text, json!(1e18), sent("1e+18")),
        // It may have been written as an integer, and then it is another one.
        (Text, json!(1e22), refused()),
        (Text, json!(true), sent("true")),
        (Text, json!(null), none()),
        (Text, json!([]), none()),
        (Text, json!(["a"]), refused()),
        (Text, json!({"a": 1}), refused()),
        (Text, json!("admin "), refused()),
        (Text, json!(" admin"), refused()),
        (Text, json!("\u{a0}admin"), refused()),
        (Text, json!("a\r\nx-admin: true"), refused()),
        (Text, json!("a\nb"), refused()),
        (Text, json!("a\tb"), refused()),
        (Text, json!("a\0b"), refused()),
        (Text, json!("a\u{7f}"), refused()),
        (Text, json!("a\u{85}b"), refused()),
        (Csv, json!(["a", 1, true, 2.5]), sent("a,1,true,2.5")),
        (Csv, json!(["a b", "c'd", "é"]), sent("a b,c'd,é")),
        (Csv, json!([-0.0]), sent("0")),
        (Csv, json!([]), none()),
        (Csv, json!("a"), refused()),
        (Csv, json!({"a": 1}), refused()),
        (Csv, json!(["a,b"]), refused()),
        (Csv, json!(["a", "b\"c"]), refused()),
        (Csv, json!(["a", "b\nc"]), refused()),
        (Csv, json!(["a", null]), refused()),
        (Csv, json!(["a", ["b"]]), refused()),
        (Csv, json!(["a", ""]), refused()),
        (Csv, json!(["", "a"]), refused()),
        (Csv, json!(["a", " b"]), refused()),
        (Json, json!("a\"b"), sent(r#""a\"b""#)),
        (Json, json!({"b": [1, null, 2.5], "a": {}}), sent(r#"{"a":{},"b":[1,null,2.5]}"#)),
        (Json, json!("é\n𝄞\u{7f}"), sent(r#""\u00e9\n\ud834\udd1e\u007f""#)),
        (Json, json!({"é": true}), sent(r#"{"\u00e9":true}"#)),
        (Json, json!(7), sent("7")),
        (Json, json!([-0.0, 0.0]), sent("[0,0.0]")),
        (Json, json!(u64::MAX), sent("18446744073709551615")),
        (Json, json!(1_795_414_761.970_593_5), sent("1795414761.9705935")),
        (Json, json!(18_446_744_073_709_551_616.0), refused()),
        (Json, json!([1, {"a": [-1e19]}]), refused()),
        (Json, json!([]), none()),
        (Json, json!(null), none()),
        (Base64url, json!("a?>\n"), sent("YT8-Cg")),
        (Base64url, json!(["é"]), Ok(Some(URL_SAFE_NO_PAD.encode(r#"["é"]"#)))),
        (Base64url, json!(7), sent("Nw")),
        (Base64url, json!(-0.0), sent("MA")),
        (Base64url, json!(18_446_744_073_709_551_616.0), refused()),
        (Base64url, json!({"a": {"b": 1e300}}), refused()),
        (Base64url, json!([]), none()),
    ];
    for (format, claim, expected) in cases {
        let got = rendered("claims.c", format, &permit(&[], json!({ "c": claim })));
        let got = got.map(|value| value.map(|bytes| String::from_utf8(bytes).unwrap())).map_err(|_| ());
        assert_eq!(got, expected, "{format:?} of {claim}");
    }
}

#[test]
fn each_source_is_found() {
    let permit =
        permit(&["clerk", "admin"], json!({"sub": "42", "a.b": "dotted", "a": {"b": "nested", "c": "deep"}}));
    let cases = [
        ("claims.sub", Format::Text, Some("42")),
        ("claims.a.b", Format::Text, Some("dotted")),
        ("claims.a.c", Format::Text, Some("deep")),
        ("claims.absent", Format::Text, None),
        ("roles", Format::Csv, Some("clerk,admin")),
        ("roles", Format::Json, Some(r#"["clerk","admin"]"#)),
        ("scopes", Format::Csv, Some("orders:read,orders:write")),
        ("issuer", Format::Text, Some("corporate")),
        ("path.id", Format::Text, Some("42")),
        ("path.id", Format::Json, Some("\"42\"")),
        ("path.id", Format::Base64url, Some("NDI")),
        ("path.absent", Format::Text, None),
    ];
    for (value, format, expected) in cases {
        assert_eq!(
            rendered(value, format, &permit).unwrap().as_deref(),
            expected.map(str::as_bytes),
            "{value}"
        );
    }
    for (value, format) in [("roles", Format::Text), ("issuer", Format::Csv), ("path.sly", Format::Text)] {
        assert_eq!(
            rendered(value, format, &permit),
            Err(Unsendable { header: HeaderName::from_static("x-value") })
        );
    }
    assert_eq!(rendered("roles", Format::Text, &self::permit(&[], json!({}))), Ok(None));
}

#[test]
fn without_a_caller_nothing_is_set() {
    for permit in [Permit::public(), Permit::anonymous()] {
        for value in ["claims.sub", "roles", "issuer", "path.id", "path.sly"] {
            assert_eq!(rendered(value, Format::Text, &permit), Ok(None), "{value}");
        }
    }
}

#[test]
fn each_header_comes_once() {
    let identity = identity(&[("X-User", "claims.sub", Format::Text), ("X-Roles", "roles", Format::Csv)]);
    let headers = identity.headers(&permit(&["clerk"], json!({"sub": "42"})), &Captures::default()).unwrap();
    let out: HeaderMap = headers.into_iter().collect();
    assert_eq!(out.get_all("x-user").iter().collect::<Vec<_>>(), ["42"]);
    assert_eq!(out["x-roles"], "clerk");
    assert_eq!(identity.names().map(ToString::to_string).collect::<Vec<_>>(), ["X-User", "X-Roles"]);
}

#[test]
fn a_refusal_names_the_header_and_not_the_value() {
    let refusal = rendered("claims.c", Format::Text, &permit(&[], json!({"c": ["hunter2"]}))).unwrap_err();
    assert_eq!(refusal.to_string(), "the value of the identity header x-value cannot be sent in its format");
    assert!(!format!("{refusal:?}").contains("hunter2"));
}

#[test]
fn a_default_identity_keeps_overriding_headers_out() {
    let identity = Identity::default();
    assert!(identity.removes(&HeaderName::from_static("x_original_url")));
    assert!(!identity.removes(&HeaderName::from_static("x-user")) && !identity.forwards_token());
}

#[test]
fn sources_are_parsed_strictly() {
    let claim = |path| Ok(IdentityValue::Claim(crate::authn::ClaimPath::parse(path).unwrap()));
    assert_eq!(IdentityValue::parse("claims.sub"), claim("sub"));
    assert_eq!(IdentityValue::parse("claims.https://example.com/roles"), claim("https://example.com/roles"));
    assert_eq!(IdentityValue::parse("path.id"), Ok(IdentityValue::Capture("id".into())));
    for text in [
        "",
        "claims",
        "claims.",
        "path",
        "path.",
        "sub",
        "Roles",
        "roles.0",
        "issuer.name",
        "claim.sub",
        " roles",
    ] {
        assert!(IdentityValue::parse(text).is_err(), "{text}");
    }
    assert_eq!(
        IdentityValue::parse("sub").unwrap_err().to_string(),
        "`sub` is no identity value; use `claims.PATH`, `roles`, `scopes`, `issuer`, `issuer_tenant` or `path.NAME`"
    );
    let formats = ["text", "csv", "json", "base64url"].map(Format::parse);
    assert_eq!(formats, [Format::Text, Format::Csv, Format::Json, Format::Base64url].map(Some));
    assert_eq!(Format::parse("CSV"), None);
}

#[test]
fn names_with_a_meaning_of_their_own_are_refused() {
    let reserved = [
        "Host",
        "HOST",
        "Authorization",
        "Proxy-Authorization",
        "Cookie",
        "Content-Length",
        "content_length",
        "Transfer-Encoding",
        "Trailer",
        "TE",
        "Connection",
        "Keep-Alive",
        "Proxy-Connection",
        "Upgrade",
        "Forwarded",
        "X-Forwarded-For",
        "X-Forwarded-Proto",
        "X_Forwarded_For",
        "X-Forwarded-Anything",
        "X-Real-IP",
        "Via",
        "X-Request-Id",
        "traceparent",
        "tracestate",
        "X-Original-URL",
        "x_http_method",
        "Origin",
        "Sec-Fetch-Site",
        "sec_fetch_mode",
        "Access-Control-Allow-Origin",
        "Access-Control-Request-Method",
        "Referer",
        "Content-Type",
        "content_type",
    ];
    for name in reserved {
        let refusal = IdentityName::parse(name).unwrap_err();
        assert!(matches!(refusal, IdentityNameError::Reserved { .. }), "{name}");
        assert!(
            refusal.to_string().starts_with(&format!("`{name}` cannot be an identity header: it ")),
            "{refusal}"
        );
    }
    for name in ["", "X User", "X-User:", "X-Us\u{e9}r", "X-User\r\n", ":path"] {
        assert!(matches!(IdentityName::parse(name), Err(IdentityNameError::Invalid(_))), "{name}");
    }
    for name in [
        "X-User",
        "Remote-User",
        "x_user",
        "X-Forwarded",
        "Host-Name",
        "X-Auth-Request-Email",
        "X-Forwarded-User",
    ] {
        let parsed = IdentityName::parse(name).unwrap();
        assert_eq!(
            (parsed.to_string().as_str(), parsed.header().as_str()),
            (name, name.to_lowercase().as_str())
        );
    }
}

#[test]
fn names_that_an_upstream_may_take_for_one_clash() {
    let names =
        |names: &[&str]| names.iter().map(|name| IdentityName::parse(name).unwrap()).collect::<Vec<_>>();
    assert_eq!(IdentityName::clashes(&names(&["X-User", "X-Tenant", "X-Users"])), []);
    assert_eq!(IdentityName::clashes(&names(&["X-User", "X-Tenant", "x_user", "X.User"])), [(2, 0), (3, 0)]);
}

fn json_values() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        any::<String>().prop_map(Value::from),
        "[ -~\r\n\t\u{80}-\u{ff}]{0,12}".prop_map(Value::from),
    ];
    leaf.prop_recursive(3, 16, 4, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            prop::collection::btree_map(any::<String>(), inner, 0..4)
                .prop_map(|map| Value::Object(map.into_iter().collect())),
        ]
    })
}

fn without_sign_of_zero(value: Value) -> Value {
    match value {
        Value::Number(number) if number.to_string() == "-0.0" => json!(0),
        Value::Array(values) => values.into_iter().map(without_sign_of_zero).collect(),
        Value::Object(values) => {
            values.into_iter().map(|(name, value)| (name, without_sign_of_zero(value))).collect()
        }
        value @ (Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_)) => value,
    }
}

/// Whether a double in it is of the size of integers that were rounded.
fn holds_beyond_64_bits(value: &Value) -> bool {
    match value {
        Value::Array(values) => values.iter().any(holds_beyond_64_bits),
        Value::Object(values) => values.values().any(holds_beyond_64_bits),
        Value::Number(number) => {
            number.is_f64() && number.as_f64().unwrap().abs() >= 9_223_372_036_854_775_808.0
        }
        Value::Null | Value::Bool(_) | Value::String(_) => false,
    }
}

fn formats() -> impl Strategy<Value = Format> {
    prop::sample::select(vec![Format::Text, Format::Csv, Format::Json, Format::Base64url])
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    #[test]
    fn nothing_but_a_clean_value_is_ever_rendered(claim in json_values(), format in formats()) {
        let got = rendered("claims.c", format, &permit(&[], json!({ "c": &claim })));
        let claim = without_sign_of_zero(claim);
        if let Ok(Some(bytes)) = got {
            let text = String::from_utf8(bytes).unwrap();
            prop_assert!(HeaderValue::from_str(&text).is_ok());
            prop_assert!(!text.chars().any(char::is_control));
            prop_assert_eq!(text.trim(), text.as_str());
            match format {
                Format::Json => {
                    prop_assert!(text.is_ascii());
                    prop_assert_eq!(serde_json::from_str::<Value>(&text).unwrap(), claim);
                }
                Format::Base64url => {
                    let expected = claim.as_str().map_or_else(|| claim.to_string(), str::to_owned);
                    prop_assert_eq!(URL_SAFE_NO_PAD.decode(text).unwrap(), expected.into_bytes());
                }
                Format::Csv => prop_assert_eq!(text.split(',').count(), claim.as_array().unwrap().len()),
                Format::Text => prop_assert_eq!(claim.as_str().map_or_else(|| claim.to_string(), str::to_owned), text),
            }
        } else if matches!(format, Format::Json | Format::Base64url) {
            match got {
                Ok(_) => prop_assert!(claim.is_null() || claim == json!([])),
                Err(_) => prop_assert!(holds_beyond_64_bits(&claim), "{}", claim),
            }
        }
    }
}
