//! What the evaluation of a condition may cost.
//!
//! Every step pays before it is taken, and pays for each element that it visits and the bytes that it reads. The
//! budget is what the slowest steps may use up within a millisecond; `benches/policy.rs` has such conditions.

use super::fault::Fault;

/// The budget of one evaluation.
pub(super) const BUDGET: u32 = 20_000;

/// Elements that a comprehension goes through.
pub(super) const MAX_ELEMENTS: usize = 256;

/// Bytes of text that are compared or copied for one unit.
pub(super) const COPIED: usize = 64;
/// Bytes of text that are searched for another text for one unit.
pub(super) const SEARCHED: usize = 8;
/// Bytes of text that are matched with a pattern, or converted, for one unit.
pub(super) const MATCHED: usize = 4;
/// Bytes of a header's name that are checked, hashed and held against the names that are hidden, for one unit.
pub(super) const SPELLED: usize = 8;
/// Bytes of a header's value that are checked to be UTF-8 for one unit.
pub(super) const DECODED: usize = 32;
/// Units for a double that is read from more digits than the fast way takes: 24 µs for one half way between two others.
pub(super) const LONG_DOUBLE: usize = 600;
/// Units for one look-up in a map, beyond the bytes of the key.
pub(super) const LOOK_UP: usize = 4;

/// What is left of the budget.
#[derive(Debug)]
pub(super) struct Fuel(u32);

impl Fuel {
    pub(super) const fn full() -> Self {
        Self(BUDGET)
    }

    /// Pays for a step, or ends the evaluation.
    pub(super) fn pay(&mut self, units: usize) -> Result<(), Fault> {
        let left = u32::try_from(units).ok().and_then(|units| self.0.checked_sub(units));
        self.0 = left.unwrap_or(0);
        left.map(|_| ()).ok_or(Fault::Exhausted)
    }

    /// Pays for so many bytes, of which `per_unit` cost a unit.
    pub(super) fn pay_bytes(&mut self, bytes: usize, per_unit: usize) -> Result<(), Fault> {
        self.pay(bytes / per_unit)
    }

    #[cfg(test)]
    pub(super) const fn left(&self) -> u32 {
        self.0
    }
}
