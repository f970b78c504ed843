//! The patterns of `matches` below `claims`.
//!
//! Given a regular expression, hands on what says whether a whole value is of that form. Most expressions become a table, in
//! which a byte of the value is one step and nothing is set up for a search; those whose table would be large, or that no
//! table decides (boundaries of words), are left to an engine that makes its tables while it searches. What is too large for
//! that engine, as repetitions of `.` soon are, becomes a large table where there is one. Which of them it is changes no answer.

use std::fmt;

use regex::{Regex, RegexBuilder};
use regex_automata::dfa::{Automaton as _, StartKind};
use regex_automata::util::syntax;
use regex_automata::{Anchored, Input};

use super::automaton::{
    self, AROUND, Automaton, Limits, NESTING_LIMIT, PROGRAM_LIMIT, SMALLER, TABLE_LIMIT, TOO_LARGE,
};

/// A regular expression that the whole value must match.
pub struct Pattern {
    engine: Engine,
    expression: Box<str>,
}

enum Engine {
    Table(Box<Automaton>),
    Regex(Regex),
}

impl Pattern {
    /// From the expression alone, without anchors. It is compiled under limits, because configuration may come from
    /// tenants, and in time linear in the value, because values come from tokens.
    pub fn parse(expression: &str) -> Result<Self, PatternError> {
        // First as it stands, so that `a)|(b` is refused instead of breaking out of the anchors below.
        syntax::parse_with(expression, &syntax::Config::new().nest_limit(NESTING_LIMIT))
            .map_err(|error| PatternError::syntax(&error.to_string()))?;
        let anchored = automaton::whole(expression);
        let table = |table| {
            let limits = Limits { nesting: NESTING_LIMIT + AROUND, program: PROGRAM_LIMIT, table };
            automaton::build(&anchored, StartKind::Anchored, limits)
                .map(|table| Engine::Table(Box::new(table)))
        };
        let engine = match table(SMALL_TABLE) {
            Ok(small) => small,
            // It would be large, or there is none.
            Err(_) => match regex(&anchored) {
                Ok(regex) => Engine::Regex(regex),
                Err(PatternError::TooLarge) => table(TABLE_LIMIT).map_err(|_| PatternError::TooLarge)?,
                Err(error) => return Err(error),
            },
        };
        Ok(Self { engine, expression: expression.into() })
    }

    /// The expression as it was written.
    pub fn expression(&self) -> &str {
        &self.expression
    }

    /// Whether the whole text matches.
    pub fn matches(&self, text: &str) -> bool {
        match &self.engine {
            Engine::Table(table) => {
                // The table gives up on no byte, because none was configured to make it.
                let input = Input::new(text).anchored(Anchored::Yes);
                table.try_search_fwd(&input).is_ok_and(|found| found.is_some())
            }
            Engine::Regex(regex) => regex.is_match(text),
        }
    }
}

fn regex(anchored: &str) -> Result<Regex, PatternError> {
    let built = RegexBuilder::new(anchored)
        .size_limit(PROGRAM_LIMIT)
        .dfa_size_limit(CACHE_LIMIT)
        .nest_limit(NESTING_LIMIT + AROUND)
        .build();
    built.map_err(|error| {
        // A comment of the extended mode swallows what stands behind it: then the anchors do not compile.
        if let regex::Error::Syntax(_) = error {
            PatternError::OpenEnd
        } else {
            PatternError::from_regex(&error)
        }
    })
}

impl fmt::Display for Pattern {
    /// The expression as it was written.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.expression)
    }
}

impl fmt::Debug for Pattern {
    /// Without the table, which may be long.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Pattern").field(&self.expression).finish()
    }
}

/// Of a table that is larger than this the making takes longer than it saves.
const SMALL_TABLE: usize = 64 << 10;
/// Bytes that matching may take, for each thread.
const CACHE_LIMIT: usize = 1 << 20;

/// Why an expression is no pattern.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PatternError {
    /// The expression is not well-formed, or uses what `regex` does not have.
    #[error("not a regular expression: {0}")]
    Syntax(String),
    /// Repetitions of repetitions, mostly.
    #[error("{TOO_LARGE}; {SMALLER}")]
    TooLarge,
    /// A comment runs to the end of the expression.
    #[error("the regular expression ends in a comment; end it with a line break or leave the comment out")]
    OpenEnd,
}

impl PatternError {
    fn from_regex(error: &regex::Error) -> Self {
        if let regex::Error::CompiledTooBig(_) = error {
            return Self::TooLarge;
        }
        Self::syntax(&error.to_string())
    }

    /// The message draws the expression over several lines; the last one says what is wrong.
    fn syntax(message: &str) -> Self {
        let last = message.lines().last().unwrap_or_default();
        Self::Syntax(last.strip_prefix("error: ").unwrap_or(last).to_owned())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Patterns, and whether a table decides them.
    const PATTERNS: [(&str, bool); 12] = [
        (r"[^@]+@example\.com", true),
        ("a|ab", true),
        ("(?i)ä+", true),
        ("", true),
        ("(?s).*b", true),
        (r"\d{1,3}", true),
        ("^a$", true),
        ("(?m)^a$\n^b$", true),
        ("(?x) a # b\n b", true),
        (r"[ab]*a[ab]{12}", false),
        (r"\bab\b", false),
        (r"[^@]{1,64}@.{0,300}", true),
    ];

    #[test]
    fn a_table_and_an_engine_say_the_same() {
        let texts = "|a|ab|abc|b|äÄ|Ä|a\n|a\nb|\n|1|123|1234|٣|a@example.com".split('|');
        let longer =
            ["x@y@example.com", "@example.com", "a@example.comx", "abababababababab", "aaaaaaaaaaaaab"];
        for (expression, has_table) in PATTERNS {
            let pattern = Pattern::parse(expression).unwrap();
            assert_eq!(matches!(pattern.engine, Engine::Table(_)), has_table, "{expression}");
            let other = Regex::new(&automaton::whole(expression)).unwrap();
            for text in texts.clone().chain(longer) {
                assert_eq!(pattern.matches(text), other.is_match(text), "{expression} {text:?}");
            }
        }
    }
    #[test]
    fn what_is_too_large_is_refused_and_told_what_is_not() {
        for expression in [".{0,300}", r"[0-9]{1,400}", r"[0-9A-Za-z_]{1,1000}", r"\S{1,128}", r"\d{1,20}"] {
            assert!(Pattern::parse(expression).is_ok(), "{expression}");
        }
        for expression in [".{0,3000}", r"\w{1,64}", r"\d{1,200}", "(?:a{1000}){1000}"] {
            assert_eq!(Pattern::parse(expression).unwrap_err(), PatternError::TooLarge, "{expression}");
        }
        let message = PatternError::TooLarge.to_string();
        assert!(message.contains("256 KiB") && message.contains(r"`[0-9A-Za-z_]` for `\w`"), "{message}");
        let long = Pattern::parse(".{0,300}").unwrap();
        assert!(long.matches(&"ä".repeat(300)) && !long.matches(&"ä".repeat(301)));
    }
}
