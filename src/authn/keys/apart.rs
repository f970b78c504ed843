//! The keys of a set of which one cannot be read, each as its own text.
//!
//! Given the JSON of a set that has the form of JSON, and within which there is a number that no double holds or an escape
//! that stands for no character: a reader of the whole stops there, and what follows would be lost. Hands on what stands
//! between the commas of `keys`, so that each is read by itself and only the odd one is left out. What must stay true: it
//! finds the same elements as a reader of the whole, had there been nothing odd.

use serde::de::IgnoredAny;

use super::set::KeySetError;
use crate::authn::json::Defect;

/// The texts of the elements of the set's `keys`, at most `limit`.
pub(super) fn elements(json: &[u8], limit: usize) -> Result<Vec<&str>, KeySetError> {
    let syntax = |_| KeySetError::Json(Defect::Syntax);
    let text = str::from_utf8(json).map_err(|_| KeySetError::Json(Defect::Syntax))?;
    // Its form is that of JSON, whatever the numbers and escapes say.
    let _: IgnoredAny = serde_json::from_str(text).map_err(syntax)?;
    let members = parts(text, '{', '}').ok_or(KeySetError::NotAKeySet)?;
    let mut keys = members.into_iter().filter_map(|member| {
        let mut name = serde_json::Deserializer::from_str(member).into_iter::<String>();
        let is_keys = name.next()?.is_ok_and(|name| name == "keys");
        is_keys.then(|| member.get(name.byte_offset()..)?.trim_start().strip_prefix(':')).flatten()
    });
    let value = keys.next().ok_or(KeySetError::NotAKeySet)?;
    if keys.next().is_some() {
        return Err(KeySetError::Json(Defect::DuplicateMember));
    }
    let elements = parts(value, '[', ']').ok_or(KeySetError::NotAKeySet)?;
    if elements.len() > limit { Err(KeySetError::TooManyKeys) } else { Ok(elements) }
}

/// What stands between the commas of an array or object; none where the text is none.
fn parts(text: &str, open: char, close: char) -> Option<Vec<&str>> {
    let inner = text.trim().strip_prefix(open)?.strip_suffix(close)?;
    let (mut found, mut start, mut depth) = (Vec::new(), 0, 0_usize);
    let (mut is_text, mut is_escaped) = (false, false);
    for (at, byte) in inner.bytes().enumerate() {
        match byte {
            _ if is_escaped => is_escaped = false,
            b'\\' => is_escaped = is_text,
            b'"' => is_text = !is_text,
            _ if is_text => {}
            b'[' | b'{' => depth += 1,
            b']' | b'}' => depth = depth.saturating_sub(1),
            b',' if depth == 0 => {
                found.push(inner.get(start..at)?);
                start = at + 1;
            }
            _ => {}
        }
    }
    let last = inner.get(start..)?;
    if !found.is_empty() || !last.trim().is_empty() {
        found.push(last);
    }
    Some(found.into_iter().map(str::trim).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_elements_are_those_of_a_reader() {
        for (json, expected) in [
            (r#"{"keys":[]}"#, &[][..]),
            (
                r#" { "keys" : [ {"a":1} , [2,{}] ,"x,]\\\"," , 1e400 ] , "x" : 1 } "#,
                &[r#"{"a":1}"#, "[2,{}]", r#""x,]\\\",""#, "1e400"],
            ),
            (r#"{"\u006beys":[1],"\ud800":2}"#, &["1"]),
            (r#"{"a":{"keys":[3]},"keys":[{"k":"\ud800"}]}"#, &[r#"{"k":"\ud800"}"#]),
        ] {
            assert_eq!(elements(json.as_bytes(), 4).unwrap(), expected, "{json}");
        }
    }

    #[test]
    fn what_is_no_set_is_refused() {
        for (json, expected) in [
            (&b"{\"keys\":[1e400,]}"[..], "the key set is not JSON"),
            (b"{\"keys\":[\"\xff\"]}", "the key set is not JSON"),
            (b"1e400", "not a JWK set: it has no array `keys`"),
            (b"{\"keys\":1e400}", "not a JWK set: it has no array `keys`"),
            (b"{\"keys\":[1],\"keys\":[1e400]}", "the key set has a member twice"),
            (b"{\"keys\":[1,2,3,4,1e400]}", "the key set has more than 100 keys"),
        ] {
            assert_eq!(elements(json, 4).unwrap_err().to_string(), expected);
        }
    }
}
