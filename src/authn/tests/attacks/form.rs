//! What is no compact JWS of two JSON objects, or only to some readers [4, 5, 9, 34, 35].

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD_NO_PAD, URL_SAFE};
use serde_json::json;

use super::super::fixture::*;
use super::{Case, refused};
use crate::authn::Error::{TokenMalformed, TokenTooLarge};

/// The length of `{"alg":"ES256","kid":"p256","x":""}`.
const HEADER_AROUND: usize = 35;

const HEADER: &str = r#"{"alg":"ES256","kid":"p256"}"#;

pub(super) fn cases() -> Vec<Case> {
    [segments(), sizes(), base64(), header_json(), payload_json()].into_iter().flatten().collect()
}

fn parts(token: &str) -> [String; 3] {
    let parts: Vec<_> = token.split('.').map(str::to_owned).collect();
    parts.try_into().unwrap()
}

fn segments() -> Vec<Case> {
    let good = corp(json!({"case": "segments"}));
    let [header, payload, signature] = parts(&good);
    let jwe = b64(br#"{"alg":"dir","enc":"A128GCM"}"#);
    let jwe_rsa = b64(br#"{"alg":"RSA-OAEP","enc":"A256GCM","cty":"JWT"}"#);
    let pbes2 = b64(br#"{"alg":"PBES2-HS256+A128KW","enc":"A128GCM","p2c":2147483647,"p2s":"AAAA"}"#);
    let nested = b64(br#"{"alg":"ES256","kid":"p256","cty":"JWT"}"#);
    let flattened = json!({"payload": payload, "protected": header, "signature": signature}).to_string();
    let general = json!({"payload": payload, "signatures": [{"protected": header, "signature": signature}]})
        .to_string();
    [
        ("one segment", header.clone()),
        ("two segments", format!("{header}.{payload}")),
        ("four segments", format!("{good}.")),
        ("four segments, the last one full", format!("{good}.{signature}")),
        ("a JWE with a direct key [4]", format!("{jwe}..{payload}.{payload}.{signature}")),
        ("a JWE around a JWT [4]", format!("{jwe_rsa}.{payload}.{payload}.{payload}.{signature}")),
        (
            "a JWE around an unsigned JWT [4]",
            format!("{jwe}..{payload}.{}.{signature}", b64(b"{\"alg\":\"none\"}")),
        ),
        (
            "a JWE of PBES2 with two thousand million rounds [34]",
            format!("{pbes2}.{payload}.a.{payload}.{signature}"),
        ),
        ("a signed token around a token [4]", signed(&nested, &b64(good.as_bytes()), "ES256", &SIGNERS.p256)),
        ("six segments", format!("{good}.{good}")),
        ("dots alone", "..".into()),
        ("one dot", ".".into()),
        ("many dots [34]", ".".repeat(16 * 1024)),
        ("a dot first", format!(".{good}")),
        ("no header", format!(".{payload}.{signature}")),
        ("a detached payload", format!("{header}..{signature}")),
        ("an empty payload, signed", signed(&header, "", "ES256", &SIGNERS.p256)),
        ("the segments in another order", format!("{payload}.{header}.{signature}")),
        ("the flattened JSON serialization [5]", flattened),
        ("the general JSON serialization [5]", general.clone()),
        (
            "the JSON serialization as a segment [5]",
            format!("{}.{payload}.{signature}", b64(general.as_bytes())),
        ),
        ("a slash", "/".into()),
        ("a word", "null".into()),
    ]
    .map(|(what, token)| refused(what, TokenMalformed, token))
    .into()
}

fn sizes() -> Vec<Case> {
    let long = |length: usize| "x".repeat(length);
    let header = |length| json!({"alg": "ES256", "kid": "p256", "x": long(length)});
    vec![
        refused("a token of 64 KiB", TokenTooLarge, corp(json!({"x": long(64 * 1024)}))),
        refused("a token of 16 KiB and one byte", TokenTooLarge, long(16 * 1024 + 1)),
        refused("a megabyte of dots [34]", TokenTooLarge, ".".repeat(1 << 20)),
        refused("a header of 8 KiB [34]", TokenTooLarge, token(header(8 * 1024), claims(), &SIGNERS.p256)),
        refused(
            "a header of 4 KiB and a byte",
            TokenTooLarge,
            token(header(4097 - HEADER_AROUND), claims(), &SIGNERS.p256),
        ),
        refused(
            "a header of 4 KiB and two bytes",
            TokenTooLarge,
            token(header(4098 - HEADER_AROUND), claims(), &SIGNERS.p256),
        ),
        refused("a payload of 16 KiB of dots [34]", TokenTooLarge, format!("a.{}", ".".repeat(16 * 1024))),
        refused(
            "a header of 4 KiB and a little",
            TokenTooLarge,
            token(header(4090), claims(), &SIGNERS.p256),
        ),
        refused("a header of 5 KiB that is no base64", TokenTooLarge, format!("{}.a.a", "~".repeat(6000))),
    ]
}

fn base64() -> Vec<Case> {
    let good = corp(json!({"case": "base64", "pad": "??>>"}));
    let [header, payload, signature] = parts(&good);
    let text = with(claims(), json!({"case": "standard", "pad": "???>>>~~~"})).to_string();
    let standard = STANDARD_NO_PAD.encode(&text);
    assert!(standard.contains(['+', '/']), "the payload must tell the alphabets apart");
    let padded = URL_SAFE.encode(format!("{text} "));
    let padded = if padded.ends_with('=') { padded } else { URL_SAFE.encode(format!("{text}  ")) };
    // 64 bytes of signature are 86 symbols: the last one has four bits that no byte holds
    let stray: String = (0..3)
        .map(|step| {
            let alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
            let last = alphabet.find(&signature[85..]).unwrap() + step + 1;
            format!("{header}.{payload}.{}{} ", &signature[..85], &alphabet[last..=last])
        })
        .collect();
    let mut cases: Vec<_> = stray
        .split_whitespace()
        .map(|token| refused("stray bits after the signature", TokenMalformed, token))
        .collect();
    cases.extend(
        [
            ("padding after the signature", format!("{good}==")),
            ("one sign of padding after the signature", format!("{good}=")),
            ("a padded payload, signed", signed(&header, &padded, "ES256", &SIGNERS.p256)),
            ("the other alphabet, signed", signed(&header, &standard, "ES256", &SIGNERS.p256)),
            ("a header with padding inside", format!("{header}==.{payload}.{signature}")),
            ("a symbol too few", format!("{header}.{payload}.{}", &signature[..85])),
            ("a percent-encoded dot", format!("{header}%2e{payload}.{signature}")),
            ("a blank inside", format!("{header}. {payload}.{signature}")),
            (
                "a line break in the payload",
                format!("{header}.{}\n{}.{signature}", &payload[..8], &payload[8..]),
            ),
            ("a NUL at the end", format!("{good}\0")),
            ("a character that is not ASCII", format!("{header}.{payload}é.{signature}")),
            ("a tilde", format!("{header}.{payload}~.{signature}")),
            ("a plus", format!("{header}.+{payload}.{signature}")),
        ]
        .map(|(what, token)| refused(what, TokenMalformed, token)),
    );
    cases
}

fn header_json() -> Vec<Case> {
    let nested =
        |depth: usize| format!(r#"{{"alg":"ES256","x":{}{}}}"#, "[".repeat(depth), "]".repeat(depth));
    [
        ("a header that is an array", r#"["ES256"]"#.into()),
        ("a header that is a string", r#""ES256""#.into()),
        ("a header that is null", "null".into()),
        ("an empty header", "{}".into()),
        ("a header that is no JSON", "alg=ES256".into()),
        ("a header with a trailing comma", r#"{"alg":"ES256",}"#.into()),
        ("a header with a comment", r#"{"alg":"ES256"/**/}"#.into()),
        ("a header in single quotes", "{'alg':'ES256'}".into()),
        ("a header and more", format!("{HEADER}{{}}")),
        ("a header and a NUL", format!("{HEADER}\0")),
        ("a header after a byte order mark", format!("\u{feff}{HEADER}")),
        ("`alg` twice", r#"{"alg":"ES256","kid":"p256","alg":"ES256"}"#.into()),
        ("`alg` twice, `none` last [3]", r#"{"alg":"ES256","alg":"none"}"#.into()),
        ("`alg` twice, `none` first [3]", r#"{"alg":"none","alg":"ES256"}"#.into()),
        ("`alg` twice, once escaped", r#"{"alg":"ES256","\u0061lg":"ES384"}"#.into()),
        ("`kid` twice", r#"{"alg":"ES256","kid":"ed","kid":"p256"}"#.into()),
        ("`crit` twice [9]", r#"{"alg":"ES256","crit":[],"crit":["exp"]}"#.into()),
        ("a duplicate deep in a `jwk`", r#"{"alg":"ES256","jwk":{"a":[{"b":1,"b":2}]}}"#.into()),
        ("a NUL in `kid`", r#"{"alg":"ES256","kid":"p256\u0000"}"#.into()),
        ("a NUL in a name", r#"{"alg":"ES256","kid\u0000":"x"}"#.into()),
        ("a lone surrogate", r#"{"alg":"ES256","kid":"\ud800"}"#.into()),
        ("`alg` missing [3]", r#"{"kid":"p256"}"#.into()),
        ("`alg` null [3]", r#"{"alg":null}"#.into()),
        ("`alg` a number", r#"{"alg":256}"#.into()),
        ("`alg` an array", r#"{"alg":["ES256"]}"#.into()),
        ("`alg` an object", r#"{"alg":{"name":"ES256"}}"#.into()),
        ("`alg` false", r#"{"alg":false}"#.into()),
        ("`Alg` in place of `alg`", r#"{"Alg":"ES256","ALG":"ES256"}"#.into()),
        ("`kid` a number", r#"{"alg":"ES256","kid":1}"#.into()),
        ("`kid` null", r#"{"alg":"ES256","kid":null}"#.into()),
        ("`kid` an array", r#"{"alg":"ES256","kid":["p256"]}"#.into()),
        ("`kid` an object", r#"{"alg":"ES256","kid":{"$ne":""}}"#.into()),
        ("`typ` a number", r#"{"alg":"ES256","typ":1}"#.into()),
        ("`typ` null", r#"{"alg":"ES256","typ":null}"#.into()),
        ("`typ` an array", r#"{"alg":"ES256","typ":["JWT"]}"#.into()),
        ("`b64` false without `crit` [9]", r#"{"alg":"ES256","kid":"p256","b64":false}"#.into()),
        ("`b64` null", r#"{"alg":"ES256","kid":"p256","b64":null}"#.into()),
        ("`b64` a string", r#"{"alg":"ES256","kid":"p256","b64":"false"}"#.into()),
        ("a header of depth 17", nested(16)),
        ("a header of depth 1,500 [35]", nested(1500)),
        ("a number out of range in the header", r#"{"alg":"ES256","x":1e999}"#.into()),
    ]
    .map(|(what, header): (&str, String)| {
        refused(what, TokenMalformed, token(header, claims(), &SIGNERS.p256))
    })
    .into()
}

fn payload_json() -> Vec<Case> {
    let good = claims().to_string();
    let open = good.strip_suffix('}').unwrap();
    let nested = |depth: usize, open_with: &str, close_with: &str| {
        format!(r#"{open},"x":{}1{}}}"#, open_with.repeat(depth), close_with.repeat(depth))
    };
    let mut cases: Vec<_> = [
        ("a payload that is an array", format!("[{good}]")),
        ("a payload that is a string", format!("{good:?}")),
        ("a payload that is null", "null".into()),
        ("a payload that is a number", "1".into()),
        ("a payload that is no JSON", "hello".into()),
        ("half a payload", good[..good.len() / 2].into()),
        ("a payload and more", format!("{good} {good}")),
        ("a payload and a NUL", format!("{good}\0")),
        ("a payload after a byte order mark", format!("\u{feff}{good}")),
        ("`sub` twice", format!(r#"{open},"sub":"1"}}"#)),
        ("`exp` twice", format!(r#"{open},"exp":9999999999}}"#)),
        ("`iss` twice", format!(r#"{open},"iss":"{STRICT}"}}"#)),
        ("`aud` twice", format!(r#"{open},"aud":"billing"}}"#)),
        ("`cnf` twice", format!(r#"{open},"cnf":{{}},"cnf":null}}"#)),
        ("a private claim twice", format!(r#"{open},"role":1,"role":2}}"#)),
        ("a claim twice, once escaped", format!(r#"{open},"\u0073ub":"1"}}"#)),
        ("a duplicate in an object", format!(r#"{open},"a":{{"b":1,"b":1}}}}"#)),
        ("a duplicate in an object in arrays", format!(r#"{open},"a":[[{{"b":{{"c":1,"c":1}}}}]]}}"#)),
        ("a duplicate empty name", format!(r#"{open},"":1,"":2}}"#)),
        ("a NUL in `sub`", format!(r#"{open},"email":"admin@x\u0000.example"}}"#)),
        ("a NUL in a nested name", format!(r#"{open},"a":{{"b\u0000":1}}}}"#)),
        ("a raw NUL in a string", format!("{open},\"a\":\"\0\"}}")),
        ("a raw line break in a string", format!("{open},\"a\":\"\n\"}}")),
        ("a lone surrogate", format!(r#"{open},"a":"\udfff"}}"#)),
        ("half a surrogate pair", format!(r#"{open},"a":"\ud83d\u0041"}}"#)),
        ("a number no `f64` holds [8]", format!(r#"{open},"a":1e400}}"#)),
        ("`exp` 1e400 [8]", format!(r#"{{"iss":"{CORP}","aud":"orders","exp":1e400}}"#)),
        ("`exp` -1e400 [11]", format!(r#"{{"iss":"{CORP}","aud":"orders","exp":-1e400}}"#)),
        ("NaN", format!(r#"{open},"a":NaN}}"#)),
        ("Infinity", format!(r#"{open},"a":Infinity}}"#)),
        ("a hexadecimal number", format!(r#"{open},"a":0x10}}"#)),
        ("a number with a plus", format!(r#"{open},"a":+1}}"#)),
        ("a number with a leading zero", format!(r#"{open},"a":01}}"#)),
        ("a number without a fraction", format!(r#"{open},"a":1.}}"#)),
        ("arrays of depth 17", nested(16, "[", "]")),
        ("objects of depth 17", nested(16, r#"{"a":"#, "}")),
        ("arrays of depth 5,000 [35]", nested(5000, "[", "]")),
        ("objects of depth 1,000 [35]", nested(1000, r#"{"a":"#, "}")),
        (
            "a deep array in a claim that is checked [35]",
            format!(r#"{open},"nbf":{}{}}}"#, "[".repeat(3000), "]".repeat(3000)),
        ),
        (
            "a deep array as the audience [35]",
            good.replace(r#""orders""#, &format!("{}{}", "[".repeat(17), "]".repeat(17))),
        ),
        ("brackets that never close [35]", format!(r#"{open},"a":{}"#, "[".repeat(10_000))),
    ]
    .map(|(what, payload)| refused(what, TokenMalformed, token(HEADER, payload, &SIGNERS.p256)))
    .into();
    for (what, bytes) in [
        ("a byte that is no UTF-8 in a string", &b"\xff"[..]),
        ("an overlong NUL", b"\xc0\x80"),
        ("an overlong slash", b"\xc0\xaf"),
        ("a surrogate in UTF-8", b"\xed\xa0\x80"),
        ("a cut-off sequence", b"\xe2\x82"),
    ] {
        let payload = [open.as_bytes(), br#","a":""#, bytes, br#""}"#].concat();
        let token = signed(&b64(HEADER.as_bytes()), &b64(&payload), "ES256", &SIGNERS.p256);
        cases.push(refused(what, TokenMalformed, token));
    }
    cases
}
