//! What is in the files that a reload is about, from one look to the next.
//!
//! Given what each file holds now; says whether that is to be compiled. A change counts once it has stood still from one
//! look to the next: an editor may be writing the file, or have taken the old one away and not put the new one there yet.
//! A file that stays away is a change as any other, which the compiler then refuses.

use std::collections::BTreeMap;
use std::io;
use std::path::PathBuf;

/// What was seen in each file: a hash of its content, or why there is none.
pub(super) type Contents = BTreeMap<PathBuf, Result<u64, io::ErrorKind>>;

/// What was last compiled, and what was last looked at.
#[derive(Debug)]
pub(super) struct Seen {
    compiled: Contents,
    looked_at: Contents,
}

/// What a look says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Look {
    /// There is something new, and it stands still.
    Changed,
    /// All is as it was compiled.
    Same,
    /// Something is being written.
    Moving,
}

impl Seen {
    /// These have just been compiled.
    pub(super) fn new(compiled: Contents) -> Self {
        Self { looked_at: compiled.clone(), compiled }
    }

    /// Looks once more. What is [`Look::Changed`] counts as compiled from here on, and so does what was `asked` for. Files that
    /// were named only now are followed from here on.
    pub(super) fn look(&mut self, contents: Contents, asked: bool) -> Look {
        let is_still = contents == self.looked_at;
        self.looked_at.clone_from(&contents);
        if !asked && !is_still {
            return Look::Moving;
        }
        let is_new =
            contents.iter().any(|(path, now)| self.compiled.get(path).is_some_and(|before| before != now));
        self.compiled = contents;
        if asked || is_new { Look::Changed } else { Look::Same }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const GONE: Result<u64, io::ErrorKind> = Err(io::ErrorKind::NotFound);

    /// What each look at one file says, the first of which was compiled.
    fn looks(seen: &[Result<u64, io::ErrorKind>]) -> Vec<Look> {
        let of = |content: &Result<u64, io::ErrorKind>| Contents::from([(PathBuf::from("a"), *content)]);
        let (first, rest) = seen.split_first().unwrap();
        let mut seen = Seen::new(of(first));
        rest.iter().map(|content| seen.look(of(content), false)).collect()
    }

    #[test]
    fn a_change_counts_once_it_stands_still() {
        assert_eq!(looks(&[Ok(1), Ok(1), Ok(1)]), [Look::Same; 2]);
        assert_eq!(
            looks(&[Ok(1), Ok(2), Ok(3), Ok(3), Ok(3)]),
            [Look::Moving, Look::Moving, Look::Changed, Look::Same]
        );
        assert_eq!(looks(&[Ok(1), Ok(2), Ok(1), Ok(1)]), [Look::Moving, Look::Moving, Look::Same]);
    }

    #[test]
    fn a_file_that_is_replaced_is_not_gone_and_one_that_stays_away_is() {
        assert_eq!(looks(&[Ok(1), GONE, Ok(1), Ok(1)]), [Look::Moving, Look::Moving, Look::Same]);
        assert_eq!(looks(&[Ok(1), GONE, Ok(2), Ok(2)]), [Look::Moving, Look::Moving, Look::Changed]);
        assert_eq!(looks(&[Ok(1), GONE, GONE, GONE]), [Look::Moving, Look::Changed, Look::Same]);
        assert_eq!(
            looks(&[Ok(1), GONE, GONE, Ok(1), Ok(1)]),
            [Look::Moving, Look::Changed, Look::Moving, Look::Changed]
        );
    }

    #[test]
    fn who_asks_waits_for_nothing_and_a_file_that_is_new_is_no_change() {
        let of = |names: &[(&str, u64)]| -> Contents {
            names.iter().map(|&(name, content)| (PathBuf::from(name), Ok(content))).collect()
        };
        let mut seen = Seen::new(of(&[("a", 1)]));
        assert_eq!(seen.look(of(&[("a", 2)]), true), Look::Changed);
        assert_eq!(seen.look(of(&[("a", 2), ("b", 1)]), false), Look::Moving);
        assert_eq!(seen.look(of(&[("a", 2), ("b", 1)]), false), Look::Same);
        assert_eq!(seen.look(of(&[("a", 2), ("b", 2)]), false), Look::Moving);
        assert_eq!(seen.look(of(&[("a", 2), ("b", 2)]), false), Look::Changed);
    }
}
