//! `${NAME}` and `${NAME:-default}` in scalar values.
//!
//! Works on scalars that the YAML parser has already read, so that no value of a variable can change the structure of
//! the file. `$$` is a dollar sign, and so is a `$` before anything but `{` or `$`.

/// What a scalar became.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Expansion {
    /// There was nothing to expand.
    Unchanged,
    /// The text with every variable in its place.
    Expanded(String),
    /// These variables are not set and have no default.
    Unset(Vec<String>),
    /// A `${` that names no variable.
    Malformed(String),
}

/// Expands `text` with the variables that `lookup` knows. `taken` is told each value that came from a variable, and the text
/// that it replaces.
pub(super) fn expand(
    text: &str,
    lookup: &dyn Fn(&str) -> Option<String>,
    taken: &mut dyn FnMut(&str, &str),
) -> Expansion {
    if !text.contains('$') {
        return Expansion::Unchanged;
    }
    let mut expanded = String::with_capacity(text.len());
    let mut unset = Vec::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('$') {
        expanded.push_str(before);
        if let Some(after) = after.strip_prefix('$') {
            expanded.push('$');
            rest = after;
        } else if let Some(braced) = after.strip_prefix('{') {
            let Some((inner, after)) = braced.split_once('}') else {
                return Expansion::Malformed(format!("`${{{braced}` is not closed"));
            };
            let (name, default) =
                inner.split_once(":-").map_or((inner, None), |(name, default)| (name, Some(default)));
            if !is_name(name) {
                return Expansion::Malformed(format!("`${{{inner}}}` names no variable"));
            }
            // As in a shell, `:-` also stands in for a variable that is set but empty.
            match (lookup(name), default) {
                (Some(value), Some(default)) if value.is_empty() => expanded.push_str(default),
                (Some(value), _) => {
                    taken(&value, &format!("${{{inner}}}"));
                    expanded.push_str(&value);
                }
                (None, Some(default)) => expanded.push_str(default),
                (None, None) => unset.push(name.to_owned()),
            }
            rest = after;
        } else {
            expanded.push('$');
            rest = after;
        }
    }
    if !unset.is_empty() {
        return Expansion::Unset(unset);
    }
    expanded.push_str(rest);
    // Dollar signs that are nothing but that, as at the end of a pattern.
    if expanded == text { Expansion::Unchanged } else { Expansion::Expanded(expanded) }
}

fn is_name(name: &str) -> bool {
    name.starts_with(|first: char| first.is_ascii_alphabetic() || first == '_')
        && name.chars().all(|character| character.is_ascii_alphanumeric() || character == '_')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn with_host(text: &str) -> Expansion {
        let known = |name: &str| match name {
            "HOST" => Some("id.example.com".to_owned()),
            "EMPTY" => Some(String::new()),
            _ => None,
        };
        expand(text, &known, &mut |value, written| {
            assert!(known(written.trim_matches(['$', '{', '}'])).is_some_and(|known| known == value));
        })
    }

    #[test]
    fn variables_defaults_and_dollars() {
        for (text, expected) in [
            ("https://${HOST}/x", "https://id.example.com/x"),
            ("${NOT_SET:-fallback}", "fallback"),
            ("${NOT_SET:-}", ""),
            ("${EMPTY:-fallback}", "fallback"),
            ("a$$b", "a$b"),
            ("$${HOST}", "${HOST}"),
            ("$$$$", "$$"),
        ] {
            assert_eq!(with_host(text), Expansion::Expanded(expected.to_owned()), "{text}");
        }
        for text in ["plain", "^a$", "$HOST", "$1"] {
            assert_eq!(with_host(text), Expansion::Unchanged, "{text}");
        }
    }

    #[test]
    fn unset_and_malformed_variables_are_told_apart() {
        assert_eq!(with_host("${A}${HOST}${B}"), Expansion::Unset(vec!["A".to_owned(), "B".to_owned()]));
        assert!(matches!(with_host("${HOST"), Expansion::Malformed(_)));
        assert!(matches!(with_host("${}"), Expansion::Malformed(_)));
        assert!(matches!(with_host("${A B}"), Expansion::Malformed(_)));
        assert!(matches!(with_host("${9}"), Expansion::Malformed(_)));
    }
}
