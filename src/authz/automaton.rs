//! Regular expressions as whole tables, for those that decide and for lints alike: a byte of the text is one step, whatever the
//! expression. Made within limits, because configuration may come from tenants.

use regex_automata::dfa::{StartKind, dense};
use regex_automata::nfa::thompson;
use regex_automata::util::syntax;

/// A table.
pub(super) type Automaton = dense::DFA<Vec<u32>>;

/// What a table and the making of it may take.
#[derive(Debug, Clone, Copy)]
pub(super) struct Limits {
    /// How deep groups may nest.
    pub(super) nesting: u32,
    /// Bytes of the first form of the compiled expression.
    pub(super) program: usize,
    /// Bytes of the table.
    pub(super) table: usize,
}

/// The table of an expression, for searches that start so.
pub(super) fn build(
    expression: &str,
    start: StartKind,
    limits: Limits,
) -> Result<Automaton, Box<dense::BuildError>> {
    dense::Builder::new()
        .syntax(syntax::Config::new().nest_limit(limits.nesting))
        .thompson(thompson::Config::new().nfa_size_limit(Some(limits.program)))
        .configure(
            dense::Config::new()
                // Where a text leaves such a state at every other byte, it costs ten times as much as it saves elsewhere.
                .accelerate(false)
                .start_kind(start)
                .dfa_size_limit(Some(limits.table))
                .determinize_size_limit(Some(limits.table)),
        )
        .build(expression)
        .map_err(Box::new)
}

/// The expression that the whole of a text must match.
pub(super) fn whole(expression: &str) -> String {
    format!(r"\A(?:{expression})\z")
}

/// How deep groups may nest in an expression.
pub(super) const NESTING_LIMIT: u32 = 50;
/// What [`whole`] puts around an expression: a group, and the anchors beside that.
pub(super) const AROUND: u32 = 2;
/// Bytes that the first form of a compiled expression may take.
pub(super) const PROGRAM_LIMIT: usize = 256 << 10;
/// Bytes that the largest table may take.
pub(super) const TABLE_LIMIT: usize = 1 << 20;
/// What is wrong with an expression that takes more.
pub(super) const TOO_LARGE: &str =
    "the regular expression is too large once compiled (256 KiB, and 1 MiB as a table, at most)";
/// What to do about it. Most are too large by classes that hold the letters of every script.
pub(super) const SMALLER: &str = r"use smaller repetitions, and `[0-9]` for `\d`, `[0-9A-Za-z_]` for `\w`, which stand for those of all scripts";
