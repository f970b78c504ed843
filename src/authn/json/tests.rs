//! What is read, against `serde_json`'s own tree: every document alike, every look-up, every comparison, every text.

use proptest::prelude::*;
use serde_json::{Value, json};

use super::*;

fn document(value: &Value) -> Document {
    object(value.to_string().as_bytes()).unwrap()
}

#[test]
fn what_two_readers_may_read_differently_is_refused() {
    for (json, defect) in [
        (r#"{"a":1,"a":1}"#, Defect::DuplicateMember),
        (r#"{"a":1,"\u0061":2}"#, Defect::DuplicateMember),
        (r#"{"":1,"b":2,"":2}"#, Defect::DuplicateMember),
        (r#"{"a":[{"b":{"c":1,"d":2,"c":3}}]}"#, Defect::DuplicateMember),
        ("{\"a\":\"\\u0000\"}", Defect::Nul),
        ("{\"a\\u0000\":1}", Defect::Nul),
        ("{\"a\":\"\0\"}", Defect::Syntax),
        ("{\"a\":1}\0", Defect::Syntax),
        ("\u{feff}{}", Defect::Syntax),
        (r#"{"a":1} {}"#, Defect::Syntax),
        (r#"{"a":1e400}"#, Defect::Syntax),
        (r#"{"a":NaN}"#, Defect::Syntax),
        (r#"{"a":01}"#, Defect::Syntax),
        (r#"{"a":1,}"#, Defect::Syntax),
        (r#"{"a":"\ud800"}"#, Defect::Syntax),
        ("", Defect::Syntax),
        ("[]", Defect::NotAnObject),
        ("null", Defect::NotAnObject),
    ] {
        assert_eq!(object(json.as_bytes()), Err(defect), "{json}");
    }
    assert_eq!(object(b"{\"a\":\"\xff\"}"), Err(Defect::Syntax));
    assert_eq!(object(b"{\"a\":\"\xc0\x80\"}"), Err(Defect::Syntax));
}

#[test]
fn nesting_ends_at_the_bound_and_not_with_the_stack() {
    let nested = |depth: usize| format!("{{\"a\":{}1{}}}", "[".repeat(depth - 1), "]".repeat(depth - 1));
    object(nested(MAX_DEPTH).as_bytes()).unwrap();
    assert_eq!(object(nested(MAX_DEPTH + 1).as_bytes()), Err(Defect::TooDeep));
    assert_eq!(object(nested(100_000).as_bytes()), Err(Defect::TooDeep));
    let objects = format!("{}1{}", "{\"a\":".repeat(100_000), "}".repeat(100_000));
    assert_eq!(object(objects.as_bytes()), Err(Defect::TooDeep));
    assert_eq!(object("[".repeat(1_000_000).as_bytes()), Err(Defect::Syntax));
}

#[test]
fn what_was_read_before_leaves_nothing_behind() {
    let expected = object(br#"{"b":[1,"x"],"a":{}}"#).unwrap();
    for before in
        [r#"{"a":[{"b":"c""#, r#"{"a":1,"a":2}"#, "[1,2,3", "{\"\\u0000\":1}", "3", r#"{"long":"er"}"#]
    {
        let _ignored = object(before.as_bytes());
        assert_eq!(object(br#"{"b":[1,"x"],"a":{}}"#), Ok(expected.clone()), "{before}");
    }
    assert_eq!(expected.members().len(), 2);
}

#[test]
fn each_kind_of_value_is_told_from_the_others() {
    let document = document(&json!({
        "null": null, "bool": true, "string": "a\n\"\u{1f980}", "array": [1, [2], {}], "object": {"b": 1, "a": 2}, "": "",
    }));
    let claims = document.members();
    assert_eq!(claims.get("null"), Some(Json::Null));
    assert_eq!(claims.get("bool"), Some(Json::Bool(true)));
    assert_eq!(claims.get("string").and_then(Json::as_str), Some("a\n\"\u{1f980}"));
    assert_eq!(claims.get(""), Some(Json::String("")));
    assert_eq!(claims.get("nul"), None);
    assert!(claims.contains_key("null") && !claims.contains_key("nulls"));
    let array = claims.get("array").and_then(Json::as_array).unwrap();
    assert_eq!((array.len(), array.is_empty()), (3, false));
    assert_eq!(array.get(0).and_then(Json::as_f64), Some(1.0));
    assert_eq!(array.get(3), None);
    assert!(array.get(2).and_then(Json::as_object).unwrap().is_empty());
    assert!(array.get(1).and_then(Json::as_object).is_none());
    let object = claims.get("object").and_then(Json::as_object).unwrap();
    assert_eq!(object.keys().collect::<Vec<_>>(), ["a", "b"]);
    assert_eq!(object.len(), 2);
}

#[test]
fn numbers_are_what_serde_json_reads() {
    for text in [
        "0",
        "-0",
        "-0.0",
        "1",
        "1.0",
        "-1",
        "1e0",
        "9007199254740993",
        "9223372036854775807",
        "9223372036854775808",
        "18446744073709551615",
        "18446744073709551616",
        "-9223372036854775808",
        "-9223372036854775809",
        "1e308",
        "5e-324",
        "0.1",
        "123456789012345678901234567890",
        "1e-400",
        "1795414761.9705935",
        "9007199254740993.0",
        "0.1000000000000000055511151231257827021181583404541015625",
    ] {
        let theirs: Value = serde_json::from_str(text).unwrap();
        let document = object(format!("{{\"n\":{text}}}").as_bytes()).unwrap();
        let Some(Json::Number(ours)) = document.members().get("n") else { panic!("{text} is a number") };
        assert_eq!(Value::from(ours), theirs, "{text}");
        assert_eq!(text.parse().ok().map(f64::to_bits), Some(ours.as_f64().to_bits()), "{text}");
        assert_eq!(ours.as_i64(), theirs.as_i64(), "{text}");
        assert_eq!(ours.as_u64(), theirs.as_u64(), "{text}");
        assert_eq!(Some(ours.as_f64().to_bits()), theirs.as_f64().map(f64::to_bits), "{text}");
        assert_eq!(ours.to_string(), theirs.to_string(), "{text}");
    }
}

#[test]
fn an_object_of_thousands_of_members_is_read_and_searched() {
    let text = |last: &str| {
        let members: Vec<String> = (0..5_000).rev().map(|number| format!("\"{number}\":{number}")).collect();
        format!("{{{},\"{last}\":0}}", members.join(","))
    };
    let document = object(text("x").as_bytes()).unwrap();
    for number in 0..5_000_u64 {
        let found = document.members().get(&number.to_string());
        assert_eq!(found, Some(Json::Number(number.into())));
    }
    assert_eq!(object(text("2500").as_bytes()), Err(Defect::DuplicateMember));
}

#[test]
fn names_that_begin_alike_are_told_apart() {
    // NUL is refused in what strangers send, and compares right all the same
    let names = [
        "", "\0", "\0\0\0", "a", "a\0", "a\0\0", "a\0\0\0", "a\0b", "ab", "abc", "abcd", "abce", "abc\0",
        "b", "é", "éé",
    ];
    let members: serde_json::Map<String, Value> =
        names.iter().enumerate().rev().map(|(index, &name)| (name.to_owned(), json!(index))).collect();
    let document = Document::of(&members).unwrap();
    assert!(document.members().keys().eq(members.keys().map(String::as_str)));
    for (name, value) in &members {
        assert_eq!(document.members().get(name).map(Json::to_value).as_ref(), Some(value), "{name:?}");
    }
    for absent in ["\0\0", "aa", "abcc", "abcde", "ac", "c", "\u{10ffff}"] {
        assert_eq!(document.members().get(absent), None, "{absent:?}");
    }
}

#[test]
fn a_part_of_the_text_has_a_place() {
    let document = document(&json!({"scope": "read write", "none": ""}));
    let scope = document.members().get("scope").and_then(Json::as_str).unwrap();
    for part in scope.split(' ').chain([scope]) {
        let place = document.place(part).unwrap();
        assert_eq!(document.text(place), part);
    }
    let empty = document.members().get("none").and_then(Json::as_str).unwrap();
    assert_eq!(document.place(empty).map(|place| document.text(place)), Some(""));
    let copy = scope.to_owned();
    assert!(document.place(&copy).is_none());
    assert!(Document::default().place(scope).is_none());
}

#[test]
fn a_document_of_nothing_is_an_empty_object() {
    assert_eq!(object(b"{}"), Ok(Document::default()));
    assert!(Document::default().members().is_empty());
    assert_eq!(format!("{:?}", Document::default()), "{}");
}

fn values() -> BoxedStrategy<Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<u64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        (-2..3_i64).prop_map(Value::from),
        prop::sample::select(vec![json!(1.0), json!(-0.0), json!(0.5)]),
        "[a-c]{0,2}".prop_map(Value::from),
        "[^\0]{0,6}".prop_map(Value::from),
    ];
    leaf.prop_recursive(5, 48, 8, |inner| {
        prop_oneof![prop::collection::vec(inner.clone(), 0..6).prop_map(Value::from), objects(inner)]
    })
    .boxed()
}

fn objects(member: BoxedStrategy<Value>) -> impl Strategy<Value = Value> {
    let small = prop::collection::btree_map(prop_oneof!["[a-c]{0,5}", "[^\0]{0,4}"], member.clone(), 0..6);
    // with an index of its members, or with too many for one, which is also beyond what sorting treats as small
    let name = prop_oneof!["[a-f]{1,3}", "https://[a-f]{1,12}"];
    let large = prop::collection::btree_map(name, member, 7..60);
    prop_oneof![8 => small, 1 => large].prop_map(|members| members.into_iter().collect())
}

/// The text of a value, with its members in the order that the seed gives.
fn shuffled(value: &Value, seed: &mut u64) -> String {
    match value {
        Value::Array(elements) => {
            let elements: Vec<String> = elements.iter().map(|element| shuffled(element, seed)).collect();
            format!("[{}]", elements.join(" , "))
        }
        Value::Object(members) => {
            let mut members: Vec<String> = members
                .iter()
                .map(|(name, value)| format!("{} :{}", json!(name), shuffled(value, seed)))
                .collect();
            for place in (1..members.len()).rev() {
                *seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
                members.swap(place, usize::try_from(*seed >> 33).unwrap() % (place + 1));
            }
            format!("{{ {} }}", members.join(","))
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => value.to_string(),
    }
}

/// Every look-up in both, all the way down.
fn alike(ours: Json<'_>, theirs: &Value) {
    assert_eq!(ours.is_null(), theirs.is_null());
    assert_eq!(ours.is_string(), theirs.is_string());
    assert_eq!(ours.as_str(), theirs.as_str());
    assert_eq!(ours.as_f64().map(f64::to_bits), theirs.as_f64().map(f64::to_bits));
    assert_eq!(ours.as_array().map(Array::len), theirs.as_array().map(Vec::len));
    assert_eq!(ours.as_object().map(Object::len), theirs.as_object().map(serde_json::Map::len));
    if let (Some(ours), Some(theirs)) = (ours.as_array(), theirs.as_array()) {
        assert!(ours.get(theirs.len()).is_none());
        for (index, theirs) in theirs.iter().enumerate() {
            alike(ours.get(index).unwrap(), theirs);
        }
        assert_eq!(ours.iter().len(), theirs.len());
    }
    if let (Some(ours), Some(theirs)) = (ours.as_object(), theirs.as_object()) {
        assert!(ours.keys().eq(theirs.keys().map(String::as_str)));
        for (name, theirs) in theirs {
            alike(ours.get(name).unwrap(), theirs);
            let often = ours.stored(&MemberName::from(name.as_str()));
            assert_eq!(often.map(Stored::read), ours.get(name), "{name}");
        }
        for name in ["", "a", "ab", "b\u{0}", "zz", "\u{10ffff}"] {
            assert_eq!(ours.contains_key(name), theirs.contains_key(name), "{name}");
        }
    }
}

/// How a number with a fraction or an exponent may be written.
fn doubles() -> impl Strategy<Value = String> {
    prop_oneof![
        any::<f64>().prop_map(|double| format!("{double:?}")),
        any::<f64>().prop_map(|double| format!("{double:e}")),
        "-?(0|[1-9][0-9]{0,25})\\.[0-9]{1,25}(e[+-]?[0-9]{1,3})?",
        "-?(0|[1-9][0-9]{0,18})[eE][+-]?[0-9]{1,3}",
        "[1-9][0-9]{9}\\.[0-9]{6,8}",
    ]
    .prop_filter("finite", |text| text.parse::<f64>().is_ok_and(f64::is_finite))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1000))]

    #[test]
    fn a_double_is_read_to_the_last_bit_as_the_standard_library_does(text in doubles()) {
        let document = object(format!("{{\"n\":{text}}}").as_bytes()).unwrap();
        let read = document.members().get("n").and_then(Json::as_f64).map(f64::to_bits);
        prop_assert_eq!(read, text.parse::<f64>().ok().map(f64::to_bits), "{}", text);
    }

    #[test]
    fn every_document_is_read_searched_and_written_as_serde_json_does(
        value in objects(values()),
        mut seed in any::<u64>(),
    ) {
        let text = shuffled(&value, &mut seed);
        let theirs: Value = serde_json::from_str(&text).unwrap();
        prop_assert_eq!(&theirs, &value, "to the last bit");
        let document = object(text.as_bytes()).unwrap();
        alike(Json::Object(document.members()), &theirs);
        prop_assert_eq!(Json::Object(document.members()).to_string(), theirs.to_string());
        prop_assert_eq!(serde_json::to_vec(&document.members()).unwrap(), serde_json::to_vec(&theirs).unwrap());
        let again = Document::of(theirs.as_object().unwrap()).unwrap();
        prop_assert_eq!(&again, &document);
        prop_assert_eq!(Json::Object(document.members()).to_value(), theirs);
    }

    #[test]
    fn documents_are_equal_where_trees_are(one in objects(values()), other in objects(values()), mut seed in any::<u64>()) {
        let same = object(shuffled(&one, &mut seed).as_bytes()).unwrap();
        let read = |value: &Value| serde_json::from_str::<Value>(&value.to_string()).unwrap();
        let (first, second) = (document(&one), document(&other));
        prop_assert_eq!(&same, &object(one.to_string().as_bytes()).unwrap());
        prop_assert_eq!(first == second, read(&one) == read(&other));
        let (Value::Object(ones), Value::Object(others)) = (&one, &other) else { unreachable!() };
        for (name, value) in ones {
            for (other_name, other_value) in others {
                let (ours, theirs) = (first.members().get(name), second.members().get(other_name));
                prop_assert_eq!(ours == theirs, read(value) == read(other_value));
            }
        }
    }

    #[test]
    fn what_is_read_is_what_serde_json_reads(json in r#"\{("[a-c]":([0-9]{1,3}|"[a-z\\]{0,3}"|\[1?\]|null),?){0,3}\}"#) {
        match object(json.as_bytes()) {
            Ok(document) => {
                prop_assert_eq!(Value::Object(document.members().to_map()), serde_json::from_str::<Value>(&json).unwrap());
            }
            Err(Defect::Syntax) => prop_assert!(serde_json::from_str::<Value>(&json).is_err()),
            Err(_) => prop_assert!(serde_json::from_str::<Value>(&json).is_ok()),
        }
    }

    #[test]
    fn a_member_that_is_there_twice_is_found_wherever_it_stands(
        names in prop::collection::vec("[a-e]{1,2}", 0..40),
        outer in any::<bool>(),
    ) {
        let members: Vec<String> = names.iter().map(|name| format!("\"{name}\":[{{}}]")).collect();
        let object_text = format!("{{{}}}", members.join(","));
        let text = if outer { object_text } else { format!("{{\"x\":[0,{object_text}]}}") };
        let distinct: std::collections::BTreeSet<_> = names.iter().collect();
        let expected = if distinct.len() == names.len() { None } else { Some(Defect::DuplicateMember) };
        prop_assert_eq!(object(text.as_bytes()).err(), expected);
    }

    #[test]
    fn no_bytes_make_it_panic(bytes in prop::collection::vec(any::<u8>(), 0..64)) {
        let _ignored = object(&bytes);
    }
}
