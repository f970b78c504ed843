//! Keys that pass from an issuer's old settings to its new ones when a configuration is reloaded.
//!
//! Given keys that are not started yet and those that serve now, it hands the served set on where both are of one
//! source: a reload during an outage must not throw away what the issuer confirmed. Another place or another authority
//! is another trust, and nothing passes on. The set keeps its age: the new `max_stale` counts from when the issuer
//! confirmed it, and a reload makes no key younger.

use std::sync::{Arc, PoisonError};
use std::time::Instant;

use super::engine::{Keys, MadeFrom};
use super::task::Task;

impl Keys {
    /// Goes on with the set of these, if it is of the same source, may still be trusted under the new settings and
    /// serves the new algorithms. For keys that are made and not started; the first fetch stays due at once.
    pub fn inherit(&self, served: &Self) {
        if !self.made_from.is_of_the_source_of(&served.made_from) {
            return;
        }
        // The time before the set: a set may then be younger than it is taken for, and never older.
        let Some(obtained) = served.shared.fetches.progress().obtained else { return };
        let Some(set) = served.shared.store.current() else { return };
        let is_older = self.shared.fetches.progress().obtained.is_some_and(|own| own >= obtained);
        if is_older || !set.serves(&self.made_from.algorithms) {
            return;
        }
        let trusted_until = obtained.checked_add(self.made_from.options.max_stale);
        if trusted_until.is_some_and(|until| until <= Instant::now()) {
            return;
        }
        let mut task = self.task.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(Task::Remote(remote)) = task.as_mut() else { return };
        remote.trust_until(trusted_until);
        self.shared.confirm(Arc::clone(&set), trusted_until);
        self.shared.fetches.note(|progress| progress.obtained = Some(obtained));
    }
}

impl MadeFrom {
    /// Whether both name one place, vouched for by one authority, whose keys belong to one issuer.
    fn is_of_the_source_of(&self, other: &Self) -> bool {
        self.source.is_remote()
            && self.issuer == other.issuer
            && self.source == other.source
            && self.options.ca == other.options.ca
    }
}
