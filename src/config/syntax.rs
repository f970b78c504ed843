//! What is wrong with text that is no YAML, in words that say what to change.
//!
//! Given the parser's message and place. Its place is often behind the mistake: the line that it could not go on with.

use super::problem::Position;

/// What is wrong, what would be right, and where.
pub(super) fn explain(message: &str, at: Position, text: &str) -> (String, &'static str, Position) {
    let has = |part: &str| message.contains(part);
    if has("tab") {
        let wrong = "a tab, where YAML wants spaces".to_owned();
        return (wrong, "indent with spaces alone", first_tab(at, text).unwrap_or(at));
    }
    let right = if has("unclosed quote") || has("quoted scalar") {
        "close the quote that starts here; a `'` between single quotes is written twice"
    } else if has("unclosed bracket") || has("EOF while parsing a flow") {
        "close every `[` with `]` and every `{` with `}`"
    } else if has("flow mapping") || has("flow sequence") {
        "put a comma between the entries, and quotes around a value that holds braces, brackets, commas or `: `"
    } else if has("'-' indicator") {
        "put the `-` right below the `-` of the items above"
    } else if has("simple key expected") {
        "write `key: value`, with a space behind the colon"
    } else if has("block mapping") || has("indent") {
        "indent this key like the keys beside it, and what belongs to a key deeper than the key; look at the line above too"
    } else if has("mapping values") || has("not allowed in this context") {
        "put a value that holds `: ` in quotes, or begin a new line for the key"
    } else if has("unknown anchor") {
        "define `&name` before `*name`, or put a text that starts with `*` in quotes"
    } else if has("node content") || has("unexpected character") || has("start any token") {
        "put a value that starts with `@`, `%`, `` ` ``, `*`, `&`, `!` or `|` in quotes"
    } else {
        "look at the indentation here and on the line above, and put quotes around values with special characters"
    };
    (format!("not valid YAML: {message}"), right, at)
}

/// The first tab in the indentation of the place's line or of one behind it, else in the line itself.
fn first_tab(at: Position, text: &str) -> Option<Position> {
    let from = usize::try_from(at.line.checked_sub(1)?).ok()?;
    let column = |line: &str| {
        let indentation = line.len() - line.trim_start().len();
        line.get(..indentation)?.chars().position(|character| character == '\t')
    };
    let (lines, found) =
        text.lines().skip(from).enumerate().find_map(|(lines, line)| Some((lines, column(line)?)))?;
    Some(Position { line: at.line + u64::try_from(lines).ok()?, column: u64::try_from(found).ok()? + 1 })
}
