//! Patterns of claims as small tables: a byte of the value is one step.
//!
//! Made when the configuration is loaded, beside the engine that knows everything. A pattern whose table would be large,
//! or that needs what tables do not have (word boundaries of Unicode), has none, and is left to that engine.

use std::fmt;

use regex_automata::dfa::{Automaton, StartKind, dense};
use regex_automata::nfa::thompson;
use regex_automata::{Anchored, Input};

/// The table of a pattern that begins and ends with the text.
pub(super) struct Whole(Box<dense::DFA<Vec<u32>>>);

impl Whole {
    /// From an expression with its anchors, where the table is small.
    pub(super) fn of(anchored: &str) -> Option<Self> {
        let automaton = dense::Builder::new()
            .thompson(thompson::Config::new().nfa_size_limit(Some(TABLE_LIMIT)))
            .configure(
                dense::Config::new()
                    .start_kind(StartKind::Anchored)
                    .dfa_size_limit(Some(TABLE_LIMIT))
                    .determinize_size_limit(Some(TABLE_LIMIT)),
            )
            .build(anchored);
        automaton.ok().map(Box::new).map(Self)
    }

    /// Whether it is the text; none if the table cannot tell, which it always can.
    pub(super) fn is(&self, text: &str) -> Option<bool> {
        let input = Input::new(text).anchored(Anchored::Yes).earliest(true);
        self.0.try_search_fwd(&input).ok().map(|found| found.is_some())
    }
}

/// Without the table.
impl fmt::Debug for Whole {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "Whole({} bytes)", self.0.memory_usage())
    }
}

/// Bytes that the table may take, and what it is made from: little to make at each reload, and little to hold.
const TABLE_LIMIT: usize = 64 << 10;

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn what_is_large_or_needs_more_has_no_table() {
        for (pattern, has) in [
            (r"\A(?:[^@]+@example\.com)\z", true),
            (r"\A(?:team-[a-z0-9-]{1,20})\z", true),
            (r"\A(?:(?i)straße)\z", true),
            (r"\A(?:\w{50})\z", false),
            (r"\A(?:\bword\b)\z", false),
            (r"\A(?:[ab]*a[ab]{12})\z", false),
        ] {
            assert_eq!(Whole::of(pattern).is_some(), has, "{pattern}");
        }
    }

    proptest! {
        #[test]
        fn the_table_says_what_the_engine_says(
            pattern in "([ab.é]|a[|]b|[(]a[|]ab[)]|\\[\\^a\\]|\\\\d|(a|b)[*+?]|(a|b)[{]2,3[}]|[$^]|[(][?]i:É[)]){1,6}",
            text in "[abéÉ1\\n]{0,8}",
        ) {
            let anchored = format!(r"\A(?:{pattern})\z");
            if let (Ok(engine), Some(table)) = (regex::Regex::new(&anchored), Whole::of(&anchored)) {
                prop_assert_eq!(table.is(&text), Some(engine.is_match(&text)), "{} and {:?}", anchored, text);
            }
        }
    }
}
