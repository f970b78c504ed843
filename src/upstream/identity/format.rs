//! How a value is written into a header.
//!
//! The rule behind each refusal: what is sent must be what arrives. Receivers cut spaces at both ends of a value
//! (RFC 9110 §5.5) and of a list's members, and drop empty members (§5.6.1.2), so `"admin "` would arrive as `admin`.
//! Numbers beyond 64 bits were rounded when the token was read: in whatever format, two callers could share one. By then
//! nothing tells an integer that was rounded from a double that a token has as such (`1e22`), so both are refused. `-0` is
//! sent as `0`: that is the integer which it is, where `-0.0` would be none.
//!
//! Text beyond ASCII goes out as UTF-8 in `text` and `csv`, as Envoy and oauth2-proxy do; `json` escapes it and is
//! always plain ASCII, for upstreams that read headers as Latin-1. The empty string is a value, and is sent.

use std::io;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use http::HeaderValue;
use serde::Serialize;
use serde_json::ser::{CompactFormatter, Formatter, Serializer};

use super::value::Source;
use crate::authn::json::{Json, Number};

/// The format of an identity header.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Format {
    /// A string, number or boolean, as it is.
    #[default]
    Text,
    /// An array of such, with commas between.
    Csv,
    /// Anything, as compact JSON in ASCII.
    Json,
    /// A string's bytes, or anything else as compact JSON in UTF-8, in base64url without padding.
    Base64url,
}

impl Format {
    /// From the value of `format`.
    pub fn parse(name: &str) -> Option<Self> {
        match name {
            "text" => Some(Self::Text),
            "csv" => Some(Self::Csv),
            "json" => Some(Self::Json),
            "base64url" => Some(Self::Base64url),
            _ => None,
        }
    }

    /// The header's value; nothing for an empty list.
    pub(super) fn encode(self, source: Source<'_>) -> Result<Option<HeaderValue>, Unencodable> {
        match source {
            Source::Names(names) if names.is_empty() => return Ok(None),
            Source::Claim(Json::Array(members)) if members.is_empty() => return Ok(None),
            Source::Claim(value) if holds_rounded(value) => return Err(Unencodable),
            Source::Names(_) | Source::Claim(_) | Source::Text(_) => {}
        }
        let encoded = match self {
            Self::Text => text(source)?,
            Self::Csv => csv(source)?,
            Self::Json => json(source)?,
            Self::Base64url => URL_SAFE_NO_PAD.encode(match source {
                Source::Text(text) | Source::Claim(Json::String(text)) => text.as_bytes().to_vec(),
                Source::Claim(value) => {
                    let mut out = Vec::new();
                    let mut serializer = Serializer::with_formatter(&mut out, Compact);
                    value.serialize(&mut serializer).map_err(|_| Unencodable)?;
                    out
                }
                Source::Names(names) => serde_json::to_vec(&names).map_err(|_| Unencodable)?,
            }),
        };
        // Takes the string over without a copy; refuses control characters once more.
        HeaderValue::try_from(encoded).map(Some).map_err(|_| Unencodable)
    }
}

/// The value cannot be written in this format.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Unencodable;

fn text(source: Source<'_>) -> Result<String, Unencodable> {
    let mut out = String::new();
    match source {
        Source::Text(text) => push_text(&mut out, text)?,
        Source::Claim(value) => push_scalar(&mut out, value)?,
        Source::Names(_) => return Err(Unencodable),
    }
    Ok(out)
}

fn csv(source: Source<'_>) -> Result<String, Unencodable> {
    let mut out = String::new();
    match source {
        Source::Names(names) => {
            for name in names.iter() {
                push_member(&mut out, |out| push_text(out, name))?;
            }
        }
        Source::Claim(Json::Array(members)) => {
            for member in members.iter() {
                push_member(&mut out, |out| push_scalar(out, member))?;
            }
        }
        Source::Claim(_) | Source::Text(_) => return Err(Unencodable),
    }
    Ok(out)
}

fn push_member(
    out: &mut String,
    push: impl FnOnce(&mut String) -> Result<(), Unencodable>,
) -> Result<(), Unencodable> {
    if !out.is_empty() {
        out.push(',');
    }
    let start = out.len();
    push(out)?;
    let member = out.get(start..).unwrap_or_default();
    if member.is_empty() || member.contains([',', '"']) { Err(Unencodable) } else { Ok(()) }
}

fn push_scalar(out: &mut String, value: Json<'_>) -> Result<(), Unencodable> {
    match value {
        Json::String(text) => push_text(out, text),
        Json::Bool(boolean) => push_text(out, if boolean { "true" } else { "false" }),
        Json::Number(Number::Double(value)) if is_minus_zero(value) => push_text(out, "0"),
        Json::Number(number) => push_text(out, &number.to_string()),
        Json::Null | Json::Array(_) | Json::Object(_) => Err(Unencodable),
    }
}

fn push_text(out: &mut String, text: &str) -> Result<(), Unencodable> {
    // `is_control` is also true of U+0080 to U+009F, which are control characters to who reads Latin-1 or UTF-8.
    if text.trim().len() != text.len() || text.chars().any(char::is_control) {
        return Err(Unencodable);
    }
    out.push_str(text);
    Ok(())
}

/// Whether it may have been an integer of more than 64 bits.
fn is_rounded(number: Number) -> bool {
    const TWO_TO_63: f64 = 9_223_372_036_854_775_808.0;
    matches!(number, Number::Double(value) if value.abs() >= TWO_TO_63)
}

/// Whether a number in it may be another one than the token has. Ends with the depth of documents, which is bounded.
fn holds_rounded(value: Json<'_>) -> bool {
    match value {
        Json::Number(number) => is_rounded(number),
        Json::Array(array) => array.iter().any(holds_rounded),
        Json::Object(object) => object.iter().any(|(_, value)| holds_rounded(value)),
        Json::Null | Json::Bool(_) | Json::String(_) => false,
    }
}

fn json(source: Source<'_>) -> Result<String, Unencodable> {
    let mut out = Vec::new();
    let mut serializer = Serializer::with_formatter(&mut out, Ascii);
    match source {
        Source::Claim(value) => value.serialize(&mut serializer),
        Source::Names(names) => names.serialize(&mut serializer),
        Source::Text(text) => text.serialize(&mut serializer),
    }
    .map_err(|_| Unencodable)?;
    String::from_utf8(out).map_err(|_| Unencodable)
}

fn is_minus_zero(value: f64) -> bool {
    value == 0.0 && value.is_sign_negative()
}

/// Compact JSON.
struct Compact;

impl Formatter for Compact {
    fn write_f64<W: ?Sized + io::Write>(&mut self, writer: &mut W, value: f64) -> io::Result<()> {
        if is_minus_zero(value) {
            self.write_u64(writer, 0)
        } else {
            CompactFormatter.write_f64(writer, value)
        }
    }
}

/// Compact JSON in which every character beyond printable ASCII is escaped.
struct Ascii;

impl Formatter for Ascii {
    fn write_f64<W: ?Sized + io::Write>(&mut self, writer: &mut W, value: f64) -> io::Result<()> {
        Compact.write_f64(writer, value)
    }

    fn write_string_fragment<W: ?Sized + io::Write>(
        &mut self,
        writer: &mut W,
        fragment: &str,
    ) -> io::Result<()> {
        if fragment.bytes().all(|byte| matches!(byte, b' '..=b'~')) {
            return writer.write_all(fragment.as_bytes());
        }
        let mut units = [0; 2];
        for character in fragment.chars() {
            if matches!(character, ' '..='~') {
                write!(writer, "{character}")?;
            } else {
                for unit in character.encode_utf16(&mut units) {
                    write!(writer, "\\u{unit:04x}")?;
                }
            }
        }
        Ok(())
    }
}
