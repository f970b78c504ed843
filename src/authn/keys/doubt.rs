//! How often a signature that no key verifies is worth a question to the issuer.
//!
//! Given how each fetch ended that such a signature has caused, it says when the next one may begin and from when on
//! requests wait for it. A key that was replaced under its id is had within the two seconds of any other missing key. But a
//! forged token costs nothing: fetches that bring nothing new come with growing pauses, up to 10 s, until the keys
//! change or nobody forges for half a minute.

use std::time::{Duration, Instant};

/// What the fetches that signatures caused are worth.
#[derive(Debug)]
pub(super) struct Doubt {
    /// How many in a row brought nothing new.
    fruitless: u32,
    allowed: Instant,
}

impl Doubt {
    /// Nobody has cried wolf yet.
    pub(super) fn new(now: Instant) -> Self {
        Self { fruitless: 0, allowed: now }
    }

    /// When a signature may cause the next fetch.
    pub(super) fn allowed(&self) -> Instant {
        self.allowed
    }

    /// From when on requests wait for the fetch that they cause; none: they do.
    pub(super) fn believes_from(&self) -> Option<Instant> {
        (self.fruitless > 0).then(|| self.allowed + QUIET)
    }

    /// A fetch that a signature caused has ended at this time and brought nothing new; pauses begin with `first`.
    pub(super) fn was_for_nothing(&mut self, now: Instant, first: Duration) {
        if self.believes_from().is_some_and(|quiet| quiet <= now) {
            self.fruitless = 0;
        }
        let pause = first.saturating_mul(2_u32.saturating_pow(self.fruitless.min(30)));
        self.fruitless += 1;
        self.allowed = now + pause.min(MOST);
    }

    /// The keys have changed.
    pub(super) fn is_over(&mut self, now: Instant) {
        *self = Self::new(now);
    }
}

/// The longest pause: how long tokens of a key that was replaced under its id may be refused while somebody forges.
const MOST: Duration = Duration::from_secs(10);
/// How long nobody may forge until all is forgotten: who sends one bad token now and then costs no rotation.
const QUIET: Duration = Duration::from_secs(30);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_double_to_ten_seconds_and_are_forgotten_after_half_a_minute() {
        let first = Duration::from_secs(2);
        let mut now = Instant::now();
        let mut doubt = Doubt::new(now);
        assert!(doubt.allowed() <= now && doubt.believes_from().is_none());
        for seconds in [2, 4, 8, 10, 10] {
            doubt.was_for_nothing(now, first);
            let pause = doubt.allowed() - now;
            assert_eq!(pause, Duration::from_secs(seconds));
            assert_eq!(doubt.believes_from(), Some(now + pause + QUIET));
            now = doubt.allowed();
        }
        now += QUIET;
        doubt.was_for_nothing(now, first);
        assert_eq!(doubt.allowed() - now, first);
        doubt.is_over(now);
        assert!(doubt.allowed() <= now && doubt.believes_from().is_none());
    }

    #[test]
    fn a_bad_token_now_and_then_makes_no_pause_longer() {
        let mut now = Instant::now();
        let mut doubt = Doubt::new(now);
        for _ in 0..10 {
            doubt.was_for_nothing(now, Duration::from_secs(2));
            assert_eq!(doubt.allowed() - now, Duration::from_secs(2));
            now += Duration::from_secs(33);
        }
    }

    #[test]
    fn an_hour_of_forged_tokens_is_a_fetch_each_ten_seconds() {
        let begun = Instant::now();
        let (mut now, mut fetches) = (begun, 0);
        let mut doubt = Doubt::new(now);
        while now < begun + Duration::from_hours(1) {
            doubt.was_for_nothing(now, Duration::from_secs(2));
            fetches += 1;
            now = doubt.allowed();
        }
        assert!((360..=364).contains(&fetches), "{fetches}");
    }
}
