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
    if has("non-finite float") {
        let number = message.split('`').nth(1).unwrap_or_default();
        let wrong = format!("the number `{number}` is too large to be read, or none");
        return (wrong, "write a finite one (below 1.8e308), or put it in quotes if it is a text", at);
    }
    let (wrong, right) = if has("unclosed quote") {
        (
            "a quote is not closed",
            "close the one that starts here; between single quotes, `'` is written twice",
        )
    } else if has("unclosed bracket") || has("EOF while parsing a flow") {
        ("a bracket or brace is not closed", "close every `[` with `]` and every `{` with `}`")
    } else if has("flow mapping") || has("flow sequence") {
        (
            "neither a comma nor the closing bracket follows here",
            "put a comma between entries, and quotes around a value that holds brackets, braces, commas or `: `",
        )
    } else if has("'-' indicator") {
        ("the next item of the list should start here", "put its `-` right below the `-` of the items above")
    } else if has("simple key expected") {
        ("a text alone, where a key should stand", "write `key: value`, with a space behind the colon")
    } else if has("block mapping") || has("indent") {
        (
            "the indentation fits none of the keys above",
            "indent a key like the keys beside it, and what belongs to a key deeper; look at the line above too",
        )
    } else {
        let right =
            "look at the indentation here and above, and put quotes around values with special characters";
        return (format!("not valid YAML: {message}"), right, at);
    };
    (format!("not valid YAML: {wrong}"), right, at)
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
