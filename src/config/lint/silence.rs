//! Findings that the file itself allows: `# jwtgate:allow CODE: reason`, on the line of the finding, or on lines of their
//! own right above it. A comment on or above the line of a key whose text stands below it (`when: |`) is about all of that text.
//!
//! Given the text and where its scalars stand, so that what is inside a quoted or block scalar is no comment. Errors
//! cannot be allowed. A comment that names no lint, gives no reason or silences nothing is a finding itself.

use std::collections::HashMap;
use std::ops::Range;

use super::code::Code;
use crate::config::problem::{Position, Problems, closest};

/// Passes over what the comments of `text` allow. `complete`: all lints have run, so that a comment without a finding has
/// none.
pub(in crate::config) fn silence(
    text: &str,
    scalars: &[Range<usize>],
    complete: bool,
    problems: &mut Problems,
) {
    let below = texts_below(text, scalars);
    for Comment { at, line, instruction } in comments(text, scalars) {
        let Some(instruction) = instruction else {
            problems.warning(Code::AllowUnknown, at, "a comment that silences nothing", FORM);
            continue;
        };
        match parse(instruction) {
            Ok((code, reason)) => {
                let last = below.get(&line).copied().unwrap_or(line);
                let found = problems.silence(code, &(line..=last), reason);
                if !found && complete && !code.comes_and_goes() {
                    let wrong = format!("nothing on line {line} is `{code}`");
                    problems.warning(
                        Code::AllowUnused,
                        at,
                        wrong,
                        "remove the comment, or put it right above",
                    );
                }
            }
            Err((code, wrong, right)) => problems.warning(code, at, wrong, right),
        }
    }
}

const MARK: &str = "jwtgate:";
const FORM: &str = "write `# jwtgate:allow CODE: reason`";

/// A comment that speaks to us.
struct Comment<'t> {
    at: Position,
    /// The line that it is about.
    line: u64,
    /// What stands behind the mark; none where the mark is not quite ours.
    instruction: Option<&'t str>,
}

fn comments<'t>(text: &'t str, scalars: &[Range<usize>]) -> Vec<Comment<'t>> {
    let mut found: Vec<Comment<'t>> = Vec::new();
    // Comments on lines of their own, waiting for the line below them.
    let mut waiting: Vec<usize> = Vec::new();
    let mut offset = 0;
    let scalars = Scalars::new(scalars);
    for (line, content) in (1..).zip(text.split_inclusive('\n')) {
        let start = offset;
        offset += content.len();
        let comment = comment_in(content, |index| scalars.contain(start + index));
        let alone =
            comment.is_some_and(|index| content.get(..index).is_some_and(|before| before.trim().is_empty()));
        if let Some(index) = comment
            && let Some(instruction) = content.get(index + 1..).and_then(instruction)
        {
            let column = content.get(..index).map_or(0, |before| before.chars().count());
            let at = Position { line, column: u64::try_from(column).map_or(1, |column| column + 1) };
            if alone {
                waiting.push(found.len());
            }
            found.push(Comment { at, line, instruction });
        }
        if !alone {
            for comment in waiting.drain(..) {
                if let Some(comment) = found.get_mut(comment) {
                    comment.line = line;
                }
            }
        }
    }
    found
}

/// Where scalars stand in the text, in order.
struct Scalars<'s>(Vec<&'s Range<usize>>);

impl<'s> Scalars<'s> {
    fn new(scalars: &'s [Range<usize>]) -> Self {
        let mut scalars: Vec<_> = scalars.iter().collect();
        scalars.sort_unstable_by_key(|scalar| scalar.start);
        Self(scalars)
    }

    fn contain(&self, index: usize) -> bool {
        let before = self.0.partition_point(|scalar| scalar.start <= index);
        let last = before.checked_sub(1).and_then(|last| self.0.get(last));
        last.is_some_and(|scalar| scalar.contains(&index))
    }
}

/// The last line of each text that stands below its key, by the line of the key.
fn texts_below(text: &str, scalars: &[Range<usize>]) -> HashMap<u64, u64> {
    let starts: Vec<usize> =
        std::iter::once(0).chain(text.match_indices('\n').map(|(at, _)| at + 1)).collect();
    let line_of = |at: usize| starts.partition_point(|start| *start <= at);
    let in_order = Scalars::new(scalars);
    // The line of this number, without its comment.
    let bare = |line: usize| {
        let start = *starts.get(line.checked_sub(1)?)?;
        let content = text.get(start..)?.split('\n').next()?;
        let end = comment_in(content, |index| in_order.contain(start + index)).unwrap_or(content.len());
        content.get(..end)
    };
    let below = |scalar: &Range<usize>| {
        let first = line_of(scalar.start);
        let before = text.get(*starts.get(first.checked_sub(1)?)?..scalar.start)?;
        if !before.trim().is_empty() {
            return None;
        }
        let mut above = (1..first).rev().map(|line| (line, bare(line).unwrap_or_default()));
        let (key, line) = above.find(|(_, line)| !line.trim().is_empty())?;
        // A text without a sign may itself be the key of a map that stands there.
        let rest = text.get(scalar.end..)?.split('\n').next()?.trim_start();
        let is_value = line.trim_end().ends_with(':') && (rest.is_empty() || rest.starts_with('#'));
        let last = line_of(scalar.start + text.get(scalar.clone())?.trim_end().len());
        let lines = (u64::try_from(key).ok()?, u64::try_from(last).ok()?);
        (is_value || ends_in_sign(line)).then_some(lines)
    };
    scalars.iter().filter_map(below).collect()
}

/// Whether a line ends in what begins a block scalar (YAML 1.2 §8.1): `|`, `>-`, `|2+`.
fn ends_in_sign(line: &str) -> bool {
    let last = line.split_whitespace().next_back().and_then(|last| last.strip_prefix(['|', '>']));
    last.is_some_and(|rest| rest.bytes().all(|byte| matches!(byte, b'+' | b'-' | b'1'..=b'9')))
}

/// What a comment asks of us: what stands behind the mark, or within, nothing where it hardly misses the form. None of one
/// that speaks to people, as `jwtgate: …` does.
#[expect(clippy::option_option, reason = "no instruction, and one that cannot be read")]
fn instruction(comment: &str) -> Option<Option<&str>> {
    let comment = comment.trim_start_matches('#').trim();
    if let Some(rest) = comment.strip_prefix(MARK)
        && rest.starts_with(|first: char| !first.is_whitespace())
    {
        return Some(Some(rest));
    }
    let is_letter = |letter: char| letter.is_ascii_alphabetic() || letter == '-';
    let mut words = comment.split(|letter: char| !is_letter(letter)).filter(|word| !word.is_empty());
    // `jwtgate-allow` is one word, as is the name of a lint.
    let (mark, rest) =
        comment.split_at_checked(comment.find(|letter: char| !letter.is_ascii_alphabetic())?)?;
    closest(mark, ["jwtgate"])?;
    let verb = rest.trim_start_matches(|letter: char| !letter.is_ascii_alphabetic());
    let verb = verb.split(|letter: char| !letter.is_ascii_alphabetic()).next().unwrap_or_default();
    closest(verb, VERBS)?;
    words.any(|word| closest(word, names()).is_some()).then_some(None)
}

/// What others write in such comments.
const VERBS: [&str; 5] = ["allow", "ignore", "disable", "silence", "suppress"];

fn names() -> impl Iterator<Item = &'static str> {
    Code::ALL.iter().filter(|code| !code.is_of_comments()).map(|code| code.name())
}

/// Where the comment of a line starts: a `#` at its start or behind white space, outside of scalars.
fn comment_in(line: &str, in_scalar: impl Fn(usize) -> bool) -> Option<usize> {
    let starts = |index: usize| {
        let before = line.get(..index).and_then(|before| before.chars().next_back());
        before.is_none_or(char::is_whitespace) && !in_scalar(index)
    };
    line.match_indices('#').map(|(index, _)| index).find(|&index| starts(index))
}

/// The lint and the reason of `allow CODE: reason`.
fn parse(instruction: &str) -> Result<(Code, &str), (Code, String, String)> {
    let unknown = |wrong: String, right: &str| (Code::AllowUnknown, wrong, right.to_owned());
    let Some(allowed) = instruction.strip_prefix("allow").filter(|rest| {
        rest.is_empty() || rest.starts_with(|first: char| first.is_whitespace() || first == ':')
    }) else {
        let verb =
            instruction.split(|end: char| end.is_whitespace() || end == ':').next().unwrap_or_default();
        return Err(match closest(verb, ["allow"]) {
            Some(near) => {
                unknown(format!("`{MARK}{verb}` silences nothing"), &format!("did you mean `{MARK}{near}`?"))
            }
            None => unknown("a comment to jwtgate that is no `allow`".to_owned(), FORM),
        });
    };
    let (name, reason) = allowed.split_once(':').unwrap_or((allowed, ""));
    let name = name.split_whitespace().next().unwrap_or_default();
    if allowed.split(':').next().is_some_and(|names| names.contains(',')) {
        let right = format!("write one for each, on lines of their own: `# {MARK}allow CODE: reason`");
        return Err(unknown("one comment allows one lint, and this names several".to_owned(), &right));
    }
    let Some(code) = Code::parse(name).filter(|code| !code.is_of_comments()) else {
        return Err(match closest(name, names()) {
            _ if name.is_empty() => unknown("a comment that does not say what it allows".to_owned(), FORM),
            Some(near) => unknown(format!("no lint is called `{name}`"), &format!("did you mean `{near}`?")),
            None => unknown(
                format!("no lint that can be allowed is called `{name}`"),
                "take the name in brackets at the end of a warning; errors cannot be allowed",
            ),
        });
    };
    let reason = reason.trim();
    if reason.is_empty() {
        let wrong = format!("`{code}` is allowed without a reason");
        return Err((Code::AllowWithoutReason, wrong, format!("write `# jwtgate:allow {code}: reason`")));
    }
    Ok((code, reason))
}
