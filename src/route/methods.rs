//! The methods that a route takes.

use http::Method;

/// The methods that everybody knows (RFC 9110 §9.3, RFC 5789), but for CONNECT, which is never routed.
const STANDARD: [Method; 8] = [
    Method::GET,
    Method::HEAD,
    Method::POST,
    Method::PUT,
    Method::PATCH,
    Method::DELETE,
    Method::OPTIONS,
    Method::TRACE,
];

/// A set of methods; GET includes HEAD.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Methods(Option<Vec<Method>>);

impl Methods {
    /// Every method, in its own case: `delete` is no method but another spelling of DELETE, which no route takes. Methods are
    /// case-sensitive (RFC 9110 §9.1), and servers that are not would do what a rule for DELETE keeps out.
    pub fn any() -> Self {
        Self(None)
    }

    /// The methods of these names.
    pub fn parse(names: &[String]) -> Result<Self, MethodsError> {
        let mut methods = Vec::with_capacity(names.len() + 1);
        for name in names {
            // The grammar would let `*` and the like through as extension methods; they are slips of a pen.
            let is_name =
                name.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'));
            let method = Method::from_bytes(name.as_bytes()).ok().filter(|_| is_name);
            let method = method.ok_or_else(|| MethodsError::NotAMethod(name.clone()))?;
            // Methods are case-sensitive (RFC 9110 §9.1): `get` would be a method that no client sends.
            if name.bytes().any(|byte| byte.is_ascii_lowercase()) {
                // In upper case it would be one, too, which is hardly meant either.
                if is_for_all(&name.to_ascii_uppercase()) {
                    return Err(MethodsError::CatchAll(name.clone()));
                }
                return Err(MethodsError::LowerCase(name.clone(), name.to_ascii_uppercase()));
            }
            if method == Method::CONNECT {
                return Err(MethodsError::Tunnel);
            }
            let head = (method == Method::GET).then_some(Method::HEAD);
            for method in [Some(method), head].into_iter().flatten() {
                if !methods.contains(&method) {
                    methods.push(method);
                }
            }
        }
        if methods.is_empty() { Err(MethodsError::Empty) } else { Ok(Self(Some(methods))) }
    }

    pub(super) fn take(&self, method: &Method) -> bool {
        self.0.as_ref().map_or_else(|| !is_respelled(method, &STANDARD), |methods| methods.contains(method))
    }

    /// Whether every method of `other` is taken.
    pub(super) fn include(&self, other: &Self) -> bool {
        match (&self.0, &other.0) {
            (None, _) => true,
            (Some(_), None) => false,
            (Some(methods), Some(others)) => others.iter().all(|method| methods.contains(method)),
        }
    }

    /// The methods one by one; none where every method is taken.
    pub fn iter(&self) -> impl Iterator<Item = &Method> {
        self.0.iter().flatten()
    }

    /// The methods as a refusal lists them; the standard ones where every method is taken.
    pub(super) fn listed(&self) -> impl Iterator<Item = &Method> {
        self.0.as_deref().unwrap_or(&STANDARD).iter()
    }
}

/// Whether this is a word that stands for all methods elsewhere. As a method it is an odd one that no client sends.
pub fn is_for_all(name: &str) -> bool {
    ["ALL", "ANY"].contains(&name)
}

/// The usual method that this hardly differs from, and is not: by two neighbours that changed places, or a letter too many or
/// too few.
pub fn near_standard(name: &str) -> Option<&'static str> {
    let near = |known: &&str| *known != name && differ_by_a_slip(known.as_bytes(), name.as_bytes());
    let known = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE"];
    known.into_iter().find(near).filter(|_| !known.contains(&name))
}

fn differ_by_a_slip(one: &[u8], other: &[u8]) -> bool {
    let same = one.iter().zip(other).take_while(|(one, other)| one == other).count();
    let (Some(one), Some(other)) = (one.get(same..), other.get(same..)) else { return false };
    match (one, other) {
        ([a, b, one @ ..], [c, d, other @ ..]) if one.len() == other.len() => {
            a == d && b == c && one == other
        }
        (longer, [..]) if longer.len() == other.len() + 1 => longer.get(1..) == Some(other),
        ([..], longer) if longer.len() == one.len() + 1 => longer.get(1..) == Some(one),
        _ => false,
    }
}

/// Whether the method is one of `known` but for its case.
pub(super) fn is_respelled(method: &Method, known: &[Method]) -> bool {
    let name = method.as_str();
    name.bytes().any(|byte| byte.is_ascii_lowercase())
        && known.iter().any(|known| known.as_str().eq_ignore_ascii_case(name))
}

/// Why a list of methods is none.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum MethodsError {
    /// The list is empty.
    #[error("the list of methods is empty; name at least one, or leave `methods` out for all")]
    Empty,
    /// A name has characters that no method has.
    #[error("`{0}` is not a method; write a name like GET, or leave `methods` out for all")]
    NotAMethod(String),
    /// A word that stands for all methods elsewhere.
    #[error("`{0}` is no method, and stands for none; leave `methods` out for all of them, or name each")]
    CatchAll(String),
    /// A name is not in upper case.
    #[error("methods are case-sensitive, and `{0}` is not in upper case; write {1}")]
    LowerCase(String, String),
    /// CONNECT is never routed.
    #[error("CONNECT is refused before any route is looked for; leave it out")]
    Tunnel,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(names: &[&str]) -> Result<Methods, MethodsError> {
        Methods::parse(&names.iter().map(|&name| name.to_owned()).collect::<Vec<_>>())
    }

    #[test]
    fn get_includes_head() {
        let methods = parse(&["GET", "PURGE", "GET"]).unwrap();
        assert!(methods.take(&Method::GET) && methods.take(&Method::HEAD));
        assert!(!methods.take(&Method::POST));
        assert_eq!(methods.iter().map(Method::as_str).collect::<Vec<_>>(), ["GET", "HEAD", "PURGE"]);
        let head = parse(&["HEAD"]).unwrap();
        assert!(head.take(&Method::HEAD) && !head.take(&Method::GET));
    }

    #[test]
    fn slips_of_a_usual_method_are_found() {
        for (name, near) in [
            ("GTE", Some("GET")),
            ("PSOT", Some("POST")),
            ("DELET", Some("DELETE")),
            ("PATH", Some("PATCH")),
            ("GETS", Some("GET")),
            ("OPTION", Some("OPTIONS")),
            ("GET", None),
            ("PUT", None),
            ("SET", None),
            ("READ", None),
            ("PURGE", None),
            ("LINK", None),
            ("LOCK", None),
            ("PROPFIND", None),
            ("", None),
        ] {
            assert_eq!(near_standard(name), near, "{name}");
        }
    }

    #[test]
    fn any_takes_all() {
        for name in ["ODD", "odd", "GET", "TRACE", "deletes", "DELETE-ALL"] {
            assert!(Methods::any().take(&Method::from_bytes(name.as_bytes()).unwrap()), "{name}");
        }
        for name in ["delete", "Delete", "gET", "patch", "trace"] {
            assert!(!Methods::any().take(&Method::from_bytes(name.as_bytes()).unwrap()), "{name}");
        }
        assert_eq!(Methods::any().iter().count(), 0);
    }

    #[test]
    fn mistakes_say_what_would_be_right() {
        for (names, message) in [
            (&[][..], "the list of methods is empty; name at least one, or leave `methods` out for all"),
            (&["GET", "*"], "`*` is not a method; write a name like GET, or leave `methods` out for all"),
            (&["get"], "methods are case-sensitive, and `get` is not in upper case; write GET"),
            (
                &["All"],
                "`All` is no method, and stands for none; leave `methods` out for all of them, or name each",
            ),
            (
                &["any"],
                "`any` is no method, and stands for none; leave `methods` out for all of them, or name each",
            ),
            (&["CONNECT"], "CONNECT is refused before any route is looked for; leave it out"),
        ] {
            assert_eq!(parse(names).unwrap_err().to_string(), message);
        }
    }
}
