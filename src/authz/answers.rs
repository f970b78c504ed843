//! What the conditions of a requirement answered, so that a refusal can be explained without asking them again.
//!
//! A decision asks every condition, in the order in which they are written, and so does the explanation. An answer is
//! a bit, so that noting them costs an allowed caller nothing.

use super::expression::Fault;

/// The answers to the first 64 conditions of a requirement.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Answers {
    bits: u64,
    asked: u32,
}

impl Answers {
    /// Notes the next answer, and hands it on. A fault ends the decision, so nothing comes after it.
    pub(super) fn note(&mut self, answer: Result<bool, Fault>) -> Result<bool, Fault> {
        if let Some(bit) = 1_u64.checked_shl(self.asked) {
            self.bits |= if answer == Ok(true) { bit } else { 0 };
        }
        self.asked = self.asked.saturating_add(1);
        answer
    }

    /// The answers in the order in which they were noted; none from the 65th on, and after the last.
    pub(super) fn replay(self) -> impl FnMut() -> Option<bool> {
        let mut next = 0;
        move || {
            let bit = 1_u64.checked_shl(next).filter(|_| next < self.asked)?;
            next += 1;
            Some(self.bits & bit != 0)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn answers_come_back_in_order_up_to_64() {
        let mut answers = Answers::default();
        let given: Vec<bool> = (0..70).map(|index| index % 3 == 0).collect();
        for &answer in &given {
            assert_eq!(answers.note(Ok(answer)), Ok(answer));
        }
        let mut replay = answers.replay();
        for &answer in &given[..64] {
            assert_eq!(replay(), Some(answer));
        }
        assert_eq!((replay(), replay()), (None, None));
        assert_eq!(Answers::default().replay()(), None);
    }
}
