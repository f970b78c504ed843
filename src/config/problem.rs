//! What is wrong with a configuration file, and where.
//!
//! Every mistake is collected before anything is refused, so that an operator sees all of them at once. A line reads
//! `FILE:LINE:COLUMN: what is wrong; what would be right`. Values that came from the environment are never repeated: every
//! message passes through `redacted`, whoever worded it, and shows the variable in the place of its value.

use std::collections::HashSet;
use std::fmt;
use std::ops::RangeInclusive;
use std::path::{Path, PathBuf};

use super::lint::Code;

/// A place in the configuration file; lines and columns count from 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default, Hash)]
pub struct Position {
    /// The line, from 1.
    pub line: u64,
    /// The column in characters, from 1.
    pub column: u64,
}

impl Position {
    /// The first character of the file: the place of what is wrong with the file as a whole.
    pub const START: Self = Self { line: 1, column: 1 };
}

/// Whether a problem refuses the configuration.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Severity {
    /// The configuration is refused.
    Error,
    /// The configuration works, but its author should know.
    Warning,
}

/// One thing that is wrong, and what would be right.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Problem {
    at: Position,
    severity: Severity,
    /// Which lint it is of; errors are of none.
    code: Option<Code>,
    message: String,
    /// Why its author wants it to be passed over.
    silenced: Option<String>,
}

impl Problem {
    /// Where it stands.
    pub fn at(&self) -> Position {
        self.at
    }

    /// Whether this problem refuses the configuration.
    pub fn severity(&self) -> Severity {
        self.severity
    }

    /// Which lint it is of; none for errors, which cannot be silenced.
    pub fn code(&self) -> Option<Code> {
        self.code
    }

    /// `what is wrong; what would be right`.
    pub fn message(&self) -> &str {
        &self.message
    }

    /// The reason that the file gives for passing it over.
    pub fn silenced(&self) -> Option<&str> {
        self.silenced.as_deref()
    }
}

/// The problems of one file, in the order of their places.
#[derive(Clone)]
pub struct Problems {
    file: PathBuf,
    offline: bool,
    listening: bool,
    list: Vec<Problem>,
    memory: Box<Memory>,
}

/// What is needed to word problems, and to say nothing twice.
#[derive(Clone, Default)]
struct Memory {
    said: HashSet<Problem>,
    /// Values of variables, the longest first, each with the text that stands for it in the file.
    expanded: Vec<(String, String)>,
}

impl Problems {
    /// No problem of `file` yet. With `offline`, what is missing on this machine is a warning.
    pub fn new(file: &Path, offline: bool) -> Self {
        Self { file: file.to_owned(), offline, listening: true, list: Vec::new(), memory: Box::default() }
    }

    /// The same for a process that does not listen: what listeners need is a warning where it is missing.
    pub(crate) fn not_listening(self) -> Self {
        Self { listening: false, ..self }
    }

    /// Records the problems of what only a process needs that listens.
    pub(crate) fn of_listening<T>(&mut self, record: impl FnOnce(&mut Self) -> T) -> T {
        let offline = self.offline;
        self.offline |= !self.listening;
        let recorded = record(self);
        self.offline = offline;
        recorded
    }

    /// Has `written` said in place of `value`, which came from the environment.
    pub(crate) fn hide(&mut self, value: &str, written: &str) {
        if value.is_empty()
            || WORDS.contains(&value)
            || self.memory.expanded.iter().any(|(known, _)| known == value)
        {
            return;
        }
        let longer = self.memory.expanded.partition_point(|(known, _)| known.len() >= value.len());
        self.memory.expanded.insert(longer, (value.to_owned(), written.to_owned()));
    }

    /// Records an error: `wrong; right`.
    pub(crate) fn error(&mut self, at: Position, wrong: impl fmt::Display, right: impl fmt::Display) {
        self.push(at, Severity::Error, None, &format!("{wrong}; {right}"));
    }

    /// Records an error whose text already says what would be right.
    pub(crate) fn refuse(&mut self, at: Position, message: impl AsRef<str>) {
        self.push(at, Severity::Error, None, message.as_ref());
    }

    /// Records a finding of a lint: `wrong; right`.
    pub(crate) fn warning(
        &mut self,
        code: Code,
        at: Position,
        wrong: impl fmt::Display,
        right: impl fmt::Display,
    ) {
        self.push(at, Severity::Warning, Some(code), &format!("{wrong}; {right}"));
    }

    /// Records something missing on this machine: an error, or under `--offline` a warning.
    pub(crate) fn missing(&mut self, at: Position, wrong: impl fmt::Display, right: impl fmt::Display) {
        if self.offline {
            self.warning(Code::MissingHere, at, wrong, right);
        } else {
            self.error(at, wrong, right);
        }
    }

    /// Passes over the findings of this code on these lines. Says whether there were any.
    pub(crate) fn silence(&mut self, code: Code, lines: &RangeInclusive<u64>, reason: &str) -> bool {
        let mut found = false;
        for problem in &mut self.list {
            if problem.code == Some(code) && lines.contains(&problem.at.line) {
                problem.silenced = Some(reason.to_owned());
                found = true;
            }
        }
        found
    }

    fn push(&mut self, at: Position, severity: Severity, code: Option<Code>, message: &str) {
        let mut message = message.to_owned();
        for (value, written) in &self.memory.expanded {
            message = redacted(&message, value, written);
        }
        let message = message.replace(char::is_control, " ");
        let problem = Problem { at, severity, code, message, silenced: None };
        if self.memory.said.insert(problem.clone()) {
            self.list.push(problem);
        }
    }

    /// Whether any of the problems refuses the configuration.
    pub fn has_errors(&self) -> bool {
        self.list.iter().any(|problem| problem.severity == Severity::Error)
    }

    /// Whether there is nothing to say.
    pub fn is_empty(&self) -> bool {
        self.list.iter().all(|problem| problem.silenced.is_some())
    }

    /// Whether what is missing on this machine is a warning.
    pub fn is_offline(&self) -> bool {
        self.offline
    }

    /// The file that they are of.
    pub fn file(&self) -> &Path {
        &self.file
    }

    /// The problems in the order of their places, also those that are passed over.
    pub fn all(&self) -> Vec<&Problem> {
        let mut sorted: Vec<&Problem> = self.list.iter().collect();
        sorted.sort_by_key(|problem| problem.at);
        sorted
    }

    /// The problems as lines, sorted by place: `FILE:LINE:COLUMN: what is wrong; what would be right`.
    pub fn lines(&self) -> Vec<String> {
        self.written(|problem| problem.silenced.is_none())
    }

    /// The errors among them as lines.
    pub fn errors(&self) -> Vec<String> {
        self.written(|problem| problem.severity == Severity::Error)
    }

    fn written(&self, chosen: impl Fn(&Problem) -> bool) -> Vec<String> {
        let file = self.file.display();
        self.all()
            .into_iter()
            .filter(|problem| chosen(problem))
            .map(|Problem { at: Position { line, column }, code, message, .. }| match code {
                None => format!("{file}:{line}:{column}: {message}"),
                Some(code) => format!("{file}:{line}:{column}: warning: {message} [{code}]"),
            })
            .collect()
    }
}

impl fmt::Debug for Problems {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_list().entries(self.lines()).finish()
    }
}

impl fmt::Display for Problems {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.lines().join("\n"))
    }
}

impl std::error::Error for Problems {}

/// The words of messages, which a variable may hold as well.
const WORDS: &[&str] = &[
    "true",
    "false",
    "null",
    "none",
    "text",
    "list",
    "http",
    "https",
    "public",
    "optional",
    "authenticated",
    "require",
    "degrade",
    "authorization",
];

/// `message` with `written` wherever `value` stands, in whatever case. A short value is one only as a word of its own,
/// and a very short one only between quotes: elsewhere it is a part of other words.
fn redacted(message: &str, value: &str, written: &str) -> String {
    let (haystack, needle) = (message.to_ascii_lowercase(), value.to_ascii_lowercase());
    let mut redacted = String::with_capacity(message.len());
    let mut copied = 0;
    for (start, found) in haystack.match_indices(&needle) {
        let end = start + found.len();
        let (Some(kept), Some(before), Some(after)) =
            (message.get(copied..start), message.get(..start), message.get(end..))
        else {
            continue;
        };
        let (before, after) = (before.chars().next_back(), after.chars().next());
        let inside = |beside: Option<char>| beside.is_some_and(char::is_alphanumeric);
        let whole = match value.chars().count() {
            0..4 => before == Some('`') && after == Some('`'),
            4..8 => !inside(before) && !inside(after),
            _ => true,
        };
        if whole {
            redacted.push_str(kept);
            redacted.push_str(written);
            copied = end;
        }
    }
    redacted.push_str(message.get(copied..).unwrap_or_default());
    redacted
}

/// The known name closest to a mistyped one, for "did you mean".
pub(crate) fn closest<'a>(typed: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let length = typed.chars().count();
    let allowed = 1 + length / 4;
    // What differs more in length differs more in letters; a file may hold very many unknown keys.
    let near = known.into_iter().filter(|name| name.chars().count().abs_diff(length) <= allowed);
    let (distance, name) = near.map(|name| (edits(typed, name), name)).min()?;
    (distance <= allowed).then_some(name)
}

/// Levenshtein's distance, without case.
fn edits(left: &str, right: &str) -> usize {
    let right: Vec<char> = right.to_lowercase().chars().collect();
    let mut row: Vec<usize> = (0..=right.len()).collect();
    for (above, a) in left.to_lowercase().chars().enumerate() {
        let mut next = vec![above + 1];
        for ((&diagonal, &up), &b) in row.iter().zip(row.iter().skip(1)).zip(&right) {
            let beside = next.last().map_or(up, |&beside| beside);
            next.push((diagonal + usize::from(a != b)).min(up + 1).min(beside + 1));
        }
        row = next;
    }
    row.last().copied().unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_come_in_the_order_of_the_file_and_once() {
        let mut problems = Problems::new(Path::new("gate.yaml"), false);
        problems.error(Position { line: 7, column: 3 }, "b", "c");
        problems.error(Position { line: 2, column: 5 }, "a\nx", "b");
        problems.error(Position { line: 7, column: 3 }, "b", "c");
        assert_eq!(problems.lines(), ["gate.yaml:2:5: a x; b", "gate.yaml:7:3: b; c"]);
        assert!(problems.has_errors());
    }

    #[test]
    fn what_came_from_the_environment_is_shown_as_it_is_written() {
        let mut problems = Problems::new(Path::new("gate.yaml"), false);
        problems.hide("hunter2hunter2", "${PASSWORD}");
        problems.hide("abcd", "${WORD}");
        problems.hide("a", "${A}");
        problems.hide("true", "${TRUE}");
        problems.error(Position::START, "x/HUNTER2hunter2/y, abcd, abcde, `a` and true", "a word");
        let expected = "gate.yaml:1:1: x/${PASSWORD}/y, ${WORD}, abcde, `${A}` and true; a word";
        assert_eq!(problems.lines(), [expected]);
        assert!(!format!("{problems:?}").contains("hunter2"));
    }

    #[test]
    fn what_is_missing_here_is_a_warning_offline() {
        let mut problems = Problems::new(Path::new("gate.yaml"), true);
        problems.missing(Position::START, "no file", "make one");
        assert!(!problems.has_errors());
        assert_eq!(problems.lines(), ["gate.yaml:1:1: warning: no file; make one [missing-here]"]);
    }

    #[test]
    fn a_typing_error_is_recognised_and_another_word_is_not() {
        assert_eq!(closest("adress", ["address", "tls"]), Some("address"));
        assert_eq!(closest("Audience", ["audiences", "issuer"]), Some("audiences"));
        assert_eq!(closest("leeway", ["clock_skew", "issuer"]), None);
    }
}
