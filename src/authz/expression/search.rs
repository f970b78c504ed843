//! The patterns of `matches`.
//!
//! As everywhere in CEL, a pattern is searched for: it holds wherever in the text it is found, unless it has anchors.
//! Compiled whole when the configuration is loaded: then a byte of the text is one step of a table, whatever the
//! pattern. An engine that builds its table while it searches can be made to build it again and again.

use std::fmt;

use regex_automata::Input;
use regex_automata::dfa::{Automaton as _, StartKind};

use crate::authz::automaton::{
    self, Automaton, Limits, NESTING_LIMIT, PROGRAM_LIMIT, SMALLER, TABLE_LIMIT, TOO_LARGE,
};

/// A compiled pattern.
pub(super) struct Search {
    pattern: Box<str>,
    automaton: Automaton,
}

impl Search {
    /// From a regular expression in the syntax of `claims.matches`; on failure what is wrong with it, and what would be right.
    pub(super) fn parse(pattern: &str) -> Result<Self, (String, &'static str)> {
        match automaton::build(pattern, StartKind::Unanchored, LIMITS) {
            Ok(automaton) => Ok(Self { pattern: pattern.into(), automaton }),
            Err(error) => {
                let cause = cause(&*error);
                // The limit of the first form has no kind of its own.
                if error.is_size_limit_exceeded() || cause.contains("exceeded") {
                    Err((TOO_LARGE.to_owned(), SMALLER))
                } else if cause.contains("word boundaries") {
                    let wrong = "boundaries of words cannot be searched for here: they would have to know all letters";
                    Err((wrong.to_owned(), r"write `(?-u:\b)` for words of ASCII letters, digits and `_`"))
                } else {
                    Err((format!("not a regular expression that can be used here: {cause}"), SYNTAX))
                }
            }
        }
    }

    /// As it was written.
    pub(super) fn pattern(&self) -> &str {
        &self.pattern
    }

    /// What the table takes in memory.
    pub(super) fn bytes(&self) -> usize {
        self.automaton.memory_usage()
    }

    /// Whether the pattern is found in the text. Time is linear in the text alone.
    pub(super) fn is_in(&self, text: &str) -> bool {
        // The automaton gives up on no byte, because none was configured to make it.
        self.automaton.try_search_fwd(&Input::new(text).earliest(true)).is_ok_and(|found| found.is_some())
    }
}

/// The last line of the innermost error: the others draw the expression.
fn cause(error: &dyn std::error::Error) -> String {
    let mut error = error;
    while let Some(source) = error.source() {
        error = source;
    }
    let message = error.to_string();
    let last = message.lines().last().unwrap_or_default();
    last.strip_prefix("error: ").unwrap_or(last).to_owned()
}

/// Without the table, which may be a megabyte.
impl fmt::Debug for Search {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "Search({:?})", self.pattern)
    }
}

/// But for the table the same as for `claims.matches`.
const LIMITS: Limits = Limits { nesting: NESTING_LIMIT, program: PROGRAM_LIMIT, table: TABLE_LIMIT };
const SYNTAX: &str = "it is searched for in the text, as `regex` writes it; anchor it with ^ and $";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pattern_is_searched_for_unless_it_has_anchors() {
        let holds = |pattern: &str, text: &str| Search::parse(pattern).unwrap().is_in(text);
        assert!(holds("b", "abc") && !holds("^b", "abc") && holds("^abc$", "abc") && !holds("^abc$", "abcd"));
        assert!(holds(r"^[^@]+@example\.com$", "a@example.com"));
        assert!(!holds(r"^[^@]+@example\.com$", "a@example.com.evil.test"));
        assert!(holds(r"(?i)^ÄB$", "äb") && holds(r"\d", "٣") && holds("", "") && holds("$", "x"));
        assert!(!holds("a", "") && !holds(r"^\p{Nd}*x", "0"));
    }

    #[test]
    fn what_cannot_be_compiled_within_bounds_is_refused() {
        let refusal = |pattern: &str| Search::parse(pattern).unwrap_err().0;
        assert_eq!(refusal("("), "not a regular expression that can be used here: unclosed group");
        assert!(refusal("(?:a{1000}){1000}").contains("too large"));
        assert!(refusal("[ab]*a[ab]{40}").contains("too large"));
        assert!(refusal(r"\bword\b").contains("boundaries of words"), "{}", refusal(r"\bword\b"));
        assert!(Search::parse(r"(?-u:\b)word(?-u:\b)").is_ok_and(|word| word.is_in("a word")));
        assert!(
            refusal(&format!("{}a{}", "(".repeat(60), ")".repeat(60))).contains("not a regular expression")
        );
    }
}
