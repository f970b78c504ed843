//! Verifications that are under way, so that one token is never verified twice at the same time.
//!
//! Given what tells a token from others; the first that asks gets the turn to verify it, and all that ask until it is
//! done wait for what comes out, without keeping a thread from other work. An outcome goes to those that wait and is
//! kept for nobody. A turn that ends without one (a panic) leaves them to take turns again.

use std::sync::{Mutex, MutexGuard, PoisonError};

use tokio::sync::watch;

/// The verifications under way, by what tells the tokens apart.
pub(super) struct Flights<K, O> {
    shards: Box<[Mutex<Shard<K, O>>]>,
}

type Shard<K, O> = Vec<Flight<K, O>>;

struct Flight<K, O> {
    key: K,
    /// Tells the outcome to those that wait; made by the first of them, because mostly there is none.
    waiting: Option<watch::Sender<Option<O>>>,
}

/// What whoever asks is to do.
pub(super) enum Turn<'f, K: Copy + PartialEq, O> {
    /// Verify, and say what came out.
    Verify(Lead<'f, K, O>),
    /// Nothing: this came out.
    Done(O),
}

impl<K: Copy + PartialEq, O: Clone> Flights<K, O> {
    pub(super) fn new() -> Self {
        Self { shards: std::iter::repeat_with(Mutex::default).take(SHARDS).collect() }
    }

    /// The turn to verify, or the outcome of whoever has it. `place` is any number that is the same for equal keys.
    pub(super) async fn join(&self, key: K, place: u8) -> Turn<'_, K, O> {
        loop {
            let mut outcome = match self.lead_or_follow(key, place) {
                Ok(lead) => return Turn::Verify(lead),
                Err(outcome) => outcome,
            };
            let came = outcome.wait_for(Option::is_some).await.ok().and_then(|outcome| outcome.clone());
            if let Some(outcome) = came {
                return Turn::Done(outcome);
            }
        }
    }

    fn lead_or_follow(&self, key: K, place: u8) -> Result<Lead<'_, K, O>, watch::Receiver<Option<O>>> {
        if let Some(mut shard) = self.shard(place) {
            if let Some(flight) = shard.iter_mut().find(|flight| flight.key == key) {
                return Err(flight.waiting.get_or_insert_with(|| watch::Sender::new(None)).subscribe());
            }
            shard.push(Flight { key, waiting: None });
        }
        Ok(Lead { flights: self, key, place, is_known: true })
    }
}

impl<K, O> Flights<K, O> {
    fn shard(&self, place: u8) -> Option<MutexGuard<'_, Shard<K, O>>> {
        let shard = self.shards.get(usize::from(place) % SHARDS)?;
        // held for a look, a push or a removal, and nothing of that is left half-done
        Some(shard.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

/// The turn to verify a token.
pub(super) struct Lead<'f, K: Copy + PartialEq, O> {
    flights: &'f Flights<K, O>,
    key: K,
    place: u8,
    /// Whether others find it. Afterwards the flight of its key may be another one.
    is_known: bool,
}

impl<K: Copy + PartialEq, O> Lead<'_, K, O> {
    /// Hands the outcome to those that wait; whoever comes from now on finds nothing under way.
    pub(super) fn end(mut self, outcome: impl FnOnce() -> O) {
        if let Some(waiting) = self.leave() {
            waiting.send_replace(Some(outcome()));
        }
    }

    /// How many wait.
    #[cfg(test)]
    pub(super) fn followers(&self) -> usize {
        let shard = self.flights.shard(self.place);
        let flight = shard.iter().flat_map(|all| all.iter()).find(|flight| flight.key == self.key);
        flight.and_then(|flight| flight.waiting.as_ref()).map_or(0, watch::Sender::receiver_count)
    }

    fn leave(&mut self) -> Option<watch::Sender<Option<O>>> {
        if !std::mem::take(&mut self.is_known) {
            return None;
        }
        let mut shard = self.flights.shard(self.place)?;
        let place = shard.iter().position(|flight| flight.key == self.key)?;
        shard.swap_remove(place).waiting
    }
}

impl<K: Copy + PartialEq, O> Drop for Lead<'_, K, O> {
    /// Without an outcome those that wait hear that none will come.
    fn drop(&mut self) {
        drop(self.leave());
    }
}

/// A lock is held for some nanoseconds, and so seldom met.
const SHARDS: usize = 64;

#[cfg(test)]
mod tests {
    use super::*;

    type Outcome = Result<u32, &'static str>;

    fn led(turn: Turn<'_, u64, Outcome>) -> Lead<'_, u64, Outcome> {
        match turn {
            Turn::Verify(lead) => lead,
            Turn::Done(outcome) => panic!("{outcome:?} came out already"),
        }
    }

    /// Tasks that ask for this key, all of them waiting.
    async fn wait(
        flights: &'static Flights<u64, Outcome>,
        key: u64,
    ) -> Vec<tokio::task::JoinHandle<Option<Outcome>>> {
        let asks = move || async move {
            match flights.join(key, 7).await {
                Turn::Verify(_) => None,
                Turn::Done(outcome) => Some(outcome),
            }
        };
        let tasks = (0..50).map(|_| tokio::spawn(asks())).collect();
        for _ in 0..100 {
            tokio::task::yield_now().await;
        }
        tasks
    }

    fn flights() -> &'static Flights<u64, Outcome> {
        Box::leak(Box::new(Flights::new()))
    }

    #[tokio::test]
    async fn all_that_wait_share_one_outcome_and_it_is_kept_for_nobody() {
        for outcome in [Ok(1), Err("refused")] {
            let flights = flights();
            let lead = led(flights.join(1, 7).await);
            let tasks = wait(flights, 1).await;
            assert_eq!(lead.followers(), 50);
            // another key of the same place waits for nobody
            led(flights.join(2, 7).await).end(|| Ok(2));
            lead.end(|| outcome);
            let next = led(flights.join(1, 7).await);
            for task in tasks {
                assert_eq!(task.await.unwrap(), Some(outcome));
            }
            drop(next);
            assert!(flights.shard(7).unwrap().is_empty());
        }
    }

    #[tokio::test]
    async fn a_turn_that_comes_to_nothing_leaves_nobody_waiting() {
        let flights = flights();
        let lead = led(flights.join(1, 7).await);
        let tasks = wait(flights, 1).await;
        drop(lead);
        for task in tasks {
            assert_eq!(task.await.unwrap(), None, "each took a turn, one after the other");
        }
        assert!(flights.shard(7).unwrap().is_empty());
    }
}
