//! What a regular expression can do at all, for lints; nothing here decides.

use std::borrow::Cow;
use std::collections::HashSet;

use regex_automata::dfa::{Automaton as _, StartKind};
use regex_automata::util::syntax;
use regex_automata::{Anchored, Input};

use super::automaton::{self, AROUND, Limits, NESTING_LIMIT};

/// Whether there is a text that matches: as a `whole`, or anywhere in it. None where that takes too much to find out.
fn matches_anything(expression: &str, whole: bool) -> Option<bool> {
    let (text, start, anchored) = if whole {
        (Cow::Owned(automaton::whole(expression)), StartKind::Anchored, Anchored::Yes)
    } else {
        (Cow::Borrowed(expression), StartKind::Unanchored, Anchored::No)
    };
    let automaton = automaton::build(&text, start, LIMITS).ok()?;
    let first = automaton.start_state_forward(&Input::new("").anchored(anchored)).ok()?;
    let (mut seen, mut waiting) = (HashSet::from([first]), vec![first]);
    while let Some(state) = waiting.pop() {
        if automaton.is_match_state(state) || automaton.is_match_state(automaton.next_eoi_state(state)) {
            return Some(true);
        }
        for byte in 0..=u8::MAX {
            let next = automaton.next_state(state, byte);
            if automaton.is_quit_state(next) {
                return None;
            }
            if !automaton.is_dead_state(next) && seen.insert(next) {
                waiting.push(next);
            }
        }
    }
    Some(false)
}

/// What an expression that no text matches asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Impossible {
    /// A character of a class that has none, like `[a&&b]`.
    EmptyClass,
    /// Something before the beginning of the text, or behind its end.
    BeyondTheText,
    /// Two things at one place that do not go together.
    Contradiction,
}

/// Why no text matches: as a `whole`, or anywhere in it. None where one does, or that takes too much to find out.
pub fn impossible(expression: &str, whole: bool) -> Option<Impossible> {
    if matches_anything(expression, whole) != Some(false) {
        return None;
    }
    let parsed = syntax::parse_with(expression, &syntax::Config::new().nest_limit(LIMITS.nesting)).ok()?;
    let properties = parsed.properties();
    // What has no shortest match has none, whatever stands around it.
    Some(if properties.minimum_len().is_none() {
        Impossible::EmptyClass
    } else if properties.look_set().contains_anchor() {
        Impossible::BeyondTheText
    } else {
        Impossible::Contradiction
    })
}

/// Patterns may nest as deep as that with the group around them.
const LIMITS: Limits = Limits { nesting: NESTING_LIMIT + AROUND, program: 1 << 20, table: 1 << 20 };

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_nothing_matches_is_found() {
        for (expression, whole, anywhere) in [
            ("a", true, true),
            ("", true, true),
            ("^a$", true, true),
            ("^a|b$", true, true),
            ("^^a$$", true, true),
            ("a^b", false, false),
            ("a$b", false, false),
            ("x^|y", true, true),
            ("(?m)a\n^b", true, true),
            ("[^@]+@example\\.com$x*", true, true),
            ("é$", true, true),
        ] {
            assert_eq!(matches_anything(expression, true), Some(whole), "{expression}");
            assert_eq!(matches_anything(expression, false), Some(anywhere), "{expression}");
        }
        assert_eq!(matches_anything("[ab]*a[ab]{40}", true), None);
        assert_eq!(matches_anything(r"\bword\b", false), None);
    }

    #[test]
    fn why_nothing_matches_is_told() {
        for (expression, why) in [
            ("a", None),
            ("[a&&b]|c", None),
            ("[a&&b]", Some(Impossible::EmptyClass)),
            ("^[^\\s\\S]$", Some(Impossible::EmptyClass)),
            ("a^b", Some(Impossible::BeyondTheText)),
            ("$x", Some(Impossible::BeyondTheText)),
            ("a(?-u:\\b)b", Some(Impossible::Contradiction)),
            ("[ab]*a[ab]{40}", None),
        ] {
            assert_eq!(impossible(expression, false), why, "{expression}");
        }
    }
}
