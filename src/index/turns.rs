//! Turns: of several shards one is read at a time, by everybody who has something to look up in it.
//!
//! A reader goes through all shards in order, and waits where another is read. So those that began at different times meet at the
//! first shard and go through the rest together, and each shard is brought into memory once for all of them.

use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};

/// Whose turn it is.
#[derive(Debug)]
pub(super) struct Turns {
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Debug)]
struct State {
    /// The shard that is read.
    at: usize,
    /// How many read it.
    inside: usize,
    /// By shard: how many wait for it.
    waiting: Vec<usize>,
}

/// Somebody's turn at a shard; it ends when this is dropped.
#[derive(Debug)]
pub(super) struct Turn<'a> {
    turns: &'a Turns,
}

impl Turns {
    /// Turns at so many shards.
    pub(super) fn new(shards: usize) -> Self {
        let waiting = vec![0; shards];
        Self { state: Mutex::new(State { at: 0, inside: 0, waiting }), changed: Condvar::new() }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits for a shard's turn. `leave` is called with the shard that was read before, which nobody reads any more.
    pub(super) fn enter(&self, shard: usize, leave: impl Fn(usize)) -> Turn<'_> {
        let mut state = self.lock();
        state.waiting[shard] += 1;
        loop {
            if state.inside == 0 && state.waiting[state.at] == 0 {
                leave(state.at);
                let shards = state.waiting.len();
                let after = (1..=shards).map(|by| (state.at + by) % shards);
                // At least this one waits.
                state.at = { after }.find(|&next| state.waiting[next] > 0).unwrap_or(shard);
                self.changed.notify_all();
            }
            if state.at == shard {
                state.waiting[shard] -= 1;
                state.inside += 1;
                return Turn { turns: self };
            }
            state = self.changed.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
    }
}

impl Drop for Turn<'_> {
    fn drop(&mut self) {
        let mut state = self.turns.lock();
        state.inside -= 1;
        if state.inside == 0 {
            self.turns.changed.notify_all();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::atomic::{AtomicUsize, Ordering};

    #[test]
    fn one_shard_is_read_at_a_time_and_everybody_gets_through_all_of_them() {
        let turns = Turns::new(5);
        let (at, changes, reads) = (AtomicUsize::new(0), AtomicUsize::new(0), AtomicUsize::new(0));
        std::thread::scope(|scope| {
            for thread in 0..8 {
                let (turns, at, changes, reads) = (&turns, &at, &changes, &reads);
                scope.spawn(move || {
                    for round in 0..50 {
                        // Some read but a part of the shards.
                        for shard in (thread + round) % 3..5 {
                            let turn = turns.enter(shard, |_| {
                                changes.fetch_add(1, Ordering::Relaxed);
                                at.store(usize::MAX, Ordering::SeqCst);
                            });
                            let before = at.swap(shard, Ordering::SeqCst);
                            assert!(
                                before == shard || before == usize::MAX || shard == 0,
                                "{before}"
                            );
                            std::thread::yield_now();
                            assert_eq!(at.load(Ordering::SeqCst), shard);
                            reads.fetch_add(1, Ordering::Relaxed);
                            drop(turn);
                        }
                    }
                });
            }
        });
        let (changes, reads) = (changes.into_inner(), reads.into_inner());
        assert!(changes < reads, "{changes} of {reads}: nobody read together");
    }

    #[test]
    fn whoever_is_alone_waits_for_nobody() {
        let turns = Turns::new(3);
        for shard in [0, 1, 2, 0, 2, 2, 1] {
            drop(turns.enter(shard, |_| {}));
        }
    }
}
