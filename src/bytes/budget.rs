//! The memory that items in flight share.

use std::io::Read;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::time::Duration;

/// Bytes allocated first for a stream of unknown length; doubled from there. A guess.
const FIRST_BYTES: u64 = 1 << 20;
/// How often a thread that waits for memory checks whether its item is still wanted. A guess: too short to be noticed.
const TICK: Duration = Duration::from_millis(50);

/// The memory of one item, counted in a [`Budget`] until it is dropped.
#[derive(Debug)]
pub struct Buffer {
    pub(super) bytes: Vec<u8>,
    permit: Permit,
}

impl Buffer {
    /// The bytes.
    pub fn as_slice(&self) -> &[u8] {
        &self.bytes
    }

    /// Returns the memory to the budget although it is still held, so that nobody waits for a reader that hangs.
    pub(super) fn forfeit(&self) {
        self.permit.release();
    }

    /// Memory that no budget counts, for bytes that one reader holds for itself.
    pub(super) fn uncounted(bytes: Vec<u8>) -> Arc<Self> {
        let shared = Budget::new(0).0;
        Arc::new(Self { bytes, permit: Permit { shared, bytes: AtomicU64::new(0) } })
    }
}

/// The memory that all items in flight may take together, in bytes.
#[derive(Debug, Clone)]
pub struct Budget(Arc<Shared>);

#[derive(Debug)]
struct Shared {
    left: Mutex<u64>,
    freed: Condvar,
}

/// The result of reading a stream into memory.
#[derive(Debug)]
pub(crate) enum Filled {
    /// The whole stream.
    Whole(Arc<Buffer>),
    /// The bytes before an error, and the error.
    Broken(Arc<Buffer>, std::io::Error),
    /// The stream is longer than the limit.
    TooLong,
    /// The caller gave up waiting for memory.
    Over,
}

impl Budget {
    /// A budget of this many bytes.
    pub fn new(bytes: u64) -> Self {
        Self(Arc::new(Shared { left: Mutex::new(bytes), freed: Condvar::new() }))
    }

    /// Reads a stream to its end, `limit` bytes at most; `declared` is its length as its container states it, and may be
    /// wrong. Waits for memory until `over` returns true.
    ///
    /// Only one thread may fill from a budget at a time, and `limit` must be less than the budget: otherwise two
    /// half-filled buffers could wait for each other.
    pub(crate) fn fill(
        &self,
        stream: &mut dyn Read,
        declared: Option<u64>,
        limit: u64,
        over: &dyn Fn() -> bool,
    ) -> Filled {
        if declared.is_some_and(|declared| declared > limit) {
            return Filled::TooLong;
        }
        let permit = Permit { shared: Arc::clone(&self.0), bytes: AtomicU64::new(0) };
        let mut bytes = Vec::new();
        // One byte more, so that the end of a stream of the declared length is seen without growing.
        let mut room = declared.map_or(FIRST_BYTES, |declared| declared + 1).min(limit + 1);
        let end = loop {
            if !permit.grow_to(room, over) {
                return Filled::Over;
            }
            bytes.reserve_exact(room as usize - bytes.len());
            let wanted = room - bytes.len() as u64;
            match (&mut *stream).take(wanted).read_to_end(&mut bytes) {
                Ok(read) if (read as u64) < wanted => break Ok(()),
                Ok(_) if bytes.len() as u64 > limit => return Filled::TooLong,
                Ok(_) => room = (2 * room).min(limit + 1),
                Err(error) => break Err(error),
            }
        };
        bytes.shrink_to_fit();
        permit.shrink_to(bytes.len() as u64);
        let buffer = Arc::new(Buffer { bytes, permit });
        match end {
            Ok(()) => Filled::Whole(buffer),
            Err(error) => Filled::Broken(buffer, error),
        }
    }
}

/// Bytes taken from a budget, returned on drop.
#[derive(Debug)]
struct Permit {
    shared: Arc<Shared>,
    bytes: AtomicU64,
}

impl Permit {
    fn grow_to(&self, bytes: u64, over: &dyn Fn() -> bool) -> bool {
        let more = bytes.saturating_sub(self.bytes.load(Ordering::Relaxed));
        let mut left = self.shared.left.lock().unwrap_or_else(PoisonError::into_inner);
        while *left < more {
            if over() {
                return false;
            }
            let waited = self.shared.freed.wait_timeout(left, TICK);
            left = waited.unwrap_or_else(PoisonError::into_inner).0;
        }
        *left -= more;
        self.bytes.fetch_add(more, Ordering::Relaxed);
        true
    }

    fn shrink_to(&self, bytes: u64) {
        let held = self.bytes.swap(bytes, Ordering::Relaxed);
        self.give_back(held.saturating_sub(bytes));
    }

    fn release(&self) {
        let held = self.bytes.swap(0, Ordering::Relaxed);
        self.give_back(held);
    }

    fn give_back(&self, bytes: u64) {
        *self.shared.left.lock().unwrap_or_else(PoisonError::into_inner) += bytes;
        self.shared.freed.notify_all();
    }
}

impl Drop for Permit {
    fn drop(&mut self) {
        self.release();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io;

    fn whole(filled: Filled) -> Arc<Buffer> {
        match filled {
            Filled::Whole(buffer) => buffer,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn memory_is_counted_until_it_is_dropped_whatever_length_was_declared() {
        let budget = Budget::new(5 << 20);
        let left = |budget: &Budget| *budget.0.left.lock().unwrap();
        let never = || false;
        for declared in [None, Some(3), Some(5), Some(1 << 20)] {
            let buffer = whole(budget.fill(&mut &b"hello"[..], declared, 2 << 20, &never));
            assert_eq!(buffer.as_slice(), b"hello");
            assert_eq!(left(&budget), (5 << 20) - 5);
            drop(buffer);
            assert_eq!(left(&budget), 5 << 20);
        }
        let long = vec![7; 3 << 20];
        let buffer = whole(budget.fill(&mut &long[..], None, 3 << 20, &never));
        assert_eq!(buffer.as_slice(), long);
        buffer.forfeit();
        assert_eq!(left(&budget), 5 << 20);
        drop(buffer);
        assert_eq!(left(&budget), 5 << 20);
    }

    #[test]
    fn a_stream_longer_than_the_limit_is_refused_whatever_length_is_declared() {
        let budget = Budget::new(1 << 20);
        let never = || false;
        for declared in [None, Some(4), Some(9)] {
            let filled = budget.fill(&mut io::repeat(0), declared, 8, &never);
            assert!(matches!(filled, Filled::TooLong));
        }
        whole(budget.fill(&mut io::repeat(0).take(8), None, 8, &never));
        assert_eq!(*budget.0.left.lock().unwrap(), 1 << 20);
    }

    #[test]
    fn a_thread_that_waits_for_memory_gets_it_once_it_is_free_or_gives_up() {
        let budget = Budget::new(100);
        let held = whole(budget.fill(&mut &[1; 80][..], Some(80), 99, &|| false));
        assert!(matches!(budget.fill(&mut &[1; 80][..], Some(80), 99, &|| true), Filled::Over));
        let other = budget.clone();
        let waiting = std::thread::spawn(move || {
            matches!(other.fill(&mut &[1; 80][..], Some(80), 99, &|| false), Filled::Whole(_))
        });
        std::thread::sleep(Duration::from_millis(20));
        drop(held);
        assert!(waiting.join().unwrap());
    }

    #[test]
    fn a_stream_that_breaks_leaves_what_came_before() {
        struct Breaks;
        impl Read for Breaks {
            fn read(&mut self, _: &mut [u8]) -> io::Result<usize> {
                Err(io::Error::other("torn"))
            }
        }
        let budget = Budget::new(100);
        let filled = budget.fill(&mut b"abc".chain(Breaks), None, 99, &|| false);
        let Filled::Broken(buffer, error) = filled else { panic!("{filled:?}") };
        assert_eq!((buffer.as_slice(), error.to_string().as_str()), (&b"abc"[..], "torn"));
    }
}
