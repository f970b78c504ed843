//! The patterns of `matches` below `claims`.
//!
//! Given a regular expression, hands on what says whether a whole value is of that form. Most expressions become a table, in
//! which a byte of the value is one step and nothing is set up for a search; those whose table would be large, or that no
//! table decides (boundaries of words), are left to an engine that makes its tables while it searches. Which of the two it is
//! changes no answer.

use std::fmt;

use regex::{Regex, RegexBuilder};
use regex_automata::dfa::{Automaton as _, StartKind};
use regex_automata::util::syntax;
use regex_automata::{Anchored, Input};

use super::automaton::{self, AROUND, Automaton, Limits, NESTING_LIMIT, PROGRAM_LIMIT};

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
        let engine = match automaton::build(&anchored, StartKind::Anchored, LIMITS) {
            Ok(table) => Engine::Table(Box::new(table)),
            // It would be large, or there is none.
            Err(_) => Engine::Regex(regex(&anchored)?),
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
const LIMITS: Limits = Limits { nesting: NESTING_LIMIT + AROUND, program: PROGRAM_LIMIT, table: 64 << 10 };
/// Bytes that matching may take, for each thread.
const CACHE_LIMIT: usize = 1 << 20;

/// Why an expression is no pattern.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PatternError {
    /// The expression is not well-formed, or uses what `regex` does not have.
    #[error("not a regular expression: {0}")]
    Syntax(String),
    /// Repetitions of repetitions, mostly.
    #[error("the regular expression is too large once compiled; use smaller repetitions")]
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
    const PATTERNS: [(&str, bool); 11] = [
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
    ];

    #[test]
    fn a_table_and_an_engine_say_the_same() {
        let texts = "|a|ab|abc|b|äÄ|Ä|a\n|a\nb|\n|1|123|1234|٣|a@example.com".split('|');
        let longer =
            ["x@y@example.com", "@example.com", "a@example.comx", "abababababababab", "aaaaaaaaaaaaab"];
        for (expression, has_table) in PATTERNS {
            let pattern = Pattern::parse(expression).unwrap();
            assert_eq!(matches!(pattern.engine, Engine::Table(_)), has_table, "{expression}");
            let other = regex(&automaton::whole(expression)).unwrap();
            for text in texts.clone().chain(longer) {
                assert_eq!(pattern.matches(text), other.is_match(text), "{expression} {text:?}");
            }
        }
    }
}
