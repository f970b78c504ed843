//! `when`: conditions in the Common Expression Language.
//!
//! The language is parsed by the `cel` crate, and compiled and evaluated here, for what a gate needs of it and the
//! crate does not have: a bound on what an evaluation costs, patterns compiled once, names and types checked when the
//! configuration is loaded, and claims read where they lie in place of being converted for each request. What an
//! expression means is what the crate makes of it: `tests/differential.rs` compares the two.
//!
//! The journey of a condition: `syntax → compile → node → evaluate (lookup, compare, arithmetic, function)`.
//!
//! What must stay true: no value of a token and no header makes an evaluation panic, recurse deeper than the condition
//! and the token do, or cost more than `fuel::BUDGET`; an evaluation that fails denies.
//!
//! Of the standard library there are no bytes and no unsigned integers (tokens have neither), no messages, no time
//! zones, no doubles but finite ones; `getMilliseconds` is of timestamps alone, and `string` of neither times nor durations.

mod arithmetic;
mod compare;
mod compile;
mod complaint;
mod evaluate;
mod fault;
mod fuel;
mod function;
mod instant;
mod mistake;
mod node;
mod outline;
mod search;
mod syntax;
mod tenants;
mod text;
#[cfg(test)]
#[expect(clippy::too_many_lines, reason = "tables")]
mod tests;
mod value;
mod written;

use crate::authn::{ClaimPath, Principal};

use super::facts::RequestFacts;
use compile::{BesideTime, Mentions};
use evaluate::{Evaluation, Scope};
pub use fault::Fault;
pub use mistake::{Mistake, Mistakes};
use node::Node;
pub use outline::Outline;

/// A condition on a verified caller and the request.
#[derive(Debug)]
pub struct Expression {
    source: Box<str>,
    node: Node,
    mentions: Mentions,
}

impl Expression {
    /// From its text; on failure everything that is wrong with it.
    pub fn parse(source: &str) -> Result<Self, Mistakes> {
        let (node, mentions) = compile::compile(source)?;
        Ok(Self { source: source.into(), node, mentions })
    }

    /// The text that it was made from.
    pub fn source(&self) -> &str {
        &self.source
    }

    /// What joins its parts.
    pub fn outline(&self) -> Outline {
        Outline::of(&self.node)
    }

    /// The captures that it names: a path that it is used with must have them.
    pub fn captures(&self) -> &[String] {
        &self.mentions.captures
    }

    /// The byte of its text at which it first names a capture, where that is known.
    pub fn place_of_capture(&self, name: &str) -> Option<usize> {
        self.mentions.place_of_capture(name)
    }

    /// The headers that it names, in the spelling in which it looks at them.
    pub fn headers(&self) -> &[String] {
        &self.mentions.headers
    }

    /// Whether it also asks for headers whose names it does not say: computed ones, or all that there are.
    pub fn computes_headers(&self) -> bool {
        self.mentions.computes_headers
    }

    /// The literals with which it compares `issuer`.
    pub fn issuers(&self) -> &[String] {
        &self.mentions.issuers
    }

    /// The literals with which it compares `request.method`.
    pub fn methods(&self) -> &[String] {
        &self.mentions.methods
    }

    /// The literals with which it compares `request.path`.
    pub fn paths(&self) -> &[String] {
        &self.mentions.paths
    }

    /// The literals with which it compares `request.host`.
    pub fn hosts(&self) -> &[String] {
        &self.mentions.hosts
    }

    /// What to write in place of comparisons between a header, which is a list, and a value that may be of any type.
    pub fn headers_as_texts(&self) -> &[String] {
        &self.mentions.headers_as_texts
    }

    /// The regular expressions of its `matches`.
    pub fn patterns(&self) -> &[String] {
        &self.mentions.patterns
    }

    /// Whether it looks at `request.method`, in whatever way.
    pub fn asks_for_method(&self) -> bool {
        self.mentions.method
    }

    /// The claims that it compares with a time, and that are numbers in this caller's token, as it writes them: such a
    /// comparison has no answer.
    pub fn numbers_beside_times(&self, principal: &Principal) -> Vec<&str> {
        let is_number = |claim: &&BesideTime| {
            let path = ClaimPath::from_steps(&claim.steps).ok();
            let found = path.and_then(|path| path.find(principal.claims()));
            found.is_some_and(|found| found.as_f64().is_some())
        };
        self.mentions.beside_times.iter().filter(is_number).map(|claim| claim.written.as_str()).collect()
    }

    /// Whether it is true for callers of tenants that it names, and for no others. Sees only what is plain:
    /// `issuer_tenant` compared with literals, alone or joined to the rest by `&&`.
    pub fn names_tenants(&self) -> bool {
        tenants::are_named(&self.node)
    }

    /// Whether it is true, or why it is neither true nor false.
    pub fn evaluate(&self, principal: &Principal, facts: &RequestFacts<'_>) -> Result<bool, Fault> {
        Evaluation::new(Some(Scope { principal, facts })).holds(&self.node)
    }
}
