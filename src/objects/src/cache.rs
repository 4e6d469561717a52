//! Blocks of objects in memory, up to a limit. A block that one thread fetches, others wait for.

use std::collections::{BTreeMap, HashMap};
use std::ops::Range;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};

/// Bytes of a block: as much as is read of a file to know what it is.
pub(crate) const BLOCK_BYTES: u64 = 64 << 10;

/// What is fetched at once takes at most this share of the cache. A guess: as many as read at a time.
const SHARES: u64 = 64;

/// An object in one state.
pub(crate) type Id = u128;

#[derive(Debug)]
pub(crate) struct Cache {
    state: Mutex<State>,
    changed: Condvar,
    most: u64,
}

#[derive(Debug, Default)]
struct State {
    slots: HashMap<(Id, u64), Slot>,
    /// The blocks that are there, by when they were last asked for.
    by_age: BTreeMap<u64, (Id, u64)>,
    now: u64,
    bytes: u64,
}

#[derive(Debug)]
enum Slot {
    /// Somebody fetches it.
    Awaited,
    There {
        bytes: Arc<[u8]>,
        asked: u64,
    },
}

/// What the cache has of a block.
pub(crate) enum Found<'a> {
    There(Arc<[u8]>),
    /// The caller is to fetch it, and some behind it.
    Claimed(Claim<'a>),
}

/// Blocks that only their holder fetches. Dropped unfilled, they are free again.
#[derive(Debug)]
pub(crate) struct Claim<'a> {
    cache: &'a Cache,
    id: Id,
    pub(crate) blocks: Range<u64>,
}

impl Cache {
    /// A cache of at most so many bytes.
    pub(crate) fn new(most: u64) -> Self {
        Self { state: Mutex::default(), changed: Condvar::new(), most }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Blocks that may be fetched at once: few enough that they stay until they are read, though others read as well.
    pub(crate) fn longest_run(&self) -> u64 {
        (self.most / BLOCK_BYTES / SHARES).max(1)
    }

    /// Whether a block is there or on its way.
    pub(crate) fn has(&self, id: Id, block: u64) -> bool {
        self.lock().slots.contains_key(&(id, block))
    }

    /// A block, or the right to fetch it with up to `run` blocks in all, of which the last lies before `end`.
    pub(crate) fn find(&self, id: Id, block: u64, run: u64, end: u64) -> Found<'_> {
        let mut state = self.lock();
        loop {
            match state.slots.get(&(id, block)) {
                Some(Slot::There { .. }) => {
                    if let Some(bytes) = state.touch(id, block) {
                        return Found::There(bytes);
                    }
                }
                Some(Slot::Awaited) => {
                    state = self.changed.wait(state).unwrap_or_else(PoisonError::into_inner);
                }
                None => {
                    let last = block.saturating_add(run.max(1)).min(end.max(block + 1));
                    let free = |&at: &u64| !state.slots.contains_key(&(id, at));
                    let to =
                        (block + 1..last).take_while(free).last().map_or(block + 1, |at| at + 1);
                    for at in block..to {
                        state.slots.insert((id, at), Slot::Awaited);
                    }
                    return Found::Claimed(Claim { cache: self, id, blocks: block..to });
                }
            }
        }
    }
}

impl State {
    fn touch(&mut self, id: Id, block: u64) -> Option<Arc<[u8]>> {
        self.now += 1;
        let Some(Slot::There { bytes, asked }) = self.slots.get_mut(&(id, block)) else {
            return None;
        };
        self.by_age.remove(asked);
        *asked = self.now;
        self.by_age.insert(self.now, (id, block));
        Some(Arc::clone(bytes))
    }

    fn put(&mut self, id: Id, block: u64, bytes: Arc<[u8]>) {
        self.now += 1;
        self.bytes += bytes.len() as u64;
        self.slots.insert((id, block), Slot::There { bytes, asked: self.now });
        self.by_age.insert(self.now, (id, block));
    }

    fn shrink_to(&mut self, most: u64) {
        while self.bytes > most
            && let Some((_, oldest)) = self.by_age.pop_first()
        {
            if let Some(Slot::There { bytes, .. }) = self.slots.remove(&oldest) {
                self.bytes -= bytes.len() as u64;
            }
        }
    }
}

impl Claim<'_> {
    /// Puts the bytes of all its blocks into the cache; returns those of the first.
    pub(crate) fn fill(mut self, bytes: &[u8]) -> Arc<[u8]> {
        let parts: Vec<Arc<[u8]>> = bytes.chunks(BLOCK_BYTES as usize).map(Arc::from).collect();
        let first = parts.first().cloned().unwrap_or_default();
        let mut state = self.cache.lock();
        for (part, block) in parts.into_iter().zip(self.blocks.clone()) {
            state.put(self.id, block, part);
            self.blocks.start = block + 1;
        }
        state.shrink_to(self.cache.most);
        first
    }
}

impl Drop for Claim<'_> {
    fn drop(&mut self) {
        let mut state = self.cache.lock();
        for block in self.blocks.clone() {
            state.slots.remove(&(self.id, block));
        }
        drop(state);
        self.cache.changed.notify_all();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const BLOCK: usize = BLOCK_BYTES as usize;

    fn claimed(found: Found<'_>) -> Claim<'_> {
        match found {
            Found::Claimed(claim) => claim,
            Found::There(_) => panic!("it is there"),
        }
    }

    #[test]
    fn a_run_ends_at_the_end_of_the_object_and_before_what_is_there() {
        let cache = Cache::new(1 << 30);
        assert_eq!(claimed(cache.find(1, 3, 1, 9)).blocks, 3..4);
        claimed(cache.find(1, 5, 1, 9)).fill(&[7; BLOCK]);
        assert_eq!(claimed(cache.find(1, 2, 16, 9)).blocks, 2..5);
        assert_eq!(claimed(cache.find(1, 6, 16, 9)).blocks, 6..9);
        assert_eq!(claimed(cache.find(2, 2, 16, 9)).blocks, 2..9);
    }

    #[test]
    fn what_was_asked_for_longest_ago_goes_first_and_memory_stays_within_the_limit() {
        let cache = Cache::new(3 * BLOCK_BYTES);
        for block in 0..3 {
            claimed(cache.find(1, block, 1, 9)).fill(&[block as u8; BLOCK]);
        }
        assert!(matches!(cache.find(1, 0, 1, 9), Found::There(_)));
        claimed(cache.find(1, 3, 1, 9)).fill(&[3; BLOCK]);
        assert_eq!([0, 1, 2, 3].map(|block| cache.has(1, block)), [true, false, true, true]);
        assert_eq!(cache.lock().bytes, 3 * BLOCK_BYTES);
        claimed(cache.find(2, 0, 64, 64)).fill(&vec![0; 64 * BLOCK]);
        let state = cache.lock();
        assert_eq!((state.bytes, state.slots.len(), state.by_age.len()), (3 * BLOCK_BYTES, 3, 3));
    }

    #[test]
    fn who_asks_for_a_block_on_its_way_waits_and_gets_it_or_the_right_to_fetch_it() {
        let cache = Arc::new(Cache::new(1 << 30));
        let ask = |cache: &Arc<Cache>| {
            let cache = Arc::clone(cache);
            std::thread::spawn(move || match cache.find(1, 0, 1, 1) {
                Found::There(bytes) => bytes.len(),
                Found::Claimed(_) => 0,
            })
        };
        let claim = claimed(cache.find(1, 0, 1, 1));
        let waits = ask(&cache);
        std::thread::sleep(std::time::Duration::from_millis(20));
        claim.fill(&[1; 5]);
        assert_eq!(waits.join().unwrap(), 5);
        let claim = claimed(cache.find(2, 0, 1, 1));
        let waits = {
            let cache = Arc::clone(&cache);
            std::thread::spawn(move || matches!(cache.find(2, 0, 1, 1), Found::Claimed(_)))
        };
        std::thread::sleep(std::time::Duration::from_millis(20));
        drop(claim);
        assert!(waits.join().unwrap());
    }
}
