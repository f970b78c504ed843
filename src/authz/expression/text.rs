//! What in the text of a condition is code: not within strings, not within comments.

/// Bytes of the string or comment that begins at this place; none where neither does.
pub(super) fn opaque(source: &str, at: usize) -> Option<usize> {
    let rest = source.get(at..)?;
    match rest.chars().next()? {
        '"' | '\'' => Some(string(rest, is_raw(source, at)).unwrap_or(rest.len())),
        '/' if rest.starts_with("//") => Some(rest.find('\n').unwrap_or(rest.len())),
        _ => None,
    }
}

/// The characters that are code, each with its place.
pub(super) fn code(source: &str) -> impl Iterator<Item = (usize, char)> {
    let mut at = 0;
    std::iter::from_fn(move || {
        while let Some(length) = opaque(source, at) {
            at += length;
        }
        let character = source.get(at..)?.chars().next()?;
        let place = at;
        at += character.len_utf8();
        Some((place, character))
    })
}

/// The innermost bracket that is open at the end, with its place.
pub(super) fn unclosed(source: &str) -> Option<(usize, char)> {
    let mut open = Vec::new();
    for (at, character) in code(source) {
        match character {
            '(' | '[' | '{' => open.push((at, character)),
            ')' | ']' | '}' => drop(open.pop()),
            _ => {}
        }
    }
    open.pop()
}

/// Whether the quotes at this place are those of `r'…'`, in which a backslash is itself.
fn is_raw(source: &str, at: usize) -> bool {
    let before = source.get(..at).unwrap_or_default();
    let prefix: String = before.chars().rev().take_while(char::is_ascii_alphanumeric).collect();
    ["r", "br", "rb"].iter().any(|raw| prefix.eq_ignore_ascii_case(raw))
}

/// Bytes of the string that begins here, with its quotes; none where it does not end.
fn string(rest: &str, raw: bool) -> Option<usize> {
    let quote = rest.get(..1)?;
    let triple = quote.repeat(3);
    let quote = if rest.starts_with(&triple) { triple.as_str() } else { quote };
    let mut at = quote.len();
    while let Some(inner) = rest.get(at..).filter(|inner| !inner.is_empty()) {
        if inner.starts_with(quote) {
            return Some(at + quote.len());
        }
        let escaped = usize::from(inner.starts_with('\\') && !raw);
        at += inner.chars().take(1 + escaped).map(char::len_utf8).sum::<usize>();
    }
    None
}
