//! What the parser complains of, in words: what stands where it should not, and what would be right.
//!
//! Given the text of a condition, and the place and message of the parser's first complaint. The parser lists whatever might
//! have stood there; what was meant is mostly told by the text itself.

use super::mistake::{Mistake, Place};
use super::text;

/// One complaint of the parser. Line and column count from 1, in characters.
pub(super) struct Complaint<'t> {
    pub(super) source: &'t str,
    pub(super) place: (isize, isize),
    pub(super) message: &'t str,
}

type Words = (String, String);

impl Complaint<'_> {
    /// In words.
    pub(super) fn mistake(&self) -> Mistake {
        let at = self.offset();
        let (wrong, right) = self.words(at);
        let mistake = Mistake::new(format!("not a CEL expression: {wrong}{}", self.shown()), right);
        Mistake { place: self.byte(at).map_or(Place::Unknown, Place::Byte), ..mistake }
    }

    /// Where that is for certain; of a condition that ends too early, what is not complete.
    fn byte(&self, at: usize) -> Option<usize> {
        let (before, rest) = (self.source.get(..at)?, self.source.get(at..)?);
        if rest.trim().is_empty() {
            let unclosed = text::unclosed(self.source).map(|(at, _)| at);
            let before = before.trim_end();
            return unclosed.or_else(|| before.len().checked_sub(last(before).len()));
        }
        // The parser counts characters, some of whose lengths it takes for one byte.
        (self.place.0 > 0 && before.is_ascii()).then_some(at)
    }

    fn words(&self, at: usize) -> Words {
        let rest = self.source.get(at..).unwrap_or_default();
        let before = self.source.get(..at).unwrap_or_default().trim_end();
        let expected = || USUAL.to_owned();
        if self.source.trim().is_empty() {
            return ("it is empty".to_owned(), expected());
        }
        if let Some(words) = self.of_message() {
            return words;
        }
        if rest.trim().is_empty() {
            return self.at_end(before);
        }
        if self.message.contains("token recognition error") {
            return unreadable(before, rest);
        }
        let word = word(rest);
        if !word.is_empty() {
            return beside(before, word, rest);
        }
        let symbol = symbol(rest);
        let right = match symbol {
            ")" | "]" | "}" => {
                return (
                    format!("`{symbol}` closes nothing"),
                    format!("remove it, or open it with `{}`", opening(symbol)),
                );
            }
            ">" if before.ends_with('<') => {
                return ("`<>` is no operator".to_owned(), "write `!=`".to_owned());
            }
            "!" => {
                "write `!(a in list)` for what is not in a list, `a != b` for what is not equal".to_owned()
            }
            ":" => "write `condition ? this : that`".to_owned(),
            "," => "join conditions with `&&` or `||`".to_owned(),
            "`" => "write the name of a claim with odd characters as `claims['name']`".to_owned(),
            "'" | "\"" => {
                return (
                    format!("a string stands behind `{}` with nothing between them", last(before)),
                    "write an operator there, like `==` or `in`".to_owned(),
                );
            }
            _ => "write a value before it and behind it".to_owned(),
        };
        (format!("`{symbol}` is not expected here"), right)
    }

    /// What the message alone says.
    fn of_message(&self) -> Option<Words> {
        let message = self.message;
        let reserved = message
            .strip_prefix("reserved identifier: ")
            .or_else(|| message.strip_prefix("no viable alternative at input '.")?.strip_suffix('\''));
        if let Some(name) = reserved.filter(|name| !name.is_empty() && word(name) == *name) {
            let wrong = format!("`{name}` is a reserved word");
            return Some((wrong, format!("write `claims['{name}']` for a claim of this name")));
        }
        if message.starts_with("no viable alternative at input '..") {
            return Some(("two dots in a row".to_owned(), "write one".to_owned()));
        }
        if message.starts_with("unsupported syntax") && message.contains('?') {
            let right = "write `has(claims.a) && claims.a == …`".to_owned();
            return Some(("there are no optional fields (`.?`)".to_owned(), right));
        }
        if message.contains('`') {
            let right = "write `claims['name']` for a claim with such a name".to_owned();
            return Some(("there are no names in backticks".to_owned(), right));
        }
        message.starts_with("invalid ").then(|| {
            let right = "an integer has at most 64 bits, and a double at most 1.7e308".to_owned();
            ("a number that is none".to_owned(), right)
        })
    }

    /// It ends before it is complete.
    fn at_end(&self, before: &str) -> Words {
        if let Some((at, bracket)) = text::unclosed(self.source) {
            let closing = closing(bracket);
            let place = self.source.get(..at).map_or(0, |before| before.chars().count()) + 1;
            return (
                format!("`{bracket}` at its character {place} is not closed"),
                format!("add `{closing}` where it ends"),
            );
        }
        if self.message.contains("':'") {
            return ("`?` without `:`".to_owned(), "write `condition ? this : that`".to_owned());
        }
        let last = last(before);
        (format!("it ends behind `{last}`"), format!("write what belongs behind `{last}`, or remove it"))
    }

    /// Where it stands, in bytes.
    fn offset(&self) -> usize {
        let (line, column) = self.place;
        let before = |count: isize| usize::try_from(count - 1).unwrap_or(0);
        let lines = self.source.split_inclusive('\n').take(before(line));
        let start: usize = lines.map(str::len).sum();
        let rest = self.source.get(start..).unwrap_or_default();
        start + rest.chars().take(before(column)).map(char::len_utf8).sum::<usize>()
    }

    /// Where it stands, in words; a condition of one line needs no line.
    fn shown(&self) -> String {
        match self.place {
            (line, column) if line > 0 && self.source.contains('\n') => {
                format!(", at its line {line}, character {column}")
            }
            (line, column) if line > 0 => format!(", at its character {column}"),
            _ => String::new(),
        }
    }
}

const USUAL: &str = "an expression looks like `claims.sub == path.id || \"admin\" in roles`";

/// A character that begins nothing.
fn unreadable(before: &str, rest: &str) -> Words {
    let first = rest.chars().next().unwrap_or_default();
    let (wrong, right) = match first {
        '=' if before.ends_with("==") => ("`===` is no operator", "write `==`"),
        '=' if rest.starts_with("=<") => ("`=<` is no operator", "write `<=`"),
        '=' if rest.starts_with("=>") => ("`=>` is no operator", "write `>=`"),
        '=' => ("a single `=` is no operator", "write `==`"),
        '&' => ("a single `&` is no operator", "write `&&`"),
        '|' => ("a single `|` is no operator", "write `||`"),
        '\'' | '"' => {
            let inner = rest.get(1..).unwrap_or_default();
            return if inner.split('\n').next().is_some_and(|line| line.contains(first)) {
                let right = "write `\\\\` for a backslash, or `r'…'` for a string in which it is itself";
                ("a string with an escape that there is not".to_owned(), right.to_owned())
            } else {
                (
                    format!("the string that begins with {first} does not end"),
                    format!("add {first} where it ends"),
                )
            };
        }
        '‘' | '’' | '“' | '”' | '„' | '«' | '»' => {
            return (format!("`{first}` is no quote of a string"), "write ' or \"".to_owned());
        }
        '#' => ("`#` begins no comment here", "write `//` before a comment"),
        '$' => (
            "`$` means nothing here",
            "name a claim as `claims.name`; `${NAME}` takes a variable of the environment",
        ),
        ';' => ("`;` means nothing here", "a condition is one expression; join conditions with `&&` or `||`"),
        _ => return (format!("`{first}` means nothing here"), USUAL.to_owned()),
    };
    (wrong.to_owned(), right.to_owned())
}

/// A word or number that stands behind a value.
fn beside(before: &str, word: &str, rest: &str) -> Words {
    let no_operator = |word: &str, right: &str| (format!("`{word}` is no operator"), right.to_owned());
    let behind = rest.get(word.len()..).unwrap_or_default().trim_start();
    match word.to_ascii_lowercase().as_str() {
        "and" => return no_operator(word, "write `&&`"),
        "or" => return no_operator(word, "write `||`"),
        "not" if self::word(behind).eq_ignore_ascii_case("in") => {
            return no_operator("not in", "write `!(a in list)`");
        }
        "not" => return no_operator(word, "write `!`, and `!=` for what is not equal"),
        "in" => return no_operator(word, "write `in`, in lower case"),
        "is" => {
            return no_operator(word, "write `==`, and `has(claims.name)` to ask whether a claim is there");
        }
        "contains" | "startswith" | "endswith" | "matches" => {
            let right = format!("write `text.{word}('…')`, and `'name' in list` for a list");
            return (format!("`{word}` stands between its two sides"), right);
        }
        _ => {}
    }
    if before.ends_with(['\'', '"']) && rest.len() + before.len() > 0 && !word.is_empty() {
        let right = "write a quote that is part of a string as `\\'`, or put the string between quotes of the other kind";
        return (format!("`{word}` stands behind a string with nothing between them"), right.to_owned());
    }
    let last = last(before);
    if last.eq_ignore_ascii_case("not") {
        return no_operator(last, "write `!`");
    }
    (
        format!("`{word}` stands behind `{last}` with nothing between them"),
        "join conditions with `&&` or `||`, and compare values with `==`".to_owned(),
    )
}

/// The word or number at the start; empty where none stands there.
fn word(text: &str) -> &str {
    let end = text.find(|letter: char| !letter.is_ascii_alphanumeric() && letter != '_');
    text.get(..end.unwrap_or(text.len())).unwrap_or_default()
}

/// The operator or sign at the start.
fn symbol(text: &str) -> &str {
    let known = ["&&", "||", "==", "!=", "<=", ">="].into_iter().find(|symbol| text.starts_with(symbol));
    let first = text.chars().next().map_or(0, char::len_utf8);
    known.unwrap_or_else(|| text.get(..first).unwrap_or_default())
}

/// The word, number or operator at the end.
fn last(text: &str) -> &str {
    let text = text.trim_end();
    let is_word = |letter: char| letter.is_ascii_alphanumeric() || letter == '_';
    let is_sign = |letter: char| "&|=!<>".contains(letter);
    let kind = |letter: char| (is_word(letter), is_sign(letter));
    let Some(end) = text.chars().next_back() else { return "" };
    let start = text
        .char_indices()
        .rev()
        .take_while(|(_, letter)| kind(*letter) == kind(end) && kind(end) != (false, false))
        .last()
        .map_or(text.len() - end.len_utf8(), |(at, _)| at);
    text.get(start..).unwrap_or_default()
}

fn opening(closing: &str) -> char {
    match closing {
        "]" => '[',
        "}" => '{',
        _ => '(',
    }
}

fn closing(opening: char) -> char {
    match opening {
        '[' => ']',
        '{' => '}',
        _ => ')',
    }
}
