//! Cookies of a request (RFC 6265 §5.4): the one that holds a token, and how it is taken out.
//!
//! Given a field `Cookie`, it reads the pairs between the semicolons; HTTP/2 may send several such fields. A token is
//! read from the cookie of exactly the configured name. Taken out are also the spellings that some server reads as that
//! name (other case, blanks of any kind around it, behind a comma as in RFC 2109), which are nobody's credential: an
//! upstream must not see in them what nobody verified. Every other pair stays byte for byte.

use super::trim;

/// The name of a cookie: a token (RFC 6265 §4.1.1, RFC 9110 §5.6.2).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CookieName(Box<str>);

impl CookieName {
    /// A name as it stands in the file; `None` if no cookie can have it.
    pub fn parse(text: &str) -> Option<Self> {
        let is_name = !text.is_empty() && text.bytes().all(super::is_tchar);
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

    /// The values of this cookie in one field, without the quotes that may be around them.
    pub(super) fn values<'a>(&self, field: &'a [u8]) -> impl Iterator<Item = &'a [u8]> {
        field.split(|&byte| byte == b';').filter_map(|pair| self.value(pair)).map(unquote)
    }

    /// The value in a pair of exactly this name.
    fn value<'a>(&self, pair: &'a [u8]) -> Option<&'a [u8]> {
        let (name, value) = halves(pair)?;
        (trim(name) == self.0.as_bytes()).then(|| trim(value))
    }

    /// Whether some server finds this cookie in the pair.
    fn is_in(&self, pair: &[u8]) -> bool {
        pair.split(|&byte| byte == b',').any(|part| {
            let name = halves(part).map_or(part, |(name, _)| name);
            inner(name).eq_ignore_ascii_case(self.0.as_bytes())
        })
    }

    /// A field without the cookies of these names, but for those of exactly a name in `kept`; `None` where nothing was
    /// taken out. What is left may be empty.
    pub fn remove(field: &[u8], names: &[Self], kept: impl Fn(&Self) -> bool) -> Option<Vec<u8>> {
        let goes = |pair: &[u8]| {
            names.iter().any(|name| name.is_in(pair) && !(kept(name) && name.value(pair).is_some()))
        };
        if !field.split(|&byte| byte == b';').any(goes) {
            return None;
        }
        let mut rest = Vec::with_capacity(field.len());
        let mut is_first = true;
        for (at, pair) in field.split(|&byte| byte == b';').enumerate().filter(|(_, pair)| !goes(pair)) {
            if !is_first {
                rest.push(b';');
            }
            // The blank between two pairs goes with the first of them.
            rest.extend_from_slice(if is_first && at > 0 { pair.trim_ascii_start() } else { pair });
            is_first = false;
        }
        Some(rest)
    }
}

/// Name and value of a pair; without an equals sign it is a value without a name.
fn halves(pair: &[u8]) -> Option<(&[u8], &[u8])> {
    let at = pair.iter().position(|&byte| byte == b'=')?;
    let (name, rest) = pair.split_at_checked(at)?;
    Some((name, rest.strip_prefix(b"=")?))
}

/// `cookie-value = *cookie-octet / ( DQUOTE *cookie-octet DQUOTE )`
fn unquote(value: &[u8]) -> &[u8] {
    value.strip_prefix(b"\"").and_then(|value| value.strip_suffix(b"\"")).unwrap_or(value)
}

/// What is left of a name without the bytes around it that no name has: blanks, and those of Unicode that some servers
/// strip.
fn inner(mut name: &[u8]) -> &[u8] {
    while let [first, rest @ ..] = name
        && !super::is_tchar(*first)
    {
        name = rest;
    }
    while let [rest @ .., last] = name
        && !super::is_tchar(*last)
    {
        name = rest;
    }
    name
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn name(text: &str) -> CookieName {
        CookieName::parse(text).unwrap()
    }

    fn values(field: &str) -> Vec<String> {
        let access = name("__Host-access");
        access.values(field.as_bytes()).map(|value| String::from_utf8_lossy(value).into_owned()).collect()
    }

    #[test]
    fn a_cookie_is_found_by_its_very_name() {
        for (field, expected) in [
            ("__Host-access=t", &["t"][..]),
            ("a=1; __Host-access=t; b=2", &["t"]),
            ("a=1;__Host-access=t;b=2", &["t"]),
            ("a=1;  \t__Host-access = t ; b=2", &["t"]),
            ("__Host-access=\"t\"", &["t"]),
            ("__Host-access=\"t", &["\"t"]),
            ("__Host-access=", &[""]),
            ("__Host-access==t", &["=t"]),
            ("__Host-access=t; __Host-access=u", &["t", "u"]),
            ("a=__Host-access=t", &[]),
            ("__Host-access", &[]),
            ("=__Host-access=t", &[]),
            ("__host-access=t", &[]),
            ("x__Host-access=t; __Host-access2=t", &[]),
            ("", &[]),
            (";;", &[]),
        ] {
            assert_eq!(values(field), expected, "{field}");
        }
    }

    #[test]
    fn only_the_named_cookie_is_taken_out() {
        let names = [name("__Host-access"), name("t")];
        for (field, left) in [
            ("__Host-access=t", Some("")),
            ("a=1; __Host-access=t; b=2", Some("a=1; b=2")),
            ("__Host-access=t; a=1;b=\"x y\"", Some("a=1;b=\"x y\"")),
            ("a=1; __Host-access=t", Some("a=1")),
            ("a=1;;__Host-access=t; ; b", Some("a=1;; ; b")),
            ("__Host-access=t; __Host-access=u", Some("")),
            ("t=1; a=1; __Host-access=2", Some("a=1")),
            // What some server would take for it.
            ("a=1; __HOST-access=t", Some("a=1")),
            ("a=1; \u{a0}\u{2000}__Host-access\u{a0} =t", Some("a=1")),
            ("$Version=1,__Host-access=t; b=2", Some("b=2")),
            ("a=1; __Host-access; b=2", Some("a=1; b=2")),
            ("a=1; b={\"x\":1,\"y\":2}", None),
            ("a=1; xt=2; t2=3; a=t", None),
            ("", None),
        ] {
            let rest = CookieName::remove(field.as_bytes(), &names, |_| false);
            assert_eq!(rest.as_deref(), left.map(str::as_bytes), "{field}");
        }
    }

    #[test]
    fn what_is_kept_is_the_very_cookie() {
        let names = [name("t"), name("u")];
        let kept = |name: &CookieName| name.as_str() == "t";
        for (field, left) in
            [("a=1; t=2", None), ("t=1; T=2; u=3", Some("t=1")), (" t=1; \u{a0}t=2", Some(" t=1"))]
        {
            let rest = CookieName::remove(field.as_bytes(), &names, kept);
            assert_eq!(rest.as_deref(), left.map(str::as_bytes), "{field}");
        }
    }

    #[test]
    fn names_are_tokens() {
        for text in ["", "a b", "a=b", "a;b", "caf\u{e9}", "a,b", "\"a\""] {
            assert!(CookieName::parse(text).is_none(), "{text}");
        }
        assert!(name("a").is_like(&name("A")) && name("a") != name("A"));
    }

    proptest! {
        #[test]
        fn nothing_else_is_lost_and_nothing_of_it_stays(
            pairs in prop::collection::vec("( |\t)?(a|tt|t|T|b2)?=?[a-z\",= ]{0,4}", 0..6),
        ) {
            let field = pairs.join(";");
            let access = name("t");
            let rest = CookieName::remove(field.as_bytes(), std::slice::from_ref(&access), |_| false);
            let left: Vec<&String> = pairs.iter().filter(|pair| !access.is_in(pair.as_bytes())).collect();
            match rest {
                None => prop_assert_eq!(left.len(), pairs.len()),
                Some(rest) => {
                    let expected = left.iter().map(|pair| pair.as_str()).collect::<Vec<_>>().join(";");
                    prop_assert_eq!(access.values(&rest).count(), 0);
                    let rest = String::from_utf8_lossy(&rest).into_owned();
                    prop_assert_eq!(rest.trim_start(), expected.trim_start());
                }
            }
        }
    }
}
