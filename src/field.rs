//! Fields of a message that should be there once, or not at all.
//!
//! Given a header section and a name; says whether the field is absent, and what it holds where it is there once. Most
//! fields that are asked for are in hardly any request, and most requests have few fields: their names are compared one by
//! one then, which takes less than hashing the one that is looked for. It names no other module.

use http::{HeaderMap, HeaderName, HeaderValue};

/// How often a field is there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Field<'h> {
    /// It is not.
    Absent,
    /// Once, with this value.
    One(&'h HeaderValue),
    /// More than once, whatever the values: which of them counts would be a guess.
    Several,
}

/// The one field of that name.
pub fn only<'h>(headers: &'h HeaderMap, name: &HeaderName) -> Field<'h> {
    if !has(headers, name) {
        return Field::Absent;
    }
    let mut values = headers.get_all(name).iter();
    match (values.next(), values.next()) {
        (None, _) => Field::Absent,
        (Some(value), None) => Field::One(value),
        (Some(_), Some(_)) => Field::Several,
    }
}

/// Whether there is a field of that name.
pub fn has(headers: &HeaderMap, name: &HeaderName) -> bool {
    if headers.keys_len() <= FEW {
        headers.keys().any(|field| field == name)
    } else {
        headers.contains_key(name)
    }
}

/// So many names are sooner compared than one is hashed.
const FEW: usize = 16;

#[cfg(test)]
mod tests {
    use http::header::{ACCEPT, HOST};

    use super::*;

    #[test]
    fn a_field_is_found_among_few_and_among_many() {
        let other = HeaderName::from_static("x-other");
        for others in [0, 1, FEW - 1, FEW, 3 * FEW] {
            let mut headers = HeaderMap::new();
            for number in 0..others {
                headers
                    .append(HeaderName::try_from(format!("x-{number}")).unwrap(), HeaderValue::from(number));
            }
            for name in [HOST, other.clone()] {
                assert_eq!((has(&headers, &name), only(&headers, &name)), (false, Field::Absent), "{others}");
                headers.append(&name, HeaderValue::from_static("a"));
                let one = HeaderValue::from_static("a");
                assert_eq!(
                    (has(&headers, &name), only(&headers, &name)),
                    (true, Field::One(&one)),
                    "{others}"
                );
                headers.append(&name, HeaderValue::from_static("a"));
                assert_eq!((has(&headers, &name), only(&headers, &name)), (true, Field::Several), "{others}");
            }
            assert_eq!(only(&headers, &ACCEPT), Field::Absent);
        }
    }
}
