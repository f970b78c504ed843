//! Parameters of a query: the one that holds a token (RFC 6750 §2.3), and how it is taken out.
//!
//! Given the query as it came, it reads the parts between `&`, and between `;`, at which some servers split too. A name
//! is compared after percent-decoding, so that no spelling of it passes beside the one that was verified. Taken out are
//! also the names that some server folds with it (other case, blanks around it). The rest stays byte for byte.

/// The name of a parameter of the query.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ParameterName(Box<str>);

impl ParameterName {
    /// A name as it stands in the file: letters, digits, `-`, `.`, `_` and `~`, which no client escapes.
    pub fn parse(text: &str) -> Option<Self> {
        let is_name = !text.is_empty()
            && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-._~".contains(&byte));
        is_name.then(|| Self(text.into()))
    }

    /// The name.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether some server takes both for one name.
    pub fn is_like(&self, other: &Self) -> bool {
        self.0.eq_ignore_ascii_case(&other.0)
    }

    /// The values of this parameter in the query, as they came.
    pub(super) fn values<'a>(&self, query: &'a str) -> impl Iterator<Item = &'a str> {
        query.split(SEPARATORS).map(halves).filter(|(name, _)| self.is_named(name)).map(|(_, value)| value)
    }

    fn is_named(&self, name: &str) -> bool {
        // Nearly every name is plain, and differs in length.
        if name.len() == self.0.len() { *name == *self.0 } else { decode(name) == self.0.as_bytes() }
    }

    fn is_like_name(&self, name: &str) -> bool {
        name.len() >= self.0.len() && decode(name).trim_ascii().eq_ignore_ascii_case(self.0.as_bytes())
    }

    /// The query without the parameters of these names, but for those of exactly a name in `kept`; `None` where nothing
    /// was taken out. What is left may be empty.
    pub fn remove(query: &str, names: &[Self], kept: impl Fn(&Self) -> bool) -> Option<String> {
        let goes = |part: &str| {
            let (given, _) = halves(part);
            names.iter().any(|name| name.is_like_name(given) && !(kept(name) && name.is_named(given)))
        };
        if !query.split(SEPARATORS).any(goes) {
            return None;
        }
        let mut rest = String::with_capacity(query.len());
        let mut is_first = true;
        let mut separator = "";
        for piece in query.split_inclusive(SEPARATORS) {
            let part = piece.strip_suffix(SEPARATORS).unwrap_or(piece);
            if !goes(part) {
                if !is_first {
                    rest.push_str(separator);
                }
                rest.push_str(part);
                is_first = false;
            }
            separator = piece.get(part.len()..).unwrap_or_default();
        }
        // A separator at the very end belongs to what stays before it.
        if !rest.is_empty() && query.ends_with(SEPARATORS) {
            rest.push_str(separator);
        }
        Some(rest)
    }
}

const SEPARATORS: [char; 2] = ['&', ';'];

fn halves(part: &str) -> (&str, &str) {
    part.split_once('=').unwrap_or((part, ""))
}

/// A name as servers read it; what is no escape stays as it is.
fn decode(name: &str) -> Vec<u8> {
    let mut decoded = Vec::with_capacity(name.len());
    let mut rest = name.as_bytes();
    while let [first, after @ ..] = rest {
        rest = after;
        let escaped = || {
            let (digits, after) = after.split_at_checked(2)?;
            let digits = str::from_utf8(digits).ok().filter(|digits| !digits.starts_with('+'))?;
            Some((u8::from_str_radix(digits, 16).ok()?, after))
        };
        match (first, escaped()) {
            (b'%', Some((byte, after))) => {
                decoded.push(byte);
                rest = after;
            }
            (b'+', _) => decoded.push(b' '),
            (&byte, _) => decoded.push(byte),
        }
    }
    decoded
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn name(text: &str) -> ParameterName {
        ParameterName::parse(text).unwrap()
    }

    #[test]
    fn a_parameter_is_found_in_every_escaped_spelling() {
        let token = name("access_token");
        for (query, expected) in [
            ("access_token=t", &["t"][..]),
            ("a=1&access_token=t&b", &["t"]),
            ("a=1;access_token=t", &["t"]),
            ("access%5Ftoken=t&%61ccess%5ftoken=u", &["t", "u"]),
            ("access_token", &[""]),
            ("access_token=", &[""]),
            ("access_token=a=b", &["a=b"]),
            ("access_token=%61", &["%61"]),
            ("Access_Token=t&access_tokens=t&x=access_token=t", &[]),
            ("access%5token=t&access%+5ftoken=t&%", &[]),
            ("", &[]),
        ] {
            assert_eq!(token.values(query).collect::<Vec<_>>(), expected, "{query}");
        }
    }

    #[test]
    fn only_the_named_parameter_is_taken_out() {
        let names = [name("t"), name("u")];
        for (query, left) in [
            ("t=1", Some("")),
            ("t", Some("")),
            ("t=1&", Some("")),
            ("&t=1", Some("")),
            ("a=1&t=2", Some("a=1")),
            ("t=2&a=1", Some("a=1")),
            ("a=%31&t=2&b=+;c", Some("a=%31&b=+;c")),
            ("a=1&t=2&", Some("a=1&")),
            ("a&&t=2&b", Some("a&&b")),
            ("a;t=2&b", Some("a&b")),
            ("u=1&a&t=1", Some("a")),
            ("%74=1&a", Some("a")),
            // What some server would take for it.
            ("T=1&a", Some("a")),
            ("+t=1&%20t%00=1&t%20=1&a", Some("%20t%00=1&a")),
            ("a=t&tt=1&b", None),
            ("", None),
            ("&", None),
        ] {
            let rest = ParameterName::remove(query, &names, |_| false);
            assert_eq!(rest.as_deref(), left, "{query}");
        }
    }

    #[test]
    fn what_is_kept_is_the_very_parameter() {
        let names = [name("t"), name("u")];
        let kept = |name: &ParameterName| name.as_str() == "t";
        for (query, left) in [("t=1&a", None), ("t=1&T=2&u=3", Some("t=1")), ("+t=1&%74=2", Some("%74=2"))] {
            assert_eq!(ParameterName::remove(query, &names, kept).as_deref(), left, "{query}");
        }
    }

    #[test]
    fn names_need_no_escapes() {
        for text in ["", "a b", "a%62", "a&b", "a+b", "caf\u{e9}", "a[]"] {
            assert!(ParameterName::parse(text).is_none(), "{text}");
        }
        assert!(name("a").is_like(&name("A")) && name("a") != name("A"));
    }

    proptest! {
        #[test]
        fn nothing_else_is_lost_and_nothing_of_it_stays(
            parts in prop::collection::vec("(a|tt|t|T|%74|%54|b2|)=?[a-z%=+]{0,3}", 0..6),
        ) {
            let query = parts.join("&");
            let token = name("t");
            let rest = ParameterName::remove(&query, std::slice::from_ref(&token), |_| false);
            let left: Vec<&str> =
                parts.iter().map(String::as_str).filter(|part| !token.is_like_name(halves(part).0)).collect();
            match rest {
                None => prop_assert_eq!(left.len(), parts.len()),
                Some(rest) => {
                    prop_assert_eq!(token.values(&rest).count(), 0);
                    let rest: Vec<&str> = rest.split('&').filter(|part| !part.is_empty()).collect();
                    prop_assert_eq!(rest, left.into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>());
                }
            }
        }
    }
}
