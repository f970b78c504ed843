//! Where the characters of a scalar's value stand in the file.
//!
//! Given the place of a scalar in the text of the file and the value that the YAML library has read from it, says at which line
//! and column a byte of that value stands. The scalar is read once more, by the rules of its style (YAML 1.2 §7.3, §8.1); a
//! place is told only if that comes to the very same value, so that it is so, or nothing is said. Messages go by it, and
//! nothing else.

use std::ops::Range;
use std::sync::Arc;

use super::problem::Position;

/// A scalar of a file.
#[derive(Debug, Clone)]
pub(super) struct Scalar {
    file: Arc<str>,
    range: Range<usize>,
}

/// The characters of a value, each with the byte of the file's text at which it stands, counted from the scalar's first.
type Read = Vec<(char, usize)>;

impl Scalar {
    /// The scalar at these bytes of the file.
    pub(super) fn new(file: Arc<str>, range: Range<usize>) -> Self {
        Self { file, range }
    }

    /// Where this byte of the scalar's value stands, for a scalar that begins at `start`.
    pub(super) fn place(&self, start: Position, value: &str, byte: usize) -> Option<Position> {
        let raw = self.file.get(self.range.clone())?;
        let is_same = |read: &Read| {
            // What is cut at the end (white space, line breaks of a block) is of no value that is shorter.
            value.chars().eq(read.iter().take(value.chars().count()).map(|(character, _)| *character))
        };
        // A block begins with its first line, without the sign that makes it one: it is what it reads as.
        let indentation = usize::try_from(start.column).ok()?.checked_sub(1)?;
        let readings: [&dyn Fn() -> Option<Read>; 3] =
            [&|| flow(raw), &|| Some(block(raw, indentation, false)), &|| {
                Some(block(raw, indentation, true))
            }];
        let read = readings.iter().filter_map(|reading| reading()).find(is_same)?;
        let number = value.get(..byte)?.chars().count();
        let (_, at) = read.get(number).filter(|_| byte < value.len())?;
        let before = raw.get(..*at)?;
        let newlines = before.matches('\n').count();
        let last = before.rsplit('\n').next().map_or(0, |line| line.chars().count());
        let (lines, columns) = (u64::try_from(newlines).ok()?, u64::try_from(last).ok()?);
        let column = if lines == 0 { start.column + columns } else { columns + 1 };
        Some(Position { line: start.line + lines, column })
    }
}

/// A scalar that is no block; none where it has an escape that is not read here.
fn flow(raw: &str) -> Option<Read> {
    match raw.chars().next()? {
        quote @ ('"' | '\'') => quoted(raw, quote),
        _ => Some(flowing(raw.char_indices().map(|(at, character)| (character, at, false)))),
    }
}

/// What stands between quotes; none where it has an escape that is not read here.
fn quoted(raw: &str, quote: char) -> Option<Read> {
    let mut read = Vec::new();
    let mut rest = raw.char_indices().skip(1).peekable();
    while let Some((at, character)) = rest.next() {
        let next = rest.peek().map(|(_, next)| *next);
        match (character, next) {
            ('\'', Some('\'')) if quote == '\'' => {
                rest.next();
                read.push(('\'', at, true));
            }
            ('\\', Some(escaped @ ('"' | '\\' | '/'))) if quote == '"' => {
                rest.next();
                read.push((escaped, at, true));
            }
            ('\\', _) if quote == '"' => return None,
            _ if character == quote => break,
            _ => read.push((character, at, false)),
        }
    }
    Some(flowing(read.into_iter()))
}

/// Line breaks with the white space around them as the one space, or the fewer line breaks, that they are in flow scalars.
/// Characters that were escaped are none of it.
fn flowing(characters: impl Iterator<Item = (char, usize, bool)>) -> Read {
    let mut read = Vec::new();
    let mut blank: Vec<(char, usize)> = Vec::new();
    for (character, at, escaped) in characters {
        if !escaped && matches!(character, ' ' | '\t' | '\r' | '\n') {
            blank.push((character, at));
            continue;
        }
        read.append(&mut folded(&mut blank));
        read.push((character, at));
    }
    read.append(&mut folded(&mut blank));
    read
}

fn folded(blank: &mut Read) -> Read {
    let breaks: Read = blank.iter().copied().filter(|(character, _)| *character == '\n').collect();
    match breaks.as_slice() {
        [] => std::mem::take(blank),
        [(_, at)] => {
            blank.clear();
            vec![(' ', *at)]
        }
        [_, rest @ ..] => {
            blank.clear();
            rest.to_vec()
        }
    }
}

/// A literal (`|`) or folded (`>`) block, from its first character on that is no indentation.
fn block(raw: &str, indentation: usize, is_folded: bool) -> Read {
    let mut read: Read = Vec::new();
    let mut breaks: Read = Vec::new();
    let mut was_plain = false;
    let mut begins = 0;
    for (number, whole) in raw.split('\n').enumerate() {
        let line = whole.strip_suffix('\r').unwrap_or(whole);
        let indentation = if number == 0 { 0 } else { indentation };
        let (text, first, end) =
            (line.get(indentation..).unwrap_or_default(), begins + indentation, begins + whole.len());
        begins = end + 1;
        if text.is_empty() {
            breaks.push(('\n', end));
            continue;
        }
        let is_plain = is_folded && !text.starts_with([' ', '\t']);
        match breaks.as_mut_slice() {
            [only] if is_plain && was_plain => only.0 = ' ',
            [_, _, ..] if is_plain && was_plain => drop(breaks.remove(0)),
            _ => {}
        }
        read.append(&mut breaks);
        read.extend(text.char_indices().map(|(index, character)| (character, first + index)));
        breaks.push(('\n', end));
        was_plain = is_plain;
    }
    read.append(&mut breaks);
    read
}
